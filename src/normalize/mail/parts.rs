//! The structure of a mail (RFC 2046): one pass over its lines, no recursion, within the bounds.
//!
//! In: raw bytes. Out: a flat list of parts in the order they stand, each with its parent, its
//! header fields and where its body is. Attached mails that are not wrapped are opened, so that
//! what stands in them can be found; nothing is decoded here.

use std::ops::Range;

use mail_parser::parsers::MessageStream;
use mail_parser::{ContentType, HeaderValue};

use super::bounds::{self, Excess};
use super::headers::{Fields, Place, line_at};
use super::transfer::Encoding;
use super::words;
use crate::normalize::text::line;

/// A part of a mail; the mail itself is the first.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// The part it stands in.
    pub(super) parent: Option<usize>,
    /// Its own header fields.
    pub(super) fields: Fields<'a>,
    /// Where its body is in the mail's bytes, without the line break before the next boundary.
    pub(super) body: Range<usize>,
    /// `Content-Type`, lower case without parameters: `text/plain`.
    pub(super) kind: String,
    /// How the body is wrapped.
    pub(super) encoding: Encoding,
    /// `charset`, as sent.
    pub(super) charset: Option<String>,
    /// `format=flowed`, with or without `delsp=yes` (RFC 3676).
    pub(super) flowed: Option<Flowed>,
    /// `report-type` of a `multipart/report`, lower case.
    pub(super) report: Option<String>,
    /// File name, without any folder.
    pub(super) name: Option<String>,
    /// What the sender wants done with it.
    pub(super) disposition: Disposition,
    /// Whether HTML may show it in place (`Content-ID`).
    pub(super) has_id: bool,
}

/// Whether the blank before a soft line break belongs to the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flowed {
    /// It does.
    KeepBlank,
    /// It does not (`delsp=yes`).
    DropBlank,
}

/// `Content-Disposition`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disposition {
    /// None given.
    None,
    /// To be shown in place.
    Inline,
    /// To be offered as a file.
    Attachment,
}

/// A mail taken apart.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// The mail's bytes.
    pub(super) bytes: &'a [u8],
    list: Vec<Part<'a>>,
}

/// A container that is still open while its lines are read.
struct Open {
    part: usize,
    /// The delimiter of a multipart; `None` for an attached mail, which ends with what it stands in.
    boundary: Option<Vec<u8>>,
}

impl<'a> Parts<'a> {
    /// Takes a mail apart; an error when it is over a bound.
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, Excess> {
        if bytes.len() > bounds::BYTES {
            return Err(Excess::Bytes(bytes.len()));
        }
        let mut parts = Self { bytes, list: Vec::new() };
        let mut open: Vec<Open> = Vec::new();
        let mut at = parts.entity(0, &mut open)?;
        while at < bytes.len() {
            let (line, next) = line_at(bytes, at);
            let Some((level, last)) = delimiter(line, &open) else {
                at = next;
                continue;
            };
            let end = before_line_break(bytes, at);
            parts.close(&open[level + 1..], end);
            open.truncate(level + 1);
            at = next;
            if last {
                parts.close(&open[level..], at);
                open.truncate(level);
            } else {
                at = parts.entity(next, &mut open)?;
            }
        }
        parts.close(&open, bytes.len());
        parts.recover();
        Ok(parts)
    }

    /// The mail itself.
    pub(super) fn root(&self) -> &Part<'a> {
        &self.list[0]
    }

    /// A part by its number.
    pub(super) fn get(&self, part: usize) -> &Part<'a> {
        &self.list[part]
    }

    /// The parts that stand directly in a part, in order.
    pub(super) fn children(&self, part: usize) -> impl Iterator<Item = usize> {
        (part + 1..self.list.len()).filter(move |&child| self.list[child].parent == Some(part))
    }

    /// The parts whose kind (`text/plain`) fits, wherever they stand, in order.
    pub(super) fn of_kind(&self, fits: impl Fn(&str) -> bool) -> impl Iterator<Item = usize> {
        (0..self.list.len()).filter(move |&part| fits(&self.list[part].kind))
    }

    /// The body of a part as it stands in the mail.
    pub(super) fn raw(&self, part: &Part<'_>) -> &'a [u8] {
        self.bytes.get(part.body.clone()).unwrap_or_default()
    }

    /// Reads the entity (mail or part) at `start`, and those that start with it when it is an
    /// attached mail; returns where its lines go on.
    fn entity(&mut self, start: usize, open: &mut Vec<Open>) -> Result<usize, Excess> {
        let mut start = start;
        loop {
            let parent = open.last().map(|open| open.part);
            let place = match parent.map(|parent| self.list[parent].kind.as_str()) {
                Some(kind) if kind.starts_with("multipart/") => Place::Part,
                _ => Place::Mail,
            };
            let (fields, body) = Fields::scan(self.bytes, start, place, |line| delimiter(line, open).is_some());
            if body - start > bounds::HEADER && fields.iter().next().is_some() {
                return Err(Excess::Header(body - start));
            }
            let digest = parent.is_some_and(|parent| self.list[parent].kind == "multipart/digest");
            let (part, boundary) = part(parent, fields, body..self.bytes.len(), digest)?;
            if self.list.len() >= bounds::PARTS {
                return Err(Excess::Parts);
            }
            let mail =
                matches!(part.kind.as_str(), "message/rfc822" | "message/global") && part.encoding == Encoding::Plain;
            let number = self.list.len();
            // A leaf is closed like a container; it has no boundary of its own.
            open.push(Open { part: number, boundary });
            self.list.push(part);
            if open.len() > bounds::DEPTH + 1 {
                return Err(Excess::Depth);
            }
            if !mail || body >= self.bytes.len() || delimiter(line_at(self.bytes, body).0, open).is_some() {
                return Ok(body);
            }
            start = body;
        }
    }

    fn close(&mut self, open: &[Open], end: usize) {
        for open in open {
            let body = &mut self.list[open.part].body;
            body.end = end.max(body.start);
        }
    }

    /// A multipart whose boundary never appears is read as the text it then is.
    fn recover(&mut self) {
        for number in 0..self.list.len() {
            if self.list[number].kind.starts_with("multipart/") && self.children(number).next().is_none() {
                self.list[number].kind = "text/plain".into();
            }
        }
    }
}

/// Whether a line ends a part: the level of the open multipart it belongs to, and whether it is
/// the last one (`--boundary--`). The innermost wins.
fn delimiter(line: &[u8], open: &[Open]) -> Option<(usize, bool)> {
    let line = line.strip_prefix(b"--")?.trim_ascii_end();
    open.iter().enumerate().rev().find_map(|(level, open)| {
        let rest = line.strip_prefix(open.boundary.as_deref()?)?;
        match rest {
            b"" => Some((level, false)),
            b"--" => Some((level, true)),
            _ => None,
        }
    })
}

/// The line break before a boundary belongs to the boundary (RFC 2046 § 5.1.1).
fn before_line_break(bytes: &[u8], at: usize) -> usize {
    let text = &bytes[..at];
    let text = text.strip_suffix(b"\n").map_or(text, |text| text.strip_suffix(b"\r").unwrap_or(text));
    text.len()
}

fn part(
    parent: Option<usize>,
    fields: Fields<'_>,
    body: Range<usize>,
    digest: bool,
) -> Result<(Part<'_>, Option<Vec<u8>>), Excess> {
    let default = if digest { "message/rfc822" } else { "text/plain" };
    let media = structured(&fields, "content-type")?;
    let disposition = structured(&fields, "content-disposition")?;
    let kind = media.as_ref().and_then(|media| {
        let sub = media.subtype()?.trim();
        (!sub.is_empty()).then(|| format!("{}/{}", media.ctype().trim(), sub).to_ascii_lowercase())
    });
    let boundary = attribute(media.as_ref(), "boundary")
        .filter(|_| kind.as_ref().is_some_and(|kind| kind.starts_with("multipart/")));
    let flowed = attribute(media.as_ref(), "format").filter(|format| format.eq_ignore_ascii_case("flowed"));
    let drop_blank = attribute(media.as_ref(), "delsp").is_some_and(|delsp| delsp.eq_ignore_ascii_case("yes"));
    let name = attribute(disposition.as_ref(), "filename").or_else(|| attribute(media.as_ref(), "name"));
    let part = Part {
        parent,
        body,
        encoding: fields
            .first("content-transfer-encoding")
            .map_or(Encoding::Plain, |field| Encoding::parse(&field.text(None))),
        charset: attribute(media.as_ref(), "charset"),
        flowed: flowed.map(|_| if drop_blank { Flowed::DropBlank } else { Flowed::KeepBlank }),
        report: attribute(media.as_ref(), "report-type").map(|report| report.to_ascii_lowercase()),
        name: name.and_then(|name| file_name(&name)),
        disposition: match disposition.as_ref().map(ContentType::ctype) {
            Some(word) if word.eq_ignore_ascii_case("attachment") => Disposition::Attachment,
            Some(word) if word.eq_ignore_ascii_case("inline") => Disposition::Inline,
            _ => Disposition::None,
        },
        has_id: fields.has("content-id"),
        kind: kind.unwrap_or_else(|| default.into()),
        fields,
    };
    Ok((part, boundary.map(|boundary| boundary.trim_end().as_bytes().to_vec()).filter(|boundary| !boundary.is_empty())))
}

/// `Content-Type` or `Content-Disposition` with its parameters (RFC 2045 § 5.1, RFC 2231).
fn structured(fields: &Fields<'_>, name: &str) -> Result<Option<ContentType<'static>>, Excess> {
    let Some(field) = fields.first(name) else { return Ok(None) };
    let parameters = field.raw.split(|&byte| byte == b';').count() - 1;
    if parameters > bounds::PARAMETERS {
        return Err(Excess::Parameters(parameters));
    }
    let value = slashed(&words::clean(&field.unfolded(None))) + "\n";
    match MessageStream::new(value.as_bytes()).parse_content_type().into_owned() {
        HeaderValue::ContentType(value) => Ok(Some(value)),
        _ => Ok(None),
    }
}

/// A path of Windows in a file name is no row of escapes: `C:\plan.pdf`.
fn slashed(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        let path = c == '\\' && rest.peek().is_some_and(|next| next.is_alphanumeric());
        out.push(if path { '/' } else { c });
    }
    out
}

fn attribute(value: Option<&ContentType<'_>>, name: &str) -> Option<String> {
    let text = line(&words::decode(value?.attribute(name)?));
    (!text.is_empty()).then_some(text)
}

/// The last piece of a path, whichever system it came from.
fn file_name(path: &str) -> Option<String> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().trim().trim_matches('"');
    let name: String = name.chars().filter(|c| !c.is_control()).take(255).collect();
    (!name.is_empty() && name != "." && name != "..").then_some(name)
}
