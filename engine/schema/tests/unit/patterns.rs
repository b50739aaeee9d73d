//! Patterns of ECMAScript, in time linear in the text.
use super::{checked, refused, refuses, takes};

const NOT_LINEAR: &str = "is not a regular expression that can be matched in linear time";

fn pattern(bytes: usize) -> String {
    format!(r#"{{"pattern":"{}"}}"#, "a".repeat(bytes))
}

#[test]
fn patterns_match_anywhere_with_ecmascript_semantics() {
    takes(r#"{"pattern":"b"}"#, &["\"abc\"", "7", "null"]);
    takes(r#"{"pattern":"^\\d{2}$"}"#, &["\"12\""]);
    refuses(r#"{"pattern":"^\\d{2}$"}"#, &["\"123\"", r#""\u0661\u0662""#, "\"12\\n\""]);
    takes(r#"{"pattern":"^\\w\\s\\cA[^a]$"}"#, &[r#""a\u00a0\u0001\n""#]);
    refuses(r#"{"pattern":"^\\w$"}"#, &["\"é\""]);
    takes(r#"{"pattern":"^\\p{Lu}\\p{Script=Greek}$"}"#, &["\"Éα\""]);
    refuses(r#"{"pattern":"^.$"}"#, &[r#""\n""#, r#""\u2028""#, "\"ab\""]);
    takes(r#"{"pattern":"^.$"}"#, &["\"\u{1f600}\""]);
    takes(r#"{"pattern":"^[\\s\\S]$"}"#, &[r#""\n""#]);
    takes(r#"{"pattern":"a/b\\/c"}"#, &["\"a/b/c\""]);
}

#[test]
fn nonlinear_patterns_are_rejected() {
    for bad in [r"(a)\\1", "a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b"] {
        assert_eq!(refused(&format!(r#"{{"pattern":"{bad}"}}"#)), [format!(".pattern: {NOT_LINEAR}")], "{bad}");
        let by_name = format!(r#"{{"patternProperties":{{"{bad}":true}}}}"#);
        assert!(refused(&by_name)[0].ends_with(NOT_LINEAR), "{bad}");
    }
}

#[test]
fn invalid_patterns_are_rejected() {
    // ECMAScript accepts the last two: a named reference cannot be matched in linear time, an empty class is not
    // translated.
    for bad in ["(", "[z-a]", "a{2,1}", "*", r"(?<x>a)\\k<x>", "[^]"] {
        let faults = refused(&format!(r#"{{"pattern":"{bad}"}}"#));
        assert!(
            faults.len() == 1 && faults[0].starts_with(".pattern: is not a regular expression"),
            "{bad}: {faults:?}"
        );
    }
}

#[test]
fn patterns_are_bounded_in_source_and_compiled_size() {
    assert_eq!(refused(&pattern(2048)), [""; 0]);
    assert_eq!(refused(&pattern(2049)), [".pattern: must be at most 2048 bytes long, and is 2049"]);
    assert_eq!(refused(r#"{"pattern":"((a{100}){100}){100}"}"#), [".pattern: takes more than 524288 bytes compiled"]);
    assert_eq!(refused(&format!(r#"{{"pattern":"{}"}}"#, r"\\cA".repeat(8))), [""; 0]);
    assert_eq!(refused(&format!(r#"{{"pattern":"{}"}}"#, r"\\cA".repeat(9))), [".pattern: has more than 8 times \\c"]);
    let many: Vec<String> = (0..2000).map(|n| format!(r#"{{"pattern":"{n}"}}"#)).collect();
    let faults = refused(&format!(r#"{{"allOf":[{}]}}"#, many.join(",")));
    assert!(faults[0].contains("makes the schema take more than 2097152 bytes compiled"), "{faults:?}");
}

#[test]
fn a_pattern_that_others_backtrack_on_is_matched() {
    let text = "ab".repeat(25_000);
    takes(r#"{"pattern":"^(a|b)*$"}"#, &[&format!("\"{text}\"")]);
    assert_eq!(
        checked(r#"{"pattern":"^(a|b)*$"}"#, &format!("\"{text}c\"")),
        [": must match the pattern \"^(a|b)*$\""]
    );
    refuses(r#"{"pattern":"^(a+)+$"}"#, &[&format!("\"{}!\"", "a".repeat(30_000))]);
}

#[test]
fn every_byte_costs_steps_by_the_size_of_the_pattern() {
    let schema = r#"{"items":{"pattern":"(x.{0,200}y|x)$"}}"#;
    let value = format!("[{}\"\"]", format!("\"{}\",", "x".repeat(1000)).repeat(200));
    assert_eq!(checked(schema, &value), [": would take more than 4000000 steps to check against args"]);
}

#[test]
fn names_are_matched_too() {
    let schema = r#"{"patternProperties":{"^x":{"type":"string"},"y$":{"minLength":2}},"additionalProperties":false}"#;
    takes(schema, &[r#"{"x":"","xy":"ab","y":7}"#]);
    assert_eq!(checked(schema, r#"{"xy":"a"}"#), [".xy: must have at least 2 characters, and has 1"]);
    assert_eq!(checked(schema, r#"{"a":1}"#), [".a: is not allowed"]);
}
