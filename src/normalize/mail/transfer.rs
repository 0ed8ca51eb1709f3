//! Transfer encodings (RFC 2045 § 6), decoded as well as can be: padding may be missing, lines may
//! be broken, a list may have added plain text under the base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr;

/// How the bytes of a part are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As they are: `7bit`, `8bit`, `binary`, anything unknown.
    Plain,
    /// `base64`.
    Base64,
    /// `quoted-printable`.
    QuotedPrintable,
}

impl Encoding {
    /// The encoding that a `Content-Transfer-Encoding` value names.
    pub(super) fn parse(value: &str) -> Self {
        let word = value.trim().trim_matches('"').split([';', ' ', '\t', '(']).next().unwrap_or_default();
        if word.eq_ignore_ascii_case("base64") {
            Self::Base64
        } else if word.eq_ignore_ascii_case("quoted-printable") {
            Self::QuotedPrintable
        } else {
            Self::Plain
        }
    }

    /// The bytes of a file inside.
    pub(super) fn file(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => bytes.to_vec(),
            Self::QuotedPrintable => quoted_printable(bytes),
            Self::Base64 => base64(bytes).0,
        }
    }

    /// The bytes of a text inside, and whether it was wrapped as announced. Plain text under a
    /// `base64` label stays as it is; plain text under the base64 (the footer of a list) is kept.
    pub(super) fn text(self, bytes: &[u8]) -> (Vec<u8>, bool) {
        if self != Self::Base64 {
            return (self.file(bytes), true);
        }
        let (mut decoded, rest) = base64(bytes);
        let footer = rest.trim_ascii();
        if footer.is_empty() {
            return (decoded, true);
        }
        let digits = bytes[..bytes.len() - rest.len()].iter().filter(|b| !b.is_ascii_whitespace()).count();
        let readable = !decoded.iter().any(|&b| b < b' ' && !matches!(b, b'\t' | b'\r' | b'\n'));
        if digits == 0 || digits % 4 != 0 || !readable {
            return (bytes.to_vec(), false);
        }
        decoded.extend_from_slice(b"\n\n");
        decoded.extend_from_slice(footer);
        (decoded, false)
    }
}

/// Decodes base64 line by line up to the first line that cannot be any; returns the bytes and what
/// was left over. Padding may be missing or stand in the middle.
pub(super) fn base64(bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0_u32, 0_u8);
    let mut at = 0;
    while at < bytes.len() {
        let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n + 1);
        let line = &bytes[at..end];
        if count == 0 && add_sound(line.trim_ascii_end(), &mut out) {
            at = end;
            continue;
        }
        if !is_base64(line) {
            break;
        }
        for &byte in line {
            if byte == b'=' {
                flush(&mut out, &mut bits, &mut count);
            } else if let Some(value) = sextet(byte) {
                bits = bits << 6 | u32::from(value);
                count += 1;
                if count == 4 {
                    out.extend_from_slice(&bits.to_be_bytes()[1..]);
                    (bits, count) = (0, 0);
                }
            }
        }
        at = end;
    }
    flush(&mut out, &mut bits, &mut count);
    (out, &bytes[at..])
}

/// Adds the bytes of a line that is whole groups of base64 and nothing else, as most are; `false` adds nothing.
fn add_sound(line: &[u8], out: &mut Vec<u8>) -> bool {
    let before = out.len();
    let sound = STANDARD.decode_vec(line, out).is_ok();
    if !sound {
        out.truncate(before);
    }
    sound
}

/// Decodes quoted-printable; what is no escape stays as it is.
pub(super) fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if matches!(byte, b' ' | b'\t') {
            // Blanks at the end of a line were added on the way (RFC 2045 § 6.7 (3)).
            let run = blanks(&bytes[at..]);
            let ends = matches!(bytes.get(at + run), None | Some(b'\r' | b'\n'));
            out.extend_from_slice(if ends { b"" } else { &bytes[at..at + run] });
            at += run;
            continue;
        }
        at += 1;
        if byte != b'=' {
            out.push(byte);
        } else if let Some(decoded) = hex(bytes.get(at..at + 2)) {
            out.push(decoded);
            at += 2;
        } else if let Some(skip) = soft_break(&bytes[at..]) {
            at += skip;
        } else {
            out.push(b'=');
        }
    }
    out
}

fn flush(out: &mut Vec<u8>, bits: &mut u32, count: &mut u8) {
    match *count {
        2 => out.push((*bits << 20).to_be_bytes()[0]),
        3 => out.extend_from_slice(&(*bits << 14).to_be_bytes()[..2]),
        _ => {}
    }
    (*bits, *count) = (0, 0);
}

/// Whether a line is base64: nothing else in it but a few damaged bytes.
fn is_base64(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let odd = line.iter().filter(|&&b| sextet(b).is_none() && b != b'=').count();
    odd * 20 <= line.len()
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn hex(pair: Option<&[u8]>) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let &[high, low] = pair? else { return None };
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// Length of the line break (with blanks before it) that an escaped end of line hides.
fn soft_break(rest: &[u8]) -> Option<usize> {
    let blanks = blanks(rest);
    match &rest[blanks..] {
        [] => Some(blanks),
        [b'\n', ..] => Some(blanks + 1),
        [b'\r', b'\n', ..] => Some(blanks + 2),
        _ => None,
    }
}

/// Number of blanks in front.
fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&b| matches!(b, b' ' | b'\t')).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn base64_is_what_was_encoded_wherever_its_lines_break(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            width in 1_usize..90,
            padded in any::<bool>(),
        ) {
            let text = STANDARD.encode(&bytes);
            let text = if padded { &text } else { text.trim_end_matches('=') };
            let lines: Vec<&[u8]> = text.as_bytes().chunks(width).collect();
            let text = lines.join(&b"\r\n"[..]);
            prop_assert_eq!(base64(&text), (bytes, &b""[..]));
        }
    }

    #[test]
    fn base64_is_decoded_with_all_its_usual_faults() {
        let cases: [(&[u8], &[u8], &[u8]); 7] = [
            (b"SGFsbG8gV2VsdA==", b"Hallo Welt", b""),
            (b"SGFsbG8gV2VsdA", b"Hallo Welt", b""),
            (b"SGFs\r\nbG8gV2\r\nVsdA==\r\n", b"Hallo Welt", b""),
            (b"SGFsbG8=\nIFdlbHQ=\n", b"Hallo Welt", b""),
            (b"SGFsbG8gV2VsdA==\n\n___ sent via a list ___\n", b"Hallo Welt", b"___ sent via a list ___\n"),
            (b"Plain text, no base64.", b"", b"Plain text, no base64."),
            (b"", b"", b""),
        ];
        for (bytes, decoded, rest) in cases {
            assert_eq!(base64(bytes), (decoded.to_vec(), rest), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn quoted_printable_keeps_what_is_no_escape() {
        let cases: [(&[u8], &[u8]); 8] = [
            (b"Gr=C3=BC=c3=9fe", "Grüße".as_bytes()),
            (b"long =\r\nline", b"long line"),
            (b"long = \nline", b"long line"),
            (b"a=b 100%=", b"a=b 100%"),
            (b"blank at the end  \r\nx", b"blank at the end\r\nx"),
            (b"kept at the end=20\r\nx", b"kept at the end \r\nx"),
            (b"=ZZ=", b"=ZZ"),
            (b"\n", b"\n"),
        ];
        for (bytes, text) in cases {
            assert_eq!(quoted_printable(bytes), text, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn plain_text_under_a_base64_label_stays_readable() {
        let text = b"Dear sales team,\nplease call me.\n";
        assert_eq!(Encoding::parse("base64").text(text), (text.to_vec(), false));
        assert_eq!(Encoding::Base64.text(b"Hi\n\nplease call me back.\n").0, b"Hi\n\nplease call me back.\n");
        assert_eq!(Encoding::Base64.text(b"SGFsbG8=\n-- \nOur list\n").0, b"Hallo\n\n-- \nOur list");
        assert_eq!(Encoding::parse(" Quoted-Printable ; x").text(b"a=20b"), (b"a b".to_vec(), true));
    }
}
