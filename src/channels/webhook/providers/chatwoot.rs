//! Chatwoot (<https://www.chatwoot.com/hc/user-guide/articles/1677693021-how-to-use-webhooks>): an event for each
//! message, with its contact and conversation. Older versions sign nothing.

use super::{BOT, OPERATOR, Provider, first, named, other_than, said};
use crate::channels::webhook::signature::{Piece, Signature};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Chatwoot.
pub(super) static CHATWOOT: Provider = Provider {
    proof: || {
        Proof::SignatureOrToken(Signature {
            prefix: "sha256=".to_owned(),
            signed: vec![Piece::Timestamp, Piece::Text(".".to_owned()), Piece::Body],
            timestamp: Some("x-chatwoot-timestamp".to_owned()),
            ..Signature::of_body("x-chatwoot-signature")
        })
    },
    delivery: Some("x-chatwoot-delivery"),
    schema: Schema {
        arrange,
        delivery,
        noise,
        details: |body| body.text_at("event").is_some_and(|event| event.starts_with("contact_")),
        conversations,
        ..Schema::plain("chatwoot")
    },
    steps: "In Chatwoot, open Settings, Integrations, Webhooks, and click Add new webhook.\n\
        Webhook URL: {url}\n\
        Events: Message created, Message updated, Conversation created, Contact created.\n\
        Copy the secret that Chatwoot shows, and set it as the secret of this channel. A version that shows none signs \
        nothing: add ?token=SECRET to the address.",
    sample: (
        "application/json",
        r#"{"event":"message_created","id":"{id}","content":"Please send me an offer.","message_type":"incoming","content_type":"text","private":false,"sender":{"id":1,"name":"Erika Muster","email":"erika@firma.example","type":"contact"},"conversation":{"id":1,"channel":"Channel::WebWidget","additional_attributes":{"referer":"https://www.example.com/prices"}},"inbox":{"id":1,"name":"Website"},"account":{"id":1,"name":"Firma"}}"#,
    ),
    ..Provider::of_chats("chatwoot", "Chatwoot")
};

/// A message and what became of it later: the same message is known by its number.
fn delivery(body: &Node) -> Option<String> {
    let event = body.text_at("event").filter(|event| event == "message_created")?;
    Some(format!("{event}:{}", body.text_at("id")?))
}

fn noise(body: &Node) -> Option<String> {
    let event = body.text_at("event")?;
    let wanted = ["message_created", "message_updated", "conversation_created", "contact_created", "contact_updated"];
    if let Some(other) = other_than(&wanted, Some(event.clone())) {
        return Some(other);
    }
    if body.at("private").is_some_and(Node::is_true) {
        return Some("a note that only operators see".to_owned());
    }
    if event.starts_with("contact_") {
        let places = ["email", "phone_number", "contact.email", "contact.phone_number"];
        return first(body, &places).is_none().then(|| "a contact without an address or number".to_owned());
    }
    if event == "message_updated" && answers(body).is_empty() {
        return Some("a change of a message that came before".to_owned());
    }
    match body.text_at("sender.type").as_deref() {
        Some("user") if answers(body).is_empty() => return Some(OPERATOR.to_owned()),
        Some("agent_bot") if answers(body).is_empty() => return Some(BOT.to_owned()),
        _ => {}
    }
    match body.text_at("message_type").as_deref() {
        Some("outgoing" | "1") => Some(OPERATOR.to_owned()).filter(|_| answers(body).is_empty()),
        Some("template" | "3" | "activity" | "2") => Some(BOT.to_owned()).filter(|_| answers(body).is_empty()),
        _ => None,
    }
}

fn conversations(body: &Node) -> Vec<String> {
    let event = body.text_at("event").unwrap_or_default();
    if event.starts_with("contact_") {
        return first(body, &["id", "contact.id"]).map(|id| format!("contact:{id}")).into_iter().collect();
    }
    let own: &[&str] = if event.starts_with("conversation_") { &["id"] } else { &[] };
    let conversation = first(body, &[&["conversation.id", "conversation.display_id"][..], own].concat());
    let places = ["conversation.meta.sender.id", "meta.sender.id", "conversation.contact.id", "contact.id"];
    let sender = body.text_at("sender.id").filter(|_| body.text_at("sender.type").is_none_or(|kind| kind == "contact"));
    let contact = first(body, &places).or(sender);
    let contact = contact.map(|id| format!("contact:{id}"));
    conversation.map(|id| format!("conversation:{id}")).into_iter().chain(contact).collect()
}

/// What a visitor filled into a form within the chat, by its labels.
fn answers(body: &Node) -> Vec<(String, Node)> {
    let email = body.at("content_attributes.submitted_email").map(|email| ("email".to_owned(), email.clone()));
    let values = body.at("content_attributes.submitted_values").map(Node::items).unwrap_or_default().iter();
    let values =
        values.filter_map(|value| Some((first(value, &["name", "title"])?, Node::Text(value.text_at("value")?))));
    email.into_iter().chain(values).collect()
}

fn arrange(body: Node) -> Node {
    let Some(event) = body.text_at("event") else { return body };
    let is_contact = event.starts_with("contact_");
    let mut places: Vec<&str> = vec!["conversation.meta.sender", "meta.sender", "conversation.contact", "contact"];
    if body.text_at("sender.type").is_none_or(|kind| kind == "contact") {
        places.insert(0, "sender");
    }
    let people: Vec<&Node> =
        places.into_iter().filter_map(|place| body.at(place)).chain(is_contact.then_some(&body)).collect();
    let of = |key: &str| people.iter().find_map(|person| person.text_at(key));
    let mut entries: Vec<_> = [
        said("name", of("name").filter(|name| !is_made_up(name))),
        said("email", of("email")),
        said("phone", of("phone_number")),
        said("company", of("additional_attributes.company_name")),
        said("country", of("additional_attributes.country_code")),
        said("city", of("additional_attributes.city")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let answered = answers(&body);
    if answered.is_empty() && !is_contact {
        let first_message = body.at("messages").map(Node::items).unwrap_or_default().first();
        let text = body.text_at("content").or_else(|| first_message?.text_at("content"));
        entries.extend(said("message", text));
    }
    entries.extend(answered);
    entries.extend(named(
        &body,
        &[
            ("page url", &["conversation.additional_attributes.referer", "additional_attributes.referer"]),
            ("inbox", &["inbox.name"]),
        ],
    ));
    for file in body.at("attachments").map(Node::items).unwrap_or_default() {
        entries.extend(said("file", file.text_at("data_url")));
    }
    for person in people {
        let own = person.at("custom_attributes").map(Node::entries).unwrap_or_default().iter();
        let fresh: Vec<_> = own.filter(|own| own.1.is_single() && !entries.contains(own)).cloned().collect();
        entries.extend(fresh);
    }
    Node::Map(entries)
}

/// Whether Chatwoot made up the name of an anonymous visitor: `misty-dew-123`.
fn is_made_up(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    matches!(&parts[..], [one, two, number] if is_word(one) && is_word(two) && number.parse::<u32>().is_ok())
}
