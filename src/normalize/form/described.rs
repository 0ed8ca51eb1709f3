//! Objects that describe one field of a form: `{"label": "E-Mail", "type": "email", "value": …}`. In: the
//! entries of an object. Out: whether it is such a description; its label, its value, its type.

use std::collections::HashMap;

use super::kinds;
use super::tree::Node;
use crate::normalize::fields::label::{self, Certainty, Slot};

/// Keys that say what a field is called, best first.
const NAMES: [&str; 9] = ["label", "title", "question", "name", "key", "field", "fieldname", "ref", "id"];

/// Keys that hold what a field says, best first.
const VALUES: [&str; 6] = ["value", "values", "answer", "answers", "text", "rawvalue"];

/// Other keys of the description of a field; software wrote them, no person.
const REST: [&str; 22] = [
    "first",
    "middle",
    "last",
    "type",
    "fieldtype",
    "rawvalue",
    "valueraw",
    "required",
    "options",
    "choices",
    "fieldid",
    "fieldelementid",
    "placeholder",
    "order",
    "inline",
    "index",
    "uuid",
    "slug",
    "hidden",
    "mandatory",
    "isrequired",
    "fieldkey",
];

/// Keys that say of what sort a field is.
const TYPES: [&str; 3] = ["type", "fieldtype", "variable"];

/// One described field.
pub(super) struct Field {
    /// What it is called, where it has a name.
    pub(super) label: Option<String>,
    /// What its type means.
    pub(super) kind: Option<(Slot, Certainty)>,
    /// What it says; choices in words.
    pub(super) value: Node,
}

/// Whether a key, as bare letters, says what a field is called.
pub(super) fn is_name(key: &str) -> bool {
    NAMES.contains(&key)
}

/// Whether all keys are those of the description of one field, and one of them names it. One that says of what
/// sort the field is may say more about it, but nothing of a person.
pub(super) fn is_field(entries: &[(String, Node)]) -> bool {
    let keys: Vec<String> = entries.iter().map(|(key, _)| label::compact(key)).collect();
    let known = |key: &String| [&NAMES[..], &VALUES, &REST].iter().any(|set| set.contains(&&**key));
    let named = entries.iter().zip(&keys).any(|((_, node), key)| is_name(key) && node.is_single());
    let spoken = keys.iter().any(|key| matches!(&**key, "label" | "title" | "question"));
    let sorted = spoken && keys.iter().any(|key| TYPES.contains(&&**key));
    let fits = |key: &String| known(key) || (sorted && !label::is_person(key));
    named && keys.iter().all(fits) && keys.iter().any(|key| VALUES.contains(&&**key))
}

/// Reads a description; `None` where it holds no value.
pub(super) fn read(mut entries: Vec<(String, Node)>) -> Option<Field> {
    let find = |entries: &[(String, Node)], names: &[&str]| {
        names
            .iter()
            .find_map(|name| entries.iter().position(|(key, node)| label::compact(key) == *name && !node.is_empty()))
    };
    let (_, mut value) = entries.swap_remove(find(&entries, &VALUES)?);
    unpack(&mut value);
    let label = find(&entries, &NAMES).and_then(|at| entries[at].1.text());
    if let Some(options) = find(&entries, &["options", "choices"]) {
        choose(&mut value, &texts(&entries[options].1));
    }
    let kind = find(&entries, &["type", "fieldtype"]).and_then(|at| entries[at].1.text());
    Some(Field { label, kind: kind.and_then(|kind| kinds::slot(&kind)), value })
}

/// Answers that stand in objects of their own: `[{"answer": …}]`.
fn unpack(value: &mut Node) {
    let Node::List(items) = value else { return };
    for item in items {
        if let Node::Map(entries) = item
            && let [(key, node)] = &mut entries[..]
            && VALUES.contains(&&*label::compact(key))
        {
            *item = std::mem::replace(node, Node::List(Vec::new()));
        }
    }
}

/// Puts the texts of options in the place of their ids.
fn choose(value: &mut Node, options: &HashMap<String, String>) {
    match value {
        Node::List(items) => items.iter_mut().for_each(|item| choose(item, options)),
        Node::Map(_) => {}
        single => {
            if let Some(text) = single.text().and_then(|id| options.get(&id)) {
                *single = Node::Text(text.clone());
            }
        }
    }
}

/// The texts of options by their ids: `[{"id": …, "text": …}]`, `[{"value": …, "label": …}]`, `{"id": "text"}`.
fn texts(options: &Node) -> HashMap<String, String> {
    let first = |option: &Node, keys: &[&str]| keys.iter().find_map(|key| option.text_at(key));
    let listed = options.items().iter().flat_map(|option| {
        let said = first(option, &["text", "label", "name", "title"]);
        let ids = ["id", "value", "key"].into_iter().filter_map(|key| option.text_at(key));
        ids.filter_map(move |id| Some((id, said.clone()?))).collect::<Vec<_>>()
    });
    let named = options.entries().iter().filter_map(|(id, said)| Some((id.clone(), said.text()?)));
    listed.chain(named).collect()
}
