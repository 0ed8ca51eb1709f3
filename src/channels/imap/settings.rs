//! Reads `[channels.NAME]` with `kind = "imap"`.

use std::time::Duration;

use toml::de::DeValue;

use super::{Config, Start};
use crate::config::field::Field;
use crate::config::problem::{Wrong, quote};
use crate::config::section::Section;
use crate::config::{Secret, Tls, connection, values};

/// How long a mailbox may go unchecked by default, unless it is looked at less often.
const SILENCE: Duration = Duration::from_mins(15);

/// Reads one mailbox. Where a mistake was reported, an empty value stands for what could not be read.
pub(crate) fn read(section: &mut Section<'_>) -> Config {
    let (host, tls, ca_file) = connection::protected(section, Tls::Implicit);
    let port = connection::port(section, if tls == Tls::Implicit { 993 } else { 143 });
    let username = section.key("username").required().text().unwrap_or_default();
    let password = password(section).unwrap_or_else(|| Secret::new(""));
    let folder = section.key("folder").text().unwrap_or_else(|| "INBOX".to_owned());
    let start = start(section.key("start"));
    after(section.key("after"));
    let poll = section.key("poll").duration(Duration::from_secs(1)..=Duration::from_hours(1));
    let poll = poll.unwrap_or(Duration::from_mins(1));
    let silence_after = silence_after(section, poll);
    let timeout = section.key("timeout").duration(Duration::from_secs(1)..=Duration::from_mins(10));
    let timeout = timeout.unwrap_or(Duration::from_mins(1));
    Config { host, port, tls, ca_file, username, password, folder, start, poll, silence_after, timeout }
}

/// How long the mailbox may go unchecked: longer than the time between two looks.
fn silence_after(section: &mut Section<'_>, poll: Duration) -> Duration {
    let field = section.key("silence_after");
    let spot = field.place();
    let given = field.duration(Duration::from_secs(2)..=Duration::from_hours(24 * 7));
    if given.is_some_and(|given| given <= poll) {
        let wrong = Wrong::new(format!("is not longer than `poll` ({})", values::short(poll)));
        section.report().error(&spot, wrong.hint("a mailbox that is well would be taken for a silent one"));
    }
    given.unwrap_or(SILENCE.max(poll * 3))
}

/// The password; OAuth 2 cannot stand in for it yet.
fn password(section: &mut Section<'_>) -> Option<Secret> {
    let oauth = section.key("oauth2");
    let password = section.key("password");
    if oauth.is_present() && !password.is_present() {
        oauth.wrong(
            Wrong::new("the login with OAuth 2 is not available yet").hint("set `password`, such as an app password"),
        );
        return None;
    }
    // The keys inside are not looked at before they mean something.
    oauth.later().section();
    password.required().secret()
}

/// What to do with mail that is already there.
fn start(field: Field<'_>) -> Start {
    let later = || Wrong::new("a date is not supported yet").hint("use \"new\" or \"all\"");
    if field.holds(|value| matches!(value, DeValue::Datetime(_))) {
        field.wrong(later());
        return Start::New;
    }
    let words = [("new", Start::New), ("all", Start::All)];
    let read = |text: &str| match words.iter().find(|(word, _)| *word == text) {
        Some((_, start)) => Ok(*start),
        None if values::date(text).is_ok() => Err(later()),
        None => Err(Wrong::unknown(format!("unknown value {}", quote(text)), text, &["new", "all"])),
    };
    field.parse(read).unwrap_or(Start::New)
}

/// What happens to a mail that was read: it is kept as it was found, whatever is asked for.
fn after(field: Field<'_>) {
    if field.holds(|value| value.as_str() == Some("keep")) {
        return;
    }
    let field = field.later();
    if field.holds(DeValue::is_table) {
        if let Some(mut section) = field.section() {
            section.key("move").required().text();
            section.finish();
        }
    } else {
        field.one_of(&[("keep", ()), ("seen", ()), ("delete", ())]);
    }
}
