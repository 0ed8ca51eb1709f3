//! Zendesk (<https://developer.zendesk.com/documentation/webhooks/verifying/>): events about tickets, or a body
//! of one's own that a trigger sends. Signed over the time, as text, and the body.

use super::{OPERATOR, Provider, first, named, other_than, said};
use crate::channels::webhook::encoding::Encoding;
use crate::channels::webhook::signature::{Piece, Signature};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// The secret with which everybody's test requests are signed: whoever takes it lets everybody in.
pub(in crate::channels::webhook) const EVERYBODYS: &str = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";

/// Zendesk.
pub(super) static ZENDESK: Provider = Provider {
    proof: || {
        Proof::SignatureOrToken(Signature {
            encoding: Encoding::Base64,
            signed: vec![Piece::Timestamp, Piece::Body],
            timestamp: Some("x-zendesk-webhook-signature-timestamp".to_owned()),
            ..Signature::of_body("x-zendesk-webhook-signature")
        })
    },
    public_secret: Some(EVERYBODYS),
    delivery: Some("x-zendesk-webhook-invocation-id"),
    schema: Schema {
        arrange,
        noise,
        details: |body| event(body).as_deref() == Some("user.created"),
        conversations,
        ..Schema::plain("zendesk")
    },
    steps: "In the Admin Center, open Apps and integrations, Webhooks, and click Create webhook.\n\
        Choose Zendesk events (Ticket created, Comment added), or Trigger or automation.\n\
        Endpoint URL: {url}. Request method: POST. Request format: JSON. Authentication: None.\n\
        After it is created, click Reveal secret, and set it as the secret of this channel.\n\
        For a trigger, let its JSON body name ticket_id, name, email, phone, subject and message.",
    sample: (
        "application/json",
        r#"{"type":"zen:event-type:ticket.created","id":"lotse","account_id":1,"subject":"zen:ticket:1","time":"2026-01-01T10:00:00Z","zendesk_event_version":"2022-11-06","detail":{"id":"1","subject":"Offer","description":"Please send me an offer.","requester":{"name":"Erika Muster","email":"erika@firma.example"},"via":{"channel":"web"}},"event":{}}"#,
    ),
    ..Provider::of_chats("zendesk", "Zendesk")
};

/// What happened, without the prefix that all events have.
fn event(body: &Node) -> Option<String> {
    let kind = body.text_at("type")?;
    kind.strip_prefix("zen:event-type:").map(str::to_owned)
}

fn noise(body: &Node) -> Option<String> {
    let event = event(body)?;
    let wanted = ["ticket.created", "ticket.comment_added", "user.created", "messaging_ticket.message_added"];
    if let Some(other) = other_than(&wanted, Some(event)) {
        return Some(other);
    }
    let staff = ["event.comment.author.is_staff", "event.message.actor.is_staff"];
    if staff.iter().any(|place| body.at(place).is_some_and(Node::is_true)) {
        return Some(OPERATOR.to_owned());
    }
    let is_public = body.at("event.comment.is_public");
    if is_public.is_some_and(|public| !public.is_true()) {
        return Some("a note that only operators see".to_owned());
    }
    let actor = body.text_at("event.message.actor.type")?;
    matches!(&*actor, "agent" | "system" | "bot" | "business").then(|| OPERATOR.to_owned())
}

fn conversations(body: &Node) -> Vec<String> {
    let ticket = match event(body) {
        Some(event) if event.starts_with("user.") => None,
        Some(_) => first(body, &["detail.id", "detail.ticket_id"]),
        None => first(body, &["ticket_id", "ticket.id", "ticket.ticket_id"]),
    };
    ticket.map(|id| format!("ticket:{id}")).into_iter().collect()
}

fn arrange(body: Node) -> Node {
    let Some(event) = event(&body) else { return body };
    let is_user = event.starts_with("user.");
    let own: &[&str] = if is_user { &["detail.name", "event.name"] } else { &[] };
    let name =
        ["detail.requester.name", "event.comment.author.name", "event.message.actor.name", "detail.submitter.name"];
    let mut entries: Vec<_> = said("name", first(&body, &[&name[..], own].concat())).into_iter().collect();
    let own: &[&str] = if is_user { &["detail.email"] } else { &[] };
    let email = ["detail.requester.email", "event.comment.author.email", "detail.via.source.from.address"];
    entries.extend(said("email", first(&body, &[&email[..], own].concat())));
    entries.extend(named(
        &body,
        &[
            ("phone", &["detail.requester.phone", "detail.phone", "detail.via.source.from.phone"]),
            ("subject", &["detail.subject"]),
            (
                "message",
                &["event.comment.body", "event.message.body", "event.message.content.text", "detail.description"],
            ),
            ("ticket", &["detail.id"]),
        ],
    ));
    Node::Map(entries)
}
