//! What one evaluation of a rule sees: the lead, the touch, the time, and the rule's own constants,
//! by full name and without copying.
//!
//! The checker has turned each field of a rule into one name (`lead.domain`); here names become
//! values. An absent value has no answer, which ends the evaluation, unless the name starts with
//! [`MAY_BE_ABSENT`]: then it is `null`. Each answer is paid for, so that no rule runs for long.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};

use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use jiff::Timestamp;
use serde_json::Value;

use crate::lead::{Attachment, Lead, Touch};

/// Before a name: `null` is a fine answer.
pub(super) const MAY_BE_ABSENT: char = '?';

/// Before a number: one of the rule's constants.
pub(super) const CONSTANT: char = '~';

/// What one evaluation may cost, in units of one answer, 64 bytes of text or one element of a list:
/// some 25 MB of text looked at, or less with patterns that are slow to run.
pub(super) const BUDGET: i64 = 400_000;

/// Bytes of one text that rules see; the rest is cut off, at a character.
pub(super) const TEXT_LIMIT: usize = 64 << 10;

thread_local! {
    static WORK: Cell<i64> = const { Cell::new(0) };
}

/// Adds to what the evaluation on this thread costs: it is paid with the next answer.
pub(super) fn work(cost: usize) {
    WORK.set(WORK.get().saturating_add(i64::try_from(cost).unwrap_or(i64::MAX)));
}

/// What one evaluation sees.
#[derive(Debug)]
pub(super) struct View<'a> {
    lead: &'a Lead,
    touch: &'a Touch,
    now: Timestamp,
    constants: &'a [Constant],
    budget: AtomicI64,
}

/// A value of the rule itself.
#[derive(Debug)]
pub(super) struct Constant {
    /// The value.
    pub(super) value: Box<dyn Val>,
    /// What asking for it costs.
    pub(super) cost: usize,
    /// The list that it is, where that is a file.
    pub(super) list: Option<String>,
}

impl<'a> View<'a> {
    /// A view with its whole budget.
    pub(super) fn new(lead: &'a Lead, touch: &'a Touch, now: Timestamp, constants: &'a [Constant]) -> Self {
        WORK.set(0);
        Self { lead, touch, now, constants, budget: AtomicI64::new(BUDGET) }
    }

    /// Whether the evaluation was ended because it cost too much.
    pub(super) fn is_exhausted(&self) -> bool {
        self.budget.load(Ordering::Relaxed) <= 0
    }

    /// What the evaluation has cost so far, also beyond its budget.
    #[cfg(test)]
    pub(super) fn spent(&self) -> i64 {
        BUDGET - self.budget.load(Ordering::Relaxed) + WORK.get()
    }

    /// Takes `cost` off the budget; `None` when nothing is left.
    fn pay(&self, cost: usize) -> Option<()> {
        let cost = i64::try_from(cost).unwrap_or(i64::MAX).saturating_add(WORK.take());
        let left = self.budget.load(Ordering::Relaxed).saturating_sub(cost);
        self.budget.store(left, Ordering::Relaxed);
        (left > 0).then_some(())
    }

    fn constant<'b>(&'b self, number: &str) -> Option<CowVal<'b, 'b>> {
        let constant = self.constants.get(number.parse::<usize>().ok()?)?;
        self.pay(constant.cost)?;
        Some(CowVal::Borrowed(&*constant.value))
    }

    fn value<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        match name.split_once('.') {
            Some(("lead", field)) => self.of_lead(field),
            Some(("touch", field)) => self.of_touch(field),
            None if name == "now" => Some(time(self.now)),
            _ => None,
        }
    }

    fn of_lead<'b>(&'b self, field: &str) -> Option<CowVal<'b, 'b>> {
        let lead = self.lead;
        if let Some(key) = field.strip_prefix("fields.") {
            return self.json(self.typed(key)?);
        }
        if let Some(key) = field.strip_prefix("attribution.utm.") {
            return self.text(lead.attribution.utm.get(key));
        }
        match field {
            "id" => Some(owned_text(lead.id.to_string())),
            "created_at" => Some(time(lead.created_at)),
            "updated_at" => Some(time(lead.updated_at)),
            "subject" => self.text(lead.subject.as_ref()),
            "message" => self.text(lead.message.as_ref()),
            "attribution" => Some(CowVal::owned(CelBool::from(true))),
            "attribution.channel" => self.text(Some(lead.attribution.channel.as_str())),
            "attribution.form" => self.text(lead.attribution.form.as_ref()),
            "attribution.page" => self.text(lead.attribution.page.as_ref()),
            "attribution.referrer" => self.text(lead.attribution.referrer.as_ref()),
            "attribution.utm" => self.texts_by_name(&lead.attribution.utm),
            "forwarded_by" => self.text(lead.forwarded_by.as_ref().map(crate::lead::Email::as_str)),
            "consent" => lead.consent.as_ref().map(|_| CowVal::owned(CelBool::from(true))),
            "consent.text" => self.text(lead.consent.as_ref().map(|consent| consent.text.as_str())),
            "consent.at" => lead.consent.as_ref().map(|consent| time(consent.at)),
            "fields" => {
                self.pay(lead.fields.len())?;
                Some(CowVal::Owned(map(lead.fields.iter().map(|(key, value)| (key.as_str(), json(value))))))
            }
            "attachments" => self.list(lead.attachments.iter().map(file)),
            "stage" => self.text(Some(lead.stage.as_str())),
            "stage_reason" => self.text(lead.stage_reason.as_ref()),
            "assigned_at" => lead.assigned_at.map(time),
            "held_until" => lead.held_until.map(time),
            "next_step" => lead.next_step.as_ref().map(|_| CowVal::owned(CelBool::from(true))),
            "next_step.text" => self.text(lead.next_step.as_ref().map(|step| step.text.as_str())),
            "next_step.due" => lead.next_step.as_ref().map(|step| time(step.due)),
            "touch_count" => Some(CowVal::owned(CelInt::from(i64::from(lead.touch_count)))),
            "problems" => self.list(lead.problems.iter().map(|problem| boxed(problem))),
            _ => self.of_person(field),
        }
    }

    /// What somebody typed into a field: the one that is called so, else the first that is but for capitals.
    fn typed(&self, key: &str) -> Option<&Value> {
        let fields = &self.lead.fields;
        fields.get(key).or_else(|| {
            self.pay(fields.len())?;
            let key = key.to_lowercase();
            fields.iter().find(|(name, _)| name.to_lowercase() == key).map(|(_, value)| value)
        })
    }

    fn of_person<'b>(&'b self, field: &str) -> Option<CowVal<'b, 'b>> {
        let person = &self.lead.person;
        match field {
            "name" => self.text(person.name.as_ref()),
            "given_name" => self.text(person.given_name.as_ref()),
            "family_name" => self.text(person.family_name.as_ref()),
            "emails" => self.list(person.emails.iter().map(|email| boxed(email.as_str()))),
            "email" => self.text(person.emails.first().map(crate::lead::Email::as_str)),
            "phones" => self.list(person.phones.iter().map(|phone| boxed(phone.as_str()))),
            "phone" => self.text(person.phones.first().map(crate::lead::Phone::as_str)),
            "company" => self.text(person.company.as_ref()),
            "domain" => self.text(person.domain.as_ref()),
            "job_title" => self.text(person.job_title.as_ref()),
            "website" => self.text(person.website.as_ref()),
            "country" => self.text(person.country.as_ref()),
            "language" => self.text(person.language.as_ref()),
            _ => None,
        }
    }

    fn of_touch<'b>(&'b self, field: &str) -> Option<CowVal<'b, 'b>> {
        let content = &self.touch.content;
        if let Some(key) = field.strip_prefix("headers.") {
            return self.text(content.headers.get(key));
        }
        match field {
            "channel" => self.text(Some(self.touch.channel.as_str())),
            "kind" => self.text(Some(self.touch.kind.as_str())),
            "subject" => self.text(content.subject.as_ref()),
            "text" => self.text(content.text.as_ref()),
            "from" => self.text(content.from.as_ref()),
            "page" => self.text(content.page.as_ref()),
            "headers" => self.texts_by_name(&content.headers),
            _ => None,
        }
    }

    fn text<'b, T: AsRef<str> + ?Sized>(&self, text: Option<&'b T>) -> Option<CowVal<'b, 'b>> {
        let text = cut(text?.as_ref());
        self.pay(text.len() / 64)?;
        (!text.is_empty()).then(|| CowVal::owned(CelString::from(text)))
    }

    fn texts_by_name<'b>(&self, texts: &'b BTreeMap<String, String>) -> Option<CowVal<'b, 'b>> {
        self.pay(texts.len())?;
        Some(CowVal::Owned(map(texts.iter().map(|(name, text)| (name.as_str(), boxed(text))))))
    }

    fn list<'b>(&self, items: impl ExactSizeIterator<Item = Box<dyn Val + 'b>>) -> Option<CowVal<'b, 'b>> {
        self.pay(items.len())?;
        Some(CowVal::owned(CelList::from(items.collect::<Vec<_>>())))
    }

    fn json<'b>(&self, value: &'b Value) -> Option<CowVal<'b, 'b>> {
        match value {
            Value::Null => None,
            Value::String(text) => self.text(Some(text)),
            value => {
                self.pay(16)?;
                Some(CowVal::Owned(json(value)))
            }
        }
    }
}

impl VariableResolver for View<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        self.pay(1)?;
        if let Some(number) = name.strip_prefix(CONSTANT) {
            return self.constant(number);
        }
        match name.strip_prefix(MAY_BE_ABSENT) {
            Some(name) => self.value(name).or_else(|| (!self.is_exhausted()).then(|| CowVal::owned(CelNull))),
            None => self.value(name),
        }
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_LIMIT)]
}

fn boxed(text: &str) -> Box<dyn Val + '_> {
    Box::new(CelString::from(cut(text)))
}

fn owned_text<'b>(text: String) -> CowVal<'b, 'b> {
    CowVal::owned(CelString::from(text))
}

/// A time as text; the checker has put `timestamp(…)` around it.
fn time<'b>(at: Timestamp) -> CowVal<'b, 'b> {
    owned_text(at.to_string())
}

fn map<'b>(entries: impl Iterator<Item = (&'b str, Box<dyn Val + 'b>)>) -> Box<dyn Val + 'b> {
    let entries: HashMap<CelMapKey<'b>, Box<dyn Val + 'b>> =
        entries.map(|(key, value)| (CelMapKey::from(key), value)).collect();
    Box::new(CelMap::from(entries))
}

fn file(file: &Attachment) -> Box<dyn Val + '_> {
    let size: Box<dyn Val> = Box::new(CelInt::from(i64::try_from(file.size).unwrap_or(i64::MAX)));
    let entries = [
        ("name", boxed(&file.name)),
        ("content_type", boxed(&file.content_type)),
        ("size", size),
        ("sha256", boxed(&file.sha256)),
        ("danger", file.danger.map_or_else(|| Box::new(CelNull) as Box<dyn Val>, |danger| boxed(danger.as_str()))),
    ];
    map(entries.into_iter())
}

/// A JSON value; whole numbers become `int`, as literals in rules are.
fn json(value: &Value) -> Box<dyn Val + '_> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(yes) => Box::new(CelBool::from(*yes)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Box::new(CelInt::from(whole)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Value::String(text) => boxed(text),
        Value::Array(items) => Box::new(CelList::from(items.iter().map(json).collect::<Vec<_>>())),
        Value::Object(fields) => map(fields.iter().map(|(key, value)| (key.as_str(), json(value)))),
    }
}
