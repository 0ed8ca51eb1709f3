//! From what headers and a form say to one person.
//!
//! In: the sender and the text. Out: the person in the mail's content, or that there is none. What
//! a form plugin was told is about the sender only when a program sent the mail, or when it names
//! the very address the headers name; anything else is text.

use crate::lead::{Content, Email};
use crate::normalize::{email, phone, text};

use super::forms::{self, Form, Meaning, Pair};
use super::headers::Fields;
use super::phones;
use super::sender::{self, Author, Sender};

/// Why nobody outside is behind a mail.
pub(super) enum Nobody {
    /// It is from one of our own addresses.
    Ours(Email),
    /// No address was found; the reason.
    Unknown(String),
}

/// Fills in the person; `text` of the content is reduced to the message where a form names one.
/// `Err` when nobody outside is behind the mail; what could be read is filled in all the same.
pub(super) fn identify(
    content: &mut Content,
    sender: Sender,
    fields: &Fields<'_>,
    ours: &[String],
    country: &str,
) -> Result<(), Nobody> {
    let outsider = |email: &Email| !sender::is_ours(ours, email.domain()) && !sender::is_mailer(email);
    let form = forms::find(content.text.as_deref().unwrap_or_default(), outsider);
    let answered = sender.reply_to.is_some();
    let form = form.filter(|form| match &sender.author {
        Author::Person { email, .. } => {
            sender.mailer || form.email == *email || sender.reply_to.as_ref() == Some(&form.email)
        }
        Author::Ours(_) => answered || !continues(fields),
        Author::Unknown(_) => true,
    });
    let Some(form) = form else {
        content.person.phones = phones::find(content.text.as_deref().unwrap_or_default(), country);
        return match sender.author {
            Author::Person { name, email } => {
                content.person.name = name;
                content.person.emails.push(email);
                Ok(())
            }
            Author::Ours(email) => Err(Nobody::Ours(email)),
            Author::Unknown(reason) => Err(Nobody::Unknown(reason)),
        };
    };
    if let Author::Person { name, email } = sender.author {
        if email == form.email {
            content.person.name = name;
        } else if sender.reply_to.as_ref() == Some(&email) {
            content.problems.push(format!("Reply-To names {email}, the form {}; the form was believed", form.email));
        }
    }
    apply(content, form, country);
    Ok(())
}

/// Whether a mail goes on with another one; its text then holds other people's words.
fn continues(fields: &Fields<'_>) -> bool {
    let subject = fields.word("subject");
    let prefixes = ["re:", "aw:", "antw:", "sv:", "fw:", "fwd:", "wg:", "tr:", "rv:", "i:", "enc:", "vs:", "odp:"];
    fields.has("in-reply-to") || fields.has("references") || prefixes.iter().any(|prefix| subject.starts_with(prefix))
}

/// Puts what a form says in its places; what has none, or could not be read, goes to `fields`.
fn apply(content: &mut Content, form: Form, country: &str) {
    let message = form.value(Meaning::Message).map(text::clean);
    let (given, family) =
        (form.value(Meaning::GivenName).map(str::to_owned), form.value(Meaning::FamilyName).map(str::to_owned));
    let whole = [given.as_deref(), family.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let typed = form.value(Meaning::Name).map(text::line).or_else(|| (!whole.is_empty()).then_some(whole));
    let boxed = form.value(Meaning::Mailbox).and_then(email::parse_mailbox).and_then(|(name, _)| name);
    let person = &mut content.person;
    person.name = typed.or(boxed).or(person.name.take());
    (person.given_name, person.family_name) = (given, family);
    person.emails.push(form.email);
    for pair in form.pairs {
        let person = &mut content.person;
        let place = match pair.meaning {
            Meaning::Company => &mut person.company,
            Meaning::JobTitle => &mut person.job_title,
            Meaning::Website => &mut person.website,
            Meaning::Page => &mut content.page,
            Meaning::Phone => {
                let numbers = phone::read(&pair.value, country);
                content.problems.extend(numbers.problems);
                person.phones.extend(
                    numbers.phones.into_iter().filter(|number| !person.phones.contains(number)).collect::<Vec<_>>(),
                );
                if !numbers.whole {
                    keep(content, pair);
                }
                continue;
            }
            Meaning::Subject | Meaning::Other => {
                keep(content, pair);
                continue;
            }
            _ => continue,
        };
        if place.is_none() {
            *place = Some(text::line(&pair.value));
        } else {
            keep(content, pair);
        }
    }
    content.text = message.or(content.text.take());
}

/// Keeps a typed value under its label; two under one label stand in two lines.
fn keep(content: &mut Content, pair: Pair) {
    let known = content.fields.get(&pair.label).and_then(|value| value.as_str());
    let value = known.map_or_else(|| pair.value.clone(), |known| format!("{known}\n{}", pair.value));
    content.fields.insert(pair.label, value.into());
}
