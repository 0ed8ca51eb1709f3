//! Whether a post comes from somebody who knows the channel's secret.
//!
//! In: the channel's settings, the request's headers, the body exactly as received. Out: yes or no. Every
//! comparison takes the same time wherever the values differ, and every secret is tried, so that neither
//! the answer nor its delay tells which one nearly fitted.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Algorithm, Config, Encoding, Signature};
use crate::config::Secret;

/// The header for signed posts where the settings describe no other: `sha256=HEX`.
pub(super) const HEADER: &str = "x-lotse-signature";
/// What stands before its digest.
const PREFIX: &str = "sha256=";

/// Whether the post is allowed: the channel has no secrets, or the post proves one of them.
///
/// With a described signature only that one counts; else a bearer token or our own signature header.
#[must_use]
pub fn verify(config: &Config, headers: &HeaderMap, body: &[u8]) -> bool {
    if config.secrets.is_empty() {
        return true;
    }
    let proves = |secret: &Secret| match &config.signature {
        Some(signature) => is_signed(signature, secret, headers, body),
        None => is_bearer(secret, headers) | is_signed(&our_own(), secret, headers, body),
    };
    // An empty secret would be everybody's.
    config.secrets.iter().filter(|secret| !secret.expose().is_empty()).fold(false, |any, secret| any | proves(secret))
}

/// Our own signature header.
fn our_own() -> Signature {
    Signature {
        header: HEADER.to_owned(),
        algorithm: Algorithm::HmacSha256,
        encoding: Encoding::Hex,
        prefix: PREFIX.to_owned(),
    }
}

/// `Authorization: Bearer SECRET` (RFC 6750; the scheme in any case).
fn is_bearer(secret: &Secret, headers: &HeaderMap) -> bool {
    let Some(given) = headers.get(header::AUTHORIZATION).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
    else {
        return false;
    };
    match given.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => secret.is(token.trim()),
        _ => false,
    }
}

/// Whether the described header holds the body's MAC under this secret.
fn is_signed(signature: &Signature, secret: &Secret, headers: &HeaderMap, body: &[u8]) -> bool {
    let Some(given) = headers.get(signature.header.as_str()).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let Some(digest) = given.trim().strip_prefix(signature.prefix.as_str()).and_then(|d| decode(signature.encoding, d))
    else {
        return false;
    };
    match signature.algorithm {
        Algorithm::HmacSha256 => Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
            .is_ok_and(|mac| mac.chain_update(body).verify_slice(&digest).is_ok()),
    }
}

/// The bytes of a written digest.
fn decode(encoding: Encoding, digest: &str) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Hex => {
            let pairs = digest.as_bytes().chunks(2);
            pairs.map(|pair| Some(nibble(*pair.first()?)? << 4 | nibble(*pair.get(1)?)?)).collect()
        }
        Encoding::Base64 => {
            let standard: String = digest
                .chars()
                .map(|c| match c {
                    '-' => '+',
                    '_' => '/',
                    c => c,
                })
                .collect();
            let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
            GeneralPurpose::new(&alphabet::STANDARD, lenient).decode(standard).ok()
        }
    }
}

/// The value of a hexadecimal digit.
fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rate;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use std::time::Duration;

    fn config(secrets: &[&str], signature: Option<Signature>) -> Config {
        Config {
            provider: "generic".into(),
            secrets: secrets.iter().copied().map(Secret::new).collect(),
            signature,
            origins: Vec::new(),
            redirect: None,
            rate: Rate { count: 600, per: Duration::from_mins(1) },
            uploads: crate::channels::webhook::Uploads::default(),
            spelling: crate::normalize::Spelling::default(),
        }
    }

    fn github() -> Signature {
        Signature { header: "x-hub-signature-256".into(), ..our_own() }
    }

    fn base64_header() -> Signature {
        Signature {
            header: "x-wc-webhook-signature".into(),
            encoding: Encoding::Base64,
            prefix: String::new(),
            ..our_own()
        }
    }

    fn mac(secret: &[u8], body: &[u8]) -> Vec<u8> {
        Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(body).finalize().into_bytes().to_vec()
    }

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    fn passes(config: &Config, header: &str, value: &str, body: &[u8]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(axum::http::HeaderName::try_from(header).unwrap(), value.parse().unwrap());
        verify(config, &headers, body)
    }

    #[test]
    fn published_vectors_verify() {
        // RFC 4231, test case 2.
        let digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let jefe = config(&["Jefe"], None);
        assert!(passes(&jefe, HEADER, &format!("sha256={digest}"), b"what do ya want for nothing?"));
        assert!(passes(&jefe, HEADER, &format!("sha256={}", digest.to_uppercase()), b"what do ya want for nothing?"));
        // GitHub's documented example for X-Hub-Signature-256.
        let hub = config(&["It's a Secret to Everybody"], Some(github()));
        let digest = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(passes(&hub, "X-Hub-Signature-256", digest, b"Hello, World!"));
    }

    #[test]
    fn a_digest_reads_in_every_usual_base64() {
        // A body whose digest needs both letters in which the alphabets differ.
        let body = (0..10_000)
            .map(|n| n.to_string().into_bytes())
            .find(|body| {
                let text = STANDARD.encode(mac(b"s3cret", body));
                text.contains('+') && text.contains('/')
            })
            .unwrap();
        let digest = mac(b"s3cret", &body);
        let shop = config(&["s3cret"], Some(base64_header()));
        for text in [
            STANDARD.encode(&digest),
            STANDARD.encode(&digest).trim_end_matches('=').to_owned(),
            URL_SAFE_NO_PAD.encode(&digest),
        ] {
            assert!(passes(&shop, "x-wc-webhook-signature", &text, &body), "{text}");
        }
    }

    #[test]
    fn each_of_several_secrets_counts_while_rotating() {
        let rotating = config(&["old", "new"], None);
        for secret in ["old", "new"] {
            assert!(passes(&rotating, "authorization", &format!("Bearer {secret}"), b"{}"));
            assert!(passes(&rotating, "authorization", &format!("bearer {secret}"), b"{}"));
            let signed = format!("sha256={}", hex(&mac(secret.as_bytes(), b"{}")));
            assert!(passes(&rotating, HEADER, &signed, b"{}"));
        }
        assert!(!passes(&rotating, "authorization", "Bearer older", b"{}"));
    }

    #[test]
    fn a_described_signature_is_the_only_way_in() {
        let hub = config(&["secret"], Some(github()));
        let signed = format!("sha256={}", hex(&mac(b"secret", b"{}")));
        assert!(passes(&hub, "x-hub-signature-256", &signed, b"{}"));
        assert!(!passes(&hub, HEADER, &signed, b"{}"));
        assert!(!passes(&hub, "authorization", "Bearer secret", b"{}"));
    }

    #[test]
    fn what_only_looks_like_a_proof_is_none() {
        let one = config(&["secret"], None);
        let full = hex(&mac(b"secret", b"{}"));
        for (header, value) in [
            ("authorization", String::new()),
            ("authorization", "Bearer".into()),
            ("authorization", "Bearer ".into()),
            ("authorization", "Bearer secre".into()),
            ("authorization", "Bearer secret2".into()),
            ("authorization", "Basic secret".into()),
            ("authorization", "secret".into()),
            (HEADER, full.clone()),
            (HEADER, "sha256=".into()),
            (HEADER, format!("sha256={}", &full[..62])),
            (HEADER, format!("sha256={full}0")),
            (HEADER, format!("sha256={full}00")),
            (HEADER, format!("sha1={full}")),
            ("x-other", format!("sha256={full}")),
        ] {
            assert!(!passes(&one, header, &value, b"{}"), "{header}: {value}");
        }
        assert!(!verify(&one, &HeaderMap::new(), b"{}"));
    }

    #[test]
    fn an_empty_secret_lets_nobody_in() {
        let empty = config(&[""], None);
        assert!(!passes(&empty, "authorization", "Bearer ", b"{}"));
        assert!(!passes(&empty, HEADER, &format!("sha256={}", hex(&mac(b"", b"{}"))), b"{}"));
    }

    #[test]
    fn without_secrets_unsigned_posts_are_taken() {
        assert!(verify(&config(&[], None), &HeaderMap::new(), b"{}"));
        assert!(verify(&config(&[], Some(github())), &HeaderMap::new(), b"{}"));
    }

    proptest! {
        #[test]
        fn one_flipped_bit_never_verifies(
            secret in "[ -~]{1,80}",
            body in prop::collection::vec(any::<u8>(), 1..300),
            at in any::<prop::sample::Index>(),
            bit in 0u8..8,
            base64 in any::<bool>(),
        ) {
            let signature = if base64 { base64_header() } else { github() };
            let write = |digest: &[u8]| {
                if base64 { STANDARD.encode(digest) } else { format!("sha256={}", hex(digest)) }
            };
            let flipped = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
                bytes
            };
            let config = config(&[&secret], Some(signature.clone()));
            let digest = mac(secret.as_bytes(), &body);
            prop_assert!(passes(&config, &signature.header, &write(&digest), &body));
            prop_assert!(!passes(&config, &signature.header, &write(&digest), &flipped(&body)));
            prop_assert!(!passes(&config, &signature.header, &write(&flipped(&digest)), &body));
            let forged = mac(&flipped(secret.as_bytes()), &body);
            prop_assert!(!passes(&config, &signature.header, &write(&forged), &body));
        }

        #[test]
        fn nothing_a_stranger_sends_panics_or_verifies(value in "[ -~]{0,120}", body in prop::collection::vec(any::<u8>(), 0..50)) {
            let value = value.trim();
            for signature in [None, Some(github()), Some(base64_header())] {
                let header = signature.as_ref().map_or(HEADER, |s| s.header.as_str()).to_owned();
                prop_assert!(!passes(&config(&["a secret nobody guesses"], signature), &header, value, &body));
            }
            prop_assert!(!passes(&config(&["a secret nobody guesses"], None), "authorization", value, &body));
        }
    }
}
