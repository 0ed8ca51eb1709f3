//! A tree read as labelled values.
//!
//! Wrappers (`data`, `payload`, `fields` …) leave no trace in labels; an object that describes one
//! field (`{"label": "E-Mail", "type": "email", "value": …}`) is that field; anything else nested
//! has a dotted label (`contact.email`, `items[0].sku`).

use serde_json::Value;

use super::tree::Node;
use super::{Form, described, inline, json, multipart};
use crate::normalize::fields::label::{Certainty, Slot};
use crate::normalize::fields::{Pair, label};
use crate::normalize::text::{MAX_TEXT, shorten};

/// Values that are read from one body.
pub(super) const MAX_VALUES: usize = 2000;

/// Wrappers whose name says nothing about what is in them.
const WRAPPERS: [&str; 25] = [
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
    "mergefields",
    "merges",
    "meta",
    "metadata",
    "namedvalues",
    "payload",
    "properties",
    "rawrequest",
    "responses",
    "submission",
    "submissiondata",
    "values",
];

/// Adds all labelled values of a tree to a form.
pub(super) fn pairs(node: Node, form: &mut Form) {
    let mut walk = Walk { form, text: 0, left_out: 0, kind: None };
    match node {
        Node::Map(entries) => walk.map("", entries, false, 0),
        node => walk.node("", node, false, 0),
    }
    if walk.left_out > 0 {
        let problem = format!("{} more values stand only in the original", walk.left_out);
        form.problems.push(problem);
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
        if self.file(label, &entries, inside) {
            return;
        }
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
                        Node::Map(inner) if described::is_field(&inner) => self.field(&key, inner, depth + 1),
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
                Node::Map(inner) if described::is_field(&inner) => self.field(label, inner, depth + 1),
                Node::Map(inner) if self.file(label, &inner, inside) => {}
                Node::Map(inner) if several => self.map(&format!("{label}[{number}]"), inner, inside, depth + 1),
                item => self.node(label, item, inside, depth + 1),
            }
        }
    }

    /// One described field.
    fn field(&mut self, key: &str, entries: Vec<(String, Node)>, depth: usize) {
        let Some(field) = described::read(entries) else { return };
        self.kind = field.kind;
        self.node(field.label.as_deref().unwrap_or(key), field.value, true, depth + 1);
        self.kind = None;
    }

    /// A file instead of a value: kept with the form's files, or the address where it lies.
    fn file(&mut self, label: &str, entries: &[(String, Node)], inside: bool) -> bool {
        if label.is_empty() {
            return false;
        }
        if let Some(file) = inline::held(entries) {
            multipart::attach(&file.name, file.content_type.as_deref(), &file.bytes, self.form);
            return true;
        }
        let Some(link) = inline::linked(entries) else { return false };
        if let Some(name) = link.name {
            self.push(&format!("{label} (file name)"), Value::String(name), inside);
        }
        self.push(label, Value::String(link.url), inside);
        true
    }

    /// Text; where it is a wrapped JSON object, or one that names a person, what stands in that.
    fn text(&mut self, label: &str, text: String, inside: bool, depth: usize) {
        let last = label.rsplit('.').next().unwrap_or(label);
        let (is_wrapped, means_nothing) = (is_wrapper(last), label::slot(label).is_none());
        let text = Node::Text(text);
        if let Some(node) = (is_wrapped || means_nothing).then(|| text.json()).flatten()
            && (is_wrapped || node.has_person(2))
        {
            return self.wrapper(last, "", node, depth + 1);
        }
        let Node::Text(text) = text else { return };
        match inline::from_data_url(label, &text) {
            Some(file) => multipart::attach(&file.name, file.content_type.as_deref(), &file.bytes, self.form),
            None => self.push(label, Value::String(text), inside),
        }
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

fn is_wrapper(key: &str) -> bool {
    WRAPPERS.contains(&&*label::compact(key))
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

    fn form(text: &str) -> Form {
        let mut form = Form::default();
        json::parse(text).unwrap().pairs(&mut form);
        form
    }

    fn pairs(text: &str) -> Vec<(String, Value)> {
        form(text).pairs.into_iter().map(|pair| (pair.label, pair.value)).collect()
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
    fn too_many_values_are_counted_and_too_much_text_is_cut() {
        let text = format!("{{{}}}", (0..2500).map(|n| format!("\"k{n}\":\"{n}\"")).collect::<Vec<_>>().join(","));
        let mut form = Form::default();
        json::parse(&text).unwrap().pairs(&mut form);
        assert_eq!(form.pairs.len(), MAX_VALUES);
        assert_eq!(form.problems, ["500 more values stand only in the original"]);
    }

    #[test]
    fn choices_are_told_in_words() {
        let text = r#"{"fields":[
            {"label":"Size","value":"l","options":[{"value":"s","label":"Small"},{"value":"l","label":"Large"}]},
            {"label":"Colours","value":["r","b"],"choices":{"r":"Red","b":"Blue"}},
            {"label":"Plan","value":2,"options":[{"id":1,"text":"One"},{"id":2,"text":"Two"}]},
            {"label":"Other","value":"typed","options":[{"id":"x","text":"X"}]}]}"#;
        let told = pairs(text);
        let told: Vec<(&str, &str)> = told.iter().map(|(label, value)| (&**label, value.as_str().unwrap())).collect();
        let expected =
            [("Size", "Large"), ("Colours", "Red"), ("Colours", "Blue"), ("Plan", "Two"), ("Other", "typed")];
        assert_eq!(told, expected);
    }

    #[test]
    fn files_in_values_are_files_and_links_are_addresses() {
        let form = form(
            r#"{"email":"a","plan":{"filename":"up/plan.pdf","content":"JVBERi0x"},
                "photos":[{"name":"a.txt","type":"text/plain","data":"aGVsbG8"},{"filename":"b.txt","content":"data:text/plain;base64,aGk="}],
                "signature":"data:image/svg+xml;base64,PHN2Zz4=",
                "cv":[{"id":"1","name":"cv.pdf","url":"https://files.example/1","mimeType":"application/pdf","size":3}],
                "brief":{"url":"https://files.example/brief.pdf","filename":"brief.pdf"},
                "no":{"filename":"c.txt","content":"not base64!"}}"#,
        );
        let files: Vec<_> = form.attachments.iter().map(|file| (&*file.name, &*file.content_type, file.size)).collect();
        let expected = [
            ("plan.pdf", "application/octet-stream", 6),
            ("a.txt", "text/plain", 5),
            ("b.txt", "text/plain", 2),
            ("signature.svg", "image/svg+xml", 5),
        ];
        assert_eq!(files, expected);
        let pairs: Vec<_> = form.pairs.iter().map(|pair| (&*pair.label, pair.value.as_str().unwrap())).collect();
        let expected = [
            ("email", "a"),
            ("cv (file name)", "cv.pdf"),
            ("cv", "https://files.example/1"),
            ("brief", "https://files.example/brief.pdf"),
            ("no.filename", "c.txt"),
            ("no.content", "not base64!"),
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn json_in_a_value_is_read_where_it_names_a_person() {
        let inner = r#"{"name":"Max","email":"a"}"#;
        let twice = serde_json::to_string(inner).unwrap();
        for text in [inner, &twice] {
            let body = serde_json::json!({ "submission_json": text, "x": "1" }).to_string();
            assert_eq!(
                pairs(&body),
                [("name", "Max"), ("email", "a"), ("x", "1")].map(|(label, value)| (label.to_owned(), value.into()))
            );
        }
        let body = r#"{"state":"{\"step\":2}","x":"1"}"#;
        assert_eq!(pairs(body)[0].0, "state");
    }
}
