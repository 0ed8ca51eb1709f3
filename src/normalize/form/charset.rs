//! Text from bytes. In: bytes, and what they are said to be. Out: text, and a problem where the
//! bytes and the saying do not fit.
//!
//! A byte order mark wins, then the named charset, then UTF-8; what is none of these is
//! windows-1252, which reads every byte.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Control characters that text does not have: one in this many bytes makes it binary.
const BINARY_SHARE: usize = 20;

/// The text of `bytes`.
pub(super) fn decode<'a>(bytes: &'a [u8], charset: Option<&str>, problems: &mut Vec<String>) -> Cow<'a, str> {
    let named = charset.and_then(|name| Encoding::for_label(name.as_bytes()));
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, &bytes[length..]),
        None => (named.unwrap_or(UTF_8), bytes),
    };
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        return text;
    }
    // Said to be one thing, is another: UTF-8 is never met by accident.
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    problems.push(format!("the text is not valid {}; it was read as windows-1252", encoding.name()));
    WINDOWS_1252.decode_without_bom_handling(bytes).0
}

/// Whether the bytes are no text in any charset that forms are sent in.
pub(in crate::normalize) fn is_binary(bytes: &[u8]) -> bool {
    if Encoding::for_bom(bytes).is_some() {
        return false;
    }
    let is_control = |byte: &&u8| matches!(byte, 0..=8 | 0xe..=0x1f | 0x7f);
    bytes.contains(&0) || bytes.iter().filter(is_control).count() * BINARY_SHARE > bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_the_charset_it_is_in() {
        let cases: [(&[u8], Option<&str>, &str, usize); 7] = [
            ("Größe".as_bytes(), None, "Größe", 0),
            (b"Gr\xf6\xdfe", None, "Größe", 1),
            (b"Gr\xf6\xdfe", Some("iso-8859-1"), "Größe", 0),
            ("Größe".as_bytes(), Some("unknown-8bit"), "Größe", 0),
            (b"\xef\xbb\xbfab", Some("iso-8859-1"), "ab", 0),
            (b"\xff\xfea\0\xf6\0", None, "aö", 0),
            (b"\x80 5", Some("windows-1252"), "€ 5", 0),
        ];
        for (bytes, charset, text, problems) in cases {
            let mut found = Vec::new();
            assert_eq!(decode(bytes, charset, &mut found), text);
            assert_eq!(found.len(), problems, "{text}");
        }
    }

    #[test]
    fn pictures_and_archives_are_binary_and_old_text_is_not() {
        for bytes in [&b"\x89PNG\r\n\x1a\n"[..], b"\x1f\x8b\x08abc", b"PK\x03\x04", b"a\0b"] {
            assert!(is_binary(bytes), "{bytes:?}");
        }
        for bytes in [&b"Gr\xf6\xdfe"[..], "Größe\r\n\t".as_bytes(), b"\xff\xfea\0", b""] {
            assert!(!is_binary(bytes), "{bytes:?}");
        }
    }
}
