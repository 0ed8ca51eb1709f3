//! A refresh token as it is kept in the store.
//!
//! Providers may hand out a new refresh token with every renewal and void the old one, so the
//! newest is kept among the channel's places, in the same store and with the same promise as the
//! leads. It is kept encoded: that is no lock (the store's file is private), it only keeps the
//! token from showing where somebody prints a place.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{Config, Grant};
use crate::config::Secret;
use crate::intake::{Door, Refused};
use crate::lead::{Name, Place};

/// The key among the channel's places; no folder can be called so.
const KEY: &str = "\u{1}oauth2";

/// Where a channel's refresh token is kept.
#[derive(Clone, Copy)]
pub(crate) struct Vault<'a> {
    /// The way into the store.
    pub(crate) door: &'a Door,
    /// Whose token.
    pub(crate) channel: &'a Name,
}

impl Vault<'_> {
    /// The refresh token that was kept under these settings.
    pub(super) async fn take_out(self, config: &Config) -> Result<Option<Secret>, Refused> {
        let kept = self.door.place(self.channel, KEY).await?;
        Ok(kept.and_then(|text| decode(&text, &fingerprint(config))))
    }

    /// Keeps a refresh token; returns after the commit.
    pub(crate) async fn keep(self, config: &Config, token: &Secret) -> Result<(), Refused> {
        let value = encode(token, &fingerprint(config));
        self.door.keep_place(self.channel, Place::new(KEY.to_owned(), Some(value))).await
    }
}

fn encode(token: &Secret, fingerprint: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{fingerprint} {}", token.expose()))
}

/// The token, unless it belongs to other settings.
fn decode(text: &str, wanted: &str) -> Option<Secret> {
    let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (fingerprint, token) = plain.split_once(' ')?;
    (fingerprint == wanted && !token.is_empty()).then(|| Secret::new(token))
}

/// What a token belongs to. Whoever puts another refresh token or client into the settings means
/// it: what was kept before does not count any more.
fn fingerprint(config: &Config) -> String {
    let given = match &config.grant {
        Grant::RefreshToken(Some(token)) => token.expose(),
        Grant::RefreshToken(None) | Grant::ClientCredentials => "",
    };
    let digest = Sha256::digest([config.token_url.as_str(), &config.client_id, given].join("\0"));
    URL_SAFE_NO_PAD.encode(&digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(client: &str, token: Option<&str>) -> Config {
        Config {
            token_url: "https://login.example/token".parse().unwrap(),
            device_url: None,
            client_id: client.to_owned(),
            client_secret: None,
            client_secret_expires: None,
            scope: None,
            grant: Grant::RefreshToken(token.map(Secret::new)),
            ca_file: None,
        }
    }

    #[test]
    fn a_kept_token_reads_back_under_the_same_settings_and_no_others() {
        let here = fingerprint(&config("us", Some("first")));
        let kept = encode(&Secret::new("second"), &here);
        assert!(!kept.contains("second"));
        assert_eq!(decode(&kept, &here), Some(Secret::new("second")));
        for other in [config("us", Some("another")), config("us", None), config("them", Some("first"))] {
            assert_eq!(decode(&kept, &fingerprint(&other)), None);
        }
        for broken in ["", "3:17", "!!!", "aGVsbG8"] {
            assert_eq!(decode(broken, &here), None, "{broken}");
        }
    }
}
