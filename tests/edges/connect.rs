//! `lotse check --connect`: what a mailbox's server can do and what is wrong, in words one can act on.

use std::net::TcpListener;

use crate::house::{SOON, TEAM, mail};
use crate::imap_script::ScriptedImap;
use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;

/// What the check says of a mailbox with these settings, and whether it found it in order.
fn check(keys: &str) -> (String, bool) {
    let daemon = Daemon::with(&format!("[channels.sales]\nkind = \"imap\"\nusername = \"sales\"\n{keys}"));
    let output = daemon.cli(&["check", "--connect"]);
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

fn says(keys: &str, well: bool, told: &[&str]) {
    let (said, is_well) = check(keys);
    assert_eq!(is_well, well, "{keys}\n{said}");
    for words in told {
        assert!(said.contains(words), "not said: {words}\n{keys}\n{said}");
    }
}

#[test]
fn a_mailbox_in_order_says_what_is_there_and_what_its_server_can_do() {
    let dovecot = Dovecot::start();
    let (port, ca_file) = (dovecot.port(), dovecot.ca_file().display().to_string());
    let keys = format!("host = \"localhost\"\nport = {port}\nca_file = \"{ca_file}\"\npassword = \"secret\"\n");
    dovecot.deliver("sales", &mail(1));
    dovecot.deliver("sales", &mail(2));
    let day = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let newest = format!("the newest mail came in at {day}");
    says(
        &keys,
        true,
        &["`INBOX` holds 2 mails", "at once (IDLE)", &newest, "can be moved and deleted (MOVE, UIDPLUS)"],
    );
    assert!(dovecot.list("sales").iter().all(|file| file.starts_with("new/")), "nothing was touched");

    let folder = |name: &str| format!("{keys}folder = \"{name}\"\n");
    dovecot.make_folder(&dovecot.maildir("sales").join(".Anfragen"));
    says(&folder("Anfrage"), false, &["did you mean `Anfragen`? there are `Anfragen`, `INBOX`"]);
    says(&keys.replace("\"secret\"", "\"wrong\""), false, &["cannot log in", "Many servers want the whole address"]);
    says(&keys.replace("ca_file", "# ca_file"), false, &["signed by nobody whom this machine trusts", "`ca_file`"]);
    let plain = keys.replace(&port.to_string(), &dovecot.plain_port().to_string());
    says(&plain, false, &["does not begin with TLS on this port", "set tls = \"starttls\" (usually port 143)"]);
    says(&format!("{plain}tls = \"starttls\"\n"), true, &["`INBOX` holds 2 mails"]);
}

#[test]
fn a_server_that_can_little_is_described_by_what_that_means() {
    let server = ScriptedImap::start(vec![1, 2], |_, command, usual| {
        let old = "* CAPABILITY IMAP4rev1 APPENDLIMIT=35651584\r\nTAG OK\r\n";
        Some(if command == "CAPABILITY" { old.to_owned() } else { usual.to_owned() })
    });
    let keys =
        format!("host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\npassword = \"x\"\npoll = \"30s\"\n", server.port());
    says(
        &keys,
        true,
        &[
            "`INBOX` holds 2 mails",
            "new mail is noticed every 30 s, not at once",
            "the newest mail came in at 2026-11-23 10:00 UTC",
            "can neither move nor delete single mails",
            "mails of up to 35 MB",
        ],
    );
    says(
        &format!("{keys}tls = \"starttls\"\n").replacen("tls = \"none\"\n", "", 1),
        false,
        &["no TLS with the server"],
    );
}

#[test]
fn a_port_where_nobody_is_is_named() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let keys = format!("host = \"127.0.0.1\"\nport = {port}\npassword = \"x\"\n");
    says(&keys, false, &["nothing listens there; are `host` and `port` right"]);
    says("host = \"no-such-host.invalid\"\npassword = \"x\"\n", false, &["there is no such host"]);
}

#[test]
fn a_mailbox_that_takes_no_mail_by_imap_says_how_to_try_it_out_all_the_same() {
    let server = ScriptedImap::start(vec![1], |_, command, usual| {
        Some(if command.starts_with("APPEND") { "TAG NO [NOPERM] read only\r\n".into() } else { usual.to_owned() })
    });
    let port = server.port();
    let mut daemon = Daemon::with(&format!(
        "{TEAM}[channels.sales]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nusername = \"sales\"\npassword = \"x\"\n"
    ));
    daemon.start();
    daemon.until("the mailbox is read", SOON, |d| d.object(&["status"])["channels"]["sales"]["state"] == "ok");
    let output = daemon.cli(&["test", "sales"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in ["cannot put a mail into the folder `INBOX`", "[NOPERM] read only", "send a mail to it by hand"] {
        assert!(said.contains(words), "{said}");
    }
    assert!(daemon.json(&["intake", "list"]).is_empty());
    assert_eq!(server.asked("STORE") + server.asked("EXPUNGE"), 0);
}

#[test]
fn a_channel_in_trouble_is_not_sent_to() {
    let mut daemon = Daemon::with(&format!(
        "{TEAM}[channels.sales]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = 1\nusername = \"sales\"\npassword = \"x\"\n"
    ));
    daemon.start();
    daemon.until("it is in trouble", SOON, |d| d.object(&["status"])["channels"]["sales"]["state"] == "trouble");
    let output = daemon.cli(&["test", "sales"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("nothing was sent: the channel `sales` is in trouble: cannot connect to 127.0.0.1:1"),
        "{said}"
    );
}
