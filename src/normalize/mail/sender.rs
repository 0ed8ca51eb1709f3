//! Who wrote: from the headers to one person.
//!
//! The person is whom `From` names, unless a program wrote the mail for somebody: `From` is one of
//! our own addresses or one that takes no answer, and `Reply-To` names an outsider. Then it is
//! whom `Reply-To` names; the help desk of the program's own house is nobody. A person's own
//! `Reply-To` (an assistant, a second mailbox) changes nothing.

use crate::lead::Email;
use crate::normalize::{Reader, company, email, robot};

use super::address::{self, Mailbox};
use super::headers::Fields;

/// Who wrote a mail.
#[derive(Debug, Default)]
pub(super) struct Sender {
    /// `From` as received.
    pub(super) from: Option<String>,
    /// What it comes down to.
    pub(super) author: Author,
    /// Whether a program sent it: the person may be named in the text.
    pub(super) mailer: bool,
    /// What `Reply-To` names, where it is an outsider.
    pub(super) reply_to: Option<Email>,
    /// What was odd, in plain words.
    pub(super) problems: Vec<String>,
}

/// What the headers come down to.
#[derive(Debug)]
pub(super) enum Author {
    /// Somebody from outside.
    Person {
        /// Display name.
        name: Option<String>,
        /// Address.
        email: Email,
    },
    /// One of our own people or programs.
    Ours(Email),
    /// A program of others, which names nobody in the headers but perhaps in its display name.
    Program {
        /// The person in `Max Mustermann via Portal`.
        name: Option<String>,
        /// The program's address.
        email: Email,
    },
    /// No header names an address; the reason.
    Unknown(String),
}

impl Default for Author {
    fn default() -> Self {
        Self::Unknown("the mail names no sender: it has no From header".into())
    }
}

/// Whether an address may be that of a customer: neither ours nor a program's.
pub(super) fn is_outsider(email: &Email, reader: &Reader) -> bool {
    reader.own_domain(email.domain()).is_none() && !robot::is_robot(email)
}

/// Reads the headers that say who wrote. `charset` is that of the text.
pub(super) fn read(fields: &Fields<'_>, charset: Option<&str>, reader: &Reader) -> Sender {
    let mut sender = Sender::default();
    let from = from(fields, charset, &mut sender);
    let outsider = |(_, email): &(Option<String>, Email)| is_outsider(email, reader);
    let reply_to = mailboxes(fields, "reply-to", charset).into_iter().find(outsider);
    let Some(from) = from else {
        sender.reply_to = reply_to.as_ref().map(|(_, email)| email.clone());
        let Some((name, email)) = mailboxes(fields, "sender", charset).into_iter().find(outsider).or(reply_to) else {
            if let Some(from) = &sender.from {
                let from = crate::normalize::text::shorten(from, 200);
                sender.author =
                    Author::Unknown(format!("the mail names no sender: From holds no e-mail address (`{from}`)"));
            }
            return sender;
        };
        sender.problems.push("From holds no e-mail address; the one in Sender or Reply-To was taken".into());
        sender.author = Author::Person { name, email };
        return sender;
    };
    let ours = reader.own_domain(from.1.domain()).is_some();
    // A mailing list of ours writes itself into From and keeps the author here.
    let original = || mailboxes(fields, "x-original-from", charset).into_iter().find(outsider).filter(|_| ours);
    decide(&mut sender, from, reply_to, original, reader);
    sender
}

/// The sender of a mail that another one quotes: `From` and `Reply-To` as they stand there; `None`
/// where they do not name one person.
pub(super) fn quoted(from: &str, reply_to: Option<&str>, reader: &Reader) -> Option<Sender> {
    let mut sender = Sender { from: Some(from.to_owned()), ..Sender::default() };
    let outsider = |(_, email): &(Option<String>, Email)| is_outsider(email, reader);
    let reply_to = reply_to.and_then(named).filter(outsider);
    decide(&mut sender, named(from)?, reply_to, || None, reader);
    Some(sender)
}

/// Words between two addresses of which the second one is whom the first writes for.
const BEHALF: [&str; 9] = [
    "on behalf",
    "im auftrag",
    "de la part",
    "en nombre de",
    "per conto di",
    "namens",
    "em nome de",
    "på vegne af",
    "w imieniu",
];

/// A mailbox as quoting programs write it: `Max <max@…>`, `Max<mailto:max@…> <max@…>`, `Max
/// [mailto:max@…]`, `Max (max@…)`. `None` where it names two people, unless one writes for the other:
/// then it is whoever is a person.
fn named(text: &str) -> Option<(Option<String>, Email)> {
    let text = crate::normalize::text::shorten(text, 2000).replace('*', "");
    let all = email::parse_all(&text);
    let lower = text.to_lowercase();
    let behalf = BEHALF.iter().any(|words| lower.contains(words));
    if all.len() > 1 && !behalf {
        return None;
    }
    let first = all.first()?;
    let is_person = |email: &&Email| !robot::is_robot(email) && !robot::is_desk(email);
    let Some(person) = all.iter().find(|email| is_person(email)).filter(|person| *person != first) else {
        let name = text.find(['<', '[', '(']).map(|end| &text[..end]).filter(|name| !name.trim().is_empty());
        let written = name.map(|name| format!("{name} <{first}>")).unwrap_or(text.clone());
        let found = email::parse_mailbox(&written).filter(|(_, email)| email == first);
        return Some(found.unwrap_or_else(|| (None, first.clone())));
    };
    Some((None, person.clone()))
}

/// Decides between whom `From` names and for whom that one speaks.
fn decide(
    sender: &mut Sender,
    (name, email): (Option<String>, Email),
    reply_to: Option<(Option<String>, Email)>,
    original: impl FnOnce() -> Option<(Option<String>, Email)>,
    reader: &Reader,
) {
    let ours = reader.own_domain(email.domain()).is_some();
    let program = robot::is_robot(&email);
    let house = company::registrable(email.domain());
    let desk = |reply: &Email| robot::is_desk(reply) && company::registrable(reply.domain()) == house;
    let reply_to = reply_to.filter(|(_, reply)| !program || !desk(reply));
    sender.mailer = ours || program;
    sender.reply_to = reply_to.as_ref().map(|(_, email)| email.clone());
    let spoken_for = if sender.mailer { reply_to.or_else(original) } else { None };
    sender.author = match spoken_for {
        Some((reply_name, email)) => Author::Person { name: reply_name.or_else(|| via(name.as_deref())), email },
        None if ours => Author::Ours(email),
        None if program => Author::Program { name: via(name.as_deref()), email },
        None => Author::Person { name, email },
    };
}

/// The mailbox in `From`. `mail_parser` would take the last of several headers; readers show the first.
fn from(fields: &Fields<'_>, charset: Option<&str>, sender: &mut Sender) -> Option<(Option<String>, Email)> {
    let headers: Vec<_> = fields.all("from").collect();
    sender.from = headers.first().map(|field| field.text(charset)).filter(|text| !text.is_empty());
    for (number, field) in headers.iter().enumerate() {
        let found = usable(address::list(field, charset));
        let people = found.len();
        let Some(first) = found.into_iter().next() else { continue };
        sender.from = Some(field.text(charset));
        if headers.len() > 1 {
            let which = if number == 0 { "the first" } else { "the first with an address" };
            sender.problems.push(format!("the mail carries {} From headers; {which} was taken", count(headers.len())));
        }
        if people > 1 {
            sender.problems.push(format!("From names {} people; the first was taken", count(people)));
        }
        return Some(first);
    }
    None
}

pub(super) fn mailboxes(fields: &Fields<'_>, header: &str, charset: Option<&str>) -> Vec<(Option<String>, Email)> {
    fields.all(header).flat_map(|field| usable(address::list(field, charset))).collect()
}

fn usable(list: Vec<Mailbox>) -> Vec<(Option<String>, Email)> {
    list.into_iter().filter_map(|mailbox| Some((mailbox.name, email::parse(mailbox.address.as_deref()?)?))).collect()
}

/// The person in a display name such as `Max Mustermann via Website`.
fn via(name: Option<&str>) -> Option<String> {
    let name = name?;
    let (person, _) = [" via ", " über "].iter().find_map(|word| name.split_once(word))?;
    let person = person.trim().trim_matches(['\'', '"']);
    (!person.is_empty()).then(|| person.to_owned())
}

fn count(number: usize) -> String {
    match number {
        2 => "two".into(),
        3 => "three".into(),
        more => more.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::headers::Place;
    use super::super::tests::reader;
    use super::*;

    fn of(headers: &str) -> Sender {
        let (fields, _) = Fields::scan(headers.as_bytes(), 0, Place::Mail, |_| false);
        read(&fields, None, &reader())
    }

    #[test]
    fn the_person_is_found_behind_the_program() {
        for (headers, author) in [
            ("From: Max <Max@Firma.example>", "Max max@firma.example"),
            ("From: Max <max@firma.example>\nReply-To: Mia <mia@firma.example>", "Max max@firma.example"),
            ("From: Website <wordpress@example.com>\nReply-To: Max <max@firma.example>", "Max max@firma.example"),
            ("From: Website <no-reply@host.example>\nReply-To: max@firma.example", "- max@firma.example"),
            ("From: Max M via Shop <noreply@shop.example>\nReply-To: max@firma.example", "Max M max@firma.example"),
            ("From: noreply@shop.example", "program noreply@shop.example"),
            ("From: noreply@shop.example\nReply-To: noreply@shop.example", "program noreply@shop.example"),
            ("From: noreply@shop.example\nReply-To: Shop <support@shop.example>", "program noreply@shop.example"),
            ("From: noreply@mail.shop.example\nReply-To: info@shop.example", "program noreply@mail.shop.example"),
            ("From: noreply@shop.example\nReply-To: info@firma.example", "- info@firma.example"),
            ("From: noreply@shop.example\nReply-To: x7f3@reply.shop.example", "- x7f3@reply.shop.example"),
            (
                "From: Portal <portal-notifications@shop.example>\nReply-To: \"Max\" <max@firma.example>",
                "Max max@firma.example",
            ),
            ("From: Anna <anna@example.com>", "ours anna@example.com"),
            ("From: Anna <anna@mail.example.com>", "ours anna@mail.example.com"),
            ("From: Anna <anna@notexample.com>", "Anna anna@notexample.com"),
            ("From: Anna <anna@example.com>\nReply-To: info@example.com", "ours anna@example.com"),
            (
                "From: 'Max' via Sales <sales@example.com>\nX-Original-From: Max <max@firma.example>",
                "Max max@firma.example",
            ),
            ("Sender: Max <max@firma.example>", "Max max@firma.example"),
            ("From: Max\nReply-To: max@firma.example", "- max@firma.example"),
            ("From: Max", "the mail names no sender: From holds no e-mail address (`Max`)"),
            ("Subject: x", "the mail names no sender: it has no From header"),
        ] {
            let found = match of(headers).author {
                Author::Person { name, email } => format!("{} {email}", name.as_deref().unwrap_or("-")),
                Author::Ours(email) => format!("ours {email}"),
                Author::Program { email, .. } => format!("program {email}"),
                Author::Unknown(reason) => reason,
            };
            assert_eq!(found, author, "{headers}");
        }
    }

    #[test]
    fn odd_senders_are_noted() {
        let two = of("From: Max <max@firma.example>\nFrom: Mia <mia@firma.example>");
        assert_eq!(two.problems, ["the mail carries two From headers; the first was taken"]);
        assert!(matches!(two.author, Author::Person { email, .. } if email.as_str() == "max@firma.example"));
        assert_eq!(of("From: a@b.example, c@d.example").problems, ["From names two people; the first was taken"]);
    }
}
