//! When somebody can get leads: working hours, public holidays, absences.
//!
//! In comes a moment, out goes whether the owner is free then, why not, and until when that holds.
//! Hours are of the wall clock of the owner's time zone: where it jumps, the working day keeps its
//! beginning and end by the clock, and is an hour shorter or longer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::holidays::Region;
use super::hours::Hours;

/// How far ahead somebody's next free moment is looked for, days.
const AHEAD: usize = 800;

/// A time in which somebody is away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Absence {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment after its last one.
    pub until: Timestamp,
    /// Why, in a few words: `away`, or what a calendar calls it.
    #[serde(default)]
    pub why: Option<String>,
}

impl Absence {
    /// Whether it holds at a moment.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// Absences of somebody that do not stand in the settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// Another one for other absences: see [`Absences::mark`](crate::store::Absences::mark).
    pub mark: u64,
    /// What a person said.
    pub said: &'a [Absence],
    /// What their calendar says.
    pub calendar: &'a [Absence],
}

impl<'a> Beside<'a> {
    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = &'a Absence> {
        self.said.iter().chain(self.calendar)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.said.is_empty() && self.calendar.is_empty()
    }
}

/// The moment at which a wall-clock time is, or is reached, in a zone.
#[must_use]
pub fn moment(at: DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_timestamp(at).unwrap_or(Timestamp::MAX)
}

/// How things are at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Why the owner is not free.
    pub not_free: Option<Why>,
    /// The moment after which it may be otherwise.
    pub until: Timestamp,
}

impl Look {
    /// Whether the owner can get leads.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.not_free.is_none()
    }
}

/// Why somebody is not free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Outside of their hours.
    Hours,
    /// A public holiday.
    Holiday(&'static str),
    /// Away: until when and why, in words.
    Away(Arc<str>),
}

/// When one owner works.
#[derive(Debug)]
pub struct Calendar {
    zone: TimeZone,
    hours: Option<Hours>,
    region: Option<Region>,
    away: Vec<Absence>,
    /// What the last look found.
    last: Mutex<Option<Last>>,
}

/// A look that was taken.
#[derive(Debug)]
struct Last {
    /// Since when it holds.
    since: Timestamp,
    /// The mark of the absences that it was taken with.
    mark: u64,
    look: Arc<Look>,
}

impl Clone for Calendar {
    fn clone(&self) -> Self {
        Self::new(self.zone.clone(), self.hours.clone(), self.region.clone(), self.away.clone())
    }
}

impl Calendar {
    /// A calendar; without hours somebody works around the clock.
    #[must_use]
    pub fn new(zone: TimeZone, hours: Option<Hours>, region: Option<Region>, mut away: Vec<Absence>) -> Self {
        away.sort();
        Self { zone, hours, region, away, last: Mutex::new(None) }
    }

    /// The owner's time zone.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether the owner works around the clock and is never away by the settings.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.hours.is_none() && self.region.is_none() && self.away.is_empty()
    }

    /// The day that it is for the owner.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// How things are at a moment; `also` are absences that do not stand in the settings.
    #[must_use]
    pub fn look(&self, at: Timestamp, also: Beside<'_>) -> Arc<Look> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &*last
            && last.mark == also.mark
            && last.since <= at
            && at < last.look.until
        {
            return Arc::clone(&last.look);
        }
        let look = Arc::new(self.fresh(at, also));
        *last = Some(Last { since: at, mark: also.mark, look: Arc::clone(&look) });
        look
    }

    /// The first moment from `at` on at which the owner is free; `None`: not within two years.
    #[must_use]
    pub fn next_free(&self, at: Timestamp, also: Beside<'_>) -> Option<Timestamp> {
        let mut at = at;
        for _ in 0..AHEAD * 4 {
            let look = self.look(at, also);
            if look.is_free() {
                return Some(at);
            }
            if look.until <= at || look.until == Timestamp::MAX {
                return None;
            }
            at = look.until;
        }
        None
    }

    /// The moment at which the owner has worked for `time` since `at`; `None`: not within two years.
    #[must_use]
    pub fn after_work(&self, at: Timestamp, time: Duration, also: Beside<'_>) -> Option<Timestamp> {
        let mut left = SignedDuration::try_from(time).ok()?;
        let mut at = at;
        for _ in 0..AHEAD * 4 {
            at = self.next_free(at, also)?;
            let until = self.look(at, also).until;
            let span = until.duration_since(at);
            if span >= left {
                return at.checked_add(left).ok();
            }
            left -= span;
            at = until;
        }
        None
    }

    fn fresh(&self, at: Timestamp, also: Beside<'_>) -> Look {
        let all = || self.away.iter().chain(also.iter());
        if let Some(absence) = all().filter(|absence| absence.holds(at)).max_by_key(|absence| absence.until) {
            let until = self.zone.to_datetime(absence.until).strftime("%Y-%m-%d %H:%M").to_string();
            let why = absence.why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
            return Look { not_free: Some(Why::Away(format!("away until {until}{why}").into())), until: absence.until };
        }
        let next_absence = all().map(|absence| absence.from).filter(|from| *from > at).min();
        let until = |end: Timestamp| next_absence.map_or(end, |next| next.min(end));
        if self.hours.is_none() && self.region.is_none() {
            return Look { not_free: None, until: until(Timestamp::MAX) };
        }
        let day = self.day(at);
        let mut next = moment(day.saturating_add(1.day()).to_datetime(jiff::civil::Time::midnight()), &self.zone);
        // A night that began yesterday may still go on.
        for day in [day.saturating_sub(1.day()), day] {
            for (from, end) in self.spans(day) {
                if from <= at && at < end {
                    return Look { not_free: None, until: until(end) };
                }
                if from > at {
                    next = next.min(from);
                }
            }
        }
        let holiday = self.region.as_ref().and_then(|region| region.holiday(day));
        Look { not_free: Some(holiday.map_or(Why::Hours, Why::Holiday)), until: next }
    }

    /// The working spans that begin on a day; none on a holiday.
    fn spans(&self, day: Date) -> Vec<(Timestamp, Timestamp)> {
        if self.region.as_ref().is_some_and(|region| region.holiday(day).is_some()) {
            return Vec::new();
        }
        let at = |minute: u16| {
            let day = day.saturating_add(i32::from(minute / 1440).days());
            let minute = minute % 1440;
            let hour = i8::try_from(minute / 60).unwrap_or(0);
            moment(day.at(hour, i8::try_from(minute % 60).unwrap_or(0), 0, 0), &self.zone)
        };
        match &self.hours {
            None => vec![(at(0), at(1440))],
            Some(hours) => hours.on(day.weekday()).iter().map(|span| (at(span.from), at(span.until))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn berlin(hours: &str, region: Option<&str>, away: &[(&str, &str)]) -> Calendar {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let away = away.iter().map(|(from, until)| Absence { from: at(from), until: at(until), why: None }).collect();
        Calendar::new(zone, Some(Hours::parse(hours).unwrap()), region.map(|text| Region::parse(text).unwrap()), away)
    }

    fn free(calendar: &Calendar, text: &str) -> bool {
        calendar.look(at(text), Beside::default()).is_free()
    }

    #[test]
    fn hours_follow_the_wall_clock_over_the_change_of_the_clocks() {
        let calendar = berlin("Mo-Fr 09:00-17:30", None, &[]);
        // 2026-03-29 and 2026-10-25 are the days of the change in Europe.
        for (text, expected) in [
            ("2026-03-27T07:59:59Z", false),
            ("2026-03-27T08:00:00Z", true),
            ("2026-03-27T16:30:00Z", false),
            ("2026-03-30T06:59:59Z", false),
            ("2026-03-30T07:00:00Z", true),
            ("2026-10-26T07:30:00Z", false),
            ("2026-10-26T08:00:00Z", true),
            ("2026-10-24T09:00:00Z", false),
        ] {
            assert_eq!(free(&calendar, text), expected, "{text}");
        }
        // A night shift over the change in autumn is an hour longer, in spring an hour shorter.
        let night = berlin("Sa 22:00-06:00", None, &[]);
        let worked = |from: &str, until: &str| {
            let spans = [from, until].map(|text| at(text).as_second());
            (spans[0]..spans[1])
                .step_by(900)
                .filter(|s| night.look(Timestamp::from_second(*s).unwrap(), Beside::default()).is_free())
                .count()
        };
        assert_eq!(worked("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"), 9 * 4);
        assert_eq!(worked("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"), 7 * 4);
    }

    #[test]
    fn holidays_leave_and_parts_of_days_are_not_worked() {
        let calendar = berlin(
            "Mo-Fr 09:00-17:00",
            Some("DE-BY"),
            &[("2026-12-23T23:00:00Z", "2027-01-02T23:00:00Z"), ("2026-06-10T12:00:00Z", "2026-06-10T13:30:00Z")],
        );
        assert!(!free(&calendar, "2027-01-06T10:00:00Z"), "Epiphany in Bavaria");
        assert!(free(&berlin("Mo-Fr 9-17", Some("DE-BE"), &[]), "2027-01-06T10:00:00Z"));
        assert!(free(&calendar, "2026-06-10T11:59:00Z") && !free(&calendar, "2026-06-10T12:00:00Z"));
        assert!(free(&calendar, "2026-06-10T13:30:00Z"));
        assert_eq!(calendar.next_free(at("2026-12-24T10:00:00Z"), Beside::default()), Some(at("2027-01-04T08:00:00Z")));
        let look = calendar.look(at("2027-01-06T10:00:00Z"), Beside::default());
        assert_eq!(look.not_free, Some(Why::Holiday("Heilige Drei Könige")));
        let also = [Absence { from: at("2026-06-11T07:00:00Z"), until: at("2026-06-12T10:00:00Z"), why: None }];
        let also = Beside { mark: 1, said: &also, calendar: &[] };
        assert_eq!(calendar.next_free(at("2026-06-11T06:00:00Z"), also), Some(at("2026-06-12T10:00:00Z")));
    }

    #[test]
    fn working_time_counts_only_while_somebody_works() {
        let calendar = berlin("Mo-Fr 09:00-12:00, 13:00-17:00", None, &[]);
        let after = |from: &str, minutes| {
            calendar.after_work(at(from), Duration::from_mins(minutes), Beside::default()).unwrap()
        };
        assert_eq!(after("2026-06-12T09:30:00Z", 60), at("2026-06-12T11:30:00Z"), "over lunch");
        assert_eq!(after("2026-06-12T14:30:00Z", 60), at("2026-06-15T07:30:00Z"), "over the weekend");
        assert_eq!(after("2026-06-13T10:00:00Z", 15), at("2026-06-15T07:15:00Z"), "from a Saturday");
    }

    #[test]
    fn whoever_never_works_is_never_free() {
        let calendar = berlin("Mo 09:00-10:00", None, &[("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z")]);
        assert_eq!(
            calendar.after_work(at("2026-06-12T14:30:00Z"), Duration::from_mins(1), Beside::default()),
            Some(at("2099-01-05T08:01:00Z"))
        );
        let never = Calendar::new(TimeZone::UTC, Some(Hours::default()), None, vec![]);
        assert_eq!(never.next_free(at("2026-06-12T14:30:00Z"), Beside::default()), None);
        assert!(
            Calendar::new(TimeZone::UTC, None, None, vec![])
                .look(at("2026-06-12T14:30:00Z"), Beside::default())
                .is_free()
        );
    }
}
