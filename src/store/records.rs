//! Reading records: the same on a snapshot and inside a unit of work.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::backend::{Order, Read, Table};
use super::rotation::{Absences, OwnerCounts, Rotation};
use super::{ENOUGH, Error, GO_ON, codec, keys, originals};
use crate::lead::{
    Alarms, Decision, Erasure, Id, Intake, Lead, Name, Notice, NoticeState, Original, Own, SealKey, TimelineEntry,
    Touch, Trip, Verdict,
};
use crate::mistakes::{self, Mistake};

/// An item that was delivered before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// Its ledger row, which says what became of it.
    pub intake: Id,
    /// When.
    pub at: Timestamp,
}

/// Where dead notices about alarms are counted besides.
pub(super) const DEAD_ALARMS: &[u8] = b"dead alarms";

/// Says in the table of single records that somebody was erased.
pub(super) const ERASED: &[u8] = b"erased";

/// Reading typed records.
pub trait Records {
    /// The tables underneath.
    fn tables(&self) -> &dyn Read;

    /// One record.
    fn record<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, Error> {
        self.tables().get(table, key)?.map(|bytes| codec::decode(table, &bytes)).transpose()
    }

    /// The format version.
    fn format(&self) -> Result<Option<u32>, Error> {
        self.record(Table::Meta, b"format")
    }

    /// A lead.
    fn lead(&self, id: Id) -> Result<Option<Lead>, Error> {
        self.record(Table::Leads, &id.to_bytes())
    }

    /// A touch.
    fn touch(&self, id: Id) -> Result<Option<Touch>, Error> {
        self.record(Table::Touches, &id.to_bytes())
    }

    /// A lead's touches, oldest first.
    fn touches(&self, lead: Id) -> Result<Vec<Touch>, Error> {
        let mut touches = Vec::new();
        for id in self.ids_under(Table::LeadTouches, &lead.to_bytes())? {
            touches.extend(self.touch(id)?);
        }
        Ok(touches)
    }

    /// Leads that have a match key (`email:…`, `phone:…`), newest first, at most `limit`.
    fn leads_with(&self, key: &str, limit: usize) -> Result<Vec<Id>, Error> {
        self.with_text(Table::MatchKeys, key, limit)
    }

    /// Mails of and to leads that have a key (see [`Thread::keys`](crate::lead::Thread::keys)),
    /// newest first, at most `limit`.
    fn mails_with(&self, key: &str, limit: usize) -> Result<Vec<Id>, Error> {
        self.with_text(Table::Threads, key, limit)
    }

    /// The lead that an item belongs to.
    fn lead_of(&self, intake: Id) -> Result<Option<Lead>, Error> {
        let id = match self.touch(intake)? {
            Some(touch) => Some(touch.lead),
            None => self.intake(intake)?.and_then(|row| row.lead),
        };
        Ok(id.map(|id| self.lead(id)).transpose()?.flatten())
    }

    /// The ids at the end of the keys of one text, newest first, at most `limit`.
    fn with_text(&self, table: Table, text: &str, limit: usize) -> Result<Vec<Id>, Error> {
        let (mut ids, mut end, prefix) = (Vec::new(), Vec::new(), keys::text_prefix(text));
        let range = keys::starting_with(&prefix, &mut end);
        self.tables().scan(table, range, Order::Backward, &mut |key, _| {
            ids.extend(keys::last_id(key));
            if ids.len() < limit { GO_ON } else { ENOUGH }
        })?;
        Ok(ids)
    }

    /// A ledger row.
    fn intake(&self, id: Id) -> Result<Option<Intake>, Error> {
        self.record(Table::Intakes, &id.to_bytes())
    }

    /// Ledger rows after the row `after`, oldest first, at most `limit`.
    fn intakes_after(&self, after: Id, limit: usize) -> Result<Vec<Intake>, Error> {
        let (mut rows, key) = (Vec::new(), after.to_bytes());
        let range = (Bound::Excluded(key.as_slice()), Bound::Unbounded);
        self.tables().scan(Table::Intakes, range, Order::Forward, &mut |_, value| {
            rows.push(codec::decode(Table::Intakes, value)?);
            if rows.len() < limit { GO_ON } else { ENOUGH }
        })?;
        Ok(rows)
    }

    /// What was received, as it was received.
    fn original(&self, intake: Id) -> Result<Option<Original>, Error> {
        originals::get(self.tables(), intake)
    }

    /// Whether an item with this identity was delivered before; also one that was erased since.
    fn delivered(&self, identity: &str) -> Result<Option<Delivered>, Error> {
        let key = mistakes::key(Mistake::RedeliveryForgottenAfterRestart, identity);
        match self.record(Table::Deliveries, key.as_bytes())? {
            Some(delivered) => Ok(Some(delivered)),
            None => self.erased_delivery(identity),
        }
    }

    /// An erased item with this identity.
    fn erased_delivery(&self, identity: &str) -> Result<Option<Delivered>, Error> {
        let Some(key) = self.erased_by()? else { return Ok(None) };
        self.record(Table::Deliveries, keys::erased_delivery(&key.stand_in(identity)).as_bytes())
    }

    /// The key that stand-ins are made with, once anybody was erased.
    fn erased_by(&self) -> Result<Option<SealKey>, Error> {
        if self.tables().get(Table::Meta, ERASED)?.is_some() { self.seal_key() } else { Ok(None) }
    }

    /// When somebody with this address or number (`email:…`, `phone:…`) was erased.
    fn person_erased(&self, person: &str) -> Result<Option<Timestamp>, Error> {
        let Some(key) = self.erased_by()? else { return Ok(None) };
        self.record(Table::Erased, keys::erased_person(&key.stand_in(person)).as_bytes())
    }

    /// That a lead was erased.
    fn lead_erased(&self, lead: Id) -> Result<Option<Erasure>, Error> {
        let id: Option<Id> = self.record(Table::Erased, keys::erased_lead(lead).as_bytes())?;
        Ok(id.map(|id| self.record(Table::Erasures, &id.to_bytes())).transpose()?.flatten())
    }

    /// The newest id that was given.
    fn last_id(&self) -> Result<Id, Error> {
        Ok(self.record(Table::Meta, b"last_id")?.unwrap_or(Id::MIN))
    }

    /// How far a channel has read.
    fn place(&self, channel: &Name, key: &str) -> Result<Option<String>, Error> {
        self.record(Table::Places, &keys::place(channel, key))
    }

    /// A channel's places whose keys begin so, in the order of their keys.
    fn places(&self, channel: &Name, prefix: &str) -> Result<Vec<(String, String)>, Error> {
        let (start, mut end, mut places) = (keys::place(channel, prefix), Vec::new(), Vec::new());
        let named = keys::place(channel, "").len();
        self.tables().scan(
            Table::Places,
            keys::starting_with(&start, &mut end),
            Order::Forward,
            &mut |key, value| {
                let key = String::from_utf8_lossy(key.get(named..).unwrap_or_default()).into_owned();
                places.push((key, codec::decode(Table::Places, value)?));
                GO_ON
            },
        )?;
        Ok(places)
    }

    /// A lead's decisions, newest first.
    fn decisions(&self, lead: Id) -> Result<Vec<Decision>, Error> {
        self.records_under(Table::Decisions, &lead.to_bytes(), Order::Backward, usize::MAX)
    }

    /// A lead's newest decision.
    fn last_decision(&self, lead: Id) -> Result<Option<Decision>, Error> {
        Ok(self.records_under(Table::Decisions, &lead.to_bytes(), Order::Backward, 1)?.pop())
    }

    /// The newest verdict of the rules on a lead; older ones are not read.
    fn last_verdict(&self, lead: Id) -> Result<Option<Verdict>, Error> {
        let (mut end, prefix) = (Vec::new(), lead.to_bytes());
        let mut found = None;
        let range = keys::starting_with(&prefix, &mut end);
        self.tables().scan(Table::Decisions, range, Order::Backward, &mut |_, value| {
            let decision: Decision = codec::decode(Table::Decisions, value)?;
            found = decision.verdict;
            if found.is_none() { GO_ON } else { ENOUGH }
        })?;
        Ok(found)
    }

    /// One decision about a lead.
    fn decision(&self, lead: Id, id: Id) -> Result<Option<Decision>, Error> {
        self.record(Table::Decisions, &keys::pair(lead, id))
    }

    /// The newest decision about a lead that is older than `before`.
    fn decision_before(&self, lead: Id, before: Id) -> Result<Option<Id>, Error> {
        let (first, end) = (keys::pair(lead, Id::MIN), keys::pair(lead, before));
        let mut found = None;
        let range = (Bound::Included(first.as_slice()), Bound::Excluded(end.as_slice()));
        self.tables().scan(Table::Decisions, range, Order::Backward, &mut |key, _| {
            found = keys::last_id(key);
            ENOUGH
        })?;
        Ok(found)
    }

    /// A lead's history, oldest first.
    fn timeline(&self, lead: Id) -> Result<Vec<TimelineEntry>, Error> {
        self.records_under(Table::Timeline, &lead.to_bytes(), Order::Forward, usize::MAX)
    }

    /// A notice.
    fn notice(&self, id: Id) -> Result<Option<Notice>, Error> {
        self.record(Table::Notices, &id.to_bytes())
    }

    /// Notices about leads that were written after `after`, each with its lead.
    fn notices_after(&self, after: Id) -> Result<Vec<(Id, Id)>, Error> {
        let (mut found, key) = (Vec::new(), after.to_bytes());
        let range = (Bound::Excluded(key.as_slice()), Bound::Unbounded);
        self.tables().scan(Table::Notices, range, Order::Forward, &mut |_, value| {
            let notice: Notice = codec::decode(Table::Notices, value)?;
            found.extend(notice.lead.map(|lead| (notice.id, lead)));
            GO_ON
        })?;
        Ok(found)
    }

    /// Pending notices due at `now`, longest due first.
    fn due_notices(&self, now: Timestamp, limit: usize) -> Result<Vec<Notice>, Error> {
        let mut ids = Vec::new();
        let end = keys::due(now, Id::from_bytes([u8::MAX; 16]));
        self.tables().scan(
            Table::NoticesDue,
            (Bound::Unbounded, Bound::Included(&end)),
            Order::Forward,
            &mut |key, _| {
                ids.extend(keys::last_id(key));
                if ids.len() < limit { GO_ON } else { ENOUGH }
            },
        )?;
        let mut notices = Vec::with_capacity(ids.len());
        for id in ids {
            notices.extend(self.notice(id)?);
        }
        Ok(notices)
    }

    /// When the next pending notice is due.
    fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let mut next = None;
        self.tables().scan(
            Table::NoticesDue,
            (Bound::Unbounded, Bound::Unbounded),
            Order::Forward,
            &mut |key, _| {
                next = key.first_chunk::<8>().map(|ms| u64::from_be_bytes(*ms));
                ENOUGH
            },
        )?;
        Ok(next.and_then(|ms| Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()))
    }

    /// How many notices are in a state; those that were overtaken are in none.
    fn notice_count(&self, state: NoticeState) -> Result<u64, Error> {
        Ok(self.record(Table::NoticeCounts, state.as_str().as_bytes())?.unwrap_or(0))
    }

    /// What is amiss.
    fn alarms(&self) -> Result<Alarms, Error> {
        Ok(self.record(Table::Meta, b"alarms")?.unwrap_or_default())
    }

    /// The key of the seals, once there is one.
    fn seal_key(&self) -> Result<Option<SealKey>, Error> {
        self.record(Table::Meta, b"seal")
    }

    /// What Lotse last sent to itself through a channel.
    fn trip(&self, own: Own, channel: &Name) -> Result<Option<Trip>, Error> {
        self.record(Table::Meta, keys::trip(own, channel).as_bytes())
    }

    /// What Lotse last sent to itself, by channel.
    fn trips(&self, own: Own) -> Result<BTreeMap<Name, Trip>, Error> {
        let (mut trips, mut end, prefix) = (BTreeMap::new(), Vec::new(), keys::trips(own));
        let range = keys::starting_with(prefix.as_bytes(), &mut end);
        self.tables().scan(Table::Meta, range, Order::Forward, &mut |key, value| {
            let name = key.get(prefix.len()..).and_then(|name| std::str::from_utf8(name).ok());
            if let Some(name) = name.and_then(|name| Name::parse(name).ok()) {
                trips.insert(name, codec::decode(Table::Meta, value)?);
            }
            GO_ON
        })?;
        Ok(trips)
    }

    /// How many dead notices are about alarms.
    fn dead_alarms(&self) -> Result<u64, Error> {
        Ok(self.record(Table::NoticeCounts, DEAD_ALARMS)?.unwrap_or(0))
    }

    /// How many dead notices are about leads.
    fn dead_notices_about_leads(&self) -> Result<u64, Error> {
        Ok(self.notice_count(NoticeState::Dead)?.saturating_sub(self.dead_alarms()?))
    }

    /// A team's place in its rotation.
    fn rotation(&self, team: &Name) -> Result<Rotation, Error> {
        rotation(self, team)
    }

    /// What people and calendars said about when owners are away.
    fn absences(&self) -> Result<Arc<Absences>, Error> {
        absences(self)
    }

    /// Leads that somebody must look after by now, longest due first, at most `limit`.
    fn leads_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Id>, Error> {
        let (mut ids, end) = (Vec::new(), keys::due(now, Id::MAX));
        let range = (Bound::Unbounded, Bound::Included(end.as_slice()));
        self.tables().scan(Table::Deadlines, range, Order::Forward, &mut |key, _| {
            ids.extend(keys::last_id(key));
            if ids.len() < limit { GO_ON } else { ENOUGH }
        })?;
        Ok(ids)
    }

    /// When somebody must look after a lead next.
    fn next_deadline(&self) -> Result<Option<Timestamp>, Error> {
        let mut next = None;
        self.tables().scan(Table::Deadlines, (Bound::Unbounded, Bound::Unbounded), Order::Forward, &mut |key, _| {
            next = keys::due_at(key);
            ENOUGH
        })?;
        Ok(next)
    }

    /// How many leads an owner has.
    fn owner_counts(&self, owner: &Name) -> Result<OwnerCounts, Error> {
        owner_counts(self, owner)
    }

    /// Everybody who has leads or ever had some, with how many.
    fn all_owner_counts(&self) -> Result<Vec<(Name, OwnerCounts)>, Error> {
        let mut all = Vec::new();
        let everybody = (Bound::Unbounded, Bound::Unbounded);
        self.tables().scan(Table::OwnerCounts, everybody, Order::Forward, &mut |key, value| {
            if let Ok(owner) = Name::parse(&String::from_utf8_lossy(key)) {
                all.push((owner, codec::decode(Table::OwnerCounts, value)?));
            }
            GO_ON
        })?;
        Ok(all)
    }

    /// Leads after `after` that wait without an owner, oldest first, at most `limit`.
    fn unowned(&self, after: Id, limit: usize) -> Result<Vec<Id>, Error> {
        let (mut ids, first) = (Vec::new(), after.to_bytes());
        let range = (Bound::Excluded(first.as_slice()), Bound::Unbounded);
        self.tables().scan(Table::Unowned, range, Order::Forward, &mut |key, _| {
            ids.extend(keys::last_id(key));
            if ids.len() < limit { GO_ON } else { ENOUGH }
        })?;
        Ok(ids)
    }

    /// How many leads wait without an owner.
    fn unowned_count(&self) -> Result<u64, Error> {
        let mut count = 0;
        self.tables().scan(Table::Unowned, (Bound::Unbounded, Bound::Unbounded), Order::Forward, &mut |_, _| {
            count += 1;
            GO_ON
        })?;
        Ok(count)
    }

    /// The ids at the end of all keys that start with `prefix`, in order.
    fn ids_under(&self, table: Table, prefix: &[u8]) -> Result<Vec<Id>, Error> {
        let (mut ids, mut end) = (Vec::new(), Vec::new());
        self.tables().scan(table, keys::starting_with(prefix, &mut end), Order::Forward, &mut |key, _| {
            ids.extend(keys::last_id(key));
            GO_ON
        })?;
        Ok(ids)
    }

    /// The records of all keys that start with `prefix`, up to `limit`.
    fn records_under<T: DeserializeOwned>(
        &self,
        table: Table,
        prefix: &[u8],
        order: Order,
        limit: usize,
    ) -> Result<Vec<T>, Error> {
        let (mut records, mut end) = (Vec::new(), Vec::new());
        self.tables().scan(table, keys::starting_with(prefix, &mut end), order, &mut |_, value| {
            records.push(codec::decode(table, value)?);
            Ok(if records.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(records)
    }
}

/// A team's place in its rotation, as it is stored.
pub(super) fn rotation(records: &(impl Records + ?Sized), team: &Name) -> Result<Rotation, Error> {
    let key = mistakes::key(Mistake::RotationInMemoryOnly, team.as_str());
    Ok(records.record(Table::Rotations, key.as_bytes())?.unwrap_or_default())
}

/// When owners are away, as it is stored.
pub(super) fn absences(records: &(impl Records + ?Sized)) -> Result<Arc<Absences>, Error> {
    let mut absences: Absences = records.record(Table::Meta, b"absences")?.unwrap_or_default();
    if absences.mark == 0 && !absences.of.is_empty() {
        // Written before there were marks, and never changed since.
        absences.mark = 1;
    }
    Ok(Arc::new(absences))
}

/// How many leads an owner has, as it is stored.
pub(super) fn owner_counts(records: &(impl Records + ?Sized), owner: &Name) -> Result<OwnerCounts, Error> {
    Ok(records.record(Table::OwnerCounts, owner.as_str().as_bytes())?.unwrap_or_default())
}
