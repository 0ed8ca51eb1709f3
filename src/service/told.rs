//! How an inbound item was read, in words: who is taken for the sender and why, what was left out of the
//! text, why it is no lead, what was put right.
//!
//! In: a ledger row and its touch. Out: the same as fields for programs and as sentences for people.

use serde::Serialize;

use super::{Error, Service};
use crate::lead::{Attachment, Confidence, Content, Email, Id, Intake, Kind, Original, Outcome};
use crate::normalize::{self, Heading};
use crate::store::Records;

/// Characters of a text that is shown as an excerpt.
const EXCERPT: usize = 80;

/// How an item was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Told {
    /// Who is taken for the sender; `None` where the item is no lead.
    pub sender: Option<Sender>,
    /// What a mail that is no lead says of itself.
    pub heading: Option<Heading>,
    /// The colleague who passed it on.
    pub forwarded_by: Option<Email>,
    /// What stands apart from the text: quote, signature, a forwarding colleague's remark.
    pub left_out: Vec<Part>,
    /// Why it is no lead, or not yet.
    pub refused: Option<Refusal>,
    /// What was put right while it was read, such as a wrong charset.
    pub repairs: Vec<String>,
    /// What could not be read cleanly.
    pub problems: Vec<String>,
    /// ISO 639-1 of the message, where it is certain.
    pub language: Option<String>,
    /// Files, with size and fingerprint.
    pub attachments: Vec<Attachment>,
    /// All of this as sentences, in English.
    pub sentences: Vec<String>,
}

/// Who is taken for the sender.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sender {
    /// Full name.
    pub name: Option<String>,
    /// Addresses, best first.
    pub emails: Vec<Email>,
    /// How sure that is; `None` where the item says it by its form (a row, a post).
    pub confidence: Option<Confidence>,
    /// What says so.
    pub reason: Option<String>,
}

/// A piece of what came in that is not part of the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The field that keeps it: `quoted`, `signature`, `forwarding_note`.
    pub kind: &'static str,
    /// Lines of it.
    pub lines: usize,
    /// Its first words.
    pub begins: String,
}

/// Why an item is no lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The rule: `a newsletter or mailing list`.
    pub rule: String,
    /// What in the item matched it, where the rule says so.
    pub matched: Option<String>,
}

impl Service {
    /// A ledger row with what was received, and how that was read.
    pub fn intake_told(&self, id: Id) -> Result<(Intake, Option<Original>, Told), Error> {
        let (row, original) = self.intake(id)?;
        let touch = self.store.view(|view| view.touch(id))?;
        let mut told = tell(&row, touch.as_ref().map(|touch| &touch.content));
        if let (None, Kind::Mail, Some(original)) = (&touch, row.kind, &original) {
            told.heading = Some(normalize::heading(&original.bytes));
            told.sentences.splice(0..0, told.heading.as_ref().map(headed));
        }
        Ok((row, original, told))
    }
}

/// Tells how an item was read.
fn tell(row: &Intake, content: Option<&Content>) -> Told {
    let mut told = Told::default();
    if let Some(content) = content {
        told.sender = Some(sender(content));
        told.forwarded_by.clone_from(&content.forwarded_by);
        told.left_out = left_out(content);
        told.repairs.clone_from(&content.repairs);
        told.problems.clone_from(&content.problems);
        told.language.clone_from(&content.person.language);
        told.attachments.clone_from(&content.attachments);
    }
    if matches!(row.outcome, Outcome::Ignored | Outcome::Quarantined) {
        told.refused = row.reason.as_deref().map(refusal);
    }
    told.sentences = sentences(row, &told);
    told
}

fn sender(content: &Content) -> Sender {
    Sender {
        name: content.person.name.clone(),
        emails: content.person.emails.clone(),
        confidence: content.authorship.as_ref().map(|authorship| authorship.confidence),
        reason: content.authorship.as_ref().map(|authorship| authorship.reason.clone()),
    }
}

fn left_out(content: &Content) -> Vec<Part> {
    let kept = ["quoted", "signature", "forwarding_note"].into_iter();
    kept.filter_map(|kind| {
        let text = content.fields.get(kind)?.as_str()?;
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let begins = words.chars().take(EXCERPT).collect();
        Some(Part { kind, lines: text.lines().filter(|line| !line.trim().is_empty()).count(), begins })
    })
    .collect()
}

/// The rule and what matched, which reasons name in parentheses.
fn refusal(reason: &str) -> Refusal {
    let reason = reason.split("; to make it a lead").next().unwrap_or(reason);
    match reason.split_once(" (").and_then(|(rule, rest)| Some((rule, rest.rsplit_once(')')?.0))) {
        Some((rule, matched)) => Refusal { rule: rule.to_owned(), matched: Some(matched.to_owned()) },
        None => Refusal { rule: reason.to_owned(), matched: None },
    }
}

fn sentences(row: &Intake, told: &Told) -> Vec<String> {
    let mut said = Vec::new();
    match (&told.sender, row.outcome) {
        (Some(sender), _) => said.push(whose(sender)),
        (None, Outcome::Redelivered) if row.has_other_content() => said.push(format!(
            "Its sender called it as it had called intake {}, and it says something else. It was kept as it came: \
             `lotse intake raw {}` prints it, `lotse intake release {}` makes it a lead.",
            row.same_as.map_or_else(|| "?".to_owned(), |first| first.to_string()),
            row.id,
            row.id
        )),
        (None, Outcome::Redelivered) => said.push(match row.same_as {
            Some(first) => format!("It is the same item as intake {first}; see there how that was read."),
            None => "It is an item that came before.".into(),
        }),
        (None, _) => {}
    }
    if let Some(colleague) = &told.forwarded_by {
        said.push(format!("It was passed on by {colleague}, one of our own people."));
    }
    for part in &told.left_out {
        let what = match part.kind {
            "quoted" => "the mail that it answers",
            "signature" => "the signature and what stands below it",
            _ => "the remark of the colleague who passed it on",
        };
        let lines = if part.lines == 1 { "1 line".to_owned() } else { format!("{} lines", part.lines) };
        said.push(format!(
            "Left out of the text, and kept in the field `{}`: {what}, {lines}, beginning “{}”.",
            part.kind, part.begins
        ));
    }
    if told.sender.is_some() && row.kind == Kind::Mail && told.left_out.is_empty() {
        said.push("Nothing was left out of the text.".into());
    }
    if row.awaits_details() {
        let why = row.reason.as_deref().unwrap_or_default();
        said.push(format!("It becomes a lead by itself, nobody has to do anything: {why}."));
    } else if let Some(refused) = &told.refused {
        let word = if row.outcome == Outcome::Ignored { "It is no lead" } else { "It waits for a person to decide" };
        let matched = refused.matched.as_ref().map(|matched| format!(" What matched: {matched}.")).unwrap_or_default();
        said.push(format!("{word}: {}.{matched} `lotse intake release {}` makes it a lead.", refused.rule, row.id));
    }
    said.extend(told.repairs.iter().map(|repair| format!("Put right: {repair}.")));
    said.extend(told.problems.iter().map(|problem| format!("Not read cleanly: {problem}.")));
    if let Some(language) = &told.language {
        said.push(format!("The message is in the language `{language}`."));
    }
    for file in &told.attachments {
        said.push(format!("With it came the file `{}` ({}, {} bytes).", file.name, file.content_type, file.size));
    }
    said
}

/// What a mail says of itself, so that a person knows which one it is.
fn headed(heading: &Heading) -> String {
    let from = heading.from.as_deref().unwrap_or("nobody");
    match &heading.subject {
        Some(subject) => format!("The mail says that it is from {from}, under the subject “{subject}”."),
        None => format!("The mail says that it is from {from}, without a subject."),
    }
}

/// Who is taken for the sender, and why.
fn whose(sender: &Sender) -> String {
    let named = match (&sender.name, sender.emails.first()) {
        (Some(name), Some(email)) => format!("{name} <{email}>"),
        (Some(name), None) => name.clone(),
        (None, Some(email)) => email.to_string(),
        (None, None) => "nobody by address or name".into(),
    };
    let why = match (&sender.confidence, &sender.reason) {
        (Some(confidence), Some(reason)) => {
            let sure = match confidence {
                Confidence::Certain => "certain",
                Confidence::Likely => "likely",
                Confidence::Unsure => "unsure",
            };
            format!("; that is {sure}, told by {reason}")
        }
        _ => String::new(),
    };
    format!("Taken for the sender: {named}{why}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lead::{Authorship, Name};

    fn row(outcome: Outcome, reason: &str) -> Intake {
        Intake {
            id: Id::MIN,
            channel: Name::parse("sales").unwrap(),
            kind: Kind::Mail,
            received_at: jiff::Timestamp::UNIX_EPOCH,
            outcome,
            reason: Some(reason.into()),
            lead: None,
            source: "INBOX, UID 1".into(),
            same_as: None,
            own: None,
            template: None,
            quiet: false,
            erased_at: None,
        }
    }

    #[test]
    fn a_lead_is_told_with_its_sender_and_what_was_left_out() {
        let mut content = Content::default();
        content.person.name = Some("Mara Lindqvist".into());
        content.authorship = Some(Authorship::new(Confidence::Likely, "`Reply-To`"));
        content.fields.insert("quoted".into(), "On Monday Jon wrote:\n> Shall we?".into());
        content.repairs.push("the text says that it is in `x`".into());
        content.person.language = Some("en".into());
        let told = tell(&row(Outcome::Created, "nobody like that was known"), Some(&content));
        assert_eq!(
            told.sentences,
            [
                "Taken for the sender: Mara Lindqvist; that is likely, told by `Reply-To`.",
                "Left out of the text, and kept in the field `quoted`: the mail that it answers, 2 lines, beginning “On Monday Jon wrote: > Shall we?”.",
                "Put right: the text says that it is in `x`.",
                "The message is in the language `en`.",
            ]
        );
        assert_eq!(told.refused, None);
    }

    #[test]
    fn a_mail_that_is_no_lead_is_told_by_its_heading() {
        let heading = normalize::heading(b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\nFrom: Max <max@firma.example>\n\nx");
        let said = "The mail says that it is from Max <max@firma.example>, under the subject “Grüße”.";
        assert_eq!(headed(&heading), said);
        assert_eq!(headed(&normalize::heading(b"")), "The mail says that it is from nobody, without a subject.");
    }

    #[test]
    fn noise_is_told_with_its_rule_and_what_matched() {
        let told = tell(&row(Outcome::Ignored, "an automatic answer (it carries `x-autoreply`)"), None);
        let refused = told.refused.unwrap();
        assert_eq!(
            (&*refused.rule, refused.matched.as_deref()),
            ("an automatic answer", Some("it carries `x-autoreply`"))
        );
        assert!(told.sentences[0].starts_with("It is no lead: an automatic answer. What matched: it carries"));
        let told =
            tell(&row(Outcome::Quarantined, "not plain whose it was; to make it a lead all the same: `x`"), None);
        assert!(told.sentences[0].starts_with("It waits for a person to decide: not plain whose it was. `lotse"));
    }
}
