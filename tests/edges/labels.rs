//! Gmail shows a mail in a folder for each of its labels: played by a server that numbers mails as
//! Gmail does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::house::{SOON, TEAM, addresses};
use crate::imap_script::ScriptedImap;
use crate::support::daemon::Daemon;

#[test]
fn a_mail_under_two_labels_is_fetched_and_counted_once() {
    let open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&open);
    let server = ScriptedImap::start(vec![1, 2, 3], move |_, command, usual| {
        if command == "CAPABILITY" {
            return Some("* CAPABILITY IMAP4rev1 IDLE X-GM-EXT-1\r\nTAG OK done\r\n".to_owned());
        }
        if command.starts_with("EXAMINE") && command.contains("All Mail") && !gate.load(Ordering::SeqCst) {
            return Some("TAG NO [UNAVAILABLE] later\r\n".to_owned());
        }
        let numbered = (1..=3).fold(usual.to_owned(), |text, uid| {
            text.replace(
                &format!("(UID {uid} RFC822"),
                &format!("(X-GM-MSGID {} UID {uid} RFC822", 1_278_455_344_230_334_800_u64 + uid),
            )
        });
        command.contains("X-GM-MSGID").then_some(numbered)
    });
    let keys = "username = \"sales\"\npassword = \"x\"\nstart = \"all\"\nfolder = [\"INBOX\", \"[Gmail]/All Mail\"]\n";
    let mailbox = format!(
        "[channels.sales]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\npoll = \"1s\"\n{keys}",
        server.port()
    );
    let mut daemon = Daemon::with(&(mailbox + TEAM));
    daemon.start();
    daemon.until("the mails come in by one folder", SOON, |daemon| addresses(daemon).len() == 3);
    let state = |daemon: &Daemon, folder: &str| {
        daemon.object(&["status"])["channels"]["sales"]["folders"][folder]["state"].as_str().unwrap_or("").to_owned()
    };
    daemon.until("all of it was read", SOON, |daemon| state(daemon, "INBOX") == "ok");
    let fetched = server.asked("BODY.PEEK[]");
    open.store(true, Ordering::SeqCst);
    daemon.until("the other folder is read", SOON, |daemon| state(daemon, "[Gmail]/All Mail") == "ok");
    assert_eq!(server.asked("BODY.PEEK[]"), fetched, "nothing was fetched again");
    assert_eq!(daemon.json(&["intake", "list"]).len(), 3, "nor counted again");
    assert_eq!(daemon.json(&["reconcile", "sales"]).len(), 0, "every mail has an outcome");
}
