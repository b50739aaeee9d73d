//! Checks that each keyword of a schema has a value of an allowed kind. Reads the text once, front to back, and keeps
//! only the names of the enclosing objects.
use crate::json::{Json, Name, unreadable};
use crate::keyword::TYPES;
use crate::vocabulary::{Shape, shape_of};
use crate::{Fault, Path};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

pub const MOST_SCHEMA_BYTES: usize = 64 << 10;
/// Nested objects and arrays, the schema itself included.
pub const MOST_SCHEMA_DEPTH: usize = 32;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

type Faults<'f> = dyn FnMut(Fault) + 'f;

/// Reports keywords with values of another kind, references out of the schema, duplicate names, and a schema that is
/// too large or too deep. REQUIRES: `text` is JSON.
pub fn check(text: &[u8], faults: &mut Faults) {
    if text.len() > MOST_SCHEMA_BYTES {
        let message = format!("must be at most {MOST_SCHEMA_BYTES} bytes long, and is {}", text.len());
        return faults(Path::Root.fault(message));
    }
    let depth = depth_of(text);
    if depth > MOST_SCHEMA_DEPTH {
        let message = format!("must be nested at most {MOST_SCHEMA_DEPTH} levels deep, and is {depth}");
        return faults(Path::Root.fault(message));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Place { shape: Shape::Schema, path: &Path::Root, faults }.deserialize(&mut reader);
    if let Err(error) = read.and_then(|()| reader.end()) {
        faults(Path::Root.fault(unreadable(&error)));
    }
}

/// The nesting of objects and arrays. It bounds the recursion that follows.
fn depth_of(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut in_string = false;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match (in_string, byte) {
            (true, b'\\') => drop(bytes.next()),
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A value to read, and its required shape.
struct Place<'p, 'f> {
    shape: Shape,
    path: &'p Path<'p>,
    faults: &'p mut Faults<'f>,
}

impl Place<'_, '_> {
    fn wrong(&mut self, message: impl Into<String>) {
        (self.faults)(self.path.fault(message));
    }

    /// Reports a value of another kind than the shape allows.
    fn is_of_another_kind(&mut self) {
        self.wrong(match self.shape {
            Shape::Schema => "must be a schema: an object, true or false",
            Shape::Schemas | Shape::Names | Shape::Array => "must be an array",
            Shape::SchemasByName | Shape::NamesByName | Shape::Object => "must be an object",
            Shape::Text | Shape::Type | Shape::Reference | Shape::Dialect => "must be a string",
            Shape::Bool => "must be true or false",
            Shape::Number => "must be a number",
            Shape::Positive => "must be a number above 0",
            Shape::Count => "must be a whole number, 0 or more",
        });
    }

    fn number(&mut self, number: f64) {
        let fits = match self.shape {
            Shape::Number => true,
            Shape::Positive => number > 0.0,
            Shape::Count => number >= 0.0 && number.fract() == 0.0,
            _ => false,
        };
        if !fits {
            self.is_of_another_kind();
        }
    }

    fn text(&mut self, text: &str) {
        match self.shape {
            Shape::Text => {}
            Shape::Type => drop(self.one_type(text)),
            Shape::Reference if text.starts_with('#') => {}
            Shape::Reference => self.wrong("must begin with #: nothing outside of the schema is looked up"),
            Shape::Dialect if text.strip_suffix('#').unwrap_or(text) == DIALECT => {}
            Shape::Dialect => self.wrong(format!("must be {DIALECT}")),
            _ => self.is_of_another_kind(),
        }
    }

    /// The type's number.
    fn one_type(&mut self, name: &str) -> Option<usize> {
        let known = TYPES.iter().position(|(known, _)| *known == name);
        if known.is_none() {
            self.wrong(format!("must be one of {}", TYPES.map(|(known, _)| known).join(", ")));
        }
        known
    }

    fn types<'de, A: SeqAccess<'de>>(&mut self, mut all: A) -> Result<(), A::Error> {
        let mut seen = [false; TYPES.len()];
        let mut length = 0;
        while let Some(one) = all.next_element::<Json>()? {
            let path = Path::Element(self.path, length);
            let mut place = Place { shape: Shape::Type, path: &path, faults: &mut *self.faults };
            match one.as_text().map(|name| place.one_type(name)) {
                None => place.is_of_another_kind(),
                Some(Some(known)) if std::mem::replace(&mut seen[known], true) => place.wrong("is there twice"),
                Some(_) => {}
            }
            length += 1;
        }
        if length == 0 {
            self.wrong("must have one type or more");
        }
        Ok(())
    }

    /// The shape of a member; None if any value is allowed.
    fn shape_of_member(&self, name: &str) -> Option<Shape> {
        match self.shape {
            Shape::Schema => shape_of(name),
            Shape::SchemasByName => Some(Shape::Schema),
            Shape::NamesByName => Some(Shape::Names),
            _ => None,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("JSON")
    }
    fn visit_unit<E: Error>(mut self) -> Result<(), E> {
        self.is_of_another_kind();
        Ok(())
    }
    fn visit_bool<E: Error>(mut self, _: bool) -> Result<(), E> {
        if !matches!(self.shape, Shape::Bool | Shape::Schema) {
            self.is_of_another_kind();
        }
        Ok(())
    }
    fn visit_u64<E: Error>(mut self, number: u64) -> Result<(), E> {
        self.number(number as f64);
        Ok(())
    }
    fn visit_i64<E: Error>(mut self, number: i64) -> Result<(), E> {
        self.number(number as f64);
        Ok(())
    }
    fn visit_f64<E: Error>(mut self, number: f64) -> Result<(), E> {
        self.number(number);
        Ok(())
    }
    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        self.text(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut all: A) -> Result<(), A::Error> {
        let shape = match self.shape {
            Shape::Type => return self.types(all),
            Shape::Schemas => Shape::Schema,
            Shape::Names => Shape::Text,
            other => {
                if other != Shape::Array {
                    self.is_of_another_kind();
                }
                while all.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(());
            }
        };
        let mut length = 0;
        loop {
            let path = Path::Element(self.path, length);
            let place = Place { shape, path: &path, faults: &mut *self.faults };
            if all.next_element_seed(place)?.is_none() {
                break;
            }
            length += 1;
        }
        if length == 0 && self.shape == Shape::Schemas {
            self.wrong("must have one schema or more");
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut all: A) -> Result<(), A::Error> {
        if !matches!(self.shape, Shape::Schema | Shape::SchemasByName | Shape::NamesByName) {
            if self.shape != Shape::Object {
                self.is_of_another_kind();
            }
            while all.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let mut seen = HashSet::new();
        while let Some(Name(name)) = all.next_key()? {
            let path = Path::Member(self.path, &name);
            if seen.contains(&name) {
                (self.faults)(path.fault("is there twice"));
                all.next_value::<IgnoredAny>()?;
                continue;
            }
            match self.shape_of_member(&name) {
                Some(shape) => all.next_value_seed(Place { shape, path: &path, faults: &mut *self.faults })?,
                None => drop(all.next_value::<IgnoredAny>()?),
            }
            seen.insert(name);
        }
        Ok(())
    }
}
