//! The canonical mapping. In: labelled values, from a form, a row, a mail or a person. Out: what
//! they say about who it is and what they want.
//!
//! Nothing typed is dropped: a value ends in a canonical place, or in `fields` under its own
//! label. A value that its field cannot hold (an e-mail address that is none) stands in `fields`
//! too, with a problem noted.

mod agreement;
mod consent;
pub mod country;
pub(super) mod hurry;
pub mod label;
mod questions;
mod synonyms;
mod take;

use jiff::Timestamp;
use serde_json::Value;

use super::text::{clean, line, shorten};
use super::{Spelling, company, entities, language};
use crate::lead::{Content, Fields};
use label::Certainty;
pub(crate) use label::Slot;

/// Entries of `fields`; what is beyond stands only in the original.
const MAX_FIELDS: usize = 200;

/// One labelled value.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// As its source calls it: `Ihre E-Mail-Adresse *`, `contact.email`.
    pub label: String,
    /// Text, a number or a truth value.
    pub value: Value,
    /// It stood in a wrapper, beside which the software's own values stand.
    pub inside: bool,
    /// What its type means, where the software behind the form names one.
    pub kind: Option<(Slot, Certainty)>,
}

impl Pair {
    /// A pair of two texts, or of a text and a number or truth value.
    #[must_use]
    pub fn new(label: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { label: label.into(), value: value.into(), inside: false, kind: None }
    }

    /// What it means on this channel: by the settings, by its type, by its label.
    fn meaning(&self, spelling: &Spelling) -> Option<(Slot, Certainty)> {
        match (meaning(&self.label, spelling), &self.kind) {
            (found @ Some((_, Certainty::Configured)), _) => found,
            (_, Some(kind @ (_, Certainty::Named))) => Some(kind.clone()),
            (found, kind) => found.or_else(|| kind.clone()),
        }
    }

    /// Adds a line to a text value.
    pub(super) fn append_line(&mut self, line: &str) {
        if let Value::String(text) = &mut self.value {
            text.push('\n');
            text.push_str(line);
        }
    }

    /// Reads a text that was encoded for a page.
    fn decode(&mut self) {
        if let Value::String(text) = &mut self.value
            && let Some(decoded) = entities::decoded(text)
        {
            *text = decoded;
        }
    }

    /// The value as clean text of several lines.
    fn text(&self) -> String {
        match &self.value {
            Value::String(text) => clean(text),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }
}

/// What a mapping needs to know besides the values.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// How the channel spells its fields.
    pub spelling: &'a Spelling,
    /// Region of numbers without a country code, where nothing in the values tells the country.
    pub region: &'a str,
    /// When consent was given, if it was.
    pub at: Timestamp,
}

/// The reason why the values are noise: the channel's trap field is filled in.
#[must_use]
pub fn trap(pairs: &[Pair], spelling: &Spelling) -> Option<String> {
    let trap = spelling.honeypot.as_deref()?;
    let filled =
        |pair: &&Pair| is_called(&pair.label, trap) && !pair.text().is_empty() && pair.value != Value::Bool(false);
    pairs.iter().find(filled).map(|_| format!("the trap field `{trap}` was filled in"))
}

/// What the values say.
#[must_use]
pub fn content(pairs: Vec<Pair>, context: &Context<'_>) -> Content {
    let mut sheet = Sheet::new(pairs, context);
    sheet.take_country();
    sheet.take_emails();
    sheet.take_names();
    sheet.take_stray_email();
    sheet.take_phones();
    sheet.take_company();
    sheet.take_words();
    sheet.take_consent();
    sheet.take_origin();
    sheet.finish()
}

/// Values on their way to their places.
struct Sheet<'a> {
    context: &'a Context<'a>,
    pairs: Vec<Pair>,
    /// What each label means.
    meanings: Vec<Option<(Slot, Certainty)>>,
    /// Which values have a canonical place.
    taken: Vec<bool>,
    content: Content,
    /// Name and address as typed.
    from: (Option<String>, Option<String>),
    /// Values that were found inside others.
    extra: Fields,
}

impl<'a> Sheet<'a> {
    fn new(pairs: Vec<Pair>, context: &'a Context<'a>) -> Self {
        let pairs: Vec<Pair> = pairs.into_iter().filter(|pair| !pair.text().is_empty()).collect();
        let mut meanings: Vec<_> = pairs.iter().map(|pair| pair.meaning(context.spelling)).collect();
        let named = |letters: &str| {
            let is = |pair: &Pair| label::compact(pair.label.rsplit('.').next().unwrap_or_default()) == letters;
            (0..pairs.len()).find(|at| meanings[*at].is_none() && is(&pairs[*at]))
        };
        // Two letters mean a part of a name only beside those for the other.
        if let (Some(given), Some(family)) = (named("vn"), named("nn")) {
            meanings[given] = Some((Slot::GivenName, Certainty::Usual));
            meanings[family] = Some((Slot::FamilyName, Certainty::Usual));
        }
        let mut pairs = pairs;
        for (pair, meaning) in pairs.iter_mut().zip(&meanings) {
            if let Some((Slot::Name | Slot::GivenName | Slot::FamilyName | Slot::Company, _)) = meaning {
                pair.decode();
            }
        }
        let taken = vec![false; pairs.len()];
        Sheet { context, pairs, meanings, taken, content: Content::default(), from: (None, None), extra: Fields::new() }
    }

    /// Values whose label means `slot` and that have no place yet, the most certain first.
    fn candidates(&self, slot: &Slot) -> Vec<usize> {
        let certainty =
            |at: usize| self.meanings[at].as_ref().filter(|(found, _)| found == slot).map(|(_, certainty)| *certainty);
        let mut found: Vec<usize> =
            (0..self.pairs.len()).filter(|at| !self.taken[*at] && certainty(*at).is_some()).collect();
        found.sort_by_key(|at| certainty(*at));
        found
    }

    fn is_usual(&self, at: usize) -> bool {
        matches!(self.meanings[at], Some((_, Certainty::Usual)))
    }

    fn text(&self, at: usize) -> String {
        self.pairs[at].text()
    }

    fn problem(&mut self, problem: String) {
        if !self.content.problems.contains(&problem) {
            self.content.problems.push(problem);
        }
    }

    /// Takes the first candidate that `read` makes something of. Later ones that say the same are
    /// taken too; those that say something else stay.
    fn take_one<T: PartialEq>(&mut self, slot: &Slot, read: impl Fn(&str, &Value) -> Option<T>) -> Option<T> {
        let mut taken: Option<T> = None;
        for at in self.candidates(slot) {
            let Some(value) = read(&self.text(at), &self.pairs[at].value) else { continue };
            if taken.as_ref().is_none_or(|taken| *taken == value) {
                self.taken[at] = true;
                taken = Some(value);
            }
        }
        taken
    }

    /// What is left goes to `fields`.
    fn finish(mut self) -> Content {
        let person = &mut self.content.person;
        person.domain = company::domain(person.website.as_deref(), &person.emails);
        if person.language.is_none() {
            let said = self.content.text.as_deref().or(self.content.subject.as_deref());
            person.language = said.and_then(language::detect).map(str::to_owned);
        }
        self.content.from = match self.from {
            (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
            (name, address) => name.or(address),
        };
        let mut left_out = 0;
        for (pair, _) in self.pairs.iter().zip(&self.taken).filter(|(_, taken)| !**taken) {
            let label = line(&pair.label);
            let label = if label.is_empty() { "value" } else { shorten(&label, 200) };
            if self.content.fields.len() >= MAX_FIELDS && !self.content.fields.contains_key(label) {
                left_out += 1;
                continue;
            }
            let value = if pair.value.is_string() { Value::String(pair.text()) } else { pair.value.clone() };
            add(&mut self.content.fields, label, value);
        }
        for (label, value) in self.extra {
            add(&mut self.content.fields, &label, value);
        }
        if left_out > 0 {
            self.content.problems.push(format!("{left_out} more values stand only in the original"));
        }
        self.content
    }
}

/// Adds a value; under a label that is there already, the values become an array.
fn add(fields: &mut Fields, label: &str, value: Value) {
    match fields.get_mut(label) {
        None => {
            fields.insert(label.to_owned(), value);
        }
        Some(Value::Array(values)) => {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        Some(first) if *first != value => {
            let first = first.take();
            fields.insert(label.to_owned(), Value::Array(vec![first, value]));
        }
        Some(_) => {}
    }
}

/// The canonical fields by the names that settings and JSON give them; campaign parameters beside.
pub const CANONICAL: [&str; 16] = [
    "name",
    "given_name",
    "family_name",
    "email",
    "phone",
    "company",
    "job_title",
    "website",
    "country",
    "language",
    "subject",
    "message",
    "consent",
    "form",
    "page",
    "referrer",
];

/// What a label means on this channel.
#[must_use]
pub fn meaning(label: &str, spelling: &Spelling) -> Option<(Slot, Certainty)> {
    let configured = spelling.fields.iter().find(|(_, names)| names.iter().any(|name| is_called(label, name)));
    let configured = configured.and_then(|(canonical, _)| Slot::parse(canonical));
    configured.map(|slot| (slot, Certainty::Configured)).or_else(|| label::slot(label))
}

/// Whether the label, or the last part of a dotted one, is this name.
fn is_called(label: &str, name: &str) -> bool {
    label::same(label, name) || label.rsplit_once('.').is_some_and(|(_, last)| label::same(last, name))
}

#[cfg(test)]
mod tests;
