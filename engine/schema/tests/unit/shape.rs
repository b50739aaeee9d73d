//! The kinds of values that each keyword accepts.
use super::{refused, takes};

fn paths(schema: &str) -> Vec<String> {
    let faults = refused(schema);
    faults.iter().map(|fault| fault.split_once(": ").expect("path: message").0.to_owned()).collect()
}

fn nested(depth: usize) -> String {
    format!("{}{{}}{}", r#"{"not":"#.repeat(depth - 1), "}".repeat(depth - 1))
}

#[test]
fn accepts_every_keyword_of_the_dialect() {
    for schema in [
        "{}",
        "true",
        "false",
        r#"{"type":"object","properties":{"a":{"type":["string","null"],"minLength":2.0}},"required":["a"]}"#,
        r##"{"$schema":"https://json-schema.org/draft/2020-12/schema#","$defs":{"x":true},"$ref":"#/$defs/x"}"##,
        r#"{"allOf":[true,{"not":false}],"enum":[],"const":{"$ref":"http://x/"},"examples":[1]}"#,
        r#"{"multipleOf":0.1,"minimum":-1e3,"dependentRequired":{"a":["b"]},"unevaluatedProperties":false}"#,
        r#"{"x-ours":[{"type":7}],"default":{"type":7},"pattern":"^(a|b)*$","format":"email"}"#,
    ] {
        assert_eq!(refused(schema), [""; 0], "{schema}");
    }
}

/// Every keyword with each kind of value; the accepted ones, out of "null true number text array object".
#[test]
fn every_keyword_accepts_its_kinds_only() {
    let kinds = [("n", "null"), ("b", "true"), ("1", "1"), ("t", "\"#\""), ("a", "[{}]"), ("o", "{}")];
    let of_keywords = [
        ("$anchor $comment $id contentEncoding contentMediaType description format pattern title", "t"),
        ("$dynamicAnchor $dynamicRef", "t"),
        ("deprecated readOnly uniqueItems writeOnly", "b"),
        ("exclusiveMaximum exclusiveMinimum maximum minimum multipleOf", "1"),
        ("maxContains maxItems maxLength maxProperties minContains minItems minLength minProperties", "1"),
        ("additionalProperties contains contentSchema else if items not propertyNames then", "bo"),
        ("unevaluatedItems unevaluatedProperties", "bo"),
        ("allOf anyOf oneOf prefixItems enum examples", "a"),
        ("$defs $vocabulary definitions dependentRequired dependentSchemas patternProperties properties", "o"),
        ("const default title2", "nb1tao"),
        // None of these values is a type, an array of names, or the dialect's URI.
        ("type required $schema", ""),
    ];
    for (keywords, taken) in of_keywords {
        for keyword in keywords.split(' ') {
            for (kind, value) in kinds {
                let of_its_kind = taken.contains(kind);
                // "#dynamic" is a reference without a target, which is a fault other than that of a shape.
                let faults = refused(&format!(r#"{{"{keyword}":{value}}}"#));
                let has_shape = faults.iter().all(|fault| fault.contains("leads "));
                assert_eq!(has_shape, of_its_kind, "{keyword}: {value}: {faults:?}");
            }
        }
    }
}

#[test]
fn faults_are_in_the_order_of_the_text() {
    assert_eq!(
        paths(r#"{"type":"text","properties":{"b":{"type":["string",1]},"a":7},"required":"a"}"#),
        [".type", ".properties.b.type[1]", ".properties.a", ".required"]
    );
    assert_eq!(
        paths(r#"{"minLength":-1,"maxItems":1.5,"multipleOf":0,"minimum":"1","uniqueItems":1}"#),
        [".minLength", ".maxItems", ".multipleOf", ".minimum", ".uniqueItems"]
    );
    assert_eq!(
        paths(r#"{"anyOf":[],"oneOf":{},"items":[{}],"title":1,"enum":{},"$vocabulary":[]}"#),
        [".anyOf", ".oneOf", ".items", ".title", ".enum", ".$vocabulary"]
    );
    assert_eq!(
        paths(r#"{"type":[],"properties":{"a":{"type":["null","string","null"]}}}"#),
        [".type", ".properties.a.type[2]"]
    );
    assert_eq!(
        paths(r#"{"dependentRequired":{"a":"b","c":["d",1]},"minLength":1,"minLength":"2"}"#),
        [".dependentRequired.a", ".dependentRequired.c[1]", ".minLength"]
    );
    assert_eq!(
        paths(r#"{"allOf":[true,[{"type":7}],{"items":{"$defs":{"x":0}}}]}"#),
        [".allOf[1]", ".allOf[2].items.$defs.x"]
    );
}

#[test]
fn messages_state_the_expected_value() {
    let of_schemas = [
        (r#"{"not":7}"#, ".not: must be a schema: an object, true or false"),
        (r#"{"allOf":7}"#, ".allOf: must be an array"),
        (r#"{"allOf":[]}"#, ".allOf: must have one schema or more"),
        (r#"{"$defs":[]}"#, ".$defs: must be an object"),
        (r#"{"required":{}}"#, ".required: must be an array"),
        (r#"{"required":[null]}"#, ".required[0]: must be a string"),
        (r#"{"title":null}"#, ".title: must be a string"),
        (r#"{"readOnly":0}"#, ".readOnly: must be true or false"),
        (r#"{"maximum":[]}"#, ".maximum: must be a number"),
        (r#"{"multipleOf":-0.5}"#, ".multipleOf: must be a number above 0"),
        (r#"{"multipleOf":"2"}"#, ".multipleOf: must be a number above 0"),
        (r#"{"maxItems":1e-1}"#, ".maxItems: must be a whole number, 0 or more"),
        (r#"{"type":7}"#, ".type: must be a string"),
        (r#"{"type":["any"]}"#, ".type[0]: must be one of null, boolean, object, array, number, string, integer"),
        (r#"{"type":["null",["null"]]}"#, ".type[1]: must be a string"),
        (r#"{"type":["null","null"]}"#, ".type[1]: is there twice"),
        (r#"{"type":[]}"#, ".type: must have one type or more"),
        (r#"{"a":1,"a":1}"#, ".a: is there twice"),
        (r#"{"properties":{"a":{},"\u0061":{}}}"#, ".properties.a: is there twice"),
        (r#"{"$ref":"x.json"}"#, ".$ref: must begin with #: nothing outside of the schema is looked up"),
        (
            r#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#,
            ".$schema: must be https://json-schema.org/draft/2020-12/schema",
        ),
        ("7", ": must be a schema: an object, true or false"),
        (r#"{"minimum":1e999}"#, ": has a number that is too large"),
        (r#"{"const":[-1e999]}"#, ": has a number that is too large"),
        (r#"{"const":"#, ": must be JSON"),
        ("{} {}", ": must be JSON"),
    ];
    for (schema, fault) in of_schemas {
        assert_eq!(refused(schema), [fault], "{schema}");
    }
}

#[test]
fn numbers_may_be_written_in_any_way() {
    takes(r#"{"minLength":-0.0,"maxLength":2e0,"minItems":18446744073709551616}"#, &["\"ab\""]);
    assert_eq!(paths(r#"{"minLength":-9223372036854775808}"#), [".minLength"]);
}

#[test]
fn duplicate_names_outside_schemas_are_accepted() {
    takes(r#"{"const":{"a":1,"a":2}}"#, &[r#"{"a":2}"#]);
}

#[test]
fn is_bounded_in_depth() {
    assert_eq!(refused(&nested(32)), [""; 0]);
    assert_eq!(refused(&nested(33)), [": must be nested at most 32 levels deep, and is 33"]);
    let of_arrays = format!(r#"{{"const":{}{}}}"#, "[".repeat(32), "]".repeat(32));
    assert_eq!(refused(&of_arrays), [": must be nested at most 32 levels deep, and is 33"]);
    let of_text = format!(r#"{{"const":"{}\"{}"}}"#, "[".repeat(40), "{".repeat(40));
    assert_eq!(refused(&of_text), [""; 0]);
}

#[test]
fn is_bounded_in_size() {
    let sized = |bytes: usize| format!(r#"{{"description":"{}"}}"#, "x".repeat(bytes - r#"{"description":""}"#.len()));
    assert_eq!(refused(&sized(64 << 10)), [""; 0]);
    assert_eq!(refused(&sized((64 << 10) + 1)), [": must be at most 65536 bytes long, and is 65537"]);
}

#[test]
fn paths_are_shortened() {
    let faults = refused(&format!(r#"{{"properties":{{"{}":1}}}}"#, "é".repeat(10_000)));
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with(".properties.éé") && faults[0].len() < 350, "{} bytes", faults[0].len());
    assert!(faults[0].contains("é...: must be"));
}
