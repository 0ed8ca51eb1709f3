//! The user's own templates of mails: a mail is read by its template, and one that its template does not fit
//! any more raises one alarm, which is over when the next one fits.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::time::Duration;

use serde_json::Value;
use support::daemon::Daemon;
use support::dovecot::Dovecot;

const LIMIT: Duration = Duration::from_secs(90);
/// Three looks of the watch, and then some.
const LOOKS: Duration = Duration::from_secs(7);

const TEMPLATE: &str = r#"
[[template]]
name = "portal"
from = ["info@portal.example"]
subject = ["Anfrage"]
fields = { name = "Interessent", email = "Erreichbar unter", message = "Wunsch" }
required = ["email", "message"]
set = { source = "portal" }
tags = ["portal"]
"#;

fn settings(dovecot: &Dovecot) -> String {
    format!(
        r#"
[channels.sales]
kind = "imap"
host = "localhost"
port = {port}
ca_file = "{ca}"
username = "templates"
password = "{password}"
poll = "1s"

[rules]
path = "rules"

[notify.out]
kind = "file"
path = "outbox"

[alarms]
notify = ["out"]

[owners.anna]
notify = []
"#,
        port = dovecot.port(),
        ca = dovecot.ca_file().display(),
        password = support::dovecot::PASSWORD
    )
}

fn mail(number: u32, body: &str) -> Vec<u8> {
    format!(
        "From: Portal <info@portal.example>\r\nTo: sales@ours.example\r\nSubject: Neue Anfrage\r\n\
         Date: Mon, 23 Nov 2026 09:12:{number:02} +0100\r\nMessage-ID: <{number}@portal.example>\r\n\r\n{body}"
    )
    .into_bytes()
}

/// What the operators were told of templates, oldest first, as `event template`.
fn told(daemon: &Daemon) -> Vec<String> {
    let Ok(folder) = fs::read_dir(daemon.path("outbox")) else { return Vec::new() };
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let notices = paths.iter().map(|path| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap());
    let ours = notices.filter(|notice| notice["alarm"]["cause"] == "template_drift");
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    ours.map(|notice| format!("{} {}", word(&notice["event"]), word(&notice["alarm"]["template"]))).collect()
}

fn rows(daemon: &Daemon) -> usize {
    daemon.json(&["intake", "list"]).len()
}

#[test]
fn a_template_reads_its_mails_and_a_changed_layout_is_told_once_across_a_kill() {
    let dovecot = Dovecot::start();
    let mut daemon = Daemon::with(&settings(&dovecot));
    let folder = daemon.path("rules/mail");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("portal.toml"), TEMPLATE).unwrap();
    daemon.start();
    daemon
        .until("the mailbox is read", LIMIT, |daemon| daemon.object(&["status"])["channels"]["sales"]["state"] == "ok");

    dovecot.deliver(
        "templates",
        &mail(1, "Interessent: Max Muster\r\nErreichbar unter: max@firma.example\r\nWunsch: Ein Haus\r\n"),
    );
    daemon.until("the mail is a lead", LIMIT, |daemon| daemon.json(&["leads", "list"]).len() == 1);
    let lead = daemon.json(&["leads", "list"]).remove(0);
    assert_eq!((&lead["name"], &lead["message"]), (&"Max Muster".into(), &"Ein Haus".into()));
    assert_eq!((&lead["fields"]["source"], &lead["tags"][0]), (&"portal".into(), &"portal".into()), "{lead}");

    dovecot.deliver("templates", &mail(2, "Jemand hat Interesse. Alles Weitere im Portal.\r\n"));
    daemon.until("the operators are told", LIMIT, |daemon| told(daemon) == ["alarm.raised portal"]);
    let set_aside = daemon.json(&["intake", "list", "--outcome", "quarantined"]);
    let reason = set_aside[0]["reason"].as_str().unwrap();
    assert!(reason.contains("template `portal`") && reason.contains("`email`"), "{reason}");
    let status = daemon.ok(&["status"]);
    assert!(status.contains("template_drift portal"), "{status}");

    daemon.kill();
    daemon.start();
    dovecot.deliver("templates", &mail(3, "Noch jemand hat Interesse.\r\n"));
    daemon.until("the mail has a row", LIMIT, |daemon| rows(daemon) == 3);
    std::thread::sleep(LOOKS);
    assert_eq!(told(&daemon), ["alarm.raised portal"], "it still lasts");

    dovecot.deliver(
        "templates",
        &mail(4, "Interessent: Mia Muster\r\nErreichbar unter: mia@firma.example\r\nWunsch: Ein Hof\r\n"),
    );
    let both = ["alarm.raised portal", "alarm.over portal"];
    daemon.until("it is over", LIMIT, |daemon| told(daemon) == both);
    daemon.kill();
    daemon.start();
    std::thread::sleep(LOOKS);
    assert_eq!(told(&daemon), both, "and nothing more");
}

#[test]
fn a_broken_template_keeps_the_last_good_ones_and_a_wrong_test_names_the_field() {
    let dovecot = Dovecot::start();
    let daemon = Daemon::with(&settings(&dovecot));
    let folder = daemon.path("rules/mail");
    fs::create_dir_all(&folder).unwrap();
    let test = "\n[[test]]\nmail = \"one.eml\"\nexpect = { email = \"max@firma.example\", name = \"Mia\" }\n";
    fs::write(folder.join("portal.toml"), format!("{TEMPLATE}{test}")).unwrap();
    fs::write(
        folder.join("one.eml"),
        mail(1, "Interessent: Max\r\nErreichbar unter: max@firma.example\r\nWunsch: Haus\r\n"),
    )
    .unwrap();
    let check = daemon.cli(&["check"]);
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    let line = "portal.toml:11: one.eml: `name`: expected \"Mia\", found \"Max\"";
    assert!(said.contains(line) && !check.status.success(), "{said}");

    fs::write(folder.join("portal.toml"), TEMPLATE.replace("subject", "subjct").replace("\"message\"]", "\"mesage\"]"))
        .unwrap();
    let said = String::from_utf8_lossy(&daemon.cli(&["check"]).stdout).into_owned();
    assert!(said.contains("portal.toml:5:1: a template has no `subjct`; did you mean `subject`?"), "{said}");
    assert!(said.contains("did you mean `message`?"), "{said}");
}
