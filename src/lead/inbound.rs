//! What comes in: an item as a channel received it, and what it turned out to say.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Aside, Authentication, Email, Fields, Meeting, Name, Outcome, Person, Thread};

/// One inbound item (a mail, a post, a chat message, a row) as its channel received it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inbound {
    /// The channel that received it.
    pub channel: Name,
    /// What sort of item it is.
    pub kind: Kind,
    /// When the source handed it over (a mail: the server's internal date is in the original).
    pub received_at: Timestamp,
    /// Where exactly it stood, for a person to find it again: `INBOX, UID 17`, `fair.csv, line 4`.
    pub source: String,
    /// How a repetition of this item is recognised.
    pub delivery: Delivery,
    /// The item itself, kept for good.
    pub original: Original,
    /// The channel's place after this item; stored in the same transaction.
    pub place: Option<Place>,
    /// Whether owners are to be told.
    pub quiet: bool,
}

/// What sort of item an intake or touch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A mail as RFC 5322 bytes.
    Mail,
    /// A submitted form.
    Form,
    /// A chat message.
    Chat,
    /// A row of a spreadsheet: `original` is a JSON array of `[header, cell]` pairs.
    Row,
    /// Entered by a person (a call, a referral): `original` is a JSON object.
    Manual,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Mail, Self::Form, Self::Chat, Self::Row, Self::Manual];

    /// The word used in JSON and rules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Form => "form",
            Self::Chat => "chat",
            Self::Row => "row",
            Self::Manual => "manual",
        }
    }
}

/// How a repetition of an item is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// The provider's delivery id or an `Idempotency-Key`, unique within the channel.
    Named(String),
    /// Equal content within this time, within the channel.
    Content(SignedDuration),
    /// The same mail (its Message-ID, author, date, subject and body), whatever mailbox it lies in.
    Mail,
    /// A row whose cells are all equal, within the channel.
    Row,
    /// Never a repetition.
    Unique,
}

/// The resolved identity of an item; made by `normalize::identity`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Equal for repetitions, different for everything else.
    pub key: String,
    /// How long the key counts; `None` is for ever.
    pub window: Option<SignedDuration>,
}

/// The bytes of an item as received, with what is needed to read them again later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// Media type with parameters, as received (`message/rfc822` for a mail).
    pub content_type: String,
    /// Request headers worth keeping (`referer`, `origin`, `user-agent`), lower-case names.
    pub headers: BTreeMap<String, String>,
    /// The bytes.
    #[serde(with = "bytes")]
    pub bytes: Vec<u8>,
}

/// Bytes as MessagePack `bin` instead of an array of numbers.
mod bytes {
    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        from.deserialize_byte_buf(Bytes)
    }
}

/// A channel's place: how far it has read. Stored with the item that moved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Which of the channel's places (a folder, a file).
    pub key: String,
    /// The new value; `None` forgets it.
    pub value: Option<String>,
    /// The value that it is moved on from: where another one is kept, it stays. So the place never passes
    /// an item before this one that was refused. `None`: it is moved whatever is kept.
    #[serde(default)]
    pub after: Option<String>,
}

impl Place {
    /// A place that is moved whatever is kept.
    #[must_use]
    pub fn new(key: String, value: Option<String>) -> Self {
        Self { key, value, after: None }
    }
}

/// What an item turned out to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reading {
    /// Somebody wants something.
    Lead(Box<Content>),
    /// Not a lead, unless one is known that it says something about.
    Aside(Box<Aside>),
    /// Not a lead, with the reason a person reads in the ledger.
    Noise(String),
    /// Unreadable or ambiguous, with the reason; a person can release it.
    Unclear(String),
}

impl Reading {
    /// What it comes down to where no lead is known.
    #[must_use]
    pub fn of_a_stranger(self) -> Self {
        match self {
            Self::Aside(aside) if aside.outcome == Outcome::Quarantined => Self::Unclear(aside.reason),
            Self::Aside(aside) => Self::Noise(aside.reason),
            other => other,
        }
    }
}

/// What one item says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Who says it.
    pub person: Person,
    /// Sender as received (`"Max" <Max@Firma.example>`).
    pub from: Option<String>,
    /// Subject line.
    pub subject: Option<String>,
    /// What they wrote, as readable text.
    pub text: Option<String>,
    /// Typed values without a canonical place.
    pub fields: Fields,
    /// Files that came along; their bytes stay in the original.
    pub attachments: Vec<Attachment>,
    /// The form's name or id.
    pub form: Option<String>,
    /// Page of the form.
    pub page: Option<String>,
    /// Page before that.
    pub referrer: Option<String>,
    /// Campaign parameters without their `utm_` prefix; click ids by name.
    pub utm: BTreeMap<String, String>,
    /// The colleague who forwarded it.
    pub forwarded_by: Option<Email>,
    /// Consent given with it.
    pub consent: Option<Consent>,
    /// Mail or request headers that rules may ask for, lower-case names.
    pub headers: BTreeMap<String, String>,
    /// What could not be read cleanly.
    pub problems: Vec<String>,
    /// How it is known whose words these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorship: Option<Authorship>,
    /// What the mail server that took it found out about its sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// The conversation that a mail stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Thread>,
    /// Whether it only tells details of a person, who has written nothing now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_details: bool,
    /// News of a meeting that it brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<Meeting>,
    /// Until when the person is away, as an automatic answer says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away_until: Option<Date>,
    /// Tags that a template gives, beside those of the rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What was put right while it was read (a charset that the mail states wrongly), as sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<String>,
}

/// How a mail fitted the template that its sender and subject belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fit {
    /// The template.
    pub template: Name,
    /// What of it was not found; empty when it fits. Words of the template, never of the mail.
    pub missing: Vec<String>,
}

/// How it is known whose words an item holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorship {
    /// How sure that is.
    pub confidence: Confidence,
    /// What says so, in words, without an address.
    pub reason: String,
}

/// How sure it is whose words an item holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The item names nobody plainly; a person should look.
    Unsure,
    /// All signs are for it, but another reading is thinkable.
    Likely,
    /// The item says so itself.
    Certain,
}

impl Authorship {
    /// What says who wrote, and how surely.
    #[must_use]
    pub fn new(confidence: Confidence, reason: &str) -> Self {
        Self { confidence, reason: reason.to_owned() }
    }
}

impl fmt::Display for Authorship {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sure = match self.confidence {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely",
            Confidence::Unsure => "unsure",
        };
        write!(f, "who wrote is told by {} ({sure})", self.reason)
    }
}

/// A file that came with an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// File name as sent, without any folder.
    pub name: String,
    /// Media type as sent.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes, hex.
    pub sha256: String,
    /// What it could do to whoever opens it; `None` where nothing speaks against it. It is judged by the bytes
    /// and the name, not by the type.
    #[serde(default)]
    pub danger: Option<Danger>,
}

/// Why a file should not be opened without a thought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Danger {
    /// It is a program, an installer or a shortcut.
    Program,
    /// It is a script, or a page that holds one.
    Script,
    /// It is an Office file with macros.
    Macros,
    /// It is an archive that holds one of these, or cannot be looked into.
    Archive,
    /// Its name says it is something else.
    Disguised,
}

impl Danger {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Program, Self::Script, Self::Macros, Self::Archive, Self::Disguised];

    /// The word used in JSON and rules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Script => "script",
            Self::Macros => "macros",
            Self::Archive => "archive",
            Self::Disguised => "disguised",
        }
    }
}

/// Evidence of consent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Consent {
    /// The text that was agreed to, or the value of the consent field.
    pub text: String,
    /// When.
    pub at: Timestamp,
}
