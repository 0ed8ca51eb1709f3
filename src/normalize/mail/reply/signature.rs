//! Where the signature begins in what somebody typed.
//!
//! From the end upwards, as long as something is found: notes of mail programs, disclaimers, a
//! divider (`-- `) with what is below it, a closing (`Best regards`) with a name, the writer's own
//! name, a block of name and addresses. A closing with nothing below it stays where it is.

use super::contact;
use super::{Writer, words};
use crate::normalize::text;

/// Lines with text that a signature may have below a divider.
const BELOW_DIVIDER: usize = 30;
/// Lines with text below a closing.
const BELOW_CLOSING: usize = 12;
/// Characters of a line of a signature.
const WIDTH: usize = 80;
/// Bytes of a paragraph that are searched.
const PARAGRAPH: usize = 4_000;
/// Characters from which a line may go on in the next.
const WRAPPED: usize = 50;
/// Rounds of looking.
const ROUNDS: usize = 40;

/// The line with which the signature begins; the number of lines where there is none.
pub(super) fn start(lines: &[&str], writer: Writer<'_>) -> usize {
    let mut end = trimmed(lines, lines.len());
    for _ in 0..ROUNDS {
        let found = note(lines, end)
            .or_else(|| divider(lines, end, writer))
            .or_else(|| closing(lines, end, writer))
            .or_else(|| named(lines, end, writer))
            .or_else(|| block(lines, end, writer))
            .or_else(|| spaced(lines, end, writer))
            .or_else(|| legal(lines, end));
        let Some(start) = found else { break };
        // Nothing but a signature is a message all the same.
        if trimmed(lines, start) == 0 && !is_note(lines, end) {
            break;
        }
        end = trimmed(lines, start);
    }
    end
}

fn is_note(lines: &[&str], end: usize) -> bool {
    note(lines, end).is_some()
}

/// The end without lines that say nothing: empty ones and dividers.
fn trimmed(lines: &[&str], end: usize) -> usize {
    let says = |line: &&str| {
        let line = line.trim();
        // Some programs leave this letter behind to see whether a mail was opened.
        line.starts_with("```") || line != "ᐧ" && line.chars().any(|c| !DIVIDERS.contains(&c) && !c.is_whitespace())
    };
    lines[..end].iter().rposition(says).map_or(0, |last| last + 1)
}

/// Characters that dividers consist of.
const DIVIDERS: [char; 11] = ['-', '_', '=', '*', '~', '#', '+', '–', '\u{200b}', '\u{feff}', '\u{ad}'];

/// A note of a mail program in the last line.
fn note(lines: &[&str], end: usize) -> Option<usize> {
    let last = end.checked_sub(1)?;
    words::is_device(lines[last].trim()).then_some(last)
}

/// A divider with a signature below it.
fn divider(lines: &[&str], end: usize, writer: Writer<'_>) -> Option<usize> {
    let mut below = 0;
    for at in (0..end).rev() {
        let line = lines[at].trim();
        if line == "--" && at > 0 {
            return Some(at);
        }
        let rule = line.len() >= 2 && line.chars().all(|c| matches!(c, '-' | '_' | '='));
        let drawn = rule && below <= 14 && lines[at..end].iter().all(|line| line.chars().count() <= WIDTH);
        if drawn && at > 0 && says_who(&lines[at + 1..end], writer) {
            return Some(at);
        }
        below += usize::from(!line.is_empty());
        if below > BELOW_DIVIDER {
            return None;
        }
    }
    None
}

/// Whether lines below a drawn line name a person or a house: people draw lines between their wishes too.
fn says_who(lines: &[&str], writer: Writer<'_>) -> bool {
    let says = |line: &&str| {
        let line = line.trim();
        contact::is_address(line) || is_writer(line, writer) || words::is_device(line) || contact::is_house(line)
    };
    let mut said = lines.iter().filter(|line| !line.trim().is_empty());
    let alone = said.next().filter(|_| said.next().is_none());
    lines.iter().any(says) || alone.is_some_and(|line| contact::is_name(line.trim()))
}

/// A closing with a name and what belongs to it below; or `-Max` in the last line.
fn closing(lines: &[&str], end: usize, writer: Writer<'_>) -> Option<usize> {
    let last = end.checked_sub(1)?;
    let before = lines[..last].iter().rev().find(|line| !line.trim().is_empty());
    if is_dashed_name(lines[last].trim()) && before.is_some_and(|line| !line.trim().starts_with('-')) {
        return Some(last);
    }
    let mut below = 0;
    for at in (0..end).rev() {
        let line = lines[at].trim();
        if below > 0 && words::is_closing(line) {
            // `此致`, `敬礼`: some close in two lines.
            let above = at.checked_sub(1).filter(|&above| words::is_closing(lines[above].trim()));
            return Some(above.filter(|&above| above > 0 && lines[above - 1].trim().is_empty()).unwrap_or(at));
        }
        let fits = line.is_empty() || contact::is_part(line) || is_writer(line, writer);
        below += usize::from(!line.is_empty());
        if !fits || below > BELOW_CLOSING {
            return None;
        }
    }
    None
}

/// The writer's own name in the last line, perhaps behind a closing.
fn named(lines: &[&str], end: usize, writer: Writer<'_>) -> Option<usize> {
    let last = end.checked_sub(1)?;
    let line = lines[last].trim();
    let closed = || words::after_closing(line).is_some_and(|name| is_writer(name, writer));
    (is_writer(line, writer) || closed()).then_some(last)
}

/// A last paragraph of name and addresses.
fn block(lines: &[&str], end: usize, writer: Writer<'_>) -> Option<usize> {
    let start = lines[..end].iter().rposition(|line| line.trim().is_empty())? + 1;
    let block = &lines[start..end];
    if !(2..=BELOW_CLOSING).contains(&block.len()) {
        return None;
    }
    let addresses = block.iter().filter(|line| contact::is_address(line)).count();
    let person = is_writer(block[0].trim(), writer) || contact::is_name(block[0].trim());
    let fits = block.iter().all(|line| contact::is_part(line.trim()));
    (fits && (addresses >= 2 || addresses == 1 && person)).then_some(start)
}

/// The writer's own name and, below it to the end, nothing but what belongs to a signature, with empty lines between.
fn spaced(lines: &[&str], end: usize, writer: Writer<'_>) -> Option<usize> {
    let (mut below, mut address) = (0, false);
    for at in (0..end).rev() {
        let line = lines[at].trim();
        if below > 0 && address && is_writer(line, writer) {
            return Some(at);
        }
        address |= contact::is_address(line);
        below += usize::from(!line.is_empty());
        if !line.is_empty() && !contact::is_part(line) || below > BELOW_CLOSING {
            return None;
        }
    }
    None
}

/// A last paragraph that warns others. What was typed right above it in the same paragraph stays.
fn legal(lines: &[&str], end: usize) -> Option<usize> {
    let start = lines[..end].iter().rposition(|line| line.trim().is_empty()).map_or(0, |blank| blank + 1);
    let most = lines[start..end].iter().take(PARAGRAPH / 10).copied().collect::<Vec<_>>().join(" ");
    let mut left = words::legal(text::shorten(&most, PARAGRAPH))?;
    let mut at = start;
    while at + 1 < end && left > lines[at].len() {
        left -= lines[at].len() + 1;
        at += 1;
    }
    // A long line above that ends no sentence goes on in this one.
    while at > start && lines[at - 1].chars().count() >= WRAPPED && !lines[at - 1].trim_end().ends_with(['.', '!', '?'])
    {
        at -= 1;
    }
    Some(at)
}

/// Whether a line is the writer's name, in full or the first one.
pub(super) fn is_writer(line: &str, writer: Writer<'_>) -> bool {
    let line = line.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let length = line.chars().count();
    if !(2..=60).contains(&length) {
        return false;
    }
    let name = writer.name.unwrap_or_default().to_lowercase();
    let local = writer.email.unwrap_or_default().split('@').next().unwrap_or_default().to_lowercase();
    line == name
        || name.split([' ', ',']).any(|part| part == line)
        || local.split(['.', '_', '-']).any(|part| part == line)
}

/// `-Max`, `- Max Muster`, `--Max`.
fn is_dashed_name(line: &str) -> bool {
    let name = line.trim_start_matches(['-', '–']);
    name.len() < line.len()
        && !name.starts_with(' ')
        && name.len() <= 40
        && (1..=3).contains(&name.split_whitespace().count())
        && name.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | ' ' | '-' | '\''))
}
