//! Webflow (<https://developers.webflow.com/data/docs/working-with-webhooks>): the form's labels with their
//! values, types beside them. Webhooks made in the dashboard are unsigned.

use super::{Provider, first, other_than};
use crate::channels::webhook::signature::{Piece, Signature};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Webflow.
pub(super) static WEBFLOW: Provider = Provider {
    proof: || {
        Proof::SignatureOrToken(Signature {
            signed: vec![Piece::Timestamp, Piece::Text(":".to_owned()), Piece::Body],
            timestamp: Some("x-webflow-timestamp".to_owned()),
            ..Signature::of_body("x-webflow-signature")
        })
    },
    schema: Schema {
        arrange,
        delivery: |body| first(body, &["payload.id", "payload._id", "_id"]),
        noise: |body| other_than(&["form_submission"], body.text_at("triggerType")),
        ..Schema::plain("webflow")
    },
    steps: "In Site settings, open Apps & integrations, then Webhooks, and click Add webhook.\n\
        Trigger type: Form submission.\n\
        Webhooks made there are unsigned: add the secret of this channel to the address.\n\
        URL: {url}?token=SECRET\n\
        A webhook made through the API is signed: use {url}, and its secretKey as the secret of this channel.",
    sample: (
        "application/json",
        r#"{"triggerType":"form_submission","payload":{"name":"Contact","siteId":"lotse","id":"{id}","data":{"Name":"Erika Muster","Email":"erika@firma.example","Message":"Please send me an offer."},"schema":[{"fieldName":"Email","fieldType":"Email"}]}}"#,
    ),
    ..Provider::like_generic("webflow", "Webflow")
};

fn arrange(body: Node) -> Node {
    let form = body.at("payload").unwrap_or(&body);
    let Some(data) = form.at("data").filter(|data| !data.entries().is_empty()) else { return body };
    let types = form.at("schema").map(Node::items).unwrap_or_default();
    let field = |(label, value): &(String, Node)| {
        let about = types.iter().find(|about| about.text_at("fieldName").as_ref() == Some(label));
        let kind = about.and_then(|about| about.text_at("fieldType")).unwrap_or_default();
        Node::field(label, &kind, value.clone())
    };
    let fields = data.entries().iter().map(field).collect();
    let mut named = Vec::new();
    for (place, label) in
        [("name", "form name"), ("formId", "form id"), ("pageUrl", "page url"), ("publishedPath", "published path")]
    {
        named.extend(form.at(place).map(|node| (label.to_owned(), node.clone())));
    }
    Node::form(fields, named)
}
