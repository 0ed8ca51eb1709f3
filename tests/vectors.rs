//! Signatures as providers and their libraries publish them, from `vectors.json` beside the folder in
//! `LOTSE_CORPUS` (default `../shared/data`) and from `webhooks/signature-vectors` in it: each verifies as it
//! is, and not with one bit changed, at another time, or with another secret. Skipped where they are not
//! there. The tests of `channels::webhook` have vectors of their own.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{Span, Timestamp};
use lotse::channels::webhook::{self, Post};
use lotse::config::{self, ChannelKind};
use serde_json::Value;

/// The settings that verify each scheme: a provider of ours, or a description.
const SCHEMES: [(&str, &str); 25] = [
    ("standard-webhooks", STANDARD),
    ("standard_webhooks", STANDARD),
    (
        "svix",
        r#"signature = { header = "svix-signature", part = "v1", encoding = "base64", signed = "{id}.{timestamp}.{body}", timestamp = "svix-timestamp", key = "base64" }"#,
    ),
    ("slack", SLACK),
    ("slack_v0", SLACK),
    ("github-style (X-Hub-Signature-256)", GITHUB),
    ("meta (leadgen, whatsapp)", GITHUB),
    (
        "stripe-style",
        r#"signature = { header = "Stripe-Signature", part = "v1", timestamp = "t", signed = "{timestamp}.{body}" }"#,
    ),
    (
        "zendesk",
        r#"signature = { header = "X-Zendesk-Webhook-Signature", encoding = "base64", signed = "{timestamp}{body}", timestamp = "X-Zendesk-Webhook-Signature-Timestamp" }"#,
    ),
    ("twilio", TWILIO),
    ("twilio_form", TWILIO),
    ("twilio_form_duplicates", TWILIO),
    ("hubspot_v1", HUBSPOT_1),
    ("hubspot_v2_get", HUBSPOT_2),
    ("hubspot_v2_post", HUBSPOT_2),
    (
        "calendly",
        r#"signature = { header = "Calendly-Webhook-Signature", part = "v1", timestamp = "t", signed = "{timestamp}.{body}" }"#,
    ),
    (
        "tiktok",
        r#"signature = { header = "TikTok-Signature", part = "s", timestamp = "t", signed = "{timestamp}.{body}" }"#,
    ),
    (
        "tidio",
        r#"signature = { header = "x-tidio-signature", part = "s", timestamp = "t", signed = "{body}_{timestamp}" }"#,
    ),
    ("cal.com", r#"signature = { header = "X-Cal-Signature-256" }"#),
    ("linkedin", r#"signature = { header = "X-LI-Signature", signed = "hmacsha256={body}" }"#),
    ("intercom", r#"signature = { header = "X-Hub-Signature", algorithm = "hmac-sha1", prefix = "sha1=" }"#),
    ("tawk.to", r#"signature = { header = "X-Tawk-Signature", algorithm = "hmac-sha1" }"#),
    (
        "crisp",
        r#"signature = { header = "X-Crisp-Signature", signed = "[{timestamp};{body}]", timestamp = "X-Crisp-Request-Timestamp" }"#,
    ),
    (
        "chatwoot",
        r#"signature = { header = "X-Chatwoot-Signature", prefix = "sha256=", signed = "{timestamp}.{body}", timestamp = "X-Chatwoot-Timestamp" }"#,
    ),
    (
        "msteams-outgoing",
        r#"signature = { header = "Authorization", prefix = "HMAC ", encoding = "base64", key = "base64" }"#,
    ),
];
const STANDARD: &str = r#"signature = { header = "webhook-signature", part = "v1", encoding = "base64", signed = "{id}.{timestamp}.{body}", timestamp = "webhook-timestamp", key = "base64" }"#;
const SLACK: &str = r#"signature = { header = "X-Slack-Signature", prefix = "v0=", signed = "v0:{timestamp}:{body}", timestamp = "X-Slack-Request-Timestamp" }"#;
const GITHUB: &str = r#"signature = { header = "X-Hub-Signature-256", prefix = "sha256=" }"#;
const TWILIO: &str = r#"signature = { header = "X-Twilio-Signature", algorithm = "hmac-sha1", encoding = "base64", signed = "{url}{params}" }"#;
const HUBSPOT_1: &str = r#"signature = { header = "X-HubSpot-Signature", algorithm = "sha256" }"#;
const HUBSPOT_2: &str =
    r#"signature = { header = "X-HubSpot-Signature", algorithm = "sha256", signed = "{method}{url}{body}" }"#;

/// The providers of ours whose scheme it is: what they sign verifies by their names alone, too.
const PROVIDERS: [(&str, &str); 19] = [
    ("linkedin", "linkedin"),
    ("hubspot", "hubspot"),
    ("hubspot_v1", "hubspot"),
    ("hubspot_v2_get", "hubspot"),
    ("hubspot_v2_post", "hubspot"),
    ("calendly", "calendly"),
    ("cal.com", "cal_com"),
    ("slack", "slack"),
    ("slack_v0", "slack"),
    ("meta (leadgen, whatsapp)", "whatsapp"),
    ("twilio", "twilio"),
    ("twilio_form", "twilio"),
    ("twilio_form_duplicates", "twilio"),
    ("tidio", "tidio"),
    ("intercom", "intercom"),
    ("tawk.to", "tawk"),
    ("crisp", "crisp"),
    ("chatwoot", "chatwoot"),
    ("msteams-outgoing", "teams"),
];

/// Vectors that prove no post.
const OTHERS: [&str; 3] = ["microsoft365-imap", "gmail/m365 XOAUTH2", "linkedin challenge"];

fn corpus(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LOTSE_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let file = root.join(name);
    if file.is_file() {
        return Some(file);
    }
    println!("skipped: no file {}", file.display());
    None
}

fn list(file: &Path) -> Vec<Value> {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// A signed post, and when it was signed.
struct Signed {
    provider: String,
    settings: String,
    secret: String,
    method: String,
    url: Option<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    now: Timestamp,
    valid: bool,
    independent: bool,
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// How to verify what this provider signs.
fn settings(provider: &str, version: &str) -> String {
    if let ("hubspot", version) = (provider, version) {
        return if version == "v2" { HUBSPOT_2 } else { HUBSPOT_1 }.to_owned();
    }
    let described = SCHEMES.iter().find(|(name, _)| *name == provider);
    described.map_or_else(|| format!("provider = \"{provider}\""), |(_, signature)| (*signature).to_owned())
}

/// The header that carries the signature, for vectors that leave it out.
fn header_of(settings: &str) -> &str {
    settings.split("header = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

impl Signed {
    fn from_vectors(vector: &Value) -> Option<Self> {
        let provider = text(vector, "provider");
        if OTHERS.contains(&&*provider) {
            return None;
        }
        let mut headers: Vec<(String, String)> = vector["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        let find = |name: &str| headers.iter().find(|(known, _)| known.to_lowercase().contains(name));
        let settings =
            settings(&provider, &find("signature-version").map(|(_, value)| value.clone()).unwrap_or_default());
        let time = headers.iter().find_map(|(name, value)| match value.split("t=").nth(1) {
            _ if name.to_lowercase().ends_with("timestamp") => value.parse::<i64>().ok(),
            Some(rest) => rest.split(',').next().unwrap().parse().ok(),
            None => None,
        });
        let given = ["signature-256", "signature", "authorization"];
        let carries = |name: &str| given.iter().any(|end| name.to_lowercase().ends_with(end));
        let mut body = text(vector, "body");
        // There it stands in the body.
        let time = if provider == "mailgun" {
            if !body.contains("signature=") {
                body = format!("{body}&signature={}", text(vector, "expected"));
            }
            body.split("timestamp=").nth(1).and_then(|rest| rest.split('&').next()?.parse().ok())
        } else {
            time
        };
        if provider != "mailgun" && !headers.iter().any(|(name, _)| carries(name)) {
            let header = if provider == "webflow" { "x-webflow-signature" } else { header_of(&settings) };
            headers.push((header.to_owned(), text(vector, "expected")));
        }
        let seconds = time.map_or(0, |time| if time > 100_000_000_000 { time / 1000 } else { time });
        Some(Self {
            provider,
            settings,
            secret: text(vector, "secret").replace("(public key) ", ""),
            method: text(vector, "method"),
            url: vector["url"].as_str().map(str::to_owned),
            headers,
            body: body.into_bytes(),
            now: Timestamp::from_second(seconds).unwrap(),
            valid: vector["expect_valid"] == true,
            independent: vector["independent"] == true,
        })
    }

    fn from_collected(vector: &Value) -> Self {
        let provider = text(vector, "name");
        let settings = settings(&provider, "");
        let mut headers = vec![(header_of(&settings).to_owned(), text(vector, "signature"))];
        if let Some(time) = vector["timestamp"].as_str() {
            let header = settings.split("timestamp = \"").nth(1).unwrap().split('"').next().unwrap();
            headers.push((header.to_owned(), time.to_owned()));
        }
        if let Some(id) = vector["id"].as_str() {
            headers.push(("webhook-id".to_owned(), id.to_owned()));
        }
        let named = vector["params"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
        let listed = vector["params_list"].as_array().into_iter().flatten();
        let listed = listed.map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()));
        let params = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(named.chain(listed)).finish();
        let body = if params.is_empty() { text(vector, "body") } else { params };
        let method = vector["method"].as_str().unwrap_or("POST").to_owned();
        let now = vector["timestamp"].as_str().map_or(0, |time| time.parse().unwrap());
        Self {
            provider,
            settings,
            secret: text(vector, "secret"),
            method,
            url: vector["url"].as_str().map(str::to_owned),
            headers,
            body: body.into_bytes(),
            now: Timestamp::from_second(now).unwrap(),
            valid: true,
            independent: true,
        }
    }

    /// Whether a channel with these secrets takes the post.
    fn passes_with(&self, secrets: &[&str]) -> bool {
        let url = self.url.as_ref().map(|url| format!("url = \"{url}\"\n")).unwrap_or_default();
        let text = format!("[channels.c]\nkind = \"webhook\"\nsecret = {secrets:?}\n{url}{}\n", self.settings);
        let loaded = config::parse(&text, None);
        let config = loaded.config.unwrap_or_else(|| panic!("{text}{:?}", loaded.problems));
        let ChannelKind::Webhook(hook) = &config.channels[0].kind else { panic!("{config:?}") };
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else { return false };
            headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        }
        let url = self.url.as_deref();
        let post = Post { method: &self.method, url, query: None, headers: &headers, body: &self.body, now: self.now };
        webhook::verify(hook, &post)
    }

    fn passes(&self) -> bool {
        self.passes_with(&[&self.secret])
    }

    /// The same with one bit of what is signed, or of the signature, changed.
    fn with_bits_flipped(&self) {
        let (now, method, url) = (self.now, self.method.clone(), self.url.clone());
        let same = |headers: Vec<(String, String)>, body: Vec<u8>| Self {
            provider: self.provider.clone(),
            settings: self.settings.clone(),
            secret: self.secret.clone(),
            method: method.clone(),
            url: url.clone(),
            headers,
            body,
            now,
            valid: false,
            independent: self.independent,
        };
        for at in [0, self.body.len() / 2, self.body.len().saturating_sub(1)] {
            for bit in [0, 3, 7] {
                let mut body = self.body.clone();
                let Some(byte) = body.get_mut(at) else { continue };
                *byte ^= 1 << bit;
                assert!(!same(self.headers.clone(), body).passes(), "{}: byte {at} of the body", self.provider);
            }
        }
        let signature = self.headers.iter().position(|(name, _)| name.eq_ignore_ascii_case(header_of(&self.settings)));
        let signature = signature.or_else(|| {
            let carries = |name: &str| ["signature", "authorization"].iter().any(|word| name.contains(word));
            let is_time = |name: &str| ["timestamp", "version"].iter().any(|word| name.contains(word));
            let names = self.headers.iter().map(|(name, _)| name.to_lowercase());
            names.into_iter().position(|name| carries(&name) && !is_time(&name))
        });
        let Some(signature) = signature else { return };
        for at in 0..self.headers[signature].1.len() {
            for bit in 0..7 {
                let mut headers = self.headers.clone();
                let mut value = headers[signature].1.clone().into_bytes();
                value[at] ^= 1 << bit;
                let Ok(value) = String::from_utf8(value) else { continue };
                headers[signature].1.clone_from(&value);
                assert!(!same(headers, self.body.clone()).passes(), "{}: `{value}`", self.provider);
            }
        }
    }

    /// As described, and by the name of the provider whose scheme it is; how often it was proved.
    fn prove(&mut self) -> u32 {
        self.prove_one();
        let Some((_, name)) = PROVIDERS.iter().find(|(vector, _)| *vector == self.provider) else { return 1 };
        self.settings = format!("provider = \"{name}\"");
        self.prove_one();
        2
    }

    fn prove_one(&mut self) {
        assert!(self.passes(), "{}: {:?}", self.provider, self.headers);
        self.with_bits_flipped();
        let other = if self.secret.starts_with("00") { "0123456789abcdef" } else { "whsec_c29tZXRoaW5nIGVsc2U=" };
        assert!(!self.passes_with(&[other]), "{}: another secret", self.provider);
        assert!(self.passes_with(&[other, &self.secret]), "{}: while the secret rotates", self.provider);
        if self.now == Timestamp::UNIX_EPOCH {
            return;
        }
        let signed_at = self.now;
        for (minutes, fresh) in [(4, true), (-4, true), (6, false), (-6, false), (60 * 24 * 400, false)] {
            self.now = signed_at + Span::new().minutes(minutes);
            assert_eq!(self.passes(), fresh, "{}: {minutes} minutes later", self.provider);
        }
        self.now = signed_at;
    }
}

#[test]
fn published_and_computed_signatures_verify_and_changed_ones_do_not() {
    let Some(file) = corpus("../vectors.json") else { return };
    let (mut independent, mut computed, mut by_name, mut providers) = (0, 0, 0, BTreeSet::new());
    for mut signed in list(&file).iter().filter_map(Signed::from_vectors) {
        if !signed.valid {
            assert!(!signed.passes(), "{}: known to be wrong", signed.provider);
            continue;
        }
        by_name += signed.prove() - 1;
        *(if signed.independent { &mut independent } else { &mut computed }) += 1;
        providers.insert(signed.provider);
    }
    println!("{independent} independent and {computed} computed signatures of {providers:?}, {by_name} by name, too");
    assert!(independent > 0 && computed > 0);
}

#[test]
fn signatures_of_the_libraries_tests_verify_and_changed_ones_do_not() {
    let Some(file) = corpus("webhooks/signature-vectors/vectors.json") else { return };
    let vectors = list(&file);
    for vector in &vectors {
        Signed::from_collected(vector).prove();
    }
    println!("{} signatures", vectors.len());
}

#[test]
fn the_secret_with_which_zendesk_signs_everybodys_tests_lets_nobody_in() {
    let Some(file) = corpus("../vectors.json") else { return };
    let mut signed =
        list(&file).iter().filter_map(Signed::from_vectors).find(|signed| signed.provider == "zendesk").unwrap();
    assert!(signed.passes());
    signed.settings = "provider = \"zendesk\"".to_owned();
    assert!(!signed.passes());
}
