//! The pending notices of one notifier, by their owner: many may wait, and the next one is found without
//! looking at all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use jiff::Timestamp;

use crate::lead::{Id, Name, Notice};

/// Pending notices of one notifier. Half of a map's room may be empty, so the notices, which are large, stand
/// outside of it.
#[derive(Default)]
pub(super) struct Pile {
    owners: BTreeMap<Option<Name>, BTreeMap<Id, Box<Notice>>>,
    /// When each is to be tried.
    times: BTreeSet<(Timestamp, Id)>,
}

impl Pile {
    pub(super) fn insert(&mut self, notice: Notice) {
        self.remove(&notice.id);
        self.times.extend(notice.next_at.map(|at| (at, notice.id)));
        self.owners.entry(notice.owner.clone()).or_default().insert(notice.id, Box::new(notice));
    }

    pub(super) fn remove(&mut self, id: &Id) -> Option<Notice> {
        let owner = self.owners.iter().find(|(_, notices)| notices.contains_key(id))?.0.clone();
        let notices = self.owners.get_mut(&owner)?;
        let notice = *notices.remove(id)?;
        if notices.is_empty() {
            self.owners.remove(&owner);
        }
        if let Some(at) = notice.next_at {
            self.times.remove(&(at, notice.id));
        }
        Some(notice)
    }

    pub(super) fn contains(&self, id: &Id) -> bool {
        self.owners.values().any(|notices| notices.contains_key(id))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// All of them.
    pub(super) fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.owners.values().flat_map(BTreeMap::values).map(|notice| &**notice)
    }

    /// Each owner with the notices, oldest first.
    pub(super) fn owners(&self) -> impl Iterator<Item = (&Option<Name>, impl Iterator<Item = &Notice>)> {
        self.owners.iter().map(|(owner, notices)| (owner, notices.values().map(|notice| &**notice)))
    }

    /// The oldest.
    pub(super) fn oldest(&self) -> Option<Id> {
        self.owners.values().filter_map(|notices| notices.keys().next()).min().copied()
    }

    /// The first time in a range at which one is to be tried.
    pub(super) fn next_time(&self, within: RangeInclusive<Timestamp>) -> Option<Timestamp> {
        let (from, to) = within.into_inner();
        self.times.range((from, Id::MIN)..).next().map(|(at, _)| *at).filter(|at| *at <= to)
    }
}
