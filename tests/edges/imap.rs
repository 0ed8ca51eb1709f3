//! A mailbox on a server that refuses, breaks off, talks nonsense or attacks: once it behaves again,
//! every mail has one outcome and one lead.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lotse::channels::Error;
use tokio::task::JoinSet;

use crate::house::SOON;
use crate::imap_script::{ScriptedImap, fetched};
use crate::line::{Line, expected};

const MAILS: usize = 3;

/// The commands of a session, by the words that tell them from the others.
const COMMANDS: [&str; 6] = ["CAPABILITY", "EXAMINE", "UID SEARCH", "RFC822.SIZE", "BODY.PEEK[]", "IDLE"];

/// What may be said to any of them. `HALF` is the usual answer without its last two lines, `WHOLE`
/// all of it without the line that closes it.
const ANSWERS: [&str; 16] = [
    "TAG NO not now\r\n",
    "TAG BAD what\r\n",
    "TAG NO [UNAVAILABLE] later\r\n",
    "TAG NO [LIMIT] too many\r\n",
    "HALFTAG NO [SERVERBUG] oops\r\n",
    "HALFTAG BAD oops\r\n",
    "WHOLETAG NO [INUSE] busy\r\n",
    "* BYE going down\r\nCLOSE",
    "HALF* BYE going down\r\nCLOSE",
    "HALF* BYE [UNAVAILABLE] going down\r\n",
    "CLOSE",
    "HALFCLOSE",
    "WHOLECLOSE",
    "HALF",
    "HALF* 1 FETCH (UID 1 BODY[] {500000000}\r\nabc",
    "HALF* 1 FETCH (BODYSTRUCTURE ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((\r\n",
];

/// Without its last `lines` lines.
fn without(answer: &str, lines: usize) -> String {
    let all: Vec<&str> = answer.split_inclusive('\n').collect();
    all[..all.len().saturating_sub(lines)].concat()
}

fn uids() -> Vec<u32> {
    (1..=u32::try_from(MAILS).unwrap()).collect()
}

/// Whether the server says that it is only out of order for now, or nothing at all.
fn is_temporary(answer: &str) -> bool {
    ["[UNAVAILABLE]", "[LIMIT]", "[INUSE]"].iter().any(|code| answer.contains(code)) || !answer.contains("TAG")
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_server_answers_once_to_any_command_nothing_is_lost_or_doubled() {
    // One command after the other: with all at once a busy machine is slower than the timeouts.
    for command in COMMANDS {
        let mut runs = JoinSet::new();
        for answer in ANSWERS {
            runs.spawn(async move {
                let what = format!("{answer:?} to {command}");
                let server = ScriptedImap::start(uids(), move |before, asked, usual| {
                    let now = before == 0 && asked.contains(command);
                    now.then(|| answer.replace("HALF", &without(usual, 2)).replace("WHOLE", &without(usual, 1)))
                });
                let line = Line::start(server.port(), "ada");
                // The last command of a session comes again at the next poll, or on the next connection.
                let over = |line: &Line| line.is_well() && server.asked(command) > 0 && server.asked("IDLE") > 0;
                line.until(&what, Duration::from_mins(1), |line| line.leads() == expected(MAILS) && over(line)).await;
                let errors = line.prove(&what, MAILS).await;
                let refused = errors.iter().any(|error| matches!(error, Error::Refused { .. } | Error::Shut { .. }));
                assert!(!(refused && is_temporary(answer)), "{what}: nobody has to act: {errors:?}");
            });
        }
        while let Some(run) = runs.join_next().await {
            run.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_out_of_order_for_a_while_is_no_reason_to_pass_by_a_mail() {
    for answer in ["TAG NO [UNAVAILABLE] later\r\n", "TAG NO [LIMIT] too many\r\n", "* BYE [UNAVAILABLE] x\r\nCLOSE"] {
        let server = ScriptedImap::start(uids(), move |before, asked, _| {
            (before < 8 && asked.contains("BODY.PEEK[]")).then(|| answer.to_owned())
        });
        let line = Line::start(server.port(), "ada");
        line.until(answer, Duration::from_secs(20), |line| line.leads() == expected(MAILS)).await;
        line.prove(answer, MAILS).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_out_of_order_twice_or_not_asked_for_are_sorted_out() {
    let server = ScriptedImap::start(uids(), |before, asked, _| {
        let noise =
            "* 9 EXISTS\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* OK [ALERT] we move house\r\n* 3 EXISTS\r\n* 0 RECENT\r\n";
        let mails = |uids: &[u32]| uids.iter().map(|uid| fetched(*uid, asked)).collect::<String>();
        if before > 0 {
            None
        } else if asked.contains("UID SEARCH") {
            Some(format!("{noise}* SEARCH 3 1 2 2\r\nTAG OK\r\n"))
        } else if asked.contains("UID FETCH") {
            Some(format!("{}{noise}{}TAG OK\r\n", mails(&[3, 77]), mails(&[1, 2, 1])))
        } else {
            None
        }
    });
    let line = Line::start(server.port(), "ada");
    line.until("noise", SOON, |line| line.leads() == expected(MAILS) && line.is_well()).await;
    assert_eq!(line.prove("noise", MAILS).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_deleted_while_it_is_fetched_is_gone_and_the_others_come() {
    // From the fetch of the texts on, mail 2 is gone.
    let fetches = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&fetches);
    let server = ScriptedImap::start(uids(), move |_, asked, _| {
        if asked.contains("BODY.PEEK[]") && asked.contains("1:3") {
            counted.fetch_add(1, Ordering::SeqCst);
            return Some(format!("* 2 EXPUNGE\r\n{}{}TAG OK\r\n", fetched(1, asked), fetched(3, asked)));
        }
        (counted.load(Ordering::SeqCst) > 0 && asked == "UID SEARCH UID 2").then(|| "* SEARCH\r\nTAG OK\r\n".to_owned())
    });
    let line = Line::start(server.port(), "ada");
    let rest = ["m1@mail1.example", "m3@mail3.example"];
    line.until("an expunge", SOON, |line| line.leads() == rest && line.is_well()).await;
    assert_eq!((fetches.load(Ordering::SeqCst), server.asked("EXAMINE")), (1, 1), "one connection was enough");
}
