//! Stage 2, normalize: what an inbound item says, in our own words.
//!
//! Pure functions from bytes to [`Content`]: no clock, no network, no store. Nothing a person
//! typed is dropped: what has no canonical place stands in `fields`. What cannot be read is
//! [`Reading::Unclear`], what is no lead is [`Reading::Noise`], each with a reason for a person.

pub mod company;
pub mod email;
mod entities;
pub mod fields;
mod file;
pub mod form;
pub mod html;
mod identity;
mod introduction;
pub mod language;
mod mail;
pub mod person;
pub mod phone;
mod readers;
pub mod robot;
mod row;
pub mod text;
mod totals;
mod unseen;

use std::collections::{BTreeMap, HashMap};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::{self, ChannelKind, Config};
use crate::lead::{
    Aside, Content, Delivery, Email, Fit, Identity, Inbound, Kind, Meeting, Name, News, Original, Outcome, Reading,
    Says, Thread,
};
use fields::Pair;
use fields::label::Slot;
use form::{Form, Schema, schema};

pub use identity::identity;
pub(crate) use identity::named as named_identity;
pub use mail::{Heading, Pattern, Template, Templates, heading};
pub use readers::{Marks, Readers, apart};

/// How one channel spells its fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spelling {
    /// Extra names for canonical fields, by canonical field (`email`, `message`, `company` …).
    pub fields: BTreeMap<String, Vec<String>>,
    /// A trap field: filled in, the item is noise.
    pub honeypot: Option<String>,
    /// How the provider spells its forms; sent to another process by its name.
    #[serde(skip)]
    pub schema: &'static Schema,
    /// A field that tells how long somebody took: too short, and the item is noise.
    #[serde(default)]
    pub time_trap: Option<TimeTrap>,
}

/// How long a person takes at least to send a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeTrap {
    /// The hidden field: milliseconds since the page was opened, or when that was (RFC 3339, or seconds or
    /// milliseconds since 1970).
    pub field: String,
    /// Less is noise.
    pub least: SignedDuration,
}

/// Reads items; made from the settings, shared by all threads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reader {
    domains: Vec<String>,
    country: String,
    spellings: HashMap<Name, Spelling>,
    /// Names of the mail servers whose findings count, by mailbox.
    servers: HashMap<Name, Vec<String>>,
    /// The user's own templates of mails.
    #[serde(default)]
    templates: Templates,
}

/// Whether a person has vouched for an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trust {
    /// As it came in.
    Usual,
    /// Released from the ledger: whatever it is, it becomes a lead, read as well as can be.
    Released,
}

impl Default for Reader {
    /// As without settings: no domains of our own, numbers of Germany, no spellings.
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            country: "DE".into(),
            spellings: HashMap::new(),
            servers: HashMap::new(),
            templates: Templates::default(),
        }
    }
}

impl Reader {
    /// A reader for these settings.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let spelling = |kind: &ChannelKind| match kind {
            ChannelKind::Webhook(webhook) => Some(webhook.spelling.clone()),
            ChannelKind::Csv(csv) => Some(csv.spelling.clone()),
            ChannelKind::Imap(_) => None,
        };
        let servers = |channel: &config::Channel| match &channel.kind {
            ChannelKind::Imap(imap) => Some((channel.name.clone(), imap.authserv_id.clone())),
            ChannelKind::Webhook(_) | ChannelKind::Csv(_) => None,
        };
        let spellings =
            config.channels.iter().filter_map(|channel| Some((channel.name.clone(), spelling(&channel.kind)?)));
        Self {
            domains: config.organisation.domains.clone(),
            country: config.organisation.country.clone(),
            spellings: spellings.collect(),
            servers: config.channels.iter().filter_map(servers).collect(),
            templates: Templates::default(),
        }
    }

    /// The same with templates of mails.
    #[must_use]
    pub fn with_templates(self, templates: &Templates) -> Self {
        Self { templates: templates.clone(), ..self }
    }

    /// Reads one item. It may take a deep stack and, on hostile input, panic; [`Readers`] contains both.
    #[must_use]
    pub fn read(&self, inbound: &Inbound, trust: Trust) -> Reading {
        self.read_by_template(inbound, trust).0
    }

    /// The same, and how a mail fitted the template that it is of.
    #[must_use]
    pub fn read_by_template(&self, inbound: &Inbound, trust: Trust) -> (Reading, Option<Fit>) {
        let mut fit = None;
        let reading = match inbound.kind {
            Kind::Mail if form::parameter(&inbound.original.content_type, "unfetched").is_some() => {
                Reading::Unclear("the mailbox's server did not hand this mail over; it is asked for again".into())
            }
            Kind::Mail => {
                let servers = self.servers.get(&inbound.channel).map_or(&[][..], Vec::as_slice);
                let (reading, fitted) = mail::by_template(&inbound.original.bytes, self, servers, trust);
                fit = fitted;
                reading
            }
            Kind::Form | Kind::Chat => self.form(form::decode(&inbound.original, self.schema(inbound)), inbound, trust),
            Kind::Row => self.form(row::read(&inbound.original), inbound, trust),
            Kind::Manual => self.form(row::read_manual(&inbound.original), inbound, trust),
        };
        let reading = match (reading, trust) {
            (Reading::Noise(why) | Reading::Unclear(why), Trust::Released) => {
                Reading::Lead(Box::new(self.as_text(inbound, &why)))
            }
            (Reading::Lead(mut content), _) => {
                complete(&mut content, &inbound.original);
                Reading::Lead(content)
            }
            (reading, _) => reading,
        };
        (reading, fit)
    }

    /// How a repetition of an item is recognised: as [`identity`] says, but for posts whose provider names its
    /// deliveries in the body.
    #[must_use]
    pub fn identity(&self, inbound: &Inbound) -> Identity {
        let is_post = matches!(inbound.kind, Kind::Form | Kind::Chat);
        let named = is_post.then(|| form::delivery(&inbound.original, self.schema(inbound))).flatten();
        named.map_or_else(|| identity(inbound), |id| identity::named(&inbound.channel, &id))
    }

    /// The names of the schemas by channel: what of a reader another process cannot get.
    fn schemas(&self) -> HashMap<&Name, &'static str> {
        self.spellings.iter().map(|(channel, spelling)| (channel, spelling.schema.provider)).collect()
    }

    /// The same with these schemas by channel, found by their names.
    fn with_schemas(mut self, names: &HashMap<Name, String>, find: schema::Find) -> Self {
        for (channel, name) in names {
            if let (Some(spelling), Some(schema)) = (self.spellings.get_mut(channel), find(name)) {
                spelling.schema = schema;
            }
        }
        self
    }

    fn schema(&self, inbound: &Inbound) -> &'static Schema {
        self.spellings.get(&inbound.channel).map(|spelling| spelling.schema).unwrap_or_default()
    }

    /// Default region of telephone numbers, ISO 3166-1 alpha-2.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.country
    }

    /// Our own domain that a mail domain is, or is below.
    #[must_use]
    pub fn own_domain(&self, domain: &str) -> Option<&str> {
        let is = |own: &&String| {
            domain.strip_suffix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.domains.iter().find(is).map(String::as_str)
    }

    fn form(&self, form: Result<Form, String>, inbound: &Inbound, trust: Trust) -> Reading {
        let mut form = match form {
            Ok(Form { noise: Some(why), .. }) if trust == Trust::Usual => return Reading::Noise(why),
            Ok(Form { unclear: Some(why), .. }) if trust == Trust::Usual => return Reading::Unclear(why),
            Ok(form) if form.pairs.is_empty() && form.attachments.is_empty() && form.letter.is_none() => {
                return Reading::Unclear("the form is empty: no field holds a value".into());
            }
            Ok(form) => form,
            Err(why) => return Reading::Unclear(why),
        };
        let none = Spelling::default();
        let spelling = self.spellings.get(&inbound.channel).unwrap_or(&none);
        let sums = || (inbound.kind == Kind::Row).then(|| totals::reason(&form.pairs)).flatten();
        if let (Some(why), Trust::Usual) = (fields::trap(&form.pairs, spelling).or_else(sums), trust) {
            return Reading::Noise(why);
        }
        if let Some(trap) = &spelling.time_trap {
            let hasty = fields::hurry::take(&mut form.pairs, trap, inbound.received_at, &mut form.problems);
            if let (Err(why), Trust::Usual) = (hasty, trust) {
                return Reading::Noise(why);
            }
        }
        let known = fields::Context { spelling, region: &self.country, at: inbound.received_at };
        let mut pairs = form.pairs;
        if inbound.kind == Kind::Form {
            pairs.extend(origin(&pairs, &inbound.original.headers, spelling));
        }
        let mut content = fields::content(pairs, &known);
        if let Some(letter) = form.letter {
            self.letter(&mut content, letter);
        }
        if inbound.kind == Kind::Chat {
            self.typed(&mut content);
        }
        content.thread = in_conversations(&inbound.channel, &form.conversations);
        content.attachments = form.attachments;
        content.problems.splice(0..0, form.problems);
        content.headers.clone_from(&inbound.original.headers);
        content.only_details = form.details && content.text.is_none() && content.attachments.is_empty();
        content.meeting = form.meeting;
        match content.meeting.take_if(|meeting| matches!(meeting.news, News::Cancelled | News::MadeWay)) {
            Some(meeting) if trust == Trust::Usual => called_off(content, meeting),
            _ => Reading::Lead(Box::new(content)),
        }
    }

    /// A text in which nothing is labelled: the message, and the address and numbers in it. It
    /// names nobody, because nothing says which words are a name.
    fn letter(&self, content: &mut Content, text: String) {
        let mut found = email::parse_all(&text);
        found.retain(|email| self.own_domain(email.domain()).is_none() && !robot::is_robot(email));
        if found.len() > 1 {
            content.problems.push(format!("the text names {} e-mail addresses; the first was taken", found.len()));
        }
        found.truncate(1);
        content.person.phones = mail::numbers(&text, &self.region(&found));
        content.person.domain = company::domain(None, &found);
        content.person.language = language::detect(&text).map(str::to_owned);
        content.person.emails = found;
        content.text = Some(text);
    }

    /// The name, the address and the number that somebody types into a chat which knows none of them.
    fn typed(&self, content: &mut Content) {
        let Some(text) = content.text.as_deref() else { return };
        let person = &mut content.person;
        let is_named = person.name.is_some() || person.given_name.is_some() || person.family_name.is_some();
        if let Some(name) = introduction::name(text).filter(|_| !is_named) {
            let name = person::split(&name);
            (person.name, person.given_name, person.family_name) = (name.full, name.given, name.family);
        }
        if person.emails.is_empty() {
            let mut found = email::parse_all(text);
            found.retain(|email| self.own_domain(email.domain()).is_none() && !robot::is_robot(email));
            if found.len() > 1 {
                let problem = format!("the message names {} e-mail addresses; the first was taken", found.len());
                content.problems.push(problem);
            }
            found.truncate(1);
            person.domain = person.domain.take().or_else(|| company::domain(None, &found));
            person.emails = found;
        }
        if person.phones.is_empty() {
            person.phones = mail::numbers_in_chat(text, &self.region(&person.emails));
        }
    }

    /// The region of numbers in national form: that of the writer's address, else ours.
    fn region(&self, emails: &[Email]) -> String {
        emails.iter().find_map(|email| mail::country_of(email.domain())).unwrap_or_else(|| self.country.clone())
    }

    /// What a released item says where nothing better can be made of it: its text, and the
    /// addresses and numbers in it.
    fn as_text(&self, inbound: &Inbound, why: &str) -> Content {
        let raw = String::from_utf8_lossy(&inbound.original.bytes);
        let mut content = plain(&raw, why);
        content.person.emails = match inbound.kind {
            // Other headers hold what only looks like an address (Message-ID), or is our own.
            Kind::Mail => author(&raw).into_iter().collect(),
            _ => email::parse_all(&raw),
        };
        content.person.phones = phone::find(&raw, &self.country);
        content.person.domain = company::domain(None, &content.person.emails);
        content.headers.clone_from(&inbound.original.headers);
        content
    }
}

/// What a meeting that is not held says about its lead; about nobody, where none is known.
fn called_off(mut content: Content, meeting: Meeting) -> Reading {
    let reason = match meeting.news {
        News::MadeWay => "a meeting that was moved: its new time comes by itself",
        _ => "a meeting was cancelled",
    };
    content.text = Some(meeting.cancellation());
    // Whoever reads its touch reads what became of which meeting.
    content.meeting = Some(meeting.clone());
    let (outcome, reason) = (Outcome::Ignored, reason.to_owned());
    Reading::Aside(Box::new(Aside { says: Says::Meeting(meeting), content, outcome, reason }))
}

/// The conversations of a channel, under names that no other channel's have.
fn in_conversations(channel: &Name, names: &[String]) -> Option<Thread> {
    let conversations: Vec<String> = names.iter().map(|name| conversation(channel, name)).collect();
    (!conversations.is_empty()).then(|| Thread { conversations, ..Thread::default() })
}

/// The name of one conversation of a channel.
pub(crate) fn conversation(channel: &Name, name: &str) -> String {
    let name = format!("{channel}/{name}");
    if name.len() <= Thread::LONGEST { name } else { format!("{channel}/sha256:{}", hex(&Sha256::digest(&name))) }
}

/// Reads bytes as they are, without a channel and with the defaults of the settings: the whole
/// stage behind one call, for tests that feed it anything.
#[must_use]
pub fn read_bytes(kind: Kind, content_type: &str, bytes: &[u8]) -> Reading {
    read_bytes_by(&Reader::default(), kind, content_type, bytes).0
}

/// The same with a reader's settings and templates.
#[must_use]
pub fn read_bytes_by(reader: &Reader, kind: Kind, content_type: &str, bytes: &[u8]) -> (Reading, Option<Fit>) {
    let Ok(channel) = Name::parse("bytes") else { return (Reading::Unclear("no channel".into()), None) };
    let original = Original { content_type: content_type.to_owned(), headers: BTreeMap::new(), bytes: bytes.to_vec() };
    let inbound = Inbound {
        channel,
        kind,
        received_at: jiff::Timestamp::UNIX_EPOCH,
        source: String::new(),
        delivery: Delivery::Unique,
        original,
        place: None,
        quiet: true,
    };
    reader.read_by_template(&inbound, Trust::Usual)
}

/// Where a form's post came from, as far as it does not say so itself: the page, as the browser names it, and
/// the campaign parameters in the address that was posted to.
fn origin(pairs: &[Pair], headers: &BTreeMap<String, String>, spelling: &Spelling) -> Vec<Pair> {
    let said = |label: &str| fields::meaning(label, spelling).map(|(slot, _)| slot);
    let known: Vec<Slot> = pairs.iter().filter_map(|pair| said(&pair.label)).collect();
    let page = headers.get("referer").map(|page| text::line(page)).filter(|page| !page.is_empty());
    let page = page.filter(|_| !known.contains(&Slot::Page)).map(|page| Pair::new("page url", page));
    let query = headers.get("x-query").map(String::as_str).unwrap_or_default();
    let campaign = url::form_urlencoded::parse(query.as_bytes()).filter_map(|(name, value)| match said(&name) {
        Some(slot @ Slot::Utm(_)) if !known.contains(&slot) => Some(Pair::new(name, &*value)),
        _ => None,
    });
    page.into_iter().chain(campaign).collect()
}

/// The address in the `From` line of a mail that could not be read.
fn author(raw: &str) -> Option<Email> {
    let is_from = |line: &&str| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("from:"));
    let from = raw.lines().take_while(|line| !line.trim().is_empty()).find(is_from)?;
    email::parse_mailbox(&from[5..]).map(|(_, email)| email)
}

/// Text as a message, and why it is nothing better.
fn plain(raw: &str, why: &str) -> Content {
    let text = text::clean(raw);
    Content {
        text: (!text.is_empty()).then_some(text),
        problems: vec![format!("read as plain text: {why}")],
        ..Content::default()
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        if write!(out, "{byte:02x}").is_err() {
            break;
        }
    }
    out
}

/// What only the whole item tells: the country, by the first number where nobody named one; and
/// that a mail was too large to be fetched with its text.
fn complete(content: &mut Content, original: &Original) {
    if content.person.country.is_none() {
        content.person.country = content.person.phones.first().and_then(phone::country);
    }
    if form::parameter(&original.content_type, "truncated").is_some() {
        content
            .problems
            .push("the mail is too large: only its headers were fetched, its text is in the mailbox".into());
    }
}

#[cfg(test)]
mod tests;
