//! The conversation that a mail stands in: what it is called, what it answers, whom it was sent to.
//!
//! Providers give mails another Message-ID on the way (Exchange, Amazon SES) and at best keep the
//! first one in a header of their own; Outlook keeps a conversation together by `Thread-Index`.

use super::forward::{Said, stem};
use super::headers::{Field, Fields};
use super::{hex, sender, transfer};
use crate::lead::{Email, Thread};
use crate::normalize::Reader;
use crate::normalize::text::{line, shorten};

/// Headers with a mail's own name.
const NAMES: [&str; 4] =
    ["message-id", "x-microsoft-original-message-id", "x-google-original-message-id", "x-original-message-id"];
/// Names of answered mails that are kept, of those nearest to the answer
const NEAREST: usize = 40;
/// and of those at the beginning of the conversation, where our own stand.
const FIRST: usize = 10;
/// Receivers that are kept.
const RECEIVERS: usize = 50;
/// Characters of a subject.
const SUBJECT: usize = 150;
/// Bytes of a `Thread-Index` that all mails of a conversation share; each answer adds some.
const CONVERSATION: usize = 22;

/// Reads what the headers say.
pub(super) fn read(fields: &Fields<'_>, subject: Option<&str>, reader: &Reader) -> Thread {
    let (subject, said) = stem(subject.unwrap_or_default());
    let subject = shorten(&line(subject).to_lowercase(), SUBJECT).to_owned();
    let answers = answers(fields);
    let receivers = ["to", "cc"].into_iter().flat_map(|name| sender::mailboxes(fields, name, None));
    let mut to: Vec<Email> = Vec::new();
    for (_, email) in receivers.filter(|(_, email)| reader.own_domain(email.domain()).is_none()) {
        if to.len() < RECEIVERS && !to.contains(&email) {
            to.push(email);
        }
    }
    Thread {
        ids: ids(fields),
        reply: said == Said::Answered || said == Said::Nothing && !answers.is_empty(),
        answers,
        subject: (!subject.is_empty()).then_some(subject),
        to,
        conversations: Vec::new(),
    }
}

/// What the mail is called.
pub(super) fn ids(fields: &Fields<'_>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in NAMES.iter().filter_map(|name| fields.first(name)).flat_map(names) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.extend(conversation(fields).map(|(id, _)| id));
    ids
}

/// What the mail answers, the nearest first.
pub(super) fn answers(fields: &Fields<'_>) -> Vec<String> {
    let nearest = fields.first("in-reply-to").map(names).unwrap_or_default();
    let mut all = fields.first("references").map(names).unwrap_or_default();
    all.reverse();
    let far = all.len().saturating_sub(FIRST).max(NEAREST.min(all.len()));
    let kept = all.iter().take(NEAREST).chain(&all[far..]);
    let mut found: Vec<String> = Vec::new();
    for id in nearest.iter().take(FIRST).chain(kept) {
        if !found.contains(id) {
            found.push(id.clone());
        }
    }
    found.extend(conversation(fields).filter(|(_, answers)| *answers).map(|(id, _)| id));
    found
}

/// The conversation as Outlook names it, and whether the mail is an answer in it.
fn conversation(fields: &Fields<'_>) -> Option<(String, bool)> {
    let field = fields.first("thread-index")?;
    if field.raw.len() > 4 * Thread::LONGEST {
        return None;
    }
    let (index, _) = transfer::base64(field.raw.trim_ascii());
    let shared = index.get(..CONVERSATION)?;
    Some((format!("thread-index:{}", hex(shared)), index.len() > CONVERSATION))
}

/// The names in a header, without their brackets.
fn names(field: &Field<'_>) -> Vec<String> {
    let text = field.unfolded(None);
    let fits = |name: &&str| !name.is_empty() && name.len() <= Thread::LONGEST && !name.contains(char::is_control);
    let bracketed: Vec<String> = text
        .split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .map(|(name, _)| name.trim())
        .filter(fits)
        .map(str::to_owned)
        .collect();
    if !bracketed.is_empty() {
        return bracketed;
    }
    text.split_whitespace().filter(|word| word.contains('@')).filter(fits).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::headers::Place;
    use super::super::tests::reader;
    use super::*;

    fn of(headers: &str) -> Thread {
        let (fields, _) = Fields::scan(headers.as_bytes(), 0, Place::Mail, |_| false);
        read(&fields, fields.text("subject", None).as_deref(), &reader())
    }

    #[test]
    fn a_mail_says_what_it_is_called_and_what_it_answers() {
        let thread = of(
            "Message-ID: <1@EUR.prod.outlook.com>\nX-Microsoft-Original-Message-ID: <a@firma.example>\nIn-Reply-To:\n <3@x>\nReferences: <1@x>\n\t<2@x> <3@x>\nSubject: AW: [extern] Re: Angebot  X\nTo: Sales <sales@example.com>, Max <max@firma.example>\nCc: eva@firma.example",
        );
        assert_eq!(thread.ids, ["1@EUR.prod.outlook.com", "a@firma.example"]);
        assert_eq!(thread.answers, ["3@x", "2@x", "1@x"]);
        assert_eq!((thread.subject.as_deref(), thread.reply), (Some("angebot x"), true));
        assert_eq!(thread.to.iter().map(Email::as_str).collect::<Vec<_>>(), ["max@firma.example", "eva@firma.example"]);
        assert_eq!(of("Message-ID: 1@x\nSubject: Fwd: y\nReferences: <2@x>").ids, ["1@x"]);
        assert!(!of("Subject: Fwd: y\nReferences: <2@x>").reply, "what is passed on is no answer");
        assert_eq!(of("Subject: x"), Thread { subject: Some("x".into()), ..Thread::default() });
    }

    #[test]
    fn of_a_long_conversation_both_ends_are_kept() {
        let all: Vec<String> = (0..200).map(|number| format!("<{number}@x>")).collect();
        let thread = of(&format!("References: {}", all.join("\n ")));
        assert_eq!(thread.answers.len(), NEAREST + FIRST);
        assert_eq!((thread.answers[0].as_str(), thread.answers.last().unwrap().as_str()), ("199@x", "0@x"));
        let short = of("References: <1@x> <2@x>");
        assert_eq!(short.answers, ["2@x", "1@x"]);
    }

    #[test]
    fn outlook_names_the_conversation() {
        let first = of("Thread-Index: AQHZAAECAwQFBgcICQoLDA0ODxAREg==");
        let answer = of("Thread-Index: AQHZAAECAwQFBgcICQoLDA0ODxAREoAAAAAA");
        assert_eq!(first.ids.len(), 1);
        assert!(first.answers.is_empty());
        assert_eq!(answer.answers, first.ids);
        assert!(of("Thread-Index: AQHZ").ids.is_empty());
    }
}
