//! A signature over a time and a token that stand in the body beside it. Mailgun signs so
//! (<https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>): it shows who posts,
//! and says nothing of what is posted.

use std::time::Duration;

use axum::http::header;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::encoding::Encoding;
use super::gateway::{self, fields};
use super::signature::{is_near, text};
use super::verify::Post;

/// How far the time may be from ours.
pub(super) const TOLERANCE: Duration = Duration::from_mins(5);

/// Whether the body's `signature` is that of its `timestamp` and `token`, made lately.
pub(super) fn is_on(post: &Post<'_>, secret: &str) -> bool {
    let Some([time, token, signature]) = signed(post) else { return false };
    let Ok(mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()) else { return false };
    let Some(signature) = Encoding::Hex.decode(&signature) else { return false };
    let is_signed = mac.chain_update(&time).chain_update(&token).verify_slice(&signature).is_ok();
    is_signed && !token.is_empty() && is_near(&time, post.now, TOLERANCE)
}

/// The token by which a post is signed so.
pub(super) fn token(post: &Post<'_>) -> Option<String> {
    signed(post).map(|[_, token, _]| token)
}

/// The time of such a signature, as it is written.
pub(super) fn time(post: &Post<'_>) -> Option<String> {
    signed(post).map(|[time, _, _]| time)
}

/// Time, token and signature of a form, or of the JSON in which events come.
fn signed(post: &Post<'_>) -> Option<[String; 3]> {
    const NAMES: [&str; 3] = ["timestamp", "token", "signature"];
    let content_type = text(post.headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let fields = fields(&gateway::Post { content_type, bytes: post.body });
    let json: Option<Value> = if fields.is_empty() { serde_json::from_slice(post.body).ok() } else { None };
    let find = |name: &str| match &json {
        Some(body) => body["signature"][name].as_str().map(str::to_owned),
        None => fields.iter().find(|field| field.name == name).map(gateway::Field::text),
    };
    let [time, token, signature] = NAMES.map(find);
    Some([time?, token?, signature?])
}
