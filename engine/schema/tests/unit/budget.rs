//! Limits of a check: it ends with a fault instead of running on.
use super::{checked, compiled, takes};
use nexus_schema::{MOST_FAULTS, MOST_STEPS};

const STEPS: &str = ": would take more than 4000000 steps to check against args";
const NESTING: &str = ": would take more than 1500 schemas within each other to check";

/// {"$defs":{"a0":link("#/$defs/a1"),...},"$ref":"#/$defs/a0"}
fn chain(length: usize, link: impl Fn(&str) -> String, last: &str, more: &str) -> String {
    let mut schema = format!(r##"{{"$ref":"#/$defs/a0",{more}"$defs":{{"##);
    for at in 0..length {
        schema += &format!(r#""a{at}":{},"#, link(&format!(r##"{{"$ref":"#/$defs/a{}"}}"##, at + 1)));
    }
    schema + &format!(r#""a{length}":{last}}}}}"#)
}

fn deep(levels: usize) -> String {
    format!("{}{{}}{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
}

#[test]
fn ends_where_the_work_doubles() {
    for keyword in ["anyOf", "allOf", "oneOf"] {
        let fork = |to: &str| format!(r#"{{"{keyword}":[{to},{to}]}}"#);
        // Results of references in branches are cached, except when marks are needed.
        let faults = checked(&chain(300, fork, r#"{"type":"string"}"#, ""), "{}");
        assert!(!faults.is_empty(), "{keyword}");
        let last = r#"{"properties":{"x":true}}"#;
        let schema = chain(300, fork, last, r#""unevaluatedProperties":false,"#);
        assert_eq!(checked(&schema, r#"{"x":1,"y":2}"#), [STEPS], "{keyword}");
    }
}

#[test]
fn repeated_references_are_cached() {
    let again = r##"{"$ref":"#"},{"$ref":"#"},{"$ref":"#"}"##;
    let schema = format!(r#"{{"required":["a"],"properties":{{"a":{{"anyOf":[{again}]}}}}}}"#);
    assert_eq!(checked(&schema, &deep(100)), [".a: must match one schema of anyOf or more"]);
}

#[test]
fn dynamic_references_are_not_cached() {
    let schema = r##"{"$dynamicAnchor":"n","required":["a"],
        "properties":{"a":{"anyOf":[{"$dynamicRef":"#n"},{"$dynamicRef":"#n"}]}}}"##;
    assert_eq!(checked(schema, &deep(100)), [STEPS]);
}

/// Runs the test on a thread with the stack size of the program's loops.
fn with_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(test).expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn ends_before_the_stack_overflows() {
    with_stack(|| {
        let link = |to: &str| to.to_owned();
        let around = r##"{"required":["a"],"properties":{"a":{"$ref":"#"}}}"##;
        assert_eq!(checked(&chain(2000, link, r#"{"type":"object"}"#, ""), "{}"), [NESTING]);
        takes(&chain(1000, link, r#"{"type":"object"}"#, ""), &["{}"]);
        assert_eq!(checked(&chain(1000, link, around, ""), &deep(120)), [NESTING]);
        let faults = checked(&chain(5, link, around, ""), &deep(120));
        assert!(faults.len() == 1 && faults[0].ends_with(".a.a: is missing"), "{faults:?}");
    });
}

#[test]
fn ends_where_schema_and_value_are_both_wide() {
    let schema = format!(r#"{{"items":{{"allOf":[true{}]}}}}"#, r#",{"type":"number"}"#.repeat(3000));
    let value = format!("[0{}]", ",1".repeat(100_000));
    assert_eq!(checked(&schema, &value), [STEPS]);
    takes(r#"{"items":{"type":"number"}}"#, &[&value]);
}

#[test]
fn comparing_costs() {
    let long = "x".repeat(60_000);
    let schema = format!(r#"{{"items":{{"const":"{long}"}}}}"#);
    let value = format!("[{}\"\"]", format!("\"{long}\",").repeat(20_000_000 / 60_000));
    assert!(checked(&schema, &value).len() == 1, "twenty megabytes can be compared");
    let values: Vec<String> = (0..3000).map(|n| n.to_string()).collect();
    let schema = format!(r#"{{"items":{{"enum":[{}]}}}}"#, values.join(","));
    assert_eq!(checked(&schema, &format!("[0{}]", ",2999".repeat(3000))), [STEPS]);
    let unlike = format!("[{}0]", r#"{"a":[1,2]},"#.repeat(2));
    assert_eq!(checked(r#"{"uniqueItems":true}"#, &unlike), [": must have no two items that are equal"]);
}

#[test]
fn faults_before_the_end_are_reported() {
    let again = r#"{"not":{"const":0}},"#.repeat(2000);
    let schema = format!(r#"{{"prefixItems":[{{"type":"null"}}],"items":{{"allOf":[{again}true]}}}}"#);
    let faults = checked(&schema, &format!("[7{}]", ",1".repeat(10_000)));
    assert_eq!(faults, ["[0]: must be null", STEPS]);
}

#[test]
fn lists_a_bounded_number_of_faults() {
    let faults = checked(r#"{"items":{"type":"string"}}"#, &format!("[0{}]", ",0".repeat(100)));
    assert_eq!(faults.len(), MOST_FAULTS);
    assert_eq!(faults[19], "[19]: must be a string");
}

#[test]
fn a_schema_estimates_its_memory() {
    let bytes = |schema: &str| compiled(schema).unwrap_or_else(|faults| panic!("{schema}: {faults:?}")).bytes();
    let small = bytes(r#"{"type":"object"}"#);
    assert!((100..1000).contains(&small), "{small}");
    let of_values = bytes(&format!(r#"{{"enum":["{}"]}}"#, "x".repeat(10_000)));
    assert!((10_000..11_000).contains(&of_values), "{of_values}");
    let of_a_pattern = bytes(r#"{"pattern":"^[a-z]+$"}"#);
    assert!(of_a_pattern > 10 * small, "{of_a_pattern}");
}

#[test]
fn the_messages_name_the_bounds() {
    assert!(STEPS.contains(&MOST_STEPS.to_string()));
    assert!(NESTING.contains(&nexus_schema::MOST_DEPTH.to_string()));
}
