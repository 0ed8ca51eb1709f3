//! `lotse test`: a lead of our own through each channel's real path, and nothing of it stays.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::daemon::{Daemon, binary};
use support::dovecot::Dovecot;
use support::http;
use support::look::Look;

const WAIT: Duration = Duration::from_mins(1);

const PEOPLE: &str = r#"
[organisation]
domains = ["team.test"]
[owners.anna]
name = "Anna Schmidt"
notify = ["out"]
[owners.jonas]
name = "Jonas"
notify = ["out"]
[teams.sales]
members = ["anna", "jonas"]
[notify.out]
kind = "file"
path = "outbox"
"#;

const CHANNELS: &str = r#"
[channels.website]
kind = "webhook"
[channels.bearer]
kind = "webhook"
secret = "s3cret"
[channels.hex]
kind = "webhook"
secret = ["s3cret", "old"]
signature = { header = "X-Hub-Signature-256", algorithm = "hmac-sha256", encoding = "hex", prefix = "sha256=" }
[channels.base64]
kind = "webhook"
secret = "s3cret"
signature = { header = "X-Signature", algorithm = "hmac-sha256", encoding = "base64" }
[channels.fairs]
kind = "csv"
folder = "fairs"
settle = "300ms"
fields = { company = ["Firma"] }
"#;

fn mailbox(dovecot: &Dovecot, user: &str) -> String {
    let (port, ca_file) = (dovecot.port(), dovecot.ca_file());
    format!(
        "[channels.{user}]\nkind = \"imap\"\nhost = \"localhost\"\nport = {port}\nca_file = \"{}\"\nusername = \"{user}\"\npassword = \"secret\"\n",
        ca_file.display()
    )
}

/// Nothing but rows in the ledger tells of the tests.
fn nothing_stays(daemon: &Daemon, rows: usize) {
    assert!(daemon.json(&["leads", "list"]).is_empty());
    assert!(daemon.json(&["outbox", "list"]).is_empty());
    let ledger = daemon.json(&["intake", "list"]);
    assert_eq!(ledger.len(), rows, "{ledger:?}");
    for row in &ledger {
        assert_eq!((row["outcome"].as_str(), row["own"].as_str()), (Some("ignored"), Some("test")), "{row}");
        assert!(row["reason"].as_str().unwrap().contains("lotse test"), "{row}");
    }
    for owner in daemon.json(&["owners"]) {
        assert_eq!((owner["assigned"].as_u64(), owner["open"].as_u64()), (Some(0), Some(0)), "{owner}");
    }
    daemon.ok(&["status", "--audit"]);
}

fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for part in ["", "done", "failed"] {
        for entry in fs::read_dir(folder.join(part)).unwrap().flatten().filter(|entry| entry.path().is_file()) {
            names.push(entry.path().display().to_string());
        }
    }
    names
}

fn step<'a>(tried: &'a Value, word: &str) -> &'a str {
    let steps = tried["steps"].as_array().unwrap().iter();
    steps.into_iter().find(|step| step["step"] == word).unwrap_or_else(|| panic!("no {word}: {tried}"))["text"]
        .as_str()
        .unwrap()
}

#[test]
fn a_test_goes_the_real_way_of_every_kind_says_who_would_get_it_and_leaves_nothing_behind() {
    let dovecot = Dovecot::start();
    let mut daemon = Daemon::with(&format!("{PEOPLE}{CHANNELS}{}", mailbox(&dovecot, "sales")));
    daemon.start();
    daemon.until("the mailbox is read", WAIT, |d| d.object(&["status"])["channels"]["sales"]["state"] == "ok");
    let channels = ["website", "bearer", "hex", "base64", "fairs", "sales"];
    for channel in channels {
        let tried = daemon.object(&["test", channel]);
        assert_eq!((&tried["channel"], &tried["outcome"]), (&channel.into(), &"created".into()), "{tried}");
        assert_eq!(
            (&tried["owner"], &tried["team"]),
            (&"anna".into(), &"sales".into()),
            "nobody's turn was taken before: {tried}"
        );
        assert_eq!((&tried["owner_name"], &tried["notifiers"][0]), (&"Anna Schmidt".into(), &"out".into()));
        assert!(tried["disposition"].is_string() && tried["score"].is_i64() && tried["left"].is_null(), "{tried}");
        assert!(tried["intake"].is_string() && step(&tried, "arrived").contains(tried["intake"].as_str().unwrap()));
        let (sent, removed) = (step(&tried, "sent"), step(&tried, "removed"));
        match channel {
            "sales" => assert!(sent.contains("`INBOX` of localhost") && removed.contains("taken out"), "{tried}"),
            "fairs" => assert!(sent.contains("fairs/lotse-test-") && removed.contains("done/"), "{tried}"),
            _ => assert!(sent.contains(&format!("/hooks/{channel}, answered 200")), "{tried}"),
        }
    }
    nothing_stays(&daemon, channels.len());
    assert_eq!(files(&daemon.path("fairs")), [""; 0]);
    assert_eq!(dovecot.list("sales"), [""; 0]);

    let said = daemon.ok(&["test", "website"]);
    for line in [
        "sent      POST to http://",
        "outcome   would be created: ",
        "owner     Anna Schmidt (anna) would get it",
        "removed   ",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let real = r#"{"name":"Max","email":"max@firma.example","message":"Hello"}"#;
    http::post(daemon.public(), "/hooks/website", "application/json", real).unwrap();
    assert_eq!(daemon.object(&["leads", "list"])["owner"], "anna", "a real lead still finds the first turn");
    assert_eq!(daemon.object(&["status"])["channels"]["website"]["items"], 1, "tests are no items");
}

#[test]
fn a_test_that_cannot_be_made_says_why_and_sends_nothing() {
    let mut daemon = Daemon::with(&format!("{PEOPLE}{CHANNELS}"));
    daemon.start();
    let failed = |daemon: &Daemon, channel: &str, told: &str| {
        let output = daemon.cli(&["test", channel]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && error.contains(told), "{error}");
    };
    failed(&daemon, "websit", "there is no channel `websit` in the settings; did you mean `website`?");
    fs::remove_dir_all(daemon.path("fairs")).unwrap();
    failed(&daemon, "fairs", "fairs");
    nothing_stays(&daemon, 0);
    daemon.stop();
    failed(&daemon, "website", "the daemon does not run");
    assert_eq!(daemon.cli(&["test"]).status.code(), Some(2), "wrong usage");
}

/// A test of the watched folder that goes on by itself.
fn begin(daemon: &Daemon) -> Child {
    let mut command = Command::new(binary());
    command.arg("--config").arg(daemon.path("lotse.toml")).args(["test", "fairs"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_test_whose_command_is_killed_is_taken_back_by_the_daemon() {
    let mut daemon = Daemon::with(&format!("{PEOPLE}{}", CHANNELS.replace("300ms", "3s")));
    daemon.start();
    let mut command = begin(&daemon);
    daemon.until("the file lies there", WAIT, |d| !files(&d.path("fairs")).is_empty());
    command.kill().unwrap();
    command.wait().unwrap();
    daemon.until("it is read and taken back", WAIT, |d| {
        files(&d.path("fairs")).is_empty() && !d.json(&["intake", "list"]).is_empty()
    });
    nothing_stays(&daemon, 1);
}

#[test]
fn what_a_killed_daemon_leaves_of_a_test_never_becomes_a_lead() {
    let mut daemon = Daemon::with(&format!("{PEOPLE}{}", CHANNELS.replace("300ms", "3s")));
    daemon.start();
    let mut command = begin(&daemon);
    daemon.until("the file lies there", WAIT, |d| files(&d.path("fairs")).iter().any(|file| !file.contains(".part")));
    daemon.kill();
    command.wait().unwrap();
    daemon.start();
    daemon.until("it is read", WAIT, |d| !d.json(&["intake", "list"]).is_empty());
    nothing_stays(&daemon, 1);
}

#[test]
fn nobody_else_can_mark_an_item_as_a_test() {
    let mut daemon = Daemon::with(&format!("{PEOPLE}{CHANNELS}"));
    daemon.start();
    daemon.ok(&["test", "website"]);
    for (n, seal) in ["lotse-seal-t", &format!("lotse-seal-t{}", "0".repeat(64)), "x-lotse-seal"].iter().enumerate() {
        let post = format!(r#"{{"email":"max{n}@firma{n}.example","message":"Hello","x-lotse-seal":"{seal}"}}"#);
        http::post(daemon.public(), "/hooks/website", "application/json", &post).unwrap();
        assert_eq!(daemon.json(&["leads", "list"]).len(), n + 1, "{seal}");
    }
}

/// A way to the server's port without TLS on which there is no UIDPLUS: it is neither offered nor told of, and
/// its command is unknown.
fn without_uidplus(port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", port))) else { continue };
            let (asking, answered) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || pass(asking, answered, &[("UID EXPUNGE", "UID EXPXNGE")]));
            std::thread::spawn(move || pass(server, client, &[("UIDPLUS", "XIDPLUS"), ("[APPENDUID", "[XPPENDUID")]));
        }
    });
    here
}

/// Passes lines on with other words in them.
fn pass(from: TcpStream, mut to: TcpStream, words: &[(&str, &str)]) {
    let mut lines = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(lines.read_until(b'\n', &mut line), Ok(1..)) {
        let mut text = String::from_utf8(std::mem::take(&mut line)).unwrap();
        for (before, after) in words {
            text = text.replace(before, after);
        }
        if to.write_all(text.as_bytes()).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Both).ok();
}

#[test]
fn without_uidplus_a_test_is_removed_where_that_removes_nothing_of_others_and_else_it_says_what_stays() {
    let dovecot = Dovecot::start();
    let port = without_uidplus(dovecot.plain_port());
    let mailbox = format!(
        "[channels.sales]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nusername = \"sales\"\npassword = \"secret\"\n"
    );
    let mut daemon = Daemon::with(&format!("{PEOPLE}{mailbox}"));
    daemon.start();
    daemon.until("the mailbox is read", WAIT, |d| d.object(&["status"])["channels"]["sales"]["state"] == "ok");
    let tried = daemon.object(&["test", "sales"]);
    assert!(tried["left"].is_null() && step(&tried, "removed").contains("taken out"), "{tried}");
    assert_eq!(dovecot.list("sales"), [""; 0]);

    // Somebody has marked a mail as deleted, and may change their mind.
    dovecot.deliver(
        "sales",
        b"From: bob@team.test\r\nMessage-ID: <theirs@team.test>\r\nSubject: Lunch\r\n\r\nAt noon?\r\n",
    );
    let mut look = Look::at(dovecot.plain_port(), "sales");
    look.ask("SELECT INBOX").unwrap();
    look.ask("STORE 1 +FLAGS.SILENT (\\Deleted)").unwrap();
    let output = daemon.cli(&["test", "sales", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let tried: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(tried["left"].as_str().unwrap().contains("marked as deleted"), "{tried}");
    let mails = look.folder("INBOX").1;
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert!(mails.iter().all(|mail| mail.flags.contains("\\Deleted")), "{mails:?}");
    assert!(mails.iter().any(|mail| mail.who == "theirs"), "{mails:?}");
    assert!(daemon.json(&["leads", "list"]).is_empty());
}
