//! Tests beyond the official suite: bounds, messages, and untrusted schemas.
mod budget;
mod messages;
mod numbers;
mod patterns;
mod references;
mod shape;
mod values;

use nexus_schema::{Fault, Schema};

fn shown(fault: &Fault) -> String {
    format!("{}: {}", fault.path, fault.message)
}

/// The schema, or each fault as "path: message".
fn compiled(schema: &str) -> Result<Schema, Vec<String>> {
    let mut faults = Vec::new();
    let compiled = Schema::compile(schema.as_bytes(), &mut |fault| faults.push(shown(&fault)));
    assert_eq!(compiled.is_none(), !faults.is_empty(), "{schema}");
    compiled.ok_or(faults)
}

/// The faults of a schema.
#[track_caller]
fn refused(schema: &str) -> Vec<String> {
    compiled(schema).err().unwrap_or_default()
}

/// The faults of a value.
#[track_caller]
fn checked(schema: &str, value: &str) -> Vec<String> {
    match compiled(schema) {
        Ok(schema) => schema.check(value.as_bytes()).iter().map(shown).collect(),
        Err(faults) => panic!("{schema}: {faults:?}"),
    }
}

#[track_caller]
fn takes(schema: &str, values: &[&str]) {
    for value in values {
        assert_eq!(checked(schema, value), [""; 0], "{schema} {value}");
    }
}

#[track_caller]
fn refuses(schema: &str, values: &[&str]) {
    for value in values {
        assert_ne!(checked(schema, value), [""; 0], "{schema} {value}");
    }
}
