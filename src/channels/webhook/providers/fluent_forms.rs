//! Fluent Forms Pro, WebHook feed: fields by their names, and under `__submission` the software's record.

use super::Provider;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Fluent Forms.
pub(super) static FLUENT_FORMS: Provider = Provider {
    schema: Schema { arrange, delivery: |body| body.text_at("__submission.id"), ..Schema::plain("fluent_forms") },
    steps: "Open the form's Settings & Integrations, then WebHook, and click Add New.\n\
        Request URL: {url}\n\
        Request Method: POST. Request Format: JSON.\n\
        Request Header: With Headers, Authorization with the value Bearer SECRET (the secret of this channel).\n\
        Request Body: All Fields. It is sent once and not again.",
    sample: (
        "application/json",
        r#"{"names":{"first_name":"Erika","last_name":"Muster"},"email":"erika@firma.example","message":"Please send me an offer.","__submission":{"id":"{id}","form_id":"1","source_url":"https://www.example.com/contact"}}"#,
    ),
    ..Provider::like_generic("fluent_forms", "Fluent Forms")
};

/// Of the record only what says where the lead came from: the rest repeats the form, or tells of a browser.
fn arrange(mut body: Node) -> Node {
    let record = body.take("__submission");
    let record = record.map(|record| record.json().unwrap_or(record));
    let (Some(record), Node::Map(mut entries)) = (record, body.clone()) else { return body };
    entries.retain(|(key, _)| !key.starts_with("__fluent_form") && !key.starts_with("_fluentform"));
    for (place, label) in [("source_url", "page url"), ("form_id", "form id")] {
        entries.extend(record.at(place).map(|node| (label.to_owned(), node.clone())));
    }
    Node::Map(entries)
}
