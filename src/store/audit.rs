//! Does the store agree with itself? Recomputes what derived tables must hold, and names every
//! difference. Reads only, all in one snapshot: it takes seconds for a large store, and what is
//! deleted meanwhile is not freed before it ends.

use std::collections::{BTreeMap, HashSet};
use std::ops::{Bound, ControlFlow};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::backend::{Order, Table};
use super::records::Records;
use super::rotation::{OwnerCounts, Rotation};
use super::unit::match_keys;
use super::{ENOUGH, Error, GO_ON, Store, View, codec, keys};
use crate::lead::{Decision, Erasure, Id, Intake, Lead, Name, Notice, NoticeState, Outcome, Thread, Touch};

/// Differences that are named at most.
const MOST: usize = 1000;

/// A place where a derived table does not hold what it must.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The table.
    pub table: &'static str,
    /// The entry, as text.
    pub key: String,
    /// What is wrong with it.
    pub text: String,
}

impl Store {
    /// Names every difference between the derived tables and what they are derived from, the first
    /// thousand at most; none: the store agrees with itself.
    pub fn audit(&self) -> Result<Vec<Difference>, Error> {
        self.view(|view| {
            let mut audit = Audit { view, found: Vec::new() };
            audit.leads()?;
            audit.unowned()?;
            audit.deadlines()?;
            audit.match_keys()?;
            audit.touches()?;
            audit.lead_touches()?;
            audit.threads()?;
            audit.notices()?;
            audit.notices_due()?;
            audit.rotations()?;
            Ok(audit.found)
        })
    }
}

struct Audit<'a> {
    view: &'a View<'a>,
    found: Vec<Difference>,
}

impl Audit<'_> {
    fn differ(&mut self, table: Table, key: &impl std::fmt::Display, text: impl Into<String>) {
        if self.found.len() < MOST {
            self.found.push(Difference { table: table.name(), key: key.to_string(), text: text.into() });
        }
    }

    fn keys(&mut self, table: Table, mut each: impl FnMut(&mut Self, &[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let view = self.view;
        view.tables().scan(table, (Bound::Unbounded, Bound::Unbounded), Order::Forward, &mut |key, _| {
            each(self, key)?;
            if self.found.len() < MOST { GO_ON } else { ENOUGH }
        })
    }

    fn records<T: DeserializeOwned>(
        &mut self,
        table: Table,
        mut each: impl FnMut(&mut Self, &[u8], T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let view = self.view;
        view.tables().scan(table, (Bound::Unbounded, Bound::Unbounded), Order::Forward, &mut |key, value| {
            each(self, key, codec::decode(table, value)?)?;
            Ok(if self.found.len() < MOST { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })
    }

    fn has(&self, table: Table, key: &[u8]) -> Result<bool, Error> {
        Ok(self.view.tables().get(table, key)?.is_some())
    }

    /// Each lead has its match keys and all its touches, and counts for its owner.
    fn leads(&mut self) -> Result<(), Error> {
        let mut counts: BTreeMap<Name, OwnerCounts> = BTreeMap::new();
        self.records(Table::Leads, |audit, _, lead: Lead| {
            for key in match_keys(&lead) {
                if !audit.has(Table::MatchKeys, &keys::text_and_id(&key, lead.id))? {
                    audit.differ(Table::MatchKeys, &key, format!("is missing for lead {}", lead.id));
                }
            }
            let touches = audit.view.ids_under(Table::LeadTouches, &lead.id.to_bytes())?.len();
            if usize::try_from(lead.touch_count) != Ok(touches) {
                let text = format!("{touches} touches; the lead says {}", lead.touch_count);
                audit.differ(Table::LeadTouches, &lead.id, text);
            }
            if lead.is_unowned() && !audit.has(Table::Unowned, &lead.id.to_bytes())? {
                audit.differ(Table::Unowned, &lead.id, "waits without an owner and is not listed");
            }
            if let Some(at) = lead.deadline()
                && !audit.has(Table::Deadlines, &keys::due(at, lead.id))?
            {
                audit.differ(Table::Deadlines, &lead.id, "has a deadline and is not listed");
            }
            if let Some(owner) = lead.owner {
                let count = counts.entry(owner).or_default();
                count.owned += 1;
                count.open += u64::from(lead.stage.is_open());
            }
            Ok(())
        })?;
        let mut stored: BTreeMap<Name, OwnerCounts> = BTreeMap::new();
        self.records(Table::OwnerCounts, |audit, key, count| {
            audit.name(Table::OwnerCounts, key).map(|owner| stored.insert(owner, count));
            Ok(())
        })?;
        let owners: HashSet<&Name> = counts.keys().chain(stored.keys()).collect();
        for owner in owners {
            let of = |all: &BTreeMap<Name, OwnerCounts>| all.get(owner).copied().unwrap_or_default();
            let (is, must) = (of(&stored), of(&counts));
            // How many somebody got on one day cannot be told from the leads.
            if (is.open, is.owned) != (must.open, must.owned) {
                let text = format!("{} open of {}; there are {} of {}", is.open, is.owned, must.open, must.owned);
                self.differ(Table::OwnerCounts, owner, text);
            }
        }
        Ok(())
    }

    fn unowned(&mut self) -> Result<(), Error> {
        self.keys(Table::Unowned, |audit, key| {
            let id = keys::last_id(key).unwrap_or(Id::MIN);
            if audit.view.lead(id)?.is_none_or(|lead| !lead.is_unowned()) {
                audit.differ(Table::Unowned, &id, "is listed and does not wait for an owner");
            }
            Ok(())
        })
    }

    fn deadlines(&mut self) -> Result<(), Error> {
        self.keys(Table::Deadlines, |audit, key| {
            let id = keys::last_id(key).unwrap_or(Id::MIN);
            let at = audit.view.lead(id)?.and_then(|lead| lead.deadline());
            if at.is_none_or(|at| keys::due(at, id) != *key) {
                audit.differ(Table::Deadlines, &id, "is listed and has no such deadline");
            }
            Ok(())
        })
    }

    fn name(&mut self, table: Table, key: &[u8]) -> Option<Name> {
        let text = String::from_utf8_lossy(key);
        let name = Name::parse(&text).ok();
        if name.is_none() {
            self.differ(table, &text, "is no name");
        }
        name
    }

    /// Each match key stands for a lead that has it.
    fn match_keys(&mut self) -> Result<(), Error> {
        self.keys(Table::MatchKeys, |audit, key| {
            let text =
                String::from_utf8_lossy(key.get(..key.len().saturating_sub(17)).unwrap_or_default()).into_owned();
            let lead = keys::last_id(key).map(|id| audit.view.lead(id)).transpose()?.flatten();
            match lead {
                None => audit.differ(Table::MatchKeys, &text, "stands for a lead that is not there"),
                Some(lead) if !match_keys(&lead).contains(&text) => {
                    audit.differ(
                        Table::MatchKeys,
                        &text,
                        format!("stands for lead {}, which does not have it", lead.id),
                    );
                }
                Some(_) => {}
            }
            Ok(())
        })
    }

    /// Each touch is listed under its lead, and is one item of the ledger.
    fn touches(&mut self) -> Result<(), Error> {
        self.records(Table::Touches, |audit, _, touch: Touch| {
            if !audit.has(Table::LeadTouches, &keys::pair(touch.lead, touch.id))? {
                audit.differ(Table::LeadTouches, &touch.id, format!("is missing under lead {}", touch.lead));
            }
            if !audit.has(Table::Leads, &touch.lead.to_bytes())? {
                audit.differ(Table::Touches, &touch.id, format!("its lead {} is not there", touch.lead));
            }
            for key in touch.content.thread.iter().flat_map(Thread::keys) {
                if !audit.has(Table::Threads, &keys::text_and_id(&key, touch.id))? {
                    audit.differ(Table::Threads, &touch.id, "is a mail and not found by its names");
                }
            }
            let row: Option<Intake> = audit.view.intake(touch.id)?;
            if !row.is_some_and(|row| became_a_lead(row.outcome)) {
                audit.differ(Table::Touches, &touch.id, "the ledger does not say that it became a lead's");
            }
            Ok(())
        })
    }

    fn lead_touches(&mut self) -> Result<(), Error> {
        self.keys(Table::LeadTouches, |audit, key| {
            let lead = key.first_chunk::<16>().map_or(Id::MIN, |id| Id::from_bytes(*id));
            let id = keys::last_id(key).unwrap_or(Id::MIN);
            if audit.view.touch(id)?.is_none_or(|touch| touch.lead != lead) {
                audit.differ(Table::LeadTouches, &id, format!("is listed under lead {lead} and is not its touch"));
            }
            Ok(())
        })
    }

    /// Each mail that is found by its names is a lead's.
    fn threads(&mut self) -> Result<(), Error> {
        self.keys(Table::Threads, |audit, key| {
            let id = keys::last_id(key).unwrap_or(Id::MIN);
            if audit.view.lead_of(id)?.is_none() {
                audit.differ(Table::Threads, &id, "is found by its names and is no lead's");
            }
            Ok(())
        })
    }

    /// Notices are counted by state; each one that waits is due at some time.
    fn notices(&mut self) -> Result<(), Error> {
        let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
        self.records(Table::Notices, |audit, _, notice: Notice| {
            if !notice.overtaken {
                *counts.entry(notice.state.as_str()).or_default() += 1;
            }
            let due = notice.next_at.map(|at| audit.has(Table::NoticesDue, &keys::due(at, notice.id))).transpose()?;
            if notice.state == NoticeState::Pending && due != Some(true) {
                audit.differ(Table::NoticesDue, &notice.id, "waits and is never due");
            }
            Ok(())
        })?;
        for state in NoticeState::ALL {
            let (is, must) = (self.view.notice_count(state)?, counts.get(state.as_str()).copied().unwrap_or(0));
            if is != must {
                self.differ(Table::NoticeCounts, &state.as_str(), format!("{is}; there are {must}"));
            }
        }
        Ok(())
    }

    fn notices_due(&mut self) -> Result<(), Error> {
        self.keys(Table::NoticesDue, |audit, key| {
            let id = keys::last_id(key).unwrap_or(Id::MIN);
            let notice = audit.view.notice(id)?.filter(|notice| notice.state == NoticeState::Pending);
            if notice.and_then(|notice| notice.next_at).is_none_or(|at| keys::due(at, id) != *key) {
                audit.differ(Table::NoticesDue, &id, "is due and does not wait, or not for this time");
            }
            Ok(())
        })
    }

    /// Each turn that a decision tells of was counted in its team's rotation, and no others but
    /// those of leads that were erased.
    fn rotations(&mut self) -> Result<(), Error> {
        let mut turns: BTreeMap<(Name, Name), u64> = BTreeMap::new();
        self.records(Table::Decisions, |_, _, decision: Decision| {
            if let (Some(team), Some(owner)) = (&decision.routing.team, decision.routing.turn()) {
                *turns.entry((team.clone(), owner.clone())).or_default() += 1;
            }
            Ok(())
        })?;
        self.records(Table::Erasures, |_, _, erasure: Erasure| {
            for (team, owners) in erasure.turns {
                for (owner, count) in owners {
                    *turns.entry((team.clone(), owner)).or_default() += count;
                }
            }
            Ok(())
        })?;
        let mut beyond = 0;
        let mut counted = BTreeMap::new();
        self.records(Table::Rotations, |audit, key, rotation: Rotation| {
            if let Some(team) = audit.name(Table::Rotations, key) {
                for seat in rotation.seats {
                    counted.insert((team.clone(), seat.owner), seat.turns);
                }
            }
            Ok(())
        })?;
        for (of, must) in &turns {
            let is = counted.get(of).copied().unwrap_or(0);
            if is < *must {
                self.differ(Table::Rotations, &of.0, format!("{is} turns of {}; decisions tell of {must}", of.1));
            }
        }
        for (of, is) in &counted {
            beyond += is.saturating_sub(turns.get(of).copied().unwrap_or(0));
        }
        let erased = self.erased()?;
        if beyond > erased {
            let text = format!("{beyond} turns that no decision tells of, and {erased} items of erased leads");
            self.differ(Table::Rotations, &"all teams", text);
        }
        Ok(())
    }

    /// Items that became a lead's which is not there any more, and of which no erasure tells.
    fn erased(&mut self) -> Result<u64, Error> {
        let mut erased = 0;
        self.records(Table::Intakes, |audit, _, row: Intake| {
            let there = row.lead.map(|lead| audit.has(Table::Leads, &lead.to_bytes())).transpose()?;
            let told = row.erased_at.is_some();
            erased += u64::from(became_a_lead(row.outcome) && there != Some(true) && !told);
            Ok(())
        })?;
        Ok(erased)
    }
}

fn became_a_lead(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Created | Outcome::Touched)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::disk::Disk;

    fn first() -> Store {
        let bytes = include_bytes!("../../tests/fixtures/store/format-1.redb.zst");
        Store::on(Disk::holding(zstd::decode_all(&bytes[..]).unwrap())).unwrap()
    }

    /// The first key of a table, with its value.
    fn entry(store: &Store, table: Table) -> (Vec<u8>, Vec<u8>) {
        let mut found = None;
        let everything = (Bound::Unbounded, Bound::Unbounded);
        let look = |view: &View<'_>| {
            view.tables().scan(table, everything, Order::Forward, &mut |key, value| {
                found = Some((key.to_vec(), value.to_vec()));
                ENOUGH
            })
        };
        store.view(look).unwrap();
        found.unwrap()
    }

    #[test]
    fn an_entry_that_is_missing_from_a_derived_table_is_named() {
        for table in [
            Table::MatchKeys,
            Table::LeadTouches,
            Table::OwnerCounts,
            Table::NoticeCounts,
            Table::NoticesDue,
            Table::Rotations,
        ] {
            let store = first();
            let (key, _) = entry(&store, table);
            store.backend.write(&mut |tables| tables.remove(table, &key)).unwrap();
            let found = store.audit().unwrap();
            assert!(found.iter().any(|difference| difference.table == table.name()), "{table:?}: {found:?}");
        }
    }

    #[test]
    fn an_entry_too_many_is_named() {
        for (table, key) in [
            (Table::MatchKeys, keys::text_and_id("email:nobody@x.example", Id::MIN)),
            (Table::LeadTouches, keys::pair(Id::MIN, Id::MIN).to_vec()),
            (Table::NoticesDue, keys::due(Timestamp::UNIX_EPOCH, Id::MIN).to_vec()),
            (Table::Unowned, Id::MIN.to_bytes().to_vec()),
            (Table::Deadlines, keys::due(Timestamp::UNIX_EPOCH, Id::MIN).to_vec()),
            (Table::Threads, keys::text_and_id("message:1@x", Id::MIN)),
        ] {
            let store = first();
            store.backend.write(&mut |tables| tables.put(table, &key, b"")).unwrap();
            let found = store.audit().unwrap();
            assert_eq!(found.iter().map(|difference| difference.table).collect::<Vec<_>>(), [table.name()]);
        }
    }

    #[test]
    fn a_turn_that_nobody_got_a_lead_by_is_named() {
        let store = first();
        let team = Name::parse("sales").unwrap();
        let stolen = store.unit(Timestamp::now(), |unit| {
            let mut rotation = unit.rotation(&team)?;
            rotation.seats[0].turns += 1;
            unit.put_rotation(&team, &rotation)
        });
        stolen.unwrap();
        assert_eq!(store.audit().unwrap()[0].table, "rotations");
    }
}
