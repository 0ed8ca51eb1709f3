//! Tidio: news of contacts and tickets under `content`. Signed over the body with the time behind it; some
//! receivers report Stripe's order, which is taken, too.

use super::{OPERATOR, Provider, first, named, other_than, said};
use crate::channels::webhook::signature::{Piece, Signature};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;
use crate::normalize::html;

/// Tidio.
pub(super) static TIDIO: Provider = Provider {
    proof: || {
        let usual = Signature::in_parts("x-tidio-signature", "s");
        let signed = vec![Piece::Body, Piece::Text("_".to_owned()), Piece::Timestamp];
        Proof::AnyOf(vec![Signature { signed, ..usual.clone() }, usual])
    },
    schema: Schema {
        arrange,
        delivery,
        noise,
        details: |body| body.text_at("topic").is_some_and(|topic| topic.starts_with("contact.")),
        conversations,
        ..Schema::plain("tidio")
    },
    steps: "In Tidio, open Settings, then Developer, Webhooks, and click Add webhook.\n\
        URL: {url}\n\
        Topics: contact.created, contact.updated, ticket.created, ticket.replied.\n\
        Copy the signing secret that Tidio shows, and set it as the secret of this channel.",
    sample: (
        "application/json",
        r#"{"created_at":1700000000,"project_public_key":"lotse","topic":"ticket.created","version":1,"webhook_id":"lotse","content":{"ticket":{"id":"lotse","subject":"Offer"},"contact":{"id":"c1","name":"Erika Muster","email":"erika@firma.example"},"message":{"message_id":"{id}","author_type":"contact","content":"Please send me an offer."}}}"#,
    ),
    ..Provider::of_chats("tidio", "Tidio")
};

const WRITER: [&str; 4] = [
    "content.message.author_type",
    "content.message.author.type",
    "content.message.sender_type",
    "content.author.type",
];
const MESSAGE: [&str; 6] = [
    "content.message.content",
    "content.message.text",
    "content.message.message",
    "content.message.body",
    "content.message",
    "content.ticket.message",
];

fn noise(body: &Node) -> Option<String> {
    let topic = body.text_at("topic")?;
    let writer = first(body, &WRITER).unwrap_or_default().to_ascii_lowercase();
    if topic.contains("operator") || ["operator", "agent", "bot", "admin"].iter().any(|own| writer.contains(own)) {
        return Some(OPERATOR.to_owned());
    }
    let wanted = [
        "contact.created",
        "contact.updated",
        "contact.email_added",
        "ticket.created",
        "ticket.replied",
        "conversation.created",
        "conversation.started",
        "conversation.visitor_replied",
        "conversation.contact_replied",
    ];
    other_than(&wanted, Some(topic))
}

/// The webhook's id may be that of the subscription: what came is known by its own.
fn delivery(body: &Node) -> Option<String> {
    let topic = body.text_at("topic")?;
    let id = first(body, &["content.message.message_id", "content.message.id"])?;
    Some(format!("{topic}:{id}"))
}

fn conversations(body: &Node) -> Vec<String> {
    let places = [
        ("conversation", &["content.conversation.id", "content.conversation_id"][..]),
        ("ticket", &["content.ticket.id", "content.ticket_id"]),
        ("contact", &["content.contact.id", "content.contact_id", "content.contact.distinct_id", "content.visitor_id"]),
    ];
    let topic = body.text_at("topic").unwrap_or_default();
    let own = body.text_at("content.id").map(|id| format!("{}:{id}", topic.split('.').next().unwrap_or_default()));
    let named = places.iter().filter_map(|(kind, places)| Some(format!("{kind}:{}", first(body, places)?)));
    named.chain(own).collect()
}

fn arrange(body: Node) -> Node {
    if body.text_at("topic").is_none() || body.at("content").is_none() {
        return body;
    }
    let mut entries = named(
        &body,
        &[
            ("name", &["content.contact.name", "content.visitor.name", "content.name"]),
            ("first name", &["content.contact.first_name", "content.first_name"]),
            ("last name", &["content.contact.last_name", "content.last_name"]),
            ("email", &["content.contact.email", "content.visitor.email", "content.email"]),
            ("phone", &["content.contact.phone", "content.visitor.phone", "content.phone"]),
            ("country", &["content.contact.country", "content.country"]),
            ("city", &["content.contact.city", "content.city"]),
            ("subject", &["content.ticket.subject", "content.subject"]),
            ("page url", &["content.page.url", "content.current_page", "content.contact.current_page"]),
        ],
    );
    entries.extend(said("message", first(&body, &MESSAGE).map(|text| html::to_text(&text))));
    for place in ["content.contact.properties", "content.properties", "content.custom_properties"] {
        let own = body.at(place).map(Node::entries).unwrap_or_default().iter();
        entries.extend(own.filter(|(_, value)| value.is_single()).cloned());
    }
    Node::Map(entries)
}
