//! Bytes to text, whatever the label claims.
//!
//! Form mailers label UTF-8 as `iso-8859-1` or `us-ascii`, or not at all. Bytes that are valid
//! UTF-8 beyond ASCII are UTF-8 unless the label names an encoding of several bytes a character:
//! text in a one-byte encoding is hardly ever valid UTF-8 by chance.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes the bytes of a text under the label its sender gave it.
pub(super) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    read(bytes, label).0
}

/// As [`decode`]; and in words where the text is in another charset than its label says, or has none.
pub(super) fn decode_and_tell(bytes: &[u8], label: Option<&str>) -> (String, Option<String>) {
    let (text, used) = read(bytes, label);
    if bytes.is_ascii() {
        return (text, None);
    }
    let said = label.map(|label| label.trim().trim_matches(['"', '\'']).to_ascii_lowercase());
    let told = match said.filter(|label| !label.is_empty()) {
        None => Some(format!("the text does not say its charset; it was read as {used}")),
        Some(label) => {
            let same = Encoding::for_label(label.as_bytes()).is_none_or(|known| known.name() == used)
                && !matches!(&*label, "us-ascii" | "ascii");
            let shown = crate::normalize::text::shorten(&label, 40);
            (!same).then(|| format!("the text says that it is in `{shown}`, but it is not; it was read as {used}"))
        }
    };
    (text, told)
}

/// The text, and the charset it was read in.
fn read(bytes: &[u8], label: Option<&str>) -> (String, &'static str) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let label = label.map(|label| label.trim().trim_matches(['"', '\'']).to_ascii_lowercase());
    let label = label.as_deref().filter(|label| !label.is_empty());
    // Seven bits a byte, yet not ASCII: the label is the only hint.
    if let Some(seven @ ("utf-7" | "unicode-1-1-utf-7" | "utf7" | "iso-2022-jp" | "csiso2022jp")) = label {
        return foreign(bytes, seven).unwrap_or_else(|| unlabelled(bytes));
    }
    let Some(known) = label.and_then(|label| Encoding::for_label(label.as_bytes())) else {
        let utf8 = std::str::from_utf8(bytes).ok().map(|text| (text.to_owned(), UTF_8.name()));
        return utf8.or_else(|| foreign(bytes, label?)).unwrap_or_else(|| unlabelled(bytes));
    };
    if matches!(label, Some("us-ascii" | "ascii")) || known == UTF_8 {
        return utf8_or_guess(bytes);
    }
    if known.is_single_byte()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return (text.to_owned(), UTF_8.name());
    }
    let (text, _, broken) = known.decode(bytes);
    match std::str::from_utf8(bytes) {
        Ok(utf8) if broken => (utf8.to_owned(), UTF_8.name()),
        _ => (text.into_owned(), known.name()),
    }
}

/// Raw bytes of a header, which names no charset: UTF-8, else that of the body, else Windows-1252.
pub(super) fn of_header(bytes: &[u8], body: Option<&str>) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let known = body.and_then(|label| Encoding::for_label(label.trim().as_bytes())).filter(|known| *known != UTF_8);
    known.unwrap_or(WINDOWS_1252).decode_without_bom_handling(bytes).0.into_owned()
}

/// Charsets of mail that browsers do not know (`utf-7`, `cp850` …).
fn foreign(bytes: &[u8], label: &str) -> Option<(String, &'static str)> {
    charset_decoder(label.as_bytes()).map(|decoder| (decoder(bytes), "its label says"))
}

/// Text said to be UTF-8 that is not: a mail cut off within a character keeps its text, anything
/// else was written in another charset.
fn utf8_or_guess(bytes: &[u8]) -> (String, &'static str) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), UTF_8.name()),
        Err(error) if error.error_len().is_none() => (String::from_utf8_lossy(bytes).into_owned(), UTF_8.name()),
        Err(_) => {
            let lossy = String::from_utf8_lossy(bytes);
            let broken = lossy.matches('\u{fffd}').count();
            let whole = lossy.chars().filter(|c| !c.is_ascii() && *c != '\u{fffd}').count();
            if whole > broken { (lossy.into_owned(), UTF_8.name()) } else { unlabelled(bytes) }
        }
    }
}

/// Text without a label, known not to be UTF-8: what its bytes look like.
fn unlabelled(bytes: &[u8]) -> (String, &'static str) {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let (text, used, _) = detector.guess(None, Utf8Detection::Allow).decode(bytes);
    (text.into_owned(), used.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_win_over_the_label() {
        let cases: [(&[u8], Option<&str>, &str); 16] = [
            ("Grüße".as_bytes(), Some("iso-8859-1"), "Grüße"),
            ("Grüße".as_bytes(), Some("us-ascii"), "Grüße"),
            ("Grüße".as_bytes(), Some("windows-1252"), "Grüße"),
            ("Grüße".as_bytes(), None, "Grüße"),
            ("Grüße".as_bytes(), Some("unknown-8bit"), "Grüße"),
            (b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe", Some("utf-8"), "Grüße"),
            (b"Gr\xfc\xdfe", Some("iso-8859-1"), "Grüße"),
            (b"Gr\xfc\xdfe \x80", Some("windows-1252"), "Grüße €"),
            (b"Viele Gr\xfc\xdfe aus M\xfcnchen", Some("utf-8"), "Viele Grüße aus München"),
            (b"Viele Gr\xfc\xdfe aus M\xfcnchen", None, "Viele Grüße aus München"),
            (b"Viele Gr\xfc\xdfe aus M\xfcnchen", Some("us-ascii"), "Viele Grüße aus München"),
            (b"\xa4", Some("iso-8859-15"), "€"),
            (b"Gr\x81\xe1e", Some("cp850"), "Grüße"),
            (b"Gr+APwA3w-e", Some("utf-7"), "Grüße"),
            (b"\xf0\xd2\xc9\xd7\xc5\xd4", Some("koi8-r"), "Привет"),
            (b"\x1b$B%O%m\x1b(B", Some("iso-2022-jp"), "ハロ"),
        ];
        for (bytes, label, text) in cases {
            assert_eq!(decode(bytes, label), text, "{label:?}");
        }
    }

    #[test]
    fn a_wrong_label_is_told() {
        let told = |bytes: &[u8], label| decode_and_tell(bytes, label).1;
        let wrong = told("Grüße".as_bytes(), Some("iso-8859-1"));
        assert_eq!(
            wrong.as_deref(),
            Some("the text says that it is in `iso-8859-1`, but it is not; it was read as UTF-8")
        );
        assert!(
            told(b"Viele Gr\xfc\xdfe aus M\xfcnchen", Some("utf-8")).is_some_and(|told| told.contains("windows-1252"))
        );
        assert!(told("Grüße".as_bytes(), None).is_some_and(|told| told.contains("does not say")));
        assert_eq!(told("Grüße".as_bytes(), Some("utf-8")), None);
        assert_eq!(told(b"Gr\xfc\xdfe", Some("iso-8859-1")), None);
        assert_eq!(told(b"plain", None), None);
    }

    #[test]
    fn a_text_cut_within_a_character_keeps_the_rest() {
        assert_eq!(
            decode("Grüße aus Köln ü".as_bytes().split_last().unwrap().1, Some("utf-8")),
            "Grüße aus Köln \u{fffd}"
        );
    }
}
