//! The table of the keywords of 2020-12 and the shapes of their values. Other keywords are annotations, or like
//! `const` accept any value.

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// An object, true or false.
    Schema,
    /// An array of schemas, one or more.
    Schemas,
    SchemasByName,
    NamesByName,
    Names,
    Array,
    Object,
    Text,
    Bool,
    Number,
    /// A number above 0.
    Positive,
    /// A whole number, 0 or more.
    Count,
    /// One of the names in keyword::TYPES, or an array of them.
    Type,
    /// A reference into the same schema.
    Reference,
    /// The URI of the 2020-12 dialect.
    Dialect,
}

pub fn shape_of(keyword: &str) -> Option<Shape> {
    Some(match keyword {
        "$schema" => Shape::Dialect,
        "$ref" | "$dynamicRef" => Shape::Reference,
        "$defs" | "definitions" => Shape::SchemasByName,
        "$vocabulary" => Shape::Object,
        "$anchor" | "$comment" | "$dynamicAnchor" | "$id" => Shape::Text,
        "contentEncoding" | "contentMediaType" | "description" | "format" | "pattern" | "title" => Shape::Text,
        "deprecated" | "readOnly" | "uniqueItems" | "writeOnly" => Shape::Bool,

        "type" => Shape::Type,
        "enum" | "examples" => Shape::Array,
        "exclusiveMaximum" | "exclusiveMinimum" | "maximum" | "minimum" => Shape::Number,
        "multipleOf" => Shape::Positive,
        "maxContains" | "maxItems" | "maxLength" | "maxProperties" => Shape::Count,
        "minContains" | "minItems" | "minLength" | "minProperties" => Shape::Count,
        "required" => Shape::Names,
        "dependentRequired" => Shape::NamesByName,

        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Shape::Schemas,
        "else" | "if" | "not" | "then" => Shape::Schema,
        "additionalProperties" | "propertyNames" | "unevaluatedProperties" => Shape::Schema,
        "contains" | "contentSchema" | "items" | "unevaluatedItems" => Shape::Schema,
        "dependentSchemas" | "patternProperties" | "properties" => Shape::SchemasByName,
        _ => return None,
    })
}
