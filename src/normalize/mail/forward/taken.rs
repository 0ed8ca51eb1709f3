//! What becomes of a colleague's mail once the mail inside is found: it speaks of that one's author.

use crate::lead::{Authorship, Confidence, Content, Person};
use crate::normalize::{Reader, text};

use super::super::headers::Fields;
use super::super::person::{self, Setting};
use super::super::sender::{Author, Sender};
use super::head::{self, Head, Sign};
use super::subject::{self, Said};

/// What says that a head names the author.
pub(super) fn authorship(head: &Head, said: Said, deeper: bool) -> Authorship {
    let (confidence, reason) = match (head.sign, said) {
        _ if deeper => {
            (Confidence::Likely, "the innermost head of several mails that were passed on one after another")
        }
        (Sign::Marker, _) => {
            (Confidence::Certain, "the head of the forwarded mail in the text, below a line that says so")
        }
        (Sign::Block, Said::PassedOn) => {
            (Confidence::Certain, "the head of the mail in the text; the subject says that it was forwarded")
        }
        (Sign::Wrote, _) => {
            (Confidence::Likely, "the line above the quoted text; the subject says that it was forwarded")
        }
        (Sign::Block, _) => (Confidence::Likely, "the head of the mail in the text, which a colleague sent on"),
    };
    Authorship::new(confidence, reason)
}

/// Makes the content that of an attached mail; headers and files of the outer one stay.
pub(super) fn take_over(content: &mut Content, mut inner: Content) {
    inner.headers = std::mem::take(&mut content.headers);
    inner.problems.splice(0..0, std::mem::take(&mut content.problems));
    inner.attachments.splice(0..0, std::mem::take(&mut content.attachments));
    *content = inner;
}

/// Makes the content that of the mail below a head.
pub(super) fn enter(content: &mut Content, lines: &[&str], heads: &[Head], at: usize, sender: Sender, reader: &Reader) {
    let head = &heads[at];
    let end = if head.sign == Sign::Block { None } else { head::closing(lines, head.end) };
    let body = &lines[head.end..end.unwrap_or(lines.len())];
    let depth = depth(lines[head.end - 1]);
    // Some programs quote the mail and not its head.
    let depth = if depth == 0 && is_quoted(body) { 1 } else { depth };
    let body: Vec<&str> = body.iter().map(|line| unquoted(line, depth)).collect();
    let body = text::clean(&body.join("\n"));
    note(content, &remarks(lines, &heads[..=at], end));
    content.from = Some(head.from.clone());
    content.text = (!body.is_empty()).then(|| body.clone());
    content.subject =
        head.subject.clone().or_else(|| content.subject.take().map(|outer| subject::inner(&outer).to_owned()));
    content.person = Person::default();
    // The headers are the colleague's; what they say about a person is about them.
    let setting = Setting { fields: &Fields::default(), reader, form: None };
    let by_a_person = matches!(sender.author, Author::Person { .. });
    let before = content.fields.len();
    // A program of ours whose form names nobody: then the lead is nobody's.
    if person::identify(content, sender, &setting).is_err() {
        content.problems.push("the mail that was passed on does not say plainly whose it is".into());
    } else if by_a_person && content.fields.len() == before && content.text.as_deref() == Some(&*body) {
        // No form: what stands below is the writer's signature. The text stays whole.
        person::learn(content, &body, reader);
    }
}

/// What colleagues wrote above each head, and below the mail inside where a line closes it at `end`.
fn remarks(lines: &[&str], heads: &[Head], end: Option<usize>) -> String {
    let mut remarks = Vec::new();
    let (mut from, mut level) = (0, 0);
    for head in heads {
        remarks.extend(lines[from..head.start.max(from)].iter().map(|line| unquoted(line, level)));
        (from, level) = (head.end, depth(lines[head.end - 1]));
    }
    remarks.extend(end.into_iter().flat_map(|end| &lines[end + 1..]));
    remarks.join("\n")
}

/// How deep a line is quoted.
fn depth(line: &str) -> usize {
    let marks = line.trim_start().bytes().take_while(|b| matches!(b, b'>' | b' '));
    marks.filter(|b| *b == b'>').count()
}

/// Whether every line that says something is quoted.
fn is_quoted(lines: &[&str]) -> bool {
    let mut said = lines.iter().filter(|line| !line.trim().is_empty()).peekable();
    said.peek().is_some() && said.all(|line| line.trim_start().starts_with('>'))
}

/// A line without so many levels of quotation.
fn unquoted(line: &str, levels: usize) -> &str {
    (0..levels).fold(line, |line, _| {
        let inner = line.trim_start();
        inner.strip_prefix('>').map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest))
    })
}

/// Keeps what colleagues wrote around the mail inside.
pub(super) fn note(content: &mut Content, above: &str) {
    let above = text::clean(above);
    if !above.is_empty() {
        content.fields.insert("forwarding_note".into(), above.into());
    }
}
