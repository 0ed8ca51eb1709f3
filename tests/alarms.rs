//! Silence is noticed: one alarm when it begins and one when it is over, whatever happens between.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::time::Duration;

use serde_json::Value;
use support::daemon::Daemon;
use support::dovecot::Dovecot;
use support::http;

const LIMIT: Duration = Duration::from_secs(90);
/// Three looks of the watch, and then some.
const LOOKS: Duration = Duration::from_secs(7);

fn settings(dovecot: &Dovecot, password: &str) -> String {
    format!(
        r#"
[channels.sales]
kind = "imap"
host = "localhost"
port = {port}
ca_file = "{ca}"
username = "alarms"
password = "{password}"
poll = "1s"
silence_after = "4s"

[channels.website]
kind = "webhook"

[notify.out]
kind = "file"
path = "outbox"

[alarms]
notify = ["out"]

[owners.anna]
notify = []
"#,
        port = dovecot.port(),
        ca = dovecot.ca_file().display()
    )
}

/// What the operators were told, oldest first, as `event cause channel`.
fn told(daemon: &Daemon) -> Vec<String> {
    notices(daemon)
        .iter()
        .map(|notice| {
            let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let alarm = &notice["alarm"];
            let folder = alarm["folder"].as_str().map(|folder| format!(" {folder}")).unwrap_or_default();
            format!("{} {} {}{folder}", word(&notice["event"]), word(&alarm["cause"]), word(&alarm["channel"]))
        })
        .collect()
}

fn notices(daemon: &Daemon) -> Vec<Value> {
    let Ok(folder) = std::fs::read_dir(daemon.path("outbox")) else { return Vec::new() };
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths.iter().map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
}

/// What the log names as well again.
fn well_again(daemon: &Daemon) -> Vec<String> {
    let log = daemon.log();
    log.lines().filter_map(|line| Some(line.split_once("a channel is well again")?.1.trim().to_owned())).collect()
}

fn alarms(daemon: &Daemon) -> Vec<Value> {
    daemon.object(&["status"])["alarms"].as_array().unwrap().clone()
}

fn private(daemon: &Daemon, path: &str) -> http::Answer {
    http::request(daemon.private(), "GET", path, &[&daemon.bearer()], b"").unwrap()
}

fn is_up(daemon: &Daemon) -> bool {
    daemon.object(&["status"])["channels"]["sales"]["state"] == "ok"
}

#[test]
fn a_mailbox_that_falls_silent_is_told_once_and_once_when_it_is_back_across_a_kill() {
    let mut dovecot = Dovecot::start();
    let mut daemon = Daemon::with(&settings(&dovecot, support::dovecot::PASSWORD));
    daemon.start();
    daemon.until("the mailbox is read", LIMIT, is_up);
    std::thread::sleep(LOOKS);
    assert!(told(&daemon).is_empty() && alarms(&daemon).is_empty(), "all is well");

    dovecot.stop();
    daemon.until("the operators are told", LIMIT, |daemon| told(daemon) == ["alarm.raised silent sales"]);
    let first = &notices(&daemon)[0];
    assert_eq!((&first["lead"], &first["owner"]), (&Value::Null, &Value::Null));
    assert_eq!(first["subject"], "Alarm: das Postfach `sales` kann nicht abgefragt werden");
    assert_eq!(alarms(&daemon)[0]["cause"], "silent");
    let ready = http::request(daemon.private(), "GET", "/readyz", &[], b"").unwrap();
    assert_eq!((ready.status, &ready.json()["alarms"][0]["channel"]), (200, &"sales".into()));
    let gauge = r#"lotse_alarm{cause="silent",channel="sales",notifier=""} "#;
    assert!(private(&daemon, "/metrics").body.contains(&format!("{gauge}1\n")));

    daemon.kill();
    assert_eq!(alarms(&daemon).len(), 1, "the store knows it without the daemon");
    daemon.start();
    std::thread::sleep(LOOKS);
    assert_eq!(told(&daemon).len(), 1, "it still lasts: {:?}", told(&daemon));
    assert_eq!(alarms(&daemon).len(), 1);
    assert!(private(&daemon, "/metrics").body.contains(&format!("{gauge}1\n")), "the gauge too outlives a restart");

    dovecot.start_again();
    let both = ["alarm.raised silent sales", "alarm.over silent sales"];
    daemon.until("the operators are told that it is over", LIMIT, |daemon| told(daemon) == both);
    assert!(alarms(&daemon).is_empty());
    assert!(private(&daemon, "/metrics").body.contains(&format!("{gauge}0\n")));
    std::thread::sleep(LOOKS);
    assert_eq!(told(&daemon), both, "and nothing more");
    assert_eq!(well_again(&daemon), ["channel=sales"]);
}

#[test]
fn a_missing_folder_hides_neither_a_server_that_is_away_nor_a_login_that_is_refused() {
    let mut dovecot = Dovecot::start();
    let keys = "folder = [\"INBOX\", \"Messe/Köln\"]\npoll = \"1s\"";
    let with = |password: &str| settings(&dovecot, password).replace("poll = \"1s\"", keys);
    let (good, wrong) = (with(support::dovecot::PASSWORD), with("wrong"));
    let mut daemon = Daemon::with(&good);
    daemon.start();
    let mut expected = vec!["alarm.raised refused sales Messe/Köln"];
    daemon.until("the missing folder is told", LIMIT, |daemon| told(daemon) == expected);
    assert_eq!(
        notices(&daemon)[0]["subject"],
        "Alarm: der Ordner `Messe/Köln` im Postfach `sales` kann nicht geöffnet werden"
    );
    assert!(daemon.ok(&["status"]).contains("ALARM     refused sales `Messe/Köln` since "));
    let ready = http::request(daemon.private(), "GET", "/readyz", &[], b"").unwrap();
    assert_eq!(ready.json()["alarms"][0]["folder"], "Messe/Köln");
    std::thread::sleep(LOOKS);
    assert_eq!(told(&daemon), expected, "the other one is read");

    dovecot.stop();
    expected.push("alarm.raised silent sales");
    daemon.until("the outage is told", LIMIT, |daemon| told(daemon) == expected);
    dovecot.start_again();
    expected.push("alarm.over silent sales");
    daemon.until("its end is told", LIMIT, |daemon| told(daemon) == expected);

    daemon.settings(&wrong);
    daemon.signal("HUP");
    expected.push("alarm.raised refused sales");
    daemon.until("the refused login is told", LIMIT, |daemon| told(daemon) == expected);
    daemon.settings(&good);
    daemon.signal("HUP");
    expected.push("alarm.over refused sales");
    daemon.until("its end is told", LIMIT, |daemon| told(daemon) == expected);
    assert_eq!(alarms(&daemon).len(), 1, "the folder is still missing");

    let fair = |daemon: &Daemon| daemon.object(&["status"])["channels"]["sales"]["folders"]["Messe/Köln"].clone();
    daemon.until("it is asked for again later", LIMIT, |daemon| fair(daemon)["next_try"].is_string());
    let shown = daemon.ok(&["status"]);
    assert!(shown.lines().any(|line| line.contains("Messe/Köln") && line.contains("; next try 2")), "{shown}");
    dovecot.deliver_to("alarms", ".Messe.K&APY-ln", b"From: ada@ada.example\r\n\r\nHello\r\n");
    daemon.signal("HUP");
    // By itself it would be in twenty seconds.
    daemon.until("it is asked for at once", Duration::from_secs(10), |daemon| fair(daemon)["state"] == "ok");
    assert!(fair(&daemon)["next_try"].is_null());
    std::thread::sleep(LOOKS);
    let well = well_again(&daemon);
    let of = |folder: &str| well.iter().filter(|line| line.contains(folder)).count();
    assert_eq!(
        (well.len(), of("INBOX"), of("Messe/Köln")),
        (3, 2, 1),
        "after the outage, the login, the reload: {well:?}"
    );
}

#[test]
fn a_refused_login_is_told_at_once_and_what_was_quarantined_before_a_kill_is_told_after_it() {
    let dovecot = Dovecot::start();
    let mut daemon = Daemon::with(&settings(&dovecot, "wrong"));
    daemon.start();
    daemon.until("the refusal is told", LIMIT, |daemon| told(daemon) == ["alarm.raised refused sales"]);
    std::thread::sleep(LOOKS);
    assert_eq!(told(&daemon).len(), 1, "its silence is no news");

    let answer = http::post(daemon.public(), "/hooks/website", "application/json", r#"{"email": "#).unwrap();
    assert_eq!(answer.status, 200);
    daemon.kill();
    assert_eq!(daemon.json(&["intake", "list", "--outcome", "quarantined"]).len(), 1);
    daemon.start();
    let counted = |daemon: &Daemon| told(daemon) == ["alarm.raised refused sales", "alarm.raised quarantined -"];
    daemon.until("the item is told", LIMIT, counted);
    daemon.kill();
    daemon.start();
    std::thread::sleep(LOOKS);
    assert!(counted(&daemon), "{:?}", told(&daemon));
    assert_eq!(notices(&daemon)[1]["alarm"]["count"], 1);
    assert!(
        !std::fs::read_to_string(
            daemon.path("outbox").join(format!("{}.json", notices(&daemon)[1]["id"].as_str().unwrap()))
        )
        .unwrap()
        .contains("email"),
        "the content stays inside"
    );

    daemon.settings(&settings(&dovecot, support::dovecot::PASSWORD));
    daemon.signal("HUP");
    daemon.until("the refusal is over", LIMIT, |daemon| told(daemon).last().unwrap() == "alarm.over refused sales");
    assert_eq!(told(&daemon).len(), 3);
    assert_eq!(well_again(&daemon).len(), 1);
}

#[test]
fn a_client_secret_that_expires_is_told_once_before_and_said_plainly_when_it_is_past() {
    let day = |days: i64| {
        (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days)).strftime("%Y-%m-%d").to_string()
    };
    let settings = |expires: &str| {
        format!(
            "[channels.sales]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = 1\nusername = \"sales\"\n[channels.sales.oauth2]\n\
             token_url = \"http://127.0.0.1:1/token\"\nclient_id = \"us\"\nclient_secret = \"s3cret\"\ngrant = \"client_credentials\"\n\
             client_secret_expires = {expires}\n[notify.out]\nkind = \"file\"\npath = \"outbox\"\n[alarms]\nnotify = [\"out\"]\n"
        )
    };
    let about = |daemon: &Daemon| -> Vec<String> {
        told(daemon).into_iter().filter(|alarm| alarm.contains("secret_expires")).collect()
    };
    let (soon, past, far) = (day(10), day(-3), day(400));
    let mut daemon = Daemon::with(&settings(&soon));
    let said = daemon.ok(&["check"]);
    assert!(said.contains(&format!("warning: the client secret is good until {soon}")), "{said}");
    daemon.start();
    daemon.until("the operators are told", LIMIT, |daemon| about(daemon) == ["alarm.raised secret_expires sales"]);
    let status = daemon.ok(&["status"]);
    assert!(status.contains("secret_expires sales") && status.contains(&format!("good until {soon}")), "{status}");

    daemon.stop();
    daemon.settings(&settings(&past));
    let said = daemon.ok(&["check"]);
    assert!(said.contains(&format!("warning: the client secret has expired on {past}")), "{said}");
    daemon.start();
    daemon.until("the status says so", LIMIT, |daemon| {
        daemon.ok(&["status"]).contains(&format!("has expired on {past}"))
    });
    assert_eq!(about(&daemon).len(), 1, "nobody is told twice");

    daemon.settings(&settings(&far));
    daemon.signal("HUP");
    let both = ["alarm.raised secret_expires sales", "alarm.over secret_expires sales"];
    daemon.until("it is over", LIMIT, |daemon| about(daemon) == both);
    assert!(!daemon.ok(&["check"]).contains("client secret"));
}
