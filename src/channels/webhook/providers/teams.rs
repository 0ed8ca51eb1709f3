//! Microsoft Teams, outgoing webhook: a message in a channel that mentions it. The sender reads our answer in
//! the channel.

use axum::http::StatusCode;
use serde_json::json;

use super::{BOT, Provider, named, other_than, said};
use crate::channels::webhook::algorithm::Key;
use crate::channels::webhook::answer;
use crate::channels::webhook::encoding::Encoding;
use crate::channels::webhook::signature::Signature;
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;
use crate::normalize::html;

/// Microsoft Teams.
pub(super) static TEAMS: Provider = Provider {
    proof: || {
        Proof::Signature(Signature {
            prefix: "HMAC ".to_owned(),
            encoding: Encoding::Base64,
            key: Key::Base64,
            ..Signature::of_body("authorization")
        })
    },
    schema: Schema { arrange, delivery, noise, conversations, ..Schema::plain("teams") },
    answer: |_, _| {
        let said = json!({ "type": "message", "text": "Thank you, your message has arrived." });
        answer::body(StatusCode::OK, "application/json", said.to_string())
    },
    steps: "In Teams, open the team's Manage team, then Apps, and click Create an outgoing webhook.\n\
        Callback URL: {url} (https only)\n\
        Click Create, and set the security token that Teams shows as the secret of this channel.\n\
        Mention the webhook by its name in a channel: what follows becomes a lead.",
    sample: (
        "application/json",
        r#"{"type":"message","id":"{id}","timestamp":"2026-01-01T10:00:00Z","channelId":"msteams","from":{"id":"29:1","name":"Erika Muster","aadObjectId":"a"},"conversation":{"id":"19:lotse@thread.tacv2;messageid=1"},"text":"<at>Lotse</at> Please send me an offer, to erika@firma.example"}"#,
    ),
    ..Provider::of_chats("teams", "Microsoft Teams")
};

/// An activity of the Bot Framework.
fn is_activity(body: &Node) -> bool {
    body.at("conversation.id").is_some() && body.at("from").is_some()
}

fn channel(body: &Node) -> Option<String> {
    let id = body.text_at("conversation.id").filter(|_| is_activity(body))?;
    Some(id.split(';').next().unwrap_or_default().to_owned())
}

fn delivery(body: &Node) -> Option<String> {
    Some(format!("{}:{}", channel(body)?, body.text_at("id")?))
}

fn noise(body: &Node) -> Option<String> {
    if !is_activity(body) {
        return None;
    }
    if body.text_at("from.role").as_deref() == Some("bot")
        || body.text_at("from.id").is_some_and(|id| id.starts_with("28:"))
    {
        return Some(BOT.to_owned());
    }
    other_than(&["message"], body.text_at("type"))
}

/// A channel is shared by many: a conversation is what one of them says there.
fn conversations(body: &Node) -> Vec<String> {
    let name = || {
        let user = body.text_at("from.aadObjectId").or_else(|| body.text_at("from.id"))?;
        Some(format!("{}:{user}", channel(body)?))
    };
    name().into_iter().collect()
}

fn arrange(body: Node) -> Node {
    if !is_activity(&body) {
        return body;
    }
    let mut entries = named(&body, &[("name", &["from.name"]), ("email", &["from.email"])]);
    let text = body.text_at("text").map(|text| html::to_text(&without_mentions(&text)).trim().to_owned());
    entries.extend(said("message", text.filter(|text| !text.is_empty())));
    Node::Map(entries)
}

/// The text without the names that it calls by.
fn without_mentions(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, tail)) = rest.split_once("<at>") {
        out.push_str(before);
        rest = tail.split_once("</at>").map_or("", |(_, after)| after);
    }
    out + rest
}
