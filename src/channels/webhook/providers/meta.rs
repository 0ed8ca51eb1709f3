//! What the products of Meta have in common: how they ask and prove themselves, and the envelope of their posts.

use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::channels::webhook::answer;
use crate::channels::webhook::signature::Signature;
use crate::channels::webhook::verify::Proof;
use crate::config::Secret;
use crate::normalize::form::tree::Node;

/// `X-Hub-Signature-256: sha256=HEX`, over the body, under the app's secret.
pub(super) fn proof() -> Proof {
    Proof::Signature(Signature { prefix: "sha256=".to_owned(), ..Signature::of_body("x-hub-signature-256") })
}

/// `GET ?hub.mode=subscribe&hub.challenge=…&hub.verify_token=…`: the challenge, where the token is the one of
/// the settings.
pub(super) fn handshake(request: &Parts, _: &[u8], secrets: &[Secret]) -> Option<Response> {
    if request.method != Method::GET {
        return None;
    }
    let query = request.uri.query().unwrap_or_default();
    let asked = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    };
    let challenge = asked("hub.challenge").filter(|_| asked("hub.mode").as_deref() == Some("subscribe"))?;
    let token = asked("hub.verify_token").unwrap_or_default();
    let secrets: Vec<&Secret> = secrets.iter().filter(|secret| !secret.expose().is_empty()).collect();
    if secrets.is_empty() {
        let text = "There is no verify token in the settings: set `verify_token`, or `secret`.\n".to_owned();
        return Some(answer::body(StatusCode::FORBIDDEN, "text/plain", text));
    }
    if !secrets.iter().fold(false, |any, secret| any | secret.is(&token)) {
        let text = "The verify token is not that of the settings.\n".to_owned();
        return Some(answer::body(StatusCode::FORBIDDEN, "text/plain", text));
    }
    Some(answer::body(StatusCode::OK, "text/plain", challenge))
}

/// All changes of a post, each with its entry.
pub(super) fn changes(body: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let entries = body["entry"].as_array().into_iter().flatten();
    entries.flat_map(|entry| entry["changes"].as_array().into_iter().flatten().map(move |change| (entry, change)))
}

/// One change in an envelope of its own.
pub(super) fn enveloped(body: &Value, entry: &Value, change: &Value) -> Value {
    let mut entry = entry.clone();
    entry["changes"] = json!([change]);
    let mut body = body.clone();
    body["entry"] = json!([entry]);
    body
}

/// The change of a post that holds one.
pub(super) fn change(body: &Node) -> Option<&Node> {
    body.at("entry")?.items().first()?.at("changes")?.items().first()
}
