//! A server that refuses to move.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::support::dovecot::Dovecot;
use crate::support::look::Look;
use crate::{LIMIT, daemon, lead, rows};

#[test]
fn a_refused_move_shows_as_trouble_while_mail_comes_in_and_is_made_up_for() {
    let dovecot = Dovecot::start();
    lead(&dovecot, "refuse", "ada");
    let done = dovecot.maildir("refuse").join(".Done");
    dovecot.make_folder(&done);
    let parts = ["tmp", "cur", "new"].map(|part| done.join(part));
    let allow =
        |mode: u32| parts.iter().for_each(|part| fs::set_permissions(part, Permissions::from_mode(mode)).unwrap());
    allow(0o555);
    let mut daemon =
        daemon(dovecot.plain_port(), "refuse", "start = \"all\"\nsilence_after = \"5s\"\nafter = { move = \"Done\" }");
    daemon.start();
    let sales = |daemon: &crate::support::daemon::Daemon| daemon.object(&["status"])["channels"]["sales"].clone();
    daemon.until("the trouble shows", LIMIT, |daemon| {
        let sales = sales(daemon);
        sales["state"] == "trouble"
            && sales["last_error"]
                .to_string()
                .contains("cannot move mails of the folder `INBOX` of 127.0.0.1 to `Done`")
    });
    lead(&dovecot, "refuse", "ben");
    rows(&daemon, 2);
    assert_eq!(daemon.json(&["leads", "list"]).len(), 2);
    assert_eq!(sales(&daemon)["state"], "trouble");
    let alarms = |daemon: &crate::support::daemon::Daemon| -> Vec<String> {
        let status = daemon.object(&["status"]);
        let all = status["alarms"].as_array().unwrap().iter();
        all.map(|alarm| format!("{} {}", alarm["cause"], alarm["channel"]).replace('"', "")).collect()
    };
    daemon.until("the operators are told, and not of silence", LIMIT, |daemon| alarms(daemon) == ["undone sales"]);
    assert!(sales(&daemon)["undone"]["since"].is_string());

    // Meanwhile the folder is numbered anew: what was meant by number is read, and moved, again.
    dovecot.new_uidvalidity("refuse");
    let mut look = Look::at(dovecot.plain_port(), "refuse");
    assert_eq!(look.who("INBOX"), ["ada", "ben"]);
    allow(0o755);
    daemon.until("all are moved", LIMIT, |_| look.who("Done") == ["ada", "ben"] && look.who("INBOX").is_empty());
    daemon.until("the trouble is over", LIMIT, |daemon| sales(daemon)["state"] == "ok");
    daemon.until("so is the alarm", LIMIT, |daemon| alarms(daemon).is_empty());
    assert!(sales(&daemon)["undone"].is_null());
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(look.who("Done"), ["ada", "ben"]);
    assert_eq!(daemon.json(&["leads", "list"]).len(), 2);
}

#[test]
fn mail_is_never_moved_into_the_folder_that_it_is_read_from() {
    let dovecot = Dovecot::start();
    let output = daemon(dovecot.plain_port(), "self", "after = { move = \"inbox\" }").cli(&["check"]);
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert!(
        report.contains("lotse.toml:")
            && report.contains("after.move: `inbox` is a folder that mail is read from; name another"),
        "{report}"
    );

    // Only the server knows that a dot stands for the same as a slash.
    dovecot.make_folder(&dovecot.maildir("self").join(".Leads.New"));
    let mut daemon = daemon(
        dovecot.plain_port(),
        "self",
        "folder = \"Leads/New\"\nstart = \"all\"\nafter = { move = \"Leads.New\" }",
    );
    daemon.start();
    lead(&dovecot, "self", "ada");
    let mut look = Look::at(dovecot.plain_port(), "self");
    look.ask("SELECT INBOX").unwrap();
    look.ask("COPY 1 Leads.New").unwrap();
    daemon.until("it is said", LIMIT, |daemon| {
        daemon.object(&["status"])["channels"]["sales"]["last_error"]
            .to_string()
            .contains("the folder that mail is read from")
    });
    assert_eq!(look.who("Leads.New"), ["ada"]);
}
