//! News of a meeting that somebody booked.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a booking page tells of a meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// What became of it.
    pub news: News,
    /// What it is called.
    pub title: Option<String>,
    /// When it begins.
    pub start: Option<Timestamp>,
    /// Where it is held: a place, a number, an address to join.
    pub place: Option<String>,
    /// Who cancelled it.
    pub by: Option<String>,
    /// Why.
    pub why: Option<String>,
}

/// What became of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// It was arranged.
    Booked,
    /// It was arranged in the place of an earlier one.
    Moved,
    /// It will not be held.
    Cancelled,
    /// It will be held at another time, which comes as news of its own.
    MadeWay,
}

impl fmt::Display for Meeting {
    /// `meeting: Demo, https://meet.example/1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("meeting")?;
        let parts: Vec<&str> = [&self.title, &self.place].into_iter().flatten().map(String::as_str).collect();
        if parts.is_empty() { Ok(()) } else { write!(f, ": {}", parts.join(", ")) }
    }
}

impl Meeting {
    /// The field of a lead in which the time stands at which its meeting begins.
    pub const BEGINS: &str = "meeting begins";
    /// The field in which the time stands at which it ends.
    pub const ENDS: &str = "meeting ends";

    /// That it was cancelled, as a sentence.
    #[must_use]
    pub fn cancellation(&self) -> String {
        let when = self.start.map(|start| format!(" on {start:.0}")).unwrap_or_default();
        let by = self.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("The {self}{when} was cancelled{by}{why}")
    }
}
