//! JSON Schema 2020-12 for schemas and values that strangers wrote: what a check may cost in time and stack is counted
//! while it runs, and what cannot be counted is refused when the schema is compiled.
//!
//!   text ──► shape ──► json ──► compile ──► Schema: nodes by number, references followed
//!                                              └──► check(value): faults by path
mod check;
mod compile;
mod json;
mod keyword;
mod links;
mod marks;
mod number;
mod pattern;
mod shape;
mod vocabulary;

pub use check::{MOST_DEPTH, MOST_FAULTS, MOST_STEPS};
use json::Json;
use keyword::Node;
use pattern::Pattern;
pub use shape::{MOST_SCHEMA_BYTES, MOST_SCHEMA_DEPTH};
use std::collections::HashMap;

/// A node of a schema: its place in `Schema::nodes`.
type NodeId = u32;

/// The nodes with a `$dynamicAnchor` by its name, each with its resource: the part below a node with an `$id`, or the rest.
type Dynamic = HashMap<Box<str>, Vec<(u32, NodeId)>>;

/// A compiled schema. It refers to nothing outside of itself and never changes.
pub struct Schema {
    root: NodeId,
    nodes: Vec<Node>,
    patterns: Vec<Pattern>,
    dynamic: Dynamic,
    /// About how much memory it takes.
    bytes: usize,
}

impl Schema {
    /// None, and faults: it is no schema of 2020-12 that refers to itself alone, or none whose check can be bounded. A schema
    /// may have as many faults as bytes: who listens bounds what is kept of them.
    ///
    /// REQUIRES: `text` is JSON.
    pub fn compile(text: &[u8], faults: &mut dyn FnMut(Fault)) -> Option<Schema> {
        let mut is_well_built = true;
        shape::check(text, &mut |fault| {
            is_well_built = false;
            faults(fault);
        });
        if !is_well_built {
            return None;
        }
        compile::compile(text).map_err(faults).ok()
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What is wrong with a value, by path; the first MOST_FAULTS of it.
    ///
    /// REQUIRES: `text` is JSON, and somebody has bounded how deep it is nested.
    pub fn check(&self, text: &[u8]) -> Vec<Fault> {
        match Json::parse(text) {
            Ok(value) => self.check_value(&value),
            Err(message) => vec![Path::Root.fault(message)],
        }
    }
}

/// What is wrong, and where: ".a.b[0]", or nothing for the whole.
pub struct Fault {
    pub path: String,
    pub message: String,
}

/// Where a walk is, written out only when somebody has to read it.
#[derive(Clone, Copy)]
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Element(&'a Path<'a>, usize),
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Member(parent, name) => write!(out, "{parent}.{name}"),
            Path::Element(parent, index) => write!(out, "{parent}[{index}]"),
        }
    }
}

impl Path<'_> {
    /// As long as somebody reads it: names may be as long as their document.
    fn shortened(&self) -> String {
        const MOST_BYTES: usize = 256;
        let mut path = self.to_string();
        if path.len() > MOST_BYTES {
            path.truncate(path.floor_char_boundary(MOST_BYTES));
            path.push_str("...");
        }
        path
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { path: self.shortened(), message: message.into() }
    }
}
