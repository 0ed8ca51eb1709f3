//! What the settings promise as a whole: every mistake at once, at its line, and nothing refused
//! that can be used.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::load::parse_with;
use super::*;
use crate::channels::imap::Start;
use crate::channels::webhook::providers::GENERIC;
use crate::channels::webhook::{Algorithm, Encoding, Proof};

/// The whole vocabulary: what works, what is not available yet.
const WHOLE: &str = include_str!("../../systemd/lotse.toml");

/// Reads settings with these environment variables, from a file nobody has.
fn read_with(text: &str, variables: &[(&str, &Path)]) -> Loaded {
    let look_up = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| OsString::from(value))
    };
    parse_with(text, Some(Path::new("/nowhere/lotse.toml")), &look_up)
}

fn read(text: &str) -> Loaded {
    read_with(text, &[("SET", Path::new("s3cret-value")), ("EMPTY", Path::new(""))])
}

/// The problems as lines without the file's name.
fn problems(text: &str) -> Vec<String> {
    let lines = read(text).problems;
    lines.iter().map(|problem| problem.to_string().replacen("/nowhere/lotse.toml:", "", 1)).collect()
}

/// Checks that settings lead to exactly the problems that comments `#! …` announce on their line.
fn announced(text: &str) {
    let expected: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .flat_map(|(at, line)| line.split("#!").skip(1).map(move |part| (at + 1, part.trim())))
        .collect();
    let loaded = read(text);
    let mut found: Vec<(usize, String)> =
        loaded.problems.iter().map(|problem| (problem.line, problem.to_string())).collect();
    for (line, part) in &expected {
        let at = found.iter().position(|(at, shown)| at == line && shown.contains(part));
        let at = at.unwrap_or_else(|| panic!("line {line} does not tell `{part}`: {found:#?}"));
        found.remove(at);
    }
    assert!(found.is_empty(), "not announced: {found:#?}");
}

#[test]
fn every_mistake_is_reported_at_its_line_in_one_run() {
    let text = r#"
[http]
listen = "localhost"                      #! http.listen: `localhost` is no address to listen on
trusted_proxies = ["10.0.0.0/8", "ten"]   #! `ten` is no network
public_url = "https://me:pw@example.com"  #! must not hold a user name or password

[web]
listen = "0.0.0.0:8081"                   #! warning: web.listen: 0.0.0.0:8081 is reachable from other machines

[organisation]
domains = ["example.com", "@example.de"]  #! write the part after the @ alone: "example.de"
country = "UK"                            #! did you mean `GB`?
time_zone = "Europe/Berln"                #! did you mean `Europe/Berlin`?

[rules]
path = "no/such/folder"                   #! there is no folder `/nowhere/no/such/folder`
qualify_at = "30"                         #! rules.qualify_at: must be a whole number, not a text; leave out the quotes

[channels.sales]                          #! channels.sales.password: is missing
kind = "imap"
host = "imap.example.com"
port = 70000                              #! channels.sales.port: `70000` is out of range; use 1 to 65535
username = "sales@example.com"
  pasword = "x"                           #! 24:3: channels.sales.pasword: unknown key; did you mean `password`?
poll = "60"                               #! `60` is no duration
tls = "none"                              #! without TLS the password crosses the network
ca_file = "no-ca.pem"                     #! cannot read `/nowhere/no-ca.pem`

[channels.Website]                        #! `Website` is no name; write `website`
kind = "webhok"                           #! did you mean `webhook`?

[channels.form]
kind = "webhook"
secret = { env = "UNSET" }                #! the environment variable `UNSET` is not set
rate = "60/day"                           #! `60/day` is no rate
redirect = "thanks.html"                  #! is no web address
origins = ["https://www.example.com/x"]   #! write it without the path: "https://www.example.com"
fields = { mail = ["E-Mail"] }            #! no such canonical field; did you mean `email`?

[channels.fairs]
kind = "csv"
folder = "inbox"
settle = "2d"                             #! use "100ms" to "1h"

[channels.more]
kind = "csv"
folder = "./inbox/"                       #! the channel `fairs` watches this folder already

[owners.anna]
email = "anna@"                           #! `anna@` is no e-mail address
notify = ["mial"]                         #! there is no notifier `mial`; did you mean `mail`?
weight = 0                                #! use 1 to 100
active = "yes"                            #! must be `true` or `false`, not a text

[owners.jonas]                            #! owners.jonas.email: is missing, and the notifier `mail` sends mail

[teams.sales]
members = [
    "anna",
    "jonsa",                              #! there is no owner `jonsa`; did you mean `jonas`?
    "anna",                               #! `anna` stands here twice
]
default = true

[teams.south]
members = "jonas"                         #! must be a list of texts, not a text; put it in brackets
default = true                            #! team `sales` is the default already

[notify.mail]                             #! notify.mail.from: is missing
kind = "smtp"
host = "smtp.example.com:587"             #! write the port under its own key, `port`
username = "lotse"                        #! stands without `password`

[store]
reserve = "64MB"                          #! store.reserve: `64MB` is no size
reserved = "64MiB"                        #! store.reserved: unknown key; did you mean `reserve`?

[storage]                                 #! storage: unknown key; did you mean `store`?
"#;
    announced(text);
    assert!(read(text).config.is_none());
}

#[test]
fn broken_syntax_hides_no_other_mistake_and_makes_none_up() {
    announced(
        r#"
[http]
listen = 127.0.0.1:8080         #! 3:15: invalid float, expected nothing; a text stands in quotes
[web]
listn = "127.0.0.1:8081"        #! did you mean `listen`?
[channels.a]
kind = "csv"
folder = "unterminated          #! invalid basic string
settle = "2 parsecs"            #! is no duration
[channels.a]                    #! duplicate key: `[channels.a]` stands on line 6 already
[notify.files]
kind = "file"
path = "out"
[teams.one]
members = ["anna"]
[owners.anna]
name = Anna                     #! string values must be quoted
weight = 1000                   #! use 1 to 100
[organisation]
domains = ["example.com"]
[channels.b]
kind = "imap"
host = "imap.example.com"
username = "sales"
password = "x"
folder = "\Junk"                #! in a text in "double quotes" a `\` begins a special sign; write it twice
start = 01.11.2026              #! a text or a day stands in quotes
"#,
    );
    // The header is gone, and with it all names below it: only the bracket is to blame.
    let lines = problems("[owners.anna\nname = \"Anna\"\n[teams.sales]\nmembers = [\"anna\"]\n");
    assert_eq!(lines, ["1:13: unclosed table, expected `]`"]);
}

#[test]
fn two_channels_on_one_folder_and_a_port_of_another_protection_deserve_a_look() {
    let text = r#"
[organisation]
domains = ["example.com"]
[owners.anna]
notify = ["mail"]
email = "anna@example.com"
[teams.sales]
members = ["anna"]
default = true
[notify.mail]
kind = "smtp"
host = "smtp.example.com"
port = 465              #! 465 is the port for tls = "implicit"; set tls = "implicit", or port = 587
from = "lotse@example.com"
[channels.one]
kind = "imap"
host = "imap.example.com"
tls = "starttls"
port = 993              #! 993 is the port for tls = "implicit"; set tls = "implicit", or port = 143
username = "sales@example.com"
password = "x"
folder = ["INBOX", "Web"]
[channels.two]
kind = "imap"
host = "IMAP.example.com"
username = "sales@example.com"
password = "x"
folder = "Web"          #! the channel `one` reads `Web` of this mailbox already
[channels.three]
kind = "imap"
host = "imap.example.com"
username = "info@example.com"
password = "x"
folder = "Web"
"#;
    announced(text);
    assert!(read(text).config.is_some());
}

#[test]
fn what_is_not_built_yet_is_named_and_stops_nothing() {
    let text = r#"
[organisation]
domains = ["example.com"]
[channels.sales]
kind = "imap"
host = "imap.example.com"
username = "sales@example.com"
password = { env = "SET" }
after = { move = "Archive/Leads" }
[channels.website]
kind = "webhook"
url = "https://leads.example.com/hooks/w"
[owners.anna]
email = "anna@example.com"
notify = ["mail", "crm"]                       #! the notifier `crm` is not available yet
hours = "Mo-Fr 09:00-17:30"
time_zone = "Europe/Berlin"
language = "en"
away = [{ from = "2026-12-24", until = 2027-01-02 }]
max_open = 40
[owners.lea]
email = "lea@example.com"
[teams.sales]
members = ["anna"]
fallback = "lea"
hold = "4h"
[notify.mail]
kind = "smtp"
host = "smtp.example.com"
from = "Lotse <lotse@example.com>"
[notify.crm]
kind = "webhook"                               #! not available yet; the notifier is left out
url = "https://crm.example.com/in"
secret = { credential = "crm" }
events = ["lead.created", "lead.stage"]
allow_private = true
[notify.chat]
kind = "slack"                                 #! not available yet; the notifier is left out
url = { env = "UNSET" }
"#;
    announced(text);
    let config = read(text).config.unwrap();
    let names: Vec<&str> = config.notifiers.iter().map(|notifier| notifier.name.as_str()).collect();
    assert_eq!(names, ["mail"]);
    assert_eq!(config.owners[0].notify, [Name::parse("mail").unwrap()]);
    assert_eq!(config.owners[1].notify, [Name::parse("mail").unwrap()], "the only one that can be used");
}

#[test]
fn keys_without_effect_are_still_checked() {
    announced(
        r#"
[channels.sales]
kind = "imap"
host = "127.0.0.1"
username = "sales"
password = { env = "SET" }
after = "archive"                              #! unknown value `archive`
[organisation]
domains = ["example.com"]
[owners.anna]
notify = []
time_zone = "Berlin"                           #! unknown time zone
language = "german"                            #! unknown value `german`
away = [{ from = "2026-12-24", until = "2026-12-01" }, { from = "24.12.2026" }] #! ends on 2026-12-01 #! until: is missing #! is no day
max_open = 0                                   #! out of range
[teams.sales]
members = ["anna"]
fallback = "leo"                               #! there is no owner `leo`
hold = 4                                       #! must be a text with a unit, not a number alone; write "4s", "4m", "4h" or "4d"
[notify.crm]
kind = "webhook"                               #! not available yet
url = "ftp://crm.example.com"                  #! must begin with https://
events = ["lead.create"]                       #! did you mean `lead.created`?
evnts = []                                     #! did you mean `events`?
"#,
    );
}

#[test]
fn what_would_be_unsafe_or_useless_without_effect_is_an_error() {
    for (keys, message) in [
        ("kind = \"imap\"\nstart = 2026-01-01T10:00:00", "is no day"),
        ("kind = \"imap\"\nstart = \"2026-13-01\"", "`2026-13-01` is no day"),
        (
            "kind = \"imap\"\nstart = \"old\"",
            "unknown value `old`; use one of new, all; or a day, such as \"2026-11-01\"",
        ),
        ("kind = \"imap\"\npassword_command = 1", "unknown key"),
        ("kind = \"imap\"\nhost = \"imaps://imap.example.com\"", "without scheme"),
        (
            "kind = \"webhook\"\nprovider = \"twilio\"\nsecret = \"x\"",
            "channels.c.provider: the address is signed, and the settings do not say",
        ),
        ("kind = \"webhook\"\nprovider = \"squarespace\"", "channels.c.provider: Squarespace signs what it sends"),
        ("kind = \"webhook\"\nprovider = \"typefrom\"", "did you mean `typeform`?"),
        ("kind = \"webhook\"\nsignature = { header = \"X-Sig\" }", "set `secret`"),
        ("kind = \"webhook\"\nsecret = []", "is an empty list"),
        ("kind = \"webhook\"\norigins = [\"*\"]", "leave `origins` out"),
        ("kind = \"sftp\"", "use one of imap, webhook, csv"),
        ("folder = \"x\"", "channels.c.kind: is missing"),
    ] {
        let lines = problems(&format!("[channels.c]\n{keys}\n"));
        assert!(lines.iter().any(|line| line.contains(message) && !line.contains("warning")), "{keys}: {lines:#?}");
    }
}

#[test]
fn a_signature_that_cannot_work_is_an_error_at_its_place() {
    for (keys, message) in [
        ("header = \"X Sig\"", "3:24: channels.c.signature.header: `X Sig` is no header name"),
        ("part = \"v1\"", "channels.c.signature.header: is missing"),
        ("header = \"X-S\", part = \"v1=\"", "signature.part: `v1=` is no name of a piece; write it alone: \"v1\""),
        ("header = \"X-S\", algorithm = \"hmac-sha265\"", "did you mean `hmac-sha256`?"),
        ("header = \"X-S\", algorithm = \"md5\"", "use one of hmac-sha256, hmac-sha1, hmac-sha512, sha256, ed25519"),
        ("header = \"X-S\", encoding = \"base46\"", "did you mean `base64`?"),
        ("header = \"X-S\", signed = \"{bdoy}\"", "signature.signed: there is no `{bdoy}`; did you mean `body`?"),
        ("header = \"X-S\", signed = \"{id}.{timestamp\"", "there is no `{timestamp}`"),
        (
            "header = \"X-S\", signed = \"{timestamp}.{body}\"",
            "signature.signed: {timestamp} is signed, and nothing says",
        ),
        ("header = \"X-S\", timestamp = \"X-T\"", "signature.timestamp: the time is not signed"),
        ("header = \"X-S\", tolerance = \"5m\"", "signature.tolerance: there is no time"),
        ("header = \"X-S\", signed = \"{id}\"", "signature.signed: the body is not signed"),
        ("header = \"X-S\", signed = \"{url}{body}\"", "signature.signed: the address is signed"),
        ("header = \"X-S\", key = \"hex\"", "secret: is not written in hexadecimal digits"),
        ("header = \"X-S\", algorithm = \"ed25519\"", "secret: is no public key of Ed25519"),
        ("header = \"X-S\", key = \"base64\"", "secret: is not written in base64"),
        ("header = \"X-S\", heder = \"x\"", "did you mean `header`?"),
    ] {
        let lines =
            problems(&format!("[channels.c]\nkind = \"webhook\"\nsignature = {{ {keys} }}\nsecret = \"not-hex!\"\n"));
        assert!(lines.iter().any(|line| line.contains(message) && !line.contains("warning")), "{keys}: {lines:#?}");
    }
}

#[test]
fn an_address_that_is_signed_is_told_by_the_public_side() {
    let signed = "signature = { header = \"X-S\", signed = \"{url}{body}\" }";
    let channel = format!("[channels.c]\nkind = \"webhook\"\nsecret = \"s\"\n{signed}\n");
    let url = |text: &str| {
        let config = parse(text, None).draft.unwrap();
        let ChannelKind::Webhook(hook) = &config.channels[0].kind else { panic!("{:?}", config.channels) };
        hook.url.clone().unwrap_or_default()
    };
    let public = "[http]\npublic_url = \"https://leads.example.com/\"\n";
    assert_eq!(url(&format!("{channel}{public}")), "https://leads.example.com/hooks/c");
    let own = "url = \"https://x.example/y?z=1\"\n";
    assert_eq!(url(&format!("{channel}{own}{public}")), "https://x.example/y?z=1");
    assert!(problems(&format!("{channel}{own}")).iter().all(|line| line.contains("warning")));
}

#[test]
fn the_systemd_example_is_right_as_it_stands_and_with_every_key_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["web-token", "sales-imap", "info-client", "info-refresh", "website", "smtp"] {
        std::fs::write(folder.path().join(name), "from systemd\n").unwrap();
    }
    for name in ["rules", "rules-next"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
    let file = folder.path().join("lotse.toml");
    let look_up = |name: &str| (name == "CREDENTIALS_DIRECTORY").then(|| folder.path().into());
    let key = |line: &str| line.starts_with('#') && line[1..].starts_with(|c: char| c.is_ascii_lowercase());
    let filled: Vec<&str> = WHOLE.lines().map(|line| if key(line) { &line[1..] } else { line }).collect();
    let filled = parse_with(&filled.join("\n"), Some(&file), &look_up);
    assert_eq!(filled.problems, []);
    let (filled, bare) = (filled.config.unwrap(), parse_with(WHOLE, Some(&file), &look_up));
    assert_eq!(bare.problems, []);
    let bare = bare.config.unwrap();
    let rules = Rules { folder: Some(folder.path().join("rules")), qualify_at: 30, shadow: None };
    let shadow = Some(folder.path().join("rules-next"));
    assert_eq!((&bare.rules, filled.rules), (&rules, Rules { shadow, ..rules.clone() }));
    assert_eq!((bare.owners, bare.teams), (filled.owners, filled.teams));
    assert_eq!((bare.http, bare.organisation), (filled.http, filled.organisation));
    let ChannelKind::Webhook(form) = &filled.channels[1].kind else { panic!("{:?}", filled.channels) };
    let Proof::Signature(signature) = &form.proof else { panic!("{form:?}") };
    assert_eq!((signature.header.as_str(), signature.prefix.as_str()), ("x-hub-signature-256", "sha256="));
    assert_eq!((signature.algorithm, signature.encoding), (Algorithm::HmacSha256, Encoding::Hex));
    assert_eq!(form.spelling.fields["email"], ["your-email"]);
    assert_eq!(form.spelling.honeypot.as_deref(), Some("fax"));
    let trap = form.spelling.time_trap.as_ref().unwrap();
    assert_eq!((trap.field.as_str(), trap.least.as_secs()), ("spent", 3));
    let uploads = webhook::Uploads { files: Some(5), each: Some(5 << 20), total: Some(10 << 20) };
    assert_eq!(form.uploads, uploads);
    let ChannelKind::Imap(sales) = &bare.channels[0].kind else { panic!("{:?}", bare.channels) };
    assert_eq!(sales.login, imap::Login::Password(Secret::new("from systemd")));
    // What the example shows as a default is the default.
    let ChannelKind::Imap(shown) = &filled.channels[0].kind else { panic!("{:?}", filled.channels) };
    assert_eq!(imap::Config { ca_file: sales.ca_file.clone(), authserv_id: Vec::new(), ..shown.clone() }, *sales);
}

#[test]
fn the_demo_runs_without_a_word() {
    let loaded = load::load_from(None, &[]);
    assert_eq!(loaded.problems, []);
    let config = loaded.config.unwrap();
    let here = std::env::current_dir().unwrap();
    assert_eq!(config.file, None);
    assert_eq!(config.store, here.join("data"));
    assert!(config.http.listen.ip().is_loopback() && config.web.listen.ip().is_loopback());
    assert_eq!(config.rules, Rules { folder: None, qualify_at: 30, shadow: None });
    assert_eq!(config.organisation.country, "DE");
    let names: Vec<&str> = config.channels.iter().map(|channel| channel.name.as_str()).collect();
    assert_eq!(names, ["demo", "inbox"]);
    let ChannelKind::Csv(inbox) = &config.channels[1].kind else { panic!("{:?}", config.channels) };
    assert_eq!(inbox.folder, here.join("data/inbox"));
    assert_eq!(config.owners.len(), 2);
    assert!(config.teams.len() == 1 && config.teams[0].default && config.teams[0].members.len() == 2);
    let folder = here.join("data/outbox");
    assert_eq!(config.notifiers[0].kind, NotifierKind::File(notify::file::Config { folder }));
}

#[test]
fn defaults_are_those_that_users_were_told() {
    let text = r#"
[channels.sales]
kind = "imap"
host = "Imap.Example.com"
username = "sales"
password = { env = "SET" }
[channels.form]
kind = "webhook"
[channels.fairs]
kind = "csv"
folder = "../fairs"
[organisation]
domains = ["Bücher.Example", "EXAMPLE.com"]
[notify.mail]
kind = "smtp"
host = "smtp.example.com"
from = "lotse@example.com"
[owners.anna]
email = "Anna@Bücher.Example"
[teams.only]
members = ["anna"]
"#;
    announced(text);
    let config = read(text).config.unwrap();
    let minute = Duration::from_mins(1);
    let sales = imap::Config {
        host: "imap.example.com".into(),
        port: 993,
        tls: Tls::Implicit,
        ca_file: None,
        username: "sales".into(),
        login: imap::Login::Password(Secret::new("s3cret-value")),
        folder: "INBOX".into(),
        further: Vec::new(),
        max_size: 40 << 20,
        authserv_id: Vec::new(),
        start: Start::New,
        poll: minute,
        after: imap::After::Keep,
        silence_after: Duration::from_mins(15),
        timeout: Duration::from_secs(15),
    };
    assert_eq!(config.channels[0].kind, ChannelKind::Imap(sales));
    let form = webhook::Config {
        provider: &GENERIC,
        secrets: Vec::new(),
        account: Box::default(),
        proof: Proof::Token,
        url: None,
        origins: Vec::new(),
        redirect: None,
        rate: Rate { count: 600, per: minute },
        uploads: webhook::Uploads::default(),
        spelling: crate::normalize::Spelling::default(),
    };
    assert_eq!(config.channels[1].kind, ChannelKind::Webhook(form));
    let ChannelKind::Csv(fairs) = &config.channels[2].kind else { panic!("{:?}", config.channels) };
    assert_eq!((fairs.folder.as_path(), fairs.settle), (Path::new("/nowhere/../fairs"), Duration::from_secs(2)));
    assert_eq!(config.organisation.domains, ["example.com", "xn--bcher-kva.example"]);
    let NotifierKind::Smtp(mail) = &config.notifiers[0].kind else { panic!("{:?}", config.notifiers) };
    assert_eq!((mail.port, mail.tls, &mail.login), (587, Tls::StartTls, &None));
    let anna = &config.owners[0];
    assert_eq!((anna.name.as_str(), anna.weight, anna.active), ("anna", 1, true));
    assert_eq!(anna.email.as_ref().unwrap().as_str(), "anna@xn--bcher-kva.example");
    assert_eq!(anna.notify[0].as_str(), "mail", "the only one there is");
    assert!(config.teams[0].default, "the only one there is");
    assert_eq!((config.store, config.reserve), (PathBuf::from("/nowhere/data"), 64 << 20));
    assert_eq!(config.http.listen, "127.0.0.1:8080".parse::<SocketAddr>().unwrap());
    assert_eq!(config.web.listen, "127.0.0.1:8081".parse::<SocketAddr>().unwrap());
    assert_eq!(config.web.token, None);
}

#[test]
fn ports_follow_from_the_protection_and_none_is_for_this_machine() {
    for (keys, port) in [
        ("tls = \"implicit\"\nhost = \"smtp.example.com\"", 465),
        ("host = \"smtp.example.com\"", 587),
        ("tls = \"none\"\nhost = \"localhost\"", 25),
        ("tls = \"none\"\nhost = \"127.8.9.1\"", 25),
        ("tls = \"none\"\nhost = \"::1\"", 25),
        ("tls = \"none\"\nhost = \"localhost\"\nport = 2525", 2525),
    ] {
        let loaded = read(&format!("[notify.m]\nkind = \"smtp\"\nfrom = \"l@example.com\"\n{keys}\n"));
        let config = loaded.config.unwrap_or_else(|| panic!("{keys}: {:?}", loaded.problems));
        let NotifierKind::Smtp(mail) = &config.notifiers[0].kind else { panic!("{keys}") };
        assert_eq!(mail.port, port, "{keys}");
    }
    for host in ["localhost.example.com", "10.0.0.1", "smtp.example.com"] {
        let text =
            format!("[notify.m]\nkind = \"smtp\"\nfrom = \"l@example.com\"\ntls = \"none\"\nhost = \"{host}\"\n");
        assert!(read(&text).config.is_none(), "{host}");
    }
}

#[test]
fn a_secret_that_is_not_there_is_named_and_one_that_is_there_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pw");
    std::fs::write(&file, "s3cret-value\r\n").unwrap();
    std::fs::write(folder.path().join("two"), "s3cret-value\nmore\n").unwrap();
    std::fs::write(folder.path().join("binary"), [0xff, 0xfe]).unwrap();
    let places =
        [("SET", Path::new("s3cret-value")), ("EMPTY", Path::new("")), ("CREDENTIALS_DIRECTORY", folder.path())];
    let token = |given: &str| read_with(&format!("[web]\ntoken = {given}\n"), &places);
    let path = |name: &str| format!("{{ file = \"{}\" }}", folder.path().join(name).display());
    let good = [path("pw"), "{ credential = \"pw\" }".into(), "{ env = \"SET\" }".into(), "\"s3cret-value\"".into()];
    for given in good {
        let loaded = token(&given);
        let config = loaded.config.unwrap_or_else(|| panic!("{given}: {:?}", loaded.problems));
        assert!(config.web.token.as_ref().unwrap().is("s3cret-value"), "{given}");
        assert!(!format!("{config:?}").contains("s3cret"), "{given}");
    }
    for (given, message) in [
        ("{ env = \"UNSET\" }".to_owned(), "`UNSET` is not set; set it where Lotse is started"),
        ("{ env = \"EMPTY\" }".to_owned(), "the secret is empty"),
        (path("none"), "none`: No such file"),
        (path("two"), "holds a line break"),
        (path("binary"), "is not UTF-8"),
        ("{ credential = \"none\" }".to_owned(), "add `LoadCredential=none:"),
        ("{ credential = \"../pw\" }".to_owned(), "a path goes under `file`"),
        ("{ env = \"SET\", file = \"x\" }".to_owned(), "must say one place"),
        ("{ envv = \"SET\" }".to_owned(), "did you mean `env`?"),
        ("{}".to_owned(), "must say one place"),
        ("17".to_owned(), "must be a text or a table"),
        ("\"\"".to_owned(), "the secret is empty"),
        ("s3cret-value".to_owned(), "must be quoted"),
        ("\"s3cret-value".to_owned(), "invalid basic string"),
        ("\"s3cret\\qvalue\"".to_owned(), "2:"),
    ] {
        let loaded = token(&given);
        let shown = format!("{:?}", loaded.problems);
        let lines: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        assert!(lines.iter().any(|line| line.contains(message)), "{given}: {lines:#?}");
        assert!(loaded.config.is_none(), "{given}");
        assert!(!shown.contains("s3cret"), "{given}: {shown}");
    }
    let outside = problems("[web]\ntoken = { credential = \"x\" }\n");
    assert!(outside.iter().any(|line| line.contains("CREDENTIALS_DIRECTORY is not set")), "{outside:?}");
}

#[test]
fn a_plain_secret_warns_only_where_others_can_read_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lotse.toml");
    std::fs::write(&file, "[web]\ntoken = \"s3cret-value\"\n").unwrap();
    for (mode, warned) in [(0o600, false), (0o640, true), (0o604, true)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let loaded = load(Some(&file));
        let told = loaded.problems.iter().any(|problem| problem.to_string().contains("others can read"));
        assert_eq!(told, warned, "{mode:o}");
        assert!(loaded.config.is_some());
    }
}

#[test]
fn nothing_to_do_is_a_warning_each() {
    let lines = problems("");
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[1].contains("warning: owners: nobody is here to work leads"), "{lines:#?}");
    assert!(lines[0].contains("warning: channels: no lead can come in"), "{lines:#?}");
    assert!(read("").config.is_some());
    assert_eq!(problems("[channels]\n[owners]\n[teams]\n[notify]\n").len(), 2);
}

#[test]
fn owners_without_a_team_take_turns() {
    let text =
        "[owners.b]\nnotify = []\n[owners.a]\n[owners.c]\nactive = false\n[notify.o]\nkind = \"file\"\npath = \"o\"\n";
    let loaded = read(text);
    assert!(loaded.problems.iter().any(|problem| problem.message.contains("all active owners take turns")));
    let team = loaded.config.unwrap().teams.remove(0);
    let members: Vec<&str> = team.members.iter().map(Name::as_str).collect();
    assert_eq!((team.name.as_str(), members, team.default), ("everyone", vec!["b", "a"], true));
}

#[test]
fn teams_and_listeners_that_cannot_work_are_told() {
    announced(
        r#"
[http]
listen = "0.0.0.0:9000"
[web]
listen = "127.0.0.1:9000"   #! 127.0.0.1:9000 is taken by the public side
[channels.c]
kind = "imap"
host = "imap.example.com"
username = "Sales@Example.com"
password = { env = "SET" }
[owners.anna]               #! owners.anna.notify: is missing, and there is more than one notifier
email = "sales@example.com" #! this is the mailbox of the channel `c`
[owners.jonas]
active = false
notify = ["files"]
[teams.a]                   #! teams: no team is the default
members = ["anna"]
[teams.b]
members = ["jonas"]         #! `jonas` is not active #! nobody in this team is active
[teams.c]                   #! teams.c.members: is missing
[notify.mail]
kind = "smtp"
host = "smtp.example.com"
from = "Lotse lotse@example.com" #! is no sender
[notify.files]
kind = "file"
path = "~/out"              #! `~` is not expanded here
[organisation]              #! mail from our own people becomes leads
"#,
    );
    assert!(read("[http]\nlisten = \"127.0.0.1:0\"\n[web]\nlisten = \"127.0.0.1:0\"\n").config.is_some());
}

#[test]
fn the_named_file_wins_then_the_first_that_exists_even_when_it_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let [none, first, second] = ["none.toml", "first.toml", "second.toml"].map(|name| folder.path().join(name));
    std::fs::write(&first, "[web]\nlisten = \"127.0.0.1:1\"\n").unwrap();
    std::fs::write(&second, "[web]\nlisten = \"127.0.0.1:2\"\n").unwrap();
    let port =
        |explicit, places: &[&Path]| load::load_from(explicit, places).config.map(|config| config.web.listen.port());
    assert_eq!(port(Some(&second), &[&first]), Some(2));
    assert_eq!(port(None, &[&none, &first, &second]), Some(1));
    assert_eq!(port(None, &[&none]), Some(8081), "the demo");
    assert_eq!(port(Some(&none), &[&first]), None);
    std::fs::write(&first, b"[web]\n# \xff\n").unwrap();
    let broken = load::load_from(None, &[&first, &second]);
    assert!(broken.config.is_none() && broken.problems[0].message.contains("line 2 is not UTF-8"), "{broken:?}");
    let missing = load(Some(&none)).problems[0].to_string();
    assert!(
        missing.ends_with("none.toml: there is no such file; name the settings file with --config FILE"),
        "{missing}"
    );
}

#[test]
fn a_reload_sees_which_channel_changed() {
    let text = |poll: &str| {
        let imap = "kind = \"imap\"\nhost = \"h.example\"\nusername = \"u\"\npassword = { env = \"SET\" }";
        format!("[channels.a]\n{imap}\npoll = \"{poll}\"\n[channels.b]\n{imap}\n")
    };
    let [old, same, new] = ["60s", "1m", "2m"].map(|poll| read(&text(poll)).config.unwrap());
    assert_eq!(old, same);
    assert_ne!(old.channels[0], new.channels[0]);
    assert_eq!(old.channels[1], new.channels[1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn reading_never_panics_on_any_text(text in "(\\PC|[\\n\\r\\t\"'=\\[\\]{}.,#\\\\])*") {
        let loaded = read(&text);
        prop_assert_eq!(loaded.config.is_some(), !loaded.problems.iter().any(Problem::is_error));
    }

    #[test]
    fn reading_never_panics_on_damaged_settings(from in 0..WHOLE.len(), length in 0_usize..80, with in "[\\n\"'=\\[\\]{}.,#a-z0-9 ü]{0,12}") {
        let mut text = WHOLE.to_owned();
        let cut = text.floor_char_boundary(from)..text.floor_char_boundary(from + length);
        text.replace_range(cut, &with);
        let loaded = read(&text);
        prop_assert!(loaded.problems.iter().all(|problem| problem.line <= text.lines().count() + 1));
        prop_assert!(loaded.problems.iter().all(|problem| !problem.to_string().contains('\n')));
    }
}

#[test]
fn sizes_have_a_binary_unit() {
    for (text, bytes) in [("0B", 0), ("512KiB", 512 << 10), ("10MiB", 10 << 20), ("2 GiB", 2 << 30)] {
        let config = read(&format!("[store]\nreserve = \"{text}\"\n")).config;
        assert_eq!(config.map(|config| config.reserve), Some(bytes), "{text}");
    }
    for text in ["10", "10MB", "10mib", "-1MiB", "1.5GiB", "99999999999GiB", "MiB", ""] {
        assert!(read(&format!("[store]\nreserve = \"{text}\"\n")).config.is_none(), "{text}");
    }
}

#[test]
fn alarms_go_to_notifiers_that_exist_and_mail_needs_an_address_that_is_not_read() {
    announced(
        r#"
[channels.sales]
kind = "imap"
host = "imap.example.com"
username = "sales@example.com"
password = "x"
poll = "1m"
silence_after = "60s" #! is not longer than `poll` (1m)
[organisation]
domains = ["example.com"]
[notify.mail]
kind = "smtp"
host = "smtp.example.com"
from = "lotse@example.com"
[owners.anna]
email = "anna@example.com"
[teams.sales]
members = ["anna"]
[alarms]
notify = ["mial"] #! there is no notifier `mial`
email = "sales@example.com" #! would come back as leads #! nothing is mailed there
"#,
    );
}

#[test]
fn a_value_of_another_sort_is_told_with_one_that_is_right_and_a_key_that_stands_twice_with_its_first_line() {
    announced(
        r#"
[organisation]
domains = ["example.com"]
[channels.sales]
kind = "webhook"
[owners.anna]
weight = 1
holidays = true                 #! must be a text, not `true` or `false`; write holidays = "DE-BY"
hours = 9                       #! write hours = "Mo-Fr 09:00-17:30"
away = "2026-12-24..2027-01-02" #! write away = [{ from = "2026-12-24", until = "2027-01-02" }]
weight = 2                      #! duplicate key: `weight` stands on line 7 already
[owners.eva]
away = { from = "2026-12-24", until = 2027-01-03 } #! write away = [{ from = "2026-12-24", until = "2027-01-03" }]
[owners.tom]
away = ["2026-12-24 - 2027-01-02", 2027-02-01] #! write away = [{ from = "2026-12-24", until = "2027-01-02" }, { from = "2027-02-01", until = "2027-02-01" }]
[owners.kim]
away = "at Christmas"           #! must be a list of tables with `from` and `until`; write away = [{ from = "2026-12-24"
[ owners.eva ]                  #! duplicate key: `[owners.eva]` stands on line 12 already
[teams.sales]
members = ["anna"]
[notify.out]
kind = "file"
path = "out"
"#,
    );
}
