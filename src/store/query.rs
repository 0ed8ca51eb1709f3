//! Lists: filtered, newest first, in pages.

use std::ops::Bound;

use serde::de::DeserializeOwned;

use super::backend::{Order, Table};
use super::records::Records;
use super::{ENOUGH, Error, GO_ON, View, codec};
use crate::lead::{Disposition, Email, Id, Intake, Lead, Name, Notice, NoticeState, Outcome, Phone, Stage};

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Pass it as `after` for the next page; `None` at the end.
    pub next: Option<Id>,
}

/// Which leads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeadFilter {
    /// Every word stands somewhere in name, addresses, numbers, company, subject or message.
    pub words: Vec<String>,
    /// Worked by.
    pub owner: Option<Name>,
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

impl View<'_> {
    /// Leads, newest first, after the lead `after`.
    pub fn leads(&self, filter: &LeadFilter, after: Option<Id>, limit: usize) -> Result<Page<Lead>, Error> {
        let words: Vec<String> = filter.words.iter().map(|word| word.to_lowercase()).collect();
        self.page(
            Table::Leads,
            after,
            limit,
            |lead: &Lead| lead.id,
            |lead| {
                fits(filter.owner.as_ref(), lead.owner.as_ref())
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

    /// Ledger rows after the row `after`, oldest first.
    pub fn intakes_after(&self, after: Id, limit: usize) -> Result<Vec<Intake>, Error> {
        let mut rows = Vec::new();
        let (key, mut left) = (after.to_bytes(), limit);
        let range = (Bound::Excluded(key.as_slice()), Bound::Unbounded);
        self.tables().scan(Table::Intakes, range, Order::Forward, &mut |_, value| {
            rows.push(codec::decode(Table::Intakes, value)?);
            left = left.saturating_sub(1);
            if left > 0 { GO_ON } else { ENOUGH }
        })?;
        Ok(rows)
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

    fn page<T: DeserializeOwned>(
        &self,
        table: Table,
        after: Option<Id>,
        limit: usize,
        id: impl Fn(&T) -> Id,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Page<T>, Error> {
        let end = after.map(Id::to_bytes);
        let upper = end.as_ref().map_or(Bound::Unbounded, |key| Bound::Excluded(key.as_slice()));
        let mut items = Vec::new();
        let mut more = false;
        self.tables().scan(table, (Bound::Unbounded, upper), Order::Backward, &mut |_, value| {
            let item: T = codec::decode(table, value)?;
            if !keep(&item) {
                return GO_ON;
            }
            if items.len() == limit {
                more = true;
                return ENOUGH;
            }
            items.push(item);
            GO_ON
        })?;
        let next = if more { items.last().map(id) } else { None };
        Ok(Page { items, next })
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
