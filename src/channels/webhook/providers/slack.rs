//! Slack: messages of channels and slash commands. Signed over version, time and body. Before it sends
//! anything it posts a challenge.

use axum::http::StatusCode;
use serde_json::json;

use super::{BOT, Provider, first, named, other_than, said};
use crate::channels::webhook::answer;
use crate::channels::webhook::signature::{Piece, Signature};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Slack.
pub(super) static SLACK: Provider = Provider {
    proof: || {
        let text = |text: &str| Piece::Text(text.to_owned());
        Proof::Signature(Signature {
            prefix: "v0=".to_owned(),
            signed: vec![text("v0:"), Piece::Timestamp, text(":"), Piece::Body],
            timestamp: Some("x-slack-request-timestamp".to_owned()),
            ..Signature::of_body("x-slack-signature")
        })
    },
    schema: Schema {
        arrange,
        delivery: |body| first(body, &["event_id", "trigger_id"]),
        noise,
        conversations,
        ..Schema::plain("slack")
    },
    handshake: |_, body, _| {
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        let asked = body.get("type").is_some_and(|kind| kind == "url_verification");
        let challenge = body.get("challenge").filter(|_| asked)?;
        Some(answer::body(StatusCode::OK, "application/json", json!({ "challenge": challenge }).to_string()))
    },
    steps: "On api.slack.com/apps, open your app, and copy its Signing Secret (Basic Information): it is the secret of \
        this channel.\n\
        Start lotse with it, then open Event Subscriptions and turn them on.\n\
        Request URL: {url}\n\
        Subscribe to bot events: message.channels (or app_mention). Save, and invite the app to the channel.\n\
        A slash command may post to the same address.",
    sample: (
        "application/json",
        r#"{"token":"lotse","team_id":"T1","type":"event_callback","event_id":"{id}","event":{"type":"message","channel":"C1","channel_type":"channel","user":"U1","user_profile":{"real_name":"Erika Muster"},"text":"Please send me an offer, to <mailto:erika@firma.example|erika@firma.example>","ts":"1700000000.000100"}}"#,
    ),
    ..Provider::of_chats("slack", "Slack")
};

fn noise(body: &Node) -> Option<String> {
    let kind = body.text_at("type")?;
    if let Some(other) = other_than(&["event_callback"], Some(kind)) {
        return Some(other);
    }
    if let Some(other) = other_than(&["message", "app_mention"], body.text_at("event.type")) {
        return Some(other);
    }
    let subtype = body.text_at("event.subtype");
    if body.text_at("event.bot_id").is_some() || subtype.as_deref() == Some("bot_message") {
        return Some(BOT.to_owned());
    }
    other_than(&["file_share", "thread_broadcast", "me_message"], subtype)
}

/// A channel is shared by many: a conversation is what one of them says there.
fn conversations(body: &Node) -> Vec<String> {
    let part = |places: &[&str]| first(body, places);
    let name = || {
        let (channel, user) = (part(&["event.channel", "channel_id"])?, part(&["event.user", "user_id"])?);
        Some(format!("{}:{channel}:{user}", part(&["team_id"]).unwrap_or_default()))
    };
    name().into_iter().collect()
}

fn arrange(body: Node) -> Node {
    if body.text_at("command").is_some() {
        return Node::Map(command(&body));
    }
    if body.at("event").is_none() {
        return body;
    }
    let mut entries = named(
        &body,
        &[
            ("name", &["event.user_profile.real_name", "event.user_profile.display_name"]),
            ("email", &["event.user_profile.email"]),
            ("slack user", &["event.user"]),
            ("slack channel", &["event.channel"]),
        ],
    );
    entries.extend(said("message", body.text_at("event.text").map(|text| plain(&text))));
    for file in body.at("event.files").map(Node::items).unwrap_or_default() {
        entries.extend(said("file", first(file, &["permalink", "url_private", "name"])));
    }
    Node::Map(entries)
}

fn command(body: &Node) -> Vec<(String, Node)> {
    let places: &[(&str, &[&str])] = &[
        ("slack user", &["user_name", "user_id"]),
        ("slack channel", &["channel_name", "channel_id"]),
        ("slash command", &["command"]),
    ];
    let mut entries = named(body, places);
    entries.extend(said("message", body.text_at("text").map(|text| plain(&text))));
    entries
}

/// Slack's marks as people read them: `<mailto:a@b.example|a@b.example>`, `<https://…|word>`, `&amp;`.
fn plain(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, tail)) = rest.split_once('<') {
        out.push_str(before);
        let Some((mark, after)) = tail.split_once('>') else {
            rest = tail;
            continue;
        };
        let (target, label) = mark.split_once('|').unwrap_or((mark, ""));
        match (target.strip_prefix("mailto:").or_else(|| target.strip_prefix("tel:")), label) {
            (Some(address), _) => out.push_str(address),
            (None, "") => out.push_str(target),
            (None, label) if target.contains(label) => out.push_str(target),
            (None, label) => out.extend([label, " (", target, ")"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
