//! The lead that tries a channel out, as each kind of channel gets it. Pure: its seal goes in.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::lead::{FIELD, Name};

/// A lead of our own.
pub(super) struct Sample {
    /// Through which channel it goes.
    pub(super) channel: Name,
    /// Its seal.
    pub(super) word: String,
}

/// Whom a test lead comes from.
const NAME: &str = "Lotse Test";

impl Sample {
    /// The file that the table stands in.
    pub(super) fn file(&self) -> String {
        format!("lotse-test-{}.csv", self.short())
    }

    /// Enough of the seal's word to tell one test from another.
    fn short(&self) -> &str {
        self.word.get(self.word.len().saturating_sub(12)..).unwrap_or_default()
    }

    fn address(&self) -> String {
        format!("lotse-test-{}@lotse.example", self.short())
    }

    fn message(&self) -> String {
        format!("This lead was made by `lotse test {}` and is removed by itself.", self.channel)
    }

    /// As a form's post.
    pub(super) fn form(&self) -> String {
        json!({ "name": NAME, "email": self.address(), "message": self.message(), FIELD: self.word }).to_string()
    }

    /// As a table.
    pub(super) fn table(&self) -> String {
        format!("name,email,message,{FIELD}\n{NAME},{},{},{}\n", self.address(), self.message(), self.word)
    }

    /// As a mail to the mailbox of this user.
    pub(super) fn mail(&self, to: &str) -> String {
        let to = if to.contains('@') { to.to_owned() } else { format!("{}@lotse.example", self.channel) };
        let date = Timestamp::now().to_zoned_datetime(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000");
        format!(
            "From: {NAME} <{}>\r\nTo: <{to}>\r\nSubject: Test of {}\r\nDate: {date}\r\nMessage-ID: <{}@lotse.example>\r\n\
             {FIELD}: {}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
            self.address(),
            self.channel,
            self.short(),
            self.word,
            self.message()
        )
    }
}
