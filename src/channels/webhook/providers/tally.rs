//! Tally (<https://tally.so/help/webhooks>): fields with labels and types; choices as ids of their options.

use super::{Provider, first, other_than};
use crate::channels::webhook::encoding::Encoding;
use crate::channels::webhook::signature::Signature;
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Tally.
pub(super) static TALLY: Provider = Provider {
    proof: || {
        Proof::SignatureOrToken(Signature { encoding: Encoding::Base64, ..Signature::of_body("tally-signature") })
    },
    schema: Schema {
        arrange,
        delivery: |body| first(body, &["eventId", "data.submissionId", "data.responseId"]),
        noise: |body| other_than(&["FORM_RESPONSE"], body.text_at("eventType")),
        ..Schema::plain("tally")
    },
    steps: "Publish your form, open Integrations, and click Connect under Webhooks.\n\
        Endpoint URL: {url}\n\
        Signing secret: the secret of this channel.\n\
        Click Connect; the list under the webhook shows each event and our answer.",
    sample: (
        "application/json",
        r#"{"eventId":"{id}","eventType":"FORM_RESPONSE","data":{"submissionId":"{id}","formId":"lotse","formName":"Contact","fields":[{"key":"a","label":"Name","type":"INPUT_TEXT","value":"Erika Muster"},{"key":"b","label":"Email","type":"INPUT_EMAIL","value":"erika@firma.example"},{"key":"c","label":"How can we help?","type":"TEXTAREA","value":"Please send me an offer."}]}}"#,
    ),
    ..Provider::like_generic("tally", "Tally")
};

fn arrange(body: Node) -> Node {
    let Some(fields) = body.at("data.fields") else { return body };
    let keys: Vec<String> = fields.items().iter().filter_map(|field| field.text_at("key")).collect();
    // A question with boxes to tick comes once with all that were ticked, and once more for each box.
    let is_box = |field: &&Node| {
        let key = field.text_at("key").unwrap_or_default();
        let question = key.rsplit_once('_').map(|(question, _)| question);
        field.at("value").is_some_and(|value| value.is_single() && value.text().is_none())
            && question.is_some_and(|question| keys.iter().any(|key| key == question))
    };
    let field = |field: &Node| {
        let mut entries = field.entries().to_vec();
        if let Some(told) = table(field) {
            entries.retain(|(key, _)| key != "value");
            entries.push(("value".to_owned(), told));
        }
        entries.retain(|(key, _)| matches!(&**key, "label" | "type" | "value" | "options"));
        // An unlabelled field has its key alone.
        if !entries.iter().any(|(key, node)| key == "label" && node.text().is_some()) {
            entries.retain(|(key, _)| key != "label");
            entries.extend(field.text_at("key").map(|key| ("key".to_owned(), Node::Text(key))));
        }
        Node::Map(entries)
    };
    let fields = fields.items().iter().filter(|field| !is_box(field)).map(field).collect();
    let mut named = Vec::new();
    for (place, label) in [("data.formName", "form name"), ("data.formId", "form id")] {
        named.extend(body.at(place).map(|node| (label.to_owned(), node.clone())));
    }
    Node::form(fields, named)
}

/// The answers of a table: what was ticked in each row, both in words.
fn table(field: &Node) -> Option<Node> {
    let said = |of: &str, id: &str| {
        let about = field.at(of)?.items().iter().find(|about| about.text_at("id").as_deref() == Some(id))?;
        about.text_at("text")
    };
    field.at("rows").filter(|rows| !rows.items().is_empty())?;
    let rows = field.at("value")?.entries().iter().map(|(row, ticked)| {
        let ticked = ticked.items().iter().filter_map(Node::text);
        let ticked = ticked.map(|id| Node::Text(said("columns", &id).unwrap_or(id)));
        (said("rows", row).unwrap_or_else(|| row.clone()), Node::List(ticked.collect()))
    });
    Some(Node::Map(rows.collect()))
}
