//! A calendar file (iCalendar, RFC 5545): the times in which its owner is busy.
//!
//! In come the bytes of a file and the owner's time zone, out go busy times of the next year and a
//! half. Events that are cancelled, or that say they leave the owner free (`TRANSP:TRANSPARENT`,
//! Outlook's `FREE`, `TENTATIVE` and `WORKINGELSEWHERE`), are no absence. What repeats daily, weekly,
//! monthly or yearly is played out, with exceptions; a rule that says what is not known here (`BYWEEKNO`
//! and the like) is an error, as half an absence would be worse than none.

mod rule;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use self::rule::Rule;
use super::calendar::{Absence, moment};

/// Bytes of a file at most.
pub(crate) const LARGEST: usize = 16 << 20;
/// Busy times at most.
const MOST: usize = 20_000;
/// How far ahead repetitions are played out, days.
const AHEAD: i64 = 550;
/// Characters of a summary that are kept, and of what is not understood.
const SUMMARY: usize = 60;
const EXCERPT: usize = 40;

/// The busy times of a calendar from now on, in order; the error says what cannot be understood.
pub fn busy(bytes: &[u8], zone: &TimeZone, now: Timestamp) -> Result<Vec<Absence>, String> {
    if bytes.len() > LARGEST {
        return Err(format!("the file is larger than {} MiB", LARGEST >> 20));
    }
    let text = String::from_utf8_lossy(bytes);
    let lines = unfold(&text);
    if !lines.iter().any(|line| line.trim().eq_ignore_ascii_case("BEGIN:VCALENDAR")) {
        return Err("the file is no calendar (no BEGIN:VCALENDAR)".into());
    }
    let events = events(&lines, zone)?;
    let moved: BTreeSet<(String, Timestamp)> =
        events.iter().filter_map(|event| Some((event.uid.clone(), event.replaces?))).collect();
    let end = now.saturating_add(SignedDuration::from_hours(24 * AHEAD)).unwrap_or(Timestamp::MAX);
    let mut all = Vec::new();
    for event in events.iter().filter(|event| event.is_busy) {
        for from in event.starts(end)? {
            let moved = event.replaces.is_none() && moved.contains(&(event.uid.clone(), from));
            let Some(until) = event.end_of(from) else { continue };
            if !moved && until > now && until > from {
                all.push(Absence { from, until, why: event.summary.clone() });
            }
            if all.len() > MOST {
                return Err(format!("the calendar has more than {MOST} busy times"));
            }
        }
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// Lines as they were before they were folded (RFC 5545, 3.1).
fn unfold(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n').map(|line| line.trim_end_matches('\r')) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// One content line: name, parameters, value.
struct Line<'a> {
    name: String,
    parameters: BTreeMap<String, &'a str>,
    value: &'a str,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut quoted = false;
        let at = line.find(|c: char| {
            quoted ^= c == '"';
            c == ':' && !quoted
        })?;
        let (head, value) = (&line[..at], &line[at + 1..]);
        let mut parts = head.split(';');
        let name = parts.next()?.trim().to_ascii_uppercase();
        let parameters = parts.filter_map(|part| part.split_once('='));
        let parameters = parameters.map(|(key, value)| (key.to_ascii_uppercase(), value.trim_matches('"'))).collect();
        Some(Self { name, parameters, value: value.trim() })
    }

    /// The time that it names, and whether it is a whole day.
    fn time(&self, zone: &TimeZone) -> Result<Start, String> {
        let named = self.parameters.get("TZID").and_then(|name| zone_named(name));
        read_time(self.value, named.as_ref().unwrap_or(zone))
    }
}

/// The zone of a name: IANA's, also behind a path, or one that Outlook writes.
fn zone_named(name: &str) -> Option<TimeZone> {
    let tail = || name.rsplit('/').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("/");
    let windows = match name {
        "W. Europe Standard Time" => "Europe/Berlin",
        "Central Europe Standard Time" => "Europe/Budapest",
        "Central European Standard Time" => "Europe/Warsaw",
        "Romance Standard Time" => "Europe/Paris",
        "GMT Standard Time" => "Europe/London",
        "Eastern Standard Time" => "America/New_York",
        "Central Standard Time" => "America/Chicago",
        "Mountain Standard Time" => "America/Denver",
        "Pacific Standard Time" => "America/Los_Angeles",
        _ => "",
    };
    TimeZone::get(name).or_else(|_| TimeZone::get(&tail())).or_else(|_| TimeZone::get(windows)).ok()
}

/// When something begins.
#[derive(Clone, Debug)]
struct Start {
    /// By the clock of `zone`.
    at: DateTime,
    zone: TimeZone,
    whole_day: bool,
}

impl Start {
    fn moment(&self) -> Timestamp {
        moment(self.at, &self.zone)
    }
}

/// The start of what is not understood, for a line of the log.
fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(EXCERPT).collect()
}

/// `20261224`, `20261224T120000`, `20261224T110000Z`.
fn read_time(text: &str, zone: &TimeZone) -> Result<Start, String> {
    let wrong = || format!("`{}` is no time", excerpt(text));
    let number = |range: std::ops::Range<usize>| -> Result<i16, String> {
        text.get(range).and_then(|digits| digits.parse().ok()).ok_or_else(wrong)
    };
    let small = |range| -> Result<i8, String> { i8::try_from(number(range)?).map_err(|_| wrong()) };
    let date = Date::new(number(0..4)?, small(4..6)?, small(6..8)?).map_err(|_| wrong())?;
    if text.len() == 8 {
        return Ok(Start { at: date.at(0, 0, 0, 0), zone: zone.clone(), whole_day: true });
    }
    // A leap second is as good as the one before.
    let time = jiff::civil::Time::new(small(9..11)?, small(11..13)?, small(13..15)?.min(59), 0).map_err(|_| wrong())?;
    let zone = if text.ends_with('Z') { TimeZone::UTC } else { zone.clone() };
    Ok(Start { at: date.to_datetime(time), zone, whole_day: false })
}

/// An event.
struct Event {
    uid: String,
    summary: Option<String>,
    start: Start,
    end: Length,
    rule: Option<Rule>,
    except: BTreeSet<Timestamp>,
    also: Vec<Timestamp>,
    /// The repetition of another event that it replaces.
    replaces: Option<Timestamp>,
    is_busy: bool,
}

/// How long an event takes.
enum Length {
    /// By the wall clock.
    Civil(SignedDuration),
    /// In time that passes.
    Exact(SignedDuration),
}

fn events(lines: &[String], zone: &TimeZone) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    let mut open: Option<Vec<Line<'_>>> = None;
    let mut within = 0;
    for line in lines.iter().filter_map(|line| Line::parse(line)) {
        match (line.name.as_str(), line.value.to_ascii_uppercase().as_str()) {
            ("BEGIN", "VEVENT") => open = Some(Vec::new()),
            ("END", "VEVENT") => {
                if let Some(event) = open.take() {
                    events.extend(Event::read(&event, zone)?);
                }
            }
            // An alarm inside of an event has times of its own.
            ("BEGIN", _) if open.is_some() => within += 1,
            ("END", _) if within > 0 => within -= 1,
            _ if within == 0 => {
                if let Some(event) = &mut open {
                    event.push(line);
                }
            }
            _ => {}
        }
    }
    Ok(events)
}

impl Event {
    /// `None` for one without a beginning.
    fn read(lines: &[Line<'_>], zone: &TimeZone) -> Result<Option<Self>, String> {
        let find = |name: &str| lines.iter().find(|line| line.name == name);
        let Some(start) = find("DTSTART").map(|line| line.time(zone)).transpose()? else { return Ok(None) };
        let is = |name: &str, values: &[&str]| {
            find(name).is_some_and(|line| values.contains(&line.value.to_ascii_uppercase().as_str()))
        };
        let free = is("TRANSP", &["TRANSPARENT"])
            || is("STATUS", &["CANCELLED"])
            || is("X-MICROSOFT-CDO-BUSYSTATUS", &["FREE", "TENTATIVE", "WORKINGELSEWHERE"]);
        let end = match (find("DTEND"), find("DURATION")) {
            (Some(line), _) => {
                let end = line.time(zone)?;
                if start.whole_day {
                    Length::Civil(end.at.duration_since(start.at))
                } else {
                    Length::Exact(end.moment().duration_since(start.moment()))
                }
            }
            (None, Some(line)) => {
                let span: Span = line.value.parse().map_err(|_| format!("`{}` is no duration", excerpt(line.value)))?;
                let days =
                    SignedDuration::from_hours(24 * (i64::from(span.get_days()) + 7 * i64::from(span.get_weeks())));
                let rest = SignedDuration::try_from(span.days(0).weeks(0)).map_err(|error| error.to_string())?;
                if start.whole_day { Length::Civil(days + rest) } else { Length::Exact(days + rest) }
            }
            (None, None) if start.whole_day => Length::Civil(SignedDuration::from_hours(24)),
            (None, None) => Length::Exact(SignedDuration::ZERO),
        };
        let times = |name: &str| -> Result<Vec<Timestamp>, String> {
            let mut all = Vec::new();
            for line in lines.iter().filter(|line| line.name == name) {
                for value in line.value.split(',') {
                    let one = Line { name: String::new(), parameters: line.parameters.clone(), value: value.trim() };
                    all.push(one.time(zone)?.moment());
                }
            }
            Ok(all)
        };
        let summary =
            find("SUMMARY").map(|line| line.value.replace("\\,", ",").replace("\\;", ";").replace("\\n", " "));
        let summary = summary.map(|text| text.chars().filter(|c| !c.is_control()).take(SUMMARY).collect());
        Ok(Some(Self {
            uid: find("UID").map(|line| line.value.to_owned()).unwrap_or_default(),
            summary,
            end,
            rule: find("RRULE").map(|line| Rule::parse(line.value, zone)).transpose()?,
            except: times("EXDATE")?.into_iter().collect(),
            also: times("RDATE")?,
            replaces: find("RECURRENCE-ID").map(|line| line.time(zone)).transpose()?.map(|start| start.moment()),
            is_busy: !free,
            start,
        }))
    }

    fn end_of(&self, from: Timestamp) -> Option<Timestamp> {
        match &self.end {
            Length::Exact(length) => from.checked_add(*length).ok(),
            Length::Civil(length) => {
                let at = self.start.zone.to_datetime(from).checked_add(*length).ok()?;
                Some(moment(at, &self.start.zone))
            }
        }
    }

    /// Every beginning before `end`.
    fn starts(&self, end: Timestamp) -> Result<Vec<Timestamp>, String> {
        let mut all = match &self.rule {
            None => vec![self.start.moment()],
            Some(rule) => rule.play(&self.start, end)?,
        };
        all.extend(&self.also);
        all.retain(|at| *at < end && !self.except.contains(at));
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(events: &str) -> Result<Vec<String>, String> {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n").replace('\n', "\r\n");
        let now = "2026-11-01T00:00:00Z".parse().unwrap();
        let busy = busy(text.as_bytes(), &zone, now)?;
        Ok(busy.into_iter().map(|absence| format!("{}..{}", absence.from, absence.until)).collect())
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\nUID:1@x\n{lines}\nEND:VEVENT\n")
    }

    #[test]
    fn whole_days_and_times_of_several_zones_are_busy() {
        let whole = event("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227\nSUMMARY:Urlaub");
        assert_eq!(calendar(&whole).unwrap(), ["2026-12-23T23:00:00Z..2026-12-26T23:00:00Z"]);
        let zoned = event("DTSTART;TZID=\"America/New_York\":20261201T090000\nDURATION:PT1H30M");
        assert_eq!(calendar(&zoned).unwrap(), ["2026-12-01T14:00:00Z..2026-12-01T15:30:00Z"]);
        let utc = event("DTSTART:20261201T090000Z\nDTEND:20261201T100000Z\nSUMMARY:a long\n  line");
        assert_eq!(calendar(&utc).unwrap().len(), 1);
        let outlook = event(
            "DTSTART;TZID=W. Europe Standard Time:20261201T090000\nDTEND;TZID=W. Europe Standard Time:20261201T100000",
        );
        assert_eq!(calendar(&outlook).unwrap(), ["2026-12-01T08:00:00Z..2026-12-01T09:00:00Z"]);
    }

    #[test]
    fn free_cancelled_and_past_events_are_no_absence() {
        for lines in [
            "DTSTART:20261201T090000Z\nDTEND:20261201T100000Z\nTRANSP:TRANSPARENT",
            "DTSTART:20261201T090000Z\nDTEND:20261201T100000Z\nSTATUS:CANCELLED",
            "DTSTART:20261201T090000Z\nDTEND:20261201T100000Z\nX-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE",
            "DTSTART:20251201T090000Z\nDTEND:20251201T100000Z",
            "DTSTART:20261201T090000Z",
        ] {
            assert_eq!(calendar(&event(lines)).unwrap(), Vec::<String>::new(), "{lines}");
        }
    }

    #[test]
    fn repetitions_keep_the_wall_clock_and_have_exceptions() {
        let weekly = event(
            "DTSTART;TZID=Europe/Berlin:20270322T120000\nDTEND;TZID=Europe/Berlin:20270322T130000\n\
             RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3\nEXDATE;TZID=Europe/Berlin:20270329T120000",
        );
        assert_eq!(
            calendar(&weekly).unwrap(),
            ["2027-03-22T11:00:00Z..2027-03-22T12:00:00Z", "2027-04-05T10:00:00Z..2027-04-05T11:00:00Z"]
        );
        let last_friday =
            event("DTSTART:20261127T100000Z\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270101T000000Z");
        assert_eq!(calendar(&last_friday).unwrap().len(), 2);
        let yearly = event("DTSTART;VALUE=DATE:20200229\nRRULE:FREQ=YEARLY");
        assert_eq!(calendar(&yearly).unwrap(), ["2028-02-28T23:00:00Z..2028-02-29T23:00:00Z"]);
        assert_eq!(
            calendar(&event("DTSTART;VALUE=DATE:20261201\nRRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20261205")).unwrap().len(),
            3
        );
    }

    #[test]
    fn the_last_working_day_of_a_month_and_every_other_week_are_what_calendar_programs_mean() {
        let days = |rule: &str| {
            let all = calendar(&event(&format!("DTSTART:20261129T100000Z\nDURATION:PT1H\nRRULE:{rule}"))).unwrap();
            all.iter().map(|span| span[..10].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            days("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3"),
            ["2026-11-30", "2026-12-31", "2027-01-29"]
        );
        assert_eq!(days("FREQ=MONTHLY;BYDAY=TU,TH;BYSETPOS=2;COUNT=2"), ["2026-12-03", "2027-01-07"]);
        // A Sunday ends a week that begins on Monday, and begins one that begins on Sunday (RFC 5545, 3.3.10).
        assert_eq!(
            days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO;COUNT=3"),
            ["2026-11-29", "2026-12-08", "2026-12-13"]
        );
        assert_eq!(
            days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU;COUNT=3"),
            ["2026-11-29", "2026-12-01", "2026-12-13"]
        );
        assert_eq!(days("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=1"), ["2027-08-13"]);
    }

    #[test]
    fn a_repetition_that_was_moved_counts_where_it_is_now() {
        let moved = event("DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2")
            + &event("RECURRENCE-ID:20261202T100000Z\nDTSTART:20261203T150000Z\nDURATION:PT1H");
        assert_eq!(
            calendar(&moved).unwrap(),
            ["2026-12-01T10:00:00Z..2026-12-01T11:00:00Z", "2026-12-03T15:00:00Z..2026-12-03T16:00:00Z"]
        );
    }

    #[test]
    fn a_repetition_that_comes_after_all_times_is_one() {
        for every in ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"] {
            for interval in ["1000000", "2147483647"] {
                let rare = format!("DTSTART:20261201T100000Z\nDURATION:PT1H\nRRULE:FREQ={every};INTERVAL={interval}");
                assert_eq!(calendar(&event(&rare)).unwrap().len(), 1, "{rare}");
            }
        }
    }

    #[test]
    fn what_is_not_understood_is_an_error_and_no_guess() {
        for rule in ["FREQ=YEARLY;BYWEEKNO=20", "FREQ=YEARLY;BYDAY=20MO", "FREQ=HOURLY", "FREQ=WEEKLY;BYMONTHDAY=1"] {
            let wrong = calendar(&event(&format!("DTSTART:20261201T100000Z\nRRULE:{rule}"))).unwrap_err();
            assert!(wrong.contains("not understood"), "{rule}: {wrong}");
        }
        assert!(calendar(&event("DTSTART:yesterday")).unwrap_err().contains("yesterday"));
        let long = format!("DTSTART:20261201T100000Z\nRRULE:FREQ=\u{7}{}", "X".repeat(1000));
        assert!(calendar(&event(&long)).unwrap_err().contains("FREQ=XXX"));
        assert!(calendar(&event(&long)).unwrap_err().chars().all(|c| !c.is_control()));
        assert!(calendar(&event(&long)).unwrap_err().len() < 200);
        assert!(busy(b"<html>", &TimeZone::UTC, Timestamp::UNIX_EPOCH).unwrap_err().contains("no calendar"));
    }
}
