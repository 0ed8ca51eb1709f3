//! Taking out what says who somebody was, and keeping what recognises it when it comes again.

use jiff::Timestamp;
use serde_json::Value;

use super::backend::{Order, Table};
use super::memory::Known;
use super::records::{ERASED, Records};
use super::unit::{Unit, match_keys};
use super::{Error, GO_ON, codec, keys, originals, renew};
use crate::lead::{Erasure, Id, Lead, Notice, Original, Thread, Touch, Turns};

impl Unit<'_> {
    /// Removes a lead with its keys, touches, decisions and history. What the rotations have counted for it
    /// stays, and is added to `turns`.
    pub fn remove_lead(&mut self, lead: &Lead, turns: &mut Turns) -> Result<(), Error> {
        for decision in self.decisions(lead.id)? {
            if let (Some(team), Some(owner)) = (&decision.routing.team, decision.routing.turn()) {
                *turns.entry(team.clone()).or_default().entry(owner.clone()).or_default() += 1;
            }
        }
        for key in match_keys(lead) {
            self.tables.remove(Table::MatchKeys, &keys::text_and_id(&key, lead.id))?;
        }
        self.count(Some(lead), -1)?;
        if let Some(at) = lead.deadline() {
            self.tables.remove(Table::Deadlines, &keys::due(at, lead.id))?;
        }
        let id = lead.id.to_bytes();
        self.tables.remove(Table::Unowned, &id)?;
        for touch in self.touches(lead.id)? {
            for key in touch.content.thread.iter().flat_map(Thread::keys) {
                self.tables.remove(Table::Threads, &keys::text_and_id(&key, touch.id))?;
            }
            self.tables.remove(Table::Touches, &touch.id.to_bytes())?;
        }
        for table in [Table::LeadTouches, Table::Decisions, Table::Timeline] {
            self.remove_under(table, &id)?;
        }
        self.tables.remove(Table::Leads, &id)
    }

    fn remove_under(&mut self, table: Table, prefix: &[u8]) -> Result<(), Error> {
        let (mut found, mut end) = (Vec::new(), Vec::new());
        self.tables.scan(table, keys::starting_with(prefix, &mut end), Order::Forward, &mut |key, _| {
            found.push(key.to_vec());
            GO_ON
        })?;
        found.iter().try_for_each(|key| self.tables.remove(table, key))
    }

    /// Removes what was received; with `instead`, keeps that.
    pub fn replace_original(&mut self, intake: Id, instead: Option<&Original>) -> Result<(), Error> {
        originals::remove(self.tables, intake)?;
        instead.map_or(Ok(()), |original| self.keep_original(intake, original))
    }

    /// Removes a notice: it is not sent any more.
    pub fn remove_notice(&mut self, notice: &Notice) -> Result<(), Error> {
        self.count_notice(notice, -1)?;
        if let Some(at) = notice.next_at {
            self.tables.remove(Table::NoticesDue, &keys::due(at, notice.id))?;
        }
        self.tables.remove(Table::Notices, &notice.id.to_bytes())
    }

    /// Forgets under which name a mail of or to a lead was found; `key` as it stands in the table.
    pub fn forget_thread(&mut self, key: &[u8]) -> Result<(), Error> {
        self.tables.remove(Table::Threads, key)
    }

    /// Puts a stand-in in the place of an item's identity: it is still recognised, and says nothing.
    pub fn hide_delivery(&mut self, identity: &str) -> Result<(), Error> {
        // A stand-in of an earlier erasure stays.
        if identity.starts_with(&keys::erased_delivery("")) {
            return Ok(());
        }
        let Some(delivered) = self.tables.as_read().get(Table::Deliveries, identity.as_bytes())? else {
            return Ok(());
        };
        let stand_in = keys::erased_delivery(&self.own_seal_key()?.stand_in(identity));
        self.tables.remove(Table::Deliveries, identity.as_bytes())?;
        self.tables.put(Table::Deliveries, stand_in.as_bytes(), &delivered)
    }

    /// Strikes out of a record: every text goes through `strike`, which answers what it becomes. Entries of a
    /// lead's lists of people whose address is struck go as a whole. Whether anything was struck.
    pub fn strike(&mut self, table: Table, key: &[u8], strike: &dyn Fn(&str) -> String) -> Result<bool, Error> {
        let Some(bytes) = self.tables.as_read().get(table, key)? else { return Ok(false) };
        let before: Value = codec::decode(table, &bytes)?;
        let mut value = before.clone();
        if table == Table::Leads {
            for list in ["others", "failing"] {
                if let Some(people) = value.get_mut(list).and_then(Value::as_array_mut) {
                    people.retain(|one| one["email"].as_str().is_none_or(|email| strike(email) == email));
                }
            }
        }
        strike_all(&mut value, strike);
        if value == before {
            return Ok(false);
        }
        let struck = codec::encode(table, &value)?;
        match table {
            Table::Leads => self.put_lead(&codec::decode(table, &struck)?)?,
            Table::Touches => {
                let before: Touch = codec::decode(table, &bytes)?;
                for key in before.content.thread.iter().flat_map(Thread::keys) {
                    self.tables.remove(Table::Threads, &keys::text_and_id(&key, before.id))?;
                }
                self.add_touch(&codec::decode(table, &struck)?)?;
            }
            _ => {
                self.tables.put(table, key, &struck)?;
                // It may know what was struck.
                self.known = Known::default();
            }
        }
        Ok(true)
    }

    /// Writes down that somebody was erased: which leads, and by which addresses and numbers (`email:…`,
    /// `phone:…`) they are known should a list name them again. Of these only stand-ins are kept.
    pub fn put_erasure(&mut self, erasure: &Erasure, leads: &[Id], person: &[String]) -> Result<(), Error> {
        self.put(Table::Meta, ERASED, &true)?;
        self.put(Table::Meta, renew::DUE, &true)?;
        self.put(Table::Erasures, &erasure.id.to_bytes(), erasure)?;
        for lead in leads {
            self.put(Table::Erased, keys::erased_lead(*lead).as_bytes(), &erasure.id)?;
        }
        let key = self.own_seal_key()?;
        for one in person {
            self.put(Table::Erased, keys::erased_person(&key.stand_in(one)).as_bytes(), &erasure.at)?;
        }
        Ok(())
    }
}

fn strike_all(value: &mut Value, strike: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = strike(text),
        Value::Array(items) => items.iter_mut().for_each(|item| strike_all(item, strike)),
        Value::Object(entries) => {
            let before = std::mem::take(entries);
            for (name, mut value) in before {
                strike_all(&mut value, strike);
                entries.insert(strike(&name), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The day and time of an erasure, as it stands in the reasons of rows.
#[must_use]
pub fn erased_on(at: Timestamp) -> String {
    format!("erased on {at:.0}")
}
