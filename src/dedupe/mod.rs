//! Stage 3, dedupe: a new lead, or one that is already there.
//!
//! What its provider says stands in a lead's conversation is the lead's. An equal e-mail address is the same
//! person, unless it is a program's. Who answers in a lead's
//! conversation from another address joins it where something speaks for them (see [`thread`]), and
//! is still another person. An equal phone number is the same person unless the two have different
//! addresses or names: a switchboard serves many people. Different e-mail addresses with nothing but
//! a number in common stay two leads. Where several people have the number and nothing tells which of
//! them it is, nobody guesses: a lead of its own says so, because whoever waits for a call must not
//! wait for somebody to look into the quarantine.

mod merge;
pub mod thread;

use jiff::Timestamp;

use crate::lead::{Content, Id, Lead, Person, Phone};
use crate::normalize::robot;
use crate::store::{Error, Records};

pub use merge::{absorb, join, open};

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
    /// Perhaps to a lead that is there, and nothing tells surely: to a lead of its own.
    Unsure {
        /// In words, for the decision and for whoever works the lead.
        because: String,
    },
    /// To this lead.
    Existing {
        /// The lead.
        lead: Box<Lead>,
        /// In words, for the decision.
        because: String,
        /// Whether it continues the lead's conversation.
        answer: bool,
    },
    /// To this lead, written by somebody else.
    Joining {
        /// The lead.
        lead: Box<Lead>,
        /// In words, for the decision.
        because: String,
    },
}

/// Finds the lead that `content` belongs to.
pub fn place(content: &Content, now: Timestamp, records: &impl Records) -> Result<Place, Error> {
    if let Some(lead) = thread::conversation(content, records)? {
        let because = "the same conversation, as its provider names it".to_owned();
        return Ok(Place::Existing { lead: Box::new(lead), because, answer: true });
    }
    let talk = thread::talk(content, now, records)?;
    for email in content.person.emails.iter().filter(|email| !robot::is_robot(email)) {
        let mut leads = with_key(records, &format!("email:{email}"))?;
        let because = format!("the same e-mail address {email}");
        if let Some(talk) = talk.as_ref().filter(|talk| leads.iter().any(|lead| lead.id == talk.lead.id)) {
            leads.retain(|lead| lead.id == talk.lead.id);
            let lead = Box::new(leads.swap_remove(0));
            return Ok(Place::Existing { lead, because: format!("{because}: {}", talk.because), answer: true });
        }
        if let Some(lead) = best(leads) {
            return Ok(Place::Existing { lead: Box::new(lead), because, answer: false });
        }
    }
    let mut stranger = None;
    if let Some(talk) = talk {
        if let Some(why) = thread::belongs(&talk.lead, content, records)? {
            let because = format!("the same conversation: {}, and {why}", talk.because);
            return Ok(Place::Joining { lead: Box::new(talk.lead), because });
        }
        stranger = Some(talk);
    }
    let mut unsure = None;
    for phone in &content.person.phones {
        match with_number(phone, &content.person, records)? {
            Fitting::One(lead) => {
                let because = format!("the same phone number {phone}");
                return Ok(Place::Existing { lead, because, answer: false });
            }
            Fitting::Several(count) => _ = unsure.get_or_insert((phone, count)),
            Fitting::None => {}
        }
    }
    if let Some((phone, count)) = unsure {
        let because = format!(
            "{count} leads of different people share the phone number {phone}, and nothing tells which of them this is"
        );
        return Ok(Place::Unsure { because });
    }
    if let Some(talk) = stranger {
        let because = format!(
            "it names a mail of the conversation of the lead {}, but nothing else says that whoever wrote belongs to it",
            talk.lead.id
        );
        return Ok(Place::Unsure { because });
    }
    let because = if content.person.emails.is_empty() && content.person.phones.is_empty() {
        "no e-mail address and no phone number to recognise anybody by"
    } else {
        "nobody known has this e-mail address or phone number"
    };
    Ok(Place::New { because: because.to_owned() })
}

/// Leads that a number leads to.
enum Fitting {
    None,
    One(Box<Lead>),
    /// So many, of different people.
    Several(usize),
}

/// The leads of this number that may be the person's: those of the same name, else all that
/// nothing speaks against.
fn with_number(phone: &Phone, person: &Person, records: &impl Records) -> Result<Fitting, Error> {
    let mut fitting = with_key(records, &format!("phone:{phone}"))?;
    fitting.retain(|lead| may_share(&lead.person, person));
    if fitting.iter().any(|lead| are_namesakes(&lead.person, person)) {
        fitting.retain(|lead| are_namesakes(&lead.person, person));
    }
    let alike = fitting.iter().all(|lead| {
        let (one, other) = (&fitting[0].person, &lead.person);
        lead.id == fitting[0].id
            || are_namesakes(one, other)
            || one.emails.iter().any(|email| other.emails.contains(email))
    });
    let count = fitting.len();
    Ok(match best(fitting) {
        None => Fitting::None,
        Some(lead) if alike => Fitting::One(Box::new(lead)),
        Some(_) => Fitting::Several(count),
    })
}

/// The newest leads with this key.
fn with_key(records: &impl Records, key: &str) -> Result<Vec<Lead>, Error> {
    let mut leads = Vec::new();
    for id in records.leads_with(key, LOOKED_AT)? {
        leads.extend(records.lead(id)?);
    }
    Ok(leads)
}

/// An open lead before a closed one, then the newest.
fn best(leads: Vec<Lead>) -> Option<Lead> {
    leads.into_iter().max_by_key(|lead| -> (bool, Id) { (lead.stage.is_open(), lead.id) })
}

/// Whether both have a name, and the same.
fn are_namesakes(one: &Person, other: &Person) -> bool {
    matches!((&one.name, &other.name), (Some(one), Some(other)) if same_name(one, other))
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
    use jiff::Timestamp;

    use super::*;
    use crate::lead::{Email, Kind, Name, Touch};
    use crate::store::Store;

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

    /// Where a person with the number of all the others belongs, by the position of the known one.
    fn placed(known: &[Person], new: Person) -> Result<usize, String> {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let with_phone = |person: Person| Person { phones: vec![Phone("+49301234567".into())], ..person };
        let content = |person: Person| Content { person: with_phone(person), ..Content::default() };
        store
            .unit(Timestamp::UNIX_EPOCH, |unit| {
                let mut ids = Vec::new();
                for person in known {
                    let touch = Touch {
                        id: Id::MIN,
                        lead: Id::MIN,
                        channel: Name::parse("web").unwrap(),
                        kind: Kind::Form,
                        received_at: Timestamp::UNIX_EPOCH,
                        content: content(person.clone()),
                    };
                    ids.push(unit.new_id());
                    unit.put_lead(&open(ids[ids.len() - 1], &touch, Timestamp::UNIX_EPOCH))?;
                }
                Ok(match place(&content(new), Timestamp::UNIX_EPOCH, unit)? {
                    Place::Existing { lead, .. } | Place::Joining { lead, .. } => {
                        Ok(ids.iter().position(|id| *id == lead.id).unwrap())
                    }
                    Place::New { because } | Place::Unsure { because } => Err(because),
                })
            })
            .unwrap()
    }

    #[test]
    fn nobody_guesses_which_of_several_people_with_one_number_it_is() {
        let max = || person(Some("Max Mustermann"), Some("max@a.example"));
        let eva = || person(Some("Eva Muster"), Some("eva@a.example"));
        let nobody = || person(None, None);
        assert_eq!(placed(&[max()], nobody()), Ok(0));
        assert_eq!(placed(&[max(), eva()], person(Some("mustermann, max"), None)), Ok(0));
        assert_eq!(placed(&[max(), nobody()], person(Some("Max Mustermann"), None)), Ok(0));
        assert_eq!(placed(&[max(), person(Some("Max Mustermann"), Some("m@b.example"))], nobody()), Ok(1));
        let shared = placed(&[max(), eva()], nobody()).unwrap_err();
        assert!(shared.contains("2 leads of different people share the phone number +49301234567"), "{shared}");
        let new = placed(&[max(), eva()], person(Some("Udo Groß"), None)).unwrap_err();
        assert!(new.contains("nobody known"), "{new}");
    }

    #[test]
    fn the_address_of_a_program_makes_nobody_the_same() {
        let typed = |name: &str| person(Some(name), Some("noreply@portal.example"));
        assert!(placed(&[typed("Max")], typed("Eva")).is_err());
    }
}
