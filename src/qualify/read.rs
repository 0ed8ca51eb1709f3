//! Reads the tables of a TOML file: each value with its place, and every mistake at once.
//!
//! In: the text of one file. Out: its `[[rule]]` or `[[test]]` tables, whose values are asked for by
//! key and type; a value of another type, and a key that nobody knows, becomes a [`Problem`].

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::files::File;
use super::problem::{Problem, did_you_mean, line_and_column};
use super::syntax::explain;

/// Syntax mistakes told of one file; what follows them is mostly their consequence.
const TOLD: usize = 5;

/// What some keys must be.
const TEXT: &str = "text in quotes";
const NUMBER: &str = "a whole number";
const TEXTS: &str = "a list of texts: [\"one\", \"two\"]";

/// One table of a file.
pub(super) struct Table<'a> {
    file: &'a File,
    /// What it is called in messages: `a rule`.
    noun: &'static str,
    span: Range<usize>,
    entries: &'a DeTable<'a>,
}

/// A value with its place in the file.
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// A mistake at a byte of a file.
pub(super) fn problem_at(file: &File, offset: usize, message: impl Into<String>) -> Problem {
    let (line, column) = line_and_column(&file.text, offset);
    Problem { file: file.path.clone(), line, column, message: message.into(), hint: None }
}

/// Parses a file; `None` when its syntax is wrong.
pub(super) fn parse<'a>(file: &'a File, problems: &mut Vec<Problem>) -> Option<DeTable<'a>> {
    let (table, mut errors) = DeTable::parse_recoverable(&file.text);
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let mut told: Vec<usize> = Vec::new();
    for error in &errors {
        let offset = error.span().map_or(0, |span| span.start);
        let said = explain(&file.text, offset, &error.message().lines().collect::<Vec<_>>().join(", "));
        let problem = problem_at(file, offset, said.message);
        // What else is wrong with a line is mostly a consequence, and so are headers after a wrong one.
        let again = told.contains(&problem.line) || problem.message.contains("in one bracket") && !told.is_empty();
        if !again && told.len() < TOLD {
            told.push(problem.line);
            problems.push(problem.hint(said.hint));
        }
    }
    errors.is_empty().then(|| table.into_inner())
}

/// The `[[name]]` tables of a parsed file.
pub(super) fn tables<'a>(
    file: &'a File,
    parsed: &'a DeTable<'a>,
    name: &str,
    noun: &'static str,
    problems: &mut Vec<Problem>,
) -> Vec<Table<'a>> {
    tables_beside(file, parsed, name, noun, &[], problems)
}

/// The same in a file that holds `[[others]]` as well.
pub(super) fn tables_beside<'a>(
    file: &'a File,
    parsed: &'a DeTable<'a>,
    name: &str,
    noun: &'static str,
    others: &[&str],
    problems: &mut Vec<Problem>,
) -> Vec<Table<'a>> {
    let mut found = Vec::new();
    for (key, value) in parsed {
        if others.contains(&&**key.get_ref()) {
            continue;
        }
        if key.get_ref() != name {
            let hint = elsewhere(name, key.get_ref())
                .or_else(|| did_you_mean(key.get_ref(), [name].into_iter().chain(others.iter().copied())))
                .unwrap_or_else(|| format!("each begins with `[[{name}]]`"));
            let message = format!("unknown key `{}`", key.get_ref());
            problems.push(problem_at(file, key.span().start, message).hint(hint));
            continue;
        }
        let entries = value.get_ref().as_array().map(|array| array.iter().collect::<Vec<_>>()).unwrap_or_default();
        if entries.is_empty() || entries.iter().any(|entry| !entry.get_ref().is_table()) {
            let message = format!("`{name}` must be a list of tables");
            problems.push(problem_at(file, key.span().start, message).hint(format!("begin it with `[[{name}]]`")));
            continue;
        }
        found.extend(entries.into_iter().filter_map(|entry| {
            let entries = entry.get_ref().as_table()?;
            Some(Table { file, noun, span: entry.span(), entries })
        }));
    }
    found
}

/// Where tables of another sort stand.
fn elsewhere(name: &str, found: &str) -> Option<String> {
    let folder = match found {
        "rule" | "group" => "rules/",
        "test" if name == "rule" => "rules/tests/",
        "template" => "rules/mail/",
        _ => return None,
    };
    Some(format!("`[[{found}]]` stands in a file in {folder}"))
}

impl<'a> Table<'a> {
    /// The line of its header.
    pub(super) fn line(&self) -> usize {
        line_and_column(&self.file.text, self.span.start).0
    }

    /// A mistake of the table as a whole.
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        problem_at(self.file, self.span.start, message)
    }

    /// A mistake of the value of a key, or of the table where it has none.
    pub(super) fn problem_of(&self, key: &str, message: impl Into<String>) -> Problem {
        let at = self.get(key).map_or(self.span.start, |value| value.span().start);
        problem_at(self.file, at, message)
    }

    /// Tells of every key that is not among `known`.
    pub(super) fn only(&self, known: &[&str], problems: &mut Vec<Problem>) {
        self.only_or(known, |_| false, problems);
    }

    /// The same where other keys `fit`, too.
    pub(super) fn only_or(&self, known: &[&str], fits: impl Fn(&str) -> bool, problems: &mut Vec<Problem>) {
        for (key, _) in self.entries {
            let name: &str = key.get_ref();
            if !known.contains(&name) && !fits(name) {
                let hint = did_you_mean(name, known.iter().copied())
                    .unwrap_or_else(|| format!("{} has {}", self.noun, known.join(", ")));
                let message = format!("{} has no `{name}`", self.noun);
                problems.push(problem_at(self.file, key.span().start, message).hint(hint));
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.entries.get(key)
    }

    /// A table inside this one.
    pub(super) fn table(&self, key: &str, noun: &'static str, problems: &mut Vec<Problem>) -> Option<Table<'a>> {
        let value = self.get(key)?;
        let entries = value.get_ref().as_table();
        if entries.is_none() {
            problems.push(self.wrong(key, value, "a table: { … }"));
        }
        Some(Table { file: self.file, noun, span: value.span(), entries: entries? })
    }

    /// A list of tables inside this one; `None` where there is none, or something else.
    pub(super) fn tables(&self, key: &str, noun: &'static str) -> Option<Vec<Table<'a>>> {
        let items = self.get(key)?.get_ref().as_array()?;
        let table = |item: &'a Spanned<DeValue<'a>>| {
            Some(Table { file: self.file, noun, span: item.span(), entries: item.get_ref().as_table()? })
        };
        items.iter().map(table).collect()
    }

    /// A text that is not empty.
    pub(super) fn text(&self, key: &str, problems: &mut Vec<Problem>) -> Option<Placed<&'a str>> {
        let value = self.get(key)?;
        match value.get_ref().as_str() {
            Some(text) if text.trim().is_empty() => {
                problems.push(
                    problem_at(self.file, value.span().start, format!("`{key}` is empty"))
                        .hint("write something, or take it out"),
                );
                None
            }
            Some(text) => Some(Placed { value: text, span: value.span() }),
            None => {
                problems.push(self.wrong(key, value, TEXT));
                None
            }
        }
    }

    /// A whole number.
    pub(super) fn number(&self, key: &str, problems: &mut Vec<Problem>) -> Option<Placed<i64>> {
        let value = self.get(key)?;
        let number = value.get_ref().as_integer().and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        if number.is_none() {
            problems.push(self.wrong(key, value, NUMBER));
        }
        Some(Placed { value: number?, span: value.span() })
    }

    /// A list of texts, none of them empty.
    pub(super) fn texts(&self, key: &str, problems: &mut Vec<Problem>) -> Option<Vec<String>> {
        let value = self.get(key)?;
        let texts: Option<Vec<String>> = value.get_ref().as_array().and_then(|array| {
            array
                .iter()
                .map(|item| item.get_ref().as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned))
                .collect()
        });
        if texts.is_none() {
            problems.push(self.wrong(key, value, TEXTS));
        }
        texts
    }

    /// The keys with their places.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&'a str, usize)> {
        self.entries.iter().map(|(key, _)| (&**key.get_ref(), key.span().start))
    }

    /// A mistake at a byte of its file.
    pub(super) fn problem_at(&self, offset: usize, message: impl Into<String>) -> Problem {
        problem_at(self.file, offset, message)
    }

    /// One text or a list of texts, none of them empty.
    pub(super) fn one_or_more(&self, key: &str, problems: &mut Vec<Problem>) -> Option<Vec<String>> {
        if self.get(key)?.get_ref().is_array() {
            return self.texts(key, problems);
        }
        self.text(key, problems).map(|text| vec![text.value.trim().to_owned()])
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) -> Problem {
        let problem = problem_at(self.file, value.span().start, format!("`{key}` must be {wanted}"));
        match value.get_ref() {
            DeValue::String(text) if wanted == NUMBER && text.trim().parse::<i64>().is_ok() => {
                problem.hint(format!("leave out the quotes: {key} = {}", text.trim()))
            }
            _ if wanted == NUMBER => problem.hint(format!("{key} = 20")),
            DeValue::Integer(number) if key == "half_life" => problem.hint(format!("{key} = \"{}d\"", number.as_str())),
            _ if wanted == TEXT => problem.hint(format!("{key} = '…'")),
            DeValue::String(text) if wanted == TEXTS => {
                let parts: Vec<String> = text.split([',', ';']).map(|part| format!("\"{}\"", part.trim())).collect();
                problem.hint(format!("put it in brackets: {key} = [{}]", parts.join(", ")))
            }
            DeValue::String(text) if key == "set" => {
                problem.hint(format!("name the field: {key} = {{ segment = \"{}\" }}", text.trim()))
            }
            _ => problem,
        }
    }
}

/// A TOML value as JSON; dates become text.
pub(super) fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Null, Value::from)
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(yes) => Value::Bool(*yes),
        DeValue::Datetime(at) => Value::String(at.to_string()),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| json(item.get_ref())).collect()),
        DeValue::Table(entries) => Value::Object(
            entries.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect(),
        ),
    }
}
