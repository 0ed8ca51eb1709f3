//! Reads `[channels.NAME.oauth2]`.

use std::path::PathBuf;

use url::Url;

use super::{Config, Grant};
use crate::channels::imap::presets::Preset;
use crate::config::problem::{Wrong, quote};
use crate::config::section::Section;
use crate::config::{Severity, values};

/// The words under `grant`.
const GRANTS: [(&str, Word); 2] =
    [("refresh_token", Word::RefreshToken), ("client_credentials", Word::ClientCredentials)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    RefreshToken,
    ClientCredentials,
}

/// Reads the login; what is not set comes from the provider's preset. `None` where a mistake was
/// reported and nothing can stand in.
pub(in crate::channels::imap) fn read(
    mut section: Section<'_>,
    preset: Option<&Preset>,
    ca_file: Option<PathBuf>,
) -> Option<Config> {
    let endpoints = preset.and_then(|preset| preset.oauth2.as_ref());
    let field = section.key("grant");
    let spot = field.place();
    let word = field.one_of(&GRANTS).unwrap_or(Word::RefreshToken);
    if let Some(preset) = preset.filter(|preset| preset.oauth2.is_some_and(|known| known.own_scope.is_none()))
        && word == Word::ClientCredentials
    {
        let wrong = Wrong::new(format!("{} gives programs no right of their own to a mailbox", preset.title));
        section.report().error(&spot, wrong.hint("leave `grant` out and set `refresh_token`"));
    }
    let (tenant, tenant_spot) = (section.key("tenant"), section.spot().clone());
    let tenant = if tenant.is_present() { tenant.parse(tenant_name) } else { None };
    let usual = |address: &str| address.replace("{tenant}", tenant.as_deref().unwrap_or("organizations")).parse().ok();
    let token_url: Option<Url> = match section.key("token_url") {
        key if endpoints.is_some() && !key.is_present() => endpoints.and_then(|known| {
            if word == Word::ClientCredentials && known.token_url.contains("{tenant}") && tenant.is_none() {
                let wrong =
                    Wrong::new("is missing").hint("name your organisation, such as \"example.onmicrosoft.com\"");
                section.missing(Severity::Error, "tenant", wrong);
            }
            usual(known.token_url)
        }),
        key => {
            if tenant.is_some() {
                let wrong = Wrong::new("`tenant` has no meaning beside `token_url`");
                section.report().error(&tenant_spot, wrong.hint("write it into the address"));
            }
            key.required().parse(endpoint)
        }
    };
    let device = section.key("device_url").parse(endpoint);
    let device_url = device.or_else(|| usual(endpoints.and_then(|known| known.device_url)?));
    let client_id = section.key("client_id").required().text();
    let secret = section.key("client_secret");
    let has_secret = secret.is_present() || word == Word::ClientCredentials;
    let secret = if word == Word::ClientCredentials { secret.required() } else { secret }.secret();
    let expires = section.key("client_secret_expires");
    if expires.is_present() && !has_secret {
        expires.wrong(Wrong::new("there is no secret that could expire").hint("set `client_secret`"));
    }
    let client_secret_expires = expires.date();
    let scope = section.key("scope").text().or_else(|| {
        let known = endpoints?;
        let scope = if word == Word::ClientCredentials { known.own_scope } else { known.scope };
        scope.map(str::to_owned)
    });
    let grant = grant(&mut section, word, device_url.is_some());
    section.finish();
    let (token_url, client_id) = (token_url?, client_id?);
    Some(Config {
        token_url,
        device_url,
        client_id,
        client_secret: secret,
        client_secret_expires,
        scope,
        grant,
        ca_file,
    })
}

fn grant(section: &mut Section<'_>, word: Word, can_sign_in: bool) -> Grant {
    let field = section.key("refresh_token");
    match word {
        Word::RefreshToken if !field.is_present() && !can_sign_in => {
            section.missing(
                Severity::Error,
                "refresh_token",
                Wrong::new("is missing, and nobody can sign in without `device_url`").hint("set one of the two"),
            );
            Grant::RefreshToken(None)
        }
        Word::RefreshToken => Grant::RefreshToken(field.secret()),
        Word::ClientCredentials => {
            if field.is_present() {
                let wrong = Wrong::new("has no meaning with grant = \"client_credentials\"");
                field.wrong(wrong.hint("leave it out, or leave `grant` out"));
            }
            Grant::ClientCredentials
        }
    }
}

/// An endpoint's address: secrets go there, so without TLS only on this machine.
fn endpoint(text: &str) -> Result<Url, Wrong> {
    let url = values::url(text)?;
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    if url.scheme() != "https" && !values::is_loopback(host) {
        return Err(Wrong::new("must begin with https://: secrets are sent there"));
    }
    Ok(url)
}

/// A tenant becomes a part of an address.
fn tenant_name(text: &str) -> Result<String, Wrong> {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-') {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(format!("{} is no tenant", quote(text))).hint("write its domain or its id"))
}
