//! Conversations: which mails a mail belongs to, and what mails say beside being wishes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Content, Email, Meeting, Outcome};

/// What a mail or chat message says of the conversation that it stands in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its names: Message-ID, what that was before a provider changed it, Outlook's `Thread-Index`.
    pub ids: Vec<String>,
    /// The mails that it answers, the nearest first.
    pub answers: Vec<String>,
    /// Its subject without `Re:` and the like, lower case.
    pub subject: Option<String>,
    /// Whether it says that it is an answer.
    pub reply: bool,
    /// Outsiders whom it was sent to (`To`, `Cc`).
    pub to: Vec<Email>,
    /// Names of the conversation that its provider vouches for, with the channel's: whoever sends them stands in
    /// it. A chat, a booking.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversations: Vec<String>,
}

impl Thread {
    /// Longest name that is kept, bytes.
    pub const LONGEST: usize = 250;

    /// What the mail can be found by, for the store.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let ids = self.ids.iter().map(|id| Self::id_key(id));
        let subjects = self.subject.iter().map(|subject| Self::subject_key(subject));
        ids.chain(subjects).chain(self.conversations.iter().map(|name| Self::conversation_key(name))).collect()
    }

    /// What a mail with this name is found by.
    #[must_use]
    pub fn id_key(id: &str) -> String {
        format!("message:{id}")
    }

    /// What an item of a conversation with this name is found by.
    #[must_use]
    pub fn conversation_key(name: &str) -> String {
        format!("conversation:{name}")
    }

    /// What mails with this subject are found by.
    #[must_use]
    pub fn subject_key(subject: &str) -> String {
        format!("subject:{subject}")
    }
}

/// An item that is no wish by itself, and may say something about a lead that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aside {
    /// What it says.
    pub says: Says,
    /// The item as read.
    pub content: Content,
    /// What becomes of it where no lead is known: `ignored` or `quarantined`.
    pub outcome: Outcome,
    /// Why it is no wish.
    pub reason: String,
}

/// What an item says about a lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Says {
    /// The person's mail program answered.
    Automatic,
    /// A mail to these addresses could not be delivered.
    Failed(Returned),
    /// One of our own people wrote.
    Colleague(Email),
    /// A meeting was cancelled, or moved.
    Meeting(Meeting),
}

/// A mail that came back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// Whom it did not reach, as the report says in its own fields (RFC 3464).
    pub recipients: Vec<Email>,
    /// Addresses that the report or the mail in it name besides: they count only with `ids`.
    pub named: Vec<Email>,
    /// Names of the mail and of those it answered.
    pub ids: Vec<String>,
    /// What the other server said.
    pub why: Option<String>,
}

/// An address of a lead that mail did not reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// The address.
    pub email: Email,
    /// When the report came in.
    pub at: Timestamp,
    /// What the other server said.
    pub why: Option<String>,
}

/// Somebody else who writes in a lead's conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correspondent {
    /// Their address; it is not the lead's, and recognises nobody.
    pub email: Email,
    /// Their name.
    pub name: Option<String>,
}
