//! A JSON value as a handler sees it: numbers are doubles, and the last of two members with the same name counts.
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::{self, Write};

pub enum Json<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Members<'a>),
}

/// The members of an object, sorted by name.
pub struct Members<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Members<'a> {
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        let at = self.0.binary_search_by(|(key, _)| (**key).cmp(name)).ok()?;
        Some(&self.0[at].1)
    }
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'a> Json<'a> {
    /// REQUIRES: the nesting of `text` is bounded.
    ///
    /// On failure, the error describes the text.
    pub fn parse(text: &'a [u8]) -> Result<Json<'a>, &'static str> {
        let mut reader = serde_json::Deserializer::from_slice(text);
        reader.disable_recursion_limit();
        let value = Json::deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
        value.map_err(|error| unreadable(&error))
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Json::Number(number) => Some(*number),
            _ => None,
        }
    }
    pub fn as_array(&self) -> Option<&[Json<'a>]> {
        match self {
            Json::Array(elements) => Some(elements),
            _ => None,
        }
    }
    pub fn as_object(&self) -> Option<&Members<'a>> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }

    pub fn copy(&self) -> Json<'static> {
        match self {
            Json::Null => Json::Null,
            Json::Bool(truth) => Json::Bool(*truth),
            Json::Number(number) => Json::Number(*number),
            Json::Text(text) => Json::Text(Cow::Owned(text.to_string())),
            Json::Array(elements) => Json::Array(elements.iter().map(Json::copy).collect()),
            Json::Object(members) => Json::Object(Members(
                members.iter().map(|(name, value)| (Cow::Owned(name.to_owned()), value.copy())).collect(),
            )),
        }
    }

    /// The approximate memory of the value.
    pub fn bytes(&self) -> usize {
        const MALLOC: usize = 16;
        size_of::<Self>()
            + match self {
                Json::Null | Json::Bool(_) | Json::Number(_) => 0,
                Json::Text(text) => text.len() + MALLOC,
                Json::Array(elements) => MALLOC + elements.iter().map(Json::bytes).sum::<usize>(),
                Json::Object(members) => {
                    MALLOC + members.iter().map(|(name, value)| 40 + name.len() + value.bytes()).sum::<usize>()
                }
            }
    }

    /// A total order in which only equal values are equal. Adds its cost to `steps`.
    pub fn compare(&self, other: &Json, steps: &mut usize) -> Ordering {
        *steps += 1;
        match (self, other) {
            (Json::Bool(a), Json::Bool(b)) => a.cmp(b),
            (Json::Number(a), Json::Number(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            (Json::Text(a), Json::Text(b)) => compare_texts(a, b, steps),
            (Json::Array(a), Json::Array(b)) => {
                let mut order = a.len().cmp(&b.len());
                for (x, y) in a.iter().zip(b) {
                    if order.is_ne() {
                        break;
                    }
                    order = x.compare(y, steps);
                }
                order
            }
            (Json::Object(a), Json::Object(b)) => {
                let mut order = a.len().cmp(&b.len());
                for ((name, x), (other_name, y)) in a.iter().zip(b.iter()) {
                    if order.is_ne() {
                        break;
                    }
                    order = compare_texts(name, other_name, steps).then_with(|| x.compare(y, steps));
                }
                order
            }
            _ => self.kind().cmp(&other.kind()),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Json::Null => 0,
            Json::Bool(_) => 1,
            Json::Number(_) => 2,
            Json::Text(_) => 3,
            Json::Array(_) => 4,
            Json::Object(_) => 5,
        }
    }

    /// JSON for a person, cut after `most` bytes.
    pub fn shown(&self, most: usize) -> String {
        let mut out = String::new();
        self.show(&mut out, most);
        if out.len() > most {
            out.truncate(out.floor_char_boundary(most));
            out.push_str("...");
        }
        out
    }

    fn show(&self, out: &mut String, most: usize) {
        if out.len() > most {
            return;
        }
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Json::Number(number) => write!(out, "{number}").expect("a String takes all"),
            Json::Text(text) => {
                let start = &text[..text.floor_char_boundary(most)];
                out.push_str(&serde_json::to_string(start).expect("text is JSON"));
            }
            Json::Array(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate().take(most) {
                    out.push_str(if at == 0 { "" } else { "," });
                    element.show(out, most);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate().take(most) {
                    out.push_str(if at == 0 { "" } else { "," });
                    out.push_str(
                        &serde_json::to_string(&name[..name.floor_char_boundary(most)]).expect("text is JSON"),
                    );
                    out.push(':');
                    value.show(out, most);
                }
                out.push('}');
            }
        }
    }
}

/// The reason why checked JSON cannot be read: a number beyond the range of a double.
pub fn unreadable(error: &serde_json::Error) -> &'static str {
    // serde_json identifies this error only by its text.
    let is_large = error.to_string().starts_with("number out of range");
    if is_large { "has a number that is too large" } else { "must be JSON" }
}

fn compare_texts(a: &str, b: &str, steps: &mut usize) -> Ordering {
    *steps += a.len().min(b.len()) / 256;
    a.cmp(b)
}

struct JsonVisitor;

impl<'a> Visitor<'a> for JsonVisitor {
    type Value = Json<'a>;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Json<'a>, E> {
        Ok(Json::Null)
    }
    fn visit_bool<E>(self, truth: bool) -> Result<Json<'a>, E> {
        Ok(Json::Bool(truth))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Json<'a>, E> {
        Ok(Json::Number(number as f64))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Json<'a>, E> {
        Ok(Json::Number(number as f64))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Json<'a>, E> {
        Ok(Json::Number(number))
    }
    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Json<'a>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Json<'a>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'a>>(self, mut all: A) -> Result<Json<'a>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = all.next_element()? {
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }
    fn visit_map<A: MapAccess<'a>>(self, mut all: A) -> Result<Json<'a>, A::Error> {
        let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        while let Some((Name(name), value)) = all.next_entry()? {
            members.push((name, value));
        }
        members.sort_by(|a, b| a.0.cmp(&b.0));
        // The sort is stable, so the last of equal names is kept.
        members.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        Ok(Json::Object(Members(members)))
    }
}

impl<'a> Deserialize<'a> for Json<'a> {
    fn deserialize<D: Deserializer<'a>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(JsonVisitor)
    }
}

/// The name of a member.
pub struct Name<'a>(pub Cow<'a, str>);

struct NameVisitor;

impl<'a> Visitor<'a> for NameVisitor {
    type Value = Name<'a>;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a name")
    }
    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Name<'a>, E> {
        Ok(Name(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Name<'a>, E> {
        Ok(Name(Cow::Owned(text.to_owned())))
    }
}

impl<'a> Deserialize<'a> for Name<'a> {
    fn deserialize<D: Deserializer<'a>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_str(NameVisitor)
    }
}
