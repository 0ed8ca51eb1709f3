//! Collects the mistakes of one settings file.
//!
//! In come places as byte offsets, out go problems with line and column, in the order of the
//! file. What is only a consequence of broken syntax is left out: a value on a line that is no
//! TOML, and names that may be missing only because a bracket was never closed.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::problem::{Problem, Severity, Wrong};

/// What settings are read against, so that tests own it.
pub(crate) struct Surroundings<'a> {
    /// Relative paths start here.
    pub(crate) folder: PathBuf,
    /// The environment.
    pub(crate) variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// Whether others than the file's owner can read it.
    pub(crate) exposed: bool,
}

/// A place in the file, with the key that stands there.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    /// Byte offset.
    pub(crate) at: usize,
    /// The key with the sections around it.
    pub(crate) key: String,
}

/// The mistakes found so far.
pub(crate) struct Report<'a> {
    pub(crate) surroundings: &'a Surroundings<'a>,
    text: &'a str,
    file: Option<&'a Path>,
    line_starts: Vec<usize>,
    broken_lines: BTreeSet<usize>,
    unclosed: bool,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Report<'a> {
    /// A report that begins with the mistakes in the syntax, one a line.
    pub(crate) fn new(
        text: &'a str,
        file: Option<&'a Path>,
        surroundings: &'a Surroundings<'a>,
        syntax: &[toml::de::Error],
    ) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let problems = RefCell::new(Vec::new());
        let (broken_lines, unclosed) = (BTreeSet::new(), false);
        let mut report = Self { surroundings, text, file, line_starts, broken_lines, unclosed, problems };
        for error in syntax {
            report.unclosed |= error.message().starts_with("unclosed");
            let at = error.span().map_or(0, |span| span.start);
            let (line, column) = report.position(at);
            if report.broken_lines.insert(line) {
                let wrong = if error.message().contains("duplicate key") {
                    report.twice(at)
                } else {
                    explained(error.message())
                };
                report.push(Severity::Error, line, column, String::new(), wrong);
            }
        }
        report
    }

    /// Something at this place is wrong.
    pub(crate) fn error(&self, spot: &Spot, wrong: Wrong) {
        self.add(Severity::Error, spot, wrong);
    }

    /// Something at this place deserves a look.
    pub(crate) fn warning(&self, spot: &Spot, wrong: Wrong) {
        self.add(Severity::Warning, spot, wrong);
    }

    /// Something that belongs here is not there.
    pub(crate) fn missing(&self, severity: Severity, spot: &Spot, wrong: Wrong) {
        if !self.unclosed {
            self.add(severity, spot, wrong);
        }
    }

    /// All mistakes in the order of the file.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        problems
    }

    fn add(&self, severity: Severity, spot: &Spot, wrong: Wrong) {
        let (line, column) = self.position(spot.at);
        if !self.broken_lines.contains(&line) {
            self.push(severity, line, column, spot.key.clone(), wrong);
        }
    }

    fn push(&self, severity: Severity, line: usize, column: usize, key: String, wrong: Wrong) {
        let Wrong { message, hint, only_here } = wrong;
        let file = self.file.map(Path::to_owned);
        self.problems.borrow_mut().push(Problem { severity, file, line, column, key, message, hint, only_here });
    }

    /// A section or a key that stands a second time at a byte.
    fn twice(&self, at: usize) -> Wrong {
        let at = self.text.floor_char_boundary(at.min(self.text.len()));
        let (line, _) = self.position(at);
        let lines: Vec<&str> = self.text.lines().collect();
        let header = |line: &str| {
            let line: String = line.chars().filter(|sign| !sign.is_whitespace()).collect();
            let end = line.find(']').filter(|_| line.starts_with('['))?;
            Some(line[..=end].trim_matches(['[', ']']).to_owned())
        };
        let before = lines.get(..line.saturating_sub(1)).unwrap_or_default();
        let told = |name: String, found: Option<usize>, hint: &str| {
            let place = found.map_or_else(|| "twice".to_owned(), |line| format!("on line {line} already"));
            Wrong::new(format!("duplicate key: `{name}` stands {place}")).hint(hint)
        };
        if let Some(name) = lines.get(line.saturating_sub(1)).and_then(|line| header(line)) {
            let first = before.iter().position(|line| header(line).as_deref() == Some(&name));
            let hint = "put all of it into one section, or give one another name";
            return told(format!("[{name}]"), first.map(|line| line + 1), hint);
        }
        let name: String = self.text[at..].chars().take_while(|sign| !sign.is_whitespace() && *sign != '=').collect();
        let begins = before.iter().rposition(|line| header(line).is_some()).map_or(0, |line| line + 1);
        let same = |line: &&str| line.split_once('=').is_some_and(|(key, _)| key.trim() == name);
        let first = before[begins..].iter().position(same);
        told(name, first.map(|line| begins + line + 1), "take one of them out; or is the header of a section missing?")
    }

    /// Line and column of a byte, both from 1.
    fn position(&self, at: usize) -> (usize, usize) {
        let at = self.text.floor_char_boundary(at.min(self.text.len()));
        let line = self.line_starts.partition_point(|start| *start <= at);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        (line, self.text[start..at].chars().count() + 1)
    }
}

/// A message of the TOML parser, with a hint where it speaks of a number and a text was meant.
fn explained(message: &str) -> Wrong {
    if message.starts_with("missing escaped value") {
        return Wrong::new("in a text in \"double quotes\" a `\\` begins a special sign")
            .hint("write it twice, `\\\\`, or put the text into 'single quotes'");
    }
    let value = ["float", "integer", "number", "date", "time", "boolean"].iter().any(|kind| message.contains(kind));
    let wrong = Wrong::new(message);
    match value {
        _ if message.contains("leading zero") => wrong.hint("a text or a day stands in quotes: \"2026-12-24\""),
        true => wrong.hint("a text stands in quotes"),
        false => wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let surroundings = Surroundings { folder: PathBuf::new(), variable: &|_| None, exposed: false };
        let text = "a = 1\r\nü = \"x\"\n\n";
        let report = Report::new(text, None, &surroundings, &[]);
        let places = [(0, (1, 1)), (4, (1, 5)), (7, (2, 1)), (9, (2, 2)), (10, (2, 3)), (17, (4, 1)), (99, (4, 1))];
        for (at, place) in places {
            assert_eq!(report.position(at), place, "{at}");
        }
    }
}
