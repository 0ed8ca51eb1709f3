//! Until when something is to happen: a lead that waits is given away, an owner accepts and responds.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Staff;
use crate::lead::{Handling, Lead};
use crate::store::Absences;

/// How long leads wait for an owner where the settings do not say it.
pub const HOLD: Duration = Duration::from_hours(4);

/// A moment after a time.
pub(crate) fn later(at: Timestamp, time: Duration) -> Timestamp {
    SignedDuration::try_from(time).ok().and_then(|time| at.checked_add(time).ok()).unwrap_or(Timestamp::MAX)
}

/// Until when the owner of a lead is to accept it, and to respond, in their working time.
pub fn promise(lead: &mut Lead, staff: &Staff, now: Timestamp, absences: &Absences) {
    let (team, owner) = (lead.team.as_ref().and_then(|name| staff.team(name)), lead.owner.as_ref());
    let handling = lead.handling.get_or_insert_with(Handling::default);
    (handling.accept_by, handling.respond_by, handling.remind_at) = (None, None, None);
    if let (Some(team), Some((calendar, owner))) = (team, owner.and_then(|id| staff.calendar(id)).zip(owner)) {
        let also = absences.all_of(owner);
        let after = |time: Duration| calendar.after_work(now, time, also);
        handling.accept_by = team.accept_within.and_then(after);
        handling.respond_by = team.respond_within.and_then(after);
        let first = team.accept_within.into_iter().chain(team.respond_within).min();
        handling.remind_at = first.and_then(|time| after(time * 3 / 4));
    }
    if *handling == Handling::default() {
        lead.handling = None;
    }
}
