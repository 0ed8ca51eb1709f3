//! Jotform: a multipart form around JSON (`rawRequest`, by question number and slug), and beside it the
//! answers as a line of text (`pretty`, by label). Unsigned: the secret stands in the address.

mod labels;

use super::Provider;
use crate::normalize::fields::label::{self, Slot};
use crate::normalize::form::tree::Node;
use crate::normalize::form::{MAX_NODES, Schema};

/// Jotform.
pub(super) static JOTFORM: Provider = Provider {
    schema: Schema { arrange, delivery: |body| body.text_at("submissionID"), ..Schema::plain("jotform") },
    steps: "In the form builder, open Settings, then Integrations, and choose WebHooks.\n\
        Jotform does not sign what it sends: add the secret of this channel to the address.\n\
        WebHook URL: {url}?token=SECRET\n\
        Click Complete Integration. The same address entered twice sends everything twice.",
    sample: (
        "application/x-www-form-urlencoded",
        "formID=1&submissionID={id}&formTitle=Contact&type=WEB&pretty=Name%3AErika+Muster%2C+E-mail%3Aerika%40firma.example%2C+Message%3APlease+send+me+an+offer.&rawRequest=%7B%22q3_name%22%3A%7B%22first%22%3A%22Erika%22%2C%22last%22%3A%22Muster%22%7D%2C%22q4_email%22%3A%22erika%40firma.example%22%2C%22q5_message%22%3A%22Please+send+me+an+offer.%22%7D",
    ),
    ..Provider::like_generic("jotform", "Jotform")
};

fn arrange(body: Node) -> Node {
    let raw =
        body.at("rawRequest").and_then(|raw| raw.json().or_else(|| Some(raw.clone()).filter(|raw| !raw.is_single())));
    let pretty = body.text_at("pretty").unwrap_or_default();
    let fields = match raw.filter(|raw| !raw.is_larger_than(MAX_NODES)) {
        Some(raw) => answers(&raw, &pretty),
        None if pretty.is_empty() => return body,
        None => in_words(&pretty),
    };
    let mut named = Vec::new();
    for (place, label) in [("formTitle", "form name"), ("formID", "form id"), ("ip", "ip")] {
        named.extend(body.at(place).map(|node| (label.to_owned(), node.clone())));
    }
    Node::form(fields, named)
}

/// The answers of `rawRequest`: `q3_name`, `q4_email`; the rest of it is the software's own.
fn answers(raw: &Node, pretty: &str) -> Vec<Node> {
    let mut fields = Vec::new();
    let answered: Vec<(&String, Option<String>, &Node)> = raw
        .entries()
        .iter()
        .map(|(key, value)| (key, slug(key), value))
        // Files stand under their bare slug, as addresses.
        .filter(|(_, slug, value)| slug.is_some() || is_files(value))
        .collect();
    let spoken = labels::of(pretty, &answered.iter().map(|(_, _, value)| *value).collect::<Vec<_>>());
    for ((key, slug, value), spoken) in answered.into_iter().zip(spoken) {
        let Some(slug) = slug else {
            fields.push(Node::field(key, "file", value.clone()));
            continue;
        };
        let known = |name: &&String| label::slot(name).is_some();
        let names: Vec<String> = [Some(slug.clone()), spoken].into_iter().flatten().collect();
        let label = names.iter().find(known).or(names.last()).cloned().unwrap_or(slug);
        answer(&label, value, &mut fields);
    }
    fields
}

/// Whether a value is the addresses of files.
fn is_files(value: &Node) -> bool {
    value.items().iter().any(|item| item.text().is_some_and(|text| text.starts_with("http")))
}

/// `q69_1Name69` is called `Name`: without its number, the number of its label and its own again.
fn slug(key: &str) -> Option<String> {
    let (number, slug) = key.strip_prefix('q')?.split_once('_')?;
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let slug = slug.strip_suffix(number).filter(|slug| !slug.is_empty()).unwrap_or(slug);
    let bare = slug.trim_start_matches(|c: char| c.is_ascii_digit());
    let bare = if bare.is_empty() { slug } else { bare };
    let mut words = String::new();
    for c in bare.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c);
    }
    Some(words)
}

/// One answer; what was asked in several boxes becomes one value, or the parts of a name.
fn answer(label: &str, value: &Node, fields: &mut Vec<Node>) {
    let part = |key: &str| value.text_at(key);
    let joined = |keys: &[&str], between: &str| {
        let parts: Vec<String> = keys.iter().filter_map(|key| part(key)).collect();
        (!parts.is_empty()).then(|| Node::Text(parts.join(between)))
    };
    let mut push = |label: &str, kind: &str, value: Option<Node>| {
        fields.extend(value.map(|value| Node::field(label, kind, value)));
    };
    if !matches!(value, Node::Map(_)) {
        let kind = if label::slot(label).is_none() && value.text().is_some_and(|text| text.contains('\n')) {
            "textarea"
        } else {
            ""
        };
        return push(label, kind, Some(value.clone()));
    }
    if value.at("first").or_else(|| value.at("last")).is_some() {
        let own = matches!(label::slot(label), None | Some((Slot::Name, _)));
        if own {
            push("first name", "firstname", joined(&["first", "middle"], " "));
            push("last name", "lastname", joined(&["last", "suffix"], " "));
            return push("salutation", "", joined(&["prefix"], ""));
        }
        return push(label, "", joined(&["prefix", "first", "middle", "last", "suffix"], " "));
    }
    if value.at("full").or_else(|| value.at("phone")).is_some() {
        let number = part("full").map(Node::Text).or_else(|| joined(&["country", "area", "phone"], " "));
        return push(label, "phone", number);
    }
    if value.at("addr_line1").is_some() {
        push(label, "", joined(&["addr_line1", "addr_line2", "postal", "city", "state"], ", "));
        return push("country", "country", joined(&["country"], ""));
    }
    if value.at("hourSelect").is_some() {
        let time = joined(&["hourSelect", "minuteSelect"], ":").and_then(|time| time.text()).unwrap_or_default();
        let half = part("ampm").map(|half| format!(" {half}")).unwrap_or_default();
        return push(label, "", Some(Node::Text(format!("{time}{half}"))));
    }
    if value.at("year").is_some() {
        return push(label, "", joined(&["year", "month", "day"], "-"));
    }
    push(label, "", Some(value.clone()));
}

/// The answers of `pretty` alone, where the JSON cannot be read: `Label:value, Label:value`.
fn in_words(pretty: &str) -> Vec<Node> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for piece in pretty.split(", ") {
        match (piece.split_once(':'), fields.last_mut()) {
            (Some((label, value)), _) if !label.trim().is_empty() && !value.starts_with("//") => {
                fields.push((labels::unnumbered(label.trim()).to_owned(), value.trim().to_owned()));
            }
            (_, Some((_, value))) => {
                value.push_str(", ");
                value.push_str(piece);
            }
            _ => {}
        }
    }
    fields.into_iter().map(|(label, value)| Node::field(&label, "", Node::Text(value))).collect()
}
