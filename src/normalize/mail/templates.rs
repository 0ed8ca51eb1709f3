//! The user's own templates: how the mails of one sender are laid out (`rules/mail/*.toml`).
//!
//! In: a mail. Out: what it says as the template reads it, or that the sender and the subject are
//! the template's and the rest is not any more (drift). A template that fits wins over our own
//! reading, also where that would call the mail noise: somebody has said what it is.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::forms::{self, Form, Meant};
use super::headers::{self, Fields, Place};
use super::parts::Parts;
use super::person::{self, Setting};
use super::sender::{self, Author};
use super::{RELEASE, authentication, body, thread};
use crate::lead::{Authorship, Confidence, Content, Fit, Name, Outcome, Reading};
use crate::normalize::fields::label::{self, Slot};
use crate::normalize::fields::{CANONICAL, Pair};
use crate::normalize::{Reader, Trust, email, text};

/// Bytes of memory of one compiled pattern.
const PATTERN: usize = 1 << 20;

/// How the mails of one sender are laid out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Template {
    /// By which alarms and the ledger call it.
    pub name: Name,
    /// Addresses (`anfragen@portal.example`) and domains (`@portal.example`, and those below it) in
    /// `From`, lower case; any of them. Empty: any sender.
    pub from: Vec<String>,
    /// Words in the subject, in any case; any of them. Empty: any subject.
    pub subject: Vec<String>,
    /// Words of the layout; the text must hold all of them.
    pub contains: Vec<String>,
    /// Words in subject or text of other mails of the sender, which the template is not for.
    pub unless: Vec<String>,
    /// Fields by the labels that the mail gives them.
    pub fields: Vec<(String, Vec<String>)>,
    /// Patterns whose named groups are fields.
    pub patterns: Vec<Pattern>,
    /// Fields that must be found, or the template does not fit.
    pub required: Vec<String>,
    /// Values that every mail of it has.
    pub set: Vec<(String, Value)>,
    /// Tags that its leads get.
    pub tags: Vec<String>,
}

/// A regular expression, compiled within bounds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, regex::Error> {
        RegexBuilder::new(text).size_limit(PATTERN).build().map(Self)
    }

    /// The names of its groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.capture_names().flatten()
    }
}

impl TryFrom<String> for Pattern {
    type Error = regex::Error;
    fn try_from(text: String) -> Result<Self, regex::Error> {
        Self::parse(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0.as_str().to_owned()
    }
}

/// Templates in the order in which they are asked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Templates(pub Vec<Template>);

impl Templates {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of templates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().map(|template| &template.name)
    }
}

/// What the templates make of a mail that is meant for one of them.
enum Found {
    /// One fits.
    Read(Box<Content>, Fit),
    /// The sender and the subject are a template's, the rest is not.
    Drifted(Fit),
}

/// Reads a mail, by a template where one is for it. The second is how that fitted.
pub(in crate::normalize) fn read(
    bytes: &[u8],
    reader: &Reader,
    servers: &[String],
    trust: Trust,
) -> (Reading, Option<Fit>) {
    match find(bytes, reader, servers) {
        None => (super::read(bytes, reader, servers, trust), None),
        Some(Found::Read(content, fit)) => (Reading::Lead(content), Some(fit)),
        Some(Found::Drifted(fit)) => (without(&fit, super::read(bytes, reader, servers, trust), trust), Some(fit)),
    }
}

/// A mail that its template does not fit, read like any other. What nobody is plainly behind then is
/// set aside, because it was somebody's enquiry so far.
fn without(fit: &Fit, reading: Reading, trust: Trust) -> Reading {
    if trust == Trust::Released {
        return reading;
    }
    let missing = fit.missing.join(", ");
    let told = |why: &str| {
        format!(
            "the template `{}` does not fit this mail of its sender any more (missing: {missing}), and {why}; {RELEASE}",
            fit.template
        )
    };
    let aside = |why: &str| Reading::Unclear(told(why));
    match reading {
        Reading::Noise(why) if why.contains("Lotse itself") => Reading::Noise(why),
        Reading::Noise(why) => aside(&format!("without it the mail would be {why}")),
        Reading::Unclear(why) => aside(&why),
        Reading::Aside(mut found) => {
            found.reason = told(&format!("without it the mail would be {}", found.reason));
            found.outcome = Outcome::Quarantined;
            Reading::Aside(found)
        }
        Reading::Lead(content) if is_nobodys(&content) => aside("the mail does not plainly name a person otherwise"),
        Reading::Lead(mut content) => {
            content.problems.push(format!("the template `{}` does not fit (missing: {missing})", fit.template));
            Reading::Lead(content)
        }
    }
}

/// Whether a reading found only the sender, who is a program or a portal.
fn is_nobodys(content: &Content) -> bool {
    let from = content.from.as_deref().and_then(email::parse_mailbox).map(|(_, email)| email);
    let unsure = content.authorship.as_ref().is_none_or(|author| author.confidence == Confidence::Unsure);
    unsure || content.person.emails.first() == from.as_ref()
}

fn find(bytes: &[u8], reader: &Reader, servers: &[String]) -> Option<Found> {
    if reader.templates.is_empty() {
        return None;
    }
    let bytes = &headers::with_line_feeds(bytes)[..];
    let (fields, _) = Fields::scan(bytes, 0, Place::Mail, |_| false);
    let mine: Vec<&Template> = reader.templates.0.iter().filter(|template| template.is_for(&fields)).collect();
    if mine.is_empty() {
        return None;
    }
    let parts = Parts::of(bytes).ok()?;
    let mail = Mail::new(&parts);
    let mut drifted: Option<Fit> = None;
    for template in mine.into_iter().filter(|template| !template.is_kept_out(&mail)) {
        match template.read(&mail, reader) {
            Ok(mut content) => {
                content.thread = Some(thread::read(&fields, content.subject.as_deref(), reader));
                content.authentication = authentication::read(&fields, servers);
                return Some(Found::Read(content, Fit { template: template.name.clone(), missing: Vec::new() }));
            }
            Err(missing) if drifted.is_none() => drifted = Some(Fit { template: template.name.clone(), missing }),
            Err(_) => {}
        }
    }
    drifted.map(Found::Drifted)
}

/// What a mail says beside a template's fields.
struct Rest {
    pairs: Vec<(String, String)>,
    text: Option<String>,
}

/// A mail as templates look at it.
struct Mail<'p, 'a> {
    parts: &'p Parts<'a>,
    body: body::Body,
    subject: String,
    /// Text, and the views of its HTML.
    texts: Vec<String>,
}

impl<'p, 'a> Mail<'p, 'a> {
    fn new(parts: &'p Parts<'a>) -> Self {
        let body = body::read(parts);
        let subject = parts.root().fields.text("subject", None).unwrap_or_default();
        let texts = body.text.iter().chain(&body.views).cloned().collect();
        Self { parts, body, subject, texts }
    }

    fn text(&self) -> &str {
        self.body.text.as_deref().unwrap_or_default()
    }
}

impl Template {
    /// Whether sender and subject are this template's.
    fn is_for(&self, fields: &Fields<'_>) -> bool {
        let senders = sender::mailboxes(fields, "from", None);
        let sent = |wanted: &String| {
            senders.iter().any(|(_, email)| match wanted.strip_prefix('@') {
                Some(domain) => {
                    email.domain().strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                }
                None => email.as_str() == wanted,
            })
        };
        let subject = fields.text("subject", None).unwrap_or_default();
        (self.from.is_empty() || self.from.iter().any(sent))
            && (self.subject.is_empty() || self.subject.iter().any(|words| holds(&subject, words)))
    }

    fn is_kept_out(&self, mail: &Mail<'_, '_>) -> bool {
        self.unless.iter().any(|words| holds(&mail.subject, words) || holds(mail.text(), words))
    }

    /// What the mail says; the error is what is missing.
    fn read(&self, mail: &Mail<'_, '_>, reader: &Reader) -> Result<Box<Content>, Vec<String>> {
        let (values, rest) = self.values(mail);
        let absent = self.contains.iter().filter(|words| !mail.texts.iter().any(|text| holds(text, words)));
        let mut missing: Vec<String> = absent.map(|words| format!("the words `{words}`")).collect();
        let found = |field: &str| values.iter().any(|(name, value)| name == field && fits(field, value));
        missing.extend(self.required.iter().filter(|field| !found(field)).map(|field| format!("`{field}`")));
        if missing.is_empty() { Ok(self.content(mail, values, rest, reader)) } else { Err(missing) }
    }

    /// The values of the fields, and labelled values that are of none.
    fn values(&self, mail: &Mail<'_, '_>) -> (Vec<(String, String)>, Rest) {
        let mut values: Vec<(String, String)> = Vec::new();
        let mut add = |field: &str, value: &str| {
            let value = text::clean(value);
            if !value.is_empty() && !values.iter().any(|(name, known)| name == field && *known == value) {
                values.push((field.to_owned(), value));
            }
        };
        for pattern in &self.patterns {
            let Some(found) = mail.texts.first().and_then(|text| pattern.0.captures(text)) else { continue };
            pattern.groups().for_each(|group| add(group, found.name(group).map_or("", |group| group.as_str())));
        }
        let called =
            |label: &str| self.fields.iter().find(|(_, labels)| labels.iter().any(|own| label::same(own, label)));
        let own = |label: &str| called(label).map(|(field, _)| Slot::parse(field).map_or(Meant::Own, Meant::Field));
        let named = |pairs: &[(String, String)]| pairs.iter().filter(|(label, _)| called(label).is_some()).count();
        let pairs = mail.texts.iter().map(|text| forms::pairs(text, &own));
        let (best, text) = pairs.rev().max_by_key(|(pairs, _)| named(pairs)).unwrap_or_default();
        let mut rest = Rest { pairs: Vec::new(), text };
        for (label, value) in best {
            match called(&label) {
                Some((field, _)) => add(field, &value),
                None => rest.pairs.push((label, value)),
            }
        }
        (values, rest)
    }

    fn content(&self, mail: &Mail<'_, '_>, values: Vec<(String, String)>, rest: Rest, reader: &Reader) -> Box<Content> {
        let fields = &mail.parts.root().fields;
        let charset = mail.body.parts.first().and_then(|&part| mail.parts.get(part).charset.as_deref());
        let mut sender = sender::read(fields, charset, reader);
        let mut content = super::content(mail.parts, &mail.body, &mut sender, charset);
        // Whoever sent it is no person; whom an answer goes to may be.
        sender.author = match sender.reply_to.clone() {
            Some(email) => Author::Person { name: None, email },
            None => Author::Unknown("a template's mail".into()),
        };
        let emails = values.iter().filter(|(field, _)| field == "email").flat_map(|(_, value)| email::parse_all(value));
        let email = emails.into_iter().next();
        let canonical = |field: &str| CANONICAL.contains(&field);
        let absent = |field: &str| !values.iter().any(|(name, _)| name == field);
        let constants = self.set.iter().filter(|(field, _)| canonical(field) && absent(field));
        let constants: Vec<Pair> = constants.map(|(field, value)| Pair::new(field.clone(), value.clone())).collect();
        let (known, own): (Vec<_>, Vec<_>) = values.into_iter().partition(|(field, _)| canonical(field));
        let pairs = known.into_iter().map(|(field, value)| Pair::new(field, value)).chain(constants).collect();
        let form = Form { email, pairs, leads: true, rest: rest.text, footer: false, personal: 2 };
        let setting = Setting { fields, reader, form: None };
        person::by_template(&mut content, form, sender, &setting);
        let others = own.into_iter().chain(rest.pairs).map(|(field, value)| (field, Value::String(value)));
        for (field, value) in others.chain(self.set.iter().filter(|(field, _)| !canonical(field)).cloned()) {
            content.fields.entry(field).or_insert(value);
        }
        content.tags.clone_from(&self.tags);
        content.authorship = Some(Authorship::new(Confidence::Certain, &format!("the template `{}`", self.name)));
        Box::new(content)
    }
}

/// Whether a value can be that of a field.
fn fits(field: &str, value: &str) -> bool {
    match field {
        "email" => !email::parse_all(value).is_empty(),
        "phone" => value.bytes().filter(u8::is_ascii_digit).count() >= 5,
        _ => value.chars().any(char::is_alphanumeric),
    }
}

/// Whether a text holds words, in any case and however its lines are broken.
fn holds(text: &str, words: &str) -> bool {
    text::line(text).to_lowercase().contains(&text::line(words).to_lowercase())
}
