//! Checks a value against a schema. Every visit of a node, every comparison and every byte read by a pattern costs
//! steps, and nesting is counted. A check that exceeds either limit ends at once without a result.
use super::json::Json;
use super::keyword::{Keyword, Named, Node};
use super::marks::Marks;
use super::{Fault, NodeId, Path, Schema};
use regex_automata::meta::Cache;
use std::collections::HashMap;

/// Usually takes a tenth of a second, at most half a second.
pub const MOST_STEPS: usize = 4_000_000;
/// Nested nodes; each takes up to a kilobyte of stack.
pub const MOST_DEPTH: usize = 1500;
pub const MOST_FAULTS: usize = 20;

/// The limit that ended the check.
#[derive(Debug)]
pub enum Spent {
    Steps,
    Depth,
}

type Answer = Result<bool, Spent>;

impl Schema {
    pub(crate) fn check_value(&self, value: &Json) -> Vec<Fault> {
        let mut run = Run {
            schema: self,
            steps: MOST_STEPS,
            depth: 0,
            resources: Vec::new(),
            caches: HashMap::new(),
            known: HashMap::new(),
            faults: Vec::new(),
        };
        let answer = run.node(self.root, value, &Path::Root, None, Report::Faults);
        let mut faults = run.faults;
        match answer {
            Err(Spent::Steps) => {
                faults.push(Path::Root.fault(format!("would take more than {MOST_STEPS} steps to check against args")));
            }
            Err(Spent::Depth) => {
                faults.push(
                    Path::Root.fault(format!("would take more than {MOST_DEPTH} schemas within each other to check")),
                );
            }
            Ok(_) => {}
        }
        faults.truncate(MOST_FAULTS);
        faults
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Report {
    Faults,
    /// Only the result counts: a failing branch is not an error by itself.
    Nothing,
}

struct Run<'s> {
    schema: &'s Schema,
    steps: usize,
    depth: usize,
    /// The resources from the outermost to the current node's; empty if no dynamic name exists.
    resources: Vec<u32>,
    caches: HashMap<usize, Cache>,
    /// Results of references in branches, so that a repeated one is checked once.
    known: HashMap<(NodeId, *const ()), bool>,
    faults: Vec<Fault>,
}

impl<'s> Run<'s> {
    fn spend(&mut self, steps: usize) -> Result<(), Spent> {
        self.steps = self.steps.checked_sub(steps).ok_or(Spent::Steps)?;
        Ok(())
    }

    /// Returns false, and records the fault if faults are wanted.
    fn wrong(&mut self, path: &Path, report: Report, message: impl FnOnce() -> String) -> Answer {
        if report == Report::Faults {
            self.faults.push(path.fault(message()));
        }
        Ok(false)
    }

    fn goes_on(&self, report: Report) -> bool {
        report == Report::Faults && self.faults.len() < MOST_FAULTS
    }

    fn node(&mut self, id: NodeId, value: &Json, path: &Path, marks: Option<&mut Marks>, report: Report) -> Answer {
        let schema = self.schema;
        let node = &schema.nodes[id as usize];
        self.spend(1 + node.keywords.len())?;
        if node.keywords.is_empty() {
            return Ok(true);
        }
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(Spent::Depth);
        }
        if !schema.dynamic.is_empty() {
            self.resources.push(node.resource);
        }
        let answer = match marks {
            _ if node.marks_unevaluated => self.marking_node(node, value, path, marks, report),
            marks => self.keywords(node, value, path, marks, report),
        };
        if !schema.dynamic.is_empty() {
            self.resources.pop();
        }
        self.depth -= 1;
        answer
    }

    /// A node does not see the marks of its siblings and parents, but they see its marks.
    fn marking_node(
        &mut self,
        node: &'s Node,
        value: &Json,
        path: &Path,
        marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        let mut own = self.marks(value)?;
        let answer = self.keywords(node, value, path, Some(&mut own), report)?;
        if let (true, Some(marks)) = (answer, marks) {
            marks.add(&own);
        }
        Ok(answer)
    }

    fn marks(&mut self, value: &Json) -> Result<Marks, Spent> {
        let length = match value {
            Json::Array(elements) => elements.len(),
            Json::Object(members) => members.len(),
            _ => 0,
        };
        self.spend(length / 64)?;
        Ok(Marks::new(length))
    }

    fn keywords(
        &mut self,
        node: &'s Node,
        value: &Json,
        path: &Path,
        mut marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        let mut answer = true;
        for keyword in &node.keywords {
            let is_last = matches!(keyword, Keyword::UnevaluatedItems(_) | Keyword::UnevaluatedProperties(_));
            if !answer && (is_last || !self.goes_on(report)) {
                break;
            }
            answer &= self.keyword(keyword, value, path, marks.as_deref_mut(), report)?;
        }
        Ok(answer)
    }

    fn keyword(
        &mut self,
        keyword: &'s Keyword,
        value: &Json,
        path: &Path,
        marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        match keyword {
            Keyword::Ref(id) => self.reference(*id, value, path, marks, report),
            Keyword::DynamicRef { anchor, fallback } => {
                let id = self.named_node(anchor, *fallback)?;
                self.node(id, value, path, marks, report)
            }
            Keyword::AllOf(ids) => self.all_of(ids, value, path, marks, report),
            Keyword::AnyOf(ids) => self.any_of(ids, value, path, marks, report),
            Keyword::OneOf(ids) => self.one_of(ids, value, path, marks, report),
            Keyword::Not(id) => {
                if !self.branch(*id, value, path, None)? {
                    return Ok(true);
                }
                self.wrong(path, report, || "must not match the schema of not".into())
            }
            Keyword::If { condition, then, otherwise } => {
                self.conditional(*condition, [*otherwise, *then], value, path, marks, report)
            }
            Keyword::DependentSchemas(named) => self.dependent(named, value, path, marks, report),
            Keyword::Properties { named, patterns, others, is_mixed } => match value {
                Json::Object(members) => {
                    let one = Properties { named, patterns, others: *others, is_mixed: *is_mixed };
                    self.properties(one, members, path, marks, report)
                }
                _ => Ok(true),
            },
            Keyword::PropertyNames(id) => self.property_names(*id, value, path, report),
            Keyword::Items { first, others } => self.items(first, *others, value, path, marks, report),
            Keyword::Contains { schema, least, most } => {
                self.contains(*schema, [*least, *most], value, path, marks, report)
            }
            Keyword::UnevaluatedProperties(id) | Keyword::UnevaluatedItems(id) => {
                let of_objects = matches!(keyword, Keyword::UnevaluatedProperties(_));
                self.unevaluated(*id, of_objects, value, path, marks, report)
            }
            _ => self.assertion(keyword, value, path, report),
        }
    }

    /// Checks a schema that may fail; its marks count only if it succeeds.
    fn branch(&mut self, id: NodeId, value: &Json, path: &Path, marks: Option<&mut Marks>) -> Answer {
        let Some(marks) = marks else { return self.node(id, value, path, None, Report::Nothing) };
        let mut own = self.marks(value)?;
        let answer = self.node(id, value, path, Some(&mut own), Report::Nothing)?;
        if answer {
            marks.add(&own);
        }
        Ok(answer)
    }

    fn reference(
        &mut self,
        id: NodeId,
        value: &Json,
        path: &Path,
        marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        if report == Report::Faults || marks.is_some() || !self.schema.dynamic.is_empty() {
            return self.node(id, value, path, marks, report);
        }
        let key = (id, std::ptr::from_ref(value).cast());
        if let Some(answer) = self.known.get(&key) {
            return Ok(*answer);
        }
        self.spend(8)?;
        let answer = self.node(id, value, path, None, report)?;
        self.known.insert(key, answer);
        Ok(answer)
    }

    /// The node of this name in the outermost resource that has one.
    fn named_node(&mut self, anchor: &str, fallback: NodeId) -> Result<NodeId, Spent> {
        let all = &self.schema.dynamic[anchor];
        self.spend(1 + self.resources.len() * all.len() / 8)?;
        let found = self.resources.iter().find_map(|resource| all.iter().find(|(of, _)| of == resource));
        Ok(found.map_or(fallback, |(_, node)| *node))
    }

    fn all_of(
        &mut self,
        ids: &[NodeId],
        value: &Json,
        path: &Path,
        mut marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        let mut answer = true;
        for id in ids {
            answer &= self.node(*id, value, path, marks.as_deref_mut(), report)?;
            if !answer && !self.goes_on(report) {
                break;
            }
        }
        Ok(answer)
    }

    fn any_of(
        &mut self,
        ids: &[NodeId],
        value: &Json,
        path: &Path,
        mut marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        let mut answer = false;
        for id in ids {
            answer |= self.branch(*id, value, path, marks.as_deref_mut())?;
            // With marks, all branches have to run.
            if answer && marks.is_none() {
                break;
            }
        }
        if answer {
            return Ok(true);
        }
        self.wrong(path, report, || "must match one schema of anyOf or more".into())
    }

    fn one_of(
        &mut self,
        ids: &[NodeId],
        value: &Json,
        path: &Path,
        mut marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        let mut matches = 0;
        for id in ids {
            matches += usize::from(self.branch(*id, value, path, marks.as_deref_mut())?);
            if matches > 1 {
                return self.wrong(path, report, || "must match one schema of oneOf, and matches several".into());
            }
        }
        if matches == 1 {
            return Ok(true);
        }
        self.wrong(path, report, || "must match one schema of oneOf, and matches none".into())
    }

    fn conditional(
        &mut self,
        condition: NodeId,
        branches: [Option<NodeId>; 2],
        value: &Json,
        path: &Path,
        mut marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        let holds = self.branch(condition, value, path, marks.as_deref_mut())?;
        match branches[usize::from(holds)] {
            Some(id) => self.node(id, value, path, marks, report),
            None => Ok(true),
        }
    }

    fn dependent(
        &mut self,
        named: &Named,
        value: &Json,
        path: &Path,
        mut marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        let Json::Object(members) = value else { return Ok(true) };
        self.spend(named.len())?;
        let mut answer = true;
        for (_, id) in named.iter().filter(|(name, _)| members.get(name).is_some()) {
            answer &= self.node(*id, value, path, marks.as_deref_mut(), report)?;
            if !answer && !self.goes_on(report) {
                break;
            }
        }
        Ok(answer)
    }
}

/// The three keywords that divide an object's members among them.
struct Properties<'s> {
    named: &'s Named,
    patterns: &'s [(usize, NodeId)],
    others: Option<NodeId>,
    is_mixed: bool,
}

mod assertions;
mod children;
