//! The header block: from raw bytes to fields (RFC 5322 § 2.2), in one linear pass.
//!
//! Values stay raw here, with their line breaks and whatever bytes the sender put in;
//! [`Fields::text`] makes readable text of them.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

use super::{bounds, charset, words};
use crate::normalize::text::line;

/// One header field as received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    /// Its name, as spelled.
    pub(super) name: &'a str,
    /// Everything after the colon, folded as received, without the last line break.
    pub(super) raw: &'a [u8],
}

/// The fields of a mail or part, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a>(Vec<Field<'a>>);

/// What stands in front of a header block, as far as reading it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The start of a mail: empty lines, an mbox `From ` line and rubbish are passed over.
    Mail,
    /// The start of a part: a first line that is no field is already its text.
    Part,
}

impl<'a> Fields<'a> {
    /// Reads the block at `start`; returns its fields and where the body starts. A line for which
    /// `stop` is true (a boundary) ends the block as well.
    pub(super) fn scan(bytes: &'a [u8], start: usize, place: Place, stop: impl Fn(&[u8]) -> bool) -> (Self, usize) {
        let mut fields: Vec<Field<'a>> = Vec::new();
        let mut at = start;
        let mut open: Option<(&'a str, Range<usize>)> = None; // a name, and where its value is
        while at < bytes.len() {
            let (line, next) = line_at(bytes, at);
            if line.is_empty() && (place == Place::Part || open.is_some() || !fields.is_empty()) {
                at = next;
                break;
            }
            if stop(line) {
                break;
            }
            let folded = matches!(line.first(), Some(b' ' | b'\t'));
            if at - start > bounds::HEADER {
                // Over the bound: only the end of the block is still of interest.
            } else if let (true, Some((_, value))) = (folded, &mut open) {
                value.end = at + line.len();
            } else if let Some((name, colon)) = field_name(line) {
                close(&mut fields, bytes, open.take());
                open = Some((name, at + colon + 1..at + line.len()));
            } else if place == Place::Part && open.is_none() || !rubbish(bytes, next, line) && open.is_some() {
                break;
            }
            at = next;
        }
        close(&mut fields, bytes, open);
        let body = if fields.is_empty() && place == Place::Mail { start } else { at };
        (Self(fields), body)
    }

    /// All fields.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Field<'a>> {
        self.0.iter()
    }

    /// The fields of this name.
    pub(super) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Field<'a>> {
        self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// The first field of this name.
    pub(super) fn first(&self, name: &str) -> Option<&Field<'a>> {
        self.0.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// Whether there is such a field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// The first field of this name as readable text; `None` when absent or blank.
    /// `charset` is what raw 8-bit bytes are likely to be written in when they are not UTF-8.
    pub(super) fn text(&self, name: &str, charset: Option<&str>) -> Option<String> {
        let text = self.first(name)?.text(charset);
        (!text.is_empty()).then_some(text)
    }

    /// The first field of this name as a lower-case word or phrase, for comparing; empty when absent.
    pub(super) fn word(&self, name: &str) -> String {
        self.first(name).map(|field| field.text(None).to_lowercase()).unwrap_or_default()
    }
}

impl Field<'_> {
    /// The value as one line of text: unfolded, raw bytes and encoded words decoded.
    pub(super) fn text(&self, charset: Option<&str>) -> String {
        line(&words::decode(&self.unfolded(charset)))
    }

    /// The value without line breaks, as UTF-8; encoded words stay encoded.
    pub(super) fn unfolded(&self, charset: Option<&str>) -> String {
        let bytes: Vec<u8> = self.raw.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)).collect();
        charset::of_header(&bytes, charset)
    }
}

/// The mail with line feeds, if it was written on a system that ends lines with CR alone.
pub(super) fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.contains(&b'\n') || !bytes.contains(&b'\r') {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(bytes.iter().map(|&byte| if byte == b'\r' { b'\n' } else { byte }).collect())
}

/// The line at `at` without its line break, and where the next one starts.
pub(super) fn line_at(bytes: &[u8], at: usize) -> (&[u8], usize) {
    let rest = &bytes[at..];
    match memchr(b'\n', rest) {
        Some(end) => (rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]), at + end + 1),
        None => (rest, bytes.len()),
    }
}

/// The name in front of the colon, and where the colon stands. Blanks before it were legal once
/// (RFC 822) and are passed over.
fn field_name(line: &[u8]) -> Option<(&str, usize)> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let name = line[..colon].trim_ascii_end();
    let legal = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    Some((std::str::from_utf8(name).ok().filter(|_| legal)?, colon))
}

fn close<'a>(fields: &mut Vec<Field<'a>>, bytes: &'a [u8], open: Option<(&'a str, Range<usize>)>) {
    if let Some((name, value)) = open {
        fields.push(Field { name, raw: bytes.get(value).unwrap_or_default() });
    }
}

/// A line that is no field, inside a header block: rubbish when the block goes on after it, else
/// the sender forgot the empty line and the text starts here.
fn rubbish(bytes: &[u8], next: usize, line: &[u8]) -> bool {
    if line.starts_with(b"From ") || line.starts_with(b">From ") || next >= bytes.len() {
        return true;
    }
    let (after, _) = line_at(bytes, next);
    after.is_empty() || matches!(after[0], b' ' | b'\t') || field_name(after).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (Vec<(String, String)>, String) {
        let (fields, body) = Fields::scan(bytes, 0, Place::Mail, |_| false);
        let pairs = fields.iter().map(|field| (field.name.to_owned(), field.text(None))).collect();
        (pairs, String::from_utf8_lossy(&bytes[body..]).into_owned())
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn folded_fields_become_one_line() {
        let (fields, body) = read(b"Subject: Hello\r\n\tthere\r\nX-A:\r\n b\r\n\r\nBody\r\n");
        assert_eq!(fields, pairs(&[("Subject", "Hello there"), ("X-A", "b")]));
        assert_eq!(body, "Body\r\n");
    }

    /// Bytes, their fields and the body.
    type Case = (&'static [u8], &'static [(&'static str, &'static str)], &'static str);

    #[test]
    fn blocks_that_break_the_rules_are_still_read() {
        let cases: [Case; 7] = [
            (b"From me Mon Jan 1\nSubject : x\n\nb", &[("Subject", "x")], "b"),
            (b"\r\n\nA: b\n\nc", &[("A", "b")], "c"),
            (b"A: b\nrubbish without a colon\nC: d\n\ne", &[("A", "b"), ("C", "d")], "e"),
            (b"A: b\nno empty line\nand on it goes\n", &[("A", "b")], "no empty line\nand on it goes\n"),
            (b"A: b", &[("A", "b")], ""),
            (b"no header at all\n\nx", &[], "no header at all\n\nx"),
            (b"", &[], ""),
        ];
        for (bytes, fields, body) in cases {
            assert_eq!(read(bytes), (pairs(fields), body.to_owned()), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn raw_bytes_in_headers_are_read_in_the_charset_they_are_in() {
        let field = Field { name: "Subject", raw: b" Gr\xfc\xdfe" };
        assert_eq!(field.text(None), "Grüße");
        assert_eq!(Field { name: "Subject", raw: " Grüße".as_bytes() }.text(Some("iso-8859-1")), "Grüße");
        assert_eq!(Field { name: "Subject", raw: b" \xcf\xf0\xe8\xe2\xe5\xf2" }.text(Some("windows-1251")), "Привет");
    }
}
