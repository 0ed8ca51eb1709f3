//! Reads an owner's `calendar`: a file, an address, or a table with an address and a login.

use std::net::IpAddr;
use std::time::Duration;

use toml::de::DeValue;
use url::{Host, Url};

use super::{Address, Login, Source};
use crate::config::field::Field;
use crate::config::problem::Wrong;
use crate::config::section::Section;
use crate::config::{Secret, connection, values};

/// How often an address is asked.
const POLL: Duration = Duration::from_mins(10);
/// How often it may be asked.
const BOUNDS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);

/// Reads `calendar`; `None` where it is not there, or a mistake was reported.
pub(crate) fn read(field: Field<'_>) -> Option<Source> {
    let is_address = |value: &DeValue<'_>| value.as_str().is_some_and(|text| text.contains("://"));
    let is_secret = |value: &DeValue<'_>| {
        let keys = ["env", "file", "credential"];
        value.as_table().is_some_and(|table| keys.iter().any(|key| table.contains_key(*key)))
    };
    if field.holds(is_address) || field.holds(is_secret) {
        let (spot, report) = (field.place(), field.report());
        let url = field.secret()?;
        return match address(&url) {
            Ok(url) => Some(Source::Address(plain(&url, Login::None))),
            Err(wrong) => {
                report.error(&spot, wrong);
                None
            }
        };
    }
    if field.holds(|value| value.as_table().is_some()) { protected(field.section()?) } else { file(field) }
}

fn file(field: Field<'_>) -> Option<Source> {
    field.path().map(Source::File)
}

fn plain(url: &Url, login: Login) -> Address {
    Address { url: Secret::new(url.to_string()), login, poll: POLL, ca_file: None }
}

/// Reads `{ url = …, username = …, password = … }`.
fn protected(mut section: Section<'_>) -> Option<Source> {
    let field = section.key("url").required();
    let (spot, report) = (field.place(), field.report());
    let url = field.secret();
    let username = section.key("username");
    let (names_user, name) = (username.place(), username.text());
    let password = section.key("password").secret();
    let token = section.key("token").secret();
    let poll = section.key("poll").duration(BOUNDS).unwrap_or(POLL);
    let ca_file = connection::ca_file(&mut section);
    section.finish();
    let login = match (name, password, token) {
        (None, None, None) => Login::None,
        (Some(name), Some(password), None) if !name.contains(':') => Login::Password(name, password),
        (Some(_), Some(_), None) => {
            report
                .error(&names_user, Wrong::new("must not hold a colon: nothing could tell where the password begins"));
            return None;
        }
        (None, None, Some(token)) => Login::Token(token),
        _ => {
            let wrong = Wrong::new("the login is not whole, or there are two");
            report.error(&names_user, wrong.hint("set `username` and `password`, or `token`, or none of them"));
            return None;
        }
    };
    match address(&url?) {
        Ok(url) if url.scheme() == "http" && login != Login::None && !is_near(&url) => {
            let wrong = Wrong::new("without TLS the login crosses the network in the clear");
            report.error(&spot, wrong.hint("begin it with https://"));
            None
        }
        Ok(url) => Some(Source::Address(Address { poll, ca_file, ..plain(&url, login) })),
        Err(wrong) => {
            report.error(&spot, wrong);
            None
        }
    }
}

/// A calendar's address; what calendar programs write as `webcal://` is https. It is never shown.
fn address(text: &Secret) -> Result<Url, Wrong> {
    let text = text.expose().trim();
    let text = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("webcal") || scheme.eq_ignore_ascii_case("webcals") => {
            format!("https://{rest}")
        }
        _ => text.to_owned(),
    };
    let shape = "write a file's path, or an address such as \"https://calendar.example.com/anna.ics\"";
    let url = Url::parse(&text).map_err(|error| Wrong::new(format!("is no web address: {error}")).hint(shape))?;
    if !url.username().is_empty() || url.password().is_some() {
        let hint = "write calendar = { url = \"https://…\", username = \"…\", password = { env = \"NAME\" } }";
        return Err(Wrong::new("must not hold a user name or password").hint(hint));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Wrong::new("is neither a file nor a web address").hint(shape));
    }
    if url.scheme() == "http" && matches!(url.host(), Some(Host::Domain(name)) if name.contains('.')) {
        let wrong =
            Wrong::new("must begin with https://: it opens the calendar, and would cross the network in the clear");
        return Err(
            wrong.hint("http:// is for this machine and private networks, by number or by a name without a dot")
        );
    }
    if url.scheme() == "http" && !is_near(&url) && !matches!(url.host(), Some(Host::Domain(_))) {
        return Err(Wrong::new(
            "must begin with https://: it opens the calendar, and would cross the network in the clear",
        ));
    }
    Ok(url)
}

/// Whether an address is of this machine or of a private network.
fn is_near(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    values::is_loopback(host)
        || match host.parse() {
            Ok(IpAddr::V4(address)) => address.is_private() || address.is_link_local(),
            Ok(IpAddr::V6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
            Err(_) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    /// What is made of `calendar = TEXT`, or the mistakes.
    fn read_as(text: &str) -> String {
        let settings = format!(
            "[owners.anna]\ncalendar = {text}\n[teams.t]\nmembers = [\"anna\"]\n[notify.out]\nkind = \"file\"\npath = \"out\"\n"
        );
        let loaded = config::parse(&settings, None);
        let Some(config) = loaded.config else {
            let errors = loaded.problems.iter().filter(|problem| problem.is_error());
            return errors
                .map(|problem| format!("{}: {}", problem.key, problem.message))
                .collect::<Vec<_>>()
                .join("; ");
        };
        match &config.owners[0].calendar {
            Some(Source::File(path)) => format!("file {}", path.ends_with("cal/anna.ics")),
            Some(Source::Address(address)) => {
                let login = match &address.login {
                    Login::None => String::new(),
                    Login::Password(name, _) => format!(" as {name}"),
                    Login::Token(_) => " by token".to_owned(),
                };
                format!("{}{login} each {}", address.url.expose(), values::short(address.poll))
            }
            None => "none".to_owned(),
        }
    }

    #[test]
    fn a_calendar_is_a_file_or_an_address_with_or_without_a_login() {
        for (text, expected) in [
            ("\"cal/anna.ics\"", "file true"),
            ("\"https://c.example.com/a.ics?key=1\"", "https://c.example.com/a.ics?key=1 each 10m"),
            ("\"webcal://c.example.com/a.ics\"", "https://c.example.com/a.ics each 10m"),
            ("\"http://127.0.0.1:81/a.ics\"", "http://127.0.0.1:81/a.ics each 10m"),
            ("\"http://nas/a.ics\"", "http://nas/a.ics each 10m"),
            ("{ url = \"https://c.example.com/a\", poll = \"1h\" }", "https://c.example.com/a each 1h"),
            (
                "{ url = \"https://c.example.com/a\", username = \"anna\", password = \"p\" }",
                "https://c.example.com/a as anna each 10m",
            ),
            ("{ url = \"http://10.0.0.7/a\", token = \"t\" }", "http://10.0.0.7/a by token each 10m"),
        ] {
            assert_eq!(read_as(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said_and_the_address_is_not() {
        for (text, said) in [
            ("\"https://anna:hush@c.example.com/a\"", "must not hold a user name or password"),
            ("\"ftp://c.example.com/hush\"", "neither a file nor a web address"),
            ("\"http://c.example.com/hush\"", "must begin with https://"),
            ("\"http://8.8.8.8/hush\"", "must begin with https://"),
            ("\"https://\"", "is no web address"),
            ("{ env = \"LOTSE_TEST_NOT_SET\" }", "is not set"),
            ("{ url = \"https://c.example.com/hush\", username = \"a\" }", "the login is not whole"),
            ("{ url = \"http://nas/hush\", token = \"t\" }", "without TLS the login"),
            ("{ url = \"https://c.example.com/hush\", pol = \"1h\" }", "unknown key"),
            ("{ username = \"anna\" }", "is missing"),
            ("7", "must be a text"),
        ] {
            let wrong = read_as(text);
            assert!(wrong.contains(said) && wrong.contains("owners.anna.calendar"), "{text}: {wrong}");
            assert!(!wrong.contains("hush"), "{wrong}");
        }
    }
}
