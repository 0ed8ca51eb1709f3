//! Stage 3, dedupe: a new lead, or one that is already there.
//!
//! An equal e-mail address is the same person. An equal phone number is the same person unless
//! the two have different addresses or names: a switchboard serves many people. Different e-mail
//! addresses with nothing but a number in common stay two leads.

mod merge;

use crate::lead::{Content, Id, Lead, Person};
use crate::store::{Error, Records};

pub use merge::{absorb, open};

/// Leads with the same key that are looked at, newest first. A number that more leads share (a
/// switchboard, a number made up to get past a form) tells nothing about any one of them.
const LOOKED_AT: usize = 25;

/// Where a touch belongs.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// To a lead that is not there yet.
    New {
        /// In words, for the decision.
        because: String,
    },
    /// To this lead.
    Existing {
        /// The lead.
        lead: Box<Lead>,
        /// In words, for the decision.
        because: String,
    },
}

/// Finds the lead that `content` belongs to.
pub fn place(content: &Content, records: &impl Records) -> Result<Place, Error> {
    for email in &content.person.emails {
        if let Some(lead) = newest(records, &format!("email:{email}"), |_| true)? {
            return Ok(Place::Existing { lead, because: format!("the same e-mail address {email}") });
        }
    }
    for phone in &content.person.phones {
        if let Some(lead) = newest(records, &format!("phone:{phone}"), |lead| may_share(&lead.person, &content.person))?
        {
            return Ok(Place::Existing { lead, because: format!("the same phone number {phone}") });
        }
    }
    let because = if content.person.emails.is_empty() && content.person.phones.is_empty() {
        "no e-mail address and no phone number to recognise anybody by"
    } else {
        "nobody known has this e-mail address or phone number"
    };
    Ok(Place::New { because: because.to_owned() })
}

/// The lead with this key that fits: an open one before a closed one, then the newest.
fn newest(records: &impl Records, key: &str, fits: impl Fn(&Lead) -> bool) -> Result<Option<Box<Lead>>, Error> {
    let mut best: Option<Box<Lead>> = None;
    for id in records.leads_with(key, LOOKED_AT)? {
        let Some(lead) = records.lead(id)?.filter(|lead| fits(lead)) else { continue };
        let rank = |lead: &Lead| -> (bool, Id) { (lead.stage.is_open(), lead.id) };
        if best.as_ref().is_none_or(|best| rank(&lead) > rank(best)) {
            best = Some(Box::new(lead));
        }
    }
    Ok(best)
}

/// Whether two persons with the same phone number may be one.
fn may_share(known: &Person, new: &Person) -> bool {
    let names = match (&known.name, &new.name) {
        (Some(known), Some(new)) => Some(same_name(known, new)),
        _ => None,
    };
    if known.emails.is_empty() || new.emails.is_empty() { names != Some(false) } else { names == Some(true) }
}

/// The same name, whatever its case, accents, order and punctuation.
fn same_name(one: &str, other: &str) -> bool {
    let words = |name: &str| {
        let plain = deunicode::deunicode(name).to_lowercase();
        let mut words: Vec<String> =
            plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        words.sort();
        words
    };
    words(one) == words(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lead::Email;

    fn person(name: Option<&str>, email: Option<&str>) -> Person {
        Person {
            name: name.map(str::to_owned),
            emails: email.map(|text| Email(text.to_owned())).into_iter().collect(),
            ..Person::default()
        }
    }

    #[test]
    fn a_shared_phone_number_is_one_person_only_when_nothing_speaks_against_it() {
        for (known, new, same) in [
            (
                person(Some("Max Mustermann"), Some("max@a.example")),
                person(Some("Eva Muster"), Some("eva@a.example")),
                false,
            ),
            (
                person(Some("Max Mustermann"), Some("max@a.example")),
                person(Some("Mustermann, Max"), Some("m@b.example")),
                true,
            ),
            (person(None, Some("max@a.example")), person(None, Some("eva@a.example")), false),
            (person(Some("Max Mustermann"), Some("max@a.example")), person(None, None), true),
            (person(Some("Jürgen Groß"), None), person(Some("JURGEN GROSS"), None), true),
            (person(Some("Max Mustermann"), None), person(Some("Eva Muster"), None), false),
        ] {
            assert_eq!(may_share(&known, &new), same, "{known:?} {new:?}");
        }
    }
}
