//! A signature by a private key: the secret of the channel is the public one. SendGrid signs so
//! (<https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>).

use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::encoding::Encoding;
use super::signature::{is_near, text};
use super::verify::Post;

/// How a public key on the curve P-256 begins (RFC 5480): its kind, before the point.
const START: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// Bytes of a point that is written out.
const POINT: usize = 65;
/// How far the time may be from ours.
pub(super) const TOLERANCE: Duration = Duration::from_mins(5);

/// The point of a public key in base64, with or without the lines of PEM around it; `None` for anything else.
pub(super) fn read(secret: &str) -> Option<Vec<u8>> {
    let lines = secret.lines().filter(|line| !line.starts_with("-----"));
    let compact: String = lines.flat_map(str::split_ascii_whitespace).collect();
    let key = STANDARD.decode(compact).ok()?;
    let point = key.strip_prefix(&START)?;
    (point.len() == POINT).then(|| point.to_vec())
}

/// Whether the post carries a signature over its time and body, made lately with the key's other half.
pub(super) fn is_on(post: &Post<'_>, key: &[u8], header: &str, timestamp: &str) -> bool {
    let (Some(signature), Some(time)) = (text(post.headers, header), text(post.headers, timestamp)) else {
        return false;
    };
    let Some(signature) = Encoding::Base64.decode(signature) else { return false };
    let message = [time.as_bytes(), post.body].concat();
    let is_signed = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(&message, &signature).is_ok();
    is_signed && is_near(time, post.now, TOLERANCE)
}
