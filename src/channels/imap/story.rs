//! What a session does when the server does what real servers rarely do: refuses, breaks off,
//! falls silent, sends nonsense or attacks.

#![allow(clippy::disallowed_methods, reason = "the servers of a test end with it")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_imap::Client;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex, split};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::command::{Fault, Wire};
use super::guard::{LARGEST_LITERAL, Violation};
use super::idle::Woken;
use super::session::{Part, Session};
use super::{After, Config, Login, Mailbox, Start};
use crate::channels::Error;
use crate::config::{Secret, Tls};
use crate::lead::Name;

const PATIENCE: Duration = Duration::from_mins(1);

/// What the server says to the next command that contains a word. `TAG` stands for the command's
/// tag; a reply that ends in `CLOSE` ends the connection.
type Script = Vec<(&'static str, String)>;

/// The commands a server got.
type Commands = Arc<Mutex<Vec<String>>>;

/// Plays a server: replies as in the script, each once, and `OK` to everything else.
async fn play(stream: DuplexStream, mut script: Script, commands: Commands) {
    let (from, mut to) = split(stream);
    let mut lines = BufReader::new(from).lines();
    to.write_all(b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        commands.lock().unwrap().push(line.clone());
        let tag = line.split(' ').next().unwrap_or_default();
        let reply = match script.iter().position(|(word, _)| line.contains(word)) {
            Some(next) => script.remove(next).1,
            None if line.contains("CAPABILITY") => "* CAPABILITY IMAP4rev1 IDLE\r\nTAG OK\r\n".to_owned(),
            None if line == "DONE" => "A0004 OK done\r\n".to_owned(),
            None => "TAG OK nothing\r\n".to_owned(),
        };
        let (reply, close) = reply.strip_suffix("CLOSE").map_or((reply.as_str(), false), |reply| (reply, true));
        if to.write_all(reply.replace("TAG", tag).as_bytes()).await.is_err() || close {
            return;
        }
    }
}

/// A session with a server that plays `script`. The folder is opened by the third command, so the
/// next one has the tag `A0004`.
async fn session(script: Script) -> (Session, Commands) {
    let (ours, theirs) = duplex(64 * 1024);
    let commands = Commands::default();
    tokio::spawn(play(theirs, script, Arc::clone(&commands)));
    let mut client = Client::new(Wire::new(Box::new(ours)));
    client.read_response().await.unwrap();
    let mut session =
        Session::begin(client.login("ada", "secret").await.map_err(|e| e.0).unwrap(), PATIENCE).await.unwrap();
    session.examine("INBOX").await.unwrap();
    session.news = false;
    (session, commands)
}

fn uids(uids: &[u32]) -> BTreeSet<u32> {
    uids.iter().copied().collect()
}

/// A server's answer with the text of a mail.
fn mail(uid: u32) -> String {
    let text = format!("Subject: {uid}\r\n\r\nhello {{3}}\r\n((((\r\n");
    format!("* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{text})\r\n", text.len())
}

async fn texts(reply: String) -> Result<Vec<u32>, Fault> {
    let (mut session, _) = session(vec![("UID FETCH", reply)]).await;
    Ok(session.texts(&uids(&[1, 2, 3]), Part::Whole, 100).await?.into_keys().collect())
}

#[tokio::test]
async fn an_answer_counts_only_when_it_is_whole() {
    let whole = mail(1) + &mail(2) + "TAG OK done\r\n";
    assert_eq!(texts(whole.clone()).await.unwrap(), [1, 2]);
    let got = mail(1);
    let fault = async |reply: &str| texts(format!("{got}{reply}")).await.unwrap_err();
    assert!(matches!(fault("TAG NO [SERVERBUG] oops\r\n").await, Fault::No(text) if text == "[SERVERBUG] oops"));
    assert!(matches!(fault("TAG BAD syntax\r\n").await, Fault::Bad(text) if text == "syntax"));
    assert!(matches!(fault("* BYE internal error\r\nCLOSE").await, Fault::Bye(text) if text == "internal error"));
    assert!(matches!(fault("* BYE\r\nTAG OK\r\n").await, Fault::Bye(_) | Fault::Garbage));
    assert!(matches!(fault("CLOSE").await, Fault::Closed));
    assert!(matches!(fault("* 2 FETCH (UID 2 BODY[] {500}\r\nabcCLOSE").await, Fault::Closed));
    assert!(matches!(fault("* X-FOO what is this\r\n").await, Fault::Garbage));
    assert!(matches!(fault("* 2 FETCH (UID 2 INTERNALDATE NIL)\r\n").await, Fault::Hostile(Violation::Malformed)));
    for cut in 0..whole.len() - "OK done\r\n".len() {
        let result = texts(format!("{}CLOSE", &whole[..cut])).await;
        assert!(result.is_err(), "cut after {cut} bytes: {result:?}");
    }
}

#[tokio::test]
async fn an_attack_ends_the_connection_and_nothing_else() {
    let hostile = async |reply: String| match texts(reply).await {
        Err(Fault::Hostile(violation)) => violation,
        other => panic!("{other:?}"),
    };
    assert_eq!(hostile("* 1 FETCH (BODY[] {500000000}\r\nabc".into()).await, Violation::Literal(500_000_000));
    let just_over = format!("* 1 FETCH (BODY[] {{{}}}\r\n", LARGEST_LITERAL + 1);
    assert!(matches!(hostile(just_over).await, Violation::Literal(_)));
    assert_eq!(hostile(format!("* 1 FETCH (BODYSTRUCTURE {}", "(".repeat(100_000))).await, Violation::Parentheses);
    assert_eq!(hostile(format!("* OK {}", "x".repeat(8 * 1024 * 1024))).await, Violation::Line);
    assert_eq!(hostile("* OK {50000000}\r\n".into()).await, Violation::Malformed);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_given_up() {
    assert!(matches!(texts(mail(1)).await, Err(Fault::Silent(_))));
    let (mut session, _) = session(vec![("IDLE", String::new())]).await;
    let never = CancellationToken::new();
    assert!(matches!(session.idle(Duration::from_mins(4), &never).await, Err(Fault::Silent(_))));
}

#[tokio::test]
async fn what_was_not_asked_for_is_left_out() {
    let noise =
        "* 9 EXISTS\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 1 FLAGS ())\r\n* 3 FETCH (UID 3 BODY[] NIL)\r\n";
    assert_eq!(texts(format!("{noise}{}{}TAG OK\r\n", mail(77), mail(2))).await.unwrap(), [2]);

    let (mut session, _) = session(vec![
        ("UID SEARCH", "* SEARCH 16 18 17\r\n* 21 EXISTS\r\nTAG OK\r\n".into()),
        ("RFC822.SIZE", "* 1 FETCH (UID 17 RFC822.SIZE 5 INTERNALDATE \"23-Nov-2026 10:00:00 +0000\")\r\n* 2 FETCH (UID 18 FLAGS ())\r\nTAG OK\r\n".into()),
    ])
    .await;
    assert_eq!(session.uids_from(17).await.unwrap(), uids(&[17, 18]), "`n:*` names the last mail even below n");
    assert!(session.news, "mail was announced while we searched");
    let sizes = session.sizes(&uids(&[17, 18])).await.unwrap();
    assert_eq!((sizes.len(), sizes[&17].bytes, sizes[&17].received.unwrap().as_second()), (1, 5, 1_795_428_000));
}

#[tokio::test]
async fn a_refused_search_is_no_empty_mailbox() {
    for reply in [
        "TAG NO x\r\n",
        "TAG BAD x\r\n",
        "* SEARCH 1 2\r\nCLOSE",
        "* BYE x\r\nCLOSE",
        "* ESEARCH (TAG \"x\") UID ALL 1\r\n",
        "CLOSE",
    ] {
        let (mut session, _) = session(vec![("UID SEARCH", reply.into())]).await;
        assert!(session.uids_from(1).await.is_err(), "{reply}");
    }
}

#[tokio::test]
async fn a_large_folder_is_listed_line_by_line() {
    let lines: Vec<String> = (1..=60_000).map(|n| format!("* {n} FETCH (UID {})\r\n", n * 2)).collect();
    let (mut session, commands) = session(vec![
        ("EXAMINE", "* 60000 EXISTS\r\n* OK [UIDVALIDITY 3] x\r\n* OK [UIDNEXT 120001] x\r\nTAG OK\r\n".into()),
        ("UID FETCH", lines.concat() + "TAG OK\r\n"),
    ])
    .await;
    let found = session.uids_from(3).await.unwrap();
    assert_eq!((found.len(), found.first(), found.last()), (59_999, Some(&4), Some(&120_000)));
    assert!(commands.lock().unwrap().last().unwrap().ends_with("UID FETCH 3:* (UID)"));
}

#[tokio::test]
async fn nothing_we_say_changes_the_mailbox() {
    let (mut session, commands) = session(vec![]).await;
    session.uids_from(1).await.unwrap();
    session.sizes(&uids(&[1])).await.unwrap();
    session.texts(&uids(&[1]), Part::Whole, 1).await.unwrap();
    session.texts(&uids(&[1]), Part::Header, 1).await.unwrap();
    session.still_there(&uids(&[1])).await.unwrap();
    session.log_out().await;
    let said: Vec<String> =
        commands.lock().unwrap().iter().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect();
    assert_eq!(
        said,
        [
            "LOGIN \"ada\" \"secret\"",
            "CAPABILITY",
            "EXAMINE \"INBOX\"",
            "UID SEARCH UID 1:*",
            "UID FETCH 1 (UID RFC822.SIZE INTERNALDATE)",
            "UID FETCH 1 (UID BODY.PEEK[])",
            "UID FETCH 1 (UID BODY.PEEK[HEADER]<0.1048576>)",
            "NOOP",
            "UID SEARCH UID 1",
            "LOGOUT",
        ]
    );
}

/// What waiting for four minutes comes to when the server says this to `IDLE`.
async fn idle(reply: &str) -> (Result<Woken, Fault>, Duration, Session) {
    let (mut session, _) = session(vec![("IDLE", reply.into())]).await;
    let (start, never) = (Instant::now(), CancellationToken::new());
    let woken = session.idle(Duration::from_mins(4), &never).await;
    (woken, start.elapsed(), session)
}

#[tokio::test(start_paused = true)]
async fn idle_ends_with_new_mail_with_time_and_with_the_connection() {
    let (woken, waited, session) = idle("+ idling\r\n* 1 EXISTS\r\n").await;
    assert!(woken.unwrap() == Woken::Look && waited < Duration::from_secs(1) && session.news);
    let (woken, waited, _) = idle("* 1 EXISTS\r\n+ idling\r\n").await;
    assert!(woken.unwrap() == Woken::Look && waited < Duration::from_secs(1), "announced before it idles");
    let (woken, waited, session) = idle("+ idling\r\n* OK Still here\r\n* 0 EXISTS\r\n* 1 FETCH (FLAGS ())\r\n").await;
    assert!(woken.unwrap() == Woken::Look && waited == Duration::from_mins(4) && !session.news);
    assert!(matches!(idle("+ idling\r\n* BYE timeout\r\nCLOSE").await.0, Err(Fault::Bye(_))));
    assert!(matches!(idle("+ idling\r\nCLOSE").await.0, Err(Fault::Closed)));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_idle_is_asked_instead() {
    for reply in ["TAG NO not now\r\n", "TAG BAD what\r\n", "+ idling\r\nTAG OK at once\r\n"] {
        let (woken, _, session) = idle(reply).await;
        assert!(woken.unwrap() == Woken::Look && !session.has_idle(), "{reply}");
    }
}

#[tokio::test(start_paused = true)]
async fn idle_stops_when_told_and_does_not_wait_for_an_answer() {
    for (done, answered) in [("A0004 OK done\r\n", true), ("", false)] {
        let (mut session, commands) = session(vec![("IDLE", "+ idling\r\n".into()), ("DONE", done.into())]).await;
        let (stop, start) = (CancellationToken::new(), Instant::now());
        let teller = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            teller.cancel();
        });
        assert_eq!(session.idle(Duration::from_mins(4), &stop).await.is_ok(), answered);
        assert!(start.elapsed() <= Duration::from_secs(12), "{:?}", start.elapsed());
        assert_eq!(commands.lock().unwrap().last().unwrap(), "DONE");
    }
}

/// What `probe` says of a server that greets and then answers the login like this.
async fn login(greeting: &'static str, answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let (from, mut to) = socket.into_split();
        let mut lines = BufReader::new(from).lines();
        to.write_all(greeting.as_bytes()).await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            let tag = line.split(' ').next().unwrap_or_default();
            to.write_all(answer.replace("TAG", tag).replace("LINE", &line).as_bytes()).await.unwrap();
        }
    });
    let config = Config {
        host: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        ca_file: None,
        username: "ada".to_owned(),
        login: Login::Password(Secret::new("hush")),
        folder: "INBOX".to_owned(),
        further: Vec::new(),
        max_size: 40 << 20,
        authserv_id: Vec::new(),
        start: Start::All,
        poll: Duration::from_mins(1),
        after: After::Keep,
        silence_after: Duration::from_mins(15),
        timeout: PATIENCE,
    };
    match Mailbox::new(Name::parse("sales").unwrap(), config).probe(None).await.unwrap_err() {
        error @ (Error::Refused { .. } | Error::Shut { .. }) => format!("refused: {error}"),
        Error::Unreachable { doing, source } => format!("unreachable: {doing}: {source}"),
        Error::Busy { doing, source } => format!("busy: {doing}: {source}"),
        error @ Error::Intake(_) => error.to_string(),
    }
}

#[tokio::test]
async fn a_login_is_refused_for_good_or_for_now_and_the_password_stays_secret() {
    let ready = "* OK ready\r\n";
    for (greeting, answer, expected) in [
        (
            ready,
            "TAG NO [AUTHENTICATIONFAILED] no\r\n",
            "refused: cannot log in to 127.0.0.1 as `ada`: the server answered NO: [AUTHENTICATIONFAILED] no; are `username` and `password` right? Many servers want the whole address as `username`",
        ),
        (
            ready,
            "TAG NO [UNAVAILABLE] later\r\n",
            "busy: cannot log in to 127.0.0.1 as `ada`: the server answered NO: [UNAVAILABLE] later",
        ),
        (
            ready,
            "TAG BAD LINE\r\n",
            "refused: cannot log in to 127.0.0.1 as `ada`: the server answered BAD: A0001 LOGIN \"ada\" \"…\"",
        ),
        (
            "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] x\r\n",
            "",
            "refused: cannot log in to 127.0.0.1 as `ada`: the server takes no password on this connection (LOGINDISABLED); try tls = \"starttls\"",
        ),
    ] {
        assert_eq!(login(greeting, answer).await, expected);
    }
    assert!(login("* BYE shutting down\r\n", "").await.starts_with("unreachable: cannot connect to 127.0.0.1:"));
    assert!(login("* BYE too many connections\r\n", "").await.starts_with("busy: cannot connect to 127.0.0.1:"));
    assert!(login("* PREAUTH welcome\r\n", "").await.contains("unexpected greeting: welcome"));
    assert!(login("220 mail.example ESMTP\r\n", "").await.contains("no IMAP response"));
}
