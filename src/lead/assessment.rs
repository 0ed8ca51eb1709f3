//! What rules and people say about a lead beside its score, tags and disposition.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Disposition, Fields};

/// The fields stand beside `score` in JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Assessment {
    /// How well they fit: who they are; a part of `score`.
    pub fit: i64,
    /// How much they want: what they do; the other part of `score`.
    pub engagement: i64,
    /// How soon somebody should look at it.
    pub priority: Priority,
    /// Fields that rules set.
    pub custom: Fields,
    /// What a person said about it; rules do not change it.
    pub judged: Option<Judged>,
}

/// How soon somebody should look at a lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// As it comes.
    #[default]
    Normal,
    /// Before others.
    High,
}

impl Priority {
    /// All values, the lowest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Normal, Self::High];

    /// The word used in JSON and rules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// A person's own verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// What they said.
    pub disposition: Disposition,
    /// Why.
    pub reason: Option<String>,
    /// Who said it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}
