//! What becomes of a colleague's mail once the mail inside is found: it speaks of that one's author.

use crate::lead::{Authorship, Confidence, Content, Person};
use crate::normalize::{Reader, text};

use super::super::headers::Fields;
use super::super::person::{self, Setting};
use super::super::sender::{Author, Sender};
use super::head::{Head, Sign};
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
    let quoted = lines[head.end - 1].trim_start().starts_with('>');
    let body: Vec<&str> = lines[head.end..].iter().map(|line| if quoted { unquoted(line) } else { line }).collect();
    let body = text::clean(&body.join("\n"));
    let mut above = Vec::new();
    let mut from = 0;
    for head in &heads[..=at] {
        above.extend_from_slice(&lines[from..head.start.max(from)]);
        from = head.end;
    }
    note(content, &above.join("\n"));
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

/// A line without one level of quotation.
fn unquoted(line: &str) -> &str {
    let line = line.trim_start();
    line.strip_prefix('>').map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest))
}

/// Keeps what the colleague wrote above.
pub(super) fn note(content: &mut Content, above: &str) {
    let above = text::clean(above);
    if !above.is_empty() {
        content.fields.insert("forwarding_note".into(), above.into());
    }
}
