//! An operator asks a mailbox: does every mail have an outcome?
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use support::daemon::Daemon;
use support::dovecot::Dovecot;

const LIMIT: Duration = Duration::from_mins(1);

fn settings(dovecot: &Dovecot) -> String {
    format!(
        r#"
[channels.sales]
kind = "imap"
host = "localhost"
port = {port}
ca_file = "{ca}"
username = "reconcile"
password = "secret"
poll = "1s"

[channels.website]
kind = "webhook"

[owners.anna]
name = "Anna"
"#,
        port = dovecot.port(),
        ca = dovecot.ca_file().display()
    )
}

/// A mail that the server received at `date` (as `touch -d` reads it).
fn deliver(dovecot: &Dovecot, who: &str, date: &str) {
    let mail = format!(
        "From: {who}@{who}.test\r\nMessage-ID: <{who}@{who}.test>\r\nSubject: Offer for {who}\r\n\r\nPlease send {who} an offer.\r\n"
    );
    let path = dovecot.deliver("reconcile", mail.as_bytes());
    assert!(Command::new("touch").arg("-d").arg(date).arg(path).status().unwrap().success());
}

fn ask(daemon: &Daemon, more: &[&str]) -> (Option<i32>, Vec<Value>) {
    let Output { status, stdout, stderr } = daemon.cli(&[&["reconcile", "sales", "--json"], more].concat());
    assert!(stderr.is_empty(), "{}", String::from_utf8_lossy(&stderr));
    let lines = String::from_utf8(stdout).unwrap();
    (status.code(), lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn leads(daemon: &Daemon) -> usize {
    daemon.json(&["leads", "list"]).len()
}

#[test]
fn every_mail_without_an_outcome_is_named_and_brought_in_on_demand_with_and_without_the_daemon() {
    let dovecot = Dovecot::start();
    deliver(&dovecot, "old", "-1 hour");
    // Already there at the first connect, and dated later: neither old nor ever read.
    deliver(&dovecot, "odd", "+1 hour");
    let mut daemon = Daemon::with(&settings(&dovecot));
    daemon.start();
    daemon
        .until("the mailbox is read", LIMIT, |daemon| daemon.object(&["status"])["channels"]["sales"]["state"] == "ok");
    deliver(&dovecot, "fresh", "+0 seconds");
    daemon.until("the mail is a lead", LIMIT, |daemon| leads(daemon) == 1);
    let found = dovecot.list("reconcile");

    let (status, missing) = ask(&daemon, &[]);
    assert_eq!((status, missing.len()), (Some(1), 1), "{missing:?}");
    assert_eq!(
        (&missing[0]["uid"], &missing[0]["waiting"], &missing[0]["outcome"]),
        (&2.into(), &false.into(), &Value::Null)
    );
    assert!(missing[0]["date"].is_string() && missing[0]["size"].as_u64().unwrap() > 50);
    assert_eq!((&missing[0]["subject"], &missing[0]["from"]), (&"Offer for odd".into(), &"odd@odd.test".into()));
    let shown = String::from_utf8(daemon.cli(&["reconcile", "sales"]).stdout).unwrap();
    assert!(shown.contains("Offer for odd") && shown.contains("odd@odd.test") && shown.contains("MISSING"), "{shown}");
    assert!(shown.contains("holds 3 mails: 1 without an outcome; 1 were there before Lotse"), "{shown}");
    assert_eq!(leads(&daemon), 1, "asking changes nothing");

    let (status, fetched) = ask(&daemon, &["--fetch"]);
    assert_eq!((status, &fetched[0]["outcome"]), (Some(0), &"created".into()));
    assert_eq!((leads(&daemon), ask(&daemon, &[])), (2, (Some(0), vec![])));
    assert_eq!(dovecot.list("reconcile"), found, "the mailbox is left as found");

    dovecot.new_uidvalidity("reconcile");
    assert_eq!(ask(&daemon, &[]).0, Some(0), "a folder that is numbered anew holds the same mails");

    assert!(daemon.stop().0.success());
    deliver(&dovecot, "night", "+0 seconds");
    let (status, missing) = ask(&daemon, &[]);
    assert_eq!((status, missing.len(), &missing[0]["waiting"]), (Some(1), 1, &true.into()), "{missing:?}");
    assert_eq!(ask(&daemon, &["--fetch"]).1[0]["outcome"], "created");
    daemon.start();
    daemon.until("the daemon has read the folder anew", LIMIT, |daemon| {
        daemon.object(&["status"])["channels"]["sales"]["state"] == "ok"
    });
    assert_eq!((leads(&daemon), ask(&daemon, &[]).0), (3, Some(0)), "nothing came in twice");

    let wrong = daemon.cli(&["reconcile", "website"]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("`website` is no mailbox"), "{wrong:?}");
    assert_eq!(wrong.status.code(), Some(1));
    daemon.settings(&settings(&dovecot).replace("\"secret\"", "\"wrong\""));
    daemon.signal("HUP");
    daemon.until("the login is refused", LIMIT, |daemon| {
        daemon.object(&["status"])["channels"]["sales"]["refused"] == true
    });
    let refused = daemon.cli(&["reconcile", "sales"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("AUTHENTICATIONFAILED"), "{refused:?}");
}
