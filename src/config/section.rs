//! A section of the settings while it is read: a table that remembers which keys it was asked for.
//!
//! In comes a spanned TOML table; out go [`Field`]s, and at the end a mistake for every key that
//! nobody asked for, with the one that was probably meant.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::field::Field;
use super::problem::{Severity, Wrong};
use super::report::{Report, Spot};

/// A value with its place.
pub(crate) type Value<'a> = Spanned<DeValue<'a>>;

/// One table of the settings. Every reader ends with [`Section::finish`].
pub(crate) struct Section<'a> {
    /// `None`: not in the file, so every key is absent.
    table: Option<&'a DeTable<'a>>,
    spot: Spot,
    known: Vec<&'static str>,
    report: &'a Report<'a>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(crate) fn root(table: &'a DeTable<'a>, report: &'a Report<'a>) -> Self {
        Self::new(Some(table), Spot { at: 0, key: String::new() }, report)
    }

    /// A table that stands at `spot`; `None` for one that is not in the file.
    pub(crate) fn new(table: Option<&'a DeTable<'a>>, spot: Spot, report: &'a Report<'a>) -> Self {
        Self { table, spot, known: Vec::new(), report }
    }

    /// Where mistakes go.
    pub(crate) fn report(&self) -> &'a Report<'a> {
        self.report
    }

    /// Where the section begins.
    pub(crate) fn spot(&self) -> &Spot {
        &self.spot
    }

    /// Where a path of keys below this section leads: the place of the last key's value, or of the
    /// last table on the way that exists.
    pub(crate) fn find(&self, path: &[&str]) -> Spot {
        let key = path.iter().fold(self.spot.key.clone(), |key, part| join(&key, part));
        let mut spot = Spot { at: self.spot.at, key };
        let mut table = self.table;
        for part in path {
            let Some((name, value)) = table.and_then(|table| table.get_key_value(*part)) else { break };
            table = value.get_ref().as_table();
            spot.at = if table.is_some() { name.span().start } else { value.span().start };
        }
        spot
    }

    /// The value of one key.
    pub(crate) fn key(&mut self, key: &'static str) -> Field<'a> {
        self.known.push(key);
        let entry = self.table.and_then(|table| table.get_key_value(key));
        self.field(key, entry)
    }

    /// A table below this one; empty when it is not in the file.
    pub(crate) fn section(&mut self, key: &'static str) -> Section<'a> {
        let here = self.spot.at;
        let absent = Spot { at: here, key: join(&self.spot.key, key) };
        self.key(key).section().unwrap_or_else(|| Section::new(None, absent, self.report))
    }

    /// The tables below the table `key` with their names, in the order of the file.
    pub(crate) fn sections(&mut self, key: &'static str) -> Vec<(&'a str, Section<'a>)> {
        let parent = self.section(key);
        let named = parent.fields();
        named.into_iter().filter_map(|(name, field)| Some((name, field.section()?))).collect()
    }

    /// All keys with their values, whatever they are called, in the order of the file.
    pub(crate) fn fields(&self) -> Vec<(&'a str, Field<'a>)> {
        let mut entries: Vec<_> = self.table.into_iter().flatten().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| (&**key.get_ref(), self.field(key.get_ref(), Some((key, value)))))
            .collect()
    }

    /// Reports the keys that nobody asked for.
    pub(crate) fn finish(self) {
        for (key, _) in self.table.into_iter().flatten() {
            if !self.known.contains(&&**key.get_ref()) {
                let spot = Spot { at: key.span().start, key: join(&self.spot.key, key.get_ref()) };
                self.report.error(&spot, Wrong::unknown("unknown key", key.get_ref(), &self.known));
            }
        }
    }

    /// Reports that something belonging to this section as a whole is not there.
    pub(crate) fn missing(&self, severity: Severity, key: &str, wrong: Wrong) {
        self.report.missing(severity, &Spot { at: self.spot.at, key: join(&self.spot.key, key) }, wrong);
    }

    fn field(&self, key: &str, entry: Option<(&'a Spanned<std::borrow::Cow<'a, str>>, &'a Value<'a>)>) -> Field<'a> {
        let at = entry.map_or(self.spot.at, |(key, _)| key.span().start);
        let spot = Spot { at, key: join(&self.spot.key, key) };
        Field::new(spot, entry.map(|(_, value)| value), self.report)
    }
}

/// `channels` and `sales` as `channels.sales`.
pub(crate) fn join(path: &str, key: &str) -> String {
    let key: String = key.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
