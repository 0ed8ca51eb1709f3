//! Where the mail that is answered stands in a text.
//!
//! It begins with a line that names it (`On …, Jon wrote:`), with the head of a mail (`From: …`),
//! with a divider (`-----Original Message-----`), or its lines carry `>`. Lines with `>` between
//! which there are answers stay with them.

use super::super::vocabulary::{Label, announces, bare, is_framed, label, speaks_of_it};
use super::words;

/// Lines over which an attribution may run.
const WRAPPED: usize = 6;
/// Characters of an attribution.
const LONGEST: usize = 500;
/// Lines of a mail's head that are looked at.
const HEAD: usize = 8;

/// Parts the lines into what was typed and what was quoted.
pub(super) fn part<'a>(lines: &[&'a str]) -> (Vec<&'a str>, Vec<&'a str>) {
    let mut at = 0;
    while at < lines.len() {
        if is_divider(lines[at]) || is_head(&lines[at..]) {
            return cut(lines, at);
        }
        if let Some(start) = attribution(lines, at) {
            return below(lines, start, at + 1);
        }
        at += 1;
    }
    // No line names the mail: only what carries `>` at the end is a quote.
    match lines.iter().rposition(|line| !is_quoted(line) && !line.trim().is_empty()) {
        Some(last) if lines[last + 1..].iter().any(|line| is_quoted(line)) => cut(lines, last + 1),
        None if lines.iter().any(|line| is_quoted(line)) => cut(lines, 0),
        _ => (lines.to_vec(), Vec::new()),
    }
}

/// Everything from a line on is quoted.
fn cut<'a>(lines: &[&'a str], start: usize) -> (Vec<&'a str>, Vec<&'a str>) {
    let (own, quoted) = lines.split_at(start);
    if own.iter().all(|line| line.trim().is_empty()) && !quoted.iter().all(|line| quoted_or_empty(line)) {
        // Nothing above a mail that was passed on: then that mail is what is said.
        return (lines.to_vec(), Vec::new());
    }
    (own.to_vec(), quoted.to_vec())
}

/// An attribution from `start` to `end`, and what stands below it.
fn below<'a>(lines: &[&'a str], start: usize, end: usize) -> (Vec<&'a str>, Vec<&'a str>) {
    let rest = &lines[end..];
    let Some(first) = rest.iter().position(|line| !line.trim().is_empty()) else { return cut(lines, start) };
    if is_quoted(lines[start]) || !is_quoted(rest[first]) {
        return cut(lines, start);
    }
    // With `>` it is plain which lines are quoted; what stands below them was typed.
    let last = rest.iter().rposition(|line| is_quoted(line)).unwrap_or(first);
    let typed = rest[first..last].iter().any(|line| !quoted_or_empty(line));
    let answered = typed && !wrapped_only(&rest[first..=last]);
    if answered {
        let last_typed = rest.iter().rposition(|line| !quoted_or_empty(line)).unwrap_or(last);
        let keep = end + last_typed.saturating_add(1);
        return (lines[..keep].to_vec(), lines[keep..].to_vec());
    }
    let mut own = lines[..start].to_vec();
    own.extend(&rest[last + 1..]);
    (own, lines[start..=end + last].to_vec())
}

/// Whether the lines without `>` are only the ends of quoted lines that a program wrapped: each
/// follows directly after a long quoted line and before another.
fn wrapped_only(lines: &[&str]) -> bool {
    lines.windows(2).all(|pair| {
        quoted_or_empty(pair[1]) || is_quoted(pair[0]) && pair[0].chars().count() > 65 && pair[1].chars().count() < 40
    })
}

/// The first line of the attribution that ends at `end`, if one does.
fn attribution(lines: &[&str], end: usize) -> Option<usize> {
    let last = lines[end].trim().trim_end_matches(['*', '_', ' ']);
    if last.starts_with(">>>") && last.ends_with(">>>") && words::has_date(last) {
        return Some(end);
    }
    // `---- On …, Jon wrote ----`
    let framed = is_framed(last);
    if !framed && !last.ends_with([':', '：']) || last.len() > LONGEST {
        return None;
    }
    for start in (end.saturating_sub(WRAPPED - 1)..=end).rev() {
        if start < end && lines[start].trim_end().ends_with(['!', '?', ':']) {
            return None;
        }
        // A lone `>` may close the address of a wrapped attribution.
        let quoted = lines[start..=end].iter().all(|line| is_quoted(line));
        let words: Vec<&str> =
            lines[start..=end].iter().map(|line| if quoted { bare(line) } else { line.trim() }).collect();
        let whole = words.join(" ");
        if whole.len() > LONGEST {
            return None;
        }
        let quote = || lines[end + 1..].iter().find(|line| !line.trim().is_empty()).is_some_and(|line| is_quoted(line));
        let names = || !quoted && words::names_somebody(whole.trim()) && quote();
        if balanced(&whole) && (words::is_attribution(whole.trim()) || names()) {
            return Some(above(lines, start, whole.trim()));
        }
    }
    None
}

/// The line above when the attribution that was found goes on upwards, else the same line.
fn above(lines: &[&str], start: usize, whole: &str) -> usize {
    if words::has_date(whole) {
        return start;
    }
    let before = lines[..start].iter().rposition(|line| !line.trim().is_empty()).filter(|at| at + 2 >= start);
    let goes_on = |line: &str| {
        let next = start > 0 && bare(lines[start - 1]) == line && words::has_time(line);
        line.len() < 200 && (words::opens(line) || next) && words::has_date(line) && !line.ends_with(['!', '?', '.'])
    };
    before.filter(|&at| goes_on(bare(lines[at]))).unwrap_or(start)
}

/// Whether each bracket around an address is closed again.
fn balanced(text: &str) -> bool {
    let count = |c| text.chars().filter(|&other| other == c).count();
    count('<') == count('>')
}

/// Whether a line says that another mail follows: `-----Original Message-----`.
fn is_divider(line: &str) -> bool {
    let line = bare(line);
    let inner = line.trim_matches(['-', '_', '=', '~', ' ']);
    let drawn = line.starts_with("--") || line.starts_with("__") || line.starts_with("==");
    words::is_border(line)
        || !inner.is_empty() && line.len() < 120 && drawn && (words::says_original(inner) || speaks_of_it(inner))
}

/// Whether the head of a mail begins here: a sender and two more of its lines, in any order; the line above may
/// say that it was forwarded, or stand between drawn lines.
fn is_head(lines: &[&str]) -> bool {
    let above = bare(lines[0]);
    let start = usize::from(lines.len() > 1 && above.len() < 80 && (announces(above) || is_framed(above)));
    let mut next = lines[start..].iter().filter(|line| !bare(line).is_empty());
    let Some((first, value)) = next.next().and_then(|line| label(line)) else { return false };
    if first != Label::From && (value.is_empty() || matches!(first, Label::ReplyTo | Label::Other)) {
        return false;
    }
    let mut found = vec![(first, value)];
    for (other, value) in next.take(HEAD).filter_map(|line| label(line)) {
        if other != Label::Other && found.iter().all(|(known, _)| *known != other) {
            found.push((other, value));
        }
    }
    // Where somebody wants to travel, and when, is no head.
    let mail =
        found.iter().any(|(label, value)| *label == Label::Subject || *label == Label::From && value.contains('@'));
    found.len() >= 3 && mail && found.iter().any(|(label, _)| *label == Label::From)
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

fn quoted_or_empty(line: &str) -> bool {
    line.trim().is_empty() || is_quoted(line)
}
