//! Bodies whose fields have numbers, with a table of their labels beside them, as Wufoo sends them:
//! `Field1=Max`, and `FieldStructure={"Fields": [{"ID": "Field1", "Title": "Name", "Type": "shortname", …}]}`.
//! In: the tree of a body. Out: the same with described fields.

use std::collections::HashMap;

use super::tree::Node;

/// The key of the table of labels, and of what is told of the form.
const LABELS: &str = "FieldStructure";
const FORM: &str = "FormStructure";

/// Puts labels in the place of numbers, where there is a table of them.
pub(super) fn labelled(body: Node) -> Node {
    let inner = |node: &Node| node.json().unwrap_or_else(|| node.clone());
    let Some(table) = body.at(LABELS).map(inner) else { return body };
    let labels = labels(&table);
    if labels.is_empty() {
        return body;
    }
    let form = body.at(FORM).map(inner).and_then(|form| form.text_at("Name"));
    let Node::Map(entries) = body else { return body };
    let (mut fields, mut named) = (Vec::new(), Vec::new());
    named.extend(form.map(|name| ("form name".to_owned(), Node::Text(name))));
    for (key, value) in entries.into_iter().filter(|(key, _)| key != LABELS && key != FORM) {
        match labels.get(&key) {
            Some((label, kind)) => fields.push(Node::field(label, kind, value)),
            None => named.push((key, value)),
        }
    }
    Node::form(fields, named)
}

/// Label and type of each field by its id; a field of several boxes has one for each box.
fn labels(table: &Node) -> HashMap<String, (String, String)> {
    let mut labels = HashMap::new();
    for field in table.at("Fields").map(Node::items).unwrap_or_default() {
        let (Some(id), Some(title)) = (field.text_at("ID"), field.text_at("Title")) else { continue };
        let kind = field.text_at("Type").unwrap_or_default();
        let boxes = field.at("SubFields").map(Node::items).unwrap_or_default();
        for part in boxes {
            let (Some(id), Some(label)) = (part.text_at("ID"), part.text_at("Label")) else { continue };
            let is_name = matches!(&*kind, "shortname" | "name");
            let label = if is_name { format!("{label} name") } else { format!("{title}: {label}") };
            labels.insert(id, (label, String::new()));
        }
        if boxes.is_empty() {
            labels.insert(id, (title, kind));
        }
    }
    labels
}
