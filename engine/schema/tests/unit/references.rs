//! References within a schema.
use super::{refused, refuses, takes};

#[test]
fn references_by_pointer_anchor_and_dynamic_name() {
    let schema = r##"{"$ref":"#/$defs/a~1b%20c","minimum":2,"$defs":{"a/b c":{"maximum":3}}}"##;
    takes(schema, &["2", "3"]);
    refuses(schema, &["1", "4"]);
    refuses(r##"{"$ref":"#pos","$defs":{"p":{"$anchor":"pos","minimum":1}}}"##, &["0"]);
    refuses(r##"{"$ref":"#/$defs/~01","$defs":{"~1":{"minimum":1}}}"##, &["0"]);
}

/// No keyword leads to this place: the reference makes it a schema.
#[test]
fn references_to_places_without_a_keyword() {
    takes(r##"{"$ref":"#/x/y/0","x":{"y":[{"type":"null"}]}}"##, &["null"]);
    refuses(r##"{"$ref":"#/x/y/0","x":{"y":[{"type":"null"}]}}"##, &["1"]);
    refuses(r##"{"$ref":"#/x","x":{"$ref":"#/y"},"y":{"not":{}}}"##, &["1"]);
}

#[test]
fn dangling_references_are_rejected() {
    for lost in ["#/$defs/none", "#none", "#/allOf/1", "#/allOf/x", "#/title/0", "#/%zz", "#/%ff", "#/%4"] {
        let schema = format!(r#"{{"items":{{"$ref":"{lost}"}},"title":"t","allOf":[true]}}"#);
        assert_eq!(refused(&schema), [".items.$ref: leads to nothing in this schema"], "{lost}");
    }
    assert_eq!(refused(r##"{"$ref":"#/title","title":"t"}"##), [".$ref: leads to what is no schema"]);
    assert_eq!(refused(r##"{"$ref":"#/x","x":{"$ref":"other"}}"##), [".$ref.$ref: leads to nothing in this schema"]);
    // An anchor belongs to the resource that contains the reference.
    let schema = r##"{"$ref":"#a","$defs":{"other":{"$id":"x:other","$defs":{"a":{"$anchor":"a"}}}}}"##;
    assert_eq!(refused(schema), [".$ref: leads to nothing in this schema"]);
}

#[test]
fn endless_references_are_rejected() {
    for (schema, path) in [
        (r##"{"$ref":"#"}"##, ".$ref"),
        (r##"{"anyOf":[true,{"$ref":"#"}]}"##, ".anyOf[1].$ref"),
        (r##"{"$dynamicAnchor":"a","not":{"$dynamicRef":"#a"}}"##, ".not.$dynamicRef"),
        (r##"{"$defs":{"a":{"if":{"$ref":"#/$defs/b"}},"b":{"$ref":"#/$defs/a"}}}"##, ".$defs.a.if.$ref"),
        (r##"{"$defs":{"a":{"dependentSchemas":{"x":{"$ref":"#/$defs/a"}}}}}"##, ".$defs.a.dependentSchemas.x.$ref"),
    ] {
        let message = "leads back to itself, or to what does, without going into the value";
        assert_eq!(refused(schema), [format!("{path}: {message}")], "{schema}");
    }
}

#[test]
fn a_cycle_that_descends_into_the_value_ends() {
    let schema = r##"{"properties":{"next":{"$ref":"#"}},"required":["v"]}"##;
    takes(schema, &[r#"{"v":1,"next":{"v":2}}"#]);
    refuses(schema, &[r#"{"v":1,"next":{}}"#]);
    takes(r##"{"propertyNames":{"$ref":"#"},"maxLength":2}"##, &[r#"{"ab":1}"#]);
}

/// The outer list defines its items in place of the list that it extends.
#[test]
fn a_dynamic_name_resolves_to_the_outermost() {
    let schema = r##"{"$id":"x:a","$ref":"#/$defs/list","$defs":{"s":{"$dynamicAnchor":"item","type":"string"},
        "list":{"$id":"x:list","items":{"$dynamicRef":"#item"},"$defs":{"any":{"$dynamicAnchor":"item"}}}}}"##;
    takes(schema, &["[\"a\"]"]);
    refuses(schema, &["[1]"]);
}
