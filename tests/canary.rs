//! A canary: the daemon mails itself through a real mail server and a real mailbox.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use support::daemon::Daemon;
use support::dovecot::Dovecot;
use support::http;
use support::smtp::SmtpServer;

const WAIT: Duration = Duration::from_secs(90);

/// What the mail server takes for the mailbox, it gets, as long as the way is open.
struct Carrier {
    open: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Carrier {
    fn start(smtp: &Arc<std::sync::Mutex<SmtpServer>>, dovecot: &Arc<Dovecot>) -> Self {
        let (open, stop) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let (smtp, dovecot) = (Arc::clone(smtp), Arc::clone(dovecot));
        let (is_open, is_over) = (Arc::clone(&open), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let mut carried = 0;
            while !is_over.load(Ordering::Relaxed) {
                let mails = smtp.lock().unwrap().mails();
                while is_open.load(Ordering::Relaxed) && carried < mails.len() {
                    assert_eq!(mails[carried].rcpt, "sales@team.test");
                    dovecot.deliver("sales@team.test", &mails[carried].raw);
                    carried += 1;
                }
                thread::sleep(Duration::from_millis(50));
            }
        });
        Self { open, stop, thread: Some(thread) }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(thread::JoinHandle::join);
    }
}

fn settings(dovecot: &Dovecot, smtp: &SmtpServer, canary: &str) -> String {
    format!(
        r#"
[organisation]
domains = ["our.test"]
[channels.sales]
kind = "imap"
host = "localhost"
port = {imap}
ca_file = "{imap_ca}"
username = "sales@team.test"
password = "secret"
{canary}
[notify.mail]
kind = "smtp"
host = "localhost"
port = {smtp}
ca_file = "{smtp_ca}"
username = "lotse"
password = "secret"
from = "Lotse <lotse@team.test>"
[notify.out]
kind = "file"
path = "outbox"
[alarms]
notify = ["out"]
[owners.anna]
notify = []
"#,
        imap = dovecot.port(),
        imap_ca = dovecot.ca_file().display(),
        smtp = smtp.port(),
        smtp_ca = smtp.ca_file().display(),
    )
}

fn state(daemon: &Daemon) -> Value {
    daemon.object(&["status"])["canaries"]["sales"].clone()
}

/// What the operators were told of canaries, oldest first, as `event: error`.
fn told(daemon: &Daemon) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(daemon.path("outbox")) else { return Vec::new() };
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let notices = paths.iter().map(|path| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap());
    let canaries = notices.filter(|notice| notice["alarm"]["cause"] == "canary_late");
    canaries
        .map(|notice| format!("{}: {}", notice["event"].as_str().unwrap(), notice["alarm"]["error"].as_str().unwrap()))
        .collect()
}

fn metrics(daemon: &Daemon) -> String {
    let token = std::fs::read_to_string(daemon.path("store/admin.token")).unwrap();
    let header = format!("Authorization: Bearer {}", token.trim());
    http::request(daemon.private(), "GET", "/metrics", &[&header], b"").unwrap().body
}

#[test]
fn a_canary_flies_the_real_way_is_no_lead_and_is_missed_when_it_does_not_arrive() {
    let (dovecot, smtp) = (Arc::new(Dovecot::start()), SmtpServer::start());
    let hourly = settings(&dovecot, &smtp, "[channels.sales.canary]\nevery = \"1h\"\nvia = \"mail\"\n");
    let often = settings(
        &dovecot,
        &smtp,
        "[channels.sales.canary]\nevery = \"10s\"\nvia = \"mail\"\nto = \"sales@team.test\"\nlate_after = \"6s\"\n",
    );
    let smtp = Arc::new(std::sync::Mutex::new(smtp));
    let carrier = Carrier::start(&smtp, &dovecot);
    let mut daemon = Daemon::with(&hourly);
    daemon.ok(&["check"]);
    daemon.start();

    // It flies: measured, a row in the ledger, no lead.
    daemon.until("the canary arrives", WAIT, |daemon| state(daemon)["took"].is_number());
    let flown = state(&daemon);
    assert!(flown["arrived_at"].is_string() && flown["waiting_since"].is_null() && flown["error"].is_null(), "{flown}");
    let row = daemon.object(&["intake", "list"]);
    assert_eq!((&row["outcome"], &row["own"]), (&"ignored".into(), &"canary".into()), "{row}");
    assert!(row["reason"].as_str().unwrap().contains("canary"), "{row}");
    assert!(daemon.ok(&["status"]).contains("canary    sales arrived "));
    let gauges = metrics(&daemon);
    assert!(gauges.contains("lotse_canary_duration_seconds{channel=\"sales\"}"), "{gauges}");
    assert!(gauges.contains("lotse_canary_last_arrival_seconds{channel=\"sales\"}"), "{gauges}");
    assert_eq!(
        daemon.object(&["status"])["channels"]["sales"]["items"],
        0,
        "a canary is no sign of life of the source"
    );
    let mail = String::from_utf8(smtp.lock().unwrap().mails()[0].raw.clone()).unwrap();
    assert!(mail.contains("From: Lotse <lotse@team.test>\n") && mail.contains("x-lotse-seal: lotse-seal-c"), "{mail}");

    // A restart sends no other before its time.
    daemon.stop();
    daemon.start();
    thread::sleep(Duration::from_secs(4));
    assert_eq!(smtp.lock().unwrap().mails().len(), 1);
    assert_eq!(state(&daemon), flown);

    // The way is closed: one alarm, and one when it is over.
    carrier.open.store(false, Ordering::Relaxed);
    daemon.settings(&often);
    daemon.signal("HUP");
    daemon.until("it is missed", WAIT, |daemon| !told(daemon).is_empty());
    assert!(state(&daemon)["waiting_since"].is_string());
    carrier.open.store(true, Ordering::Relaxed);
    daemon.until("it is over", WAIT, |daemon| told(daemon).len() == 2);
    let said = told(&daemon);
    assert!(
        said[0].starts_with("alarm.raised: the one that was sent at ") && said[1].starts_with("alarm.over: "),
        "{said:?}"
    );

    // The mail server is down: the alarm says so. None may be on its way then, for it would be missed first.
    let over = state(&daemon);
    daemon.until("another one arrives", WAIT, |daemon| {
        let now = state(daemon);
        now["waiting_since"].is_null() && now["arrived_at"] != over["arrived_at"]
    });
    smtp.lock().unwrap().stop();
    daemon.until("it is missed", WAIT, |daemon| told(daemon).len() == 3);
    assert!(told(&daemon)[2].contains("none can be sent since "), "{:?}", told(&daemon));
    smtp.lock().unwrap().start_again();
    daemon.until("it is over", WAIT, |daemon| told(daemon).len() == 4);

    // Read again from the beginning, they are known.
    daemon.stop();
    dovecot.new_uidvalidity("sales@team.test");
    let rows = daemon.json(&["intake", "list"]).len();
    daemon.settings(&hourly);
    daemon.start();
    daemon.until("they are read again", WAIT, |daemon| daemon.json(&["intake", "list"]).len() >= 2 * rows);
    assert!(daemon.json(&["leads", "list"]).is_empty());
    daemon.ok(&["reconcile", "sales"]);
    daemon.ok(&["status", "--audit"]);

    // Without a canary in the settings nothing is left of it.
    daemon.settings(&settings(&dovecot, &smtp.lock().unwrap(), ""));
    daemon.signal("HUP");
    daemon.until("it is forgotten", WAIT, |daemon| state(daemon).is_null());
}
