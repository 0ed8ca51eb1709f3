//! How a post proves that it comes from somebody who knows the channel's secret: what `verify` asks for.
//!
//! In: the channel's settings and a post. Out: its headers; none where the channel takes unsigned posts.

use rand::RngExt;

use super::verify::{Post, Proof, our_own};
use super::{Config, jws, public_key};

/// How a token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// As it is: the post stays on this machine.
    Shown,
    /// Not at all: a signature stands for it.
    Hidden,
}

/// The headers that prove the post, by the first of the secrets.
pub(super) fn prove(config: &Config, post: &Post<'_>, secrecy: Secrecy) -> Vec<(String, String)> {
    let Some(secret) = config.secrets.iter().find(|secret| !secret.expose().is_empty()) else { return Vec::new() };
    let secret = secret.expose();
    let id = format!("msg_{:016x}", rand::rng().random::<u64>());
    let signed = match &config.proof {
        Proof::Token if secrecy == Secrecy::Shown => {
            Some(vec![("authorization".to_owned(), format!("Bearer {secret}"))])
        }
        Proof::PublicKeyOrToken { .. } if public_key::read(secret).is_some() => None,
        Proof::PublicKeyOrToken { .. } | Proof::SignedToken | Proof::Token | Proof::Header(_) | Proof::Field(_) => {
            our_own().headers(post, secret, &id)
        }
        Proof::AnyOf(signatures) => signatures.iter().find_map(|signature| signature.headers(post, secret, &id)),
        Proof::Signature(signature) | Proof::SignatureOrToken(signature) => signature.headers(post, secret, &id),
        Proof::Jws { header, issuer } => {
            jws::about(issuer, post.body, secret).map(|jws| vec![((*header).to_owned(), jws)])
        }
    };
    signed.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName};
    use jiff::Timestamp;

    use super::*;
    use crate::channels::webhook::providers::PROVIDERS;
    use crate::channels::webhook::tests::open;
    use crate::channels::webhook::verify;
    use crate::config::Secret;

    #[test]
    fn what_is_proved_is_verified() {
        for (provider, secrecy) in PROVIDERS.into_iter().flat_map(|one| [(one, Secrecy::Shown), (one, Secrecy::Hidden)])
        {
            let secrets = vec![Secret::new("00ff5ec7e7"), Secret::new("0123456789")];
            let mut config =
                crate::channels::webhook::Config { provider, secrets, proof: (provider.proof)(), ..open() };
            let (none, now) = (HeaderMap::new(), Timestamp::now());
            let url = Some("https://leads.example.com/hooks/c");
            let post = Post { method: "POST", url, query: None, headers: &none, body: b"{}", now };
            let mut headers = HeaderMap::new();
            for (name, value) in prove(&config, &post, secrecy) {
                assert!(secrecy == Secrecy::Shown || !value.contains("00ff5ec7e7"), "{provider:?}: {value}");
                headers.insert(HeaderName::try_from(name).unwrap(), value.parse().unwrap());
            }
            let post = Post { headers: &headers, ..post };
            assert!(verify(&config, &post), "{provider:?}");
            assert!(!verify(&config, &Post { headers: &none, ..post }), "{provider:?}");
            config.secrets = vec![Secret::new("beef")];
            assert!(!verify(&config, &post), "{provider:?}");
            config.secrets = Vec::new();
            assert_eq!(prove(&config, &post, secrecy), [], "{provider:?}");
        }
    }
}
