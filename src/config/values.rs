//! Texts in the settings that mean something: durations, rates, hosts, addresses, zones.
//!
//! In comes the text of one value, out goes what it means or what is wrong with it. Pure but for
//! the time zones, which are the system's.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use url::Url;

use super::Rate;
use super::problem::{Wrong, quote};
use crate::lead::{Email, Name};
use crate::normalize;

/// Units of a duration with their milliseconds.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A whole number with a unit: `90s`, `15m`, `2h`, `30d`, `500ms`.
pub(crate) fn duration(text: &str) -> Result<Duration, Wrong> {
    let wrong = || {
        Wrong::new(format!("{} is no duration", quote(text)))
            .hint("write a whole number and a unit, such as \"90s\", \"15m\", \"2h\" or \"30d\"")
    };
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let (_, ms) = UNITS.iter().find(|(name, _)| *name == unit.trim_start()).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(*ms).map(Duration::from_millis).ok_or_else(wrong)
}

/// A duration as one would write it in the settings.
pub(crate) fn short(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (unit, size) = UNITS.iter().rev().find(|(_, size)| ms % size == 0 && ms >= *size).unwrap_or(&UNITS[0]);
    format!("{}{unit}", ms / size)
}

/// Units of a size with their bytes.
const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Bytes, as a whole number with a unit: `10MiB`, `512KiB`, `2GiB`.
pub(crate) fn size(text: &str) -> Result<u64, Wrong> {
    let wrong = || {
        Wrong::new(format!("{} is no size", quote(text)))
            .hint("write a whole number and a unit, such as \"512KiB\", \"64MiB\" or \"2GiB\"")
    };
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let (_, bytes) = SIZES.iter().find(|(name, _)| *name == unit.trim_start()).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(*bytes).ok_or_else(wrong)
}

/// Requests per time: `10/s`, `60/min`, `1000/h`.
pub(crate) fn rate(text: &str) -> Result<Rate, Wrong> {
    let wrong = || {
        Wrong::new(format!("{} is no rate", quote(text)))
            .hint("write requests per second, minute or hour, such as \"10/s\", \"60/min\" or \"1000/h\"")
    };
    let (count, per) = text.split_once('/').ok_or_else(wrong)?;
    let seconds = match per.trim() {
        "s" => 1,
        "min" => 60,
        "h" => 3_600,
        _ => return Err(wrong()),
    };
    let count = count.trim().parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?;
    Ok(Rate { count, per: Duration::from_secs(seconds) })
}

/// The address of a server: a host name (ASCII form, lower case) or an IP address, without a port.
pub(crate) fn host(text: &str) -> Result<String, Wrong> {
    if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    let wrong = || Wrong::new(format!("{} is no host name", quote(text)));
    if text.contains("://") || text.contains('/') {
        return Err(wrong().hint("write the name alone, such as \"mail.example.com\", without scheme and path"));
    }
    if text.contains(':') {
        return Err(wrong().hint("write the port under its own key, `port`"));
    }
    if text.contains('@') {
        return Err(wrong().hint("write the name of the server; the login goes under `username`"));
    }
    ascii_domain(text).ok_or_else(wrong)
}

/// Whether a host is this machine itself: `localhost`, 127.0.0.0/8 or `::1`.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A mail domain, in ASCII form and lower case.
pub(crate) fn domain(text: &str) -> Result<String, Wrong> {
    let wrong = || Wrong::new(format!("{} is no domain", quote(text)));
    if let Some((_, domain)) = text.rsplit_once('@') {
        return Err(wrong().hint(format!("write the part after the @ alone: \"{}\"", shown(domain))));
    }
    if let Some((_, rest)) = text.split_once("://") {
        let name = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
        return Err(wrong().hint(format!("write the name alone, without scheme and path: \"{}\"", shown(name))));
    }
    if let Some(rest) = text.strip_prefix("*.") {
        return Err(wrong().hint(format!("write it without the star: \"{}\"", shown(rest))));
    }
    let ascii = ascii_domain(text).filter(|name| name.parse::<IpAddr>().is_err()).ok_or_else(wrong)?;
    if ascii.contains('.') { Ok(ascii) } else { Err(wrong().hint("write the whole name, such as \"example.com\"")) }
}

/// An e-mail address without a display name; lower case, domain in ASCII form.
pub(crate) fn email(text: &str) -> Result<Email, Wrong> {
    let wrong = || Wrong::new(format!("{} is no e-mail address", quote(text))).hint("write it as \"name@example.com\"");
    normalize::email::parse(text).ok_or_else(wrong)
}

/// A sender: an e-mail address, with or without a display name (RFC 5322 `mailbox`).
pub(crate) fn mailbox(text: &str) -> Result<String, Wrong> {
    let wrong =
        || Wrong::new(format!("{} is no sender", quote(text))).hint("write it as \"Lotse <lotse@example.com>\"");
    let mailbox: lettre::message::Mailbox = text.parse().map_err(|_| wrong())?;
    email(mailbox.email.as_ref()).map_err(|_| wrong())?;
    Ok(text.trim().to_owned())
}

/// An address on the web: `https` or `http`, with a host, without a login in it.
pub(crate) fn url(text: &str) -> Result<Url, Wrong> {
    // The text is not shown before it is known to hold no password.
    let wrong = |why: &str| Wrong::new(why).hint("write it as \"https://www.example.com/path\"");
    let url = Url::parse(text.trim()).map_err(|error| wrong(&format!("is no web address: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold a user name or password"));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(&format!("must begin with https:// or http://, not {}:", shown(url.scheme()))));
    }
    Ok(url)
}

/// The address the world knows us by, without a trailing `/`.
pub(crate) fn base_url(text: &str) -> Result<String, Wrong> {
    let url = url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new(format!("{} must end before `?` and `#`", quote(text))));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Where a browser is sent: as written, in ASCII, as a header can carry it.
pub(crate) fn target(text: &str) -> Result<String, Wrong> {
    let url = url(text)?;
    let text = text.trim();
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    Ok(if plain { text.to_owned() } else { url.to_string() })
}

/// The origin of a page as browsers send it: `https://www.example.com`, with the port where it is
/// not the scheme's own.
pub(crate) fn origin(text: &str) -> Result<String, Wrong> {
    if text == "*" {
        return Err(Wrong::new("`*` is no origin").hint("leave `origins` out: any page may post then"));
    }
    let url = url(text)?;
    let origin = url.origin().ascii_serialization();
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        let wrong = Wrong::new(format!("{} is more than an origin", quote(text)));
        return Err(wrong.hint(format!("write it without the path: \"{origin}\"")));
    }
    Ok(origin)
}

/// An address to listen on.
pub(crate) fn listen(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        let wrong = Wrong::new(format!("{} is no address to listen on", quote(text)));
        let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).unwrap_or(8080);
        wrong.hint(format!("write an IP address and a port, such as \"127.0.0.1:{port}\" or \"[::1]:{port}\""))
    })
}

/// A network, or a single address.
pub(crate) fn network(text: &str) -> Result<ipnet::IpNet, Wrong> {
    text.parse().or_else(|_| text.parse::<IpAddr>().map(ipnet::IpNet::from)).map_err(|_| {
        Wrong::new(format!("{} is no network", quote(text)))
            .hint("write \"10.0.0.0/8\", \"::1/128\" or a single IP address")
    })
}

/// A name from the IANA time zone database.
pub(crate) fn time_zone(text: &str) -> Result<TimeZone, Wrong> {
    // Names only: a path or a POSIX rule is nothing other programs would understand.
    TimeZone::get(text).map_err(|_| {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let hint = match super::problem::nearest(text, &names) {
            Some(name) => format!("did you mean `{name}`?"),
            None if names.is_empty() => "the system has no time zones: install the package tzdata".to_owned(),
            None => "write it as \"Europe/Berlin\"".to_owned(),
        };
        Wrong::new(format!("unknown time zone {}", quote(text))).hint(hint)
    })
}

/// A country as phone numbers know it: ISO 3166-1 alpha-2, upper case.
pub(crate) fn country(text: &str) -> Result<String, Wrong> {
    let code = text.to_ascii_uppercase();
    let known = || rlibphonenumber::PHONE_NUMBER_UTIL.get_supported_regions().any(|region| region.to_string() == code);
    if code.len() == 2 && known() {
        return Ok(code);
    }
    let hint = if code == "UK" { "did you mean `GB`?" } else { "write two letters (ISO 3166-1), such as \"DE\"" };
    Err(Wrong::new(format!("unknown country {}", quote(text))).hint(hint))
}

/// A day: `2026-12-24`.
pub(crate) fn date(text: &str) -> Result<Date, Wrong> {
    let wrong = || {
        let wrong = Wrong::new(format!("{} is no day", quote(text)));
        match german(text) {
            Some(day) => wrong.hint(format!("write it as \"{day}\"")),
            None => wrong.hint("write year, month and day, such as \"2026-12-24\""),
        }
    };
    if text.len() == 10 { text.parse().map_err(|_| wrong()) } else { Err(wrong()) }
}

/// `24.12.2026`: not what is asked for, and yet plain.
fn german(text: &str) -> Option<Date> {
    let mut parts = text.trim().split('.').map(|part| part.trim().parse::<i16>().ok());
    let (day, month, year) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if year < 100 { 2000 + year } else { year };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A day as a whole, or a moment of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Day(Date),
    Time(DateTime),
}

/// `2026-12-24` or `2026-12-24T12:00`.
pub(crate) fn moment(text: &str) -> Result<Moment, Wrong> {
    if text.trim().len() <= 10 {
        return date(text.trim()).map(Moment::Day);
    }
    let wrong = || {
        Wrong::new(format!("{} is no time", quote(text)))
            .hint("write a day, or a day and a time of the owner's clock without a zone, such as \"2026-12-24T12:00\"")
    };
    let (day, time) = text.trim().split_once(['T', 't', ' ']).ok_or_else(wrong)?;
    let time = time.trim();
    let time = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
    if time.len() != 8 {
        return Err(wrong());
    }
    let time: Time = time.parse().map_err(|_| wrong())?;
    Ok(Moment::Time(date(day)?.to_datetime(time)))
}

/// From and (not included) until: a day as `until` is away as a whole.
pub(crate) fn span(from: Moment, until: Moment) -> Result<(DateTime, DateTime), Wrong> {
    let midnight = |day: Date| day.to_datetime(Time::midnight());
    let begin = match from {
        Moment::Day(day) => midnight(day),
        Moment::Time(at) => at,
    };
    let end = match until {
        Moment::Day(day) => midnight(day.saturating_add(1.day())),
        Moment::Time(at) => at,
    };
    if end > begin {
        return Ok((begin, end));
    }
    Err(Wrong::new(match (from, until) {
        (Moment::Day(from), Moment::Day(until)) => format!("ends on {until}, before it begins on {from}"),
        _ => format!("ends at {end}, not after it begins at {begin}"),
    }))
}

/// The name of a channel, an owner, a team or a notifier.
pub(crate) fn name(text: &str) -> Result<Name, Wrong> {
    Name::parse(text).map_err(|_| {
        let wrong = Wrong::new(format!("{} is no name", quote(text)));
        let folded = text.to_lowercase().replace([' ', '.'], "-");
        match Name::parse(&folded) {
            Ok(folded) => wrong.hint(format!("write `{folded}`")),
            Err(_) => wrong.hint("use 1 to 64 lower-case letters, digits, `-` or `_`, starting with a letter or digit"),
        }
    })
}

/// A domain in ASCII form and lower case, without a trailing dot; `None` where it is none.
fn ascii_domain(text: &str) -> Option<String> {
    let name = idna::domain_to_ascii(text.trim().trim_end_matches('.')).ok()?;
    let label = |label: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        (1..=63).contains(&label.len()) && label.chars().all(fits) && !label.starts_with('-') && !label.ends_with('-')
    };
    (name.len() <= 253 && name.split('.').all(label)).then_some(name)
}

/// A word out of the file inside a hint.
fn shown(text: &str) -> String {
    quote(text).trim_matches('`').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<T: std::fmt::Debug>(read: Result<T, Wrong>) -> String {
        match read {
            Ok(value) => format!("{value:?}"),
            Err(wrong) => format!("wrong: {}", wrong.hint.unwrap_or_default()),
        }
    }

    #[test]
    fn durations_are_whole_numbers_with_a_unit() {
        for (text, ms) in [
            ("500ms", 500),
            ("90s", 90_000),
            ("15m", 900_000),
            ("2h", 7_200_000),
            ("30d", 2_592_000_000),
            ("7 s", 7_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "90", "s", "1.5h", "-1s", "1h30m", "1w", "90S", "99999999999999999999s", "300000000000d"] {
            assert!(duration(text).is_err(), "{text}");
        }
        for (text, shortest) in [("60s", "1m"), ("90s", "90s"), ("100ms", "100ms"), ("24h", "1d"), ("0s", "0ms")] {
            assert_eq!(short(duration(text).unwrap()), shortest, "{text}");
        }
    }

    #[test]
    fn rates_count_requests_per_second_minute_or_hour() {
        for (text, count, seconds) in [("10/s", 10, 1), ("60/min", 60, 60), ("1000 / h", 1000, 3600)] {
            assert_eq!(rate(text), Ok(Rate { count, per: Duration::from_secs(seconds) }), "{text}");
        }
        for text in ["", "60", "0/s", "-1/s", "1.5/s", "60/m", "60/day", "/s", "60/min/s", "5000000000/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses_without_anything_around() {
        for (text, name) in [
            ("Imap.Example.COM", "imap.example.com"),
            ("mail.example.com.", "mail.example.com"),
            ("post.müller.example", "post.xn--mller-kva.example"),
            ("localhost", "localhost"),
            ("10.0.0.1", "10.0.0.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(host(text).as_deref(), Ok(name), "{text}");
        }
        for text in ["imaps://a.example", "a.example:993", "a.example/x", "me@a.example", "a b", "a..b", "-a.example"] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for name in ["localhost", "127.0.0.1", "127.255.0.3", "::1"] {
            assert!(is_loopback(name), "{name}");
        }
        for name in ["localhost.example", "10.0.0.1", "::", "0.0.0.0", "example.com", "127.0.0.1.example"] {
            assert!(!is_loopback(name), "{name}");
        }
    }

    #[test]
    fn domains_are_folded_and_what_surrounds_them_is_named() {
        for (text, result) in [
            ("Example.COM", "\"example.com\""),
            ("bücher.example", "\"xn--bcher-kva.example\""),
            ("me@example.com", "wrong: write the part after the @ alone: \"example.com\""),
            ("https://example.com/x", "wrong: write the name alone, without scheme and path: \"example.com\""),
            ("*.example.com", "wrong: write it without the star: \"example.com\""),
            ("example", "wrong: write the whole name, such as \"example.com\""),
            ("exa mple.com", "wrong: "),
            ("10.0.0.1", "wrong: "),
        ] {
            assert_eq!(shown(domain(text)), result, "{text}");
        }
    }

    #[test]
    fn addresses_are_folded_and_stand_alone() {
        for (text, address) in [
            ("Anna.Schmidt@Example.COM", "anna.schmidt@example.com"),
            ("anna+leads@example.test", "anna+leads@example.test"),
            ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ] {
            assert_eq!(email(text), Ok(Email(address.into())), "{text}");
        }
        for text in [
            "",
            "anna",
            "anna@",
            "@example.com",
            "anna@localhost",
            "Anna <anna@example.com>",
            "a b@example.com",
            "a@[127.0.0.1]",
            "a@-x.example",
        ] {
            assert!(email(text).is_err(), "{text}");
        }
    }

    #[test]
    fn senders_may_have_a_name() {
        for text in [
            "Lotse <lotse@example.com>",
            "lotse@example.com",
            "\"Lotse, Vertrieb\" <l@example.com>",
            "Müller <l@example.com>",
        ] {
            assert_eq!(mailbox(text).as_deref(), Ok(text));
        }
        for text in ["Lotse", "Lotse lotse@example.com", "Lotse <lotse@>", "a@example.com, b@example.com"] {
            assert!(mailbox(text).is_err(), "{text}");
        }
    }

    #[test]
    fn web_addresses_are_complete_and_hold_no_password() {
        assert_eq!(base_url("https://leads.example.com/").as_deref(), Ok("https://leads.example.com"));
        assert_eq!(base_url("http://127.0.0.1:8080/in/").as_deref(), Ok("http://127.0.0.1:8080/in"));
        assert!(base_url("https://example.com/?a=b").is_err());
        assert_eq!(target("https://www.example.com").as_deref(), Ok("https://www.example.com"));
        assert_eq!(target("https://bücher.example/ü").as_deref(), Ok("https://xn--bcher-kva.example/%C3%BC"));
        assert!(target("/thanks").is_err() && target("javascript:alert(1)").is_err());
        let secret = url("https://me:s3cret@example.com/").unwrap_err();
        assert!(!format!("{secret:?}").contains("s3cret"));
    }

    #[test]
    fn origins_are_what_browsers_send() {
        for (text, result) in [
            ("https://www.Example.com", "\"https://www.example.com\""),
            ("https://www.example.com/", "\"https://www.example.com\""),
            ("https://www.example.com:443", "\"https://www.example.com\""),
            ("http://localhost:3000", "\"http://localhost:3000\""),
            ("https://www.example.com/form", "wrong: write it without the path: \"https://www.example.com\""),
            ("*", "wrong: leave `origins` out: any page may post then"),
        ] {
            assert_eq!(shown(origin(text)), result, "{text}");
        }
        assert!(origin("www.example.com").is_err() && origin("null").is_err());
    }

    #[test]
    fn listeners_and_networks_are_numbers() {
        assert!(listen("127.0.0.1:0").is_ok() && listen("[::1]:8080").is_ok());
        assert!(shown(listen(":9090")).contains("\"127.0.0.1:9090\""));
        assert!(listen("localhost:8080").is_err() && listen("127.0.0.1").is_err());
        assert_eq!(network("10.1.2.3").unwrap().to_string(), "10.1.2.3/32");
        assert_eq!(network("::1/128").unwrap().to_string(), "::1/128");
        assert!(network("10.0.0.0/33").is_err() && network("proxy").is_err());
    }

    #[test]
    fn zones_and_countries_are_known_ones() {
        assert_eq!(time_zone("Europe/Berlin").unwrap().iana_name(), Some("Europe/Berlin"));
        assert_eq!(shown(time_zone("Europe/Berln")), "wrong: did you mean `Europe/Berlin`?");
        assert!(time_zone("CET-1CEST").is_err() && time_zone("../etc/passwd").is_err());
        assert_eq!(country("de").as_deref(), Ok("DE"));
        for text in ["UK", "ZZ", "DEU", "Germany", "", "D", "001"] {
            assert!(country(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_in_another_order_is_no_day_and_the_hint_writes_it() {
        assert_eq!(shown(date("24.12.2026")), "wrong: write it as \"2026-12-24\"");
        assert_eq!(shown(date("2.1.27")), "wrong: write it as \"2027-01-02\"");
        assert!(shown(date("12/24/2026")).contains("such as") && shown(date("31.2.2026")).contains("such as"));
    }

    #[test]
    fn names_come_with_a_way_to_write_them() {
        assert!(name("sales-2").is_ok());
        assert_eq!(shown(name("Sales Team")), "wrong: write `sales-team`");
        assert!(shown(name("büro")).contains("lower-case letters"));
    }
}
