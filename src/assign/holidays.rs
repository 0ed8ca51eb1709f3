//! Public holidays by country and region.
//!
//! The data (`holidays.txt`) say which day it is in words; here words become days. Only days on
//! which offices are closed by law stand there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

const DATA: &str = include_str!("holidays.txt");

/// A country, or a region of one: `DE`, `DE-BY` (ISO 3166-1 and 3166-2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(String);

/// One line of the data: where, when, since and until which year, what it is called.
struct Line {
    places: Vec<&'static str>,
    when: When,
    years: (i16, i16),
    name: &'static str,
}

enum When {
    /// Month and day.
    Fixed(i8, i8),
    /// Days after Easter Sunday.
    Easter(i32),
    /// The n-th weekday of a month; -1 is the last.
    Nth(i8, i8, Weekday),
    /// The last such weekday on or before a day.
    Before(i8, i8, Weekday),
    /// The first such weekday on or after a day.
    After(i8, i8, Weekday),
    /// Month and day, moved to the next working day from a weekend.
    Moved(i8, i8),
    /// Month and day, moved to the nearest working day from a weekend.
    Nearest(i8, i8),
}

static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| DATA.lines().filter_map(Line::parse).collect());

type Year = BTreeMap<Date, &'static str>;
/// Years that were worked out, by region.
static KNOWN: LazyLock<Mutex<HashMap<(Region, i16), Year>>> = LazyLock::new(Mutex::default);

impl Region {
    /// A region whose holidays are known; the error says which are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let code = text.trim().to_uppercase();
        let all = Self::all();
        if all.contains(code.as_str()) {
            return Ok(Self(code));
        }
        let country = code.split('-').next().unwrap_or_default();
        let near: Vec<&str> = all.iter().copied().filter(|known| known.split('-').next() == Some(country)).collect();
        let near = if near.is_empty() { all.iter().copied().filter(|known| known.len() == 2).collect() } else { near };
        Err(format!("no public holidays are known for `{code}`; there are: {}", near.join(", ")))
    }

    /// All regions whose holidays are known.
    fn all() -> BTreeSet<&'static str> {
        let places = LINES.iter().flat_map(|line| line.places.iter().copied());
        let declared = DATA.lines().filter_map(|line| line.strip_prefix("= ")).flat_map(str::split_whitespace);
        places.map(|place| place.trim_start_matches('!')).chain(declared).collect()
    }

    /// What is celebrated on a day, if it is a holiday here.
    #[must_use]
    pub fn holiday(&self, day: Date) -> Option<&'static str> {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (self.clone(), day.year());
        known.entry(key).or_insert_with(|| self.year(day.year())).get(&day).copied()
    }

    /// All holidays of a year, in order.
    #[must_use]
    pub fn year(&self, year: i16) -> BTreeMap<Date, &'static str> {
        let mut days = Year::new();
        for line in LINES.iter().filter(|line| line.is_for(&self.0)) {
            // A New Year's Day that is a Saturday may be kept on the day before.
            let years =
                [year, year.saturating_add(1)].into_iter().filter(|y| (line.years.0..=line.years.1).contains(y));
            let in_years = years.filter_map(|y| line.when.in_year(y));
            for mut day in in_years.filter(|day| day.year() == year) {
                // Two that were moved to the same day follow each other.
                while matches!(line.when, When::Moved(..)) && days.contains_key(&day) {
                    day = day.saturating_add(1.day());
                }
                days.insert(day, line.name);
            }
        }
        days
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Line {
    /// `DE-BY,DE-BW  01-06  Heilige Drei Könige`; nothing for comments and blank lines.
    fn parse(line: &'static str) -> Option<Self> {
        if line.starts_with(['#', '=']) {
            return None;
        }
        let (places, rest) = line.split_once(char::is_whitespace)?;
        let (when, mut name) = rest.trim_start().split_once(char::is_whitespace)?;
        let mut years = (i16::MIN, i16::MAX);
        if let Some((span, rest)) = name.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let (since, until) = span.split_once("..")?;
            years = (since.parse().unwrap_or(i16::MIN), until.parse().unwrap_or(i16::MAX));
            name = rest;
        }
        Some(Self { places: places.split(',').collect(), when: When::parse(when)?, years, name: name.trim() })
    }

    /// A country's line holds for its regions, except those that are named with `!`.
    fn is_for(&self, region: &str) -> bool {
        let country = region.split('-').next().unwrap_or_default();
        let but = self.places.iter().any(|place| place.strip_prefix('!') == Some(region));
        !but && self.places.iter().any(|place| *place == region || *place == country)
    }
}

impl When {
    fn parse(text: &str) -> Option<Self> {
        let day = |text: &str| -> Option<(i8, i8)> {
            let (month, day) = text.split_once('-')?;
            Some((month.parse().ok()?, day.parse().ok()?))
        };
        if let Some(offset) = text.strip_prefix("easter") {
            return Some(Self::Easter(if offset.is_empty() { 0 } else { offset.parse().ok()? }));
        }
        if let Some((kind, rest)) = text.split_once(':') {
            let (first, weekday) = rest.split_once('/').map_or((rest, None), |(first, day)| (first, weekday(day)));
            let (month, number) = day(first)?;
            return Some(match kind {
                "nth" => Self::Nth(month, number, weekday?),
                "last" => Self::Nth(month, -1, weekday?),
                "before" => Self::Before(month, number, weekday?),
                "after" => Self::After(month, number, weekday?),
                "moved" => Self::Moved(month, number),
                "nearest" => Self::Nearest(month, number),
                _ => return None,
            });
        }
        day(text).map(|(month, day)| Self::Fixed(month, day))
    }

    fn in_year(&self, year: i16) -> Option<Date> {
        let fixed = |month, day| Date::new(year, month, day).ok();
        match *self {
            Self::Fixed(month, day) => fixed(month, day),
            Self::Easter(offset) => easter(year)?.checked_add(offset.days()).ok(),
            Self::Nth(month, number, weekday) => fixed(month, 1)?.nth_weekday_of_month(number, weekday).ok(),
            Self::Before(month, day, weekday) => walk(fixed(month, day)?, -1, |day| day.weekday() == weekday),
            Self::After(month, day, weekday) => walk(fixed(month, day)?, 1, |day| day.weekday() == weekday),
            Self::Moved(month, day) => walk(fixed(month, day)?, 1, |day| !is_weekend(day)),
            Self::Nearest(month, day) => {
                let day = fixed(month, day)?;
                match day.weekday() {
                    Weekday::Saturday => day.yesterday().ok(),
                    Weekday::Sunday => day.tomorrow().ok(),
                    _ => Some(day),
                }
            }
        }
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The first day that fits, at most a week away.
fn walk(mut day: Date, step: i32, fits: impl Fn(Date) -> bool) -> Option<Date> {
    for _ in 0..7 {
        if fits(day) {
            return Some(day);
        }
        day = day.checked_add(step.days()).ok()?;
    }
    None
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "mo" => Weekday::Monday,
        "tu" => Weekday::Tuesday,
        "we" => Weekday::Wednesday,
        "th" => Weekday::Thursday,
        "fr" => Weekday::Friday,
        "sa" => Weekday::Saturday,
        "su" => Weekday::Sunday,
        _ => return None,
    })
}

/// Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher).
#[expect(clippy::many_single_char_names, reason = "the names of the published rule")]
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    Date::new(year, i8::try_from(sum / 31).ok()?, i8::try_from(sum % 31 + 1).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn region(text: &str) -> Region {
        Region::parse(text).unwrap()
    }

    #[test]
    fn easter_is_where_the_calendar_has_it() {
        for (year, day) in
            [(2024, date(2024, 3, 31)), (2026, date(2026, 4, 5)), (2027, date(2027, 3, 28)), (2038, date(2038, 4, 25))]
        {
            assert_eq!(easter(year), Some(day));
        }
    }

    #[test]
    fn every_line_of_the_data_is_read() {
        let lines = DATA.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '='])).count();
        assert_eq!(LINES.len(), lines);
    }

    #[test]
    fn regions_of_one_country_differ() {
        let (bavaria, berlin) = (region("de-by"), region("DE-BE"));
        let epiphany = date(2027, 1, 6);
        assert_eq!((bavaria.holiday(epiphany).is_some(), berlin.holiday(epiphany)), (true, None));
        assert_eq!(berlin.holiday(date(2027, 3, 8)), Some("Internationaler Frauentag"));
        assert_eq!(region("DE").holiday(date(2026, 10, 3)), Some("Tag der Deutschen Einheit"));
        assert_eq!(region("DE-SN").holiday(date(2026, 11, 18)), Some("Buß- und Bettag"));
        assert_eq!(region("DE-BE").holiday(date(2028, 6, 17)), None);
        assert_eq!(bavaria.year(2026).len(), 13);
        assert_eq!(berlin.year(2026).len(), 10);
        let (francis, italy) = (|year| date(year, 10, 4), region("IT"));
        assert!(italy.holiday(francis(2027)).is_some() && italy.holiday(francis(2025)).is_none());
        for (canton, day) in [
            ("CH-TI", date(2027, 3, 19)),
            ("CH-TI", date(2027, 6, 29)),
            ("CH-GE", date(2026, 9, 10)),
            ("CH-VD", date(2026, 9, 21)),
        ] {
            assert!(region(canton).holiday(day).is_some() && region("CH-ZH").holiday(day).is_none(), "{canton} {day}");
        }
    }

    #[test]
    fn moved_and_counted_holidays_are_right() {
        let days = |text: &str, year| region(text).year(year).keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            days("US", 2026),
            [
                "2026-01-01",
                "2026-01-19",
                "2026-02-16",
                "2026-05-25",
                "2026-06-19",
                "2026-07-03",
                "2026-09-07",
                "2026-10-12",
                "2026-11-11",
                "2026-11-26",
                "2026-12-25"
            ]
        );
        let eve = date(2027, 12, 31);
        assert!(region("US").holiday(eve).is_some() && region("US").holiday(date(2026, 12, 31)).is_none());
        assert!(!region("US").year(2028).keys().any(|day| day.month() == 1 && day.day() < 15), "it was on the eve");
        assert_eq!(
            days("GB-ENG", 2027),
            [
                "2027-01-01",
                "2027-03-26",
                "2027-03-29",
                "2027-05-03",
                "2027-05-31",
                "2027-08-30",
                "2027-12-27",
                "2027-12-28"
            ]
        );
    }

    #[test]
    fn an_unknown_region_is_answered_with_those_that_are_known() {
        assert!(Region::parse("DE-XX").unwrap_err().contains("DE-BY"));
        assert!(Region::parse("XX").unwrap_err().contains("AT, "));
    }
}
