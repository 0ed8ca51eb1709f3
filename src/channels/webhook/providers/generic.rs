//! Anybody: forms of your own, scripts, and services whose signature the settings describe.

use super::Provider;
use crate::normalize::form::schema::ANYBODY;

/// What an example says.
pub(super) const SAMPLE: &str = r#"{"name":"Erika Muster","email":"erika@firma.example","phone":"030 1234567","message":"Please send me an offer."}"#;

/// Anybody.
pub static GENERIC: Provider = Provider {
    schema: ANYBODY,
    steps: "Post a form (urlencoded or multipart) or JSON to {url}.\n\
        With a secret in the settings, send it as `Authorization: Bearer SECRET`, or sign the body: \
        `X-Lotse-Signature: sha256=HEX`, the HMAC-SHA256 of the body under the secret.\n\
        A service that signs in its own way: describe it with `signature = { … }` in the settings.",
    ..Provider::like_generic("generic", "Your own form")
};
