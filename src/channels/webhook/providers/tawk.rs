//! tawk.to: the start of a chat, its transcript, and tickets. Signed with HMAC-SHA1; a repetition has the same
//! event id.

use super::{Provider, first, named, other_than, said};
use crate::channels::webhook::algorithm::Algorithm;
use crate::channels::webhook::signature::Signature;
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// tawk.to.
pub(super) static TAWK: Provider = Provider {
    proof: || Proof::Signature(Signature { algorithm: Algorithm::HmacSha1, ..Signature::of_body("x-tawk-signature") }),
    delivery: Some("x-hook-event-id"),
    schema: Schema { arrange, noise, conversations, ..Schema::plain("tawk") },
    steps: "In the dashboard, open Administration, then Webhooks under Settings, and click Create Webhook.\n\
        URL: {url}\n\
        Events: Chat start, New ticket, Chat transcript.\n\
        Copy the Secret Key that tawk.to shows, and set it as the secret of this channel.\n\
        Ask for name and e-mail in the Pre-Chat Form of the widget: visitors are anonymous otherwise.",
    sample: (
        "application/json",
        r#"{"event":"chat:start","chatId":"lotse","time":"2026-01-01T10:00:00.000Z","message":{"sender":{"type":"visitor"},"type":"msg","text":"Please send me an offer."},"visitor":{"name":"Erika Muster","email":"erika@firma.example","city":"Berlin","country":"DE"},"property":{"id":"lotse","name":"www.example.com"}}"#,
    ),
    ..Provider::of_chats("tawk", "tawk.to")
};

/// The messages of a transcript.
fn messages(body: &Node) -> &[Node] {
    body.at("chat.messages").or_else(|| body.at("messages")).map(Node::items).unwrap_or_default()
}

/// Who wrote a message: `v`isitor, `a`gent or `s`ystem, in letters or words.
fn writer(message: &Node) -> char {
    let kind = first(message, &["sender.t", "sender.type"]).unwrap_or_default();
    kind.chars().next().unwrap_or('v').to_ascii_lowercase()
}

fn noise(body: &Node) -> Option<String> {
    let event = body.text_at("event")?;
    if event == "chat:end" {
        return Some("the end of a chat: what was said has come before, or comes as its transcript".to_owned());
    }
    if event == "chat:transcript_created" && !messages(body).iter().any(|message| writer(message) == 'v') {
        return Some("a transcript of a chat in which no visitor wrote".to_owned());
    }
    if event == "chat:start" && body.at("message").is_some_and(|message| writer(message) == 'a') {
        return Some(super::OPERATOR.to_owned());
    }
    other_than(&["chat:start", "chat:transcript_created", "ticket:create"], Some(event))
}

fn conversations(body: &Node) -> Vec<String> {
    let chat = first(body, &["chatId", "chat.id"]).map(|id| format!("chat:{id}"));
    let ticket = body.text_at("ticket.id").map(|id| format!("ticket:{id}"));
    chat.into_iter().chain(ticket).collect()
}

fn arrange(body: Node) -> Node {
    if body.text_at("event").is_none() {
        return body;
    }
    let places: &[(&str, &[&str])] = &[
        ("email", &["visitor.email", "chat.visitor.email", "requester.email"]),
        ("country", &["visitor.country", "chat.visitor.country"]),
        ("city", &["visitor.city", "chat.visitor.city"]),
        ("subject", &["ticket.subject"]),
        ("website name", &["property.name"]),
    ];
    let name = first(&body, &["visitor.name", "chat.visitor.name", "requester.name"]);
    let mut entries: Vec<_> = said("name", name.filter(|name| !is_made_up(name))).into_iter().collect();
    entries.extend(named(&body, places));
    let text = first(&body, &["message.text", "ticket.message"]);
    match text {
        Some(text) => entries.extend(answers(&text).unwrap_or_else(|| vec![("message".to_owned(), Node::Text(text))])),
        None => entries.extend(said("message", transcript(&body))),
    }
    Node::Map(entries)
}

/// Whether tawk.to made up the name: `V` with a number.
fn is_made_up(name: &str) -> bool {
    name.strip_prefix('V').is_some_and(|rest| rest.len() > 3 && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// The answers of the form before a chat, which come as one text: `Name : …`, a line each.
fn answers(text: &str) -> Option<Vec<(String, Node)>> {
    let mut answers: Vec<(String, String)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match (line.split_once(" : "), answers.last_mut()) {
            (Some((label, value)), _) if label.chars().count() <= 60 => {
                answers.push((label.trim().to_owned(), value.trim().to_owned()));
            }
            // The last answer goes on.
            (_, Some((_, value))) => {
                value.push('\n');
                value.push_str(line);
            }
            _ => return None,
        }
    }
    (answers.len() > 1).then(|| answers.into_iter().map(|(label, value)| (label, Node::Text(value))).collect())
}

/// All that was said, a line each, with who said it.
fn transcript(body: &Node) -> Option<String> {
    let line = |message: &Node| {
        let text = first(message, &["msg", "text"])?;
        let name = first(message, &["sender.n", "sender.name"]);
        Some(format!(
            "{}: {text}",
            name.unwrap_or_else(|| if writer(message) == 'v' { "Visitor" } else { "Agent" }.to_owned())
        ))
    };
    let lines: Vec<String> = messages(body).iter().filter_map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
