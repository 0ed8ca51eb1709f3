//! Mails that one of our own people passed on: who wrote the mail inside, and what it says.
//!
//! In: a released mail of a colleague, as read so far. Out: the same content, speaking of the person
//! whose mail it passes on. That mail is attached, or it is text below the lines that mail programs
//! put before it (`From: …`, `Von: …`), in any of many languages; only an outsider's address in
//! those lines makes a person. Where the mail names nobody so, or is a colleague's own note, the lead
//! is nobody's: the colleague is not the customer, and two notes of one colleague are two leads.

use crate::lead::{Content, Email, Person};
use crate::normalize::{Reader, email, robot, text};

use super::forward_words::{LABELS, Label, MARKERS, PREFIXES};
use super::headers::Fields;
use super::parts::Parts;
use super::person::{self, Setting};
use super::sender::{self, Author, Sender};

/// Attached mails that are looked at.
const ATTACHED: usize = 10;
/// Lines that are looked at.
const LINES: usize = 5_000;
/// Lines above the head in which a marker counts.
const ABOVE: usize = 3;
/// Lines that a list of recipients may run over.
const WRAPPED: usize = 4;

/// The head of a mail inside a text.
#[derive(Debug, Default)]
struct Head {
    /// Its first line, or the marker above it.
    start: usize,
    /// The line after it.
    end: usize,
    from: String,
    reply_to: Option<String>,
    subject: Option<String>,
}

/// Makes the content speak of the person whose mail `colleague` passed on, if that can be told; else
/// of nobody. `parts` is `None` where a mail was too odd to be taken apart.
pub(super) fn resolve(content: &mut Content, colleague: Email, parts: Option<&Parts<'_>>, reader: &Reader) {
    if robot::is_robot(&colleague) {
        return person::behind(content, None, &colleague, reader);
    }
    let own = std::mem::take(&mut content.person);
    let whole = content.text.take().unwrap_or_default();
    let lines: Vec<&str> = whole.lines().take(LINES).collect();
    let said = content.subject.as_deref().is_some_and(is_passed_on);
    if parts.is_some_and(|parts| attached(content, parts, reader)) {
        note(content, &whole);
    } else if let Some((head, sender)) = head(&lines, said, reader) {
        inside(content, &lines, head, sender, reader);
    } else {
        let marked = lines.iter().any(|line| is_framed(bare(line)) && speaks_of_it(bare(line)))
            || parts.is_some_and(|parts| mails(parts).next().is_some());
        content.text = (!whole.is_empty()).then(|| whole.clone());
        content.person.language = own.language;
        let what = if said || marked {
            format!("passed on by {colleague}, but the mail does not say plainly whose it was")
        } else {
            format!("written by {colleague}, one of our own people, for somebody else")
        };
        content.problems.push(format!("{what}: look into its text, then enter who it is"));
    }
    content.forwarded_by = Some(colleague);
}

/// Numbers of the parts that are whole mails.
fn mails<'p>(parts: &'p Parts<'_>) -> impl Iterator<Item = usize> + 'p {
    parts.of_kind(|kind| matches!(kind, "message/rfc822" | "message/global")).take(ATTACHED)
}

/// Reads the first attached mail that somebody from outside is behind.
fn attached(content: &mut Content, parts: &Parts<'_>, reader: &Reader) -> bool {
    for number in mails(parts) {
        let part = parts.get(number);
        let bytes = part.encoding.file(parts.raw(part));
        let Ok(inner) = Parts::of(&bytes) else { continue };
        let (mut inner, Ok(())) = super::words_and_person(&inner, reader) else { continue };
        inner.headers = std::mem::take(&mut content.headers);
        inner.problems.splice(0..0, std::mem::take(&mut content.problems));
        inner.attachments.splice(0..0, std::mem::take(&mut content.attachments));
        *content = inner;
        return true;
    }
    false
}

/// The first head that names somebody from outside, with what it says about the author. A line
/// `On … Max <max@…> wrote:` is one only where the subject `said` that the mail was passed on.
fn head(lines: &[&str], said: bool, reader: &Reader) -> Option<(Head, Sender)> {
    let named = |head: Head| {
        let sender = sender::quoted(&head.from, head.reply_to.as_deref(), reader)?;
        let program = matches!(&sender.author, Author::Ours(email) if robot::is_robot(email));
        (program || !matches!(sender.author, Author::Ours(_))).then_some((head, sender))
    };
    let mut at = 0;
    while at < lines.len() {
        let Some(head) = block(lines, at, said) else {
            at += 1;
            continue;
        };
        at = head.end;
        if let Some(found) = named(head) {
            return Some(found);
        }
    }
    let wrote = |line: &str| line.ends_with(':') && line.contains('@') && line.chars().any(|c| c.is_ascii_digit());
    let at = lines.iter().position(|line| said && wrote(bare(line)) && label(line).is_none())?;
    let from = email::parse_all(bare(lines[at])).into_iter().next()?;
    let name = attributed(bare(lines[at]));
    let from = name.map_or_else(|| from.to_string(), |name| format!("{name} <{from}>"));
    named(Head { start: at, end: at + 1, from, ..Head::default() })
}

/// The name in `…, Max Mustermann <max@…> wrote:`, where quotes or a comma show its start.
fn attributed(line: &str) -> Option<String> {
    let (before, _) = line.split_once('<')?;
    let is_quote = |c: char| matches!(c, '"' | '„' | '“' | '”' | '«' | '»');
    let before = before.trim();
    let name = match before.trim_end_matches(is_quote) {
        quoted if quoted.len() < before.len() => quoted.trim_end().rsplit(is_quote).next()?,
        _ => before.rsplit([',', ':']).next()?.trim_start_matches(|c: char| !c.is_alphabetic()),
    };
    let plain = !name.trim().is_empty() && !name.chars().any(|c| c.is_ascii_digit());
    plain.then(|| name.trim().to_owned())
}

/// The head that starts at a line: the author's line and two others, or one where a marker or the
/// subject says what it is.
fn block(lines: &[&str], start: usize, said: bool) -> Option<Head> {
    label(lines[start])?;
    let mut found: Vec<(Label, String)> = Vec::new();
    let mut end = start;
    let mut at = start;
    while at < lines.len() {
        match label(lines[at]) {
            Some((label, _)) if found.iter().any(|(known, _)| *known == label) => break,
            Some((label, value)) => {
                found.push((label, value.to_owned()));
                end = at + 1;
            }
            None if at == end && is_address_line(lines[at]) => end = at + 1,
            // A blank line, or the rest of a long one, where the head goes on after it.
            None if goes_on(lines, at, &found) => {
                if let Some((_, value)) = found.last_mut() {
                    value.push(' ');
                    value.push_str(bare(lines[at]));
                }
            }
            None => {
                // `Von:` with the name in the next line.
                let open = found.last_mut().filter(|(_, value)| value.is_empty() && at == end);
                let Some((_, value)) = open.filter(|_| !bare(lines[at]).is_empty()) else { break };
                bare(lines[at]).clone_into(value);
                end = at + 1;
            }
        }
        at += 1;
    }
    let mut of =
        |label: Label| found.iter().position(|(known, _)| *known == label).map(|at| std::mem::take(&mut found[at].1));
    let from = of(Label::From).filter(|from| from.contains('@'))?;
    let (reply_to, subject) = (of(Label::ReplyTo), of(Label::Subject));
    let marker = (start.saturating_sub(ABOVE)..start).rev().find(|&above| is_marker(bare(lines[above])));
    let enough = if said || marker.is_some() { 2 } else { 3 };
    let subject = subject.map(|subject| text::line(&subject)).filter(|subject| !subject.is_empty());
    (found.len() >= enough).then(|| Head {
        start: marker.unwrap_or(start),
        end,
        from: text::line(&from),
        reply_to,
        subject,
    })
}

/// Whether the head goes on below a line without a label: after one blank line, or after the rest
/// of a list of recipients, with a label that was not there yet.
fn goes_on(lines: &[&str], at: usize, found: &[(Label, String)]) -> bool {
    let far = if bare(lines[at]).is_empty() { 1 } else { WRAPPED };
    let mut below = lines.iter().skip(at + 1).take(far).take_while(|line| !bare(line).is_empty());
    let new = |(label, value): (Label, &str)| !value.is_empty() && found.iter().all(|(known, _)| *known != label);
    below.find_map(|line| label(line)).is_some_and(new)
}

/// A line of a head, with its value.
fn label(line: &str) -> Option<(Label, &str)> {
    let line = bare(line);
    let colon = line.find([':', '：', '\t'])?;
    let (name, value) = line.split_at(colon);
    if name.len() > 40 {
        return None;
    }
    let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_')).to_lowercase();
    let (label, _) = LABELS.iter().find(|(_, names)| names.split('|').any(|known| known == name))?;
    Some((*label, value.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：' | '*'))))
}

/// A line without what marks a quotation or bold letters.
fn bare(line: &str) -> &str {
    line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '>' | '|' | '*' | '\u{feff}'))
        .trim_end_matches(|c: char| c.is_whitespace() || c == '*')
}

/// A line of a head in words that are not known, with somebody's address: `Adresat: anna@…`.
fn is_address_line(line: &str) -> bool {
    bare(line).split_once([':', '：']).is_some_and(|(name, value)| {
        name.chars().count() <= 20 && name.split_whitespace().count() <= 3 && value.contains('@')
    })
}

/// The line that mail programs put above a mail that is passed on: `----- Forwarded message -----`,
/// `Begin forwarded message:`, Outlook's long line.
fn is_marker(line: &str) -> bool {
    let drawn = line.len() >= 10 && line.chars().all(|c| c == '_');
    drawn || is_framed(line) || line.ends_with([':', '：']) && speaks_of_it(line)
}

fn is_framed(line: &str) -> bool {
    line.starts_with("--") && line.ends_with("--") && line.contains(char::is_alphabetic)
}

fn speaks_of_it(line: &str) -> bool {
    let line = text::shorten(line, 100).to_lowercase();
    MARKERS.split('|').any(|word| line.contains(word))
}

/// Whether a subject says that the mail was passed on: `Fwd: …`, `AW: WG: …`, `[Extern] TR : …`.
fn is_passed_on(subject: &str) -> bool {
    let mut rest = subject.trim_start();
    loop {
        if let Some((_, after)) = rest.strip_prefix('[').and_then(|tag| tag.split_once(']')) {
            rest = after.trim_start();
            continue;
        }
        let Some((prefix, after)) = rest.split_once([':', '：']) else { return false };
        let prefix = prefix.trim().to_lowercase();
        if prefix.chars().count() > 12 || prefix.contains(char::is_whitespace) {
            return false;
        }
        let prefix = prefix.split(['[', '(']).next().unwrap_or_default();
        if PREFIXES.split('|').any(|known| known == prefix) {
            return true;
        }
        rest = after.trim_start();
    }
}

/// Makes the content that of the mail below a head.
fn inside(content: &mut Content, lines: &[&str], head: Head, sender: Sender, reader: &Reader) {
    let quoted = lines[head.end - 1].trim_start().starts_with('>');
    let body: Vec<&str> = lines[head.end..].iter().map(|line| if quoted { unquoted(line) } else { line }).collect();
    let body = text::clean(&body.join("\n"));
    note(content, &lines[..head.start].join("\n"));
    content.from = Some(head.from);
    content.text = (!body.is_empty()).then_some(body);
    if let Some(subject) = head.subject {
        content.subject = Some(subject);
    }
    content.person = Person::default();
    // The headers are the colleague's; what they say about a person is about them.
    let setting = Setting { fields: &Fields::default(), reader };
    // A program of ours whose form names nobody: then the lead is nobody's.
    if person::identify(content, sender, &setting).is_err() {
        content.problems.push("the mail that was passed on does not say plainly whose it is".into());
    }
}

/// A line without one level of quotation.
fn unquoted(line: &str) -> &str {
    let line = line.trim_start();
    line.strip_prefix('>').map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest))
}

/// Keeps what the colleague wrote above.
fn note(content: &mut Content, above: &str) {
    let above = text::clean(above);
    if !above.is_empty() {
        content.fields.insert("forwarding_note".into(), above.into());
    }
}
