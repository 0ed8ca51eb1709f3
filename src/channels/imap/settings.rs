//! Reads `[channels.NAME]` with `kind = "imap"`.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use toml::de::DeValue;

use super::presets::{PRESETS, Password, Preset};
use super::{Config, Login, Start, after, name, oauth2, roles};
use crate::config::field::{Field, Item};
use crate::config::problem::{Wrong, quote};
use crate::config::section::Section;
use crate::config::{Secret, Tls, connection, values};

/// Folders of one mailbox. Each has a connection; Dovecot allows ten by default, Gmail 15, others
/// fewer, and people want some too.
const MOST_FOLDERS: usize = 8;
/// The largest mail that can be read at all, and what is read by default.
const LARGEST_MAIL: u32 = 40 << 20;
/// The smallest limit: letters are larger than they look.
const SMALLEST_LIMIT: u32 = 64 << 10;
/// Longest silence by default: a connection that died without a word is noticed within half a minute.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How long a mailbox may go unchecked by default, unless it is looked at less often.
const SILENCE: Duration = Duration::from_mins(15);

/// Reads one mailbox; days begin in `zone`. Where a mistake was reported, an empty value stands for
/// what could not be read.
pub(crate) fn read(section: &mut Section<'_>, zone: &TimeZone) -> Config {
    let preset = section.key("provider").one_of(&PRESETS);
    let (host, tls, ca_file) = connection::protected(section, preset.map(|preset| preset.host), Tls::Implicit);
    let port = connection::port(section, tls, |tls| if tls == Tls::Implicit { 993 } else { 143 });
    let username = section.key("username").required().text().unwrap_or_default();
    let login = login(section, preset.as_ref(), ca_file.clone());
    let (folder, further) = folders(section.key("folder"));
    let start = start(section.key("start"), zone);
    let after = after::settings::read(section.key("after"), std::iter::once(&folder).chain(&further));
    let max_size = section.key("max_size").parse(max_size).unwrap_or(LARGEST_MAIL);
    let authserv_id = servers(section.key("authserv_id"));
    let poll = section.key("poll").duration(Duration::from_secs(1)..=Duration::from_hours(1));
    let poll = poll.unwrap_or(Duration::from_mins(1));
    let silence_after = silence_after(section, poll);
    let timeout = section.key("timeout").duration(Duration::from_secs(1)..=Duration::from_mins(10));
    let timeout = timeout.unwrap_or(TIMEOUT);
    Config {
        host,
        port,
        tls,
        ca_file,
        username,
        login,
        folder,
        further,
        start,
        after,
        max_size,
        authserv_id,
        poll,
        silence_after,
        timeout,
    }
}

/// How large a mail may be.
fn max_size(text: &str) -> Result<u32, Wrong> {
    let size = values::size(text)?;
    let fits = u32::try_from(size).ok().filter(|size| (SMALLEST_LIMIT..=LARGEST_MAIL).contains(size));
    fits.ok_or_else(|| Wrong::new(format!("{} is out of range", quote(text))).hint("use \"64KiB\" to \"40MiB\""))
}

/// The mail servers whose findings count: a name, or a list of names.
fn servers(field: Field<'_>) -> Vec<String> {
    let several = field.holds(DeValue::is_array);
    let names = if several { field.list(authserv_id) } else { field.parse(authserv_id).map(|name| vec![name]) };
    names.unwrap_or_default()
}

/// The name of a mail server, as it stands in front of its results.
fn authserv_id(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    if text.is_empty() || text.contains([' ', ';', '=', '"']) {
        let wrong = Wrong::new(format!("{} is no server's name", quote(text)));
        return Err(wrong.hint("write what stands behind `Authentication-Results:`, such as \"mx.example.com\""));
    }
    Ok(text.to_owned())
}

/// The first folder, and those beside it: a name, or a list of names.
fn folders(field: Field<'_>) -> (String, Vec<String>) {
    let report = field.report();
    let mut folders: Vec<String> = Vec::new();
    if field.holds(DeValue::is_array) {
        let spot = field.place();
        for Item { text, spot } in field.items().unwrap_or_default() {
            if folders.iter().any(|known| is_same(known, &text)) {
                report
                    .error(&spot, Wrong::new(format!("{} is named twice", quote(&text))).hint("leave one of them out"));
            }
            if let Err(wrong) = roles::check(&text) {
                report.error(&spot, wrong);
            }
            folders.push(text);
        }
        if folders.is_empty() {
            report.error(&spot, Wrong::new("names no folder").hint("leave it out for `INBOX`"));
        } else if folders.len() > MOST_FOLDERS {
            let wrong = Wrong::new(format!("names {} folders, at most {MOST_FOLDERS} are read", folders.len()));
            report.error(
                &spot,
                wrong.hint("each takes a connection, and providers allow few; have the server sort less"),
            );
        }
    } else {
        folders.extend(field.parse(|text| roles::check(text).map(|()| text.to_owned())));
    }
    let mut folders = folders.into_iter();
    (folders.next().unwrap_or_else(|| "INBOX".to_owned()), folders.collect())
}

/// Whether two names are one folder's: that of `INBOX` may be written as one likes (RFC 3501 §5.1), and so
/// may roles; any name may also be written as servers send it.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (&*name::decoded(one), &*name::decoded(other));
    let any_case = |name: &str| name.eq_ignore_ascii_case("INBOX") || name.starts_with('\\');
    one == other || (any_case(one) && one.eq_ignore_ascii_case(other))
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

/// How to log in: one of `password` and `oauth2`.
fn login(section: &mut Section<'_>, preset: Option<&Preset>, ca_file: Option<PathBuf>) -> Login {
    let (oauth, password) = (section.key("oauth2"), section.key("password"));
    let none = || Login::Password(Secret::new(""));
    if !oauth.is_present() {
        if let Some(preset) = preset.filter(|preset| preset.password == Password::Never && password.is_present()) {
            let wrong = Wrong::new(format!("{} takes no password from mail programs", preset.title));
            section.report().warning(password.spot(), wrong.hint("log in with an `oauth2` table in its place"));
        }
        return password.required().secret().map_or_else(none, Login::Password);
    }
    if password.is_present() {
        password.wrong(Wrong::new("is set beside `oauth2`").hint("leave one of the two out"));
    }
    if let Some(preset) = preset.filter(|preset| preset.oauth2.is_none()) {
        let wrong = Wrong::new(format!("{} has no OAuth 2 for mail programs", preset.title));
        oauth.wrong(wrong.hint("make an app-specific password and set it as `password`"));
        return none();
    }
    let read = oauth.section().and_then(|table| oauth2::settings::read(table, preset, ca_file));
    read.map_or_else(none, |config| Login::OAuth2(Box::new(config)))
}

/// What to do with mail that is already there.
fn start(field: Field<'_>, zone: &TimeZone) -> Start {
    let words = [("new", Start::New), ("all", Start::All)];
    let first = |day: jiff::civil::Date| {
        let begin = day.to_zoned_datetime(zone.clone());
        let begin = begin.map_err(|_| Wrong::new(format!("{} is out of range", quote(&day.to_string()))))?.timestamp();
        if begin > Timestamp::now() {
            let wrong = Wrong::new(format!("{} is still to come", quote(&day.to_string())));
            return Err(wrong.hint("name a day in the past, or write \"new\" for what comes from now on"));
        }
        Ok(Start::Since(begin))
    };
    if field.holds(|value| matches!(value, DeValue::Datetime(_))) {
        let (spot, report) = (field.place(), field.report());
        let start = field.date().map(first);
        return start
            .transpose()
            .unwrap_or_else(|wrong| {
                report.error(&spot, wrong);
                None
            })
            .unwrap_or(Start::New);
    }
    let read = |text: &str| match words.iter().find(|(word, _)| *word == text) {
        Some((_, start)) => Ok(*start),
        None if text.starts_with(|c: char| c.is_ascii_digit()) => values::date(text).and_then(first),
        None => {
            let wrong = Wrong::unknown(format!("unknown value {}", quote(text)), text, &["new", "all"]);
            let hint = wrong.hint.clone().unwrap_or_default();
            Err(wrong.hint(format!("{hint}; or a day, such as \"2026-11-01\"")))
        }
    };
    field.parse(read).unwrap_or(Start::New)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::imap::After;
    use crate::channels::imap::oauth2::Grant;
    use crate::config::{ChannelKind, parse};

    /// The one mailbox of these settings, and what is wrong with them.
    fn mailbox(keys: &str) -> (Option<Config>, Vec<String>) {
        let text = format!(
            "[organisation]\ndomains = [\"example.com\"]\n[channels.sales]\nkind = \"imap\"\nusername = \"sales@example.com\"\n{keys}"
        );
        let loaded = parse(&text, None);
        let problems = loaded.problems.iter().map(|problem| {
            format!("{}: {}; {}", problem.key, problem.message, problem.hint.as_deref().unwrap_or_default())
        });
        let channels = loaded.config.map(|config| config.channels).unwrap_or_default();
        let mailbox = channels
            .into_iter()
            .find_map(|channel| if let ChannelKind::Imap(config) = channel.kind { Some(config) } else { None });
        let owners = |problem: &String| problem.starts_with("owners") || problem.starts_with("teams");
        (mailbox, problems.filter(|problem| !owners(problem)).collect())
    }

    fn good(keys: &str) -> Config {
        let (config, problems) = mailbox(keys);
        assert!(problems.is_empty(), "{keys}: {problems:?}");
        config.unwrap()
    }

    fn oauth2(keys: &str) -> oauth2::Config {
        match good(keys).login {
            Login::OAuth2(config) => *config,
            Login::Password(_) => panic!("{keys}"),
        }
    }

    #[test]
    fn a_provider_gives_what_is_not_set_and_what_is_set_wins() {
        let gmail = good("provider = \"gmail\"\npassword = \"x\"");
        assert_eq!((gmail.host.as_str(), gmail.port, gmail.tls), ("imap.gmail.com", 993, Tls::Implicit));
        let other = good("provider = \"yahoo\"\nhost = \"imap.example.com\"\ntls = \"starttls\"\npassword = \"x\"");
        assert_eq!((other.host.as_str(), other.port, other.tls), ("imap.example.com", 143, Tls::StartTls));

        let signed_in = oauth2("provider = \"microsoft365\"\noauth2 = { client_id = \"us\" }");
        assert_eq!(signed_in.token_url.as_str(), "https://login.microsoftonline.com/organizations/oauth2/v2.0/token");
        assert!(signed_in.device_url.unwrap().as_str().ends_with("/organizations/oauth2/v2.0/devicecode"));
        assert!(signed_in.scope.unwrap().ends_with(" offline_access"));
        assert_eq!(signed_in.grant, Grant::RefreshToken(None));

        let own = oauth2(
            "provider = \"microsoft365\"\noauth2 = { grant = \"client_credentials\", tenant = \"example.com\", client_id = \"us\", client_secret = \"x\" }",
        );
        assert_eq!(own.token_url.path(), "/example.com/oauth2/v2.0/token");
        assert_eq!(own.scope.as_deref(), Some("https://outlook.office365.com/.default"));
        assert_eq!((own.grant, own.client_secret_expires), (Grant::ClientCredentials, None));

        let mine = oauth2(
            "provider = \"gmail\"\noauth2 = { token_url = \"https://login.example.com/t\", scope = \"mail\", client_id = \"us\", refresh_token = \"x\" }",
        );
        assert_eq!((mine.token_url.as_str(), mine.scope.as_deref()), ("https://login.example.com/t", Some("mail")));
    }

    #[test]
    fn servers_whose_findings_count_are_named_alone_or_in_a_list() {
        let of = |value: &str| good(&format!("provider = \"gmail\"\npassword = \"x\"\n{value}")).authserv_id;
        assert_eq!(of(""), [""; 0]);
        assert_eq!(of("authserv_id = \"mx.example.com\""), ["mx.example.com"]);
        assert_eq!(of("authserv_id = [\"mx.example.com\", \"lists.example\"]"), ["mx.example.com", "lists.example"]);
        let (_, problems) =
            mailbox("provider = \"gmail\"\npassword = \"x\"\nauthserv_id = \"mx.example.com; spf=pass\"");
        assert!(problems[0].starts_with("channels.sales.authserv_id: "), "{problems:?}");
    }

    #[test]
    fn a_login_that_cannot_work_is_a_mistake_that_says_what_to_do() {
        for (keys, told) in [
            ("provider = \"gmial\"\npassword = \"x\"", "provider: unknown value `gmial`; did you mean `gmail`?"),
            ("host = \"h.example\"", "password: is missing"),
            (
                "provider = \"icloud\"\noauth2 = { client_id = \"us\" }",
                "has no OAuth 2 for mail programs; make an app-specific password",
            ),
            ("provider = \"microsoft365\"\npassword = \"x\"", "Microsoft 365 takes no password from mail programs"),
            (
                "provider = \"microsoft365\"\npassword = \"x\"\noauth2 = { client_id = \"us\" }",
                "is set beside `oauth2`",
            ),
            (
                "provider = \"microsoft365\"\noauth2 = { client_id = \"us\", grant = \"client_credentials\", client_secret = \"x\" }",
                "oauth2.tenant: is missing",
            ),
            (
                "provider = \"gmail\"\noauth2 = { client_id = \"us\", grant = \"client_credentials\", client_secret = \"x\" }",
                "grant: Gmail gives",
            ),
            (
                "provider = \"gmail\"\noauth2 = { client_id = \"us\", refresh_token = \"x\", client_secret_expires = 2027-05-01 }",
                "client_secret_expires: there is no secret that could expire",
            ),
            (
                "provider = \"gmail\"\noauth2 = { client_id = \"us\", client_secret = \"y\", refresh_token = \"x\", client_secret_expires = \"soon\" }",
                "`soon` is no day",
            ),
            ("provider = \"microsoft365\"\noauth2 = { client_id = \"us\", tenant = \"a/b\" }", "`a/b` is no tenant"),
            (
                "provider = \"gmail\"\noauth2 = { client_id = \"us\" }",
                "refresh_token: is missing, and nobody can sign in",
            ),
            (
                "host = \"h.example\"\noauth2 = { client_id = \"us\", refresh_token = \"x\" }",
                "oauth2.token_url: is missing",
            ),
            (
                "host = \"h.example\"\noauth2 = { client_id = \"us\", refresh_token = \"x\", token_url = \"http://login.example.com\" }",
                "must begin with https://",
            ),
            (
                "host = \"h.example\"\noauth2 = { client_id = \"us\", client_secret = \"y\", grant = \"client_credentials\", refresh_token = \"x\", token_url = \"https://login.example.com\" }",
                "has no meaning with grant",
            ),
            (
                "host = \"h.example\"\noauth2 = { clientid = \"us\", refresh_token = \"x\", token_url = \"https://login.example.com\" }",
                "did you mean `client_id`?",
            ),
        ] {
            let (_, problems) = mailbox(keys);
            assert!(problems.iter().any(|problem| problem.contains(told)), "{keys}\n{told}\n{problems:?}");
        }
    }

    #[test]
    fn what_is_done_afterwards_is_a_word_or_another_folder() {
        let host = "host = \"h.example\"\npassword = \"x\"\n";
        for (keys, after) in [
            ("", After::Keep),
            ("after = \"keep\"", After::Keep),
            ("after = \"seen\"", After::Seen),
            ("after = \"delete\"", After::Delete),
            ("after = { move = \"Archive/Leads\" }", After::Move("Archive/Leads".to_owned())),
            ("folder = \"Leads\"\nafter = { move = \"INBOX\" }", After::Move("INBOX".to_owned())),
        ] {
            assert_eq!(good(&format!("{host}{keys}")).after, after, "{keys}");
        }
        for (keys, told) in [
            ("after = \"sene\"", "after: unknown value `sene`; did you mean `seen`?; or a folder: { move = "),
            ("after = { mvoe = \"x\" }", "after.mvoe: unknown key; did you mean `move`?"),
            ("after = {}", "after.move: is missing"),
            ("after = { move = \"Inbox\" }", "after.move: `Inbox` is a folder that mail is read from; name another"),
            ("folder = [\"INBOX\", \"A/B\"]\nafter = { move = \"A/B\" }", "after.move: `A/B` is a folder"),
        ] {
            let (_, problems) = mailbox(&format!("{host}{keys}"));
            assert!(problems.iter().any(|problem| problem.contains(told)), "{keys}\n{told}\n{problems:?}");
        }
    }

    #[test]
    fn several_folders_are_a_list_without_repetition_and_not_too_long() {
        let with = |folder: &str| mailbox(&format!("host = \"h.example\"\npassword = \"x\"\n{folder}"));
        let folders = |keys: &str| with(keys).0.unwrap().folders().map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(folders(""), ["INBOX"]);
        assert_eq!(folders("folder = \"Anfragen\""), ["Anfragen"]);
        assert_eq!(folders("folder = [\"INBOX\", \"Messe/Köln\"]"), ["INBOX", "Messe/Köln"]);
        for (keys, told) in [
            ("folder = [\"INBOX\", \"Inbox\"]", "folder: `Inbox` is named twice"),
            ("folder = [\"Entwürfe\", \"Entw&APw-rfe\"]", "folder: `Entw&APw-rfe` is named twice"),
            ("folder = []", "folder: names no folder"),
            ("folder = [\"INBOX\", \"\"]", "folder: is empty"),
            ("folder = [\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]", "names 9 folders, at most 8"),
            ("folder = 7", "must be a text"),
            ("folder = '\\Spam'", "`\\Spam` is no role of a folder"),
            ("folder = ['\\Junk', '\\junk']", "is named twice"),
        ] {
            let (_, problems) = with(keys);
            assert!(problems.iter().any(|problem| problem.contains(told)), "{keys}: {problems:?}");
        }
    }

    #[test]
    fn the_largest_mail_is_set_within_what_can_be_read() {
        let with = |keys: &str| mailbox(&format!("host = \"h.example\"\npassword = \"x\"\n{keys}"));
        let size = |keys: &str| with(keys).0.unwrap().max_size;
        assert_eq!((size(""), size("max_size = \"5MiB\"")), (40 << 20, 5 << 20));
        for (keys, told) in [
            ("max_size = \"41MiB\"", "max_size: `41MiB` is out of range; use"),
            ("max_size = \"1KiB\"", "max_size: `1KiB` is out of range; use"),
            ("max_size = \"5 MB\"", "`5 MB` is no size"),
        ] {
            assert!(with(keys).1.iter().any(|problem| problem.contains(told)), "{keys}: {:?}", with(keys).1);
        }
    }

    #[test]
    fn a_day_begins_where_the_organisation_is() {
        for day in ["2026-11-01", "\"2026-11-01\""] {
            let start = good(&format!("host = \"h.example\"\npassword = \"x\"\nstart = {day}")).start;
            assert_eq!(start, Start::Since("2026-10-31T23:00:00Z".parse().unwrap()), "Berlin is an hour ahead");
        }
        let wrong = mailbox("host = \"h.example\"\npassword = \"x\"\nstart = 9000-01-01").1;
        assert!(wrong.iter().any(|problem| problem.contains("`9000-01-01` is still to come")), "{wrong:?}");
    }
}
