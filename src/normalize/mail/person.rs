//! From what headers and a form say to one person.
//!
//! In: the sender and the text. Out: the person in the mail's content, or that there is none. What
//! a form plugin was told is about the sender only when a program sent the mail, or when it names
//! the very address the headers name; anything else is text. A program's own address is nobody's:
//! where neither headers nor text name anybody else, the lead is recognised by nothing.

use jiff::Timestamp;
use mail_parser::DateTime;

use crate::lead::{Authorship, Confidence, Content, Email};
use crate::normalize::fields::{self, Context};
use crate::normalize::{Reader, Spelling, company, email, language, person, robot};

use super::forms::{self, Form};
use super::headers::Fields;
use super::machine;
use super::phones::{self, Reach};
use super::reply::{self, Split, Writer};
use super::sender::{self, Author, Sender};

/// Whose mail it may be, and what our own settings say about that.
pub(super) struct Setting<'a> {
    /// The mail's headers.
    pub(super) fields: &'a Fields<'a>,
    /// Our own domains, and the region of telephone numbers.
    pub(super) reader: &'a Reader,
    /// A form that stands in other parts than the text.
    pub(super) form: Option<Form>,
}

/// Why nobody outside is behind a mail.
pub(super) enum Nobody {
    /// It is from one of our own addresses.
    Ours(Email),
    /// One of our own people passed something on, but whose it was is not plain; why.
    Unclear(Email, String),
    /// No address was found; the reason.
    Unknown(String),
}

/// Fills in the person; `text` of the content is reduced to the message where a form names one.
/// `Err` when nobody outside is behind the mail.
pub(super) fn identify(content: &mut Content, sender: Sender, setting: &Setting<'_>) -> Result<(), Nobody> {
    let outsider = |email: &Email| sender::is_outsider(email, setting.reader);
    let form = forms::find(content.text.as_deref().unwrap_or_default(), outsider);
    let form = forms::better(setting.form.clone(), form);
    let found = if let Some(form) = form.filter(|form| concerns(form, content, &sender, setting.fields)) {
        content.authorship = Some(filled_in(&form, &sender));
        believe(content, form, sender, setting, outsider);
        Ok(())
    } else {
        content.authorship = from_words(&sender);
        from_headers(content, sender, setting)
    };
    finish(content, setting);
    found
}

/// Fills in the person from what a template has read.
pub(super) fn by_template(content: &mut Content, form: Form, sender: Sender, setting: &Setting<'_>) {
    believe(content, form, sender, setting, |email| setting.reader.own_domain(email.domain()).is_none());
    finish(content, setting);
}

/// What a form says of who wrote.
fn filled_in(form: &Form, sender: &Sender) -> Authorship {
    let other = |email: &Email| form.email.as_ref().is_some_and(|typed| typed != email);
    if matches!(&sender.author, Author::Person { email, .. } if !sender.mailer && other(email)) {
        Authorship::new(Confidence::Likely, "whoever filled in the form; `From` is the address of whoever passes it on")
    } else if form.email.is_some() {
        Authorship::new(Confidence::Certain, "whoever filled in the form gave their address")
    } else {
        Authorship::new(Confidence::Likely, "whoever filled in the form, which asks for no address")
    }
}

/// What headers say of who wrote.
fn from_words(sender: &Sender) -> Option<Authorship> {
    match &sender.author {
        Author::Person { email, .. } if sender.mailer && sender.reply_to.as_ref() == Some(email) => Some(
            Authorship::new(Confidence::Likely, "`Reply-To`: `From` is the address of a program or one of our own"),
        ),
        Author::Person { .. } if sender.mailer => {
            Some(Authorship::new(Confidence::Likely, "`X-Original-From`: `From` is our own mailing list"))
        }
        Author::Person { .. } => Some(Authorship::new(Confidence::Certain, "`From`")),
        Author::Program { .. } => {
            Some(Authorship::new(Confidence::Unsure, "the text: a program sent the mail and its headers name nobody"))
        }
        Author::Ours(_) | Author::Unknown(_) => None,
    }
}

/// Whether a form in the text is about whoever sent the mail.
fn concerns(form: &Form, content: &Content, sender: &Sender, fields: &Fields<'_>) -> bool {
    let named = form.email.is_some();
    let answered = named && sender.reply_to == form.email;
    match &sender.author {
        Author::Person { email, .. } => {
            sender.mailer && (named || form.leads)
                || answered
                || form.email.as_ref() == Some(email) && (form.leads || form.footer) && form.is_no_signature()
                || named && form.is_full() && !continues(fields) && machine::wrote(form, content, email, fields)
        }
        Author::Ours(email) => !continues(fields) && (named || form.leads && robot::is_robot(email)),
        Author::Program { .. } => named || form.leads,
        Author::Unknown(_) => named && form.leads,
    }
}

/// The person whom the headers name; what their text says of them is for [`learn`].
fn from_headers(content: &mut Content, sender: Sender, setting: &Setting<'_>) -> Result<(), Nobody> {
    let (name, email) = match sender.author {
        Author::Person { name, email } => (name, email),
        Author::Program { name, email } => {
            behind(content, name.as_deref(), &email, setting.reader);
            return Ok(());
        }
        Author::Ours(email) => return Err(Nobody::Ours(email)),
        Author::Unknown(reason) => return Err(Nobody::Unknown(reason)),
    };
    call(content, name.as_deref());
    content.person.emails.push(email);
    Ok(())
}

/// Leaves what was typed as the text, and learns about the person from the signature below it.
/// Signature and quote are kept as fields of their own.
pub(super) fn take_apart(content: &mut Content, reader: &Reader) {
    let Some(text) = content.text.take() else { return };
    let split = learn(content, &text, reader);
    content.text = (!split.visible.is_empty()).then_some(split.visible);
    for (name, value) in [("signature", split.signature), ("quoted", split.quoted)] {
        if let Some(value) = value {
            content.fields.insert(name.into(), value.into());
        }
    }
}

/// Fills in from the signature below a text what is not known yet of its writer.
pub(super) fn learn(content: &mut Content, text: &str, reader: &Reader) -> Split {
    let person = &mut content.person;
    let email = person.emails.first().cloned();
    let writer = Writer { name: person.name.as_deref(), email: email.as_ref().map(Email::as_str) };
    let split = reply::split(text, writer);
    let below = split.signature.as_deref().unwrap_or_default();
    let said = reply::contact(below, writer);
    let region = phones::region(below, email.as_ref().map_or("", Email::domain), reader.country());
    let numbers = phones::listed(&split.visible, below, &region);
    person.phones = phones::to_call(&numbers);
    person.job_title = person.job_title.take().or(said.job_title);
    person.company = person.company.take().or(said.company);
    person.website = person.website.take().or(said.website);
    if let Some(address) = said.address {
        content.fields.entry("address").or_insert(address.into());
    }
    for number in numbers.into_iter().filter(|number| below.contains(&number.written)) {
        let field = match number.reach {
            Reach::Office => "office_phone",
            Reach::Mobile => "mobile_phone",
            Reach::Fax => "fax",
        };
        let value = number.phone.map_or(number.written, |phone| phone.as_str().to_owned());
        content.fields.entry(field).or_insert(value.into());
    }
    split
}

/// Whoever is behind a program's mail: the only person whose address stands in the text. Numbers
/// are not taken, because those of the program's house stand in every mail of it.
pub(super) fn behind(content: &mut Content, name: Option<&str>, program: &Email, reader: &Reader) {
    let house = company::registrable(program.domain());
    let is_person = |email: &Email| {
        sender::is_outsider(email, reader) && !robot::is_desk(email) && company::registrable(email.domain()) != house
    };
    let text = content.text.as_deref().unwrap_or_default();
    let mut named: Vec<Email> = email::parse_all(text).into_iter().filter(is_person).collect();
    call(content, name);
    if named.len() == 1 {
        content.person.emails.append(&mut named);
    } else {
        content.problems.push(format!(
            "{program} is the address of a program, and the mail does not plainly name a person: answer by what the text says"
        ));
    }
}

/// Names the person.
fn call(content: &mut Content, name: Option<&str>) {
    let name = name.map(person::split).unwrap_or_default();
    (content.person.name, content.person.given_name, content.person.family_name) = (name.full, name.given, name.family);
}

/// What is known of any person: where they work, and what they speak.
fn finish(content: &mut Content, setting: &Setting<'_>) {
    let person = &mut content.person;
    if person.company.is_none() {
        person.company = setting.fields.text("organization", None).as_deref().and_then(company::name);
    }
    person.domain = company::domain(person.website.as_deref(), &person.emails);
    if person.language.is_none() {
        let said = content.text.as_deref().or(content.subject.as_deref());
        person.language = said.and_then(language::detect).map(str::to_owned);
    }
}

/// Whether a mail goes on with another one; its text then holds other people's words.
fn continues(fields: &Fields<'_>) -> bool {
    let subject = fields.word("subject");
    let prefixes = ["re:", "aw:", "antw:", "sv:", "fw:", "fwd:", "wg:", "tr:", "rv:", "i:", "enc:", "vs:", "odp:"];
    fields.has("in-reply-to") || fields.has("references") || prefixes.iter().any(|prefix| subject.starts_with(prefix))
}

/// Takes the person from a form. Of the addresses those of outsiders count, first the form's own.
fn believe(
    content: &mut Content,
    form: Form,
    sender: Sender,
    setting: &Setting<'_>,
    outsider: impl Fn(&Email) -> bool,
) {
    let sent = setting.fields.first("date").and_then(|date| DateTime::parse_rfc822(&date.text(None)));
    let sent = sent.and_then(|date| Timestamp::from_second(date.to_timestamp()).ok());
    let region = phones::region("", form.email.as_ref().map_or("", Email::domain), setting.reader.country());
    let around = Context { spelling: &Spelling::default(), region: &region, at: sent.unwrap_or_default() };
    let said = fields::content(form.pairs, &around);
    content.person = said.person;
    let emails = &mut content.person.emails;
    emails.retain(|email| outsider(email) && Some(email) != form.email.as_ref());
    emails.splice(0..0, form.email.clone());
    match (sender.author, form.email) {
        (Author::Person { name, email }, typed) if typed.as_ref().is_none_or(|typed| *typed == email) => {
            if typed.is_none() {
                content.person.emails.push(email);
            }
            if content.person.name.is_none() {
                call(content, name.as_deref());
            }
        }
        (Author::Person { email, .. }, Some(typed)) if sender.reply_to.as_ref() == Some(&email) => {
            content.problems.push(format!("Reply-To names {email}, the form {typed}; the form was believed"));
        }
        (Author::Program { name: Some(name), .. }, _) if content.person.name.is_none() => call(content, Some(&name)),
        _ => {}
    }
    content.problems.extend(said.problems);
    // What a colleague wrote above the form stays.
    let above = std::mem::replace(&mut content.fields, said.fields);
    content.fields.extend(above);
    if let (Some(rest), true) = (form.rest, said.text.is_some()) {
        content.fields.insert("form_text".into(), rest.into());
    }
    if let Some(typed) = said.subject {
        let shown = content.subject.get_or_insert_with(|| typed.clone());
        if !shown.contains(&typed) {
            content.fields.insert("subject".into(), typed.into());
        }
    }
    // Consent without a time is no evidence; what was typed stays.
    match said.consent {
        Some(given) if sent.is_none() => _ = content.fields.insert("consent".into(), given.text.into()),
        given => content.consent = given,
    }
    (content.form, content.page, content.referrer, content.utm) = (said.form, said.page, said.referrer, said.utm);
    content.text = said.text.or(content.text.take());
}
