//! WPForms, Webhooks add-on: names its administrator gave. Signed, but in the format "Form" over something
//! else than what is sent, so that only the format JSON can be verified.

use super::Provider;
use crate::channels::webhook::signature::Signature;
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// WPForms.
pub(super) static WPFORMS: Provider = Provider {
    proof: || Proof::SignatureOrToken(Signature::in_parts("x-wpforms-webhook-signature", "v")),
    // Only where an administrator has mapped it is there an id: the header names the webhook, not the post.
    schema: Schema { arrange, delivery: |body| body.text_at("entry_id"), ..Schema::plain("wpforms") },
    steps: "Edit the form, open Settings, then Webhooks (an add-on), and turn Enable Webhooks on.\n\
        Request URL: {url}\n\
        Request Method: POST. Request Format: JSON (the format Form cannot be verified).\n\
        Secret: the secret of this channel.\n\
        Request Body: one line a field, named name, email, phone, message; add entry_id with the smart tag \
        {entry_id}, so that a repetition is recognised.",
    sample: (
        "application/json",
        r#"{"name":"Erika Muster","email":"erika@firma.example","message":"Please send me an offer.","entry_id":"{id}"}"#,
    ),
    ..Provider::like_generic("wpforms", "WPForms")
};

/// Several choices come as one text with `||` between them, a moment as itself and in seconds since 1970.
fn arrange(body: Node) -> Node {
    let Node::Map(entries) = body else { return body };
    let value = |value: Node| match value {
        Node::Text(text) if text.contains("||") => {
            Node::List(text.split("||").map(|choice| Node::Text(choice.trim().to_owned())).collect())
        }
        Node::Map(mut parts) if matches!(&parts[..], [(a, _), (b, _)] if a == "value" && b == "unix") => {
            parts.swap_remove(0).1
        }
        value => value,
    };
    Node::Map(entries.into_iter().map(|(key, node)| (key, value(node))).collect())
}
