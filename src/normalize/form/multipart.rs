//! `multipart/form-data` (RFC 7578, syntax of RFC 2046 § 5.1). In: bytes and the boundary. Out: a
//! tree; files are named, measured and hashed. Read line by line, in time linear in the body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::tree::Node;
use super::walk::MAX_VALUES;
use super::{Form, RawPart, charset, json, parameter};
use crate::normalize::file;
use crate::normalize::text::{line, shorten};

/// Bytes of one part's header.
const MAX_HEADER: usize = 16 << 10;

/// Files that are listed.
const MAX_FILES: usize = 100;

pub(super) fn read(bytes: &[u8], boundary: Option<&str>, form: &mut Form) -> Result<Node, String> {
    let boundary = named(boundary, bytes).ok_or("the multipart body has no boundary")?;
    let parts = split(bytes, &boundary, &mut form.problems);
    if parts.is_empty() {
        return Err("the multipart body has no part: its boundary is not in it".into());
    }
    let mut read: Vec<Part<'_>> = parts.iter().take(MAX_VALUES).map(|part| Part::new(part)).collect();
    if parts.len() > MAX_VALUES {
        form.problems.push(format!("{} more parts stand only in the original", parts.len() - MAX_VALUES));
    }
    let charset = read
        .iter()
        .find(|part| part.name == "_charset_")
        .map(|part| String::from_utf8_lossy(part.body).trim().to_owned());
    read.retain(|part| part.name != "_charset_");
    let mut root = Node::Map(Vec::new());
    for part in read {
        part.add(charset.as_deref(), &mut root, form);
    }
    form.problems.dedup();
    Ok(root)
}

/// The parts as sent, but for base64.
pub(super) fn raw_parts(bytes: &[u8], boundary: Option<&str>) -> Vec<RawPart> {
    let Some(boundary) = named(boundary, bytes) else { return Vec::new() };
    let parts = split(bytes, &boundary, &mut Vec::new());
    let raw = |bytes: &&[u8]| {
        let part = Part::new(bytes);
        let body = part.decoded().unwrap_or_else(|| part.body.to_vec());
        RawPart { name: part.name, file: part.file, content_type: part.content_type, body }
    };
    parts.iter().take(MAX_VALUES).map(raw).collect()
}

/// Bytes of each part that is a file, as sent; an empty one takes no room.
pub(super) fn file_sizes(bytes: &[u8], boundary: Option<&str>) -> Vec<u64> {
    let Some(boundary) = named(boundary, bytes) else { return Vec::new() };
    let parts = split(bytes, &boundary, &mut Vec::new());
    let parts = parts.iter().map(|part| Part::new(part)).filter(|part| part.is_file(part.body));
    parts.map(|part| part.body.len() as u64).filter(|size| *size > 0).collect()
}

/// The boundary as the content type names it, else as the body does.
fn named(boundary: Option<&str>, bytes: &[u8]) -> Option<Vec<u8>> {
    boundary.map_or_else(|| guess(bytes), |boundary| Some(boundary.as_bytes().to_vec()))
}

/// The boundary as the first line has it.
fn guess(bytes: &[u8]) -> Option<Vec<u8>> {
    let first = bytes.split(|b| *b == b'\n').next()?.trim_ascii_end();
    let boundary = first.strip_prefix(b"--")?;
    (1..=200).contains(&boundary.len()).then(|| boundary.to_vec())
}

/// The parts between lines that are `--boundary`. The line end before such a line belongs to it.
fn split<'a>(bytes: &'a [u8], boundary: &[u8], problems: &mut Vec<String>) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = 0;
    for row in bytes.split_inclusive(|b| *b == b'\n') {
        let end = row.trim_ascii_end().strip_prefix(b"--").and_then(|row| row.strip_prefix(boundary));
        if let Some(end @ (b"" | b"--")) = end {
            if let Some(start) = start.take() {
                let part: &[u8] = &bytes[start..at.max(start)];
                let part = part.strip_suffix(b"\n").unwrap_or(part);
                parts.push(part.strip_suffix(b"\r").unwrap_or(part));
            }
            if end == b"--" {
                return parts;
            }
            start = Some(at + row.len());
        }
        at += row.len();
    }
    if let Some(start) = start {
        problems.push("the multipart body breaks off".into());
        if start < bytes.len() {
            parts.push(&bytes[start..]);
        }
    }
    parts
}

/// One part: its header in words, its body as sent.
struct Part<'a> {
    name: String,
    file: Option<String>,
    content_type: Option<String>,
    base64: bool,
    body: &'a [u8],
}

impl<'a> Part<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut part = Part { name: String::new(), file: None, content_type: None, base64: false, body: &[] };
        let mut at = 0;
        for row in bytes.split_inclusive(|b| *b == b'\n') {
            at += row.len();
            let row = row.trim_ascii();
            if row.is_empty() || at > MAX_HEADER {
                break;
            }
            let row = charset::decode(row, None, &mut Vec::new()).into_owned();
            part.header(&row);
        }
        part.body = bytes.get(at..).unwrap_or_default();
        part
    }

    fn header(&mut self, row: &str) {
        let Some((name, value)) = row.split_once(':') else { return };
        match &*name.trim().to_ascii_lowercase() {
            "content-disposition" => {
                self.name = quoted(value, "name").unwrap_or_default();
                self.file = parameter(value, "filename*")
                    .and_then(|text| extended(&text))
                    .or_else(|| quoted(value, "filename"));
            }
            "content-type" => self.content_type = Some(value.trim().to_owned()),
            "content-transfer-encoding" => self.base64 = value.trim().eq_ignore_ascii_case("base64"),
            _ => {}
        }
    }

    /// The body of a part in base64.
    fn decoded(&self) -> Option<Vec<u8>> {
        let compact = || self.body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<u8>>();
        self.base64.then(|| STANDARD.decode(compact()).ok()).flatten()
    }

    fn kind(&self) -> &str {
        self.content_type.as_deref().unwrap_or("text/plain")
    }

    /// Whether the part is a file and no value.
    fn is_file(&self, body: &[u8]) -> bool {
        let kind = self.kind().to_ascii_lowercase();
        let is_text = kind.starts_with("text/") || kind.contains("json");
        self.file.is_some() || !is_text || charset::is_binary(body)
    }

    /// Adds the part to the form, as a value or as a file.
    fn add(self, charset: Option<&str>, root: &mut Node, form: &mut Form) {
        let body = self.decoded();
        let body = body.as_deref().unwrap_or(self.body);
        let kind = self.kind();
        if self.is_file(body) {
            // An empty part is no file unless it has a file's name.
            let name = self.file.as_deref().unwrap_or(if body.is_empty() { "" } else { &self.name });
            attach(name, self.content_type.as_deref(), body, form);
            return;
        }
        let named = parameter(kind, "charset");
        let text = charset::decode(body, named.as_deref().or(charset), &mut form.problems).into_owned();
        let node = if kind.to_ascii_lowercase().contains("json") {
            json::parse(&text).unwrap_or(Node::Text(text))
        } else {
            Node::Text(text)
        };
        root.insert(self.name.trim(), node);
    }
}

/// Lists a file; a file field left empty is none.
pub(super) fn attach(name: &str, content_type: Option<&str>, body: &[u8], form: &mut Form) {
    let name = line(name.rsplit(['/', '\\']).next().unwrap_or_default());
    if name.is_empty() && body.is_empty() {
        return;
    }
    if form.attachments.len() >= MAX_FILES {
        form.problems.push("more than 100 files: the rest stands only in the original".into());
        return;
    }
    let name = if name.is_empty() { "unnamed".into() } else { shorten(&name, 255).to_owned() };
    let content_type = content_type.unwrap_or("application/octet-stream").to_owned();
    form.attachments.push(file::attachment(name, content_type, body));
}

/// A quoted parameter as browsers write it: `"` as `%22` or `\"`, line ends as `%0D%0A`
/// (WHATWG HTML, multipart/form-data encoding).
fn quoted(header: &str, name: &str) -> Option<String> {
    let lower = header.to_ascii_lowercase();
    let key = format!("{name}=");
    let at = lower
        .match_indices(&key)
        .map(|(at, _)| at)
        .find(|at| matches!(lower.as_bytes().get(at.wrapping_sub(1)), Some(b';' | b' ' | b'\t')))?;
    let rest = &header[at + key.len()..];
    let Some(rest) = rest.strip_prefix('"') else {
        return Some(rest.split(';').next().unwrap_or_default().trim().to_owned());
    };
    let mut value = String::new();
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' if chars.peek() == Some(&'"') => value.extend(chars.next()),
            c => value.push(c),
        }
    }
    Some(value.replace("%22", "\"").replace("%0D%0A", " "))
}

/// An extended parameter (RFC 8187): `UTF-8''Gr%C3%B6%C3%9Fe.pdf`.
fn extended(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_, value) = rest.split_once('\'')?;
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(value).collect();
    Some(charset::decode(&bytes, Some(charset), &mut Vec::new()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = b"preamble\r\n".to_vec();
        for (header, content) in parts {
            body.extend(b"--XX\r\n");
            body.extend(header.as_bytes());
            body.extend(b"\r\n\r\n");
            body.extend(*content);
            body.extend(b"\r\n");
        }
        body.extend(b"--XX--\r\nepilogue");
        body
    }

    #[test]
    fn values_and_files_are_told_apart() {
        let bytes = body(&[
            ("Content-Disposition: form-data; name=\"email\"", b"a@b.c"),
            (
                "content-disposition: form-data; name=\"na\\\"me%22\"\r\nContent-Type: text/plain; charset=iso-8859-1",
                b"J\xf6rg",
            ),
            ("Content-Disposition: form-data; name=\"fields[x][value]\"", b"1\r\n--not a boundary\r\n2"),
            ("Content-Disposition: form-data; name=\"fields[x][title]\"", b"X"),
            (
                "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\dir\\plan.pdf\"\r\nContent-Type: application/pdf",
                b"%PDF\r\n\0",
            ),
            ("Content-Disposition: form-data; name=f; filename*=UTF-8''Gr%C3%B6%C3%9Fe.txt", b"x"),
            (
                "Content-Disposition: form-data; name=\"none\"; filename=\"\"\r\nContent-Type: application/octet-stream",
                b"",
            ),
            ("Content-Disposition: form-data; name=\"rawRequest\"", b"{\"q\":\"r\"}"),
        ]);
        let mut form = Form::default();
        read(&bytes, Some("XX"), &mut form).unwrap().pairs(&mut form);
        let pairs: Vec<_> = form.pairs.iter().map(|pair| (&*pair.label, pair.value.as_str().unwrap())).collect();
        assert_eq!(pairs, [("email", "a@b.c"), ("na\"me\"", "Jörg"), ("X", "1\r\n--not a boundary\r\n2"), ("q", "r")]);
        let files: Vec<_> = form.attachments.iter().map(|file| (&*file.name, &*file.content_type, file.size)).collect();
        assert_eq!(files, [("plan.pdf", "application/pdf", 7), ("Größe.txt", "application/octet-stream", 1)]);
        assert_eq!(form.attachments[1].sha256, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
        assert!(form.problems.is_empty());
    }

    #[test]
    fn a_body_that_breaks_off_keeps_what_came() {
        let bytes = b"--XX\nContent-Disposition: form-data; name=\"email\"\n\na@b.c\n--XX\nContent-Disposition: form-data; name=\"m\"\n\nhel";
        let mut form = Form::default();
        read(bytes, None, &mut form).unwrap().pairs(&mut form);
        assert_eq!(form.pairs.len(), 2);
        assert_eq!(form.problems, ["the multipart body breaks off"]);
        assert!(read(b"nothing", Some("XX"), &mut form).is_err() && read(b"nothing", None, &mut form).is_err());
    }
}
