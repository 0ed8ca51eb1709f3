//! Mail that arrives by HTTP: the mail that a gateway took, out of the post in which it hands it on.
//!
//! In: a post of a mail gateway. Out: the mail as its author sent it, where the gateway hands on the whole of it;
//! else one put together again from its headers, texts and files ([`compose`]). From here on it is a mail as one
//! from a mailbox.

mod compose;
mod fields;

pub(super) use compose::{File, Letter};
pub(super) use fields::{Field, fields};

/// Takes the mail out of a post; `None` where there is none in it.
pub(super) type Unwrap = fn(&Post<'_>) -> Option<Vec<u8>>;

/// A post of a mail gateway.
pub(super) struct Post<'a> {
    /// Media type as received.
    pub(super) content_type: &'a str,
    /// The body as received.
    pub(super) bytes: &'a [u8],
}

impl Post<'_> {
    /// The media type without its parameters, lower case.
    pub(super) fn kind(&self) -> String {
        self.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// Whether the bytes begin as a mail does: with a header (RFC 5322, 2.2), or the envelope line of a mailbox.
pub(super) fn is_mail(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let is_name = (1..80).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic);
    line.starts_with(b"From ")
        || (is_name && name.len() < line.len() && !matches!(name.first(), Some(b'{' | b'[' | b'<')))
}
