//! The headers by which a post proves that it knows the secret: nobody here does.
#![no_main]

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use lotse::channels::webhook::{Config, Post, verify};
use lotse::config::{ChannelKind, parse};

const SETTINGS: &str = r#"
[channels.plain]
kind = "webhook"
secret = "a secret that nobody guesses"
[channels.hub]
kind = "webhook"
secret = ["a secret that nobody guesses", "another one"]
signature = { header = "X-Hub-Signature-256", algorithm = "hmac-sha256", encoding = "hex", prefix = "sha256=" }
[channels.shop]
kind = "webhook"
secret = "a secret that nobody guesses"
signature = { header = "X-Shop-Signature", algorithm = "hmac-sha256", encoding = "base64" }
[channels.parts]
kind = "webhook"
secret = "a secret that nobody guesses"
signature = { header = "X-Parts", part = "v1", timestamp = "t", signed = "{id}.{timestamp}.{body}", id = "X-Shop-Signature", tolerance = "24h" }
[channels.site]
kind = "webhook"
provider = "netlify"
secret = "a secret that nobody guesses"
"#;

static HOOKS: LazyLock<Vec<Config>> = LazyLock::new(|| {
    let channels = parse(SETTINGS, None).draft.expect("settings").channels;
    let hook = |kind| if let ChannelKind::Webhook(hook) = kind { Some(hook) } else { None };
    channels.into_iter().filter_map(|channel| hook(channel.kind)).collect()
});

libfuzzer_sys::fuzz_target!(|post: &[u8]| {
    let mut parts = post.splitn(2, |byte| *byte == b'\n');
    let (value, body) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(value) = HeaderValue::from_bytes(value) else { return };
    let mut headers = HeaderMap::new();
    for name in ["authorization", "x-lotse-signature", "x-hub-signature-256", "x-shop-signature", "x-parts", "x-webhook-signature"] {
        headers.insert(HeaderName::from_static(name), value.clone());
    }
    assert_eq!(HOOKS.len(), 5);
    let query = std::str::from_utf8(body).ok();
    let post = Post { method: "POST", url: None, query, headers: &headers, body, now: jiff::Timestamp::UNIX_EPOCH };
    assert!(HOOKS.iter().all(|hook| !verify(hook, &post)));
});
