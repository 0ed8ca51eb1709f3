//! Crisp: an event for each message and each detail of a visitor, by session. Signed over the time and the body
//! in brackets.

use super::{BOT, OPERATOR, Provider, first, other_than, said};
use crate::channels::webhook::signature::{Piece, Signature};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Crisp.
pub(super) static CRISP: Provider = Provider {
    proof: || {
        let text = |text: &str| Piece::Text(text.to_owned());
        // A web hook of the dashboard is not signed; its address holds a key.
        Proof::SignatureOrToken(Signature {
            signed: vec![text("["), Piece::Timestamp, text(";"), Piece::Body, text("]")],
            timestamp: Some("x-crisp-request-timestamp".to_owned()),
            ..Signature::of_body("x-crisp-signature")
        })
    },
    schema: Schema {
        arrange,
        delivery: |body| {
            let fingerprint = body.text_at("data.fingerprint")?;
            let event = body.text_at("event")?.replace("updated", "send");
            Some(format!("{event}:{}:{fingerprint}", body.text_at("data.session_id")?))
        },
        noise,
        details: |body| body.text_at("event").is_some_and(|event| event.starts_with("session:set_")),
        conversations: |body| body.text_at("data.session_id").into_iter().collect(),
        ..Schema::plain("crisp")
    },
    steps: "In the Crisp Marketplace, open your plugin, then Web Hooks (or, for one website: Settings, Advanced \
        configuration, Web Hooks).\n\
        Web Hook URL: {url}\n\
        Events: message:send, session:set_email, session:set_phone, session:set_nickname, session:set_data.\n\
        Copy the signing secret of the plugin, and set it as the secret of this channel. A web hook of a website is \
        not signed: add ?key=SECRET to its address.",
    sample: (
        "application/json",
        r#"{"website_id":"lotse","event":"message:send","data":{"website_id":"lotse","session_id":"session_{id}","from":"user","type":"text","origin":"chat","content":"Please send me an offer, to erika@firma.example","fingerprint":1,"user":{"nickname":"Erika Muster","user_id":"session_lotse"},"timestamp":1700000000000},"timestamp":1700000000000}"#,
    ),
    ..Provider::of_chats("crisp", "Crisp")
};

/// The details of a visitor, by the event that tells them, and under which key.
const DETAILS: [(&str, &str, &str); 3] = [
    ("session:set_email", "email", "email"),
    ("session:set_phone", "phone", "phone"),
    ("session:set_nickname", "name", "nickname"),
];

fn noise(body: &Node) -> Option<String> {
    let event = body.text_at("event")?;
    if event.starts_with("message:") && body.at("data.automated").is_some_and(Node::is_true) {
        return Some(BOT.to_owned());
    }
    if event == "message:received" || body.text_at("data.from").as_deref() == Some("operator") {
        return Some(OPERATOR.to_owned());
    }
    let kind = body.text_at("data.type");
    if event == "message:send" && matches!(kind.as_deref(), Some("note" | "event" | "picker" | "field" | "carousel")) {
        return other_than(&[], kind);
    }
    if event == "session:set_nickname" && body.text_at("data.nickname").is_some_and(|name| is_made_up(&name)) {
        return Some("a name that Crisp made up".to_owned());
    }
    let details = DETAILS.map(|(event, _, _)| event);
    other_than(&[&["message:send", "session:set_data"][..], &details].concat(), Some(event))
}

/// Whether Crisp made up the name: `visitor` with a number.
fn is_made_up(name: &str) -> bool {
    name.to_ascii_lowercase().strip_prefix("visitor").is_some_and(|rest| rest.chars().all(|c| !c.is_alphabetic()))
}

fn arrange(body: Node) -> Node {
    let (Some(event), Some(data)) = (body.text_at("event"), body.at("data")) else { return body };
    if let Some((_, label, key)) = DETAILS.iter().find(|(known, _, _)| *known == event) {
        return Node::Map(said(label, data.text_at(key)).into_iter().collect());
    }
    if event == "session:set_data" {
        return Node::Map(data.at("data").map(Node::entries).unwrap_or_default().to_vec());
    }
    let name = data.text_at("user.nickname").filter(|name| !is_made_up(name));
    // A file is an object with its address.
    let text = first(data, &["content", "content.text", "content.name", "content.url"]);
    let file = data.text_at("content.url").filter(|_| data.text_at("content").is_none());
    let entries =
        [said("name", name), said("email", data.text_at("user.email")), said("message", text), said("file", file)];
    Node::Map(entries.into_iter().flatten().collect())
}
