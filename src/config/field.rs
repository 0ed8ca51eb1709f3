//! One key of the settings while it is read.
//!
//! In comes a spanned TOML value (or none); out goes a typed value, or `None` with the mistake
//! already reported.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;
use toml::de::DeValue;

use super::problem::{Severity, Wrong, quote};
use super::report::{Report, Spot};
use super::section::{Section, Value};
use super::values;

/// The value of one key.
#[must_use = "a key that is asked for must be read, or its mistakes go unseen"]
pub(crate) struct Field<'a> {
    /// The key's place; of the section, where the key is absent.
    spot: Spot,
    value: Option<&'a Value<'a>>,
    report: &'a Report<'a>,
    /// What a value may look like, for whoever wrote one of another sort.
    like: Option<&'static str>,
}

/// A text out of a list, with its place.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) text: String,
    pub(crate) spot: Spot,
}

impl<'a> Field<'a> {
    /// A key at `spot`, with its value where there is one.
    pub(crate) fn new(spot: Spot, value: Option<&'a Value<'a>>, report: &'a Report<'a>) -> Self {
        Self { spot, value, report, like: None }
    }

    /// The same with a value that would be right.
    pub(crate) fn like(self, value: &'static str) -> Self {
        Self { like: Some(value), ..self }
    }

    /// Whether the key is in the file.
    pub(crate) fn is_present(&self) -> bool {
        self.value.is_some()
    }

    /// Whether the value is there and fits.
    pub(crate) fn holds(&self, fits: impl FnOnce(&DeValue<'a>) -> bool) -> bool {
        self.value.is_some_and(|value| fits(value.get_ref()))
    }

    /// The place of the value; of the section, where the key is absent.
    pub(crate) fn place(&self) -> Spot {
        let at = self.value.map_or(self.spot.at, |value| value.span().start);
        Spot { at, key: self.spot.key.clone() }
    }

    /// The place of the key; of the section, where the key is absent.
    pub(crate) fn spot(&self) -> &Spot {
        &self.spot
    }

    /// Where mistakes go.
    pub(crate) fn report(&self) -> &'a Report<'a> {
        self.report
    }

    /// The value as it stands, with its place and where mistakes go.
    pub(crate) fn raw(self) -> Option<(&'a Value<'a>, Spot, &'a Report<'a>)> {
        let spot = self.place();
        Some((self.value?, spot, self.report))
    }

    /// The key must be there.
    pub(crate) fn required(self) -> Self {
        if self.value.is_none() {
            self.report.missing(Severity::Error, &self.spot, Wrong::new("is missing").hint("it has no default"));
        }
        self
    }

    /// Reports that this value is wrong.
    pub(crate) fn wrong(&self, wrong: Wrong) {
        self.report.error(&self.place(), wrong);
    }

    /// A text, possibly empty.
    pub(crate) fn string(self) -> Option<String> {
        self.typed("a text", |value| value.as_str().map(ToOwned::to_owned))
    }

    /// A text with at least one visible character.
    pub(crate) fn text(self) -> Option<String> {
        self.parse(|text| Ok(text.to_owned()))
    }

    /// A text that is read further.
    pub(crate) fn parse<T>(self, read: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        let (spot, report) = (self.place(), self.report);
        let text = self.string()?;
        match visible(&text).and_then(|()| read(&text)) {
            Ok(value) => Some(value),
            Err(wrong) => {
                report.error(&spot, wrong);
                None
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn boolean(self) -> Option<bool> {
        self.typed("`true` or `false`", DeValue::as_bool)
    }

    /// A whole number within a range.
    pub(crate) fn integer(self, range: RangeInclusive<i64>) -> Option<i64> {
        let (spot, report) = (self.place(), self.report);
        let number = self.typed("a whole number", DeValue::as_integer)?;
        let value = i64::from_str_radix(number.as_str(), number.radix()).ok().filter(|value| range.contains(value));
        if value.is_none() {
            let (low, high) = range.into_inner();
            report.error(
                &spot,
                Wrong::new(format!("{} is out of range", quote(number.as_str()))).hint(format!("use {low} to {high}")),
            );
        }
        value
    }

    /// A duration (`"90s"`) within a range.
    pub(crate) fn duration(self, range: RangeInclusive<Duration>) -> Option<Duration> {
        if let Some(DeValue::Integer(number)) = self.value.map(toml::Spanned::get_ref) {
            let (wrong, number) = (Wrong::new("must be a text with a unit, not a number alone"), number.as_str());
            self.wrong(wrong.hint(format!("write \"{number}s\", \"{number}m\", \"{number}h\" or \"{number}d\"")));
            return None;
        }
        self.parse(|text| {
            let value = values::duration(text)?;
            if range.contains(&value) {
                return Ok(value);
            }
            let (low, high) = range.into_inner();
            let hint = format!("use \"{}\" to \"{}\"", values::short(low), values::short(high));
            Err(Wrong::new(format!("{} is out of range", quote(text))).hint(hint))
        })
    }

    /// A day: `2026-12-24`, quoted or not.
    pub(crate) fn date(self) -> Option<Date> {
        if let Some(DeValue::Datetime(given)) = self.value.map(toml::Spanned::get_ref) {
            let date = given.date.filter(|_| given.time.is_none());
            let date = date.and_then(|date| values::date(&date.to_string()).ok());
            if date.is_none() {
                self.wrong(Wrong::new("is no day").hint("write a day without a time, such as \"2026-12-24\""));
            }
            return date;
        }
        self.parse(values::date)
    }

    /// A day, or a moment of the wall clock: `2026-12-24`, `2026-12-24T12:00`, quoted or not.
    pub(crate) fn day_or_time(self) -> Option<values::Moment> {
        if let Some(DeValue::Datetime(given)) = self.value.map(toml::Spanned::get_ref) {
            let moment = values::moment(&given.to_string());
            return moment.map_err(|wrong| self.wrong(wrong)).ok();
        }
        self.parse(values::moment)
    }

    /// One word out of a table of words.
    pub(crate) fn one_of<T: Copy>(self, words: &[(&str, T)]) -> Option<T> {
        self.parse(|text| {
            let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
            found.ok_or_else(|| {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                Wrong::unknown(format!("unknown value {}", quote(text)), text, &known)
            })
        })
    }

    /// A list of texts, each with its place.
    pub(crate) fn items(self) -> Option<Vec<Item>> {
        let (key, report) = (self.spot.key.clone(), self.report);
        let list = self.typed("a list of texts", DeValue::as_array)?;
        let mut items = Vec::with_capacity(list.len());
        for value in list {
            let spot = Spot { at: value.span().start, key: key.clone() };
            if let Some(text) = Field::new(spot.clone(), Some(value), report).text() {
                items.push(Item { text, spot });
            }
        }
        Some(items)
    }

    /// A list of texts that are read further.
    pub(crate) fn list<T>(self, read: impl Fn(&str) -> Result<T, Wrong>) -> Option<Vec<T>> {
        let report = self.report;
        let mut values = Vec::new();
        for item in self.items()? {
            match read(&item.text) {
                Ok(value) => values.push(value),
                Err(wrong) => report.error(&item.spot, wrong),
            }
        }
        Some(values)
    }

    /// A path; a relative one starts at the settings file's folder.
    pub(crate) fn path(self) -> Option<PathBuf> {
        let folder = &self.report.surroundings.folder;
        self.parse(|text| {
            if text.starts_with('~') {
                let wrong = Wrong::new(format!("{} is no path from a file", quote(text)));
                return Err(wrong.hint("`~` is not expanded here: write the folder out"));
            }
            Ok(folder.join(text).components().collect())
        })
    }

    /// The table under this key.
    pub(crate) fn section(self) -> Option<Section<'a>> {
        let (spot, report) = (self.spot.clone(), self.report);
        let table = self.typed("a table", DeValue::as_table)?;
        Some(Section::new(Some(table), spot, report))
    }

    /// The tables in the list under this key.
    pub(crate) fn tables(self) -> Option<Vec<Section<'a>>> {
        let (key, report) = (self.spot.key.clone(), self.report);
        let list = self.typed("a list of tables", DeValue::as_array)?;
        let each = |value: &'a Value<'a>| {
            Field::new(Spot { at: value.span().start, key: key.clone() }, Some(value), report).section()
        };
        Some(list.iter().filter_map(each).collect())
    }

    /// The value as one type of TOML.
    pub(crate) fn typed<T>(self, expected: &str, get: impl FnOnce(&'a DeValue<'a>) -> Option<T>) -> Option<T> {
        let value = self.value?.get_ref();
        let found = get(value);
        if found.is_none() {
            let wrong = mismatch(expected, value);
            let key = self.spot.key.rsplit('.').next().unwrap_or_default();
            self.wrong(match self.like.filter(|_| expected == "a text") {
                Some(like) => wrong.hint(format!("write {key} = \"{like}\"")),
                None => wrong,
            });
        }
        found
    }
}

/// One type was due, another one stands there. Never shows the value: it may be a secret.
fn mismatch(expected: &str, value: &DeValue<'_>) -> Wrong {
    let given = match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let wrong = Wrong::new(format!("must be {expected}, not {given}"));
    match value {
        DeValue::String(_) if expected == "a list of texts" => wrong.hint("put it in brackets: [\"…\"]"),
        DeValue::String(_) if !expected.ends_with("table") && !expected.ends_with("tables") => {
            wrong.hint("leave out the quotes")
        }
        DeValue::Table(_) | DeValue::Array(_) => wrong,
        _ if expected == "a text" => wrong.hint("put it in quotes"),
        _ => wrong,
    }
}

/// A text must hold something, and nothing that a terminal or a protocol would act on.
fn visible(text: &str) -> Result<(), Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::new("is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("holds a line break or another control character"));
    }
    Ok(())
}
