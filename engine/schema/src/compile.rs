//! Compiles the text of a schema to nodes. Recursion follows only the nesting of the text, which is bounded;
//! references are resolved afterwards, one by one.
use super::json::{Json, Members};
use super::keyword::{Bound, Count, Keyword, Named, Names, Node, Types};
use super::links::{self, Link};
use super::pattern::Pattern;
use super::vocabulary::{Shape, shape_of};
use super::{Dynamic, Fault, NodeId, Path, Schema};
use std::collections::HashMap;

const MOST_COMPILED_BYTES: usize = 2 << 20;

/// The nodes of the schemas `true` and `false`.
const ANY: NodeId = 0;
const NONE: NodeId = 1;

/// REQUIRES: shape::check has found no fault. Places that only a reference reaches are unchecked: values of another
/// type there are ignored.
pub fn compile(text: &[u8]) -> Result<Schema, Fault> {
    let json = Json::parse(text).map_err(|message| Path::Root.fault(message))?;
    let mut compiler = Compiler {
        nodes: vec![node(vec![], 0), node(vec![Keyword::Never], 0)],
        by_place: HashMap::new(),
        resources: vec![&json],
        anchors: HashMap::new(),
        dynamic: HashMap::new(),
        links: Vec::new(),
        patterns: Vec::new(),
        bytes: size_of::<Schema>(),
    };
    let root = compiler.schema(&json, &Path::Root, 0)?;
    let mut targets = Vec::new();
    // The target of a link may be a schema that no keyword has reached, with links of its own.
    while targets.len() < compiler.links.len() {
        let target = compiler.target(targets.len())?;
        targets.push(target);
    }
    links::connect(&mut compiler.nodes, &targets);
    links::refuse_endless(&compiler.nodes, &compiler.dynamic, &compiler.links, &targets)?;
    compiler.nodes.shrink_to_fit();
    compiler.patterns.shrink_to_fit();
    Ok(Schema {
        root,
        nodes: compiler.nodes,
        patterns: compiler.patterns,
        dynamic: compiler.dynamic,
        bytes: compiler.bytes,
    })
}

fn node(mut keywords: Vec<Keyword>, resource: u32) -> Node {
    keywords.sort_by_key(stage);
    let is_plain = keywords.iter().all(|keyword| stage(keyword) == 0);
    let marks_unevaluated = keywords.last().is_some_and(|keyword| stage(keyword) == 4);
    Node { keywords: keywords.into(), resource, is_plain, marks_unevaluated }
}

fn stage(keyword: &Keyword) -> u8 {
    match keyword {
        Keyword::Properties { .. } | Keyword::Items { .. } | Keyword::Contains { .. } | Keyword::PropertyNames(_) => 1,
        Keyword::Ref(_) | Keyword::DynamicRef { .. } | Keyword::AllOf(_) | Keyword::DependentSchemas(_) => 2,
        Keyword::AnyOf(_) | Keyword::OneOf(_) | Keyword::Not(_) | Keyword::If { .. } => 3,
        Keyword::UnevaluatedProperties(_) | Keyword::UnevaluatedItems(_) => 4,
        _ => 0,
    }
}

struct Compiler<'a> {
    nodes: Vec<Node>,
    by_place: HashMap<*const Json<'a>, NodeId>,
    resources: Vec<&'a Json<'a>>,
    anchors: HashMap<(u32, &'a str), NodeId>,
    dynamic: Dynamic,
    links: Vec<Link<'a>>,
    patterns: Vec<Pattern>,
    bytes: usize,
}

impl<'a> Compiler<'a> {
    fn schema(&mut self, json: &'a Json<'a>, path: &Path, within: u32) -> Result<NodeId, Fault> {
        let Json::Object(members) = json else {
            return Ok(if matches!(json, Json::Bool(false)) { NONE } else { ANY });
        };
        if let Some(known) = self.by_place.get(&std::ptr::from_ref(json)) {
            return Ok(*known);
        }
        let id = self.nodes.len() as NodeId;
        self.by_place.insert(json, id);
        self.nodes.push(node(vec![], within));
        let mut resource = within;
        if !std::ptr::eq(json, self.resources[0]) && text(members, "$id").is_some_and(|uri| !uri.starts_with('#')) {
            resource = self.resources.len() as u32;
            self.resources.push(json);
        }
        for keyword in ["$anchor", "$dynamicAnchor"] {
            if let Some(name) = text(members, keyword) {
                self.anchors.insert((resource, name), id);
            }
        }
        if let Some(name) = text(members, "$dynamicAnchor") {
            self.dynamic.entry(name.into()).or_default().push((resource, id));
        }
        let mut keywords = Vec::new();
        self.assertions(members, path, &mut keywords)?;
        self.applicators(members, path, resource, &mut keywords)?;
        self.children(members, path, resource, &mut keywords)?;
        for holder in ["$defs", "definitions"] {
            self.named(members, holder, path, resource)?;
        }
        self.nodes[id as usize] = node(keywords, resource);
        let node = &self.nodes[id as usize];
        self.bytes += size_of::<Node>() + 16 + node.keywords.iter().map(Keyword::bytes).sum::<usize>();
        if self.bytes > MOST_COMPILED_BYTES {
            return Err(Path::Root.fault(format!("takes more than {MOST_COMPILED_BYTES} bytes compiled")));
        }
        Ok(id)
    }

    fn assertions(&mut self, members: &'a Members<'a>, path: &Path, out: &mut Vec<Keyword>) -> Result<(), Fault> {
        if let Some(value) = members.get("type") {
            let mut types = Types(0);
            value.as_array().unwrap_or(std::slice::from_ref(value)).iter().for_each(|one| types.take(one));
            out.extend((types.0 != 0).then_some(Keyword::Type(types)));
        }
        if let Some(values) = members.get("enum").and_then(Json::as_array) {
            out.push(Keyword::Enum(values.iter().map(Json::copy).collect()));
        }
        if let Some(value) = members.get("const") {
            out.push(Keyword::Const(value.copy()));
        }
        for (name, bound) in [
            ("minimum", Bound::Minimum),
            ("maximum", Bound::Maximum),
            ("exclusiveMinimum", Bound::ExclusiveMinimum),
            ("exclusiveMaximum", Bound::ExclusiveMaximum),
            ("multipleOf", Bound::MultipleOf),
        ] {
            let fits = |limit: &f64| *limit > 0.0 || shape_of(name) != Some(Shape::Positive);
            out.extend(number(members, name).filter(fits).map(|limit| Keyword::Bound(bound, limit)));
        }
        for (name, count) in [
            ("minLength", Count::MinLength),
            ("maxLength", Count::MaxLength),
            ("minItems", Count::MinItems),
            ("maxItems", Count::MaxItems),
            ("minProperties", Count::MinProperties),
            ("maxProperties", Count::MaxProperties),
        ] {
            out.extend(number(members, name).map(|limit| Keyword::Count(count, limit)));
        }
        if let Some(pattern) = text(members, "pattern") {
            out.push(Keyword::Pattern(self.pattern(pattern, &Path::Member(path, "pattern"))?));
        }
        if let Some(Json::Bool(true)) = members.get("uniqueItems") {
            out.push(Keyword::UniqueItems);
        }
        if let Some(all) = members.get("required") {
            out.push(Keyword::Required(names(all)));
        }
        if let Some(all) = members.get("dependentRequired").and_then(Json::as_object) {
            out.push(Keyword::DependentRequired(
                all.iter().map(|(name, others)| (name.into(), names(others))).collect(),
            ));
        }
        Ok(())
    }

    fn applicators(
        &mut self,
        members: &'a Members<'a>,
        path: &Path,
        resource: u32,
        out: &mut Vec<Keyword>,
    ) -> Result<(), Fault> {
        for (name, is_dynamic) in [("$ref", false), ("$dynamicRef", true)] {
            let Some(target) = text(members, name) else { continue };
            let at = self.links.len() as NodeId;
            let path = Path::Member(path, name).shortened();
            self.links.push(Link { target, resource, is_dynamic, path });
            self.bytes += 16;
            // The link's number, until links::connect replaces it by the target.
            out.push(Keyword::Ref(at));
        }
        for (name, make) in [
            ("allOf", Keyword::AllOf as fn(Box<[NodeId]>) -> Keyword),
            ("anyOf", Keyword::AnyOf),
            ("oneOf", Keyword::OneOf),
        ] {
            let all = self.all(members, name, path, resource)?;
            out.extend((!all.is_empty()).then(|| make(all)));
        }
        out.extend(self.one(members, "not", path, resource)?.map(Keyword::Not));
        if let Some(condition) = self.one(members, "if", path, resource)? {
            let then = self.one(members, "then", path, resource)?;
            let otherwise = self.one(members, "else", path, resource)?;
            out.push(Keyword::If { condition, then, otherwise });
        }
        let dependent = self.named(members, "dependentSchemas", path, resource)?;
        out.extend((!dependent.is_empty()).then_some(Keyword::DependentSchemas(dependent)));
        Ok(())
    }

    fn children(
        &mut self,
        members: &'a Members<'a>,
        path: &Path,
        resource: u32,
        out: &mut Vec<Keyword>,
    ) -> Result<(), Fault> {
        let named = self.named(members, "properties", path, resource)?;
        let mut patterns = Vec::new();
        for (text, node) in self.named(members, "patternProperties", path, resource)? {
            let parent = Path::Member(path, "patternProperties");
            patterns.push((self.pattern(&text, &Path::Member(&parent, &text))?, node));
        }
        let others = self.one(members, "additionalProperties", path, resource)?;
        if !named.is_empty() || !patterns.is_empty() || others.is_some() {
            let mut all =
                named.iter().map(|(_, node)| *node).chain(patterns.iter().map(|(_, node)| *node)).chain(others);
            let first_is_plain = all.next().is_none_or(|node| self.nodes[node as usize].is_plain);
            let is_mixed = all.any(|node| self.nodes[node as usize].is_plain != first_is_plain);
            out.push(Keyword::Properties { named, patterns: patterns.into(), others, is_mixed });
        }
        out.extend(self.one(members, "propertyNames", path, resource)?.map(Keyword::PropertyNames));
        let first = self.all(members, "prefixItems", path, resource)?;
        let others = self.one(members, "items", path, resource)?;
        if !first.is_empty() || others.is_some() {
            out.push(Keyword::Items { first, others });
        }
        if let Some(schema) = self.one(members, "contains", path, resource)? {
            let least = number(members, "minContains").unwrap_or(1.0);
            let most = number(members, "maxContains").unwrap_or(f64::INFINITY);
            out.push(Keyword::Contains { schema, least, most });
        }
        let others = self.one(members, "unevaluatedProperties", path, resource)?;
        out.extend(others.map(Keyword::UnevaluatedProperties));
        out.extend(self.one(members, "unevaluatedItems", path, resource)?.map(Keyword::UnevaluatedItems));
        Ok(())
    }

    fn one(
        &mut self,
        members: &'a Members<'a>,
        name: &str,
        path: &Path,
        resource: u32,
    ) -> Result<Option<NodeId>, Fault> {
        debug_assert_eq!(shape_of(name), Some(Shape::Schema));
        let Some(json) = members.get(name) else { return Ok(None) };
        self.schema(json, &Path::Member(path, name), resource).map(Some)
    }

    fn all(
        &mut self,
        members: &'a Members<'a>,
        name: &str,
        path: &Path,
        resource: u32,
    ) -> Result<Box<[NodeId]>, Fault> {
        debug_assert_eq!(shape_of(name), Some(Shape::Schemas));
        let all = members.get(name).and_then(Json::as_array).unwrap_or(&[]);
        let path = Path::Member(path, name);
        all.iter().enumerate().map(|(at, json)| self.schema(json, &Path::Element(&path, at), resource)).collect()
    }

    fn named(&mut self, members: &'a Members<'a>, name: &str, path: &Path, resource: u32) -> Result<Named, Fault> {
        debug_assert_eq!(shape_of(name), Some(Shape::SchemasByName));
        let Some(all) = members.get(name).and_then(Json::as_object) else { return Ok(Box::new([])) };
        let path = Path::Member(path, name);
        all.iter()
            .map(|(key, json)| Ok((key.into(), self.schema(json, &Path::Member(&path, key), resource)?)))
            .collect()
    }

    fn pattern(&mut self, text: &str, path: &Path) -> Result<usize, Fault> {
        let pattern = Pattern::compile(text).map_err(|message| path.fault(message))?;
        self.bytes += pattern.bytes();
        if self.bytes > MOST_COMPILED_BYTES {
            return Err(path.fault(format!("makes the schema take more than {MOST_COMPILED_BYTES} bytes compiled")));
        }
        self.patterns.push(pattern);
        Ok(self.patterns.len() - 1)
    }

    /// The target of a link, and the anchor if the target is chosen at run time.
    fn target(&mut self, number: usize) -> Result<links::Target, Fault> {
        let link = &self.links[number];
        let (target, resource, is_dynamic) = (link.target, link.resource, link.is_dynamic);
        let lost = |link: &Link| Fault { path: link.path.clone(), message: "leads to nothing in this schema".into() };
        let fragment = links::fragment(target).ok_or_else(|| lost(link))?;
        if !fragment.is_empty() && !fragment.starts_with('/') {
            let node = *self.anchors.get(&(resource, fragment.as_str())).ok_or_else(|| lost(link))?;
            let named = self.dynamic.get(fragment.as_str());
            let is_dynamic = is_dynamic && named.is_some_and(|all| all.iter().any(|(of, _)| *of == resource));
            return Ok(links::Target { node, anchor: is_dynamic.then(|| fragment.into()) });
        }
        let json = links::follow(self.resources[resource as usize], &fragment).ok_or_else(|| lost(link))?;
        if !matches!(json, Json::Object(_) | Json::Bool(_)) {
            return Err(Fault { path: link.path.clone(), message: "leads to what is no schema".into() });
        }
        let path = link.path.clone();
        let node = self.schema(json, &Path::Member(&Path::Root, &path[1..]), resource)?;
        Ok(links::Target { node, anchor: None })
    }
}

fn text<'a>(members: &'a Members, name: &str) -> Option<&'a str> {
    debug_assert!(matches!(shape_of(name), Some(Shape::Text | Shape::Reference)));
    members.get(name).and_then(Json::as_text)
}

fn number(members: &Members, name: &str) -> Option<f64> {
    debug_assert!(matches!(shape_of(name), Some(Shape::Number | Shape::Positive | Shape::Count)));
    members.get(name).and_then(Json::as_number)
}

fn names(json: &Json) -> Names {
    json.as_array().unwrap_or(&[]).iter().filter_map(Json::as_text).map(Into::into).collect()
}
