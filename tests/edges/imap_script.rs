//! A mailbox server that answers as real ones do, except where the test twists its words.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::house::mail;

/// The server; it lives as long as the test.
pub(crate) struct ScriptedImap {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What the server says instead. In goes how often a command like this came before (whatever the
/// connection), the command without its tag, and the usual answer; `TAG` stands for the tag, and a
/// text that ends in `CLOSE` closes the connection.
type Twist = dyn Fn(usize, &str, &str) -> Option<String> + Send + Sync;

impl ScriptedImap {
    /// A mailbox with these UIDs.
    pub(crate) fn start(
        uids: Vec<u32>,
        twist: impl Fn(usize, &str, &str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), asked: Arc::default() };
        let (asked, uids, twist) = (Arc::clone(&server.asked), Arc::new(uids), Arc::new(twist));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (asked, uids, twist) = (Arc::clone(&asked), Arc::clone(&uids), Arc::clone(&twist));
                thread::spawn(move || serve(&client.unwrap(), &uids, &*twist, &asked));
            }
        });
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many commands with this word came so far.
    pub(crate) fn asked(&self, word: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|command| command.contains(word)).count()
    }
}

fn serve(client: &TcpStream, uids: &[u32], twist: &Twist, asked: &Mutex<Vec<String>>) {
    let mut to = client;
    let mut waiting = String::new();
    let greeted = to.write_all(b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n").is_ok();
    let mut lines = BufReader::new(client).lines();
    while let (true, Some(Ok(line))) = (greeted, lines.next()) {
        let (tag, command) = match line.split_once(' ') {
            Some((tag, command)) => (tag.to_owned(), command.to_owned()),
            None => (std::mem::take(&mut waiting), line),
        };
        if command == "IDLE" {
            waiting.clone_from(&tag);
        }
        let kind = kind(&command);
        let before = {
            let mut asked = asked.lock().unwrap();
            let before = asked.iter().filter(|command| self::kind(command) == kind).count();
            asked.push(command.clone());
            before
        };
        let usual = usual(&command, uids);
        let answer = twist(before, &command, &usual).unwrap_or(usual);
        let (answer, closes) = answer.strip_suffix("CLOSE").map_or((answer.as_str(), false), |answer| (answer, true));
        if to.write_all(answer.replace("TAG", &tag).as_bytes()).is_err() || closes {
            client.shutdown(std::net::Shutdown::Both).ok();
            return;
        }
    }
}

/// Which commands are alike: those that differ only in their numbers.
fn kind(command: &str) -> String {
    command.chars().filter(|c| c.is_alphabetic()).collect()
}

fn usual(command: &str, uids: &[u32]) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    let named = |set: &str| -> Vec<u32> { uids.iter().copied().filter(|uid| is_in(set, *uid, uids)).collect() };
    let data = match words[..] {
        ["CAPABILITY", ..] => "* CAPABILITY IMAP4rev1 IDLE\r\n".to_owned(),
        ["EXAMINE", ..] => {
            let next = uids.last().map_or(1, |last| last + 1);
            format!("* {} EXISTS\r\n* OK [UIDVALIDITY 3] x\r\n* OK [UIDNEXT {next}] x\r\n", uids.len())
        }
        ["UID", "SEARCH", "UID", set] => {
            let found: Vec<String> = named(set).iter().map(|uid| format!(" {uid}")).collect();
            format!("* SEARCH{}\r\n", found.concat())
        }
        ["UID", "FETCH", set, ..] => named(set).iter().map(|&uid| fetched(uid, command)).collect(),
        ["IDLE"] => return "+ idling\r\n".to_owned(),
        ["LOGOUT"] => "* BYE bye\r\n".to_owned(),
        _ => String::new(),
    };
    format!("{data}TAG OK done\r\n")
}

/// The answer about one mail.
pub(crate) fn fetched(uid: u32, command: &str) -> String {
    let text = String::from_utf8(mail(usize::try_from(uid).unwrap())).unwrap();
    let date = "INTERNALDATE \"23-Nov-2026 10:00:00 +0000\"";
    if command.contains("HEADER") {
        let header = &text[..text.find("\r\n\r\n").unwrap() + 4];
        format!("* {uid} FETCH (UID {uid} BODY[HEADER]<0> {{{}}}\r\n{header})\r\n", header.len())
    } else if command.contains("BODY") {
        format!("* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{text})\r\n", text.len())
    } else {
        format!("* {uid} FETCH (UID {uid} RFC822.SIZE {} {date})\r\n", text.len())
    }
}

/// Whether a UID is in a set such as `1:3,5` or `4:*`; `4:*` holds the last mail in any case.
fn is_in(set: &str, uid: u32, uids: &[u32]) -> bool {
    let last = uids.last().copied().unwrap_or(0);
    let number = |text: &str| if text == "*" { last } else { text.parse().unwrap() };
    set.split(',').any(|part| {
        let (from, to) = part.split_once(':').unwrap_or((part, part));
        let (from, to) = (number(from), number(to));
        (from.min(to)..=from.max(to)).contains(&uid)
    })
}
