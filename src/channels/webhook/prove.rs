//! How a post proves that it comes from somebody who knows the channel's secret: what `verify` asks for.
//!
//! In: the channel's settings and the body. Out: a header; none where the channel takes unsigned posts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Algorithm, Config, Encoding, Signature};
use crate::normalize::hex;

/// The header that proves the body, by the first of the secrets.
pub(super) fn prove(config: &Config, body: &[u8]) -> Option<(String, String)> {
    let secret = config.secrets.iter().find(|secret| !secret.expose().is_empty())?.expose();
    let Some(Signature { header, algorithm, encoding, prefix }) = &config.signature else {
        return Some(("authorization".to_owned(), format!("Bearer {secret}")));
    };
    let digest = match algorithm {
        Algorithm::HmacSha256 => Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?.chain_update(body).finalize(),
    };
    let digest = digest.into_bytes();
    let written = match encoding {
        Encoding::Hex => hex(&digest),
        Encoding::Base64 => STANDARD.encode(digest),
    };
    Some((header.clone(), format!("{prefix}{written}")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::{HeaderMap, HeaderName};

    use super::*;
    use crate::channels::webhook::verify;
    use crate::config::{Rate, Secret};

    #[test]
    fn what_is_proved_is_verified() {
        let signature = |encoding, prefix: &str| {
            let (header, prefix) = ("x-signature".to_owned(), prefix.to_owned());
            Some(Signature { header, algorithm: Algorithm::HmacSha256, encoding, prefix })
        };
        for signature in [None, signature(Encoding::Hex, "sha256="), signature(Encoding::Base64, "")] {
            let mut config = Config {
                provider: "generic".into(),
                secrets: vec![Secret::new("s3cret"), Secret::new("old")],
                signature,
                origins: Vec::new(),
                redirect: None,
                rate: Rate { count: 600, per: Duration::from_mins(1) },
                uploads: crate::channels::webhook::Uploads::default(),
                spelling: crate::normalize::Spelling::default(),
            };
            let (name, value) = prove(&config, b"{}").unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::try_from(name).unwrap(), value.parse().unwrap());
            assert!(verify(&config, &headers, b"{}"));
            config.secrets = vec![Secret::new("another")];
            assert!(!verify(&config, &headers, b"{}"));
            config.secrets = Vec::new();
            assert_eq!(prove(&config, b"{}"), None);
        }
    }
}
