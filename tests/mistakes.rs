//! Wrong input of every sort: the message names file, line or field and the remedy; the daemon
//! goes on, and nothing is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::time::Duration;

use support::daemon::Daemon;
use support::http::{self, post};
use support::office::{SETTINGS, says, settings_and};

const LOCKED: &str = "[channels.locked]\nkind = \"webhook\"\nsecret = \"correct horse\"\n";

#[test]
fn all_mistakes_in_the_settings_are_reported_in_one_run_with_line_and_remedy() {
    let daemon = Daemon::with(
        "[channels.sales]\nkind = \"imap\"\nhots = \"imap.example.com\"\nusername = \"u\"\npassword = { env = \"LOTSE_NOT_SET\" }\n\
         poll = \"soon\"\n[owners.anna]\nnotify = [\"mial\"]\nweight = \"two\"\n[notify.mail]\nkind = \"smpt\"\n\
         [teams.sales]\nmembers = [\"anna\", \"jonas\"]\n",
    );
    let output = daemon.cli(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    let report = String::from_utf8(output.stdout).unwrap();
    says(&report, &["hots", "host", "LOTSE_NOT_SET", "poll", "soon", "mial", "weight", "smpt", "smtp", "jonas"]);
    let with_line = report.lines().filter(|line| line.contains("lotse.toml:")).count();
    assert!(with_line >= 7, "{report}");
    assert!(!daemon.cli(&["run"]).status.success());
    assert_eq!(daemon.cli(&["leads", "lsit"]).status.code(), Some(2));
}

#[test]
fn mistakes_in_rules_name_file_line_and_rule_and_a_failing_test_says_what_it_got() {
    let daemon = Daemon::with(SETTINGS);
    fs::create_dir_all(daemon.path("rules/tests")).unwrap();
    fs::write(
        daemon.path("rules/10-bad.toml"),
        "[[rule]]\nname = \"a\"\nwhen = 'lead.emial == \"x\"'\nscore = 5\n\n[[rule]]\nname = \"b\"\nwhen = 'lead.name =='\nscore = 5\n\n\
         [[rule]]\nname = \"c\"\nwhen = 'true'\n\n[[rule]]\nname = \"d\"\nwhen = 'true'\nteam = \"nobody\"\n",
    )
    .unwrap();
    let output = daemon.cli(&["check"]);
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{report}");
    says(&report, &["10-bad.toml:3", "emial", "10-bad.toml:8", "nobody"]);

    fs::write(daemon.path("rules/10-bad.toml"), "[[rule]]\nname = \"a\"\nwhen = 'lead.name == \"Max\"'\nscore = 50\n")
        .unwrap();
    fs::write(
        daemon.path("rules/tests/t.toml"),
        "[[test]]\nname = \"wants too much\"\nlead = { name = \"Max\" }\nexpect = { disposition = \"unqualified\" }\n",
    )
    .unwrap();
    let output = daemon.cli(&["check"]);
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert!(report.contains("wants too much") && report.contains("qualified"), "{report}");
}

#[test]
fn broken_posts_are_kept_or_refused_as_promised_and_the_daemon_goes_on() {
    let mut daemon = Daemon::with(&settings_and(LOCKED));
    daemon.start();
    let to = daemon.public();
    let json = "application/json";
    for (what, path, kind, body, status) in [
        ("broken JSON", "/hooks/website", json, r#"{"email": "a@b.example", "message": "unfinished"#, 200),
        ("an empty form", "/hooks/website", json, "{}", 200),
        ("broken multipart", "/hooks/website", "multipart/form-data; boundary=x", "--y\r\nno part", 200),
        ("nothing", "/hooks/website", json, "", 400),
        ("no such channel", "/hooks/nowhere", json, "{}", 404),
        ("a picture", "/hooks/website", "image/png", "\u{89}PNG", 415),
        ("no secret", "/hooks/locked", json, r#"{"email":"a@b.example"}"#, 401),
    ] {
        let answer = post(to, path, kind, body).unwrap();
        assert_eq!(answer.status, status, "{what}: {answer:?}");
    }
    assert_eq!(http::request(to, "PUT", "/hooks/website", &[], b"x").unwrap().status, 405);
    let ok = http::request(
        to,
        "POST",
        "/hooks/locked",
        &["Authorization: Bearer correct horse", "Content-Type: application/json"],
        br#"{"email":"a@b.example","message":"with the secret"}"#,
    );
    assert_eq!(ok.unwrap().status, 200);

    let rows = daemon.json(&["intake", "list", "--outcome", "quarantined"]);
    assert_eq!(rows.len(), 3, "{rows:#?}");
    assert!(rows.iter().all(|row| !row["reason"].as_str().unwrap().is_empty()));
    let broken = rows.last().unwrap();
    let raw = http::request(
        daemon.private(),
        "GET",
        &format!("/api/v1/intake/{}/raw", broken["id"].as_str().unwrap()),
        &[&daemon.bearer()],
        b"",
    )
    .unwrap();
    assert!(raw.body.contains("unfinished"), "{raw:?}");
    let receipt = daemon.object(&["intake", "release", broken["id"].as_str().unwrap()]);
    let lead = daemon.object(&["leads", "show", receipt["lead"].as_str().unwrap()]);
    assert!(lead["touches"][0]["text"].as_str().unwrap().contains("unfinished"), "{lead:#}");
}

#[test]
fn broken_files_are_set_aside_with_a_reason_and_broken_lines_are_kept() {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    let folder = daemon.path("fairs");
    daemon.until("the folder is there", Duration::from_secs(10), |_| folder.is_dir());
    fs::write(folder.join("picture.csv"), [0x89, b'P', b'N', b'G', 0, 1, 2, 3, 0, 0, 0, 255]).unwrap();
    let mut table = String::from("Name,E-Mail\nMax,max@firma.example\n");
    table += &format!("Eva,\"{}\n", "x".repeat(1_200_000));
    table += "Ina,ina@firma.example\n";
    fs::write(folder.join("table.csv"), table).unwrap();
    daemon.until("both files are done with", Duration::from_secs(30), |daemon| {
        daemon.path("fairs/failed/picture.csv").exists() && daemon.path("fairs/done/table.csv").exists()
    });
    assert!(daemon.path("fairs/failed/picture.csv.error.txt").exists());
    let leads = daemon.json(&["leads", "list"]);
    let emails: Vec<&str> = leads.iter().filter_map(|lead| lead["emails"][0].as_str()).collect();
    assert!(emails.contains(&"max@firma.example"), "{emails:?}");
    assert!(daemon.json(&["intake", "list", "--outcome", "quarantined"]).len() >= 2);
    assert_eq!(daemon.object(&["status"])["running"], true);
}

#[test]
fn a_broken_rule_file_changes_nothing_and_is_named_until_it_is_mended() {
    let mut daemon = Daemon::with(SETTINGS);
    fs::create_dir(daemon.path("rules")).unwrap();
    let file = daemon.path("rules/10.toml");
    fs::write(&file, "[[rule]]\nname = \"a\"\nwhen = 'true'\nscore = 50\ntags = [\"first\"]\n").unwrap();
    daemon.start();
    let tags = |daemon: &Daemon, n: u32| {
        let body = format!(r#"{{"email":"p{n}@x.example","message":"hi"}}"#);
        assert_eq!(post(daemon.public(), "/hooks/website", "application/json", &body).unwrap().status, 200);
        daemon.json(&["leads", "list"])[0]["tags"].clone()
    };
    assert_eq!(tags(&daemon, 1)[0], "first");
    fs::write(&file, "[[rule]]\nname = \"a\"\nwhen = 'true &&'\nscore = 50\n").unwrap();
    daemon.until("the mistake is named", Duration::from_secs(20), |daemon| {
        daemon.object(&["status"])["settings"]["error"].as_str().is_some_and(|error| error.contains("10.toml"))
    });
    assert_eq!(tags(&daemon, 2)[0], "first");
    fs::write(&file, "[[rule]]\nname = \"a\"\nwhen = 'true'\nscore = 50\ntags = [\"second\"]\n").unwrap();
    daemon.until("the new rules are in force", Duration::from_secs(20), |daemon| {
        daemon.object(&["status"])["settings"]["error"].is_null()
    });
    assert_eq!(tags(&daemon, 3)[0], "second");
}

#[test]
fn new_settings_take_effect_on_sighup_and_broken_ones_do_not() {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    let added = settings_and("[channels.shop]\nkind = \"webhook\"\n");
    daemon.settings(&added);
    daemon.signal("HUP");
    daemon.until("the new channel takes posts", Duration::from_secs(10), |daemon| {
        post(daemon.public(), "/hooks/shop", "application/json", r#"{"email":"a@b.example"}"#).unwrap().status == 200
    });
    daemon.settings(&format!("{added}\n[channels.typo]\nkind = \"webhok\"\n"));
    daemon.signal("HUP");
    daemon.until("the mistake is named", Duration::from_secs(10), |daemon| {
        daemon.object(&["status"])["settings"]["error"].as_str().is_some_and(|error| error.contains("webhok"))
    });
    assert_eq!(
        post(daemon.public(), "/hooks/shop", "application/json", r#"{"email":"c@d.example"}"#).unwrap().status,
        200
    );
    let (status, _) = daemon.stop();
    assert!(status.success());
}

#[test]
fn commands_work_the_same_without_the_daemon() {
    let mut daemon = Daemon::with(SETTINGS);
    fs::write(
        daemon.path("fair.csv"),
        "Name;E-Mail;Bemerkung\nMax Mustermann;max@firma.example;bitte anrufen\n\"Eva\";eva@firma.example;\n",
    )
    .unwrap();
    let plan = daemon.object(&["import", "fair.csv", "--channel", "fairs", "--dry-run"]);
    assert_eq!(plan["dialect"]["delimiter"], ";");
    assert_eq!(plan["columns"]["E-Mail"], "email");
    assert_eq!(plan["rows"], 2);
    assert!(!daemon.path("store").exists(), "a dry run makes nothing");
    assert_eq!(daemon.object(&["import", "fair.csv", "--channel", "fairs"])["created"], 2);
    assert_eq!(daemon.object(&["import", "fair.csv", "--channel", "fairs"])["redelivered"], 2);
    let lead = daemon.object(&["leads", "list", "max"]);
    let id = lead["id"].as_str().unwrap();
    assert_eq!(daemon.object(&["leads", "stage", id, "accepted"])["stage"], "accepted");
    assert!(!daemon.cli(&["leads", "stage", id, "lost"]).status.success(), "lost without a reason");
    assert!(!daemon.cli(&["leads", "assign", id, "nobody"]).status.success());
    assert_eq!(daemon.json(&["outbox", "list", "--state", "pending"]).len(), 2);
    daemon.start();
    daemon.until("the notices that waited are sent", Duration::from_secs(10), |daemon| {
        daemon.json(&["outbox", "list", "--state", "delivered"]).len() == 2
    });
    assert_eq!(daemon.object(&["leads", "show", id])["stage"], "accepted");
    assert_eq!(daemon.json(&["owners"])[0]["open"], 2);
}

#[test]
fn the_private_side_wants_the_token_and_health_does_not() {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    let private = daemon.private();
    let get = |path: &str, headers: &[&str]| http::request(private, "GET", path, headers, b"").unwrap();
    for path in ["/api/v1/leads", "/api/v1/status", "/metrics"] {
        assert_eq!(get(path, &[]).status, 401, "{path}");
        assert_eq!(get(path, &["Authorization: Bearer wrong"]).status, 401, "{path}");
    }
    assert_eq!(get("/healthz", &[]).status, 200);
    assert_eq!(get("/readyz", &[]).status, 200);
    let token = daemon.bearer();
    post(daemon.public(), "/hooks/website", "application/json", r#"{"name":"Max","email":"max@firma.example"}"#)
        .unwrap();
    let leads = get("/api/v1/leads?limit=1&q=max", &[&token]);
    assert_eq!(leads.status, 200);
    assert_eq!(leads.json()["items"][0]["emails"][0], "max@firma.example");
    assert!(leads.json()["next"].is_null());
    assert_eq!(get("/api/v1/leads?stagee=new", &[&token]).status, 400);
    assert_eq!(get("/api/v1/leads/01KAQ3V5Y8Z6N4T2R0P9M7K5H3", &[&token]).status, 404);
    let metrics = get("/metrics", &[&token]);
    assert!(metrics.body.contains("lotse_intakes_total{outcome=\"created\"} 1"), "{}", metrics.body);
    assert_eq!(http::request(daemon.public(), "GET", "/healthz", &[], b"").unwrap().status, 200);
    assert_eq!(http::request(daemon.public(), "GET", "/api/v1/leads", &[&token], b"").unwrap().status, 404);
}
