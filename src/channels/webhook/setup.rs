//! How to connect a channel: its address, what to do on the provider's side, snippets for a page, and a
//! command line that posts a lead.
//!
//! In: the channel's name and settings, where the public side listens. Out: texts for people. No secret
//! stands in them: the command line is signed.

use std::net::SocketAddr;

use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;

use super::Config;
use super::address::reachable;
use super::prove::{Secrecy, prove};
use super::providers::GENERIC;
use super::verify::Post;
use super::{Algorithm, Encoding, Proof, Signature};
use crate::lead::Name;

/// How to connect a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setup {
    /// The channel.
    pub channel: Name,
    /// The provider's name in the settings.
    pub provider: &'static str,
    /// The provider's own name.
    pub title: &'static str,
    /// The channel's address.
    pub url: String,
    /// What to know before: that the address is not reachable from outside, or posts are not verified.
    pub notes: Vec<String>,
    /// What to do on the provider's side, in order.
    pub steps: Vec<String>,
    /// A form for a page of one's own; for `generic` alone.
    pub html: Option<String>,
    /// The same from a script.
    pub fetch: Option<String>,
    /// A command line that posts a lead to this machine, signed as the provider would; none where only the provider
    /// itself can post.
    pub curl: Option<String>,
}

/// How to connect this channel.
#[must_use]
pub fn setup(channel: &Name, listen: SocketAddr, config: &Config) -> Setup {
    let here = format!("http://{}/hooks/{channel}", reachable(listen));
    let url = config.url.clone().unwrap_or_else(|| here.clone());
    let described = match &config.proof {
        Proof::Signature(signature) if *config.provider == GENERIC => Some(signature),
        _ => None,
    };
    // A page can sign nothing.
    let by_page = *config.provider == GENERIC && described.is_none();
    let steps = match described {
        Some(signature) => signature_steps(signature, &url),
        None => config.provider.steps.lines().map(|step| step.replace("{url}", &url)).collect(),
    };
    Setup {
        channel: channel.clone(),
        provider: config.provider.name(),
        title: config.provider.title,
        notes: notes(config),
        steps,
        html: by_page.then(|| html(&url, config)),
        fetch: by_page.then(|| fetch(&url)),
        curl: (!config.is_amazons_alone()).then(|| curl(&here, config)),
        url,
    }
}

fn notes(config: &Config) -> Vec<String> {
    let mut notes = Vec::new();
    if config.url.is_none() {
        notes.push("This is the address on this machine: set `public_url` under [http] to the one the world knows.");
    }
    if matches!(&config.proof, Proof::Signature(signature) if signature.algorithm == Algorithm::Ed25519) {
        notes.push(
            "The secret is a public key, which signs nothing: the line below is not signed, and is answered 401.",
        );
    }
    match (config.secrets.is_empty(), config.provider.schema.provider) {
        (true, "generic") => {}
        (true, _) if config.is_amazons_alone() => notes.push(
            "Only Amazon can post here: what it did not sign for the `topic` of the settings is answered 401.",
        ),
        (true, _) => notes.push("The channel has no `secret`: anybody who knows the address can post."),
        (false, "generic") => notes.push(
            "The channel has a `secret`, which a page cannot keep: let your server post, or give pages a channel without one.",
        ),
        (false, _) => {}
    }
    notes.into_iter().map(str::to_owned).collect()
}

/// What a sender must do whose signature the settings describe.
fn signature_steps(signature: &Signature, url: &str) -> Vec<String> {
    let mut steps = vec![format!("Let the sender post to {url}, with the channel's `secret` as its own.")];
    let header = &signature.header;
    let place = match &signature.part {
        Some(part) => format!("the piece `{part}` of the header `{header}`"),
        None => format!("the header `{header}`"),
    };
    let signed: String = signature.signed.iter().map(ToString::to_string).collect();
    let prefix = if signature.prefix.is_empty() { String::new() } else { format!(" behind `{}`", signature.prefix) };
    let word = |found: Option<&'static str>| found.unwrap_or_default();
    let algorithm = word(Algorithm::ALL.iter().find(|(_, known)| *known == signature.algorithm).map(|(word, _)| *word));
    let encoding = word(Encoding::ALL.iter().find(|(_, known)| *known == signature.encoding).map(|(word, _)| *word));
    steps.push(format!("It signs `{signed}` by {algorithm}; the signature stands in {place}{prefix}, in {encoding}."));
    if let Some(time) = &signature.timestamp {
        let minutes = signature.tolerance.as_secs_f64() / 60.0;
        steps.push(format!("The time stands in `{time}`, and may be off by {minutes} minutes."));
    }
    steps.push("Nothing else opens this channel: no bearer token, no `?token=`, no `X-Lotse-Signature`.".to_owned());
    steps
}

/// A form that works without a script.
fn html(url: &str, config: &Config) -> String {
    let trap = config.spelling.honeypot.as_deref().map_or_else(String::new, |name| {
        let name = escaped(name);
        format!(
            "  <div hidden aria-hidden=\"true\"><label>Leave this empty <input name=\"{name}\" tabindex=\"-1\" \
             autocomplete=\"off\"></label></div>\n"
        )
    });
    let spent = config.spelling.time_trap.as_ref().map(|trap| escaped(&trap.field));
    let (time, timed) = spent.map_or_else(Default::default, |name| {
        (
            format!("this.elements[\'{name}\'].value ||= Math.round(performance.now()); "),
            format!("<input type=\"hidden\" name=\"{name}\">"),
        )
    });
    format!(
        "<form method=\"post\" action=\"{}\" enctype=\"multipart/form-data\"\n\
         \x20     onsubmit=\"{time}this.page.value = location.href; this.referrer.value = document.referrer\">\n\
         {trap}\
         \x20 <label>Name <input name=\"name\" autocomplete=\"name\" required></label>\n\
         \x20 <label>E-mail <input name=\"email\" type=\"email\" autocomplete=\"email\" required></label>\n\
         \x20 <label>Phone <input name=\"phone\" type=\"tel\" autocomplete=\"tel\"></label>\n\
         \x20 <label>Message <textarea name=\"message\" required></textarea></label>\n\
         \x20 <label><input name=\"consent\" type=\"checkbox\" value=\"I agree to be contacted\" required> \
         I agree to be contacted</label>\n\
         \x20 {timed}<input type=\"hidden\" name=\"page\"><input type=\"hidden\" name=\"referrer\">\n\
         \x20 <button>Send</button>\n\
         </form>",
        escaped(url)
    )
}

/// The same from a script of the page.
fn fetch(url: &str) -> String {
    let url = serde_json::Value::from(url);
    format!(
        "const form = document.querySelector(\"form\");\n\
         const trouble = form.appendChild(document.createElement(\"p\"));\n\
         form.addEventListener(\"submit\", async (event) => {{\n\
         \x20 event.preventDefault();\n\
         \x20 const answer = await fetch({url}, {{ method: \"POST\", body: new FormData(form) }}).catch(() => null);\n\
         \x20 if (answer?.ok) return form.replaceWith(\"Thank you, your message has arrived.\");\n\
         \x20 const why = await answer?.json().catch(() => null);\n\
         \x20 trouble.textContent = why?.detail ?? \"That did not work. Please try again in a moment.\";\n\
         }});"
    )
}

/// A post of the provider's kind, with the headers that prove it; sent to this machine.
fn curl(here: &str, config: &Config) -> String {
    let now = Timestamp::now();
    let (content_type, body) = config.provider.sample;
    let body = body.replace("{id}", &format!("lotse-{}", now.as_millisecond()));
    let headers = HeaderMap::new();
    let url = config.url.as_deref();
    let post = Post { method: "POST", url, query: None, headers: &headers, body: body.as_bytes(), now };
    let mut headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
    headers.extend(prove(config, &post, Secrecy::Hidden));
    if let Some(id) = config.provider.delivery.filter(|id| !headers.iter().any(|(name, _)| name == id)) {
        headers.push((id.to_owned(), format!("lotse-{}", now.as_millisecond())));
    }
    let mut line = format!("curl {}", quoted(here));
    for (name, value) in headers {
        line += &format!(" \\\n  -H {}", quoted(&format!("{name}: {value}")));
    }
    format!("{line} \\\n  --data-raw {}", quoted(&body))
}

/// Minutes that the command line counts, where its signature holds a time.
#[must_use]
pub fn counts_for(config: &Config) -> Option<u64> {
    let signature = config.proof.signatures().first().filter(|_| !config.secrets.is_empty())?;
    signature.timestamp.as_ref().map(|_| (signature.tolerance.as_secs() / 60).max(1))
}

/// A word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Text in an attribute of a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
