//! References within a schema: finds their targets, and rejects chains that lead back to themselves.
use super::json::Json;
use super::keyword::{Keyword, Node};
use super::{Dynamic, Fault, NodeId};
use std::borrow::Cow;

/// A `$ref` or `$dynamicRef` as written.
pub struct Link<'a> {
    pub target: &'a str,
    pub resource: u32,
    pub is_dynamic: bool,
    pub path: String,
}

pub struct Target {
    pub node: NodeId,
    /// The anchor for which the check first looks for another node.
    pub anchor: Option<Box<str>>,
}

/// The decoded text after a leading '#'. None without a leading '#', or if it is not UTF-8.
pub fn fragment(target: &str) -> Option<String> {
    let encoded = target.strip_prefix('#')?.as_bytes();
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut at = 0;
    while at < encoded.len() {
        if encoded[at] == b'%' {
            let digits = std::str::from_utf8(encoded.get(at + 1..at + 3)?).ok()?;
            decoded.push(u8::from_str_radix(digits, 16).ok()?);
            at += 3;
        } else {
            decoded.push(encoded[at]);
            at += 1;
        }
    }
    String::from_utf8(decoded).ok()
}

/// The value that a JSON pointer refers to.
pub fn follow<'a>(from: &'a Json<'a>, pointer: &str) -> Option<&'a Json<'a>> {
    let mut json = from;
    for token in pointer.split('/').skip(1) {
        let name: Cow<str> =
            if token.contains('~') { token.replace("~1", "/").replace("~0", "~").into() } else { token.into() };
        json = match json {
            Json::Object(members) => members.get(&name)?,
            Json::Array(elements) => elements.get(name.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(json)
}

/// Replaces the numbers of the links by the nodes of their targets.
pub fn connect(nodes: &mut [Node], targets: &[Target]) {
    for keyword in nodes.iter_mut().flat_map(|node| node.keywords.iter_mut()) {
        if let Keyword::Ref(number) = *keyword {
            let Target { node, anchor } = &targets[number as usize];
            *keyword = match anchor {
                None => Keyword::Ref(*node),
                Some(anchor) => Keyword::DynamicRef { anchor: anchor.clone(), fallback: *node },
            };
        }
    }
}

/// Rejects schemas that reach themselves without descending into the value: their check would never end. Repeatedly
/// removes nodes that wait for no other node; the remaining ones are in a cycle or lead into one.
pub fn refuse_endless(nodes: &[Node], dynamic: &Dynamic, links: &[Link], targets: &[Target]) -> Result<(), Fault> {
    let mut waiting_for = vec![0usize; nodes.len()];
    let mut asked_by = vec![Vec::new(); nodes.len()];
    for (id, node) in nodes.iter().enumerate() {
        for keyword in &node.keywords {
            let others = |name: &str, all: &mut Vec<NodeId>| all.extend(dynamic[name].iter().map(|(_, node)| node));
            for next in keyword.in_place(others) {
                waiting_for[id] += 1;
                asked_by[next as usize].push(id);
            }
        }
    }
    let mut ready: Vec<usize> = (0..nodes.len()).filter(|id| waiting_for[*id] == 0).collect();
    while let Some(id) = ready.pop() {
        for asking in std::mem::take(&mut asked_by[id]) {
            waiting_for[asking] -= 1;
            if waiting_for[asking] == 0 {
                ready.push(asking);
            }
        }
    }
    // Every cycle is entered by a link.
    let endless = links.iter().zip(targets).find(|(_, target)| waiting_for[target.node as usize] > 0);
    match endless {
        None => Ok(()),
        Some((link, _)) => Err(Fault {
            path: link.path.clone(),
            message: "leads back to itself, or to what does, without going into the value".into(),
        }),
    }
}
