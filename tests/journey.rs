//! The main job on real servers: a mailbox over TLS, a form and a spreadsheet folder become leads
//! with owners who have been told by mail.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

use support::daemon::Daemon;
use support::dovecot::Dovecot;
use support::http;
use support::smtp::SmtpServer;

const EACH: usize = 30;

fn settings(dovecot: &Dovecot, smtp: &SmtpServer, start: &str) -> String {
    let owners: String = ["anna", "jonas", "lea"]
        .map(|id| format!("[owners.{id}]\nname = \"{id}\"\nemail = \"{id}@team.test\"\nnotify = [\"mail\"]\n"))
        .concat();
    format!(
        r#"
[organisation]
domains = ["team.test"]
country = "DE"

[channels.sales]
kind = "imap"
host = "localhost"
port = {imap}
ca_file = "{imap_ca}"
username = "sales"
password = "secret"
start = "{start}"

[channels.website]
kind = "webhook"

[channels.fairs]
kind = "csv"
folder = "fairs"
settle = "300ms"

{owners}
[teams.sales]
members = ["anna", "jonas", "lea"]
default = true

[notify.mail]
kind = "smtp"
host = "localhost"
port = {smtp}
ca_file = "{smtp_ca}"
username = "lotse"
password = "secret"
from = "Lotse <lotse@team.test>"
"#,
        imap = dovecot.port(),
        imap_ca = dovecot.ca_file().display(),
        smtp = smtp.port(),
        smtp_ca = smtp.ca_file().display(),
    )
}

fn mail(n: usize) -> Vec<u8> {
    format!(
        "From: =?utf-8?Q?J=C3=BCrgen?= Nr{n} <kunde{n}@mail{n}.test>\r\nTo: sales@team.test\r\nSubject: Anfrage {n}\r\n\
         Message-ID: <m{n}@mail{n}.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         Guten Tag, wir bitten um ein Angebot über {n} Stück.\r\n"
    )
    .into_bytes()
}

/// One of three body types by turns; the same number is the same post.
fn post(daemon: &Daemon, n: usize) -> http::Answer {
    let key = format!("Idempotency-Key: form-{n}");
    let (kind, body) = match n % 3 {
        0 => (
            "application/json".to_owned(),
            format!(r#"{{"name":"Form Nr{n}","email":"form{n}@web{n}.test","message":"Please send a quote"}}"#),
        ),
        1 => (
            "application/x-www-form-urlencoded".to_owned(),
            format!("name=Form+Nr{n}&email=form{n}%40web{n}.test&nachricht=Bitte+R%C3%BCckruf"),
        ),
        _ => (
            "multipart/form-data; boundary=XX".to_owned(),
            format!(
                "--XX\r\nContent-Disposition: form-data; name=\"your-name\"\r\n\r\nForm Nr{n}\r\n--XX\r\n\
                 Content-Disposition: form-data; name=\"your-email\"\r\n\r\nform{n}@web{n}.test\r\n--XX\r\n\
                 Content-Disposition: form-data; name=\"datei\"; filename=\"plan.txt\"\r\nContent-Type: text/plain\r\n\r\n\
                 Plan {n}\r\n--XX--\r\n"
            ),
        ),
    };
    let headers = [format!("Content-Type: {kind}"), key];
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    http::request(daemon.public(), "POST", "/hooks/website", &headers, body.as_bytes()).unwrap()
}

fn rows() -> String {
    let mut table = String::from("Name;E-Mail;Firma;Telefon\r\n");
    for n in 0..EACH {
        table += &format!("\"Nr{n}, Eva\";eva{n}@messe{n}.test;Messe {n} GmbH;0171 55500{n:02}\r\n");
    }
    table
}

fn feed(daemon: &Daemon, file: &str) {
    for n in 0..EACH {
        let answer = post(daemon, n);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.json()["receipt"].is_string());
    }
    fs::write(daemon.path("fairs").join(file), rows()).unwrap();
}

fn outcomes(daemon: &Daemon) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in daemon.json(&["intake", "list"]) {
        *counts.entry(row["outcome"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn ninety_items_of_three_channels_become_ninety_leads_in_turn_and_ninety_mails() {
    let (dovecot, smtp) = (Dovecot::start(), SmtpServer::start());
    for n in 0..EACH {
        dovecot.deliver("sales", &mail(n));
    }
    let before = dovecot.list("sales");
    let mut daemon = Daemon::with(&settings(&dovecot, &smtp, "all"));
    daemon.start();
    feed(&daemon, "messe.csv");
    daemon.until("90 leads", Duration::from_mins(1), |daemon| daemon.json(&["leads", "list"]).len() == 3 * EACH);
    daemon.until("90 mails", Duration::from_mins(1), |_| smtp.mails().len() == 3 * EACH);

    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    let mut owner_of = BTreeMap::new();
    for lead in daemon.json(&["leads", "list"]) {
        let (id, owner) = (lead["id"].as_str().unwrap().to_owned(), lead["owner"].as_str().unwrap().to_owned());
        let why = daemon.object(&["leads", "why", &id]);
        assert_eq!(why["routing"]["owner"], owner.as_str());
        assert_eq!(why["routing"]["candidates"].as_array().unwrap().len(), 3);
        *owners.entry(owner.clone()).or_default() += 1;
        owner_of.insert(id, owner);
    }
    assert_eq!(owners, ["anna", "jonas", "lea"].map(|id| (id.to_owned(), EACH)).into());

    let mut told = BTreeSet::new();
    for mail in smtp.mails() {
        let raw = String::from_utf8_lossy(&mail.raw).into_owned();
        let lead = raw.lines().find_map(|line| line.strip_prefix("X-Lotse-Lead: ")).unwrap().trim().to_owned();
        assert_eq!(mail.rcpt, format!("{}@team.test", owner_of[&lead]));
        assert!(told.insert(lead), "two notices for one lead");
    }
    assert_eq!(told.len(), 3 * EACH);
    assert_eq!(dovecot.list("sales"), before, "the mailbox was not left as it was found");
    daemon.until("notices are noted as delivered", Duration::from_secs(5), |daemon| {
        daemon.json(&["outbox", "list", "--state", "delivered"]).len() == 3 * EACH
    });

    // Everything again: the mailbox under a new UIDVALIDITY, the same posts, the file under another name.
    let (status, took) = daemon.stop();
    assert!(status.success(), "{}", daemon.log());
    assert!(took < Duration::from_secs(10));
    dovecot.new_uidvalidity("sales");
    daemon.start();
    feed(&daemon, "messe-kopie.csv");
    daemon.until("90 redelivered", Duration::from_mins(1), |daemon| {
        outcomes(daemon).get("redelivered") == Some(&(3 * EACH))
    });
    assert_eq!(outcomes(&daemon).get("created"), Some(&(3 * EACH)));
    assert_eq!(outcomes(&daemon).values().sum::<usize>(), 6 * EACH);
    assert_eq!(daemon.json(&["leads", "list"]).len(), 3 * EACH);
    assert_eq!(smtp.mails().len(), 3 * EACH, "somebody was told twice");
    assert!(daemon.path("fairs/done/messe-kopie.csv").exists());
}

#[test]
fn a_mail_reaches_its_owner_within_a_second() {
    let (dovecot, smtp) = (Dovecot::start(), SmtpServer::start());
    let mut daemon = Daemon::with(&settings(&dovecot, &smtp, "new"));
    daemon.start();
    daemon.until("the mailbox is watched", Duration::from_secs(20), |daemon| {
        daemon.object(&["status"])["channels"]["sales"]["state"] == "ok"
    });
    std::thread::sleep(Duration::from_secs(1));
    let mut took = Vec::new();
    for n in 0..5 {
        let started = Instant::now();
        dovecot.deliver("sales", &mail(n));
        while smtp.mails().len() <= n {
            assert!(started.elapsed() < Duration::from_secs(20), "no notice\n{}", daemon.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        took.push(started.elapsed());
    }
    took.sort();
    println!(
        "from mailbox to the owner's mail server: fastest {:?}, median {:?}, slowest {:?}",
        took[0], took[2], took[4]
    );
    assert!(took[2] < Duration::from_secs(10), "IDLE does not work: {took:?}");
}

#[test]
fn a_mail_from_our_own_domain_is_ignored_with_a_remedy_and_can_be_released() {
    let (dovecot, smtp) = (Dovecot::start(), SmtpServer::start());
    dovecot.deliver(
        "sales",
        b"From: Boss <boss@team.test>\r\nTo: sales@team.test\r\nSubject: Test\r\n\r\nDoes it work?\r\n",
    );
    let mut daemon = Daemon::with(&settings(&dovecot, &smtp, "all"));
    daemon.start();
    daemon.until("an ignored mail", Duration::from_secs(20), |daemon| outcomes(daemon).get("ignored") == Some(&1));
    let row = daemon.object(&["intake", "list", "--outcome", "ignored"]);
    let reason = row["reason"].as_str().unwrap();
    assert!(reason.contains("organisation.domains") && reason.contains("lotse intake release"), "{reason}");
    let id = row["id"].as_str().unwrap();
    let receipt = daemon.object(&["intake", "release", id]);
    assert_eq!(receipt["outcome"], "created");
    let lead = daemon.object(&["leads", "show", receipt["lead"].as_str().unwrap()]);
    assert_eq!((&lead["forwarded_by"], lead["emails"].as_array().unwrap().len()), (&"boss@team.test".into(), 0));
    assert_eq!(lead["touches"][0]["subject"], "Test");
    assert!(!daemon.cli(&["intake", "release", id]).status.success(), "released twice");
    daemon.until("the owner is told", Duration::from_secs(20), |_| smtp.mails().len() == 1);
}
