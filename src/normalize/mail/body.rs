//! What the mail says: its text, from whichever parts hold it.
//!
//! Plain text is preferred to HTML, because it is what the sender's program made for readers like
//! us; HTML is read where there is no plain text, or only a note that one should look at the HTML.

use crate::normalize::{html, text};

use super::charset;
use super::parts::{Disposition, Flowed, Part, Parts};

/// HTML parts that are looked at for the labels of a form.
const VIEWS: usize = 3;
/// Bytes of such a part; forms are short.
const VIEWED: usize = 256 << 10;

/// The text of a mail.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// Readable text; `None` when there is none.
    pub(super) text: Option<String>,
    /// Numbers of the parts that are text of the mail, or other versions of it; all other leaves
    /// are files.
    pub(super) parts: Vec<usize>,
    /// Whether a part was wrapped otherwise than it says.
    pub(super) miswrapped: bool,
    /// Each HTML part with its labels marked, for whoever looks for a form.
    pub(super) views: Vec<String>,
    /// What was put right about its charset, in words.
    pub(super) repairs: Vec<String>,
}

/// A piece of text.
struct Piece {
    text: String,
    html: bool,
    repair: Option<String>,
}

/// Reads the text of a mail.
pub(super) fn read(parts: &Parts<'_>) -> Body {
    let mut body = Body::default();
    let mut pieces = gather(parts, 0, Named::Files, &mut body);
    if pieces.iter().all(|piece| piece.text.is_empty()) {
        // Only named text parts: some programs give the text itself a file name.
        body.parts.clear();
        body.views.clear();
        pieces = gather(parts, 0, Named::Text, &mut body);
    }
    body.repairs = pieces.iter().filter_map(|piece| piece.repair.clone()).collect();
    body.repairs.dedup();
    let text = join(pieces);
    body.text = (!text.is_empty()).then_some(text);
    body
}

/// What a text part with a file name is.
#[derive(Clone, Copy, PartialEq)]
enum Named {
    /// A file.
    Files,
    /// Text of the mail, unless it is said to be an attachment.
    Text,
}

/// The pieces of text in a part. The depth of recursion is bounded by that of the parts.
fn gather(parts: &Parts<'_>, number: usize, named: Named, body: &mut Body) -> Vec<Piece> {
    let part = parts.get(number);
    if part.kind == "multipart/alternative" {
        let versions: Vec<Vec<Piece>> = parts.children(number).map(|child| gather(parts, child, named, body)).collect();
        return best(versions);
    }
    if part.kind.starts_with("multipart/") {
        return parts.children(number).flat_map(|child| gather(parts, child, named, body)).collect();
    }
    let text = matches!(part.kind.as_str(), "text/plain" | "text/html" | "text/enriched");
    let file = part.disposition == Disposition::Attachment || part.name.is_some() && named == Named::Files;
    if !text || file {
        return Vec::new();
    }
    body.parts.push(number);
    let (piece, whole) = read_part(parts, part, &mut body.views);
    body.miswrapped |= !whole;
    vec![piece]
}

/// The version of an alternative to read: the first with plain text, else the first with any.
fn best(versions: Vec<Vec<Piece>>) -> Vec<Piece> {
    let full = |pieces: &&Vec<Piece>| pieces.iter().any(|piece| !piece.text.is_empty());
    let plain = versions
        .iter()
        .position(|pieces| full(&pieces) && pieces.iter().any(|piece| !piece.html && !piece.text.is_empty()));
    let rich = versions
        .iter()
        .position(|pieces| full(&pieces) && pieces.iter().all(|piece| piece.html || piece.text.is_empty()));
    let chosen = match (plain, rich) {
        (Some(plain), Some(rich)) if placeholder(&versions[plain], &versions[rich]) => Some(rich),
        (plain, rich) => plain.or(rich),
    };
    chosen.and_then(|chosen| versions.into_iter().nth(chosen)).unwrap_or_default()
}

/// Whether plain text only says that the mail is in HTML.
fn placeholder(plain: &[Piece], rich: &[Piece]) -> bool {
    let length = |pieces: &[Piece]| pieces.iter().map(|piece| piece.text.len()).sum::<usize>();
    length(plain) < 300
        && length(rich) > 2 * length(plain)
        && plain.iter().any(|piece| piece.text.to_lowercase().contains("html"))
}

/// Pieces in order. HTML that repeats the plain text before it is left out.
fn join(pieces: Vec<Piece>) -> String {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut whole = String::new();
    for piece in pieces.into_iter().filter(|piece| !piece.text.is_empty()) {
        if piece.html && !whole.is_empty() && squeezed(&piece.text) == squeezed(&whole) {
            continue;
        }
        if !whole.is_empty() {
            whole.push_str("\n\n");
        }
        whole.push_str(&piece.text);
    }
    text::clean(&whole)
}

/// One text part as readable text, and whether it was wrapped as announced.
fn read_part(parts: &Parts<'_>, part: &Part<'_>, views: &mut Vec<String>) -> (Piece, bool) {
    let (bytes, whole) = part.encoding.text(parts.raw(part));
    let (raw, repair) = charset::decode_and_tell(&bytes, part.charset.as_deref());
    let html = part.kind == "text/html" || looks_like_html(&raw);
    if html && views.len() < VIEWS && raw.len() <= VIEWED && has_labels(&raw) {
        views.push(html::to_text_with_labels(&raw));
    }
    let text = if html || part.kind == "text/enriched" {
        html::to_text(&raw)
    } else if let Some(flowed) = part.flowed {
        text::clean(&reflow(&raw, flowed))
    } else {
        text::clean(&raw)
    };
    (Piece { text, html, repair }, whole)
}

/// Whether anything in HTML may stand out as a label.
fn has_labels(html: &str) -> bool {
    let words = ["<b>", "<b ", "<strong", "<th", "<dt", "<label", "font-weight"];
    let html = html.to_ascii_lowercase();
    words.iter().any(|word| html.contains(word))
}

/// Whether text that is not said to be HTML is a whole HTML page.
fn looks_like_html(text: &str) -> bool {
    let start = text::shorten(text.trim_start(), 14).to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// Joins the lines of a paragraph again (RFC 3676 § 4): a line that ends in a blank goes on in the
/// next one of the same quoting depth.
fn reflow(text: &str, flowed: Flowed) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before: Option<usize> = None; // quoting depth of a line that goes on
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let depth = line.bytes().take_while(|&b| b == b'>').count();
        let content = &line[depth..];
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        if before == Some(depth) && !signature {
            out.push_str(content);
        } else {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&line[..depth]);
            if depth > 0 && !content.is_empty() {
                out.push(' ');
            }
            out.push_str(content);
        }
        before = (content.ends_with(' ') && !signature).then_some(depth);
        if before.is_some() && flowed == Flowed::DropBlank {
            out.pop();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(mail: &str) -> Option<String> {
        read(&Parts::of(mail.as_bytes()).unwrap()).text
    }

    fn multipart(kind: &str, parts: &[&str]) -> String {
        let parts = parts.join("\n--b\n");
        format!("From: a@b.example\nContent-Type: multipart/{kind}; boundary=b\n\n--b\n{parts}\n--b--\n")
    }

    #[test]
    fn flowed_paragraphs_become_one_line() {
        let text = "This is \na paragraph.\n\n> quoted \n> text\nmine \n> theirs\n-- \nMax\n from";
        let joined = "This is a paragraph.\n\n> quoted text\nmine \n> theirs\n-- \nMax\nfrom";
        assert_eq!(reflow(text, Flowed::KeepBlank), joined);
        assert_eq!(reflow("Donau \ndampf", Flowed::DropBlank), "Donaudampf");
    }

    #[test]
    fn the_text_is_found_wherever_it_stands() {
        let plain = "Content-Type: text/plain\n\nplain";
        let html = "Content-Type: text/html\n\n<p>rich</p>";
        let note = "Content-Type: text/plain\n\nThis mail is HTML only.";
        let long = "Content-Type: text/html\n\n<p>We would like to order twelve of the large ones, please.</p>";
        let file = "Content-Type: text/plain; name=notes.txt\n\nnotes";
        let blank = "Content-Type: text/plain\n\n \n";
        for (mail, expected) in [
            (multipart("alternative", &[plain, html]), Some("plain")),
            (multipart("alternative", &[html, plain]), Some("plain")),
            (multipart("alternative", &[blank, html]), Some("rich")),
            (multipart("alternative", &[note, long]), Some("We would like to order twelve of the large ones, please.")),
            (multipart("mixed", &[plain, file]), Some("plain")),
            (multipart("mixed", &[file]), Some("notes")),
            (multipart("mixed", &[plain, "\nfooter"]), Some("plain\n\nfooter")),
            (multipart("mixed", &["Content-Type: application/pdf\n\n%PDF"]), None),
            ("From: a@b.example\n\n<html><p>hello</html>".to_owned(), Some("hello")),
            (
                "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\nno boundary".to_owned(),
                Some("no boundary"),
            ),
        ] {
            assert_eq!(text(&mail).as_deref(), expected, "{mail}");
        }
    }
}
