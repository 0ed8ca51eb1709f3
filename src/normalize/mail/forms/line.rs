//! One line of a form: a label with its value, or several.
//!
//! In: a line, and how the form writes its lines. Out: labels and values, cut at a colon, a tab, the
//! mark behind a bold label, or at what the form uses instead.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr2, memchr3, memchr3_iter};

use super::LABEL_MARK;
use crate::normalize::fields::label::{self, Certainty, Slot};

/// Bytes of a label; longer ones are sentences.
const LABEL: usize = 120;
/// What is written between label and value instead of a colon, the longer ones first.
const WEAK: [&str; 10] = [" => ", " -> ", " >> ", " = ", "=", " - ", " – ", " — ", " | ", "  "];
/// With which the longer dashes begin.
const DASH: u8 = "–".as_bytes()[0];
/// Columns stand apart.
static GAP: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("  "));
/// What stands between pairs on one line.
const BETWEEN: [&str; 9] = [" | ", "|", "; ", ";", "\t", " • ", " · ", " / ", ", "];
/// A colon as wide as a character of Chinese.
const WIDE: &[u8] = "：".as_bytes();
/// Pairs of one line.
const PIECES: usize = 60;
/// Labels of one line by which pairs are told although nothing stands between them.
const MANY: usize = 3;
/// Words of a label that is looked for inside a line.
const WORDS: usize = 4;

/// What a label means, and how surely.
pub(super) type Meaning = Option<(Slot, Certainty)>;

/// A label with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cut<'a> {
    pub(super) label: &'a str,
    pub(super) value: &'a str,
    /// Whether bold print says that it is a label.
    pub(super) marked: bool,
}

impl Cut<'_> {
    pub(super) fn meaning(&self) -> Meaning {
        label::slot(self.label)
    }
}

/// How a form writes its lines.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Style {
    /// What stands between label and value instead of a colon.
    weak: Option<&'static str>,
    /// Label and value stand on lines of their own.
    pub(super) stacked: bool,
}

impl Style {
    /// Finds out how a text writes its labels.
    pub(super) fn of<'a>(lines: &[&'a str]) -> Self {
        let weak_mark = |line: &&&str| {
            let bytes = line.as_bytes();
            let marked = memchr3(b'>', b'=', b'-', bytes).or_else(|| memchr2(b'|', DASH, bytes)).is_some();
            marked || GAP.find(bytes).is_some()
        };
        let marked: Vec<&str> = lines.iter().filter(weak_mark).copied().collect();
        let count = |between: &str| {
            let labels = marked.iter().filter_map(|line| line.split_once(between).map(|(label, _)| bare(label)));
            labels.filter(|label| is_named(label)).count()
        };
        let weak = WEAK.into_iter().map(|between| (count(between), between));
        let weak = weak.filter(|(count, _)| *count >= 2).max_by_key(|(count, between)| (*count, between.len()));
        // An address of its own first: most texts have none, and every line's beginning would have to be looked up.
        let spaced = || {
            let led = |line: &&'a str| led_by_label(line);
            let email = lines.iter().filter(|line| line.contains('@')).filter_map(led);
            let mut email = email.filter(|(_, value)| value.contains('@') && !value.contains(' '));
            let told = email.any(|(label, _)| means(label, &Slot::Email));
            (told && lines.iter().filter_map(led).nth(MANY - 1).is_some()).then_some(" ")
        };
        let colons = lines.iter().filter(|line| cut_at_colon(line).is_some_and(|cut| is_named(cut.label))).count();
        let weak = weak.map(|(_, between)| between).or_else(|| if colons == 0 { spaced() } else { None });
        Self { weak, stacked: is_stacked(lines, colons) }
    }

    /// The label and value of a line; `None` where it holds no label.
    pub(super) fn cut<'a>(&self, line: &'a str) -> Option<Cut<'a>> {
        if let Some((label, value)) = line.split_once(LABEL_MARK) {
            let (label, value) =
                (bare(label).trim_end_matches([':', '：']).trim_end(), value.trim_matches(is_decoration));
            let value = value.trim_start_matches([':', '：', ' ', '\t']);
            return is_legal(label).then_some(Cut { label, value, marked: true });
        }
        let strong = cut_at_colon(line);
        let weak = self.weak.and_then(|between| cut_at(line, between));
        match (strong, weak) {
            // `Web = https://…`: what comes first is what divides.
            (Some(strong), Some(weak)) if strong.label.len() <= weak.label.len() => Some(strong),
            (strong, None) => strong,
            (_, weak) => weak,
        }
    }
}

/// The pairs of a line that holds several; empty for any other.
pub(super) fn several(line: &str) -> Vec<Cut<'_>> {
    if line.len() > 2_000 {
        return Vec::new();
    }
    let line = line.trim_matches(['|', ' ']);
    for between in BETWEEN {
        let pieces: Vec<&str> = line.split(between).map(str::trim).filter(|piece| !piece.is_empty()).collect();
        if !(2..=PIECES).contains(&pieces.len()) {
            continue;
        }
        let labelled = |piece: &&&str| cut_at_colon(piece).is_some_and(|cut| is_known(cut.label));
        let known = pieces.iter().filter(labelled).count();
        if known >= 2 && pieces.first().is_some_and(|first| cut_at_colon(first).is_some()) {
            return joined(line, between);
        }
    }
    cells(line).unwrap_or_else(|| run_together(line))
}

/// Pairs with something between them; a piece without a label belongs to the one before it.
fn joined<'a>(line: &'a str, between: &str) -> Vec<Cut<'a>> {
    let mut pairs: Vec<(&'a str, usize, usize)> = Vec::new(); // label, start and end of the value
    let mut at = 0;
    for piece in line.split(between) {
        let end = at + piece.len();
        // After a comma only what is surely a label is one: a message has commas, too.
        let fits = |cut: &Cut<'_>| between != ", " || is_known(cut.label);
        match cut_at_colon(piece).filter(fits) {
            Some(cut) => pairs.push((cut.label, end - cut.value.len().min(piece.len()), end)),
            None => {
                if let Some(last) = pairs.last_mut() {
                    last.2 = end;
                }
            }
        }
        at = end + between.len();
    }
    let whole = |(label, start, end): (&'a str, usize, usize)| Cut {
        label,
        value: line.get(start..end).unwrap_or_default().trim(),
        marked: false,
    };
    pairs.into_iter().map(whole).collect()
}

/// Cells that are labels and values by turns: `Name<tab>Max<tab>E-Mail<tab>max@…`.
fn cells<'a>(line: &'a str) -> Option<Vec<Cut<'a>>> {
    let cells: Vec<&'a str> = row(line);
    let (turns, rest) = cells.as_chunks::<2>();
    let named = turns.iter().filter(|[label, _]| is_named(bare(label))).count();
    let told =
        named >= 2 && rest.is_empty() && turns.iter().all(|[label, value]| is_legal(bare(label)) && !is_named(value));
    let pair = |[label, value]: &[&'a str; 2]| Cut { label: bare(label), value, marked: true };
    told.then(|| turns.iter().map(pair).collect())
}

/// The cells of a row of a table.
pub(super) fn row(line: &str) -> Vec<&str> {
    let (line, between) = if line.contains('\t') { (line, '\t') } else { (line.trim_matches('|'), '|') };
    line.split(between).map(|cell| cell.trim().trim_matches(LABEL_MARK).trim()).collect()
}

/// Whether a row holds nothing but the names of fields, and names at least two of a person.
pub(super) fn is_head(cells: &[&str]) -> bool {
    cells.len() >= 2
        && cells.iter().all(|cell| is_legal(cell) && !cell.contains(':'))
        && cells.iter().filter(|cell| is_named(cell)).count() * 2 >= cells.len().max(4)
}

/// Pairs that follow each other without anything between them, where they are many and sure.
fn run_together(line: &str) -> Vec<Cut<'_>> {
    let mut marks: Vec<(usize, usize)> = Vec::new(); // start of the label, its colon
    for (colon, _) in line.match_indices([':', '：']).take(200) {
        let from = marks.last().map_or(0, |(_, before)| before + 1);
        let before = line.get(from..colon).unwrap_or_default();
        let starts = before.rmatch_indices(' ').map(|(at, _)| at + 1).take(WORDS);
        let starts: Vec<usize> =
            if before.split_whitespace().count() <= WORDS { starts.chain([0]).collect() } else { starts.collect() };
        let named = starts
            .into_iter()
            .filter(|start| is_named(bare(&before[*start..])))
            .max_by_key(|start| before.len() - start);
        if let Some(start) = named {
            marks.push((from + start, colon));
        }
    }
    if marks.len() < MANY || marks[0].0 > 0 {
        return Vec::new();
    }
    let ends = marks.iter().skip(1).map(|(start, _)| *start).chain([line.len()]);
    let pair = |((start, colon), end): (&(usize, usize), usize)| {
        let value = line[*colon..end].trim_start_matches([':', '：']);
        Cut {
            label: bare(&line[*start..*colon]),
            value: value.trim().trim_end_matches([',', ';', '|']).trim_end(),
            marked: false,
        }
    };
    marks.iter().zip(ends).map(pair).collect()
}

/// A line of label, colon or tab, and value: `*Name*: Max`, `Name : Max`, `Name<tab>Max`.
fn cut_at_colon(line: &str) -> Option<Cut<'_>> {
    let colon = colons(line).next()?;
    let (label, value) = line.split_at(colon);
    let label = bare(label);
    let value = value.trim_start_matches([':', '：', '\t', ' ', '*', '_']).trim_matches(is_decoration);
    (is_legal(label) && !value.starts_with("//")).then_some(Cut { label, value, marked: false })
}

/// Where the colons of a line stand, narrow or wide, and its tabs.
pub(super) fn colons(line: &str) -> impl Iterator<Item = usize> {
    let bytes = line.as_bytes();
    memchr3_iter(b':', b'\t', WIDE[0], bytes).filter(|&at| bytes[at] != WIDE[0] || bytes[at..].starts_with(WIDE))
}

/// The same with something else between them; a label that is none of a person must be short.
fn cut_at<'a>(line: &'a str, between: &str) -> Option<Cut<'a>> {
    if between == " " {
        let (label, value) = led_by_label(line)?;
        return Some(Cut { label, value, marked: false });
    }
    let (label, value) = line.split_once(between)?;
    let value = if between == " | " { value.trim_end_matches('|') } else { value };
    let (label, value) = (bare(label), value.trim_start_matches('=').trim_matches(is_decoration));
    let short = label.split_whitespace().count() <= WORDS;
    (is_legal(label) && (short || is_known(label))).then_some(Cut { label, value, marked: false })
}

/// The known label that a line begins with, and the rest: `Name Max Mustermann`.
fn led_by_label(line: &str) -> Option<(&str, &str)> {
    let ends = line.match_indices(' ').map(|(at, _)| at).take(WORDS).collect::<Vec<_>>();
    let found = ends.into_iter().rev().find(|end| is_named(bare(&line[..*end])))?;
    Some((bare(&line[..found]), line[found..].trim()))
}

/// Whether most labels stand on lines of their own, with their values below.
fn is_stacked(lines: &[&str], colons: usize) -> bool {
    let full = lines.iter().copied().filter(|line| !line.is_empty());
    let full: Vec<(&str, bool)> = full.map(|line| (line, is_bare_label(line))).collect();
    let pair = |pair: &&[(&str, bool)]| {
        let [(_, label), (value, another)] = pair else { return false };
        *label && !another && cut_at_colon(value).is_none_or(|cut| !is_known(cut.label))
    };
    full.windows(2).filter(pair).count() > colons.max(1)
}

/// Whether a line is a sure label and nothing else.
fn is_bare_label(line: &str) -> bool {
    let label = line.trim_end_matches([':', '：', ' ']);
    label.len() <= LABEL && has_at_most(2 * WORDS, line) && is_named(bare(label))
}

/// Whether a line has no more than so many words.
pub(super) fn has_at_most(words: usize, line: &str) -> bool {
    // A letter behind a blank surely begins a word; to count these takes much less than to find all words.
    let begun =
        line.as_bytes().array_windows().filter(|[before, byte]| *before == b' ' && byte.is_ascii_alphanumeric());
    begun.count() <= words && line.split_whitespace().nth(words).is_none()
}

fn is_legal(label: &str) -> bool {
    !label.is_empty() && label.len() <= LABEL && label.starts_with(char::is_alphabetic) && !label.contains('@')
}

fn is_decoration(c: char) -> bool {
    c.is_whitespace() || matches!(c, '*' | LABEL_MARK)
}

/// A label without what stands around it: bullets, numbers, stars, dots.
pub(super) fn bare(label: &str) -> &str {
    let label = label.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | LABEL_MARK));
    let label = label.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[');
    let unnumbered = label.trim_start_matches(|c: char| c.is_ascii_digit());
    let label = match unnumbered.strip_prefix(['.', ')']) {
        Some(rest) if unnumbered.len() < label.len() => rest.trim_start_matches(|c: char| !c.is_alphanumeric()),
        _ => label,
    };
    let label =
        label.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '.' | '-' | '–' | '>' | '…'));
    // `[Name] Max`
    label.strip_prefix('[').map_or(label, |inner| inner.trim_end_matches(']'))
}

fn is_known(label: &str) -> bool {
    label.len() <= LABEL && label::slot(label).is_some()
}

/// Whether a label surely means a field.
pub(super) fn is_named(label: &str) -> bool {
    let certain = |(slot, certainty): (Slot, Certainty)| certainty == Certainty::Named || slot == Slot::Name;
    label.len() <= LABEL && is_legal(label) && label::slot(label).is_some_and(certain)
}

fn means(label: &str, slot: &Slot) -> bool {
    label::slot(label).is_some_and(|(found, _)| found == *slot)
}
