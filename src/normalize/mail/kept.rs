//! Headers that stay with the touch, for rules and for people who ask where a mail came from.

use std::collections::BTreeMap;

use crate::normalize::text::shorten;

use super::headers::Fields;

/// Bytes of a value that are kept.
const VALUE: usize = 2_000;

/// Headers that are kept, lower case. Of one that repeats only the first counts: in
/// `Authentication-Results` that is the one our own server added (RFC 8601 § 5).
const KEPT: [&str; 22] = [
    "authentication-results",
    "auto-submitted",
    "cc",
    "date",
    "delivered-to",
    "importance",
    "in-reply-to",
    "list-id",
    "message-id",
    "precedence",
    "references",
    "reply-to",
    "return-path",
    "sender",
    "to",
    "user-agent",
    "x-mailer",
    "x-original-from",
    "x-original-to",
    "x-php-originating-script",
    "x-priority",
    "x-spam",
];

/// The headers worth keeping, decoded, by lower-case name.
pub(super) fn headers(fields: &Fields<'_>, charset: Option<&str>) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    for field in fields.iter() {
        let name = field.name.to_ascii_lowercase();
        if (KEPT.contains(&name.as_str()) || name.starts_with("x-spam-"))
            && name.len() <= 40
            && !kept.contains_key(&name)
        {
            let value = field.text(charset);
            if !value.is_empty() {
                kept.insert(name, shorten(&value, VALUE).to_owned());
            }
        }
    }
    kept
}
