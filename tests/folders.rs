//! Several folders of one mailbox, and its older mail.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::daemon::{Daemon, binary};
use support::dovecot::Dovecot;

const LIMIT: Duration = Duration::from_mins(1);
/// `Messe/Köln` as Dovecot keeps it.
const FAIR: &str = ".Messe.K&APY-ln";

fn settings(dovecot: &Dovecot, user: &str, keys: &str) -> String {
    format!(
        r#"
[organisation]
country = "DE"
time_zone = "Europe/Berlin"

[channels.sales]
kind = "imap"
host = "localhost"
port = {port}
ca_file = "{ca}"
username = "{user}"
password = "secret"
poll = "1s"
{keys}

[channels.website]
kind = "webhook"

[notify.out]
kind = "file"
path = "outbox"

[owners.anna]
name = "Anna"
notify = ["out"]
"#,
        port = dovecot.port(),
        ca = dovecot.ca_file().display()
    )
}

fn letter(who: &str) -> Vec<u8> {
    format!(
        "From: {who}@{who}.example\r\nMessage-ID: <{who}@{who}.example>\r\nSubject: Offer for {who}\r\n\r\nPlease send an offer.\r\n"
    )
    .into_bytes()
}

fn received(path: &Path, date: &str) {
    assert!(Command::new("touch").arg("-d").arg(date).arg(path).status().unwrap().success());
}

fn leads(daemon: &Daemon) -> usize {
    daemon.json(&["leads", "list"]).len()
}

fn sales(daemon: &Daemon) -> Value {
    daemon.object(&["status"])["channels"]["sales"].clone()
}

fn outcomes(daemon: &Daemon, outcome: &str) -> Vec<Value> {
    daemon.json(&["intake", "list", "--outcome", outcome])
}

#[test]
fn folders_are_read_side_by_side_and_a_missing_one_is_named_and_holds_up_nobody() {
    let dovecot = Dovecot::start();
    dovecot.deliver_to("several", FAIR, &letter("first"));
    let keys = "start = \"all\"\nfolder = [\"INBOX\", \"Messe/Köln\", \"Messe/Ulm\"]";
    let mut daemon = Daemon::with(&settings(&dovecot, "several", keys));
    daemon.start();
    dovecot.deliver("several", &letter("second"));
    daemon.until("both folders are read", LIMIT, |daemon| leads(daemon) == 2);
    daemon.until("the third is missing", LIMIT, |daemon| sales(daemon)["folders"]["Messe/Ulm"]["refused"] == true);
    let state = sales(&daemon);
    assert_eq!((&state["state"], &state["last_ok"]), (&"trouble".into(), &Value::Null), "not all of it is checked");
    assert_eq!(state["folders"]["INBOX"]["state"], "ok");
    assert_eq!(state["folders"]["Messe/Köln"]["state"], "ok");
    let error = state["folders"]["Messe/Ulm"]["last_error"].as_str().unwrap();
    assert!(error.contains("cannot open the folder `Messe/Ulm`") && error.contains("Messe/Köln"), "{error}");
    let shown = daemon.ok(&["status"]);
    assert!(shown.lines().any(|line| line.contains("Messe/Ulm") && line.contains("trouble")), "{shown}");
    let check = String::from_utf8(daemon.cli(&["check", "--connect"]).stdout).unwrap();
    assert!(check.contains("Messe/Ulm"), "{check}");
    let compared = daemon.cli(&["reconcile", "sales"]);
    let (told, error) = (String::from_utf8_lossy(&compared.stdout), String::from_utf8_lossy(&compared.stderr));
    assert!(told.contains("`INBOX`, `Messe/Köln` hold 2 mails: 0 without an outcome"), "{told}");
    assert!(error.contains("cannot open the folder `Messe/Ulm`") && compared.status.code() == Some(1), "{error}");
    let tried = daemon.ok(&["test", "sales"]);
    assert!(tried.contains("INBOX") || tried.contains("sales"), "the first folder is well: {tried}");

    let path = dovecot.deliver("several", &letter("third"));
    daemon.until("the first folder goes on", LIMIT, |daemon| leads(daemon) == 3);
    dovecot.move_to(&path, "several", FAIR);
    daemon.until("a colleague's move is recognised", LIMIT, |daemon| outcomes(daemon, "redelivered").len() == 1);
    assert_eq!(leads(&daemon), 3);
    let row = &outcomes(&daemon, "redelivered")[0];
    assert!(row["source"].as_str().unwrap().starts_with("Messe/Köln, UID 2 "), "{row}");

    // Without the missing one: the places are still there, and all is compared.
    daemon.settings(&settings(&dovecot, "several", "folder = [\"INBOX\", \"Messe/Köln\"]"));
    daemon.signal("HUP");
    daemon.until("all is well", LIMIT, |daemon| sales(daemon)["state"] == "ok" && sales(daemon)["last_ok"].is_string());
    dovecot.deliver_to("several", FAIR, &letter("fourth"));
    daemon.until("it goes on where it was", LIMIT, |daemon| leads(daemon) == 4);
    let told = daemon.ok(&["reconcile", "sales"]);
    assert!(told.contains("`INBOX`, `Messe/Köln` hold 4 mails: 0 without an outcome"), "{told}");
    assert!(daemon.ok(&["check", "--connect"]).contains("`INBOX` holds 1 mail, `Messe/Köln` holds 3 mails"));
    let rows = daemon.json(&["intake", "list"]);
    assert_eq!(rows.len(), 6, "nothing was read again, and one is the test: {rows:?}");
}

#[test]
fn a_folder_is_found_by_its_role_and_its_place_is_kept_under_its_own_name() {
    let dovecot = Dovecot::start();
    dovecot.deliver_to("role", ".Aussortiert", &letter("lost"));
    let mut daemon = Daemon::with(&settings(&dovecot, "role", "start = \"all\"\nfolder = \"\\\\Junk\""));
    daemon.start();
    daemon.until("the folder is read", LIMIT, |daemon| leads(daemon) == 1);
    let source = |daemon: &Daemon| daemon.json(&["intake", "list"])[0]["source"].as_str().unwrap().to_owned();
    assert!(source(&daemon).starts_with("Aussortiert, UID 1 "), "{}", source(&daemon));

    // Named from now on, it is the same folder and goes on where it was.
    daemon.settings(&settings(&dovecot, "role", "start = \"all\"\nfolder = \"Aussortiert\""));
    daemon.signal("HUP");
    dovecot.deliver_to("role", ".Aussortiert", &letter("found"));
    daemon.until("the next mail comes in", LIMIT, |daemon| leads(daemon) == 2);
    assert_eq!(daemon.json(&["intake", "list"]).len(), 2, "nothing was read again");

    daemon.settings(&settings(&dovecot, "role", "folder = [\"INBOX\", \"\\\\Archive\"]"));
    daemon.signal("HUP");
    daemon.until("the missing role is named", LIMIT, |daemon| {
        let error = sales(daemon)["folders"]["\\Archive"]["last_error"].as_str().unwrap_or_default().to_owned();
        error.contains("cannot find the folder with the role `\\Archive`")
            && error.contains("no folder has this role; name one of these in `folder`: `Aussortiert`, `INBOX`")
    });
}

#[test]
fn older_mail_comes_in_once_from_the_day_on_that_is_asked_for_with_and_without_the_daemon() {
    let dovecot = Dovecot::start();
    // Days begin in Berlin, an hour ahead of UTC.
    received(&dovecot.deliver("older", &letter("eve")), "2026-10-31T22:59:59Z");
    received(&dovecot.deliver("older", &letter("midnight")), "2026-10-31T23:00:00Z");
    for n in 0..230 {
        received(&dovecot.deliver("older", &letter(&format!("inbox{n}"))), "2026-11-02T10:00:00Z");
    }
    received(&dovecot.deliver_to("older", FAIR, &letter("fair")), "2026-11-03T10:00:00Z");
    let keys = "folder = [\"INBOX\", \"Messe/Köln\"]";
    let mut daemon = Daemon::with(&settings(&dovecot, "older", keys));
    daemon.start();
    daemon.until("the mailbox is read", LIMIT, |daemon| sales(daemon)["state"] == "ok");
    assert_eq!(leads(&daemon), 0, "what was there before is left alone");
    let found = dovecot.list("older");

    let fill = |more: &[&'static str]| [&["mailbox", "backfill", "sales", "--since", "2026-11-01"], more].concat();
    let told = daemon.object(&fill(&["--folder", "Messe/Köln"]));
    assert_eq!((&told["created"], &told["known"], &told["waiting"]), (&1.into(), &0.into(), &0.into()), "{told}");
    daemon.until("its owner is told", LIMIT, |daemon| notices(daemon) == 1);
    let told = daemon.ok(&fill(&["--quiet"]));
    assert_eq!(told, "231 created; 1 had an outcome already\n");
    assert_eq!(leads(&daemon), 232);
    let again = daemon.object(&fill(&[]));
    assert_eq!(again, serde_json::json!({ "known": 232, "waiting": 0 }), "a second time there is nothing to do");
    assert_eq!((leads(&daemon), notices(&daemon)), (232, 1), "nobody is told quietly");
    assert_eq!(dovecot.list("older"), found, "the mailbox is left as found");
    let left = daemon.ok(&["reconcile", "sales"]);
    assert!(left.contains("hold 233 mails: 0 without an outcome; 1 were there before Lotse"), "{left}");

    dovecot.deliver("older", &letter("fresh"));
    daemon.until("new mail comes in", LIMIT, |daemon| leads(daemon) == 233);
    assert!(daemon.stop().0.success());
    dovecot.deliver("older", &letter("night"));
    let told = daemon.ok(&["mailbox", "backfill", "sales", "--since", "2026-10-01", "--quiet"]);
    assert_eq!(
        told,
        "1 created; 233 had an outcome already\n1 more come in by themselves: the mailbox has not come to them yet\n"
    );
    daemon.start();
    daemon.until("the new mail is told", LIMIT, |daemon| leads(daemon) == 235 && notices(daemon) == 3);

    for (wrong, status, told) in [
        (&["sales", "--since", "2026-13-01"][..], 2, "2026-13-01"),
        (&["sales", "--since", "2099-01-01"], 1, "is still to come"),
        (&["sale", "--since", "2026-11-01"], 1, "there is no channel `sale`"),
        (&["website", "--since", "2026-11-01"], 1, "`website` is no mailbox"),
        (&["sales", "--since", "2026-11-01", "--folder", "Ulm"], 1, "it reads `INBOX`, `Messe/Köln`"),
    ] {
        let output = daemon.cli(&[&["mailbox", "backfill"], wrong].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(status) && said.contains(told), "{wrong:?}: {said}");
    }
}

#[test]
fn a_quiet_backfill_before_the_first_start_survives_a_kill_and_misses_no_mail_in_between() {
    let dovecot = Dovecot::start();
    (0..400).for_each(|n| drop(dovecot.deliver("early", &letter(&format!("early{n}")))));
    let mut daemon = Daemon::with(&settings(&dovecot, "early", ""));
    let fill = ["mailbox", "backfill", "sales", "--since", "2020-01-01", "--quiet"];
    let mut killed = Command::new(binary());
    killed.arg("--config").arg(daemon.path("lotse.toml")).args(fill).current_dir(daemon.folder.path());
    let mut killed = killed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Whatever it is at then, the next call goes on.
    daemon.until("a store is made", LIMIT, |daemon| daemon.path("store/leads.redb").exists());
    std::thread::sleep(Duration::from_millis(500));
    killed.kill().unwrap();
    killed.wait().unwrap();
    dovecot.deliver("early", &letter("between"));

    let told = daemon.object(&fill);
    let count = |what: &str| told[what].as_u64().unwrap_or(0);
    assert_eq!(count("created") + count("known") + count("redelivered") + count("waiting"), 401, "{told}");
    assert!(outcomes(&daemon, "created").len() >= 400, "{told}");
    daemon.start();
    daemon.until("the mail in between is there too", LIMIT, |daemon| leads(daemon) == 401);
    assert_eq!(outcomes(&daemon, "created").len(), 401);
    assert!(notices(&daemon) <= 1, "old leads are told to nobody");
    assert!(daemon.stop().0.success());
}

#[test]
fn a_backfill_beside_the_running_channel_doubles_nothing() {
    let dovecot = Dovecot::start();
    (0..300).for_each(|n| drop(dovecot.deliver("beside", &letter(&format!("beside{n}")))));
    let mut daemon = Daemon::with(&settings(&dovecot, "beside", "start = \"all\""));
    daemon.start();
    let told = daemon.object(&["mailbox", "backfill", "sales", "--since", "2020-01-01"]);
    daemon.until("all of it is there", LIMIT, |daemon| leads(daemon) >= 300);
    assert_eq!((leads(&daemon), outcomes(&daemon, "created").len()), (300, 300), "{told}");
    assert!(daemon.stop().0.success());
}

/// Notices that were written for the owner.
fn notices(daemon: &Daemon) -> usize {
    std::fs::read_dir(daemon.path("outbox")).map_or(0, Iterator::count)
}

#[test]
fn what_comes_into_a_folder_that_was_waited_for_is_new_and_what_was_moved_there_from_before_is_not() {
    let dovecot = Dovecot::start();
    let mut daemon = Daemon::with(&settings(&dovecot, "awaited", "folder = [\"INBOX\", \"Messe/Köln\"]"));
    daemon.start();
    daemon.until("the second is missing", LIMIT, |daemon| sales(daemon)["folders"]["Messe/Köln"]["refused"] == true);
    received(&dovecot.deliver_to("awaited", FAIR, &letter("old")), "2020-01-01");
    dovecot.deliver_to("awaited", FAIR, &letter("new"));
    daemon.until("it is read", LIMIT, |daemon| sales(daemon)["folders"]["Messe/Köln"]["state"] == "ok");
    daemon.until("the new one is a lead", LIMIT, |daemon| leads(daemon) == 1);
    assert_eq!(daemon.json(&["leads", "list"])[0]["subject"], "Offer for new");
    let told = daemon.ok(&["reconcile", "sales"]);
    assert!(told.contains("hold 2 mails: 0 without an outcome; 1 were there before Lotse"), "{told}");
}

#[test]
fn mails_are_moved_to_the_folder_that_has_the_role_and_never_to_one_that_is_read() {
    let dovecot = Dovecot::start();
    let after = |folder: &str, target: &str| {
        settings(&dovecot, "moved", &format!("start = \"all\"\nfolder = {folder}\nafter = {{ move = '{target}' }}"))
    };
    dovecot.deliver_to("moved", ".Aussortiert", &letter("lost"));
    let mut daemon = Daemon::with(&after("\"INBOX\"", r"\Junk"));
    assert!(daemon.ok(&["check", "--connect"]).contains("are moved to `Aussortiert`"));
    daemon.start();
    dovecot.deliver("moved", &letter("ada"));
    let there = dovecot.maildir("moved").join(".Aussortiert");
    let moved = |part: &str| std::fs::read_dir(there.join(part)).map_or(0, Iterator::count);
    daemon.until("it is moved", LIMIT, |_| moved("cur") + moved("new") == 2);
    let refused = |daemon: &Daemon| {
        let checked = daemon.cli(&["check", "--connect"]);
        assert_eq!(checked.status.code(), Some(1), "{checked:?}");
        [checked.stdout, checked.stderr].map(|text| String::from_utf8(text).unwrap()).concat()
    };
    for (folder, target, why) in [
        ("\"INBOX\"", r"\Trash", "no folder has this role; name one of these: `Aussortiert`"),
        (r#"["INBOX", "Aussortiert"]"#, r"\Junk", "that is the folder that mail is read from (`Aussortiert`)"),
        (r#"["INBOX", "\\Junk"]"#, "Aussortiert", r"that is the folder that mail is read from (`\Junk`)"),
    ] {
        daemon.settings(&after(folder, target));
        let told = refused(&daemon);
        assert!(told.contains(why), "{told}");
    }
    daemon.settings(&after("\"INBOX\"", "Archive//Leads"));
    assert!(refused(&daemon).contains("nothing stands on one side of a `/`"));
}

#[test]
fn a_mail_of_which_only_the_header_was_read_is_not_deleted() {
    let dovecot = Dovecot::start();
    let mut large = String::from_utf8(letter("large")).unwrap();
    (0..3000).for_each(|n| write!(large, "line {n} of a letter without end\r\n").unwrap());
    dovecot.deliver("deleted", large.as_bytes());
    dovecot.deliver("deleted", &letter("small"));
    let keys = "start = \"all\"\nmax_size = \"64KiB\"\nafter = \"delete\"";
    let mut daemon = Daemon::with(&settings(&dovecot, "deleted", keys));
    daemon.start();
    daemon.until("both are leads", LIMIT, |daemon| leads(daemon) == 2);
    daemon.until("one is deleted", LIMIT, |_| dovecot.list("deleted").len() == 1);
    dovecot.deliver("deleted", &letter("third"));
    daemon.until("the third is a lead", LIMIT, |daemon| leads(daemon) == 3);
    daemon.until("and is deleted", LIMIT, |_| dovecot.list("deleted").len() == 1);
    assert!(daemon.ok(&["reconcile", "sales"]).contains("1 mails: 0 without an outcome"));
    assert!(daemon.ok(&["check", "--connect"]).contains("are deleted (those over `max_size` stay)"));
}

#[test]
fn of_a_mail_that_is_larger_than_the_settings_allow_the_header_is_a_lead() {
    let dovecot = Dovecot::start();
    let mut large = String::from_utf8(letter("large")).unwrap();
    (0..3000).for_each(|n| write!(large, "line {n} of a letter without end\r\n").unwrap());
    dovecot.deliver("large", large.as_bytes());
    dovecot.deliver("large", &letter("small"));
    let mut daemon = Daemon::with(&settings(&dovecot, "large", "start = \"all\"\nmax_size = \"64KiB\""));
    daemon.start();
    daemon.until("both are leads", LIMIT, |daemon| leads(daemon) == 2);
    let (rows, all) = (daemon.json(&["intake", "list"]), daemon.json(&["leads", "list"]));
    let lead = all.iter().find(|lead| lead["subject"] == "Offer for large").unwrap();
    let row = rows.iter().find(|row| row["lead"] == lead["id"]).unwrap();
    assert_eq!((&row["outcome"], &lead["emails"][0]), (&"created".into(), &"large@large.example".into()), "{row}");
    assert!(!lead["message"].to_string().contains("line"), "only the header was read: {lead}");
    assert!(!lead["problems"].as_array().unwrap().is_empty(), "and the lead says so: {lead}");
}

#[test]
fn a_folder_with_two_names_in_the_settings_is_read_once_and_that_is_said() {
    let dovecot = Dovecot::start();
    dovecot.deliver_to("twice", FAIR, &letter("ada"));
    // Only the server knows that a dot stands for the same as a slash.
    let keys = "folder = [\"Messe/Köln\", \"Messe.Köln\"]\nstart = \"all\"";
    let mut daemon = Daemon::with(&settings(&dovecot, "twice", keys));
    let told = "is the same one; leave one of the two out";
    let checked = daemon.cli(&["check", "--connect"]);
    let report = [checked.stdout, checked.stderr].concat();
    let report = String::from_utf8_lossy(&report);
    assert!(checked.status.code() == Some(1) && report.contains(told), "{report}");
    daemon.start();
    daemon.until("one of them is refused and the other is read", LIMIT, |daemon| {
        let sales = sales(daemon);
        let folders: Vec<&Value> = sales["folders"].as_object().unwrap().values().collect();
        let refused = |folder: &&&Value| folder["refused"] == true && folder["last_error"].to_string().contains(told);
        folders.iter().filter(refused).count() == 1
            && folders.iter().filter(|folder| folder["state"] == "ok").count() == 1
    });
    assert_eq!((leads(&daemon), outcomes(&daemon, "redelivered").len()), (1, 0));

    // As servers send it, the name is known without asking one.
    daemon.settings(&settings(&dovecot, "twice", "folder = [\"Messe/Köln\", \"Messe/K&APY-ln\"]"));
    let checked = daemon.cli(&["check"]);
    assert!(String::from_utf8_lossy(&checked.stdout).contains("`Messe/K&APY-ln` is named twice"), "{checked:?}");
}
