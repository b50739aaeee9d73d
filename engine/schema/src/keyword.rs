//! The keywords of a schema, in the form in which they are checked.
use super::NodeId;
use super::json::Json;

/// A set of the seven type names.
#[derive(Clone, Copy)]
pub struct Types(pub u8);

pub const TYPES: [(&str, &str); 7] = [
    ("null", "null"),
    ("boolean", "true or false"),
    ("object", "an object"),
    ("array", "an array"),
    ("number", "a number"),
    ("string", "a string"),
    ("integer", "a whole number"),
];

impl Types {
    pub fn has(self, name: &str) -> bool {
        TYPES.iter().position(|(known, _)| *known == name).is_some_and(|at| self.0 & (1 << at) != 0)
    }
    pub fn take(&mut self, value: &Json) {
        let at = TYPES.iter().position(|(known, _)| value.as_text() == Some(known));
        self.0 |= at.map_or(0, |at| 1 << at);
    }
    pub fn admits(self, value: &Json) -> bool {
        match value {
            Json::Null => self.has("null"),
            Json::Bool(_) => self.has("boolean"),
            Json::Object(_) => self.has("object"),
            Json::Array(_) => self.has("array"),
            Json::Text(_) => self.has("string"),
            Json::Number(number) => self.has("number") || (number.fract() == 0.0 && self.has("integer")),
        }
    }
    pub fn shown(self) -> String {
        let names = TYPES.iter().filter(|(name, _)| self.has(name)).map(|(_, shown)| *shown);
        names.collect::<Vec<_>>().join(" or ")
    }
}

pub enum Bound {
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
    MultipleOf,
}

pub enum Count {
    MinLength,
    MaxLength,
    MinItems,
    MaxItems,
    MinProperties,
    MaxProperties,
}

pub type Named = Box<[(Box<str>, NodeId)]>;
pub type Names = Box<[Box<str>]>;

pub enum Keyword {
    Never,
    Type(Types),
    Enum(Box<[Json<'static>]>),
    Const(Json<'static>),
    Bound(Bound, f64),
    Count(Count, f64),
    Pattern(usize),
    UniqueItems,
    Required(Names),
    DependentRequired(Box<[(Box<str>, Names)]>),

    // Applied to the same value:
    Ref(NodeId),
    DynamicRef { anchor: Box<str>, fallback: NodeId },
    AllOf(Box<[NodeId]>),
    AnyOf(Box<[NodeId]>),
    OneOf(Box<[NodeId]>),
    Not(NodeId),
    If { condition: NodeId, then: Option<NodeId>, otherwise: Option<NodeId> },
    DependentSchemas(Named),

    // Applied to members and elements. `named` is by name; `is_mixed`: some nodes are plain and some are not.
    Properties { named: Named, patterns: Box<[(usize, NodeId)]>, others: Option<NodeId>, is_mixed: bool },
    PropertyNames(NodeId),
    Items { first: Box<[NodeId]>, others: Option<NodeId> },
    Contains { schema: NodeId, least: f64, most: f64 },

    // Applied after all others:
    UnevaluatedProperties(NodeId),
    UnevaluatedItems(NodeId),
}

pub struct Node {
    /// In the order of checking: cheap keywords that fail often come first.
    pub keywords: Box<[Keyword]>,
    pub resource: u32,
    /// Has no subschema: cheap, and therefore checked before its siblings.
    pub is_plain: bool,
    pub marks_unevaluated: bool,
}

impl Keyword {
    /// The nodes that apply to the same value. `dynamic` adds those that a name may refer to.
    pub fn in_place(&self, mut dynamic: impl FnMut(&str, &mut Vec<NodeId>)) -> Vec<NodeId> {
        match self {
            Keyword::Ref(node) | Keyword::Not(node) => vec![*node],
            Keyword::DynamicRef { anchor, fallback } => {
                let mut all = vec![*fallback];
                dynamic(anchor, &mut all);
                all
            }
            Keyword::AllOf(nodes) | Keyword::AnyOf(nodes) | Keyword::OneOf(nodes) => nodes.to_vec(),
            Keyword::If { condition, then, otherwise } => {
                [Some(*condition), *then, *otherwise].into_iter().flatten().collect()
            }
            Keyword::DependentSchemas(named) => named.iter().map(|(_, node)| *node).collect(),
            _ => Vec::new(),
        }
    }

    /// The approximate memory of the keyword.
    pub fn bytes(&self) -> usize {
        const MALLOC: usize = 16;
        let names = |names: &Names| names.iter().map(|name| 32 + name.len()).sum::<usize>();
        size_of::<Self>()
            + match self {
                Keyword::Enum(values) => MALLOC + values.iter().map(Json::bytes).sum::<usize>(),
                Keyword::Const(value) => value.bytes(),
                Keyword::Required(all) => MALLOC + names(all),
                Keyword::DependentRequired(all) => {
                    MALLOC + all.iter().map(|(name, others)| 64 + name.len() + names(others)).sum::<usize>()
                }
                Keyword::AllOf(nodes) | Keyword::AnyOf(nodes) | Keyword::OneOf(nodes) => MALLOC + 4 * nodes.len(),
                Keyword::DependentSchemas(named) => {
                    MALLOC + named.iter().map(|(name, _)| 40 + name.len()).sum::<usize>()
                }
                Keyword::Properties { named, patterns, .. } => {
                    2 * MALLOC + 16 * patterns.len() + named.iter().map(|(name, _)| 40 + name.len()).sum::<usize>()
                }
                Keyword::Items { first, .. } => MALLOC + 4 * first.len(),
                Keyword::DynamicRef { anchor, .. } => MALLOC + anchor.len(),
                _ => 0,
            }
    }
}
