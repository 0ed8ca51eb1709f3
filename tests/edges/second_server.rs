//! A mailbox that moves to another server, or lies on two, with Cyrus as the other one: what it holds is known already.

use std::time::Duration;

use crate::house::{TEAM, addresses, mail};
use crate::line::{expected, mailbox};
use crate::support::cyrus::Cyrus;
use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;
use crate::support::server::Server;

const MAILS: usize = 5;
/// Waits for mail on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many items have this outcome.
fn count(daemon: &Daemon, outcome: &str) -> usize {
    daemon.json(&["intake", "list", "--outcome", outcome]).len()
}

#[test]
fn a_mailbox_copied_to_another_server_brings_no_new_leads_and_its_new_mail_comes_in() {
    let Some(cyrus) = Cyrus::start() else { return };
    let dovecot = Dovecot::start();
    let mut mails: Vec<Vec<u8>> = (1..=MAILS).map(mail).collect();
    // One has no Message-ID, and one bears the Message-ID of another mail.
    let without = |text: &[u8], id: &str, new: &str| String::from_utf8(text.to_vec()).unwrap().replace(id, new);
    mails[3] = without(&mails[3], "Message-ID: <m4@mail4.example>\r\n", "").into_bytes();
    mails[4] = without(&mails[4], "Message-ID: <m5@mail5.example>", "Message-ID: <m1@mail1.example>").into_bytes();
    for text in &mails {
        dovecot.deliver("sales", text);
    }
    let mut daemon = Daemon::with(&[&mailbox(dovecot.plain_port(), "sales", "5s"), TEAM].concat());
    daemon.start();
    daemon.until("all are leads", PATIENCE, |daemon| addresses(daemon) == expected(MAILS));
    assert!(daemon.stop().0.success());

    cyrus.deliver("sales", &mails);
    daemon.settings(&[&mailbox(cyrus.port(), "sales", "5s"), TEAM].concat());
    daemon.start();
    daemon.until("all are known", PATIENCE, |daemon| count(daemon, "redelivered") == MAILS);
    assert_eq!((addresses(&daemon), count(&daemon, "created")), (expected(MAILS), MAILS));

    // What arrives at the new server comes in, also over a restart, and once.
    cyrus.deliver("sales", &[mail(MAILS + 1)]);
    daemon.until("a new mail", PATIENCE, |daemon| addresses(daemon) == expected(MAILS + 1));
    assert!(daemon.stop().0.success());
    cyrus.deliver("sales", &[mail(MAILS + 2)]);
    daemon.start();
    daemon.until("another", PATIENCE, |daemon| addresses(daemon) == expected(MAILS + 2));
    assert_eq!((count(&daemon, "redelivered"), count(&daemon, "created")), (MAILS, MAILS + 2));
    assert!(daemon.stop().0.success());
}

#[test]
fn two_mailboxes_on_two_servers_with_the_same_mails_bring_each_once() {
    let Some(cyrus) = Cyrus::start() else { return };
    let dovecot = Dovecot::start();
    let mails: Vec<Vec<u8>> = (1..=MAILS).map(mail).collect();
    for text in &mails {
        dovecot.deliver("sales", text);
    }
    cyrus.deliver("shop", &mails);
    let other = mailbox(cyrus.port(), "shop", "5s").replace("[channels.sales]", "[channels.shop]");
    let mut daemon = Daemon::with(&[&mailbox(dovecot.plain_port(), "sales", "5s"), &other, TEAM].concat());
    daemon.start();
    let both = |daemon: &Daemon| (count(daemon, "created"), count(daemon, "redelivered"));
    daemon.until("both are read", PATIENCE, |daemon| both(daemon).0 + both(daemon).1 == 2 * MAILS);
    assert_eq!((addresses(&daemon), both(&daemon)), (expected(MAILS), (MAILS, MAILS)));
    assert!(daemon.stop().0.success());
}

/// What was delivered once more by a mailing list of the house: it writes above the mail and leaves the rest.
fn by_a_list(mail: &[u8]) -> Vec<u8> {
    let trace = "Return-Path: <sales-bounces@our.example>\r\nDelivered-To: everybody@our.example\r\n\
                 Received: from list.our.example by mail.our.example; Mon, 23 Nov 2026 10:00:09 +0100\r\n\
                 X-Original-To: everybody@our.example\r\n";
    [trace.as_bytes(), mail].concat()
}

fn number_anew(server: &dyn Server) {
    let mut mails: Vec<Vec<u8>> = (1..=MAILS).map(mail).collect();
    server.put_all("sales", &mails);
    let mut daemon = Daemon::with(&[&mailbox(server.plain(), "sales", "5s"), TEAM].concat());
    daemon.start();
    daemon.until("all are leads", PATIENCE, |daemon| addresses(daemon) == expected(MAILS));
    let outcomes = |daemon: &Daemon| (count(daemon, "created"), count(daemon, "redelivered"));

    mails.push(by_a_list(&mail(2)));
    server.put("sales", &mails[MAILS]);
    daemon.until("the copy is known", PATIENCE, |daemon| outcomes(daemon) == (MAILS, 1));

    // While the daemon reads, and while it does not.
    for (round, runs) in [(1, true), (2, false)] {
        if !runs {
            assert!(daemon.stop().0.success());
        }
        server.renumber("sales", &mails);
        if runs {
            // A mail that comes meanwhile shows that the folder was read anew.
            mails.push(mail(MAILS + round));
            server.put("sales", &mails[MAILS + round]);
        } else {
            daemon.start();
        }
        let again = 1 + [0, MAILS + 1, 2 * MAILS + 3][round];
        daemon.until("all are known", PATIENCE, |daemon| outcomes(daemon) == (MAILS + 1, again));
        assert_eq!(addresses(&daemon), expected(MAILS + 1));
    }
    assert_eq!(daemon.object(&["status"])["channels"]["sales"]["state"], "ok", "{}", daemon.log());
    assert!(daemon.stop().0.success());
}

#[test]
fn a_folder_that_dovecot_numbers_anew_and_a_copy_by_a_mailing_list_bring_no_new_leads() {
    number_anew(&Dovecot::start());
}

#[test]
fn a_folder_that_cyrus_numbers_anew_and_a_copy_by_a_mailing_list_bring_no_new_leads() {
    let Some(cyrus) = Cyrus::start() else { return };
    number_anew(&cyrus);
}
