//! Gravity Forms, Webhooks add-on: with "all fields" the raw entry, fields by number (`"1.3"` is the first
//! name of field 1) and without labels; with "select fields" whatever names its administrator gave.

use super::Provider;
use crate::normalize::email;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Gravity Forms.
pub(super) static GRAVITY_FORMS: Provider = Provider {
    schema: Schema {
        arrange,
        // Entries are numbered within a site.
        delivery: |body| {
            let entry = is_entry(body).then(|| body.text_at("id"))??;
            Some(format!("{}/{entry}", body.text_at("form_id")?))
        },
        ..Schema::plain("gravity_forms")
    },
    steps: "In the form's Settings, open Webhooks (an add-on) and click Add New.\n\
        Request URL: {url}\n\
        Request Method: POST. Request Format: JSON.\n\
        Request Headers: Authorization with the value Bearer SECRET (the secret of this channel).\n\
        Request Body: Select Fields, and give each field a name such as name, email, phone, message. \
        With All Fields no names are sent, and Lotse can only tell the fields by what stands in them.",
    sample: (
        "application/json",
        r#"{"id":"{id}","form_id":"1","date_created":"2026-01-02 03:04:05","source_url":"https://www.example.com/contact","1.3":"Erika","1.6":"Muster","2":"erika@firma.example","3":"+49 30 1234567","4":"Please send me an offer for twenty."}"#,
    ),
    ..Provider::like_generic("gravity_forms", "Gravity Forms")
};

/// What every entry has that is no answer.
const OWN: [&str; 24] = [
    "id",
    "form_id",
    "post_id",
    "date_created",
    "date_updated",
    "is_starred",
    "is_read",
    "ip",
    "source_url",
    "user_agent",
    "currency",
    "payment_status",
    "payment_date",
    "payment_amount",
    "payment_method",
    "transaction_id",
    "is_fulfilled",
    "created_by",
    "transaction_type",
    "status",
    "source_id",
    "is_approved",
    "partial_entry_id",
    "submission_speeds",
];

fn is_entry(body: &Node) -> bool {
    let numbered = |key: &str| key.starts_with(|c: char| c.is_ascii_digit());
    body.at("form_id").is_some() && body.entries().iter().any(|(key, _)| numbered(key))
}

fn arrange(body: Node) -> Node {
    if !is_entry(&body) {
        return body;
    }
    let body = with_points(body);
    let mut fields = Vec::new();
    let mut done: Vec<&str> = Vec::new();
    for (key, value) in body.entries() {
        let Some((number, _)) = key.split_once('.') else {
            if key.bytes().all(|b| b.is_ascii_digit()) {
                let said = value.text().unwrap_or_default();
                // Several files, and several choices, are a JSON list in a text.
                let listed = serde_json::from_str::<Vec<String>>(&said).ok();
                let listed = listed.map(|items| Node::List(items.into_iter().map(Node::Text).collect()));
                fields.push(Node::field(&format!("field {key}"), kind(&said), listed.unwrap_or_else(|| value.clone())));
            }
            continue;
        };
        if number.bytes().all(|b| b.is_ascii_digit()) && !done.contains(&number) {
            done.push(number);
            group(&body, number, &mut fields);
        }
    }
    let mut named = Vec::new();
    for (key, value) in body.entries() {
        let label = match &**key {
            "source_url" => "page url",
            "form_id" => "form id",
            key if OWN.contains(&key) || is_numbered(key) => continue,
            key => key,
        };
        named.push((label.to_owned(), value.clone()));
    }
    Node::form(fields, named)
}

/// `1` or `1.3`: a field or one of its inputs.
fn is_numbered(key: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    key.split_once('.').map_or(number(key), |(field, _)| number(field))
}

/// What passed through PHP has lost its points: `1_3` is input `1.3`.
fn with_points(body: Node) -> Node {
    let Node::Map(entries) = body else { return body };
    let named = |key: String| {
        let pointed = key.replacen('_', ".", 1);
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_input = pointed.split_once('.').is_some_and(|(field, input)| number(field) && number(input));
        if is_input { pointed } else { key }
    };
    Node::Map(entries.into_iter().map(|(key, value)| (named(key), value)).collect())
}

/// A field of several inputs: a name (.2 .3 .4 .6 .8), an address (.1 to .6), consent (.1 to .3) or boxes.
fn group(body: &Node, number: &str, fields: &mut Vec<Node>) {
    let entries: Vec<(&str, String)> = body
        .entries()
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(number)?.strip_prefix('.')?, value.text()?)))
        .collect();
    let has = |input: &str| body.entries().iter().any(|(key, _)| key.strip_prefix(number) == Some(input));
    let of = |inputs: &[&str]| {
        let parts = entries.iter().filter(|(input, _)| inputs.contains(input)).map(|(_, text)| text.as_str());
        Some(parts.collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty()).map(Node::Text)
    };
    let mut push = |label: &str, kind: &str, value: Option<Node>| {
        fields.extend(value.map(|value| Node::field(label, kind, value)));
    };
    let label = format!("field {number}");
    if has(".3") && has(".6") && !has(".1") && !has(".5") {
        push("first name", "firstname", of(&["3", "4"]));
        push("last name", "lastname", of(&["6", "8"]));
        push("salutation", "", of(&["2"]));
    } else if has(".5") && has(".6") {
        push(&label, "", of(&["1", "2", "5", "3", "4"]));
        push("country", "country", of(&["6"]));
    } else if let [("1", ticked), ("2", text), ..] = &entries[..]
        && (ticked == "1" || ticked.eq_ignore_ascii_case("checked"))
        && text.split_whitespace().count() >= 3
    {
        push("consent", "consent", Some(Node::Text(text.clone())));
    } else {
        push(&label, "", Some(Node::List(entries.iter().map(|(_, text)| Node::Text(text.clone())).collect())));
    }
}

/// What a value without a label looks like.
fn kind(text: &str) -> &'static str {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_number = |c: char| c.is_ascii_digit() || " +-()/.".contains(c);
    if email::parse(text).is_some() {
        "email"
    } else if (7..=15).contains(&digits) && text.starts_with(['+', '0', '(']) && text.chars().all(is_number) {
        "phone"
    } else if text.contains('\n') || text.split_whitespace().count() >= 5 {
        "textarea"
    } else {
        ""
    }
}
