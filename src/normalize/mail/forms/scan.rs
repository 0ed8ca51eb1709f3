//! From the lines of a text to labels and values.
//!
//! In: the lines. Out: pairs in order, also empty ones, and the lines that belong to none. A message
//! may run over many lines and paragraphs; anything else ends with its paragraph.

use memchr::memchr2;

use super::footer::{is_footer, is_note, is_rule};
use super::line::{Cut, Style, bare, colons, has_at_most, is_head, is_named, row, several};
use super::{GREETING, LABEL_MARK, Line, Meant};
use crate::normalize::fields::label::{self, Certainty, Slot};

/// Lines that are looked at.
const LINES: usize = 2_000;
/// Lines that are looked at for several pairs; a form has few of them.
const CROWDED: usize = 200;
/// Bytes of a line that says more than that there is news.
const TELLING: usize = 80;
/// Words of a label on a line of its own.
const BARE_WORDS: usize = 6;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) lines: Vec<Line>,
    /// Whether the text begins with a label.
    pub(super) leads: bool,
    /// Lines that belong to no label, but for a greeting and what programs add.
    pub(super) rest: Vec<String>,
    /// Whether a program's sentence about the mail stands in it.
    pub(super) footer: bool,
}

/// Reads a text.
pub(super) fn scan(text: &str) -> Found {
    scan_with(text, &|_| None)
}

/// Reads a text in which some labels are known beforehand, with what they mean.
pub(super) fn scan_with(text: &str, own: &dyn Fn(&str) -> Option<Meant>) -> Found {
    let lines: Vec<&str> = text.lines().take(LINES).map(str::trim).collect();
    let style = Style::of(&lines);
    let (found, before) = (Found::default(), Vec::new());
    let mut scan = Scan {
        lines: &lines,
        own,
        style,
        found,
        running: Running::Closed,
        before,
        unlabelled: 0,
        crowded: 0,
        gap: false,
    };
    let mut at = 0;
    while at < lines.len() {
        at += scan.step(at);
    }
    scan.finish()
}

/// A text on its way.
struct Scan<'a> {
    lines: &'a [&'a str],
    /// Labels that are known beforehand.
    own: &'a dyn Fn(&str) -> Option<Meant>,
    style: Style,
    found: Found,
    running: Running,
    /// Lines before the first label.
    before: Vec<&'a str>,
    /// Lines without a label so far: many before the first thing of a person are a letter.
    unlabelled: usize,
    /// Lines that were looked at for several pairs.
    crowded: usize,
    /// An empty line stands before this one.
    gap: bool,
}

/// How a value goes on in the lines after it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Running {
    /// It does not.
    Closed,
    /// The value is in the next line that is not empty.
    Due,
    /// It goes on up to the next empty line.
    Paragraph,
    /// The first paragraph of a message that began beside its label.
    Message,
    /// A message below its label, or a later paragraph: only a sure label ends it.
    Letter,
}

impl Running {
    fn after(slot: Option<&Slot>, value: &str) -> Self {
        match (slot, value.is_empty()) {
            (Some(Slot::Message), true) => Self::Letter,
            (Some(Slot::Message), false) => Self::Message,
            (_, true) => Self::Due,
            (None | Some(Slot::Company), false) => Self::Paragraph,
            _ => Self::Closed,
        }
    }

    fn is_message(self) -> bool {
        matches!(self, Self::Message | Self::Letter)
    }
}

impl<'a> Scan<'a> {
    /// Takes the line at `at`; says how many lines were taken.
    fn step(&mut self, at: usize) -> usize {
        let line = self.lines[at];
        if line.is_empty() {
            self.blank();
            return 1;
        }
        if is_rule(line) && !self.goes_on_after(at) {
            self.running = Running::Closed;
            return 1;
        }
        if is_footer(line) && !(self.running.is_message() && self.is_followed_by_text(at)) {
            self.found.footer = true;
            self.running = Running::Closed;
            return 1;
        }
        if let Some(taken) = self.table(at) {
            return taken;
        }
        let pairs = self.several(line);
        if pairs.first().is_some_and(|first| self.lets_in(at, first, first.meaning().as_ref())) {
            for pair in &pairs {
                self.push(pair);
            }
        } else if let Some(pair) = self.style.cut(line).filter(|pair| self.lets_in(at, pair, pair.meaning().as_ref())) {
            self.push(&pair);
        } else if let Some(label) = self.bare_label(at) {
            self.push(&Cut { label, value: "", marked: false });
        } else {
            self.go_on(line);
        }
        self.gap = false;
        1
    }

    /// The pairs of a line that may hold several.
    fn several(&mut self, line: &'a str) -> Vec<Cut<'a>> {
        let crowded = colons(line).nth(1).is_some();
        self.crowded += usize::from(crowded);
        if crowded && self.crowded <= CROWDED { several(line) } else { Vec::new() }
    }

    fn blank(&mut self) {
        self.gap = true;
        match self.running {
            Running::Paragraph => self.running = Running::Closed,
            Running::Message | Running::Letter => {
                self.append("");
                self.running = Running::Letter;
            }
            Running::Closed | Running::Due => {}
        }
    }

    /// A row of names over a row of values.
    fn table(&mut self, at: usize) -> Option<usize> {
        let line = self.lines[at];
        if self.running == Running::Letter || memchr2(b'\t', b'|', line.as_bytes()).is_none() {
            return None;
        }
        let head = row(line);
        if !is_head(&head) {
            return None;
        }
        let is_line = |line: &&str| !line.is_empty() && !is_rule(&line.replace(['|', '+', ':'], ""));
        let below = (at + 1..self.lines.len().min(at + 4)).find(|below| is_line(&self.lines[*below]))?;
        let values = row(self.lines[below]);
        if values.len() != head.len() || values.iter().any(|value| is_named(value)) {
            return None;
        }
        for (label, value) in head.into_iter().zip(values) {
            self.push(&Cut { label: bare(label), value, marked: true });
        }
        self.running = Running::Closed;
        Some(below + 1 - at)
    }

    fn push(&mut self, pair: &Cut<'_>) {
        let meaning = match (self.own)(pair.label) {
            Some(Meant::Field(slot)) => Some((slot, Certainty::Configured)),
            Some(Meant::Own) => None,
            None => pair.meaning(),
        };
        self.running = Running::after(meaning.as_ref().map(|(slot, _)| slot), pair.value);
        let line = Line::new(pair.label, meaning, pair.value);
        if line.is_personal() {
            self.found.leads |= self.unlabelled <= GREETING;
        } else if pair.marked && line.slot.is_none() {
            // A name in bold print stands over a signature, too.
            self.unlabelled += 1;
        }
        self.found.lines.push(line);
    }

    /// Whether a label may begin here.
    fn lets_in(&self, at: usize, pair: &Cut<'_>, meaning: Option<&(Slot, Certainty)>) -> bool {
        let named = meaning.is_some_and(|(slot, certainty)| *certainty == Certainty::Named && *slot != Slot::Subject)
            || (self.own)(pair.label).is_some();
        match self.running {
            // `Name:` over bold print is a name.
            Running::Due => !pair.marked || named || !pair.value.is_empty(),
            Running::Letter => {
                // `Message body:` may stand over a form.
                let begun = self.found.lines.last().is_some_and(|line| !line.value.is_empty());
                let field = meaning.is_some_and(|(slot, _)| *slot != Slot::Message);
                named || pair.marked || is_note(pair.label) || (self.gap || !begun) && field && self.is_form(at)
            }
            // In the line below the label any label may follow; further down a message has colons, too.
            Running::Message => {
                let fresh = self.found.lines.last().is_some_and(|line| !line.value.contains('\n'));
                let field = meaning.is_some_and(|(slot, _)| *slot != Slot::Message);
                fresh || field || named || pair.marked || is_note(pair.label) || self.is_form(at)
            }
            Running::Closed | Running::Paragraph => true,
        }
    }

    /// Whether the line after `at` is a known label, too.
    fn is_form(&self, at: usize) -> bool {
        let next = self.lines[at + 1..].iter().find(|line| !line.is_empty());
        next.and_then(|line| self.style.cut(line)).is_some_and(|pair| pair.meaning().is_some())
    }

    /// A line that consists of a label and nothing else.
    fn bare_label(&self, at: usize) -> Option<&'a str> {
        let line = self.lines[at];
        let label = bare(line);
        let short = !label.is_empty() && label.len() <= 60 && has_at_most(BARE_WORDS, label);
        let unknown = self.found.lines.last().is_some_and(|line| line.slot.is_none());
        if !short
            || self.running == Running::Due && !unknown
            || line.ends_with(['.', '!', ',', ';'])
            || label.contains(['@', '/'])
            || label.contains('(') && !(label.ends_with(')') && is_named(label))
        {
            return None;
        }
        if (self.own)(label).is_some() {
            return Some(label);
        }
        let value = self.value_below(at);
        // Below a label without a value, a word over another label is the value, whatever it could name.
        if self.running == Running::Due && value.is_none_or(|value| self.is_label(value)) {
            return None;
        }
        if let Some((slot, certainty)) = label::slot(label) {
            let stacked = self.style.stacked && value.is_some() && self.running != Running::Due;
            let sure = certainty == Certainty::Named || slot == Slot::Name || stacked;
            let pair = Cut { label, value: "", marked: false };
            return (sure && self.lets_in(at, &pair, Some(&(slot, certainty)))).then_some(label);
        }
        // Among labels over values, an unknown line over another one is a label as well.
        let begun = self.found.lines.last().is_some_and(|line| !line.value.is_empty());
        let closed = self.running == Running::Closed || self.running == Running::Paragraph && self.gap;
        let fits = self.style.stacked && closed && begun && label.starts_with(char::is_alphabetic);
        (fits && value.is_some_and(|value| label::slot(bare(value)).is_none())).then_some(label)
    }

    fn is_label(&self, line: &str) -> bool {
        let named = || label::slot(bare(line)).is_some_and(|(_, certainty)| certainty == Certainty::Named);
        self.style.cut(line).is_some() || named()
    }

    /// The line right below, where it may be a value.
    fn value_below(&self, at: usize) -> Option<&'a str> {
        let below = self.lines[at + 1..].iter().take(2).copied().find(|line| !line.is_empty())?;
        (!is_rule(below) && !is_footer(below)).then_some(below)
    }

    /// Whether a message goes on after the rule at `at`: what follows is neither a label nor the
    /// program's own.
    fn goes_on_after(&self, at: usize) -> bool {
        if !self.running.is_message() || self.lines[at].starts_with("--") && self.lines[at].len() == 2 {
            return false;
        }
        let mut below = self.lines[at + 1..].iter().filter(|line| !line.is_empty()).take(2);
        let is_text = |line: &&&str| !is_footer(line) && !is_rule(line) && self.style.cut(line).is_none();
        below.next().filter(is_text).is_some_and(|first| label::slot(bare(first)).is_none())
    }

    /// Whether more than a program's own words stands below.
    fn is_followed_by_text(&self, at: usize) -> bool {
        let below = self.lines[at + 1..].iter().filter(|line| !line.is_empty() && !is_footer(line) && !is_rule(line));
        below.clone().count() >= 2 && below.take(2).all(|line| self.style.cut(line).is_none())
    }

    /// Takes a line without a label to the value before it, or keeps it apart.
    fn go_on(&mut self, line: &'a str) {
        let line = line.trim_matches(LABEL_MARK);
        let unknown = self.found.lines.last().is_none_or(|line| line.slot.is_none());
        if self.running != Running::Due || unknown {
            self.unlabelled += 1;
        }
        if self.found.lines.is_empty() {
            self.before.push(line);
            return;
        }
        match self.running {
            Running::Due if self.fits(line) => {
                let slot = self.found.lines.last().and_then(|pair| pair.slot.as_ref()).map(|(slot, _)| slot.clone());
                self.append(line);
                self.running = Running::after(slot.as_ref(), line);
            }
            Running::Paragraph | Running::Message | Running::Letter => self.append(line),
            Running::Closed | Running::Due => {
                self.running = Running::Closed;
                self.found.rest.push(line.to_owned());
            }
        }
    }

    /// Whether a line below an empty label can be its value.
    fn fits(&self, line: &str) -> bool {
        let slot = self.found.lines.last().and_then(|pair| pair.slot.as_ref()).map(|(slot, _)| slot);
        match slot {
            Some(Slot::Email) if self.gap => line.contains('@'),
            Some(Slot::Phone) if self.gap => line.bytes().filter(u8::is_ascii_digit).count() >= 5,
            _ => true,
        }
    }

    fn append(&mut self, line: &str) {
        let Some(pair) = self.found.lines.last_mut() else { return };
        if !pair.value.is_empty() {
            pair.value.push('\n');
        }
        pair.value.push_str(line.trim_matches(LABEL_MARK));
    }

    fn finish(mut self) -> Found {
        for line in &mut self.found.lines {
            line.value.truncate(line.value.trim_end().len());
            if line.value.contains(LABEL_MARK) {
                line.value = line.value.replace(LABEL_MARK, "");
            }
        }
        for line in &mut self.found.rest {
            *line = line.replace(LABEL_MARK, "");
        }
        // More than a greeting before the first label is a portal's, and names what it is about.
        let telling = |line: &&str| line.len() > TELLING || line.bytes().any(|b| b.is_ascii_digit());
        if !self.found.leads || self.before.len() > 1 || self.before.iter().any(telling) {
            self.found.rest.splice(0..0, self.before.iter().map(|line| (*line).to_owned()));
        }
        self.found
    }
}
