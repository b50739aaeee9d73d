//! Keywords that check the members or elements of a value.
use super::{Answer, Properties, Report, Run};
use crate::json::{Json, Members};
use crate::marks::Marks;
use crate::{NodeId, Path};
use std::borrow::Cow;

impl<'s> Run<'s> {
    /// Checks plain schemas first: in a union of objects they tell whether the other members need a check.
    pub(super) fn properties(
        &mut self,
        all: Properties<'s>,
        members: &Members,
        path: &Path,
        mut marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        let mut answer = true;
        let passes: &[Option<bool>] = if all.is_mixed { &[Some(true), Some(false)] } else { &[None] };
        for plain in passes {
            for (at, (name, value)) in members.iter().enumerate() {
                self.spend(1)?;
                let path = Path::Member(path, name);
                let mut is_known = false;
                if let Ok(found) = all.named.binary_search_by(|(known, _)| (**known).cmp(name)) {
                    is_known = true;
                    answer &= self.member(all.named[found].1, *plain, value, &path, report)?;
                }
                for (pattern, id) in all.patterns {
                    if self.matches(*pattern, name)? {
                        is_known = true;
                        answer &= self.member(*id, *plain, value, &path, report)?;
                    }
                }
                if let (false, Some(id)) = (is_known, all.others) {
                    is_known = true;
                    answer &= self.member(id, *plain, value, &path, report)?;
                }
                if let (true, Some(marks)) = (is_known, marks.as_deref_mut()) {
                    marks.set(at);
                }
                if !answer && !self.goes_on(report) {
                    return Ok(false);
                }
            }
        }
        Ok(answer)
    }

    /// With `plain`, checks only nodes that are plain, or only nodes that are not.
    fn member(&mut self, id: NodeId, plain: Option<bool>, value: &Json, path: &Path, report: Report) -> Answer {
        if plain.is_some_and(|plain| self.schema.nodes[id as usize].is_plain != plain) {
            return Ok(true);
        }
        self.node(id, value, path, None, report)
    }

    pub(super) fn property_names(&mut self, id: NodeId, value: &Json, path: &Path, report: Report) -> Answer {
        let Json::Object(members) = value else { return Ok(true) };
        // A name is not part of the value, so cached results must not outlive it.
        let known = std::mem::take(&mut self.known);
        let mut answer = true;
        for (name, _) in members.iter() {
            let text = Json::Text(Cow::Borrowed(name));
            let path = Path::Member(path, name);
            if !self.node(id, &text, &path, None, Report::Nothing)? {
                answer = self.wrong(&path, report, || "has a name that propertyNames doesn't allow".into())?;
            }
            self.known.clear();
            if !answer && !self.goes_on(report) {
                break;
            }
        }
        self.known = known;
        Ok(answer)
    }

    pub(super) fn items(
        &mut self,
        first: &[NodeId],
        others: Option<NodeId>,
        value: &Json,
        path: &Path,
        mut marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        let Json::Array(elements) = value else { return Ok(true) };
        let mut answer = true;
        for (at, element) in elements.iter().enumerate() {
            let Some(id) = first.get(at).copied().or(others) else { break };
            answer &= self.node(id, element, &Path::Element(path, at), None, report)?;
            if let Some(marks) = marks.as_deref_mut() {
                marks.set(at);
            }
            if !answer && !self.goes_on(report) {
                break;
            }
        }
        Ok(answer)
    }

    pub(super) fn contains(
        &mut self,
        id: NodeId,
        [least, most]: [f64; 2],
        value: &Json,
        path: &Path,
        mut marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        let Json::Array(elements) = value else { return Ok(true) };
        let mut found = 0usize;
        for (at, element) in elements.iter().enumerate() {
            if self.node(id, element, path, None, Report::Nothing)? {
                found += 1;
                if let Some(marks) = marks.as_deref_mut() {
                    marks.set(at);
                }
            }
        }
        if (found as f64) < least {
            return self.wrong(path, report, || {
                format!("must have {least} or more items that match contains, and has {found}")
            });
        }
        if found as f64 > most {
            return self.wrong(path, report, || {
                format!("must have at most {most} items that match contains, and has {found}")
            });
        }
        Ok(true)
    }

    /// REQUIRES: the node was given marks.
    pub(super) fn unevaluated(
        &mut self,
        id: NodeId,
        of_objects: bool,
        value: &Json,
        path: &Path,
        marks: Option<&mut Marks>,
        report: Report,
    ) -> Answer {
        let Some(marks) = marks else { return Ok(true) };
        let mut answer = true;
        let mut check = |run: &mut Self, at: usize, value: &Json, path: &Path| -> Result<bool, super::Spent> {
            run.spend(1)?;
            if !marks.has(at) {
                marks.set(at);
                answer &= run.node(id, value, path, None, report)?;
            }
            Ok(answer || run.goes_on(report))
        };
        match value {
            Json::Object(members) if of_objects => {
                for (at, (name, value)) in members.iter().enumerate() {
                    if !check(self, at, value, &Path::Member(path, name))? {
                        break;
                    }
                }
            }
            Json::Array(elements) if !of_objects => {
                for (at, value) in elements.iter().enumerate() {
                    if !check(self, at, value, &Path::Element(path, at))? {
                        break;
                    }
                }
            }
            _ => {}
        }
        Ok(answer)
    }

    pub(super) fn matches(&mut self, pattern: usize, text: &str) -> Answer {
        let pattern_of = &self.schema.patterns[pattern];
        self.spend(pattern_of.steps(text.len()))?;
        let cache = self.caches.entry(pattern).or_insert_with(|| pattern_of.cache());
        Ok(pattern_of.is_in(text, cache))
    }
}
