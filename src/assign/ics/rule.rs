//! How an event repeats (RFC 5545, 3.3.10): the beginnings that its rule plays out.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use super::{MOST, Start, excerpt, read_time};
use crate::assign::calendar::moment;

/// How an event repeats.
pub(super) struct Rule {
    every: Every,
    interval: i32,
    count: Option<usize>,
    until: Option<Timestamp>,
    /// Weekdays, with which one of the month (0: each).
    days: Vec<(i8, Weekday)>,
    month_days: Vec<i8>,
    months: Vec<i8>,
    /// Which of the days of each period (negative: from its end); empty: all.
    places: Vec<i16>,
    /// The day with which weeks begin.
    week: Weekday,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Every {
    Day,
    Week,
    Month,
    Year,
}

impl Rule {
    pub(super) fn parse(text: &str, zone: &TimeZone) -> Result<Self, String> {
        let mut rule = Self {
            every: Every::Day,
            interval: 1,
            count: None,
            until: None,
            days: vec![],
            month_days: vec![],
            months: vec![],
            places: vec![],
            week: Weekday::Monday,
        };
        for (key, value) in text.split(';').filter_map(|part| part.split_once('=')) {
            let wrong = || format!("`{}={}` of a repetition is not understood", excerpt(key), excerpt(value));
            match key.to_ascii_uppercase().as_str() {
                "FREQ" => {
                    rule.every = match value.to_ascii_uppercase().as_str() {
                        "DAILY" => Every::Day,
                        "WEEKLY" => Every::Week,
                        "MONTHLY" => Every::Month,
                        "YEARLY" => Every::Year,
                        _ => return Err(wrong()),
                    }
                }
                "INTERVAL" => rule.interval = value.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?,
                "COUNT" => rule.count = Some(value.parse().map_err(|_| wrong())?),
                "UNTIL" => {
                    let until = read_time(value, zone)?;
                    let at = if until.whole_day { until.at.saturating_add(1.day()) } else { until.at };
                    rule.until = Some(moment(at, &until.zone));
                }
                "BYDAY" => {
                    rule.days = value.split(',').map(|one| by_day(one).ok_or_else(wrong)).collect::<Result<_, _>>()?;
                }
                "BYMONTHDAY" => rule.month_days = numbers(value).ok_or_else(wrong)?,
                "BYMONTH" => rule.months = numbers(value).ok_or_else(wrong)?,
                "BYSETPOS" => rule.places = numbers(value).ok_or_else(wrong)?,
                "WKST" => (_, rule.week) = by_day(value).ok_or_else(wrong)?,
                _ => return Err(wrong()),
            }
        }
        let of_year = rule.every == Every::Year && !rule.days.is_empty() && rule.months.is_empty();
        let of_days = matches!(rule.every, Every::Day | Every::Week) && !rule.month_days.is_empty();
        if of_year || of_days {
            return Err("a repetition by days of the year is not understood".into());
        }
        Ok(rule)
    }

    /// Beginnings from the first on, before `end`.
    pub(super) fn play(&self, start: &Start, end: Timestamp) -> Result<Vec<Timestamp>, String> {
        let (mut all, mut period) = (Vec::new(), 0_i32);
        let first = start.at.date();
        loop {
            let Some(days) = self.period(first, period) else { return Ok(all) };
            for day in days.into_iter().filter(|day| *day >= first) {
                let at = moment(day.to_datetime(start.at.time()), &start.zone);
                if at >= end || self.until.is_some_and(|until| at > until) || self.count == Some(all.len()) {
                    return Ok(all);
                }
                all.push(at);
                if all.len() > MOST {
                    return Err(format!("an event repeats more than {MOST} times"));
                }
            }
            period += 1;
            if period > 40_000 {
                return Ok(all);
            }
        }
    }

    /// The days of the n-th day, week, month or year, in order.
    fn period(&self, first: Date, number: i32) -> Option<Vec<Date>> {
        let step = self.interval.checked_mul(number)?;
        let in_month = |day: &Date| self.months.is_empty() || self.months.contains(&day.month());
        let mut days = match self.every {
            Every::Day => {
                let day = first.checked_add(Span::new().try_days(step).ok()?).ok()?;
                let fits = self.days.is_empty() || self.days.iter().any(|(_, weekday)| *weekday == day.weekday());
                if fits { vec![day] } else { vec![] }
            }
            Every::Week => {
                let offset = |day: Weekday| i32::from(self.week.until(day));
                let begin = first.checked_sub(offset(first.weekday()).days()).ok()?;
                let begin = begin.checked_add(Span::new().try_weeks(step).ok()?).ok()?;
                let own = [(0, first.weekday())];
                let wanted = if self.days.is_empty() { &own[..] } else { &self.days };
                wanted.iter().filter_map(|(_, day)| begin.checked_add(offset(*day).days()).ok()).collect()
            }
            Every::Month => {
                let month = first.first_of_month().checked_add(Span::new().try_months(step).ok()?).ok()?;
                self.of_month(month, first.day())
            }
            Every::Year => {
                let year = i16::try_from(i32::from(first.year()).checked_add(step)?).ok()?;
                let own = [first.month()];
                let months = if self.months.is_empty() { &own[..] } else { &self.months };
                months
                    .iter()
                    .filter_map(|month| Date::new(year, *month, 1).ok())
                    .flat_map(|month| self.of_month(month, first.day()))
                    .collect()
            }
        };
        days.retain(in_month);
        days.sort_unstable();
        days.dedup();
        if !self.places.is_empty() {
            let count = i16::try_from(days.len()).ok()?;
            let place = |place: &i16| if *place < 0 { count + place } else { place - 1 };
            let wanted: Vec<i16> = self.places.iter().map(place).collect();
            days = (0..count).zip(days).filter(|(place, _)| wanted.contains(place)).map(|(_, day)| day).collect();
        }
        Some(days)
    }

    fn of_month(&self, month: Date, day: i8) -> Vec<Date> {
        let last = month.days_in_month();
        let of = |day: &i8| Date::new(month.year(), month.month(), if *day < 0 { last + 1 + day } else { *day }).ok();
        if !self.days.is_empty() {
            let numbered: Vec<Date> = self.month_days.iter().filter_map(of).collect();
            return self
                .days
                .iter()
                .flat_map(|(number, weekday)| {
                    let each = [1, 2, 3, 4, 5];
                    let numbers = if *number == 0 { each.to_vec() } else { vec![*number] };
                    numbers.into_iter().filter_map(move |number| month.nth_weekday_of_month(number, *weekday).ok())
                })
                .filter(|day| numbered.is_empty() || numbered.contains(day))
                .collect();
        }
        let own = [day];
        let wanted = if self.month_days.is_empty() { &own[..] } else { &self.month_days };
        wanted.iter().filter_map(of).collect()
    }
}

/// `1`, `1,15,-1`.
fn numbers<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(',').map(|one| one.trim().parse().ok()).collect()
}

/// `MO`, `2TU`, `-1FR`.
fn by_day(text: &str) -> Option<(i8, Weekday)> {
    let text = text.trim().to_ascii_uppercase();
    let at = text.len().checked_sub(2)?;
    let (number, day) = (text.get(..at)?, text.get(at..)?);
    let days = [
        ("MO", Weekday::Monday),
        ("TU", Weekday::Tuesday),
        ("WE", Weekday::Wednesday),
        ("TH", Weekday::Thursday),
        ("FR", Weekday::Friday),
        ("SA", Weekday::Saturday),
        ("SU", Weekday::Sunday),
    ];
    let weekday = days.iter().find(|(name, _)| *name == day)?.1;
    let number = if number.is_empty() { 0 } else { number.trim_start_matches('+').parse().ok()? };
    (-5..=5).contains(&number).then_some((number, weekday))
}
