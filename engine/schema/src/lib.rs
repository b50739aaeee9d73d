//! JSON Schema 2020-12 for untrusted schemas and values: the time and stack of a check are counted while it runs, and
//! schemas whose cost cannot be counted are rejected when they are compiled.
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

/// The nodes with a `$dynamicAnchor`, by name, each with its resource: the part below an `$id`, or the rest.
type Dynamic = HashMap<Box<str>, Vec<(u32, NodeId)>>;

/// A compiled schema. Self-contained and immutable.
pub struct Schema {
    root: NodeId,
    nodes: Vec<Node>,
    patterns: Vec<Pattern>,
    dynamic: Dynamic,
    /// The approximate memory of the schema.
    bytes: usize,
}

impl Schema {
    /// Compiles a schema. Returns None after reporting faults if the text is not a schema of 2020-12, refers outside
    /// itself, or its check cannot be bounded. There may be as many faults as bytes: the receiver limits how many it
    /// keeps.
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

    /// The approximate memory of the schema.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The first MOST_FAULTS faults of a value, each with its path.
    ///
    /// REQUIRES: `text` is JSON, and its nesting is bounded.
    pub fn check(&self, text: &[u8]) -> Vec<Fault> {
        match Json::parse(text) {
            Ok(value) => self.check_value(&value),
            Err(message) => vec![Path::Root.fault(message)],
        }
    }
}

/// A fault and its place: ".a.b[0]", or empty for the whole value.
pub struct Fault {
    pub path: String,
    pub message: String,
}

/// The path of a walk; becomes text only when a fault is reported.
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
    /// Cut to a readable length: a name may be as long as its document.
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
