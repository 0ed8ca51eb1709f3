//! The heads of mails inside a text: `From: …`, `Sent: …`, `Subject: …`, with the line above them.
//!
//! In: the lines of a text. Out: every head in it, in order. A head is a block of lines, one long
//! line into which a program wrote them all, or the line `On … Max <max@…> wrote:`.

use crate::normalize::text;

use super::super::vocabulary::{Label, closes_it, is_framed, speaks_of_it};
pub(super) use super::super::vocabulary::{announces, bare, label};
use super::{glued, spaced, wrote};

/// Lines above the head in which a marker counts.
const ABOVE: usize = 3;
/// Lines that a list of recipients may run over.
const WRAPPED: usize = 4;
/// Characters from which a line of a head may have been wrapped.
const LONG: usize = 60;
/// Heads that are looked at.
const HEADS: usize = 50;

/// The head of a mail inside a text.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Head {
    /// Its first line, or the marker above it.
    pub(super) start: usize,
    /// The line after it.
    pub(super) end: usize,
    /// Who wrote, as it stands there.
    pub(super) from: String,
    /// Who is to be answered.
    pub(super) reply_to: Option<String>,
    /// What it is about.
    pub(super) subject: Option<String>,
    /// How many of its lines are known.
    pub(super) labels: usize,
    /// What shows that it is one.
    pub(super) sign: Sign,
}

/// What shows that lines are a head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sign {
    /// A line above that says that the mail was forwarded.
    Marker,
    /// Its own lines.
    #[default]
    Block,
    /// The line `… wrote:`, which answers have as well.
    Wrote,
}

/// All heads of a text. Where the subject `said` that the mail was passed on, fewer lines are one.
pub(super) fn heads(lines: &[&str], said: bool) -> Vec<Head> {
    let mut heads = Vec::new();
    let mut at = 0;
    while at < lines.len() && heads.len() < HEADS {
        let found = glued::head(lines, at)
            .or_else(|| block(lines, at, said))
            .or_else(|| spaced::head(lines, at))
            .or_else(|| wrote::head(lines, at, said));
        at = found.as_ref().map_or(at + 1, |head| head.end);
        heads.extend(found);
    }
    heads
}

/// The block that starts at a line: the author's line and two others, or one where a marker or the
/// subject says what it is. An author without an address needs a marker or a subject.
fn block(lines: &[&str], start: usize, said: bool) -> Option<Head> {
    label(lines[start]).filter(|(label, _)| *label != Label::Other)?;
    let (end, mut found) = gather(lines, start);
    let known = found.iter().filter(|(label, _)| *label != Label::Other).count();
    let mut of =
        |label: Label| found.iter().position(|(known, _)| *known == label).map(|at| std::mem::take(&mut found[at].1));
    let from = text::line(&of(Label::From)?);
    let reply_to = of(Label::ReplyTo);
    let subject = of(Label::Subject).map(|subject| text::line(subject.trim_end_matches(';')));
    let above = (start.saturating_sub(ABOVE)..start).rev().find(|&line| is_marker(bare(lines[line])));
    let marked = above.is_some_and(|line| speaks_of_it(bare(lines[line])));
    let enough = if said || above.is_some() { 2 } else { 3 };
    let named = from.contains('@') || marked || subject.is_some();
    let subject = subject.filter(|subject| !subject.is_empty());
    let end = after_rule(lines, if marked { after_closing(lines, end) } else { end });
    (known >= enough && named && !from.is_empty()).then(|| Head {
        start: above.unwrap_or(start),
        end,
        from,
        reply_to,
        subject,
        labels: known,
        sign: if marked { Sign::Marker } else { Sign::Block },
    })
}

/// The labelled lines from `start`, each label once, and the line after them.
fn gather(lines: &[&str], start: usize) -> (usize, Vec<(Label, String)>) {
    let mut found: Vec<(Label, String)> = Vec::new();
    let (mut end, mut at, mut foreign) = (start, start, 0);
    while at < lines.len() {
        match label(lines[at]) {
            Some((label, _)) if label != Label::Other && found.iter().any(|(known, _)| *known == label) => break,
            Some((label, value)) => {
                found.push((label, value.to_owned()));
                end = at + 1;
            }
            None if at == end && foreign < WRAPPED && is_address_line(lines[at]) => {
                end = at + 1;
                foreign += 1;
            }
            // A blank line, or the rest of a long one, where the head goes on after it.
            None if goes_on(lines, at, &found) => {
                if let Some((_, value)) = found.last_mut() {
                    value.push(' ');
                    value.push_str(bare(lines[at]));
                }
            }
            // A long subject that is the last line of its head.
            None if at == end && wraps(lines, at, &found) => {
                if let Some((_, value)) = found.last_mut() {
                    value.push(' ');
                    value.push_str(bare(lines[at]));
                }
                end = at + 1;
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
    (end, found)
}

/// Whether a line is the rest of the subject above it, which was wrapped: an empty line follows.
fn wraps(lines: &[&str], at: usize, found: &[(Label, String)]) -> bool {
    let subject = found.last().is_some_and(|(label, _)| *label == Label::Subject);
    let long = lines[at - 1].chars().count() >= LONG;
    let ends = lines.get(at + 1).is_none_or(|line| bare(line).is_empty());
    subject && long && ends && !bare(lines[at]).is_empty() && bare(lines[at]).chars().count() < LONG
}

/// Whether the head goes on below a line without a label: after one blank line, or after the rest
/// of a list of recipients, with a label that was not there yet.
fn goes_on(lines: &[&str], at: usize, found: &[(Label, String)]) -> bool {
    let far = if bare(lines[at]).is_empty() { 1 } else { WRAPPED };
    let mut below = lines.iter().skip(at + 1).take(far).take_while(|line| !bare(line).is_empty());
    let new = |(label, value): (Label, &str)| !value.is_empty() && found.iter().all(|(known, _)| *known != label);
    below.find_map(|line| label(line)).is_some_and(new)
}

/// Some programs draw a line below the head.
fn after_rule(lines: &[&str], end: usize) -> usize {
    let is_rule = |line: &&str| line.len() >= 4 && line.chars().all(|c| matches!(c, '-' | '_' | '='));
    lines.get(end).map(|line| bare(line)).filter(is_rule).map_or(end, |_| end + 1)
}

/// The line with which some programs close the mail that they passed on, below a head.
pub(super) fn closing(lines: &[&str], end: usize) -> Option<usize> {
    (end..lines.len()).find(|&at| closes_it(bare(lines[at])))
}

/// Some programs close the head with the marker that opened it.
fn after_closing(lines: &[&str], end: usize) -> usize {
    let next = (end..lines.len()).find(|&at| !bare(lines[at]).is_empty());
    next.filter(|&at| is_framed(bare(lines[at])) && speaks_of_it(bare(lines[at]))).map_or(end, |at| at + 1)
}

/// A line of a head in words that are not known, with somebody's address: `Adresat: anna@…`.
fn is_address_line(line: &str) -> bool {
    bare(line).split_once([':', '：']).is_some_and(|(name, value)| {
        name.chars().count() <= 20 && name.split_whitespace().count() <= 3 && value.contains('@')
    })
}

/// The line that mail programs put above a mail inside: `----- Forwarded message -----`, `Begin
/// forwarded message:`, Outlook's long line. `-----Original Message-----` stands above answers too.
pub(super) fn is_marker(line: &str) -> bool {
    let drawn = line.len() >= 10 && line.chars().all(|c| matches!(c, '_' | '-'));
    drawn || is_framed(line) || line.ends_with([':', '：']) && speaks_of_it(line)
}
