//! The official suite for 2020-12, run through the public interface. Each case gives the expected result, or its
//! schema is listed in unsupported.rs: exactly those must be rejected.
mod unsupported;

use nexus_schema::Schema;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use unsupported::{ANNOTATIONS, REFUSED};

/// A part of a file as raw text: numbers may exceed the range of a parser.
type Object<'a> = BTreeMap<&'a str, &'a RawValue>;

/// The number of cases per outcome.
#[derive(Debug, Default, PartialEq)]
struct Cases {
    checked: usize,
    /// The keyword is an annotation here, so every value is valid.
    annotated: usize,
    refused: usize,
}

fn text(value: &RawValue) -> String {
    serde_json::from_str(value.get()).expect("a string")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the suite is beside this file");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// The expected reason for a rejection: the end of the first fault.
fn reason(file: &str, group: &str) -> Option<&'static str> {
    let listed = REFUSED.iter().find(|(_, of, groups)| *of == file && groups.contains(&group));
    listed.map(|(reason, _, _)| *reason)
}

/// Adds a line to `wrong` for each case with another outcome than expected.
fn run(file: &str, group: &Object, cases: &mut Cases, wrong: &mut Vec<String>) {
    let name = text(group["description"]);
    let tests: Vec<Object> = serde_json::from_str(group["tests"].get()).expect("an array of tests");
    let mut faults = Vec::new();
    let compiled = Schema::compile(group["schema"].get().as_bytes(), &mut |fault| faults.push(fault.message));
    let Some(schema) = compiled else {
        cases.refused += tests.len();
        if !reason(file, &name).is_some_and(|reason| faults.iter().all(|fault| fault.ends_with(reason))) {
            wrong.push(format!("{file}: {name}: refused: {faults:?}"));
        }
        return;
    };
    if reason(file, &name).is_some() {
        wrong.push(format!("{file}: {name}: must be refused"));
    }
    for test in tests {
        let is_right = schema.check(test["data"].get().as_bytes()).is_empty();
        let is_expected = if ANNOTATIONS.contains(&file) {
            cases.annotated += 1;
            is_right
        } else {
            cases.checked += 1;
            is_right == (test["valid"].get() == "true")
        };
        if !is_expected {
            wrong.push(format!("{file}: {name}: {}: {is_right}", text(test["description"])));
        }
    }
}

fn run_all(folder: &str) -> Cases {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/official/draft2020-12");
    let (mut cases, mut wrong) = (Cases::default(), Vec::new());
    for file in files(&root.join(folder)) {
        let content = std::fs::read_to_string(&file).expect("a file of the suite");
        let groups: Vec<Object> = serde_json::from_str(&content).expect("an array of groups");
        let name = file.strip_prefix(&root).expect("it is below").to_str().expect("its name is text");
        for group in groups {
            run(name, &group, &mut cases, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    cases
}

#[test]
fn the_required_part() {
    assert_eq!(run_all(""), Cases { checked: 1145, annotated: 0, refused: 112 });
}

/// Without its folder `format`, because formats are annotations here.
#[test]
fn the_optional_part() {
    assert_eq!(run_all("optional"), Cases { checked: 109, annotated: 36, refused: 13 });
}

#[test]
fn listed_groups_exist() {
    let listed: usize = REFUSED.iter().map(|(_, _, groups)| groups.len()).sum();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/official/draft2020-12");
    let mut found = 0;
    for (_, file, groups) in REFUSED {
        let content = std::fs::read_to_string(root.join(file)).expect("a file of the suite");
        let all: Vec<Object> = serde_json::from_str(&content).expect("an array of groups");
        found += all.iter().filter(|group| groups.contains(&text(group["description"]).as_str())).count();
    }
    assert_eq!(found, listed);
}
