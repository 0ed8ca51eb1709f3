//! LiveChat, of Text (<https://platform.text.com/docs/management/webhooks/>): chats and their events. Nothing is
//! signed; the body holds the secret.

use super::{OPERATOR, Provider, first, other_than, said};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// LiveChat.
pub(super) static LIVECHAT: Provider = Provider {
    proof: || Proof::Field("secret_key"),
    schema: Schema {
        arrange,
        delivery,
        noise,
        conversations: |body| first(body, &["payload.chat.id", "payload.chat_id"]).into_iter().collect(),
        ..Schema::plain("livechat")
    },
    steps: "In the Developer Console of Text, open your app, then Building blocks, Chat webhooks.\n\
        Target URL: {url}\n\
        Secret key: the secret of this channel.\n\
        Triggers: incoming_chat, incoming_event, chat_deactivated. Install the app in your account.",
    sample: (
        "application/json",
        r#"{"webhook_id":"lotse","action":"incoming_chat","organization_id":"lotse","payload":{"chat":{"id":"LOTSE{id}","users":[{"id":"c1","type":"customer","name":"Erika Muster","email":"erika@firma.example","last_visit":{"last_pages":[{"url":"https://www.example.com/prices","title":"Prices"}]}}],"thread":{"id":"T1","events":[{"id":"T1_1","type":"message","text":"Please send me an offer.","author_id":"c1"}]}}}}"#,
    ),
    ..Provider::of_chats("livechat", "LiveChat")
};

fn users(body: &Node) -> &[Node] {
    body.at("payload.chat.users").map(Node::items).unwrap_or_default()
}

fn is_agent(user: &Node) -> bool {
    user.text_at("type").as_deref() == Some("agent")
}

/// Events of the thread that came with a chat, or the one event that came.
fn events(body: &Node) -> Vec<&Node> {
    let listed = body.at("payload.chat.thread.events").map(Node::items).unwrap_or_default();
    listed.iter().chain(body.at("payload.event")).collect()
}

/// Whether one of our own wrote it: agents are called by their addresses, customers by a number.
fn is_ours(event: &Node, body: &Node) -> bool {
    let Some(author) = event.text_at("author_id") else { return false };
    let is_author = |user: &&Node| user.text_at("id").as_deref() == Some(author.as_str());
    users(body).iter().find(is_author).map_or_else(|| author.contains('@'), is_agent)
}

/// What customers said and filled in.
fn spoken(body: &Node) -> Vec<&Node> {
    let kinds = ["message", "filled_form", "file", "form"];
    let wanted = |event: &&Node| event.text_at("type").is_some_and(|kind| kinds.contains(&kind.as_str()));
    events(body).into_iter().filter(wanted).filter(|event| !is_ours(event, body)).collect()
}

fn noise(body: &Node) -> Option<String> {
    let action = body.text_at("action")?;
    if let Some(other) = other_than(&["incoming_chat", "incoming_event", "chat_started"], Some(action)) {
        return Some(other);
    }
    if !spoken(body).is_empty() {
        return None;
    }
    if events(body).iter().any(|event| is_ours(event, body)) {
        return Some(OPERATOR.to_owned());
    }
    if let Some(kind) = body.text_at("payload.event.type") {
        return other_than(&[], Some(kind));
    }
    let reachable = users(body).iter().any(|user| !is_agent(user) && user.text_at("email").is_some());
    (!reachable).then(|| "a chat in which nobody has said anything yet".to_owned())
}

fn delivery(body: &Node) -> Option<String> {
    let chat = first(body, &["payload.chat.id", "payload.chat_id"])?;
    let thread = first(body, &["payload.chat.thread.id", "payload.thread_id"]).unwrap_or_default();
    let event = body.text_at("payload.event.id").unwrap_or_default();
    Some(format!("{}:{chat}:{thread}:{event}", body.text_at("action")?))
}

fn arrange(body: Node) -> Node {
    if body.text_at("action").is_none() || body.at("payload").is_none() {
        return body;
    }
    let customer = users(&body).iter().find(|user| !is_agent(user));
    let of = |key: &str| customer.and_then(|customer| customer.text_at(key));
    let pages = customer.and_then(|customer| customer.at("last_visit.last_pages")).map(Node::items).unwrap_or_default();
    let mut named = vec![
        said("name", of("name")),
        said("email", of("email")),
        said("phone", of("phone_number")),
        said("country", of("last_visit.geolocation.country_code")),
        said("page url", pages.last().and_then(|page| page.text_at("url"))),
        said("referrer", of("last_visit.referrer")),
    ];
    let mut fields = Vec::new();
    let mut texts = Vec::new();
    for event in spoken(&body) {
        let answers = event.at("fields").map(Node::items).unwrap_or_default();
        fields.extend(answers.iter().filter_map(answer));
        texts.extend(event.text_at("text"));
        named.push(said("file", event.text_at("url")));
    }
    for session in customer.and_then(|customer| customer.at("session_fields")).map(Node::items).unwrap_or_default() {
        fields.extend(session.entries().iter().map(|(key, value)| Node::field(key, "", value.clone())));
    }
    named.push(said("message", Some(texts.join("\n")).filter(|text| !text.is_empty())));
    Node::form(fields, named.into_iter().flatten().collect())
}

/// A field of the form before the chat.
fn answer(field: &Node) -> Option<Node> {
    let label = first(field, &["label", "name", "id"])?;
    let kind = field.text_at("type").unwrap_or_default();
    let value = field.at("answer").or_else(|| field.at("value"))?;
    let value = value.at("label").unwrap_or(value).clone();
    // What has a type of its own is what it says.
    let label = if matches!(&*kind, "name" | "email") { kind.clone() } else { label };
    Some(Node::field(&label, &kind, value))
}
