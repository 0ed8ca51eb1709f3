//! Reads `[channels.NAME]` with `kind = "webhook"`.

use std::time::Duration;

use axum::http::HeaderName;
use jiff::SignedDuration;

use super::providers::{self, GENERIC, PROVIDERS, Provider};
use super::receive::LARGEST_BODY;
use super::{Account, Algorithm, Config, Encoding, Key, Piece, Proof, Signature, Uploads, sns};
use crate::config::problem::{Wrong, quote};
use crate::config::report::Spot;
use crate::config::section::Section;
use crate::config::spelling::spelling;
use crate::config::{Rate, Secret, values};
use crate::normalize::{Spelling, TimeTrap};

/// Reads one webhook. Where a mistake was reported, a default stands for what could not be read.
pub(crate) fn read(section: &mut Section<'_>) -> Config {
    let provider = section.key("provider");
    let spot = provider.place();
    let provider = provider.parse(provider_of).unwrap_or(&GENERIC);
    let secret = section.key("secret");
    let (is_secret, secret_spot) = (secret.is_present(), secret.place());
    let secrets = secret.secrets();
    if provider.always_signs && !is_secret {
        let wrong =
            Wrong::new(format!("{} signs what it sends, and there is no secret to verify it with", provider.title));
        section.report().error(&spot, wrong.hint("set `secret`"));
    }
    if let Some(known) = provider.public_secret.filter(|known| secrets.iter().any(|secret| secret.expose() == *known)) {
        let wrong = Wrong::new(format!("`{known}` is a secret that everybody knows: it lets nobody in"));
        section.report().warning(&secret_spot, wrong.hint(format!("copy your own from {}", provider.title)));
    }
    let account = Box::new(account(section, provider));
    let described = signature(section, is_secret);
    let proof = described.map_or_else(provider.proof, Proof::Signature);
    for Signature { key, .. } in proof.signatures() {
        fitting(*key, &secrets, section, &secret_spot);
    }
    let origins = section.key("origins").list(values::origin).unwrap_or_default();
    let redirect = section.key("redirect").parse(values::target);
    let honeypot = section.key("honeypot").text();
    let time_trap = time_trap(section);
    let uploads = uploads(section);
    if let Proof::Signature(Signature { algorithm, key, .. }) = &proof {
        let fits = |secret: &Secret| key.bytes(secret.expose()).is_none_or(|key| algorithm.takes(&key));
        if !secrets.iter().all(fits) {
            let wrong = Wrong::new("is no public key of Ed25519, which has 32 bytes");
            section.report().error(&secret_spot, wrong.hint("copy it whole, and set `key` to how it is written"));
        }
    }
    let rate = section.key("rate").parse(values::rate);
    let url = section.key("url").parse(|text| values::url(text).map(|_| text.to_owned()));
    let spelling = Spelling { honeypot, time_trap, schema: &provider.schema, ..spelling(section) };
    let rate = rate.unwrap_or(Rate { count: 600, per: Duration::from_mins(1) });
    Config { provider, secrets, account, proof, url, origins, redirect, rate, uploads, spelling }
}

/// Reads what we and the provider have agreed on, as far as there is such a thing.
fn account(section: &mut Section<'_>, provider: &Provider) -> Account {
    let mut account = Account { verify_token: section.key("verify_token").secrets(), ..Account::default() };
    if provider.fetch.is_some() {
        let token = section.key("token");
        let spot = token.place();
        account.token = token.secret();
        account.api = section.key("api").parse(|text| values::url(text).map(|_| text.to_owned()));
        if account.token.is_none() {
            let wrong =
                Wrong::new(format!("without a token the leads of {} stay without their details", provider.title));
            section.report().warning(&spot, wrong.hint("set `token`"));
        }
    }
    if provider.topics {
        account.topic = section.key("topic").parse(topic);
        account.api = section.key("api").parse(|text| values::url(text).map(|_| text.to_owned()));
    }
    account
}

/// The name of a topic of Amazon SNS.
fn topic(text: &str) -> Result<String, Wrong> {
    if sns::is_topic(text) {
        return Ok(text.to_owned());
    }
    let wrong = Wrong::new(format!("{} is no topic of Amazon SNS", quote(text)));
    Err(wrong.hint("copy its ARN, such as \"arn:aws:sns:eu-central-1:123456789012:leads\""))
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

/// A provider that can be taken, by its name.
fn provider_of(text: &str) -> Result<&'static Provider, Wrong> {
    if let Some(provider) = providers::find(text) {
        return Ok(provider);
    }
    let known: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name()).collect();
    Err(Wrong::unknown(format!("unknown provider {}", quote(text)), text, &known))
}

/// The secrets must be written as the signature's key is.
fn fitting(key: Key, secrets: &[Secret], section: &Section<'_>, spot: &Spot) {
    let fits = |secret: &Secret| key.bytes(secret.expose()).is_some();
    if !secrets.iter().all(fits) {
        let (what, hint) = match key {
            Key::Hex => ("is not written in hexadecimal digits", "copy it whole, as the sender shows it"),
            _ => ("is not written in base64", "copy it whole; a `whsec_` in front may stay"),
        };
        section.report().error(spot, Wrong::new(format!("{what}, and the signature's key is")).hint(hint));
    }
}

/// Reads `signature = { … }`. What could not verify a single post, or would take replayed ones, is an error.
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
    let part = table.key("part").parse(piece_name);
    let algorithm = table.key("algorithm").one_of(&Algorithm::ALL);
    let encoding = table.key("encoding").one_of(&Encoding::ALL);
    let prefix = table.key("prefix").string().unwrap_or_default();
    let signed = table.key("signed");
    let signed_spot = signed.place();
    let signed = signed.parse(template);
    let timestamp = table.key("timestamp");
    let timestamp_spot = timestamp.place();
    let timestamp = timestamp.parse(|text| if part.is_some() { piece_name(text) } else { self::header(text) });
    let tolerance = table.key("tolerance");
    let tolerance_spot = tolerance.is_present().then(|| tolerance.place());
    let tolerance = tolerance.duration(Duration::from_secs(1)..=Duration::from_hours(24));
    let id = table.key("id").parse(self::header);
    let key = table.key("key").one_of(&Key::ALL);
    let report = table.report();
    table.finish();
    let header = header?;
    let usual = Signature::of_body(&header);
    let signed = signed.unwrap_or(usual.signed);
    if !signed.contains(&Piece::Body) && !signed.contains(&Piece::Params) {
        let wrong = Wrong::new("the body is not signed, so anybody could change it");
        report.error(&signed_spot, wrong.hint("`signed` must hold {body}"));
    }
    match (signed.contains(&Piece::Timestamp), &timestamp) {
        (true, None) => {
            let wrong = Wrong::new("{timestamp} is signed, and nothing says where it stands");
            report.error(
                &signed_spot,
                wrong.hint("set `timestamp` to the header, or to the piece of the header, that holds it"),
            );
        }
        (false, Some(_)) => {
            let wrong = Wrong::new("the time is not signed, so anybody could change it");
            report.error(&timestamp_spot, wrong.hint("`signed` must hold {timestamp}, as in \"{timestamp}.{body}\""));
        }
        _ => {}
    }
    if let (None, Some(spot)) = (&timestamp, tolerance_spot) {
        let wrong = Wrong::new("there is no time to be tolerant about");
        report.error(&spot, wrong.hint("set `timestamp`, or leave `tolerance` out"));
    }
    // `webhook-signature` comes with `webhook-id`.
    let id = id.or_else(|| signed.contains(&Piece::Id).then(|| header.replace("signature", "id")));
    Some(Signature {
        part,
        algorithm: algorithm.unwrap_or(usual.algorithm),
        encoding: encoding.unwrap_or(usual.encoding),
        prefix,
        signed,
        timestamp,
        id,
        tolerance: tolerance.unwrap_or(usual.tolerance),
        key: key.unwrap_or(usual.key),
        header,
    })
}

/// What is signed, with names in braces.
fn template(text: &str) -> Result<Vec<Piece>, Wrong> {
    let known: Vec<&str> = Piece::ALL.iter().map(|(name, _)| *name).collect();
    Piece::parse(text)
        .map_err(|name| Wrong::unknown(format!("there is no {}", quote(&format!("{{{name}}}"))), &name, &known))
}

/// The name of an HTTP header, lower case (RFC 9110 § 5.1).
fn header(text: &str) -> Result<String, Wrong> {
    let name = HeaderName::from_bytes(text.as_bytes());
    name.map(|name| name.as_str().to_owned()).map_err(|_| Wrong::new(format!("{} is no header name", quote(text))))
}

/// The name of a piece of a header, as it stands there; a header's in lower case.
fn piece_name(text: &str) -> Result<String, Wrong> {
    let lower = header(text).map_err(|_| {
        let bare = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let wrong = Wrong::new(format!("{} is no name of a piece", quote(text)));
        if bare.is_empty() { wrong } else { wrong.hint(format!("write it alone: \"{bare}\"")) }
    })?;
    Ok(if text.contains('-') { lower } else { text.to_owned() })
}
