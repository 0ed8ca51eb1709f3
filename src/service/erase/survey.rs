//! What an erasure takes out: found before, beside the writer, so that new items need not wait for it.
//!
//! In: whom. Out: a [`Plan`] of leads, items and records, as they stood then. The writer finds out whether
//! anything has come since.

use std::collections::{BTreeMap, BTreeSet};

use super::Whom;
use super::traces::Traces;
use crate::lead::{Email, Id, Intake, Lead, Notice, Original, Outcome, Phone, Reading};
use crate::normalize::{Reader, Readers, Trust, robot};
use crate::service::Error;
use crate::store::{self, Delivered, Records, Store, Table};

/// What goes, and what is struck out of what stays.
pub(super) struct Plan {
    /// The newest id when it was made.
    pub(super) upto: Id,
    /// The leads, as they were.
    pub(super) leads: Vec<Lead>,
    /// Somebody's addresses and numbers that no other lead has.
    pub(super) emails: Vec<Email>,
    /// The same for numbers.
    pub(super) phones: Vec<Phone>,
    /// Finds them.
    pub(super) traces: Traces,
    /// Chats and bookings in which the leads stand: what operators write there goes, too.
    conversations: BTreeSet<String>,
    /// Rows of the ledger whose items go.
    pub(super) items: BTreeSet<Id>,
    /// What is left of the originals of others' items.
    pub(super) originals: BTreeMap<Id, Option<Original>>,
    /// Records about others in which something may be struck.
    pub(super) records: Vec<(Table, Vec<u8>)>,
    /// Identities of items that go, and those that name somebody.
    pub(super) identities: Vec<String>,
    /// Names under which mails that go are found.
    pub(super) threads: Vec<Vec<u8>>,
    /// Notices about the leads.
    pub(super) notices: BTreeSet<Id>,
    /// Items that name nobody as they stand, and may do so once they are read.
    unread: BTreeSet<Id>,
}

impl Plan {
    /// `email:…` and `phone:…`.
    pub(super) fn person(&self) -> Vec<String> {
        let emails = self.emails.iter().map(|email| format!("email:{email}"));
        emails.chain(self.phones.iter().map(|phone| format!("phone:{phone}"))).collect()
    }

    /// Whether there is nothing to search for.
    fn is_nameless(&self) -> bool {
        self.emails.is_empty() && self.phones.is_empty()
    }

    pub(super) fn has_lead(&self, id: Id) -> bool {
        self.leads.iter().any(|lead| lead.id == id)
    }

    /// Finds the leads, and what names them as it stands.
    pub(super) fn begin(store: &Store, reader: &Reader, whom: &Whom) -> Result<Self, Error> {
        let (upto, leads, emails, phones, conversations) = store.view(|view| {
            let leads = leads_of(whom, view)?;
            let (emails, phones) = whole_person(whom, &leads, reader, view)?;
            let mut conversations = BTreeSet::new();
            for lead in &leads {
                for touch in view.touches(lead.id)? {
                    conversations.extend(touch.content.thread.into_iter().flat_map(|thread| thread.conversations));
                }
            }
            Ok((view.last_id()?, leads, emails, phones, conversations))
        })?;
        let traces = Traces::of(&emails, &phones)
            .map_err(|error| Error::Invalid(format!("cannot search for so many addresses and numbers: {error}")))?;
        let mut plan = Self {
            upto,
            leads,
            emails,
            phones,
            traces,
            conversations,
            items: BTreeSet::new(),
            originals: BTreeMap::new(),
            records: Vec::new(),
            identities: Vec::new(),
            threads: Vec::new(),
            notices: BTreeSet::new(),
            unread: BTreeSet::new(),
        };
        if let Whom::Item(id) = whom {
            plan.items.insert(*id);
        }
        plan.find_items(store)?;
        if !plan.is_nameless() || !plan.conversations.is_empty() {
            plan.find_originals(store)?;
        }
        Ok(plan)
    }

    /// The rows of the leads, and repetitions of their items.
    fn find_items(&mut self, store: &Store) -> Result<(), store::Error> {
        let leads: BTreeSet<Id> = self.leads.iter().map(|lead| lead.id).collect();
        store.view(|view| {
            for lead in &leads {
                self.items.extend(view.ids_under(Table::LeadTouches, &lead.to_bytes())?);
            }
            Ok(())
        })?;
        store.each_record(Table::Intakes, |_, row: Intake, plain| {
            let theirs = row.lead.is_some_and(|lead| leads.contains(&lead))
                || row.same_as.is_some_and(|first| self.items.contains(&first));
            if theirs {
                self.items.insert(row.id);
            } else if self.traces.may_be_in(plain) {
                self.records.push((Table::Intakes, row.id.to_bytes().to_vec()));
            }
            Ok(())
        })
    }

    /// Items of nobody's that name them go; of others' items they are struck out.
    fn find_originals(&mut self, store: &Store) -> Result<(), store::Error> {
        let mut named_in_touch = BTreeSet::new();
        store.each_entry(Table::Touches, |key, plain| {
            let id = <[u8; 16]>::try_from(key).map_or(Id::MIN, Id::from_bytes);
            if !self.items.contains(&id) && self.traces.may_be_in(plain) {
                named_in_touch.insert(id);
                self.records.push((Table::Touches, key.to_vec()));
            }
            Ok(())
        })?;
        store.each_original(|id, original| {
            if self.items.contains(&id) {
                return Ok(());
            }
            let named = self.name_them(&original);
            let (row, touched) = store.view(|view| Ok((view.intake(id)?, view.touch(id)?.is_some())))?;
            let another = row.and_then(|row| row.lead).is_some();
            match (named, another) {
                (true, false) => _ = self.items.insert(id),
                (true, true) => _ = self.originals.insert(id, Some(self.strike(original))),
                // What a lead's touch says was read from all of its item.
                (false, _) if !touched || named_in_touch.contains(&id) => _ = self.unread.insert(id),
                (false, _) => {}
            }
            Ok(())
        })
    }

    fn name_them(&self, original: &Original) -> bool {
        self.traces.are_in(&original.bytes) || original.headers.values().any(|text| self.traces.are_in(text.as_bytes()))
    }

    fn strike(&self, original: Original) -> Original {
        Original {
            content_type: original.content_type,
            headers: original.headers.into_iter().map(|(name, text)| (name, self.traces.strike(&text))).collect(),
            bytes: self.traces.strike_bytes(&original.bytes),
        }
    }

    /// Reads what names nobody as it stands (a text in base64), and what is left of others' items.
    pub(super) async fn read(&mut self, store: &Store, readers: &Readers) -> Result<(), Error> {
        for id in std::mem::take(&mut self.unread) {
            let found = store.view(|view| Ok(view.intake(id)?.zip(view.original(id)?)))?;
            let Some((row, original)) = found else { continue };
            let another = row.lead.is_some();
            if !self.is_named_in(&row, original, readers).await {
                continue;
            }
            if another {
                self.originals.insert(id, None);
            } else {
                self.items.insert(id);
            }
        }
        let left: Vec<Id> = self.originals.iter().filter(|(_, left)| left.is_some()).map(|(id, _)| *id).collect();
        for id in left {
            let row = store.view(|view| view.intake(id))?;
            let original = self.originals.get(&id).cloned().flatten();
            if let Some((row, original)) = row.zip(original)
                && self.is_named_in(&row, original, readers).await
            {
                self.originals.insert(id, None);
            }
        }
        Ok(())
    }

    async fn is_named_in(&self, row: &Intake, original: Original, readers: &Readers) -> bool {
        let prepared = readers.read(row.inbound(original), Trust::Released).await;
        let (said, thread) = match prepared.reading {
            Reading::Lead(content) => (serde_json::to_vec(&content), content.thread),
            Reading::Aside(aside) => (serde_json::to_vec(&aside), aside.content.thread),
            Reading::Noise(_) | Reading::Unclear(_) => return false,
        };
        let mut conversations = thread.into_iter().flat_map(|thread| thread.conversations);
        let theirs = row.lead.is_none() && row.outcome == Outcome::Ignored;
        if theirs && conversations.any(|name| self.conversations.contains(&name)) {
            return true;
        }
        // What cannot be looked at may name them.
        said.is_ok_and(|said| self.traces.are_in(&said))
    }

    /// Finds what else hangs on the items and leads, or names them.
    pub(super) fn end(&mut self, store: &Store) -> Result<(), store::Error> {
        let leads: BTreeSet<Id> = self.leads.iter().map(|lead| lead.id).collect();
        let gone = |key: &[u8], items: &BTreeSet<Id>| {
            key.last_chunk::<16>().is_some_and(|id| items.contains(&Id::from_bytes(*id)))
        };
        // Repetitions of items that were found since the rows were looked through.
        store.each_record(Table::Intakes, |_, row: Intake, _| {
            if row.same_as.is_some_and(|first| self.items.contains(&first)) {
                self.items.insert(row.id);
            }
            Ok(())
        })?;
        store.each_record(Table::Deliveries, |key, delivered: Delivered, _| {
            if self.items.contains(&delivered.intake) || self.traces.may_be_in(key) {
                self.identities.push(String::from_utf8_lossy(key).into_owned());
            }
            Ok(())
        })?;
        store.each_entry(Table::Threads, |key, _| {
            if gone(key, &self.items) || self.traces.may_be_in(key) {
                self.threads.push(key.to_vec());
            }
            Ok(())
        })?;
        store.each_record(Table::Notices, |key, notice: Notice, plain| {
            if notice.lead.is_some_and(|lead| leads.contains(&lead)) {
                self.notices.insert(notice.id);
            } else if self.traces.may_be_in(plain) {
                self.records.push((Table::Notices, key.to_vec()));
            }
            Ok(())
        })?;
        for table in [Table::Leads, Table::Timeline, Table::Decisions, Table::Meta] {
            store.each_entry(table, |key, plain| {
                let lead = key.first_chunk::<16>().map(|id| Id::from_bytes(*id));
                let theirs = table != Table::Meta && lead.is_some_and(|lead| leads.contains(&lead));
                if !theirs && key != b"seal" && self.traces.may_be_in(plain) {
                    self.records.push((table, key.to_vec()));
                }
                Ok(())
            })?;
        }
        self.originals.retain(|id, _| !self.items.contains(id));
        let items = &self.items;
        self.records.retain(|(table, key)| *table != Table::Intakes || !gone(key, items));
        Ok(())
    }

    /// Whether anything about them has come or changed since the plan was made.
    pub(super) fn is_overtaken(&self, whom: &Whom, records: &impl Records) -> Result<bool, store::Error> {
        let leads = leads_of(whom, records)?;
        let same = leads.len() == self.leads.len()
            && leads.iter().zip(&self.leads).all(|(now, then)| {
                (now.id, &now.person.emails, &now.person.phones) == (then.id, &then.person.emails, &then.person.phones)
            });
        if !same {
            return Ok(true);
        }
        // One that a person released has a lead now.
        for id in &self.items {
            if records.touch(*id)?.is_some_and(|touch| !self.has_lead(touch.lead)) {
                return Ok(true);
            }
        }
        for row in records.intakes_after(self.upto, usize::MAX)? {
            let theirs = row.lead.is_some_and(|lead| self.has_lead(lead))
                || row.same_as.is_some_and(|first| self.items.contains(&first));
            if theirs || records.original(row.id)?.is_some_and(|original| self.name_them(&original)) {
                return Ok(true);
            }
            let touch = records.tables().get(Table::Touches, &row.id.to_bytes())?;
            if touch.is_some() && records.touch(row.id)?.is_some_and(|touch| self.touch_names_them(&touch)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn touch_names_them(&self, touch: &crate::lead::Touch) -> bool {
        serde_json::to_vec(touch).is_ok_and(|text| self.traces.are_in(&text))
    }
}

/// The leads of somebody, oldest first.
fn leads_of(whom: &Whom, records: &impl Records) -> Result<Vec<Lead>, store::Error> {
    let mut ids = match whom {
        Whom::Lead(id) => vec![*id],
        Whom::Item(_) => Vec::new(),
        Whom::Email(email) => records.leads_with(&format!("email:{email}"), usize::MAX)?,
        Whom::Phone(phone) => records.leads_with(&format!("phone:{phone}"), usize::MAX)?,
    };
    ids.sort_unstable();
    let mut leads = Vec::new();
    for id in ids {
        leads.extend(records.lead(id)?);
    }
    Ok(leads)
}

/// All addresses and numbers of these leads that are theirs alone: a program's, one of our own people's and a
/// number that others share says nothing about them.
fn whole_person(
    whom: &Whom,
    leads: &[Lead],
    reader: &Reader,
    records: &impl Records,
) -> Result<(Vec<Email>, Vec<Phone>), store::Error> {
    let alone = |key: String| -> Result<bool, store::Error> {
        let holders = records.leads_with(&key, usize::MAX)?;
        Ok(holders.iter().all(|id| leads.iter().any(|lead| lead.id == *id)))
    };
    let (mut emails, mut phones) = (Vec::new(), Vec::new());
    match whom {
        Whom::Email(email) => emails.push(email.clone()),
        Whom::Phone(phone) => phones.push(phone.clone()),
        Whom::Lead(_) | Whom::Item(_) => {}
    }
    for email in leads.iter().flat_map(|lead| &lead.person.emails) {
        let ours = reader.own_domain(email.domain()).is_some() || robot::is_robot(email);
        if !ours && !emails.contains(email) && alone(format!("email:{email}"))? {
            emails.push(email.clone());
        }
    }
    for phone in leads.iter().flat_map(|lead| &lead.person.phones) {
        if !phones.contains(phone) && alone(format!("phone:{phone}"))? {
            phones.push(phone.clone());
        }
    }
    Ok((emails, phones))
}
