//! Why a post proves nothing: for the log, and whoever connects a channel, never for its sender.
//!
//! In: the channel's settings and the post. Out: one sentence that names what the provider proves itself by, and
//! whether that is missing, does not fit or is too old. It holds names of headers and fields, and the address of the
//! settings without its query; nothing of what was posted, and no secret.

use std::time::Duration;

use axum::http::header;

use super::signature::{Signature, is_near, read_time, text};
use super::verify::{HEADER, PARAMETERS, Post, Proof, field, our_own};
use super::{Config, public_key, signed_token};

/// How far a post went one way in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Lack {
    /// It did not try: this is not there.
    Missing(String),
    /// It tried, and this is wrong.
    Wrong(String),
}

/// What a post that was refused lacks, in words without a secret.
pub(super) fn lack(config: &Config, post: &Post<'_>) -> String {
    let lacks = lacks(config, post);
    let all = |of: fn(&Lack) -> Option<&String>| {
        let mut all: Vec<&str> = lacks.iter().filter_map(of).map(String::as_str).collect();
        all.dedup();
        all
    };
    let wrong = all(|lack| if let Lack::Wrong(what) = lack { Some(what) } else { None });
    if !wrong.is_empty() {
        return wrong.join(", and ");
    }
    let missing = all(|lack| if let Lack::Missing(what) = lack { Some(what) } else { None });
    let missing = format!("there is no {}", missing.join(", and there is no "));
    if brings_token(post) { format!("{missing}; a token does not count here") } else { missing }
}

/// What it lacks each way that this channel has; the ways that are no provider's own only where it tried them.
fn lacks(config: &Config, post: &Post<'_>) -> Vec<Lack> {
    let unfit = |what: String| Lack::Wrong(format!("{what} does not fit the secret"));
    let by_token =
        || if brings_token(post) { unfit("its token".to_owned()) } else { Lack::Missing("token".to_owned()) };
    let ours = || of_signatures(&[&our_own()], post);
    let else_tried = || [by_token(), ours()].into_iter().filter(|lack| matches!(lack, Lack::Wrong(_)));
    match &config.proof {
        Proof::Token => vec![by_token(), ours()],
        Proof::Signature(signature) => vec![of_signatures(&[signature], post)],
        Proof::SignatureOrToken(signature) => vec![by_token(), of_signatures(&[signature], post)],
        Proof::AnyOf(signatures) => {
            let of_one_header = |group: &[Signature]| of_signatures(&group.iter().collect::<Vec<_>>(), post);
            signatures.chunk_by(|one, other| one.header == other.header).map(of_one_header).collect()
        }
        Proof::Header(name) => {
            let is_there = post.headers.contains_key(*name);
            let own = if is_there { unfit(format!("its header `{name}`")) } else { no_header(name) };
            std::iter::once(own).chain(else_tried()).collect()
        }
        Proof::Field(key) => {
            let own = match field(post.body, key) {
                Some(_) => unfit(format!("the `{key}` in its body")),
                None => Lack::Missing(format!("`{key}` in its body")),
            };
            std::iter::once(own).chain(else_tried()).collect()
        }
        Proof::SignedToken => std::iter::once(of_signed_token(post)).chain(else_tried()).collect(),
        Proof::PublicKeyOrToken { header, timestamp } => {
            let is_key = |secret: &crate::config::Secret| public_key::read(secret.expose()).is_some();
            let mut lacks = Vec::new();
            if config.secrets.iter().any(is_key) {
                lacks.push(of_public_key(header, timestamp, post));
            }
            if !config.secrets.iter().all(is_key) {
                lacks.extend([by_token(), ours()]);
            }
            lacks
        }
        Proof::Jws { header, .. } => {
            vec![if post.headers.contains_key(*header) { unfit(statement(header)) } else { no_header(header) }]
        }
    }
}

/// Whether it brings what could be a secret itself.
fn brings_token(post: &Post<'_>) -> bool {
    let mut parameters = url::form_urlencoded::parse(post.query.unwrap_or_default().as_bytes());
    post.headers.contains_key(header::AUTHORIZATION) || parameters.any(|(name, _)| PARAMETERS.contains(&&*name))
}

fn no_header(name: &str) -> Lack {
    Lack::Missing(format!("header `{name}`"))
}

fn statement(header: &str) -> String {
    format!("its signature in `{header}`")
}

/// What it lacks of the signatures that may stand in one header.
fn of_signatures(signatures: &[&Signature], post: &Post<'_>) -> Lack {
    let faults: Vec<Option<Lack>> = signatures.iter().map(|signature| of_signature(signature, post)).collect();
    if let Some(faults) = faults.iter().cloned().collect::<Option<Vec<Lack>>>()
        && let Some(last) = faults.into_iter().next_back()
    {
        return last;
    }
    let header = signatures.first().map_or(HEADER, |signature| &signature.header);
    let unfit = format!("{} does not fit the secret", statement(header));
    let with_address = signatures.iter().filter(|signature| signature.signs_the_address()).count();
    Lack::Wrong(match post.url.filter(|_| with_address > 0) {
        None => unfit,
        Some(url) if with_address == signatures.len() => format!("{unfit}, computed with the address {}", shown(url)),
        Some(url) => format!("{unfit}, computed with and without the address {}", shown(url)),
    })
}

/// What keeps a signature from being verified at all; `None` where it is there, right or wrong.
fn of_signature(signature: &Signature, post: &Post<'_>) -> Option<Lack> {
    let Some(header) = text(post.headers, &signature.header) else { return Some(no_header(&signature.header)) };
    if let Some(name) = signature.timestamp.as_deref() {
        let time = signature.time(name, header, post.headers);
        if let Some(fault) = of_time(name, time, post, signature.tolerance) {
            return Some(Lack::Wrong(fault));
        }
    }
    if let Some(name) = signature.lacks_id(post) {
        return Some(Lack::Wrong(format!("there is no `{name}` with its id")));
    }
    if signature.given(header).is_empty() {
        return Some(Lack::Wrong(format!(
            "{} is not written as this channel expects it",
            statement(&signature.header)
        )));
    }
    (signature.signs_the_address() && post.url.is_none()).then(|| {
        let what = statement(&signature.header);
        Lack::Wrong(format!(
            "{what} holds the address, which is not known: set `public_url` under [http], or `url` of the channel"
        ))
    })
}

/// What is wrong with the time at which it was signed.
fn of_time(name: &str, time: Option<&str>, post: &Post<'_>, tolerance: Duration) -> Option<String> {
    let Some(time) = time else { return Some(format!("there is no `{name}` with the time")) };
    if read_time(time).is_none() {
        return Some(format!("what stands in `{name}` is no time"));
    }
    let is_old = !is_near(time, post.now, tolerance);
    is_old.then(|| format!("it was signed more than {} s before or after our time", tolerance.as_secs()))
}

/// What it lacks of the signature over time and token in a body.
fn of_signed_token(post: &Post<'_>) -> Lack {
    let Some(time) = signed_token::time(post) else {
        return Lack::Missing("`signature` with its `timestamp` and `token` in its body".to_owned());
    };
    let unfit = "the `signature` in its body does not fit the secret";
    let fault = of_time("timestamp", Some(&time), post, signed_token::TOLERANCE);
    Lack::Wrong(fault.unwrap_or_else(|| unfit.to_owned()))
}

/// What it lacks of the signature by a private key.
fn of_public_key(header: &str, timestamp: &str, post: &Post<'_>) -> Lack {
    if !post.headers.contains_key(header) {
        return no_header(header);
    }
    let fault = of_time(timestamp, text(post.headers, timestamp), post, public_key::TOLERANCE);
    Lack::Wrong(fault.unwrap_or_else(|| format!("{} does not fit the secret, a public key", statement(header))))
}

/// An address as the log may have it: without a password, and without the query, which may hold a token.
fn shown(url: &str) -> String {
    let (bare, has_query) = url.find(['?', '#']).map_or((url, false), |at| (&url[..at], true));
    let bare = match bare.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => bare.to_owned(),
    };
    if has_query { format!("`{bare}` and its query") } else { format!("`{bare}`") }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName};
    use jiff::Timestamp;

    use super::*;
    use crate::channels::webhook::providers::find;
    use crate::channels::webhook::tests::open;
    use crate::config::Secret;

    const URL: &str = "https://leads.example.com/hooks/c";

    fn told(provider: &str, headers: &[(&str, &str)], query: Option<&str>, body: &str, url: Option<&str>) -> String {
        let provider = find(provider).unwrap();
        let config = Config { provider, proof: (provider.proof)(), secrets: vec![Secret::new("s3cret")], ..open() };
        let mut given = HeaderMap::new();
        for (name, value) in headers {
            given.insert(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        lack(&config, &Post { method: "POST", url, query, headers: &given, body: body.as_bytes(), now })
    }

    #[test]
    fn a_post_that_proves_nothing_tells_the_log_what_it_lacks() {
        let old = "it was signed more than 300 s before or after our time";
        let none: &[(&str, &str)] = &[];
        for (provider, headers, query, expected) in [
            ("generic", none, None, "there is no token, and there is no header `x-lotse-signature`"),
            ("generic", &[("authorization", "Bearer s3cret!")], None, "its token does not fit the secret"),
            ("generic", none, Some("token=s3cret!"), "its token does not fit the secret"),
            (
                "generic",
                &[("x-lotse-signature", "sha256=00")],
                None,
                "its signature in `x-lotse-signature` does not fit the secret",
            ),
            (
                "generic",
                &[("x-lotse-signature", "00")],
                None,
                "its signature in `x-lotse-signature` is not written as this channel expects it",
            ),
            ("typeform", none, Some("token=x"), "there is no header `typeform-signature`; a token does not count here"),
            ("formspree", &[("formspree-signature", "v1=00")], None, "there is no `t` with the time"),
            ("formspree", &[("formspree-signature", "t=1,v1=00")], None, old),
            ("formspree", &[("formspree-signature", "t=soon,v1=00")], None, "what stands in `t` is no time"),
            ("netlify", none, None, "there is no header `x-webhook-signature`"),
            (
                "netlify",
                &[("x-webhook-signature", "a.b.c")],
                None,
                "its signature in `x-webhook-signature` does not fit the secret",
            ),
            (
                "tidio",
                &[("authorization", "Bearer s3cret")],
                None,
                "there is no header `x-tidio-signature`; a token does not count here",
            ),
            (
                "tidio",
                &[("x-tidio-signature", "t=1700000000,s=00")],
                None,
                "its signature in `x-tidio-signature` does not fit the secret",
            ),
            ("tidio", &[("x-tidio-signature", "t=1600000000,s=00")], None, old),
            ("linkedin", none, None, "there is no header `x-li-signature`"),
            (
                "linkedin",
                &[("x-li-signature", "00")],
                None,
                "its signature in `x-li-signature` does not fit the secret",
            ),
            (
                "linkedin",
                &[("x-li-signature", "hmacsha256=00")],
                None,
                "its signature in `x-li-signature` does not fit the secret",
            ),
            ("telegram", none, None, "there is no header `x-telegram-bot-api-secret-token`"),
            (
                "telegram",
                &[("x-telegram-bot-api-secret-token", "guess")],
                None,
                "its header `x-telegram-bot-api-secret-token` does not fit the secret",
            ),
            ("telegram", none, Some("key=guess"), "its token does not fit the secret"),
            (
                "hubspot",
                none,
                None,
                "there is no header `x-hubspot-signature`, and there is no header `x-hubspot-signature-v3`",
            ),
            (
                "hubspot",
                &[("x-hubspot-signature-v3", "AAAA"), ("x-hubspot-request-timestamp", "1600000000000")],
                None,
                old,
            ),
            ("sendgrid", none, None, "there is no token, and there is no header `x-lotse-signature`"),
        ] {
            assert_eq!(told(provider, headers, query, "", Some(URL)), expected, "{provider}");
        }
    }

    #[test]
    fn what_stands_in_the_body_is_told_by_its_name_alone() {
        let mailgun = |time: &str| format!("timestamp={time}&token=abc&signature=00");
        let unfit = "the `signature` in its body does not fit the secret";
        let old = "it was signed more than 300 s before or after our time";
        for (provider, body, expected) in [
            ("livechat", "{}", "there is no `secret_key` in its body"),
            ("livechat", r#"{"secret_key":"guess"}"#, "the `secret_key` in its body does not fit the secret"),
            ("google_ads", "no json", "there is no `google_key` in its body"),
            ("google_ads", r#"{"google_key":"guess"}"#, "the `google_key` in its body does not fit the secret"),
            ("mailgun", "subject=x", "there is no `signature` with its `timestamp` and `token` in its body"),
            ("mailgun", &mailgun("1700000000"), unfit),
            ("mailgun", &mailgun("1600000000"), old),
            ("mailgun", &mailgun("soon"), "what stands in `timestamp` is no time"),
        ] {
            let form = [("content-type", "application/x-www-form-urlencoded")];
            assert_eq!(told(provider, &form, None, body, None), expected, "{provider}: {body}");
        }
    }

    #[test]
    fn a_signature_over_the_address_names_the_address_it_was_computed_with() {
        let signed = [("x-twilio-signature", "AAAA")];
        let unfit = "its signature in `x-twilio-signature` does not fit the secret, computed with the address";
        for (url, address) in [
            (URL, "`https://leads.example.com/hooks/c`"),
            (
                "https://me:s3cret@leads.example.com/hooks/c?token=s3cret",
                "`https://leads.example.com/hooks/c` and its query",
            ),
        ] {
            assert_eq!(told("twilio", &signed, None, "", Some(url)), format!("{unfit} {address}"));
        }
        let unknown = told("twilio", &signed, None, "", None);
        assert!(unknown.contains("`x-twilio-signature`") && unknown.contains("`public_url`"), "{unknown}");
        let both = told("hubspot", &[("x-hubspot-signature", "00")], None, "", Some(URL));
        let expected = "its signature in `x-hubspot-signature` does not fit the secret, computed with and without the \
            address `https://leads.example.com/hooks/c`";
        assert_eq!(both, expected);
        let newest = [("x-hubspot-signature-v3", "AAAA"), ("x-hubspot-request-timestamp", "1700000000000")];
        let told = told("hubspot", &newest, None, "", Some(URL));
        assert!(told.ends_with("computed with the address `https://leads.example.com/hooks/c`"), "{told}");
    }
}
