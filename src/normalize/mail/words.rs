//! Encoded words in headers (RFC 2047), the way mailers really write them.
//!
//! Neighbouring words of one charset are joined before they are decoded: many mailers split a
//! character over two words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{charset, transfer};

/// Bytes of an encoded word. The standard says 75; mailers that put a whole subject in one exist.
const LONGEST: usize = 4 << 10;

/// One encoded word: `=?charset?encoding?data?=`.
struct Word<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
    end: usize,
}

/// Decodes every encoded word in a header value.
pub(super) fn decode(value: &str) -> String {
    replace(value, String::push_str)
}

/// The value with its encoded words joined and written again as clean UTF-8 ones, each standing
/// alone: for parsers of structured headers, where a decoded comma would be mistaken for grammar.
pub(super) fn clean(value: &str) -> String {
    replace(value, |out, text| {
        // Such parsers see a word only where a token starts.
        if out.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '>' | ')')) {
            out.push(' ');
        }
        out.push_str("=?utf-8?B?");
        STANDARD.encode_string(text, out);
        out.push_str("?=");
    })
}

fn replace(value: &str, write: impl Fn(&mut String, &str)) -> String {
    let mut out = String::with_capacity(value.len());
    let mut pending: Option<(&str, Vec<u8>)> = None;
    let mut at = 0;
    while let Some(found) = value[at..].find("=?") {
        let (gap, start) = (&value[at..at + found], at + found);
        let Some(word) = parse(value, start) else {
            flush(&mut out, pending.take(), &write);
            out.push_str(&value[at..start + 2]);
            at = start + 2;
            continue;
        };
        let adjacent = pending.is_some() && gap.trim().is_empty();
        match &mut pending {
            Some((charset, bytes)) if adjacent && charset.eq_ignore_ascii_case(word.charset) => {
                bytes.extend_from_slice(&word.bytes);
            }
            _ => {
                flush(&mut out, pending.take(), &write);
                out.push_str(if adjacent { "" } else { gap });
                pending = Some((word.charset, word.bytes));
            }
        }
        at = word.end;
    }
    flush(&mut out, pending, &write);
    out.push_str(&value[at..]);
    out
}

fn flush(out: &mut String, pending: Option<(&str, Vec<u8>)>, write: &impl Fn(&mut String, &str)) {
    if let Some((charset, bytes)) = pending {
        write(out, &charset::decode(&bytes, Some(charset)).replace(|c: char| c.is_control(), " "));
    }
}

/// The word that starts at `start`, where `=?` stands. Blanks inside the data are tolerated,
/// another `=?` is not: then the word was cut off.
fn parse(value: &str, start: usize) -> Option<Word<'_>> {
    let window = value.floor_char_boundary(start.saturating_add(LONGEST).min(value.len()));
    let rest = &value[start + 2..window.max(start + 2)];
    let (charset, rest) = rest.split_once('?')?;
    let (encoding, data) = rest.split_once('?')?;
    let end = data.find("?=")?;
    let charset = charset.split('*').next().unwrap_or_default(); // RFC 2231 § 5: *language
    let legal = !charset.is_empty() && charset.len() <= 64 && charset.bytes().all(|b| b.is_ascii_graphic());
    if !legal || data[..end].contains("=?") {
        return None;
    }
    let bytes = match encoding {
        "b" | "B" => transfer::base64(&data.as_bytes()[..end]).0,
        "q" | "Q" => transfer::quoted_printable(data[..end].replace('_', " ").as_bytes()),
        _ => return None,
    };
    Some(Word { charset, bytes, end: window - data.len() + end + 2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_their_senders_meant_them() {
        for (value, text) in [
            ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("Re: =?iso-8859-1?q?Gr=FC=DFe?= an alle", "Re: Grüße an alle"),
            ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
            ("=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),                   // unpadded
            ("=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße"), // split within a character
            ("=?utf-8?B?R3LD?=\t=?UTF-8?B?vMOfZQ==?=", "Grüße"),
            ("=?iso-8859-1?Q?M=C3=BCller?=", "Müller"), // UTF-8 under a wrong label
            ("=?utf-8?Q?Hallo Welt?=", "Hallo Welt"),   // raw blank
            ("=?utf-8?Q?a_b?= =?iso-8859-1?Q?=FC?=", "a bü"),
            ("=?utf-8*de?Q?=C3=BC?=", "ü"),
            ("=?utf-8?Q?cut off", "=?utf-8?Q?cut off"),
            ("=?x?=", "=?x?="),
            ("2 =? 3", "2 =? 3"),
            ("=?utf-8?Q??=", ""),
            ("=?utf-8?Q?=3D=3F?=", "=?"),
        ] {
            assert_eq!(decode(value), text, "{value}");
        }
    }

    #[test]
    fn cleaned_words_hold_the_same_text() {
        let value = "=?utf-8?Q?M=C3?= =?utf-8?Q?=BCller=2C_Max?= <a@b.example>";
        assert_eq!(decode(&clean(value)), "Müller, Max <a@b.example>");
        assert!(!clean(value).contains(','));
    }
}
