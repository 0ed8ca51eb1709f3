//! A signed statement about a body: a compact JWS (RFC 7515) with HS256, whose claims name the SHA-256 of
//! the body. Netlify signs so.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::normalize::hex;

/// Whether the statement was made by `issuer` with this secret, and is about this body.
pub(super) fn is_about(jws: &str, issuer: &str, body: &[u8], secret: &str) -> bool {
    let Some((statement, signature)) = jws.rsplit_once('.') else { return false };
    let Some((header, claims)) = statement.split_once('.') else { return false };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    let signed = mac(statement, secret).is_some_and(|mac| mac.verify_slice(&signature).is_ok());
    // Nothing in it is looked at before it is known whose it is.
    let (Some(header), Some(claims)) = (read(header), read(claims)) else { return false };
    let hash = claims["sha256"].as_str().unwrap_or_default();
    let same = hash.as_bytes().ct_eq(hex(&Sha256::digest(body)).as_bytes());
    signed && header["alg"] == "HS256" && claims["iss"] == issuer && bool::from(same)
}

/// The statement that `issuer` would make about this body.
pub(super) fn about(issuer: &str, body: &[u8], secret: &str) -> Option<String> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({ "alg": "HS256", "typ": "JWT" }));
    let claims = part(&json!({ "iss": issuer, "sha256": hex(&Sha256::digest(body)) }));
    let statement = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(mac(&statement, secret)?.finalize().into_bytes());
    Some(format!("{statement}.{signature}"))
}

fn mac(statement: &str, secret: &str) -> Option<Hmac<Sha256>> {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).ok()?;
    Some(mac.chain_update(statement))
}

fn read(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_counts_for_its_body_its_secret_and_its_issuer() {
        let jws = about("netlify", b"{}", "secret").unwrap();
        assert!(is_about(&jws, "netlify", b"{}", "secret"));
        assert!(!is_about(&jws, "netlify", b"{} ", "secret"));
        assert!(!is_about(&jws, "netlify", b"{}", "another"));
        assert!(!is_about(&jws, "somebody", b"{}", "secret"));
        let statement = jws.rsplit_once('.').unwrap().0;
        for forged in [statement.to_owned(), format!("{statement}."), String::new(), "..".into()] {
            assert!(!is_about(&forged, "netlify", b"{}", "secret"), "{forged}");
        }
    }

    #[test]
    fn an_unsigned_statement_is_none() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let claims = json!({ "iss": "netlify", "sha256": hex(&Sha256::digest(b"{}")) }).to_string();
        let jws = format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&claims));
        assert!(!is_about(&jws, "netlify", b"{}", "secret"));
    }
}
