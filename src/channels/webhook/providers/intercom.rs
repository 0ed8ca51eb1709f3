//! Intercom: notifications about conversations, contacts and tickets, the object under `data.item`. Signed with
//! HMAC-SHA1 under the app's client secret.

use axum::http::Method;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use super::{BOT, OPERATOR, Provider, first, named, other_than, pseudonyms, said};
use crate::channels::webhook::algorithm::Algorithm;
use crate::channels::webhook::signature::Signature;
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;
use crate::normalize::html;

/// Intercom.
pub(super) static INTERCOM: Provider = Provider {
    proof: || {
        Proof::Signature(Signature {
            algorithm: Algorithm::HmacSha1,
            prefix: "sha1=".to_owned(),
            ..Signature::of_body("x-hub-signature")
        })
    },
    schema: Schema {
        arrange,
        delivery: |body| body.text_at("id").filter(|_| is(body, "type", "notification_event")),
        noise,
        details: |body| {
            let topic = body.text_at("topic").unwrap_or_default();
            topic.starts_with("contact.") || topic.starts_with("user.")
        },
        conversations,
        ..Schema::plain("intercom")
    },
    // It looks whether the address is there before it saves it.
    handshake: |request, _, _| (request.method == Method::HEAD).then(|| StatusCode::OK.into_response()),
    steps: "In the Developer Hub, open your app (or make one), then Configure, Webhooks.\n\
        Endpoint URL: {url}\n\
        Topics: conversation.user.created, conversation.user.replied, contact.lead.created, contact.email.updated, \
        ticket.created.\n\
        Copy the Client secret under Basic information, and set it as the secret of this channel.\n\
        Save. Intercom sends a `ping`, which makes no lead.",
    sample: (
        "application/json",
        r#"{"type":"notification_event","id":"{id}","topic":"conversation.user.created","data":{"type":"notification_event_data","item":{"type":"conversation","id":"lotse","source":{"type":"conversation","body":"<p>Please send me an offer.</p>","url":"https://www.example.com/prices","author":{"type":"lead","id":"1","name":"Erika Muster","email":"erika@firma.example"}}}}}"#,
    ),
    ..Provider::of_chats("intercom", "Intercom")
};

fn is(node: &Node, place: &str, word: &str) -> bool {
    node.text_at(place).is_some_and(|text| text == word)
}

/// The conversation, contact or ticket that a body is about; some relays hand on that alone.
fn item(body: &Node) -> Option<&Node> {
    let known =
        |node: &&Node| ["conversation", "contact", "lead", "user", "ticket"].iter().any(|kind| is(node, "type", kind));
    body.at("data.item").or(Some(body)).filter(known)
}

/// Whether it is a person.
fn is_contact(item: &Node) -> bool {
    ["contact", "lead", "user"].iter().any(|kind| is(item, "type", kind))
}

/// The first name of one of these people that Intercom did not make up. A user has told their own, and so has
/// whoever is called otherwise than Intercom calls them.
fn name_of(people: &[&Node]) -> Option<String> {
    let email = people.iter().find_map(|person| person.text_at("email"));
    people.iter().find_map(|person| {
        let pseudonym = person.text_at("pseudonym");
        let is_user = is(person, "role", "user") || is(person, "type", "user");
        person.text_at("name").filter(|name| match &pseudonym {
            Some(pseudonym) => name != pseudonym,
            None => is_user || !pseudonyms::is_one(name, email.as_deref()),
        })
    })
}

/// The newest part of a conversation that is a message.
fn last_part(item: &Node) -> Option<&Node> {
    let parts = item.at("conversation_parts.conversation_parts").map(Node::items).unwrap_or_default();
    parts.iter().rev().find(|part| part.text_at("body").is_some())
}

/// What was written last, and by whom: a part, the message that opened the conversation, or its older form.
fn message<'a>(body: &Node, item: &'a Node) -> Option<&'a Node> {
    let opened = body.text_at("topic").is_some_and(|topic| topic.ends_with(".created"));
    let opening = item.at("source").or_else(|| item.at("conversation_message"));
    if opened { opening.or_else(|| last_part(item)) } else { last_part(item).or(opening) }
}

fn noise(body: &Node) -> Option<String> {
    let topic = body.text_at("topic");
    if topic.as_deref() == Some("ping") {
        return Some("a test of the provider (`ping`)".to_owned());
    }
    if topic.as_deref().is_some_and(|topic| topic.starts_with("conversation.admin.")) {
        return Some(OPERATOR.to_owned());
    }
    let wanted = [
        "conversation.user.created",
        "conversation.user.replied",
        "conversation.contact.attached",
        "contact.created",
        "contact.lead.created",
        "contact.lead.added_email",
        "contact.lead.signed_up",
        "contact.user.created",
        "contact.email.updated",
        "contact.phone.updated",
        "user.created",
        "ticket.created",
        "ticket.contact.replied",
    ];
    if let Some(other) = other_than(&wanted, topic) {
        return Some(other);
    }
    let item = item(body)?;
    if is_contact(item) && contact(item).is_empty() && item.text_at("name").is_some() {
        return Some("a name that Intercom made up".to_owned());
    }
    let item = Some(item).filter(|item| is(item, "type", "conversation"))?;
    match message(body, item)?.text_at("author.type")?.as_str() {
        "admin" | "team" | "teammate" => Some(OPERATOR.to_owned()),
        "bot" => Some(BOT.to_owned()),
        _ => None,
    }
}

/// The contacts that a conversation or ticket names.
fn contacts(item: &Node) -> &[Node] {
    item.at("contacts.contacts").or_else(|| item.at("contacts")).map(Node::items).unwrap_or_default()
}

/// A person's conversations are one: Intercom knows them by their contact.
fn conversations(body: &Node) -> Vec<String> {
    let Some(item) = item(body) else { return Vec::new() };
    let kind = item.text_at("type").unwrap_or_default();
    let kind = if matches!(&*kind, "lead" | "user") { "contact" } else { &kind };
    let own = item.text_at("id").map(|id| format!("{kind}:{id}"));
    let author = message(body, item)
        .filter(|message| !matches!(message.text_at("author.type").as_deref(), Some("admin" | "bot" | "team") | None));
    let author = author.and_then(|message| message.text_at("author.id"));
    let contact = author.or_else(|| item.text_at("user.id")).or_else(|| contacts(item).first()?.text_at("id"));
    own.into_iter().chain(contact.map(|id| format!("contact:{id}"))).collect()
}

fn arrange(body: Node) -> Node {
    let Some(item) = item(&body) else { return body };
    match item.text_at("type").as_deref() {
        Some("conversation") => Node::Map(conversation(&body, item)),
        Some("ticket") => Node::Map(ticket(item)),
        _ => Node::Map(contact(item)),
    }
}

fn conversation(body: &Node, item: &Node) -> Vec<(String, Node)> {
    let message = message(body, item);
    let written = message.and_then(|message| message.text_at("body")).map(|text| html::to_text(&text));
    let people = [message.and_then(|message| message.at("author")), item.at("source.author"), item.at("user")];
    let people = people.into_iter().flatten().chain(contacts(item));
    let is_ours = |person: &&Node| matches!(person.text_at("type").as_deref(), Some("admin" | "bot" | "team"));
    let people: Vec<&Node> = people.filter(|person| !is_ours(person)).collect();
    let of = |key: &str| people.iter().find_map(|person| person.text_at(key));
    let mut entries: Vec<_> = [
        said("name", name_of(&people)),
        said("email", of("email")),
        said("phone", of("phone")),
        said("message", written),
        said("subject", first(item, &["source.subject", "title"]).map(|text| html::to_text(&text))),
        said("page url", first(item, &["source.url", "conversation_message.url"])),
    ]
    .into_iter()
    .flatten()
    .collect();
    entries.extend(attributes(item.at("custom_attributes")));
    entries
}

fn ticket(item: &Node) -> Vec<(String, Node)> {
    let about = item.at("ticket_attributes");
    let people: Vec<&Node> = contacts(item).iter().collect();
    let of = |key: &str| people.iter().find_map(|person| person.text_at(key));
    let mut entries: Vec<_> = [
        said("name", name_of(&people)),
        said("email", of("email")),
        said("phone", of("phone")),
        said("subject", about.and_then(|about| about.text_at("_default_title_"))),
        said("message", about.and_then(|about| about.text_at("_default_description_"))),
    ]
    .into_iter()
    .flatten()
    .collect();
    entries.extend(attributes(about));
    entries
}

fn contact(item: &Node) -> Vec<(String, Node)> {
    let mut entries: Vec<_> = said("name", name_of(&[item])).into_iter().collect();
    entries.extend(named(
        item,
        &[
            ("email", &["email"]),
            ("phone", &["phone"]),
            ("country", &["location.country"]),
            ("city", &["location.city"]),
            ("referrer", &["referrer"]),
            ("utm_source", &["utm_source"]),
            ("utm_medium", &["utm_medium"]),
            ("utm_campaign", &["utm_campaign"]),
            ("utm_term", &["utm_term"]),
            ("utm_content", &["utm_content"]),
        ],
    ));
    entries.extend(attributes(item.at("custom_attributes")));
    entries
}

/// What the user asks of their own.
fn attributes(of: Option<&Node>) -> Vec<(String, Node)> {
    let own = of.map(Node::entries).unwrap_or_default().iter();
    own.filter(|(key, value)| value.is_single() && !key.starts_with("_default_")).cloned().collect()
}
