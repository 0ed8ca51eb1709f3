//! Reads the ledger on: how many items were quarantined, and when mail came into which mailbox.
//!
//! After a start the last four weeks are read once, a page at a time; afterwards only what is new.
//! Up to where items were counted stands in the store with the alarms, so that none that came in
//! around a restart is missed or counted twice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::usual::{Arrivals, HISTORY};
use crate::lead::{Id, Intake, Kind, Name, Outcome};
use crate::store::{Error, Records, Store};

/// Rows that one snapshot is kept for.
const PAGE: usize = 2_000;

/// What was read so far.
#[derive(Debug)]
pub(super) struct Ledger {
    cursor: Id,
    seen: Id,
    arrivals: BTreeMap<Name, Arrivals>,
    quarantined: u64,
    /// Items that become leads by themselves, unless their details cannot be fetched.
    waiting: BTreeSet<Id>,
    /// How the last mail of each template fitted, and when it came.
    templates: BTreeMap<Name, (Timestamp, Vec<String>)>,
}

impl Ledger {
    /// A reader that has counted up to the row `seen`; without one, what is there now is known.
    pub(super) fn new(seen: Option<Id>, now: Timestamp) -> Self {
        let at = |time| Id::after(Id::MIN, time, 0);
        let seen = seen.unwrap_or_else(|| at(now));
        let begin = at(now.saturating_sub(HISTORY).unwrap_or(Timestamp::UNIX_EPOCH));
        Self {
            cursor: begin.min(seen),
            seen,
            arrivals: BTreeMap::new(),
            quarantined: 0,
            waiting: BTreeSet::new(),
            templates: BTreeMap::new(),
        }
    }

    /// Reads what is new.
    pub(super) fn read(&mut self, store: &Store, now: Timestamp) -> Result<(), Error> {
        loop {
            let rows = store.intakes_after(self.cursor, PAGE)?;
            for row in &rows {
                self.cursor = row.id;
                if row.awaits_details() {
                    self.waiting.insert(row.id);
                }
                if row.id > self.seen {
                    self.seen = row.id;
                    self.quarantined += u64::from(row.outcome == Outcome::Quarantined && !row.awaits_details());
                    if let Some(fit) = &row.template {
                        self.templates.insert(fit.template.clone(), (row.received_at, fit.missing.clone()));
                    }
                }
                if row.kind == Kind::Mail && row.outcome != Outcome::Redelivered && row.own.is_none() {
                    self.arrivals.entry(row.channel.clone()).or_default().note(row.received_at);
                }
            }
            if rows.len() < PAGE {
                break;
            }
        }
        self.look_at_waiting(store)?;
        self.arrivals.values_mut().for_each(|arrivals| arrivals.forget(now));
        Ok(())
    }

    /// What waited and got no details waits for a person from then on.
    fn look_at_waiting(&mut self, store: &Store) -> Result<(), Error> {
        for id in self.waiting.clone() {
            let row = store.view(|view| view.intake(id))?;
            if row.as_ref().is_some_and(Intake::awaits_details) {
                continue;
            }
            self.waiting.remove(&id);
            self.quarantined += u64::from(row.is_some_and(|row| row.outcome == Outcome::Quarantined));
        }
        Ok(())
    }

    /// Counted up to this row.
    pub(super) fn seen(&self) -> Id {
        self.seen
    }

    /// Items quarantined since [`Ledger::settle`].
    pub(super) fn quarantined(&self) -> u64 {
        self.quarantined
    }

    /// What was counted is written down.
    pub(super) fn settle(&mut self) {
        self.quarantined = 0;
        self.templates.clear();
    }

    /// How the last mail of each template fitted since [`Ledger::settle`].
    pub(super) fn templates(&self) -> &BTreeMap<Name, (Timestamp, Vec<String>)> {
        &self.templates
    }

    /// When mail came into a mailbox.
    pub(super) fn arrivals(&self, channel: &Name) -> Option<&Arrivals> {
        self.arrivals.get(channel)
    }
}
