//! Whether a post comes from somebody who knows the channel's secret.
//!
//! In: the channel's settings, the post exactly as received. Out: yes or no. Every comparison takes the same
//! time wherever the values differ, and every secret is tried, so that neither the answer nor its delay
//! tells which one nearly fitted.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::signature::{Signature, text};
use super::{Config, jws, public_key, signed_token};
use crate::config::Secret;

/// The header for signed posts where the provider has no scheme and the settings describe none.
pub(super) const HEADER: &str = "x-lotse-signature";
/// Parameters of the address that may hold the secret, for senders that can do nothing else.
pub(super) const PARAMETERS: [&str; 3] = ["token", "secret", "key"];

/// How a post proves that its sender knows the secret.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof {
    /// The secret itself, as `Authorization: Bearer …` or `?token=…`; or `X-Lotse-Signature: sha256=HEX`,
    /// the HMAC-SHA256 of the body.
    Token,
    /// A signature in a header, and nothing else.
    Signature(Signature),
    /// A signature, or the secret itself: not all that this provider sends can be signed.
    SignatureOrToken(Signature),
    /// One of these signatures: the provider has had several schemes, or has them side by side.
    AnyOf(Vec<Signature>),
    /// The secret itself in this header (lower case), or what stands for a token.
    Header(&'static str),
    /// The secret itself under this key of a JSON body, or what stands for a token.
    Field(&'static str),
    /// A signature by the private key to the secret, which is a public key; where the secret is none, it is a
    /// token. As SendGrid has it: ECDSA (P-256, SHA-256) over the time and the body.
    PublicKeyOrToken {
        /// Header that holds the signature, lower case.
        header: &'static str,
        /// Header that holds the time, lower case.
        timestamp: &'static str,
    },
    /// A signature over a time and a token, all three fields of the body, or what stands for a token. As Mailgun
    /// has it: the rest of the body is not signed.
    SignedToken,
    /// A signed statement about the body, as Netlify sends it.
    Jws {
        /// Header that holds it, lower case.
        header: &'static str,
        /// Who must have made it (`iss`).
        issuer: &'static str,
    },
}

impl Proof {
    /// The signatures that count, the one we make ourselves first.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        match self {
            Self::Signature(signature) | Self::SignatureOrToken(signature) => std::slice::from_ref(signature),
            Self::AnyOf(signatures) => signatures,
            _ => &[],
        }
    }

    /// Whether only who knows the address as the sender called it can verify.
    #[must_use]
    pub fn needs_the_address(&self) -> bool {
        let signatures = self.signatures();
        !signatures.is_empty() && signatures.iter().all(Signature::signs_the_address)
    }
}

/// A post, as far as proofs speak of it.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The address as the sender called it, with its query; `None` where nobody said what the world calls us.
    pub url: Option<&'a str>,
    /// The query of the request.
    pub query: Option<&'a str>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body exactly as received.
    pub body: &'a [u8],
    /// Our time.
    pub now: Timestamp,
}

/// Whether the post is allowed: the channel has no secrets, or the post proves one of them.
#[must_use]
pub fn verify(config: &Config, post: &Post<'_>) -> bool {
    if config.secrets.is_empty() {
        return true;
    }
    let proves = |secret: &Secret| match &config.proof {
        Proof::Token => is_token(secret, post) | our_own().is_on(post, secret.expose()),
        Proof::Signature(signature) => signature.is_on(post, secret.expose()),
        Proof::SignatureOrToken(signature) => is_token(secret, post) | signature.is_on(post, secret.expose()),
        Proof::AnyOf(signatures) => {
            signatures.iter().fold(false, |any, signature| any | signature.is_on(post, secret.expose()))
        }
        Proof::Header(name) => {
            let given = text(post.headers, name).is_some_and(|given| secret.is(given));
            given | is_token(secret, post) | our_own().is_on(post, secret.expose())
        }
        Proof::PublicKeyOrToken { header, timestamp } => match public_key::read(secret.expose()) {
            Some(key) => public_key::is_on(post, &key, header, timestamp),
            None => is_token(secret, post) | our_own().is_on(post, secret.expose()),
        },
        Proof::SignedToken => {
            signed_token::is_on(post, secret.expose()) | is_token(secret, post) | our_own().is_on(post, secret.expose())
        }
        Proof::Field(key) => {
            let given = field(post.body, key).is_some_and(|given| secret.is(&given));
            given | is_token(secret, post) | our_own().is_on(post, secret.expose())
        }
        Proof::Jws { header, issuer } => {
            text(post.headers, header).is_some_and(|jws| jws::is_about(jws, issuer, post.body, secret.expose()))
        }
    };
    // An empty secret would be everybody's.
    let is_secret =
        |secret: &&Secret| !secret.expose().is_empty() && config.provider.public_secret != Some(secret.expose());
    config.secrets.iter().filter(is_secret).fold(false, |any, secret| any | proves(secret))
}

/// Our own signature: `sha256=HEX`.
pub(super) fn our_own() -> Signature {
    Signature { prefix: "sha256=".to_owned(), ..Signature::of_body(HEADER) }
}

/// The text under a key of a JSON object.
pub(super) fn field(body: &[u8], key: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.get(key)?.as_str().map(str::to_owned)
}

/// Whether the post brings the secret itself: `Authorization: Bearer SECRET` (RFC 6750; the scheme in any
/// case), as the password of `Authorization: Basic` (RFC 7617) whatever the user name, or a parameter of the
/// address.
fn is_token(secret: &Secret, post: &Post<'_>) -> bool {
    let given = text(post.headers, header::AUTHORIZATION.as_str()).and_then(|given| given.split_once(' '));
    let bearer = given.is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") & secret.is(token.trim()))
        | given.is_some_and(|(scheme, pair)| {
            scheme.eq_ignore_ascii_case("basic") && password(pair.trim()).is_some_and(|given| secret.is(&given))
        });
    let parameters = url::form_urlencoded::parse(post.query.unwrap_or_default().as_bytes());
    let tokens = parameters.filter(|(name, _)| PARAMETERS.contains(&&**name));
    tokens.fold(bearer, |any, (_, value)| any | secret.is(&value))
}

/// The password of a user name and password in base64.
fn password(pair: &str) -> Option<String> {
    let pair = String::from_utf8(STANDARD.decode(pair).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::webhook::tests::open;
    use crate::channels::webhook::{Algorithm, Encoding, Key, Piece};
    use crate::normalize::hex;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;
    use sha2::Sha256;

    fn config(secrets: &[&str], signature: Option<Signature>) -> Config {
        let proof = signature.map_or(Proof::Token, Proof::Signature);
        Config { secrets: secrets.iter().copied().map(Secret::new).collect(), proof, ..open() }
    }

    fn verified(config: &Config, headers: &HeaderMap, body: &[u8]) -> bool {
        let now = Timestamp::now();
        verify(config, &Post { method: "POST", url: None, query: None, headers, body, now })
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

    fn passes(config: &Config, header: &str, value: &str, body: &[u8]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(axum::http::HeaderName::try_from(header).unwrap(), value.parse().unwrap());
        verified(config, &headers, body)
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

    /// Standard Webhooks, `v1a`: the receiver knows the public key alone.
    #[test]
    fn a_signature_by_a_private_key_verifies_by_the_public_one() {
        use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let public = format!("whpk_{}", STANDARD.encode(pair.public_key().as_ref()));
        let now = Timestamp::now();
        let scheme = Signature {
            part: Some("v1a".into()),
            algorithm: Algorithm::Ed25519,
            encoding: Encoding::Base64,
            signed: Piece::parse("{id}.{timestamp}.{body}").unwrap(),
            timestamp: Some("webhook-timestamp".into()),
            id: Some("webhook-id".into()),
            key: Key::Base64,
            ..Signature::of_body("webhook-signature")
        };
        let config = config(&[&public], Some(scheme));
        let passes = |id: &str, at: i64, body: &str, signed: &str| {
            let signature = STANDARD.encode(pair.sign(signed.as_bytes()).as_ref());
            let mut headers = HeaderMap::new();
            headers.insert("webhook-id", id.parse().unwrap());
            headers.insert("webhook-timestamp", at.to_string().parse().unwrap());
            let list = format!("v1,{} v1a,{signature}", STANDARD.encode([1; 32]));
            headers.insert("webhook-signature", list.parse().unwrap());
            let headers = &headers;
            verify(&config, &Post { method: "POST", url: None, query: None, headers, body: body.as_bytes(), now })
        };
        let (at, body) = (now.as_second(), "{\"a\":1}");
        assert!(passes("msg_1", at, body, &format!("msg_1.{at}.{body}")));
        assert!(!passes("msg_2", at, body, &format!("msg_1.{at}.{body}")));
        assert!(!passes("msg_1", at, "{\"a\":2}", &format!("msg_1.{at}.{body}")));
        let old = at - 301;
        assert!(!passes("msg_1", old, body, &format!("msg_1.{old}.{body}")));
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
        assert!(!verified(&one, &HeaderMap::new(), b"{}"));
    }

    #[test]
    fn a_token_may_stand_in_the_address() {
        let one = config(&["sec ret"], None);
        for (query, allowed) in [
            ("token=sec%20ret", true),
            ("utm_source=a&key=sec+ret", true),
            ("token=sec%20re", false),
            ("other=sec%20ret", false),
            ("token=", false),
            ("", false),
        ] {
            let (headers, query, now) = (HeaderMap::new(), Some(query), Timestamp::now());
            let post = Post { method: "POST", url: None, query, headers: &headers, body: b"{}", now };
            assert_eq!(verify(&one, &post), allowed, "{query:?}");
            assert!(!verify(&config(&["sec ret"], Some(github())), &post));
        }
    }

    #[test]
    fn an_empty_secret_lets_nobody_in() {
        let empty = config(&[""], None);
        assert!(!passes(&empty, "authorization", "Bearer ", b"{}"));
        assert!(!passes(&empty, HEADER, &format!("sha256={}", hex(&mac(b"", b"{}"))), b"{}"));
    }

    #[test]
    fn without_secrets_unsigned_posts_are_taken() {
        assert!(verified(&config(&[], None), &HeaderMap::new(), b"{}"));
        assert!(verified(&config(&[], Some(github())), &HeaderMap::new(), b"{}"));
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
