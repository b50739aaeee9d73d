//! Values as a handler sees them, and the marks that a check keeps.
use super::{checked, refuses, takes};

#[test]
fn the_last_of_duplicate_members_counts() {
    takes(r#"{"properties":{"a":{"type":"number"}},"maxProperties":1}"#, &[r#"{"a":"x","a":1}"#]);
    refuses(r#"{"properties":{"a":{"type":"number"}}}"#, &[r#"{"a":1,"\u0061":"x"}"#]);
}

#[test]
fn objects_are_equal_in_any_order() {
    takes(r#"{"const":{"a":1,"b":[{"c":null}]}}"#, &[r#"{"b":[{"c":null}],"a":1.0}"#]);
    refuses(r#"{"const":{"a":1,"b":0}}"#, &[r#"{"a":1}"#, r#"{"a":1,"b":false}"#, r#"{"a":1,"c":0}"#, "[]"]);
    refuses(r#"{"uniqueItems":true}"#, &[r#"[{"a":1,"b":2},{"b":2,"a":1}]"#]);
    takes(r#"{"uniqueItems":true}"#, &[r#"[1,"1",[1],{"a":1},null,false,0,""]"#]);
}

/// Marks are one bit per member, sixty-four in a word.
#[test]
fn marks_cover_many_members() {
    let number_of = 200;
    let value = format!("[{}\"last\"]", "1,".repeat(number_of));
    let schema = r#"{"contains":{"type":"number"},"minContains":0,"unevaluatedItems":false}"#;
    assert_eq!(checked(schema, &value), [format!("[{number_of}]: is not allowed")]);
    let members: Vec<String> = (0..number_of).map(|n| format!(r#""p{n}":1"#)).collect();
    let schema = r#"{"anyOf":[{"patternProperties":{"^p[0-9]+$":true}},{"properties":{"q":true}}],"unevaluatedProperties":false}"#;
    takes(schema, &[&format!("{{{}}}", members.join(","))]);
    takes(schema, &[&format!(r#"{{{},"q":1}}"#, members.join(","))]);
    assert_eq!(checked(schema, &format!(r#"{{{},"r":1}}"#, members.join(","))), [".r: is not allowed"]);
}

#[test]
fn marks_of_a_failed_branch_do_not_count() {
    let schema = r#"{"anyOf":[{"properties":{"a":{"const":1}},"required":["b"]},true],"unevaluatedProperties":false}"#;
    assert_eq!(checked(schema, r#"{"a":1}"#), [".a: is not allowed"]);
    takes(schema, &[r#"{}"#]);
}

#[test]
fn a_tree_of_alternatives_is_told_apart_by_its_constants() {
    let schema = r##"{"$ref":"#/$defs/e","$defs":{"e":{"oneOf":[{"type":"number"},
        {"properties":{"op":{"const":"+"},"left":{"$ref":"#/$defs/e"}},"required":["op","left"],"type":"object"},
        {"properties":{"op":{"const":"-"},"left":{"$ref":"#/$defs/e"}},"required":["op","left"],"type":"object"}]}}}"##;
    let tree = |leaf: &str| format!("{}{leaf}{}", r#"{"left":"#.repeat(100), r#","op":"+"}"#.repeat(100));
    takes(schema, &[&tree("1")]);
    refuses(schema, &[&tree("null")]);
}

#[test]
fn invalid_json_is_reported() {
    assert_eq!(checked("{}", "{"), [": must be JSON"]);
    assert_eq!(checked("{}", "1 2"), [": must be JSON"]);
}
