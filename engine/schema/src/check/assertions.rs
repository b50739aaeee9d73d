//! Keywords that check the value itself, without a subschema.
use super::{Answer, Keyword, Report, Run};
use crate::Path;
use crate::json::Json;
use crate::keyword::{Bound, Count, Names};
use crate::number::is_multiple;

const SHOWN_BYTES: usize = 200;

impl<'s> Run<'s> {
    pub(super) fn assertion(&mut self, keyword: &'s Keyword, value: &Json, path: &Path, report: Report) -> Answer {
        match keyword {
            Keyword::Never => self.wrong(path, report, || "is not allowed".into()),
            Keyword::Type(types) if !types.admits(value) => {
                self.wrong(path, report, || format!("must be {}", types.shown()))
            }
            Keyword::Enum(values) => {
                for one in values {
                    if self.are_equal(one, value)? {
                        return Ok(true);
                    }
                }
                self.wrong(path, report, || format!("must be one of {}", shown(values)))
            }
            Keyword::Const(one) => {
                if self.are_equal(one, value)? {
                    return Ok(true);
                }
                self.wrong(path, report, || format!("must be {}", one.shown(SHOWN_BYTES)))
            }
            Keyword::Bound(bound, limit) => match value {
                Json::Number(number) => self.bound(bound, *limit, *number, path, report),
                _ => Ok(true),
            },
            Keyword::Count(count, limit) => self.count(count, *limit, value, path, report),
            Keyword::Pattern(pattern) => {
                let Json::Text(text) = value else { return Ok(true) };
                if self.matches(*pattern, text)? {
                    return Ok(true);
                }
                let schema = self.schema;
                let pattern = Json::Text((&*schema.patterns[*pattern].text).into());
                self.wrong(path, report, || format!("must match the pattern {}", pattern.shown(SHOWN_BYTES)))
            }
            Keyword::UniqueItems => self.unique(value, path, report),
            Keyword::Required(names) => self.required(names, None, value, path, report),
            Keyword::DependentRequired(all) => self.dependent_required(all, value, path, report),
            _ => Ok(true),
        }
    }

    fn are_equal(&mut self, expected: &Json, value: &Json) -> Answer {
        let mut steps = 0;
        let order = expected.compare(value, &mut steps);
        self.spend(steps)?;
        Ok(order.is_eq())
    }

    fn bound(&mut self, bound: &Bound, limit: f64, number: f64, path: &Path, report: Report) -> Answer {
        let (holds, words) = match bound {
            Bound::Minimum => (number >= limit, "at least"),
            Bound::Maximum => (number <= limit, "at most"),
            Bound::ExclusiveMinimum => (number > limit, "above"),
            Bound::ExclusiveMaximum => (number < limit, "below"),
            Bound::MultipleOf => (is_multiple(number, limit), "a multiple of"),
        };
        if holds {
            return Ok(true);
        }
        self.wrong(path, report, || format!("must be {words} {limit}"))
    }

    fn count(&mut self, count: &Count, limit: f64, value: &Json, path: &Path, report: Report) -> Answer {
        let (length, is_most, unit) = match (count, value) {
            (Count::MinLength | Count::MaxLength, Json::Text(text)) => {
                self.spend(text.len() / 64)?;
                (text.chars().count(), matches!(count, Count::MaxLength), "characters")
            }
            (Count::MinItems | Count::MaxItems, Json::Array(all)) => {
                (all.len(), matches!(count, Count::MaxItems), "items")
            }
            (Count::MinProperties | Count::MaxProperties, Json::Object(all)) => {
                (all.len(), matches!(count, Count::MaxProperties), "members")
            }
            _ => return Ok(true),
        };
        let holds = if is_most { length as f64 <= limit } else { length as f64 >= limit };
        if holds {
            return Ok(true);
        }
        let words = if is_most { "at most" } else { "at least" };
        self.wrong(path, report, || format!("must have {words} {limit} {unit}, and has {length}"))
    }

    fn unique(&mut self, value: &Json, path: &Path, report: Report) -> Answer {
        let Json::Array(elements) = value else { return Ok(true) };
        self.spend(elements.len())?;
        let mut steps = 0;
        let mut sorted: Vec<&Json> = elements.iter().collect();
        sorted.sort_by(|a, b| a.compare(b, &mut steps));
        let are_unique = sorted.windows(2).all(|two| two[0].compare(two[1], &mut steps).is_ne());
        self.spend(steps / 4)?;
        if are_unique {
            return Ok(true);
        }
        self.wrong(path, report, || "must have no two items that are equal".into())
    }

    fn required(
        &mut self,
        names: &'s Names,
        because_of: Option<&str>,
        value: &Json,
        path: &Path,
        report: Report,
    ) -> Answer {
        let Json::Object(members) = value else { return Ok(true) };
        self.spend(names.len())?;
        let mut answer = true;
        for name in names.iter().filter(|name| members.get(name).is_none()) {
            answer = self.wrong(&Path::Member(path, name), report, || match because_of {
                None => "is missing".into(),
                Some(other) => format!("is missing beside {}", Json::Text(other.into()).shown(SHOWN_BYTES)),
            })?;
            if !self.goes_on(report) {
                break;
            }
        }
        Ok(answer)
    }

    fn dependent_required(
        &mut self,
        all: &'s [(Box<str>, Names)],
        value: &Json,
        path: &Path,
        report: Report,
    ) -> Answer {
        let Json::Object(members) = value else { return Ok(true) };
        self.spend(all.len())?;
        let mut answer = true;
        for (name, others) in all.iter().filter(|(name, _)| members.get(name).is_some()) {
            answer &= self.required(others, Some(name), value, path, report)?;
            if !answer && !self.goes_on(report) {
                break;
            }
        }
        Ok(answer)
    }
}

fn shown(values: &[Json]) -> String {
    let mut out = String::new();
    for value in values {
        if out.len() > SHOWN_BYTES {
            return out + ", ...";
        }
        out.push_str(if out.is_empty() { "" } else { ", " });
        out.push_str(&value.shown(SHOWN_BYTES));
    }
    out
}
