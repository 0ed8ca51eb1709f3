//! How a lead was handed out, and what its owner is to do in time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Name, Stage};

/// How a lead was handed out to the owner it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handling {
    /// The team whose turn the owner took with it; `None`: it took no turn.
    #[serde(default)]
    pub turn: Option<Name>,
    /// Whether that turn was given back.
    #[serde(default)]
    pub refunded: bool,
    /// Until when it is to be accepted.
    #[serde(default)]
    pub accept_by: Option<Timestamp>,
    /// Until when it is to be responded to.
    #[serde(default)]
    pub respond_by: Option<Timestamp>,
    /// When the owner is reminded.
    #[serde(default)]
    pub remind_at: Option<Timestamp>,
    /// Since when it waits for an owner, while it does.
    #[serde(default)]
    pub held_since: Option<Timestamp>,
    /// How often it was handed on because its owner did nothing.
    #[serde(default)]
    pub hops: u32,
    /// Who had it before and does not get it again.
    #[serde(default)]
    pub had: Vec<Name>,
}

impl Handling {
    /// What the owner of a lead at this stage has not done in time yet, and until when.
    #[must_use]
    pub fn awaited(&self, stage: Stage) -> Option<(Awaited, Timestamp)> {
        let accept = self.accept_by.filter(|_| stage == Stage::New).map(|at| (Awaited::Acceptance, at));
        let respond = matches!(stage, Stage::New | Stage::Accepted);
        let respond = self.respond_by.filter(|_| respond).map(|at| (Awaited::Response, at));
        accept.into_iter().chain(respond).min_by_key(|(_, at)| *at)
    }

    /// When somebody must look after a lead at this stage.
    #[must_use]
    pub fn deadline(&self, stage: Stage) -> Option<Timestamp> {
        let (_, at) = self.awaited(stage)?;
        Some(self.remind_at.map_or(at, |remind| remind.min(at)))
    }
}

/// What an owner is to do in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// To accept the lead.
    Acceptance,
    /// To respond to it.
    Response,
}

impl Awaited {
    /// What was not done, in words.
    #[must_use]
    pub const fn missed(self) -> &'static str {
        match self {
            Self::Acceptance => "did not accept it in time",
            Self::Response => "did not respond in time",
        }
    }
}
