//! What is done to a mail once it has its outcome, on the shipped binary, a real Dovecot and a real Cyrus.
//!
//! ```sh
//! cargo test --test after                                                  # as in the usual suite
//! LOTSE_AFTER_KILLS=50 cargo test --test after kill -- --nocapture         # kill -9 between commit and move
//! cargo test --features seeded-mistakes --test after caught -- --nocapture # would the kills notice?
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

#[path = "../support/mod.rs"]
mod support;

mod kill;
mod refusal;
mod slow;
mod what;

use std::time::Duration;

use support::daemon::Daemon;
use support::server::Server;

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_mins(2);

/// What servers without `MOVE`, and without `UIDPLUS` besides, offer.
const WITHOUT_MOVE: &str = "IMAP4rev1 IDLE UIDPLUS LITERAL+";
const WITHOUT_UIDPLUS: &str = "IMAP4rev1 IDLE";

/// A daemon that reads `user`'s INBOX behind `port`, and the lines that its mailbox has besides.
fn daemon(port: u16, user: &str, lines: &str) -> Daemon {
    Daemon::with(&format!(
        "[organisation]\ndomains = [\"example.com\"]\n[channels.sales]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {port}\n\
         tls = \"none\"\nusername = \"{user}\"\npassword = \"secret\"\npoll = \"1s\"\n{lines}\n[owners.anna]\nname = \"Anna\"\n"
    ))
}

/// Delivers a mail from somebody of that name, who becomes a lead.
fn lead(server: &dyn Server, user: &str, who: &str) {
    let mail = format!(
        "From: {who}@firma.example\r\nTo: sales@example.com\r\nSubject: Offer for {who}\r\nMessage-ID: <{who}@firma.example>\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nPlease send {who} an offer.\r\n"
    );
    server.put(user, mail.as_bytes());
}

/// Delivers a mail that names no sender: it is quarantined.
fn unclear(server: &dyn Server, user: &str, who: &str) {
    let mail = format!(
        "To: sales@example.com\r\nSubject: Who am I\r\nMessage-ID: <{who}@firma.example>\r\n\r\nHello? {who}\r\n"
    );
    server.put(user, mail.as_bytes());
}

/// Delivers a mail from a colleague: it is ignored.
fn colleague(server: &dyn Server, user: &str, who: &str) {
    let mail = format!(
        "From: {who}@example.com\r\nTo: sales@example.com\r\nSubject: Lunch\r\nMessage-ID: <{who}@firma.example>\r\n\r\nAt noon?\r\n"
    );
    server.put(user, mail.as_bytes());
}

/// Waits until so many rows are in the ledger.
fn rows(daemon: &Daemon, count: usize) {
    daemon.until("all mails have an outcome", LIMIT, |daemon| daemon.json(&["intake", "list"]).len() >= count);
}
