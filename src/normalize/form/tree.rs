//! The tree that every kind of body becomes, and how it is read as labelled values.
//!
//! Wrappers (`data`, `payload`, `fields` …) leave no trace in labels; an object that describes one
//! field (`{"label": "E-Mail", "type": "email", "value": …}`) is that field; anything else nested
//! has a dotted label (`contact.email`, `items[0].sku`).

use std::collections::HashMap;

use serde_json::Value;

use super::{Form, json, kinds};
use crate::normalize::fields::label::{Certainty, Slot};
use crate::normalize::fields::{Pair, label};
use crate::normalize::text::{MAX_TEXT, shorten};

/// Values that are read from one body.
pub(super) const MAX_VALUES: usize = 2000;

/// Wrappers whose name says nothing about what is in them.
const WRAPPERS: [&str; 22] = [
    "answers",
    "attributes",
    "body",
    "data",
    "entry",
    "fields",
    "fielddata",
    "formdata",
    "formfields",
    "formresponse",
    "formvalues",
    "inputs",
    "json",
    "meta",
    "metadata",
    "payload",
    "properties",
    "rawrequest",
    "responses",
    "submission",
    "submissiondata",
    "values",
];

/// Keys that say what a field is called, best first.
const NAMES: [&str; 9] = ["label", "title", "question", "name", "key", "field", "fieldname", "ref", "id"];

/// Keys that hold what a field says, best first.
const VALUES: [&str; 6] = ["value", "values", "answer", "answers", "text", "rawvalue"];

/// Other keys of the description of a field; software wrote them, no person.
const REST: [&str; 14] = [
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
];

/// One value of a body with all that is in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Named values in order; names may repeat.
    Map(Vec<(String, Node)>),
    /// Values in order.
    List(Vec<Node>),
    /// Text.
    Text(String),
    /// A number, a truth value or null.
    Plain(Value),
}

impl Node {
    /// Adds a value under a name with PHP brackets: `fields[email][value]`, `interests[]`.
    pub(super) fn insert(&mut self, name: &str, value: Node) {
        let (first, rest) = match name.split_once('[') {
            Some((first, rest)) if !first.is_empty() && rest.ends_with(']') => (first, &rest[..rest.len() - 1]),
            _ => (name, ""),
        };
        let mut keys = vec![first];
        if rest.matches("][").count() < json::MAX_DEPTH && name.ends_with(']') && name.contains('[') {
            keys.extend(rest.split("]["));
        }
        self.insert_at(&keys, value);
    }

    fn insert_at(&mut self, keys: &[&str], value: Node) {
        let Node::Map(entries) = self else { return };
        let [key, rest @ ..] = keys else { return };
        // `name[]`, and `name[]` within brackets, repeat the name.
        if rest.is_empty() || rest == [""] {
            entries.push(((*key).to_owned(), value));
            return;
        }
        let open = entries.iter_mut().rev().find(|(name, node)| name == key && matches!(node, Node::Map(_)));
        if let Some((_, node)) = open {
            node.insert_at(rest, value);
        } else {
            let mut node = Node::Map(Vec::new());
            node.insert_at(rest, value);
            entries.push(((*key).to_owned(), node));
        }
    }

    /// Adds all labelled values to the form.
    pub(super) fn pairs(self, form: &mut Form) {
        let mut walk = Walk { form, text: 0, left_out: 0, kind: None };
        match self {
            Node::Map(entries) => walk.map("", entries, false, 0),
            node => walk.node("", node, false, 0),
        }
        if walk.left_out > 0 {
            let problem = format!("{} more values stand only in the original", walk.left_out);
            form.problems.push(problem);
        }
    }

    /// A described field: its label, its type in the software's word, its value.
    pub(crate) fn field(label: &str, kind: &str, value: Node) -> Self {
        let text = |text: &str| Self::Text(text.to_owned());
        let entries = [("label", text(label)), ("type", text(kind)), ("value", value)];
        Self::Map(entries.map(|(key, node)| (key.to_owned(), node)).into())
    }

    /// Described fields, and values by their labels, as one form.
    pub(crate) fn form(fields: Vec<Node>, named: Vec<(String, Node)>) -> Self {
        let fields = ("fields".to_owned(), Self::List(fields));
        Self::Map(std::iter::once(fields).chain(named).collect())
    }

    /// What stands under a path of keys, `data.fields`.
    pub(crate) fn at(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |node, key| {
            let Self::Map(entries) = node else { return None };
            entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
        })
    }

    /// Takes what stands under a key.
    pub(crate) fn take(&mut self, key: &str) -> Option<Node> {
        let Self::Map(entries) = self else { return None };
        let at = entries.iter().position(|(name, _)| name == key)?;
        Some(entries.remove(at).1)
    }

    /// The text or number under a path of keys.
    pub(crate) fn text_at(&self, path: &str) -> Option<String> {
        self.at(path)?.text()
    }

    /// The entries of named values; none of anything else.
    pub(crate) fn entries(&self) -> &[(String, Node)] {
        if let Self::Map(entries) = self { entries } else { &[] }
    }

    /// The values of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Node] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// Whether more than so many values, maps and lists are in it.
    pub(crate) fn is_larger_than(&self, most: usize) -> bool {
        fn count(node: &Node, room: &mut usize) {
            let Some(rest) = room.checked_sub(1) else { return };
            *room = rest;
            match node {
                Node::Map(entries) => entries.iter().for_each(|(_, node)| count(node, room)),
                Node::List(items) => items.iter().for_each(|node| count(node, room)),
                Node::Text(_) | Node::Plain(_) => {}
            }
        }
        let mut room = most + 1;
        count(self, &mut room);
        room == 0
    }

    /// Whether it is the truth value, or says so in a word.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Plain(value) => *value == Value::Bool(true) || *value == 1,
            Self::Text(text) => matches!(&*text.trim().to_ascii_lowercase(), "true" | "1" | "yes" | "on"),
            _ => false,
        }
    }

    /// The JSON object in a text, where it is one.
    pub(crate) fn json(&self) -> Option<Node> {
        let Self::Text(text) = self else { return None };
        let node = text.trim_start().starts_with('{').then(|| json::parse(text).ok())??;
        (!node.is_single()).then_some(node)
    }

    /// The form in a body whose only value is JSON in a text, whatever that is called.
    pub(super) fn unwrapped(self) -> Self {
        match &self {
            Self::Map(entries) if entries.len() == 1 => entries[0].1.json().unwrap_or(self),
            _ => self,
        }
    }

    /// The node as text, where it is a single value.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Node::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Node::Plain(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(crate) fn is_single(&self) -> bool {
        matches!(self, Node::Text(_) | Node::Plain(_))
    }

    /// Whether somewhere within a few levels a person is named.
    fn has_person(&self, levels: usize) -> bool {
        match self {
            Node::Map(entries) => entries.iter().any(|(key, node)| {
                let named =
                    NAMES.contains(&&*label::compact(key)) && node.text().is_some_and(|text| label::is_person(&text));
                named
                    || (label::is_person(key) && !NAMES.contains(&&**key))
                    || (levels > 0 && node.has_person(levels - 1))
            }),
            Node::List(items) => levels > 0 && items.iter().any(|item| item.has_person(levels - 1)),
            _ => false,
        }
    }
}

/// A walk through a tree that collects its values.
struct Walk<'a> {
    form: &'a mut Form,
    /// Bytes of text so far.
    text: usize,
    /// Values beyond the bounds.
    left_out: usize,
    /// What the type of the described field that is being read means.
    kind: Option<(Slot, Certainty)>,
}

impl Walk<'_> {
    fn node(&mut self, label: &str, node: Node, inside: bool, depth: usize) {
        if depth > 2 * json::MAX_DEPTH {
            self.left_out += 1;
            return;
        }
        match node {
            Node::Text(text) => self.text(label, text, inside, depth),
            Node::Plain(value) => self.push(label, value, inside),
            Node::Map(entries) => self.map(label, entries, inside, depth),
            Node::List(items) => self.list(label, items, inside, depth),
        }
    }

    fn map(&mut self, label: &str, entries: Vec<(String, Node)>, inside: bool, depth: usize) {
        let numbered = entries.iter().all(|(key, node)| key.bytes().all(|b| b.is_ascii_digit()) && !node.is_single());
        if numbered && !label.is_empty() {
            return self.list(label, entries.into_iter().map(|(_, node)| node).collect(), inside, depth);
        }
        let names_form = names_form(&entries);
        for (key, node) in entries {
            if !node.is_single() && is_wrapper(&key) {
                self.wrapper(&key, label, node, depth);
            } else if names_form && is_form_name(&key, &node) {
                self.node("form name", node, inside, depth + 1);
            } else {
                self.node(&join(label, &key), node, inside, depth + 1);
            }
        }
    }

    /// What stands in a wrapper: named values, or values under their own names.
    fn wrapper(&mut self, key: &str, label: &str, node: Node, depth: usize) {
        match node {
            Node::Map(entries) => {
                let names_form = names_form(&entries);
                for (key, node) in entries {
                    match node {
                        node if names_form && is_form_name(&key, &node) => {
                            self.node("form name", node, true, depth + 1);
                        }
                        Node::Map(inner) if describes_field(&inner) => self.field(&key, inner, depth + 1),
                        node if !node.is_single() && is_wrapper(&key) => self.wrapper(&key, label, node, depth + 1),
                        node => self.node(&join(label, &key), node, true, depth + 1),
                    }
                }
            }
            Node::List(items) => self.list(&join(label, key), items, true, depth + 1),
            node => self.node(&join(label, key), node, true, depth + 1),
        }
    }

    fn list(&mut self, label: &str, items: Vec<Node>, inside: bool, depth: usize) {
        let several = items.len() > 1;
        for (number, item) in items.into_iter().enumerate() {
            match item {
                Node::Map(inner) if describes_field(&inner) => self.field(label, inner, depth + 1),
                Node::Map(inner) if several => self.map(&format!("{label}[{number}]"), inner, inside, depth + 1),
                item => self.node(label, item, inside, depth + 1),
            }
        }
    }

    /// One described field.
    fn field(&mut self, key: &str, mut entries: Vec<(String, Node)>, depth: usize) {
        let find = |entries: &[(String, Node)], names: &[&str]| {
            names
                .iter()
                .find_map(|name| entries.iter().position(|(key, node)| label::compact(key) == *name && !is_empty(node)))
        };
        let Some(value) = find(&entries, &VALUES) else { return };
        let (_, mut value) = entries.swap_remove(value);
        let label = find(&entries, &NAMES).and_then(|at| entries[at].1.text());
        if let Some(options) = find(&entries, &["options", "choices"]) {
            choose(&mut value, &texts(entries[options].1.items()));
        }
        let kind = find(&entries, &["type", "fieldtype"]).and_then(|at| entries[at].1.text());
        self.kind = kind.and_then(|kind| kinds::slot(&kind));
        self.node(label.as_deref().unwrap_or(key), value, true, depth + 1);
        self.kind = None;
    }

    /// Text; where it is a wrapped JSON object, what stands in that.
    fn text(&mut self, label: &str, text: String, inside: bool, depth: usize) {
        let last = label.rsplit('.').next().unwrap_or(label);
        let inner = (is_wrapper(last) && text.trim_start().starts_with('{')).then(|| json::parse(&text).ok());
        if let Some(Some(node)) = inner {
            return self.wrapper(last, "", node, depth + 1);
        }
        self.push(label, Value::String(text), inside);
    }

    fn push(&mut self, label: &str, mut value: Value, inside: bool) {
        let room = MAX_TEXT.saturating_sub(self.text);
        if let Value::String(text) = &mut value {
            if text.trim().is_empty() {
                return;
            }
            if text.len() > room {
                text.truncate(shorten(text, room).len());
                self.left_out += 1;
            }
            self.text += text.len();
        }
        if value.is_null() || value == "" {
            return;
        }
        if self.form.pairs.len() >= MAX_VALUES {
            self.left_out += 1;
            return;
        }
        let label = shorten(label.trim(), 1000);
        let kind = self.kind.clone();
        self.form.pairs.push(Pair { label: label.to_owned(), value, inside, kind });
    }
}

/// Puts the texts of options in the place of their ids.
fn choose(value: &mut Node, options: &HashMap<String, String>) {
    match value {
        Node::List(items) => items.iter_mut().for_each(|item| choose(item, options)),
        Node::Text(id) => {
            if let Some(text) = options.get(id.as_str()) {
                id.clone_from(text);
            }
        }
        Node::Map(_) | Node::Plain(_) => {}
    }
}

/// The texts of options by their ids.
fn texts(options: &[Node]) -> HashMap<String, String> {
    let said = |option: &Node| ["text", "label", "name", "title"].iter().find_map(|key| option.text_at(key));
    options.iter().filter_map(|option| Some((option.text_at("id")?, said(option)?))).collect()
}

fn is_wrapper(key: &str) -> bool {
    WRAPPERS.contains(&&*label::compact(key))
}

fn is_empty(node: &Node) -> bool {
    match node {
        Node::Text(text) => text.trim().is_empty(),
        Node::Plain(value) => value.is_null(),
        Node::List(items) => items.is_empty(),
        Node::Map(entries) => entries.is_empty(),
    }
}

/// Whether all keys are those of the description of one field, and one of them names it.
fn describes_field(entries: &[(String, Node)]) -> bool {
    let keys: Vec<String> = entries.iter().map(|(key, _)| label::compact(key)).collect();
    let known = |key: &String| [&NAMES[..], &VALUES, &REST].iter().any(|set| set.contains(&&**key));
    let named = entries.iter().zip(&keys).any(|((_, node), key)| NAMES.contains(&&**key) && node.is_single());
    named && keys.iter().all(known) && keys.iter().any(|key| VALUES.contains(&&**key))
}

/// Whether `name` and `title` beside a wrapper name the form: the wrapper names the person.
fn names_form(entries: &[(String, Node)]) -> bool {
    let person = |(key, node): &(String, Node)| !node.is_single() && is_wrapper(key) && node.has_person(3);
    entries.iter().any(person) && !entries.iter().any(|(key, node)| node.is_single() && label::compact(key) == "email")
}

fn is_form_name(key: &str, node: &Node) -> bool {
    matches!(key, "name" | "title") && node.is_single()
}

fn join(label: &str, key: &str) -> String {
    match (label.is_empty(), key.trim().is_empty()) {
        (true, _) => key.to_owned(),
        (_, true) => label.to_owned(),
        _ => format!("{label}.{key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, Value)> {
        let mut form = Form::default();
        json::parse(text).unwrap().pairs(&mut form);
        form.pairs.into_iter().map(|pair| (pair.label, pair.value)).collect()
    }

    #[test]
    fn nested_values_have_dotted_labels_and_wrappers_none() {
        let cases = [
            (
                r#"{"contact":{"email":"a","tags":["x","y"]}}"#,
                vec![("contact.email", "a"), ("contact.tags", "x"), ("contact.tags", "y")],
            ),
            (r#"{"data":{"email":"a"},"payload":{"data":{"n":"b"}}}"#, vec![("email", "a"), ("n", "b")]),
            (r#"{"fields":[{"label":"E-Mail","key":"q1","type":"email","value":"a"}]}"#, vec![("E-Mail", "a")]),
            (r#"[{"name":"email","value":"a"},{"name":"x","value":"b"}]"#, vec![("email", "a"), ("x", "b")]),
            (
                r#"{"fields":{"mail":{"id":"mail","title":"E-Mail","value":"a","raw_value":"a","required":"1"}}}"#,
                vec![("E-Mail", "a")],
            ),
            (
                r#"{"customer":{"name":"Max","value":"gold"}}"#,
                vec![("customer.name", "Max"), ("customer.value", "gold")],
            ),
            (r#"{"items":[{"sku":"1"},{"sku":"2"}]}"#, vec![("items[0].sku", "1"), ("items[1].sku", "2")]),
            (
                r#"{"rawRequest":"{\"q3_email\":\"a\",\"q4_name\":{\"first\":\"b\"}}"}"#,
                vec![("q3_email", "a"), ("q4_name.first", "b")],
            ),
            (r#"{"message":"{\"a\":\"b\"}"}"#, vec![("message", r#"{"a":"b"}"#)]),
            (
                r#"{"name":"Contact form","data":{"Name":"Max","Email":"a"}}"#,
                vec![("form name", "Contact form"), ("Name", "Max"), ("Email", "a")],
            ),
            (
                r#"{"name":"Max","email":"a","data":{"phone":"1"}}"#,
                vec![("name", "Max"), ("email", "a"), ("phone", "1")],
            ),
            (
                r#"{"payload":{"name":"Contact form","data":{"First Name":"Max"}}}"#,
                vec![("form name", "Contact form"), ("First Name", "Max")],
            ),
            (r#"{"data":"","fields":[],"x":{}}"#, vec![]),
        ];
        for (text, expected) in cases {
            let expected: Vec<_> =
                expected.into_iter().map(|(label, value)| (label.to_owned(), Value::from(value))).collect();
            assert_eq!(pairs(text), expected, "{text}");
        }
    }

    #[test]
    fn php_brackets_are_a_tree() {
        let mut root = Node::Map(Vec::new());
        for (name, value) in [
            ("form[name]", "Contact"),
            ("fields[mail][title]", "E-Mail"),
            ("fields[mail][value]", "a"),
            ("fields[mail][type]", "email"),
            ("tags[]", "x"),
            ("tags[]", "y"),
            ("list[0][name]", "n"),
            ("list[0][value]", "v"),
            ("a[b", "open"),
            ("[x]", "bare"),
            ("names[first]", "Max"),
        ] {
            root.insert(name, Node::Text(value.into()));
        }
        let mut form = Form::default();
        root.pairs(&mut form);
        let labels: Vec<_> = form.pairs.iter().map(|pair| (&*pair.label, pair.value.as_str().unwrap())).collect();
        let expected = [
            ("form.name", "Contact"),
            ("E-Mail", "a"),
            ("tags", "x"),
            ("tags", "y"),
            ("n", "v"),
            ("a[b", "open"),
            ("[x]", "bare"),
            ("names.first", "Max"),
        ];
        assert_eq!(labels, expected);
    }

    #[test]
    fn too_many_values_are_counted_and_too_much_text_is_cut() {
        let text = format!("{{{}}}", (0..2500).map(|n| format!("\"k{n}\":\"{n}\"")).collect::<Vec<_>>().join(","));
        let mut form = Form::default();
        json::parse(&text).unwrap().pairs(&mut form);
        assert_eq!(form.pairs.len(), MAX_VALUES);
        assert_eq!(form.problems, ["500 more values stand only in the original"]);
    }
}
