//! Lists: filtered, newest first, in pages.
//!
//! A list is read in slices, each in a snapshot of its own, so that a long one does not keep what
//! is deleted meanwhile from being freed: the file would grow several times over. What came in or
//! changed between two slices may or may not be seen.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::backend::{Order, Table};
use super::records::Records;
use super::{ENOUGH, Error, GO_ON, Store, View, codec, keys};
use crate::lead::{Disposition, Email, Erasure, Id, Intake, Lead, Name, Notice, NoticeState, Outcome, Phone, Stage};

/// Rows that are read in one snapshot at most,
const SLICE: usize = 2000;
/// and for how long.
const LONGEST: Duration = Duration::from_millis(50);

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Pass it as `after` for the next page; `None` at the end.
    pub next: Option<Id>,
}

/// Who works the leads that are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// This owner.
    Owner(Name),
    /// Nobody, and somebody should: these leads wait for an owner.
    Nobody,
}

impl Holder {
    fn holds(&self, lead: &Lead) -> bool {
        match self {
            Self::Owner(name) => lead.owner.as_ref() == Some(name),
            Self::Nobody => lead.is_unowned(),
        }
    }
}

/// Which leads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeadFilter {
    /// Every word stands somewhere in name, addresses, numbers, company, subject or message.
    pub words: Vec<String>,
    /// Worked by.
    pub owner: Option<Holder>,
    /// Routed to.
    pub team: Option<Name>,
    /// At this stage.
    pub stage: Option<Stage>,
    /// With this verdict.
    pub disposition: Option<Disposition>,
    /// First seen through.
    pub channel: Option<Name>,
}

/// Which ledger rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IntakeFilter {
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// Through this channel.
    pub channel: Option<Name>,
}

/// Which notices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NoticeFilter {
    /// In this state.
    pub state: Option<NoticeState>,
}

/// What came in through one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Rows in the ledger.
    pub items: u64,
    /// When the last item came in.
    pub last: Option<Timestamp>,
}

impl Store {
    /// Leads, newest first, after the lead `after`.
    pub fn leads(&self, filter: &LeadFilter, after: Option<Id>, limit: usize) -> Result<Page<Lead>, Error> {
        let words: Vec<String> = filter.words.iter().map(|word| word.to_lowercase()).collect();
        self.page(
            Table::Leads,
            after,
            limit,
            |lead: &Lead| lead.id,
            |lead| {
                filter.owner.as_ref().is_none_or(|holder| holder.holds(lead))
                    && fits(filter.team.as_ref(), lead.team.as_ref())
                    && fits(filter.stage.as_ref(), Some(&lead.stage))
                    && fits(filter.disposition.as_ref(), Some(&lead.disposition))
                    && fits(filter.channel.as_ref(), Some(&lead.attribution.channel))
                    && has_words(lead, &words)
            },
        )
    }

    /// Ledger rows, newest first.
    pub fn intakes(&self, filter: &IntakeFilter, after: Option<Id>, limit: usize) -> Result<Page<Intake>, Error> {
        self.page(
            Table::Intakes,
            after,
            limit,
            |intake: &Intake| intake.id,
            |intake| {
                fits(filter.outcome.as_ref(), Some(&intake.outcome))
                    && fits(filter.channel.as_ref(), Some(&intake.channel))
            },
        )
    }

    /// Ledger rows after the row `after`, oldest first, in one snapshot.
    pub fn intakes_after(&self, after: Id, limit: usize) -> Result<Vec<Intake>, Error> {
        self.view(|view| view.intakes_after(after, limit))
    }

    /// Notices, newest first.
    pub fn notices(&self, filter: &NoticeFilter, after: Option<Id>, limit: usize) -> Result<Page<Notice>, Error> {
        self.page(
            Table::Notices,
            after,
            limit,
            |notice: &Notice| notice.id,
            |notice| fits(filter.state.as_ref(), Some(&notice.state)),
        )
    }

    /// Erasures, newest first.
    pub fn erasures(&self, after: Option<Id>, limit: usize) -> Result<Page<Erasure>, Error> {
        self.page(Table::Erasures, after, limit, |erasure: &Erasure| erasure.id, |_| true)
    }

    fn page<T: DeserializeOwned>(
        &self,
        table: Table,
        after: Option<Id>,
        limit: usize,
        id: impl Fn(&T) -> Id,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Page<T>, Error> {
        let (mut items, mut before) = (Vec::new(), after);
        loop {
            // One more than asked for tells whether there is another page.
            let wanted = limit.saturating_add(1) - items.len();
            let (found, reached) = self.view(|view| view.slice(table, before, wanted, &keep))?;
            items.extend(found);
            if items.len() > limit {
                items.truncate(limit);
                return Ok(Page { next: items.last().map(id), items });
            }
            if reached.is_none() {
                return Ok(Page { items, next: None });
            }
            before = reached;
        }
    }

    /// Pending notices, longest due first, at most `limit`. One that is put off or retried
    /// meanwhile may be missing or stand there twice.
    pub fn pending_notices(&self, limit: usize) -> Result<Vec<Notice>, Error> {
        let mut notices = Vec::new();
        self.each_pending_notice(limit, |notice| notices.push(notice))?;
        Ok(notices)
    }

    /// The same one by one: no more than a slice of them is held here.
    pub fn each_pending_notice(&self, limit: usize, mut take: impl FnMut(Notice)) -> Result<(), Error> {
        let (mut left, mut after) = (limit, Vec::new());
        while left > 0 {
            let mut notices = Vec::new();
            let reached = self.view(|view| view.due_slice(&after, left.min(SLICE), &mut notices))?;
            left -= notices.len().min(left);
            notices.into_iter().for_each(&mut take);
            match reached {
                Some(reached) => after = reached,
                None => break,
            }
        }
        Ok(())
    }
}

impl View<'_> {
    /// What came in through each channel, by the whole ledger: one look at every row.
    pub fn intakes_by_channel(&self) -> Result<BTreeMap<Name, Total>, Error> {
        let mut totals: BTreeMap<Name, Total> = BTreeMap::new();
        self.tables().scan(Table::Intakes, (Bound::Unbounded, Bound::Unbounded), Order::Forward, &mut |_, value| {
            let row: Intake = codec::decode(Table::Intakes, value)?;
            let total = totals.entry(row.channel).or_default();
            total.items += 1;
            total.last = total.last.max(Some(row.received_at));
            GO_ON
        })?;
        Ok(totals)
    }

    /// The newest records before `before` that are to be kept, at most `wanted`, and how far this
    /// got: `None` when the table was read to its end.
    fn slice<T: DeserializeOwned>(
        &self,
        table: Table,
        before: Option<Id>,
        wanted: usize,
        keep: impl Fn(&T) -> bool,
    ) -> Result<(Vec<T>, Option<Id>), Error> {
        let (started, mut rows) = (Instant::now(), 0);
        let (mut items, mut reached) = (Vec::new(), None);
        let end = before.map(Id::to_bytes);
        let upper = end.as_ref().map_or(Bound::Unbounded, |key| Bound::Excluded(key.as_slice()));
        self.tables().scan(table, (Bound::Unbounded, upper), Order::Backward, &mut |key, value| {
            let item: T = codec::decode(table, value)?;
            if keep(&item) {
                items.push(item);
            }
            rows += 1;
            if items.len() >= wanted || rows >= SLICE || started.elapsed() >= LONGEST {
                reached = keys::last_id(key);
                return ENOUGH;
            }
            GO_ON
        })?;
        Ok((items, reached))
    }

    /// Pending notices due after the key `after`, and how far this got.
    fn due_slice(&self, after: &[u8], most: usize, notices: &mut Vec<Notice>) -> Result<Option<Vec<u8>>, Error> {
        let mut found: Vec<Vec<u8>> = Vec::new();
        let range = (Bound::Excluded(after), Bound::Unbounded);
        self.tables().scan(Table::NoticesDue, range, Order::Forward, &mut |key, _| {
            found.push(key.to_vec());
            if found.len() < most { GO_ON } else { ENOUGH }
        })?;
        for id in found.iter().filter_map(|key| keys::last_id(key)) {
            notices.extend(self.notice(id)?);
        }
        Ok(if found.len() < most { None } else { found.pop() })
    }
}

fn fits<T: PartialEq>(wanted: Option<&T>, is: Option<&T>) -> bool {
    wanted.is_none() || wanted == is
}

fn has_words(lead: &Lead, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let person = &lead.person;
    let texts = [&person.name, &person.company, &person.domain, &lead.subject, &lead.message];
    let mut all: String = texts.into_iter().flatten().map(|text| text.to_lowercase() + "\n").collect();
    for address in person.emails.iter().map(Email::as_str).chain(person.phones.iter().map(Phone::as_str)) {
        all.push_str(address);
        all.push('\n');
    }
    words.iter().all(|word| all.contains(word))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::lead::{Event, Kind};
    use crate::store::backend::{Backend, Read, Write};
    use crate::store::redb::Redb;

    /// A backend that counts snapshots.
    struct Counting(Redb, Arc<AtomicUsize>);

    impl Backend for Counting {
        fn read(&self, work: &mut dyn FnMut(&dyn Read) -> Result<(), Error>) -> Result<(), Error> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.read(work)
        }

        fn write(&self, work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Error>) -> Result<(), Error> {
            self.0.write(work)
        }

        fn size(&self) -> Result<u64, Error> {
            self.0.size()
        }
    }

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn a_long_list_is_read_in_many_short_snapshots_and_is_the_same() {
        let snapshots = Arc::new(AtomicUsize::new(0));
        let memory = Redb::on(::redb::backends::InMemoryBackend::new()).unwrap();
        let store = Store::with(Arc::new(Counting(memory, Arc::clone(&snapshots)))).unwrap();
        let rows = 3 * SLICE + 7;
        let written = store.unit(jiff::Timestamp::now(), |unit| {
            for number in 0..rows {
                let outcome = if number % SLICE == 5 { Outcome::Ignored } else { Outcome::Created };
                let id = unit.new_id();
                unit.put_intake(&Intake {
                    id,
                    channel: name("web"),
                    kind: Kind::Form,
                    received_at: unit.now(),
                    outcome,
                    reason: None,
                    lead: None,
                    source: number.to_string(),
                    same_as: None,
                    own: None,
                    template: None,
                    quiet: false,
                    erased_at: None,
                })?;
                unit.put_notice(&Notice {
                    id,
                    lead: Some(Id::MIN),
                    alarm: None,
                    owner: None,
                    notifier: name("mail"),
                    event: Event::Created,
                    touch: None,
                    decision: None,
                    created_at: unit.now(),
                    state: NoticeState::Pending,
                    attempts: 0,
                    next_at: Some(unit.now()),
                    error: None,
                    overtaken: false,
                })?;
            }
            Ok(())
        });
        written.unwrap();
        let taken = || snapshots.swap(0, Ordering::Relaxed);
        taken();

        let ignored = IntakeFilter { outcome: Some(Outcome::Ignored), channel: None };
        let sources = |page: &Page<Intake>| page.items.iter().map(|row| row.source.clone()).collect::<Vec<_>>();
        let all = store.intakes(&ignored, None, 100).unwrap();
        assert_eq!(sources(&all), [3 * SLICE + 5, 2 * SLICE + 5, SLICE + 5, 5].map(|number| number.to_string()));
        assert_eq!(all.next, None);
        assert!(taken() >= 4, "one snapshot for each slice");

        let first = store.intakes(&ignored, None, 3).unwrap();
        assert_eq!((sources(&first), first.next), (sources(&all)[..3].to_vec(), Some(all.items[2].id)));
        let second = store.intakes(&ignored, first.next, 3).unwrap();
        assert_eq!((sources(&second), second.next), (sources(&all)[3..].to_vec(), None));
        taken();

        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = store.intakes(&IntakeFilter::default(), after, 1000).unwrap();
            seen.extend(page.items.iter().map(|row| row.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((seen.len(), seen.is_sorted_by(|one, next| one > next)), (rows, true), "each once, newest first");
        taken();

        assert_eq!(store.pending_notices(usize::MAX).unwrap().len(), rows);
        assert!(taken() >= 4);
        assert_eq!(store.pending_notices(SLICE + 1).unwrap().len(), SLICE + 1);
    }
}
