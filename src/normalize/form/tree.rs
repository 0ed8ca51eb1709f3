//! The tree that every kind of body becomes; [`walk`](super::walk) reads it as labelled values.

use serde_json::Value;

use super::{Form, described, json, walk};
use crate::normalize::fields::label;

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
        walk::pairs(self, form);
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

    /// The values in a text that is JSON, however often it was encoded.
    pub(crate) fn json(&self) -> Option<Node> {
        let Self::Text(text) = self else { return None };
        json::within(text)
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

    /// Whether it holds nothing.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Node::Text(text) => text.trim().is_empty(),
            Node::Plain(value) => value.is_null(),
            Node::List(items) => items.is_empty(),
            Node::Map(entries) => entries.is_empty(),
        }
    }

    /// Whether somewhere within a few levels a person is named.
    pub(super) fn has_person(&self, levels: usize) -> bool {
        match self {
            Node::Map(entries) => entries.iter().any(|(key, node)| {
                let named =
                    described::is_name(&label::compact(key)) && node.text().is_some_and(|text| label::is_person(&text));
                named
                    || (label::is_person(key) && !described::is_name(key))
                    || (levels > 0 && node.has_person(levels - 1))
            }),
            Node::List(items) => levels > 0 && items.iter().any(|item| item.has_person(levels - 1)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
