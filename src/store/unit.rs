//! One unit of work: everything that is committed together.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::backend::{Read, Table, Write};
use super::memory::Known;
use super::records::{self, DEAD_ALARMS, Delivered, Records};
use super::rotation::{Absences, OwnerCounts, Rotation};
use super::{Error, codec, fresh, keys, originals};
use crate::lead::{
    Alarms, Decision, Id, Intake, Lead, Name, Notice, NoticeState, Original, Own, Place, SealKey, Thread,
    TimelineEntry, Touch, Trip,
};
use crate::mistakes::{self, Mistake};

/// One unit of work on the store; what it writes, it also reads back.
pub struct Unit<'a> {
    pub(super) tables: &'a mut dyn Write,
    now: Timestamp,
    last: Id,
    pub(super) known: Known,
}

impl Records for Unit<'_> {
    fn tables(&self) -> &dyn Read {
        self.tables.as_read()
    }

    fn rotation(&self, team: &Name) -> Result<Rotation, Error> {
        if let Some(rotation) = self.known.rotations.borrow().get(team) {
            return Ok(rotation.clone());
        }
        let rotation = records::rotation(self, team)?;
        self.known.rotations.borrow_mut().insert(team.clone(), rotation.clone());
        Ok(rotation)
    }

    fn absences(&self) -> Result<Arc<Absences>, Error> {
        if let Some(absences) = &*self.known.absences.borrow() {
            return Ok(Arc::clone(absences));
        }
        let absences = records::absences(self)?;
        *self.known.absences.borrow_mut() = Some(Arc::clone(&absences));
        Ok(absences)
    }

    fn owner_counts(&self, owner: &Name) -> Result<OwnerCounts, Error> {
        if let Some(counts) = self.known.counts.borrow().get(owner) {
            return Ok(*counts);
        }
        let counts = records::owner_counts(self, owner)?;
        self.known.counts.borrow_mut().insert(owner.clone(), counts);
        Ok(counts)
    }
}

impl<'a> Unit<'a> {
    pub(super) fn begin(tables: &'a mut dyn Write, now: Timestamp, known: Known) -> Result<Self, Error> {
        let mut unit = Self { tables, now, last: Id::MIN, known };
        unit.last = unit.record(Table::Meta, b"last_id")?.unwrap_or(Id::MIN);
        Ok(unit)
    }

    /// Ends it, before the commit; what it knows is true if that succeeds.
    pub(super) fn end(mut self) -> Result<Known, Error> {
        let last = self.last;
        self.put(Table::Meta, b"last_id", &last)?;
        Ok(self.known)
    }

    /// The time of this unit.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A new id, later than every id before it.
    pub fn new_id(&mut self) -> Id {
        self.last = fresh(self.last, self.now);
        self.last
    }

    pub(super) fn set_format(&mut self, format: u32) -> Result<(), Error> {
        self.put(Table::Meta, b"format", &format)
    }

    /// Stores a lead, new or changed, with its match keys and its owner's counts.
    pub fn put_lead(&mut self, lead: &Lead) -> Result<(), Error> {
        let before = self.lead(lead.id)?;
        let old_keys = before.as_ref().map(match_keys).unwrap_or_default();
        let new_keys = if mistakes::made(Mistake::LeadWithoutMatchKeys) { Vec::new() } else { match_keys(lead) };
        for key in old_keys.iter().filter(|key| !new_keys.contains(key)) {
            self.tables.remove(Table::MatchKeys, &keys::text_and_id(key, lead.id))?;
        }
        for key in new_keys.iter().filter(|key| !old_keys.contains(key)) {
            self.tables.put(Table::MatchKeys, &keys::text_and_id(key, lead.id), b"")?;
        }
        self.count(before.as_ref(), -1)?;
        self.count(Some(lead), 1)?;
        self.list_if_unowned(lead)?;
        self.list_deadline(before.as_ref(), lead)?;
        self.put(Table::Leads, &lead.id.to_bytes(), lead)
    }

    /// Adds a lead to, or takes it from, its owner's counts.
    pub(super) fn count(&mut self, lead: Option<&Lead>, by: i64) -> Result<(), Error> {
        let Some((lead, owner)) = lead.and_then(|lead| Some((lead, lead.owner.clone()?))) else { return Ok(()) };
        let mut counts = self.owner_counts(&owner)?;
        counts.owned = counts.owned.saturating_add_signed(by);
        if lead.stage.is_open() {
            counts.open = counts.open.saturating_add_signed(by);
        }
        self.put_counts(&owner, counts)
    }

    fn put_counts(&mut self, owner: &Name, counts: OwnerCounts) -> Result<(), Error> {
        self.known.counts.get_mut().insert(owner.clone(), counts);
        self.put(Table::OwnerCounts, owner.as_str().as_bytes(), &counts)
    }

    pub(super) fn list_if_unowned(&mut self, lead: &Lead) -> Result<(), Error> {
        if lead.is_unowned() {
            self.tables.put(Table::Unowned, &lead.id.to_bytes(), b"")
        } else {
            self.tables.remove(Table::Unowned, &lead.id.to_bytes())
        }
    }

    fn list_deadline(&mut self, before: Option<&Lead>, lead: &Lead) -> Result<(), Error> {
        if let Some(at) = before.and_then(Lead::deadline) {
            self.tables.remove(Table::Deadlines, &keys::due(at, lead.id))?;
        }
        match lead.deadline() {
            Some(at) => self.tables.put(Table::Deadlines, &keys::due(at, lead.id), b""),
            None => Ok(()),
        }
    }

    /// Counts a lead that somebody got on a day, by their clock.
    pub fn count_given(&mut self, owner: &Name, day: Date) -> Result<(), Error> {
        let mut counts = self.owner_counts(owner)?;
        counts.today = counts.on(day).saturating_add(1);
        counts.day = Some(day);
        self.put_counts(owner, counts)
    }

    /// Writes down when owners are away.
    pub fn put_absences(&mut self, absences: Absences) -> Result<(), Error> {
        let absences = Absences { mark: rand::random_range(2..u64::MAX), ..absences };
        self.put(Table::Meta, b"absences", &absences)?;
        *self.known.absences.get_mut() = Some(Arc::new(absences));
        Ok(())
    }

    /// Adds the keys that a lead has and that are not there yet.
    pub(super) fn add_keys(&mut self, lead: Id, keys: &[String]) -> Result<(), Error> {
        keys.iter().try_for_each(|key| self.tables.put(Table::MatchKeys, &keys::text_and_id(key, lead), b""))
    }

    /// Makes a mail of or to a lead known to the mails that will answer it.
    pub fn add_to_thread(&mut self, intake: Id, thread: &Thread) -> Result<(), Error> {
        thread.keys().iter().try_for_each(|key| self.tables.put(Table::Threads, &keys::text_and_id(key, intake), b""))
    }

    /// Attaches a touch to its lead.
    pub fn add_touch(&mut self, touch: &Touch) -> Result<(), Error> {
        if let Some(thread) = &touch.content.thread {
            self.add_to_thread(touch.id, thread)?;
        }
        self.tables.put(Table::LeadTouches, &keys::pair(touch.lead, touch.id), b"")?;
        self.put(Table::Touches, &touch.id.to_bytes(), touch)
    }

    /// Writes a ledger row.
    pub fn put_intake(&mut self, intake: &Intake) -> Result<(), Error> {
        self.put(Table::Intakes, &intake.id.to_bytes(), intake)
    }

    /// Keeps what was received.
    pub fn keep_original(&mut self, intake: Id, original: &Original) -> Result<(), Error> {
        originals::put(self.tables, intake, original)
    }

    /// Remembers an item, so that it is recognised when it comes again.
    pub fn remember(&mut self, identity: &str, delivered: &Delivered) -> Result<(), Error> {
        let key = mistakes::key(Mistake::RedeliveryForgottenAfterRestart, identity);
        self.put(Table::Deliveries, key.as_bytes(), delivered)
    }

    /// Moves a channel's place.
    pub fn keep_place(&mut self, channel: &Name, place: &Place) -> Result<(), Error> {
        if place.after.is_some() && place.after != self.place(channel, &place.key)? {
            return Ok(());
        }
        let key = keys::place(channel, &place.key);
        match &place.value {
            Some(value) => self.put(Table::Places, &key, value),
            None => self.tables.remove(Table::Places, &key),
        }
    }

    /// Writes down a decision.
    pub fn add_decision(&mut self, decision: &Decision) -> Result<(), Error> {
        self.put(Table::Decisions, &keys::pair(decision.lead, decision.id), decision)
    }

    /// Adds a line to a lead's history.
    pub fn add_event(&mut self, lead: Id, by: &str, event: &str, text: String) -> Result<(), Error> {
        let id = self.new_id();
        let entry = TimelineEntry { id, at: self.now, by: by.to_owned(), event: event.to_owned(), text };
        self.put(Table::Timeline, &keys::pair(lead, id), &entry)
    }

    /// Writes a notice, new or changed; a pending one is due at its `next_at`.
    pub fn put_notice(&mut self, notice: &Notice) -> Result<(), Error> {
        if let Some(before) = self.notice(notice.id)? {
            self.count_notice(&before, -1)?;
            if let Some(at) = before.next_at {
                self.tables.remove(Table::NoticesDue, &keys::due(at, notice.id))?;
            }
        }
        self.count_notice(notice, 1)?;
        if let (NoticeState::Pending, Some(at)) = (notice.state, notice.next_at) {
            self.tables.put(Table::NoticesDue, &keys::due(at, notice.id), b"")?;
        }
        self.put(Table::Notices, &notice.id.to_bytes(), notice)
    }

    pub(super) fn count_notice(&mut self, notice: &Notice, by: i64) -> Result<(), Error> {
        if notice.overtaken {
            return Ok(());
        }
        let count = self.notice_count(notice.state)?.saturating_add_signed(by);
        self.put(Table::NoticeCounts, notice.state.as_str().as_bytes(), &count)?;
        if notice.alarm.is_some() && notice.state == NoticeState::Dead {
            let count = self.dead_alarms()?.saturating_add_signed(by);
            self.put(Table::NoticeCounts, DEAD_ALARMS, &count)?;
        }
        Ok(())
    }

    /// Writes down what is amiss.
    pub fn put_alarms(&mut self, alarms: &Alarms) -> Result<(), Error> {
        self.put(Table::Meta, b"alarms", alarms)
    }

    /// The key of the seals; the first who needs one makes it.
    pub fn own_seal_key(&mut self) -> Result<SealKey, Error> {
        if let Some(key) = self.seal_key()? {
            return Ok(key);
        }
        let key = SealKey::fresh();
        self.put(Table::Meta, b"seal", &key)?;
        Ok(key)
    }

    /// Writes down what Lotse sent to itself through a channel.
    pub fn put_trip(&mut self, own: Own, channel: &Name, trip: &Trip) -> Result<(), Error> {
        self.put(Table::Meta, keys::trip(own, channel).as_bytes(), trip)
    }

    /// Forgets what Lotse sent to itself through a channel.
    pub fn forget_trip(&mut self, own: Own, channel: &Name) -> Result<(), Error> {
        self.tables.remove(Table::Meta, keys::trip(own, channel).as_bytes())
    }

    /// Moves a team's rotation.
    pub fn put_rotation(&mut self, team: &Name, rotation: &Rotation) -> Result<(), Error> {
        let key = mistakes::key(Mistake::RotationInMemoryOnly, team.as_str());
        self.known.rotations.get_mut().insert(team.clone(), rotation.clone());
        self.put(Table::Rotations, key.as_bytes(), rotation)
    }

    pub(super) fn put<T: Serialize>(&mut self, table: Table, key: &[u8], record: &T) -> Result<(), Error> {
        self.tables.put(table, key, &codec::encode(table, record)?)
    }
}

/// What makes a lead recognisable: its addresses and numbers, and while somebody works it its company.
pub(super) fn match_keys(lead: &Lead) -> Vec<String> {
    let emails = lead.person.emails.iter().map(|email| format!("email:{email}"));
    let phones = lead.person.phones.iter().map(|phone| format!("phone:{phone}"));
    let worked = lead.owner.is_some() && lead.stage.is_open();
    let company = lead.person.domain.iter().filter(|_| worked).map(|domain| format!("company:{domain}"));
    emails.chain(phones).chain(company).collect()
}
