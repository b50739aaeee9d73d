//! The keywords of 2020-12, and what the value of each must be: the one table of them. What is not in it is an annotation,
//! or like `const` takes any value.

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
    /// One of the names that keyword::TYPES has, or an array of them.
    Type,
    /// Into this very schema.
    Reference,
    /// The address of 2020-12.
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
