//! Messages for clients: the place, and the rule in words.
use super::{checked, takes};

#[test]
fn each_keyword_says_its_rule() {
    let of_keywords = [
        ("false", "1", ": is not allowed"),
        (r#"{"type":"integer"}"#, "1.5", ": must be a whole number"),
        (r#"{"type":["string","null"]}"#, "1", ": must be null or a string"),
        (r#"{"type":["array","object","boolean"]}"#, "1", ": must be true or false or an object or an array"),
        (r#"{"enum":["a",1,null,{"b":[true]}]}"#, "2", r#": must be one of "a", 1, null, {"b":[true]}"#),
        (r#"{"const":{"b":1.50,"a":"\n"}}"#, "2", r#": must be {"a":"\n","b":1.5}"#),
        (r#"{"minimum":1.5}"#, "1", ": must be at least 1.5"),
        (r#"{"maximum":1}"#, "2", ": must be at most 1"),
        (r#"{"exclusiveMinimum":1}"#, "1", ": must be above 1"),
        (r#"{"exclusiveMaximum":1}"#, "1", ": must be below 1"),
        (r#"{"multipleOf":0.5}"#, "0.3", ": must be a multiple of 0.5"),
        (r#"{"minLength":2}"#, "\"é\"", ": must have at least 2 characters, and has 1"),
        (r#"{"maxLength":0}"#, "\"a\"", ": must have at most 0 characters, and has 1"),
        (r#"{"minItems":1}"#, "[]", ": must have at least 1 items, and has 0"),
        (r#"{"maxItems":1}"#, "[1,2]", ": must have at most 1 items, and has 2"),
        (r#"{"minProperties":1}"#, "{}", ": must have at least 1 members, and has 0"),
        (r#"{"maxProperties":0}"#, r#"{"a":1}"#, ": must have at most 0 members, and has 1"),
        (r#"{"pattern":"^\"a"}"#, "\"b\"", r#": must match the pattern "^\"a""#),
        (r#"{"uniqueItems":true}"#, "[{},{}]", ": must have no two items that are equal"),
        (r#"{"required":["a"]}"#, "{}", ".a: is missing"),
        (r#"{"dependentRequired":{"a":["b"]}}"#, r#"{"a":1}"#, r#".b: is missing beside "a""#),
        (r#"{"not":{}}"#, "1", ": must not match the schema of not"),
        (r#"{"anyOf":[false]}"#, "1", ": must match one schema of anyOf or more"),
        (r#"{"oneOf":[false]}"#, "1", ": must match one schema of oneOf, and matches none"),
        (r#"{"oneOf":[true,true]}"#, "1", ": must match one schema of oneOf, and matches several"),
        (r#"{"contains":false}"#, "[1]", ": must have 1 or more items that match contains, and has 0"),
        (r#"{"contains":true,"maxContains":1}"#, "[1,2]", ": must have at most 1 items that match contains, and has 2"),
        (r#"{"propertyNames":{"maxLength":1}}"#, r#"{"ab":1}"#, ".ab: has a name that propertyNames doesn't allow"),
        (r#"{"unevaluatedProperties":false}"#, r#"{"a":1}"#, ".a: is not allowed"),
        (r#"{"unevaluatedItems":{"type":"null"}}"#, "[null,1]", "[1]: must be null"),
        (r#"{"if":{"type":"number"},"then":{"minimum":1}}"#, "0", ": must be at least 1"),
        (r#"{"if":{"type":"number"},"else":{"type":"null"}}"#, "\"\"", ": must be null"),
    ];
    for (schema, value, message) in of_keywords {
        assert_eq!(checked(schema, value), [message], "{schema} {value}");
    }
}

#[test]
fn all_faults_are_reported_with_their_paths() {
    let schema = r#"{"type":"object","additionalProperties":false,"required":["city","when"],"properties":{
        "city":{"type":"string","minLength":2},"days":{"type":"integer","maximum":14},"when":{"pattern":"^\\d+$"},
        "stops":{"items":{"properties":{"at":{"type":["string","null"]}}}}}}"#;
    let mut faults = checked(schema, r#"{"city":"x","days":20,"stops":[{},{"at":7}],"extra":1}"#);
    faults.sort();
    assert_eq!(
        faults,
        [
            ".city: must have at least 2 characters, and has 1",
            ".days: must be at most 14",
            ".extra: is not allowed",
            ".stops[1].at: must be null or a string",
            ".when: is missing"
        ]
    );
}

#[test]
fn failed_branches_report_no_faults() {
    let schema = r#"{"anyOf":[{"type":"null"},{"properties":{"a":{"type":"null"}}}]}"#;
    assert_eq!(checked(schema, r#"{"a":1}"#), [": must match one schema of anyOf or more"]);
    takes(schema, &["null", r#"{"a":null}"#]);
}

#[test]
fn values_in_messages_are_shortened() {
    let long = "é".repeat(10_000);
    for schema in [
        format!(r#"{{"const":"{long}"}}"#),
        format!(r#"{{"const":["{long}"]}}"#),
        format!(r#"{{"const":{{"{long}":1}}}}"#),
        format!(r#"{{"enum":["{long}",1]}}"#),
        format!(r#"{{"enum":[{}1]}}"#, "123456789,".repeat(5_000)),
        format!(r#"{{"dependentRequired":{{"{long}":["b"]}}}}"#),
    ] {
        let faults = checked(&schema, &format!(r#"{{"{long}":2}}"#));
        let message = faults[0].split_once(": ").expect("path: message").1;
        assert!(message.len() < 300, "{} bytes: {message}", message.len());
        assert!(message.contains("..."), "{message}");
    }
    let faults = checked(&format!(r#"{{"properties":{{"{long}":{{"type":"null"}}}}}}"#), &format!(r#"{{"{long}":2}}"#));
    assert!(faults[0].ends_with("é...: must be null") && faults[0].len() < 300, "{}", faults[0]);
}
