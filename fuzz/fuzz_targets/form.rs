//! The body of a post, as whatever its first byte says it is.
#![no_main]

use lotse::lead::Kind;
use lotse::normalize::read_bytes;

const TYPES: [&str; 8] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded; charset=iso-8859-1",
    "text/plain; charset=windows-1252",
    "",
];

libfuzzer_sys::fuzz_target!(|post: &[u8]| {
    let Some((sort, body)) = post.split_first() else { return };
    // Digits, so that seeds are text.
    let content_type = TYPES[usize::from(*sort) % TYPES.len()];
    lotse_fuzz::sound(&read_bytes(Kind::Form, content_type, body));
    lotse_fuzz::sound(&read_bytes(Kind::Chat, content_type, body));
});
