//! Squarespace, `contact.create`: contacts as they are made. Its forms send no webhooks; they arrive by mail.
//! Signed with a secret that is written in hexadecimal digits.

use super::{Provider, first, other_than};
use crate::channels::webhook::algorithm::Key;
use crate::channels::webhook::signature::Signature;
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Squarespace.
pub(super) static SQUARESPACE: Provider = Provider {
    proof: || Proof::Signature(Signature { key: Key::Hex, ..Signature::of_body("squarespace-signature") }),
    always_signs: true,
    schema: Schema {
        arrange,
        delivery: |body| first(body, &["id", "notificationId"]),
        noise: |body| other_than(&["contact.create"], body.text_at("topic")),
        ..Schema::plain("squarespace")
    },
    steps: "Squarespace's form blocks send no webhooks: let them send mail to a mailbox that Lotse reads.\n\
        For new contacts, make a subscription through the Webhook Subscriptions API, with an OAuth token:\n\
        topics: [\"contact.create\"], endpointUrl: {url}\n\
        The answer holds the secret, once: set it as the secret of this channel as it is.",
    sample: (
        "application/json",
        r#"{"id":"{id}","topic":"contact.create","websiteId":"lotse","data":{"id":"{id}","firstName":"Erika","lastName":"Muster","email":"erika@firma.example","note":"Please send me an offer."}}"#,
    ),
    ..Provider::like_generic("squarespace", "Squarespace")
};

fn arrange(body: Node) -> Node {
    let Some(data) = body.at("data") else { return body };
    let contact = data.at("contact").unwrap_or(data);
    let mut fields = Vec::new();
    for (key, value) in contact.entries() {
        match &**key {
            "id" | "createdOn" | "modifiedOn" | "updatedOn" => {}
            "acceptsMarketing" => {
                let accepts = value.at("acceptsMarketing").unwrap_or(value);
                let since = value.text_at("joinedOn").map(|since| format!(" since {since}")).unwrap_or_default();
                if accepts.is_true() {
                    let said = Node::Text(format!("accepts marketing{since}"));
                    fields.push(Node::field("accepts marketing", "consent", said));
                }
            }
            _ => fields.push(Node::field(key, "", value.clone())),
        }
    }
    Node::form(fields, Vec::new())
}
