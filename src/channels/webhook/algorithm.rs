//! How a signature is made of a key and a message, and what a secret is as a key.

use aws_lc_rs::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, UnparsedPublicKey};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::encoding::Encoding;

/// Hash of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `hmac-sha256`.
    HmacSha256,
    /// `hmac-sha1`: weak as a hash, sound as a MAC (RFC 6151, 2.3), and what some providers have.
    HmacSha1,
    /// `hmac-sha512`.
    HmacSha512,
    /// `sha256`: SHA-256 of the secret followed by what is signed.
    Sha256,
    /// `ed25519` (RFC 8032): the secret is the sender's public key, and can make no signature.
    Ed25519,
}

impl Algorithm {
    /// All of them by their names in the settings.
    pub(crate) const ALL: [(&'static str, Self); 5] = [
        ("hmac-sha256", Self::HmacSha256),
        ("hmac-sha1", Self::HmacSha1),
        ("hmac-sha512", Self::HmacSha512),
        ("sha256", Self::Sha256),
        ("ed25519", Self::Ed25519),
    ];

    /// Whether one of these signatures was made over the message with the key; each is looked at.
    pub(super) fn made_one_of(self, given: &[Vec<u8>], key: &[u8], message: &[u8]) -> bool {
        if self == Self::Ed25519 {
            let key = UnparsedPublicKey::new(&ED25519, key);
            return given.iter().fold(false, |any, given| any | key.verify(message, given).is_ok());
        }
        let Some(digest) = self.digest(key, message) else { return false };
        given.iter().fold(false, |any, given| any | bool::from(given[..].ct_eq(&digest[..])))
    }

    /// Whether these bytes can be a key.
    pub(super) fn takes(self, key: &[u8]) -> bool {
        self != Self::Ed25519 || key.len() == ED25519_PUBLIC_KEY_LEN
    }

    /// The signature of a message by this key; `None` where the key makes none.
    pub(super) fn digest(self, key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        fn mac<M: KeyInit + Mac>(key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
            let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
            mac.update(message);
            Some(mac.finalize().into_bytes().to_vec())
        }
        match self {
            Self::HmacSha256 => mac::<Hmac<Sha256>>(key, message),
            Self::HmacSha1 => mac::<Hmac<Sha1>>(key, message),
            Self::HmacSha512 => mac::<Hmac<Sha512>>(key, message),
            Self::Sha256 => Some(Sha256::new_with_prefix(key).chain_update(message).finalize().to_vec()),
            Self::Ed25519 => None,
        }
    }
}

/// What a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The key itself.
    Text,
    /// The key in hexadecimal digits.
    Hex,
    /// The key in base64; a `whsec_` or `whpk_` in front is left out (Standard Webhooks).
    Base64,
}

impl Key {
    /// All of them by their names in the settings.
    pub(crate) const ALL: [(&'static str, Self); 3] =
        [("text", Self::Text), ("hex", Self::Hex), ("base64", Self::Base64)];

    /// The bytes of a secret; `None` where it is not written so, or empty.
    pub(crate) fn bytes(self, secret: &str) -> Option<Vec<u8>> {
        let bytes = match self {
            Self::Text => Some(secret.as_bytes().to_vec()),
            Self::Hex => Encoding::Hex.decode_key(secret),
            Self::Base64 => Encoding::Base64
                .decode_key(secret.strip_prefix("whsec_").or_else(|| secret.strip_prefix("whpk_")).unwrap_or(secret)),
        };
        bytes.filter(|bytes| !bytes.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_verifies_and_signs_nothing() {
        // RFC 8032, 7.1, test 2.
        let key = Key::Hex.bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").unwrap();
        let signature = Encoding::Hex
            .decode(
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                 085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            )
            .unwrap();
        let by = |given: &[Vec<u8>], key: &[u8], message: &[u8]| Algorithm::Ed25519.made_one_of(given, key, message);
        assert!(by(&[vec![1; 64], signature.clone()], &key, b"r"));
        assert!(!by(std::slice::from_ref(&signature), &key, b"s"));
        for at in [0, 31, 32, 63] {
            let mut flipped = signature.clone();
            flipped[at] ^= 1;
            assert!(!by(&[flipped], &key, b"r"), "{at}");
        }
        assert!(!by(&[signature], &key[1..], b"r") && !by(&[vec![]], &key, b"r"));
        assert!(Algorithm::Ed25519.takes(&key) && !Algorithm::Ed25519.takes(&key[1..]));
        assert_eq!(Algorithm::Ed25519.digest(&key, b"r"), None);
    }
}
