//! What another mail program sees: a client of a few lines over a connection without TLS.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use super::dovecot::PASSWORD;

/// A mail as another program sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) uid: u32,
    /// What stands before the `@` of its Message-ID.
    pub(crate) who: String,
    /// Its flags, sorted, without `\Recent`, which is every first session's own.
    pub(crate) flags: BTreeSet<String>,
    pub(crate) date: String,
}

/// Another program's session.
pub(crate) struct Look(BufReader<TcpStream>);

impl Look {
    /// Logs in at a port without TLS.
    pub(crate) fn at(port: u16, user: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut look = Self(BufReader::new(stream));
        look.line();
        look.ask(&format!("LOGIN {user} {PASSWORD}")).unwrap();
        look
    }

    /// The lines of the answer; the error is what the server said in refusal.
    pub(crate) fn ask(&mut self, command: &str) -> Result<Vec<String>, String> {
        self.0.get_mut().write_all(format!("x {command}\r\n").as_bytes()).unwrap();
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            match line.strip_prefix("x ") {
                Some(done) if done.starts_with("OK") => return Ok(lines),
                Some(done) => return Err(done.to_owned()),
                None => lines.push(line),
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the server closed the connection");
        line.trim_end().to_owned()
    }

    /// The mails of a folder in its order, and its UIDVALIDITY; nothing where it is not there.
    pub(crate) fn folder(&mut self, name: &str) -> (String, Vec<Seen>) {
        let Ok(opened) = self.ask(&format!("EXAMINE \"{name}\"")) else { return Default::default() };
        let validity = opened.iter().find(|line| line.contains("UIDVALIDITY")).unwrap().clone();
        let fetch = "FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])";
        // An empty folder has no mail 1.
        let lines = self.ask(fetch).unwrap_or_default();
        let mut mails: Vec<Seen> = Vec::new();
        for line in &lines {
            // Without a UID the server tells, unasked, what another session changed meanwhile.
            if let Some((_, rest)) = line.split_once(" FETCH (").filter(|(_, rest)| rest.contains("UID ")) {
                let flags = between(rest, "FLAGS (", ")").split_whitespace();
                mails.push(Seen {
                    uid: between(rest, "UID ", " ").parse().unwrap(),
                    who: String::new(),
                    flags: flags.filter(|flag| *flag != "\\Recent").map(str::to_owned).collect(),
                    date: between(rest, "INTERNALDATE \"", "\"").to_owned(),
                });
            } else if line.to_ascii_lowercase().starts_with("message-id:") {
                between(line, "<", "@").clone_into(&mut mails.last_mut().unwrap().who);
            }
        }
        (validity, mails)
    }

    /// The Message-IDs of a folder's mails, sorted; those that are marked as deleted are left out.
    pub(crate) fn who(&mut self, name: &str) -> Vec<String> {
        let mails = self.folder(name).1.into_iter();
        let mut who: Vec<String> =
            mails.filter(|mail| !mail.flags.contains("\\Deleted")).map(|mail| mail.who).collect();
        who.sort();
        who
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let rest = text.split_once(start).unwrap_or_else(|| panic!("no {start} in {text}")).1;
    rest.split(end).next().unwrap()
}
