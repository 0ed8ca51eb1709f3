//! Reads `[channels.NAME]` with `kind = "webhook"`.

use std::time::Duration;

use axum::http::HeaderName;
use jiff::SignedDuration;

use super::receive::LARGEST_BODY;
use super::{Algorithm, Config, Encoding, Signature, Uploads};
use crate::config::problem::{Wrong, quote};
use crate::config::section::Section;
use crate::config::spelling::spelling;
use crate::config::{Rate, values};
use crate::normalize::TimeTrap;

/// Providers whose posts can be taken.
const PROVIDERS: [&str; 1] = ["generic"];

/// Providers that are known and cannot be taken yet; a name moves up from here once it can.
const LATER: [&str; 38] = [
    "typeform",
    "tally",
    "jotform",
    "gravity_forms",
    "contact_form_7",
    "wpforms",
    "fluent_forms",
    "elementor",
    "ninja_forms",
    "webflow",
    "formspree",
    "netlify",
    "framer",
    "squarespace",
    "intercom",
    "crisp",
    "tawk",
    "livechat",
    "tidio",
    "zendesk",
    "chatwoot",
    "slack",
    "teams",
    "telegram",
    "whatsapp",
    "twilio",
    "calendly",
    "cal_com",
    "google_ads",
    "meta_lead_ads",
    "linkedin",
    "hubspot",
    "sendgrid",
    "mailgun",
    "postmark",
    "ses",
    "cloudflare",
    "rfc822",
];

/// Reads one webhook. Where a mistake was reported, a default stands for what could not be read.
pub(crate) fn read(section: &mut Section<'_>) -> Config {
    let provider = section.key("provider").parse(provider);
    let secrets = section.key("secret");
    let signed = secrets.is_present();
    let secrets = secrets.secrets();
    let signature = signature(section, signed);
    let origins = section.key("origins").list(values::origin).unwrap_or_default();
    let redirect = section.key("redirect").parse(values::target);
    let honeypot = section.key("honeypot").text();
    let time_trap = time_trap(section);
    let uploads = uploads(section);
    let rate = section.key("rate").parse(values::rate);
    section.key("url").later().parse(values::url);
    let mut spelling = spelling(section);
    spelling.honeypot = honeypot;
    spelling.time_trap = time_trap;
    let provider = provider.unwrap_or_else(|| "generic".to_owned());
    let rate = rate.unwrap_or(Rate { count: 600, per: Duration::from_mins(1) });
    Config { provider, secrets, signature, origins, redirect, rate, uploads, spelling }
}

/// Reads `time_trap = { field = "spent", least = "3s" }`.
fn time_trap(section: &mut Section<'_>) -> Option<TimeTrap> {
    let mut table = section.key("time_trap").section()?;
    let field = table.key("field").required().text();
    let range = Duration::from_millis(1)..=Duration::from_hours(1);
    let least = table.key("least").duration(range).unwrap_or(Duration::from_secs(3));
    table.finish();
    Some(TimeTrap { field: field?, least: SignedDuration::try_from(least).ok()? })
}

/// Reads `uploads = { files = 5, each = "5MiB", total = "10MiB" }`.
fn uploads(section: &mut Section<'_>) -> Uploads {
    let mut table = section.section("uploads");
    let files = table.key("files").integer(0..=100).and_then(|files| usize::try_from(files).ok());
    let (each, total) = (table.key("each").parse(upload), table.key("total").parse(upload));
    table.finish();
    Uploads { files, each, total }
}

/// A size of files that a body can hold.
fn upload(text: &str) -> Result<u64, Wrong> {
    let size = values::size(text)?;
    if size > LARGEST_BODY as u64 {
        let wrong = Wrong::new(format!("{} is more than a post may have", quote(text)));
        return Err(wrong.hint(format!("use \"{}MiB\" at most", LARGEST_BODY >> 20)));
    }
    Ok(size)
}

/// The name of a provider that can be taken.
fn provider(text: &str) -> Result<String, Wrong> {
    if PROVIDERS.contains(&text) {
        return Ok(text.to_owned());
    }
    if LATER.contains(&text) {
        let wrong = Wrong::new(format!("the provider {} is not available yet", quote(text)));
        return Err(wrong.hint(format!("use one of {}", PROVIDERS.join(", "))));
    }
    let known: Vec<&str> = PROVIDERS.iter().chain(&LATER).copied().collect();
    Err(Wrong::unknown(format!("unknown provider {}", quote(text)), text, &known))
}

/// Reads `signature = { … }`.
///
/// What Lotse cannot verify yet is an error: ignored, it would refuse every post, or take replayed ones.
fn signature(section: &mut Section<'_>, secret: bool) -> Option<Signature> {
    let field = section.key("signature");
    if !field.is_present() {
        return None;
    }
    if !secret {
        field.wrong(Wrong::new("there is no secret to verify it with").hint("set `secret`"));
    }
    let mut table = field.section()?;
    let header = table.key("header").required().parse(header);
    let algorithm = table.key("algorithm").one_of(&[("hmac-sha256", Algorithm::HmacSha256)]);
    let encoding = table.key("encoding").one_of(&[("hex", Encoding::Hex), ("base64", Encoding::Base64)]);
    let prefix = table.key("prefix").string().unwrap_or_default();
    for key in ["part", "timestamp", "tolerance"] {
        let field = table.key(key);
        if field.is_present() {
            field.wrong(not_yet());
        }
    }
    table.key("signed").parse(|text| only(text, "{body}"));
    table.key("key").parse(|text| only(text, "text"));
    table.finish();
    let (algorithm, encoding) = (algorithm.unwrap_or(Algorithm::HmacSha256), encoding.unwrap_or(Encoding::Hex));
    Some(Signature { header: header?, algorithm, encoding, prefix })
}

/// The name of an HTTP header, lower case (RFC 9110 § 5.1).
fn header(text: &str) -> Result<String, Wrong> {
    let name = HeaderName::from_bytes(text.as_bytes());
    name.map(|name| name.as_str().to_owned()).map_err(|_| Wrong::new(format!("{} is no header name", quote(text))))
}

/// The one value that can be verified.
fn only(text: &str, value: &str) -> Result<(), Wrong> {
    if text == value { Ok(()) } else { Err(not_yet().hint(format!("only \"{value}\" can be verified"))) }
}

fn not_yet() -> Wrong {
    Wrong::new("this kind of signature cannot be verified yet").hint("signatures over the whole body can")
}
