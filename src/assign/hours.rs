//! Weekly working hours: `Mo-Fr 09:00-12:00, 13:00-17:30; Sa 10:00-14:00`.
//!
//! In comes the text of the settings, out go spans of wall-clock time for each day of the week. A
//! span that ends at or before its start ends on the next day.

use jiff::civil::Weekday;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// The days by what they are called, English and German, Monday first.
const DAYS: [&[&str]; 7] = [
    &["mo", "mon", "monday", "montag"],
    &["tu", "tue", "tuesday", "di", "dienstag"],
    &["we", "wed", "wednesday", "mi", "mittwoch"],
    &["th", "thu", "thursday", "do", "donnerstag"],
    &["fr", "fri", "friday", "freitag"],
    &["sa", "sat", "saturday", "samstag"],
    &["su", "sun", "sunday", "so", "sonntag"],
];

/// Working hours of a week, by the wall clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours {
    /// Monday first; each day's spans in order.
    week: [Vec<Span>; 7],
}

/// A span of one day, in minutes since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Its first minute, 0 to 1439.
    pub from: u16,
    /// The minute after its last one; above 1440 it ends on the next day.
    pub until: u16,
}

impl Hours {
    /// Reads hours; the error says what is wrong with them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut hours = Self::default();
        let mut days: Vec<usize> = Vec::new();
        let mut fresh = true;
        for part in text.split([';', ',']).map(str::trim) {
            let at = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
            let (names, span) = (part[..at].trim(), part[at..].trim());
            if !names.is_empty() {
                if fresh {
                    days.clear();
                }
                days.extend(read_days(names)?);
                fresh = false;
            }
            if span.is_empty() {
                if names.is_empty() {
                    return Err("there is nothing between two commas".into());
                }
                continue;
            }
            if days.is_empty() {
                return Err(format!("`{span}` has no day before it"));
            }
            let span = Span::parse(span)?;
            for day in &days {
                hours.week[*day].push(span);
            }
            fresh = true;
        }
        if !fresh {
            return Err("a day has no times after it".into());
        }
        hours.in_order()
    }

    /// The spans that begin on a day of the week.
    #[must_use]
    pub fn on(&self, day: Weekday) -> &[Span] {
        &self.week[usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)]
    }

    fn in_order(mut self) -> Result<Self, String> {
        for spans in &mut self.week {
            spans.sort();
        }
        for (day, spans) in self.week.iter().enumerate() {
            let next = &self.week[(day + 1) % 7];
            let overlap = spans.windows(2).any(|pair| pair[0].until > pair[1].from)
                || spans.last().zip(next.first()).is_some_and(|(last, next)| last.until > next.from + DAY);
            if overlap {
                return Err(format!("two spans of {} overlap", DAYS[day][2]));
            }
        }
        Ok(self)
    }
}

impl Span {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no span of time such as 09:00-17:30");
        let (from, until) = from_to(text).ok_or_else(wrong)?;
        let (from, mut until) = (minute(from).ok_or_else(wrong)?, minute(until).ok_or_else(wrong)?);
        if from == until || from == DAY {
            return Err(format!("`{text}` is empty; for a whole day write 00:00-24:00"));
        }
        if until < from {
            until += DAY;
        }
        Ok(Self { from, until })
    }
}

/// What stands before and after a dash, `bis` or `to`.
fn from_to(text: &str) -> Option<(&str, &str)> {
    let words = [" bis ", " to "].iter().find_map(|word| text.split_once(word));
    words.or_else(|| text.split_once(['-', '–', '—']))
}

/// Days: `Mo`, `Mo-Fr`.
fn read_days(text: &str) -> Result<Vec<usize>, String> {
    let (first, last) = from_to(text).unwrap_or((text, text));
    let (first, last) = (day(first)?, day(last)?);
    let count = (last + 7 - first) % 7;
    Ok((0..=count).map(|offset| (first + offset) % 7).collect())
}

fn day(text: &str) -> Result<usize, String> {
    let name = text.trim().trim_end_matches('.').to_lowercase();
    let found = DAYS.iter().position(|names| names.contains(&name.as_str()));
    found.ok_or_else(|| format!("`{}` is no day; use Mo Tu We Th Fr Sa Su", text.trim()))
}

/// `9`, `09:00`, `9.30 Uhr` or `24:00` as minutes since midnight.
fn minute(text: &str) -> Option<u16> {
    let text = text.trim();
    let text = ["Uhr", "uhr", "h"].iter().find_map(|word| text.strip_suffix(word)).unwrap_or(text);
    let (hour, minute) = text.trim().split_once([':', '.']).unwrap_or((text.trim(), "0"));
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let at = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && at <= DAY).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(hours: &Hours, day: Weekday) -> Vec<(u16, u16)> {
        hours.on(day).iter().map(|span| (span.from, span.until)).collect()
    }

    #[test]
    fn several_spans_and_days_are_read_in_english_and_german() {
        let hours = Hours::parse("Mo-Fr 13:00-17:30, 9-12; Sa,So 10:00-14:00").unwrap();
        assert_eq!(on(&hours, Weekday::Wednesday), [(540, 720), (780, 1050)]);
        assert_eq!(on(&hours, Weekday::Sunday), [(600, 840)]);
        assert_eq!(Hours::parse("Mo-Di 9:00-17:00"), Hours::parse("mon-tue 09:00-17:00"));
        assert_eq!(Hours::parse("Montag bis Dienstag 9 bis 17 Uhr"), Hours::parse("Mon to Tue 9.00—17h"));
        assert_eq!(Hours::parse("Montag bis Dienstag 9 bis 17 Uhr"), Hours::parse("mon-tue 09:00-17:00"));
        assert_eq!(Hours::parse("Mo 9-12, Tu 9-12"), Hours::parse("Mo,Tu 9-12"));
    }

    #[test]
    fn a_night_ends_on_the_next_day_and_weeks_wrap() {
        let hours = Hours::parse("Fr-Mo 22:00-06:00").unwrap();
        assert_eq!(on(&hours, Weekday::Monday), [(1320, 1800)]);
        assert!(on(&hours, Weekday::Tuesday).is_empty());
        assert_eq!(on(&Hours::parse("Su 00:00-24:00").unwrap(), Weekday::Sunday), [(0, 1440)]);
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (text, part) in [
            ("", "nothing"),
            ("9-17", "no day before"),
            ("Mo-Fr", "no times"),
            ("Mo-Fr 9-25", "no span"),
            ("Mo-Fr 9am-5pm", "no span"),
            ("Mo 9:60-12", "no span"),
            ("Mo 9-9", "empty"),
            ("Xx 9-17", "no day"),
            ("Mo 9-12, 11-14", "overlap"),
            ("Mo 22-06; Tu 05-09", "overlap"),
            ("Mo-Fr 9-17,", "nothing"),
        ] {
            let wrong = Hours::parse(text).unwrap_err();
            assert!(wrong.contains(part), "{text}: {wrong}");
        }
    }
}
