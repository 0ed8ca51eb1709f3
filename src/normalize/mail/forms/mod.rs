//! Mails that a form, a portal or a shop wrote for somebody: labels and values in any layout.
//!
//! In: readable text, a view of HTML that shows which words are labels, or a lead in the automotive
//! industry's XML (`adf`). Out: the pairs, when they name at least two things about a person;
//! `fields` knows what they mean. `line` cuts a line, `scan` goes from line to line, `footer` knows
//! what programs add.

mod adf;
mod footer;
mod line;
mod scan;

use crate::lead::Email;
use crate::normalize::email;
use crate::normalize::fields::Pair;
use crate::normalize::fields::label::{self, Certainty, Slot};
use crate::normalize::html::LABEL_MARK;

use super::parts::Parts;
use scan::Found;

/// Lines of greeting before the first label of a text that is a form all through.
const GREETING: usize = 2;
/// Bytes of an attached file that may be a lead in XML.
const XML: usize = 1 << 20;

/// What a form says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    /// The address of whoever filled it in, where it names one.
    pub(super) email: Option<Email>,
    /// All pairs, in order.
    pub(super) pairs: Vec<Pair>,
    /// Whether the text begins with it; labels further down may be a signature.
    pub(super) leads: bool,
    /// Text between and after the values that belongs to no label.
    pub(super) rest: Option<String>,
    /// Whether a program says in it that it was sent from a form.
    pub(super) footer: bool,
    /// How many things it says about a person.
    pub(super) personal: usize,
}

/// What a label means that is known beforehand.
pub(super) enum Meant {
    /// A canonical field.
    Field(Slot),
    /// Something else.
    Own,
}

/// A pair on its way: what it means goes with it.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    label: String,
    slot: Option<(Slot, Certainty)>,
    value: String,
}

/// Reads a form; `None` when the text is none, or names only addresses that `takes` refuses.
pub(super) fn find(text: &str, takes: impl Fn(&Email) -> bool) -> Option<Form> {
    if adf::is_in(text) {
        return adf::read(text).and_then(|pairs| of(Found { lines: pairs, leads: true, ..Found::default() }, takes));
    }
    of(scan::scan(text), takes)
}

/// All labels with their values, where `own` says of some labels that they are ones, and what they mean;
/// and the lines that belong to none.
pub(super) fn pairs(text: &str, own: &dyn Fn(&str) -> Option<Meant>) -> (Vec<(String, String)>, Option<String>) {
    let Found { lines, rest, .. } = scan::scan_with(text, own);
    let rest = Some(rest.join("\n")).filter(|rest| !rest.is_empty());
    (lines.into_iter().map(|line| (line.label, line.value)).filter(|(_, value)| !value.is_empty()).collect(), rest)
}

/// The form in a mail's parts: a lead in XML that is attached, or what a view of its HTML shows.
pub(super) fn in_parts(parts: &Parts<'_>, views: &[String], takes: impl Fn(&Email) -> bool) -> Option<Form> {
    let is_xml = |kind: &str| {
        matches!(
            kind,
            "application/xml"
                | "text/xml"
                | "application/adf+xml"
                | "application/x-adf+xml"
                | "application/octet-stream"
                | "text/plain"
        )
    };
    for number in parts.of_kind(is_xml) {
        let part = parts.get(number);
        let named = part.name.as_deref().is_some_and(|name| {
            let name = name.to_ascii_lowercase();
            [".xml", ".adf"].iter().any(|ending| name.ends_with(ending))
        });
        if !(named || part.kind.contains("xml")) || parts.raw(part).len() > 2 * XML {
            continue;
        }
        let bytes = part.encoding.file(parts.raw(part));
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(XML)]);
        if adf::is_in(&text)
            && let Some(form) = find(&text, &takes)
        {
            return Some(form);
        }
    }
    views.iter().filter_map(|view| find(view, &takes)).max_by_key(|form| (form.email.is_some(), form.personal))
}

/// Whether one form says more than another.
pub(super) fn better(one: Option<Form>, other: Option<Form>) -> Option<Form> {
    let worth = |form: &Form| (form.email.is_some(), form.personal, form.pairs.len());
    match (one, other) {
        (Some(one), Some(other)) if worth(&other) > worth(&one) => Some(other),
        (Some(one), _) => Some(one),
        (None, other) => other,
    }
}

fn of(found: Found, takes: impl Fn(&Email) -> bool) -> Option<Form> {
    let Found { mut lines, leads, rest, footer } = found;
    for line in lines.iter_mut().filter(|line| line.slot == Some((Slot::Email, Certainty::Usual))) {
        line.value = mailbox(&line.value).unwrap_or_else(|| std::mem::take(&mut line.value));
    }
    lines.retain(|line| !footer::is_nothing(&line.value));
    let addresses = lines.iter().filter(|line| line.means(&Slot::Email));
    let mut addresses = addresses.flat_map(|line| email::parse_all(&line.value)).peekable();
    let refused = addresses.peek().is_some();
    let email = addresses.find(takes);
    if refused && email.is_none() {
        return None;
    }
    let personal = lines.iter().filter(|line| line.is_personal()).count();
    if personal < 2 {
        return None;
    }
    // `De: Max` without an address is a name.
    let named = |line: &Line| line.slot == Some((Slot::Email, Certainty::Usual)) && !line.value.contains('@');
    let label = |line: &Line| if named(line) { "name".to_owned() } else { line.label.clone() };
    let pairs = lines.into_iter().map(|line| Pair::new(label(&line), line.value)).collect();
    let rest = Some(rest.join("\n")).filter(|rest| !rest.is_empty());
    Some(Form { email, pairs, leads, rest, footer, personal })
}

/// `Max Mustermann max@…` and `Max Mustermann [max@…]` as a mailbox.
fn mailbox(value: &str) -> Option<String> {
    let (name, address) = value.trim().rsplit_once(' ').filter(|_| !value.contains('<'))?;
    let address = address.trim_matches(['[', ']', '(', ')']);
    email::parse(address).filter(|_| !name.contains(['@', ':', '\n', ',']))?;
    Some(format!("{} <{address}>", name.trim()))
}

impl Line {
    fn new(label: &str, slot: Option<(Slot, Certainty)>, value: &str) -> Self {
        Self { label: label.to_owned(), slot, value: value.to_owned() }
    }

    fn means(&self, slot: &Slot) -> bool {
        self.slot.as_ref().is_some_and(|(found, _)| found == slot)
    }

    fn is_personal(&self) -> bool {
        use Slot::{Company, Email, FamilyName, GivenName, JobTitle, Message, Name, Phone, Website};
        matches!(
            self.slot,
            Some((Email | Name | GivenName | FamilyName | Phone | Company | JobTitle | Website | Message, _))
        )
    }
}

impl Form {
    /// Whether it says who it is and how they are reached, or what they want: enough to believe it
    /// against a header.
    pub(super) fn is_full(&self) -> bool {
        let wish = self.has(|slot| matches!(slot, Slot::Phone | Slot::Message | Slot::Subject));
        self.email.is_some() && self.has(is_name) && (wish || self.personal > 2)
    }

    /// Whether it says what signatures do not: a name or a message with its label.
    pub(super) fn is_no_signature(&self) -> bool {
        self.has(|slot| is_name(slot) || *slot == Slot::Message)
    }

    fn has(&self, fits: impl Fn(&Slot) -> bool) -> bool {
        self.pairs.iter().any(|pair| label::slot(&pair.label).is_some_and(|(slot, _)| fits(&slot)))
    }
}

fn is_name(slot: &Slot) -> bool {
    matches!(slot, Slot::Name | Slot::GivenName | Slot::FamilyName)
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
