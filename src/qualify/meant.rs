//! What was meant by names and texts of other languages and habits: `length()`, `now.hour`, a day where a
//! time is wanted, a town where a time zone is.

use jiff::civil::{Date, DateTime};
use jiff::tz::{self, TimeZone};

use super::types::Ty;

/// A time as rules write it.
const TIME: &str = "2026-12-01T00:00:00Z";

/// Functions and fields of other languages, in small letters, with what to write.
const ELSEWHERE: [(&[&str], &str); 11] = [
    (&["length", "len", "count", "länge"], "write `size(…)`, such as `size(touch.text) > 500`"),
    (&["hour", "hours", "stunde"], "write `getHours(\"Europe/Berlin\")`: 0 to 23"),
    (&["minute", "minutes"], "write `getMinutes(\"Europe/Berlin\")`"),
    (&["month", "monat"], "write `getMonth(\"Europe/Berlin\")`: January is 0"),
    (&["year", "jahr"], "write `getFullYear(\"Europe/Berlin\")`"),
    (&["day", "date", "tag"], "write `getDate(\"Europe/Berlin\")`: 1 to 31"),
    (&["weekday", "dayofweek", "wochentag"], "write `getDayOfWeek(\"Europe/Berlin\")`: Sunday is 0, Saturday 6"),
    (&["tolowercase", "tolower", "lowercase", "downcase"], "write `lowerAscii()`"),
    (&["touppercase", "toupper", "uppercase", "upcase"], "write `upperAscii()`"),
    (&["includes", "has", "enthält"], "write `contains(\"…\")`"),
    (&["isempty", "empty", "isnull", "isblank"], "what nobody said is absent: ask `… == null`"),
];

/// What a function or field of another language is called here.
pub(super) fn elsewhere(name: &str) -> Option<String> {
    let name = name.to_lowercase().replace('_', "");
    ELSEWHERE.iter().find(|(names, _)| names.contains(&name.as_str())).map(|(_, write)| (*write).to_owned())
}

/// What to do about values of these two types, of which one may be a text that is written out.
pub(super) fn convert(left: Ty, right: Ty, text: Option<&str>) -> String {
    let has = |ty: Ty| left == ty || right == ty;
    let number = left.is_number() || right.is_number();
    if has(Ty::Time) && has(Ty::Text) {
        return text.map_or_else(
            || "`timestamp(…)` makes a time of a text".to_owned(),
            |text| format!("write {}", time(text)),
        );
    }
    if has(Ty::Time) && number {
        return "ask for a part of the time, such as `getHours(\"Europe/Berlin\")` or `getFullYear()`".to_owned();
    }
    if has(Ty::Time) && has(Ty::Span) {
        return "a time less another is a duration: `now - lead.created_at > duration(\"48h\")`".to_owned();
    }
    if has(Ty::Span) && (has(Ty::Text) || number) {
        return "write a duration as `duration(\"48h\")`".to_owned();
    }
    "both must be of one kind: `int(…)` and `double(…)` make a number of a text, `string(…)` a text of a number"
        .to_owned()
}

/// The time that a text was meant as, as it is written.
pub(super) fn time(text: &str) -> String {
    let text = text.trim();
    let german = |text: &str| {
        let mut parts = text.split('.').map(|part| part.trim().parse::<i16>().ok());
        let (day, month, year) = (parts.next()??, parts.next()??, parts.next()??);
        Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
    };
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10).or_else(|| german(text));
    let moment = day.map(|day| day.at(0, 0, 0, 0)).or_else(|| text.parse::<DateTime>().ok());
    format!("timestamp(\"{}\")", moment.map_or_else(|| TIME.to_owned(), |moment| format!("{moment}Z")))
}

/// What is wrong with a text that is written out where `name` takes it, and what to write.
pub(super) fn argument(name: &str, text: &str) -> Option<(String, String)> {
    if name == "timestamp" && text.parse::<jiff::Timestamp>().is_err() {
        let message = format!("`timestamp` cannot read `{text}`: it takes a day, a time and their zone");
        return Some((message, format!("write {}", time(text))));
    }
    let named = name.starts_with("get") && text.starts_with(char::is_alphabetic);
    if !named || TimeZone::get(text).is_ok() {
        return None;
    }
    // A system may know fewer zones than the rule engine: only what was clearly meant as another is told.
    let known = zone(text)?;
    Some((format!("there is no time zone `{text}`"), format!("write it as \"{known}\"")))
}

/// The time zone of a town, or of what people call it.
fn zone(text: &str) -> Option<String> {
    let wanted = text.trim().to_lowercase().replace([' ', '-'], "_");
    if ["mez", "mesz", "cest", "deutschland", "germany", "münchen", "hamburg"].contains(&wanted.as_str()) {
        return Some("Europe/Berlin".to_owned());
    }
    let town = |name: &str| name.rsplit('/').next().is_some_and(|town| town.to_lowercase() == wanted);
    let all = || tz::db().available().map(|name| name.as_str().to_owned());
    all().find(|name| name.to_lowercase() == wanted).or_else(|| all().find(|name| town(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_becomes_the_time_it_begins() {
        for (text, write) in [
            ("2026-12-01", "timestamp(\"2026-12-01T00:00:00Z\")"),
            ("1.12.2026", "timestamp(\"2026-12-01T00:00:00Z\")"),
            ("2026-12-24T12:30", "timestamp(\"2026-12-24T12:30:00Z\")"),
            ("yesterday", "timestamp(\"2026-12-01T00:00:00Z\")"),
        ] {
            assert_eq!(time(text), write);
        }
    }
}
