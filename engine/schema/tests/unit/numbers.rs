//! Numbers as people write them.
use super::{checked, refuses, takes};

#[test]
fn multiples_are_in_decimal() {
    takes(r#"{"multipleOf":0.1}"#, &["0.3", "12", "0", "-0.0", "-0.7", "1e300", "4.1"]);
    refuses(r#"{"multipleOf":0.1}"#, &["0.35", "1e-300", "0.30000000000000004"]);
    takes(r#"{"multipleOf":0.01}"#, &["4.35", "1.15", "0.07", "19.99"]);
    takes(r#"{"multipleOf":1e-300}"#, &["1e-300", "1e300", "3.5e-299"]);
    refuses(r#"{"multipleOf":1e-300}"#, &["1.5e-300", "5e-324"]);
    takes(r#"{"multipleOf":1e300}"#, &["0", "1e300", "3e300", "-2e301"]);
    refuses(r#"{"multipleOf":1e300}"#, &["1", "1.5e300", "1e299"]);
    takes(r#"{"multipleOf":5e-324}"#, &["5e-324", "1e-323", "1.7976931348623157e308"]);
    takes(r#"{"multipleOf":7}"#, &["49", "7e20"]);
    refuses(r#"{"multipleOf":7}"#, &["48", "1e20"]);
}

/// No keyword leads to this place, so its shape is unchecked.
#[test]
fn an_invalid_multiple_behind_a_reference_is_ignored() {
    takes(r##"{"$ref":"#/x","x":{"multipleOf":0}}"##, &["1", "0"]);
    takes(r##"{"$ref":"#/x","x":{"multipleOf":-2,"minimum":"1","type":7}}"##, &["1", "\"a\""]);
}

#[test]
fn a_whole_number_is_one_however_it_is_written() {
    takes(r#"{"type":"integer"}"#, &["1", "1.0", "-3e2", "0.5e1", "-0", "1e308", "12345678901234567890123"]);
    refuses(r#"{"type":"integer"}"#, &["1.5", "1e-1", "\"1\"", "null"]);
    takes(r#"{"type":"number"}"#, &["1.5", "1", "5e-324", "0e999"]);
}

#[test]
fn bounds_hold_at_their_edge() {
    takes(r#"{"minimum":1,"exclusiveMaximum":3}"#, &["1", "1.0", "2.9999999999999996", "\"0\"", "[]"]);
    refuses(r#"{"minimum":1,"exclusiveMaximum":3}"#, &["0.9999999999999999", "3", "3.0"]);
    takes(r#"{"exclusiveMinimum":-0.0}"#, &["5e-324"]);
    refuses(r#"{"exclusiveMinimum":-0.0}"#, &["0", "-0.0"]);
}

#[test]
fn numbers_are_equal_when_their_values_are() {
    takes(r#"{"const":1}"#, &["1.0", "10e-1"]);
    takes(r#"{"enum":[0]}"#, &["-0.0", "0e5"]);
    refuses(r#"{"const":1}"#, &["true", "\"1\"", "1.0000000000000002"]);
    refuses(r#"{"uniqueItems":true}"#, &["[1,2,1.0]", "[0,-0]", "[[0],[-0.0]]"]);
    // To a handler they are doubles.
    takes(r#"{"const":9007199254740993}"#, &["9007199254740992"]);
}

#[test]
fn numbers_beyond_double_are_rejected() {
    assert_eq!(checked("{}", "[1e999]"), [": has a number that is too large"]);
    assert_eq!(checked("{}", "-1e309"), [": has a number that is too large"]);
    takes(r#"{"maximum":0}"#, &["1e-999"]);
}

#[test]
fn lengths_are_counted_in_characters() {
    takes(r#"{"minLength":2,"maxLength":2}"#, &["\"ab\"", r#""\ud83d\ude00b""#, "\"éé\"", "7"]);
    refuses(r#"{"minLength":2,"maxLength":2}"#, &["\"a\"", "\"abc\"", "\"\u{1f600}\""]);
    takes(r#"{"maxItems":1e300,"minItems":0.0}"#, &["[]", "[1,2]"]);
}
