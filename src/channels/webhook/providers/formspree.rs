//! Formspree: the fields under `submission`, with the time of it as `_date`.

use sha2::{Digest, Sha256};

use super::Provider;
use crate::channels::webhook::signature::Signature;
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;
use crate::normalize::hex;

/// Formspree.
pub(super) static FORMSPREE: Provider = Provider {
    proof: || Proof::Signature(Signature::in_parts("formspree-signature", "v1")),
    schema: Schema { arrange, delivery, ..Schema::plain("formspree") },
    steps: "Open your form, then Plugins (Workflow), and choose Webhook.\n\
        Webhook URL: {url}\n\
        Copy the signing secret that Formspree shows, and set it as the secret of this channel.\n\
        Click Connect.",
    sample: (
        "application/json",
        r#"{"form":"lotse","submission":{"name":"Erika Muster","email":"erika@firma.example","message":"Please send me an offer.","_subject":"Offer","_date":"{id}"}}"#,
    ),
    ..Provider::like_generic("formspree", "Formspree")
};

/// There is no id; the form, the time and all that was said are one.
fn delivery(body: &Node) -> Option<String> {
    let submission = body.at("submission").filter(|said| said.at("_date").is_some())?;
    let mut said: Vec<String> = submission.entries().iter().map(|entry| format!("{entry:?}")).collect();
    said.sort();
    let said = format!("{:?} {said:?}", body.text_at("form"));
    Some(format!("sha256:{}", hex(&Sha256::digest(said))))
}

fn arrange(body: Node) -> Node {
    let Some(submission) = body.at("submission") else { return body };
    let field = |(label, value): &(String, Node)| match &**label {
        "_date" => None,
        "_replyto" => Some(Node::field("reply-to", "", value.clone())),
        "_subject" => Some(Node::field("subject", "", value.clone())),
        _ => Some(Node::field(label, "", value.clone())),
    };
    let fields = submission.entries().iter().filter_map(field).collect();
    let named = body.at("form").map(|form| ("form id".to_owned(), form.clone()));
    Node::form(fields, named.into_iter().collect())
}
