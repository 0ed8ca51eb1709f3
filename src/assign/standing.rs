//! Whether somebody can get a lead now, and why not.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::calendar::{Calendar, Why};
use crate::config::Owner;
use crate::store::{Absences, OwnerCounts};

/// How somebody stands at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Why they can get no lead.
    pub stop: Option<Stop>,
    /// The moment after which their calendar may say otherwise.
    pub until: Timestamp,
}

/// Why somebody can get no lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// They are not in the settings.
    Unknown,
    /// `active = false`.
    Inactive,
    /// A person said that they have left for good.
    Left,
    /// They had this lead before.
    Had,
    /// They are away, as said here.
    Away(Arc<str>),
    /// Outside of their hours.
    Hours,
    /// A public holiday.
    Holiday(&'static str),
    /// They have so many open leads, which is the most.
    Full(u32),
    /// They got so many leads today, which is the most.
    Enough(u32),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("not in the settings"),
            Self::Inactive => f.write_str("not active"),
            Self::Left => f.write_str("has left (`lotse owners leave`)"),
            Self::Had => f.write_str("had this lead before"),
            Self::Away(text) => f.write_str(text),
            Self::Hours => f.write_str("outside of their hours"),
            Self::Holiday(name) => write!(f, "public holiday: {name}"),
            Self::Full(most) => write!(f, "has {most} open, the most they may have"),
            Self::Enough(most) => write!(f, "got {most} today, the most they may get"),
        }
    }
}

impl Stop {
    /// The same as a text; the usual ones cost nothing.
    pub(super) fn reason(&self) -> Cow<'static, str> {
        match self {
            Self::Hours => Cow::Borrowed("outside of their hours"),
            Self::Inactive => Cow::Borrowed("not active"),
            other => Cow::Owned(other.to_string()),
        }
    }
}

impl Standing {
    pub(super) const fn stopped(stop: Stop) -> Self {
        Self { stop: Some(stop), until: Timestamp::MAX }
    }
}

/// How an owner stands at a moment. With `outside_hours` only absences count, no hours and no holidays.
#[must_use]
pub fn standing(
    owner: &Owner,
    calendar: &Calendar,
    at: Timestamp,
    counts: &OwnerCounts,
    absences: &Absences,
    outside_hours: bool,
) -> Standing {
    if !owner.active {
        return Standing::stopped(Stop::Inactive);
    }
    if absences.has_left(&owner.id) {
        return Standing::stopped(Stop::Left);
    }
    let look = calendar.look(at, absences.all_of(&owner.id));
    let stop = match &look.not_free {
        None => full(owner, calendar, at, counts),
        Some(Why::Hours | Why::Holiday(_)) if outside_hours => full(owner, calendar, at, counts),
        Some(Why::Hours) => Some(Stop::Hours),
        Some(Why::Holiday(name)) => Some(Stop::Holiday(name)),
        Some(Why::Away(text)) => Some(Stop::Away(Arc::clone(text))),
    };
    Standing { stop, until: look.until }
}

/// Whether somebody has as much as they may.
fn full(owner: &Owner, calendar: &Calendar, at: Timestamp, counts: &OwnerCounts) -> Option<Stop> {
    if let Some(most) = owner.max_open.filter(|most| counts.open >= u64::from(*most)) {
        return Some(Stop::Full(most));
    }
    owner.max_per_day.filter(|most| counts.on(calendar.day(at)) >= *most).map(Stop::Enough)
}
