//! What we ask of a mailbox, each as one checked command.
//!
//! The folder is opened read-only (`EXAMINE`) unless its mails are to be changed once they have
//! their outcome ([`after`](super::after)), and texts are read with `BODY.PEEK`: reading changes nothing. Whatever the server says about new mail on the way is remembered in
//! [`Session::news`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use imap_proto::{AttributeValue, Capability, MailboxDatum, MessageSection, Response, ResponseCode, SectionPath};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::strtime;
use tokio::time::Instant;

use super::after::{Access, Skills};
use super::command::{Connection, Fault, run};
use super::guard::LARGEST_LITERAL;
use super::name;
use super::patience::Patience;
use super::place::Folder;

/// Mails up to which one `SEARCH` answer certainly fits on a line the guard lets pass.
const ONE_LINE_OF_UIDS: u32 = 5_000;
/// UIDs that are remembered of one listing; the lowest are kept.
const MOST_UIDS: usize = 1_000_000;
/// Bytes of a header that are read of a mail that is too large.
const LARGEST_HEADER: u32 = 1024 * 1024;
/// Text that one command may bring in, in bytes.
const LARGEST_ANSWER: usize = LARGEST_LITERAL + 16 * 1024 * 1024;
/// The slowest connection on which texts are waited for, bytes a second.
const SLOWEST: u64 = 64 * 1024;
/// How many times the longest silence the list of a large folder may take.
const LISTING: u32 = 15;
/// Longest wait for the answers to a farewell.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

/// A logged-in session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: Connection,
    pub(super) idle: Idle,
    /// Gmail's numbers are offered (`X-GM-EXT-1`).
    pub(super) gmail: bool,
    /// Mails in the folder, as announced.
    pub(super) exists: u32,
    /// The server announced mail since this was last cleared.
    pub(super) news: bool,
    /// Longest silence while an answer is owed.
    pub(super) patience: Duration,
    /// What the server can do to mails.
    pub(super) skills: Skills,
    /// What we may do in the folder.
    pub(super) access: Access,
    /// The folder that is open, under the server's name.
    pub(super) opened: String,
    /// When it began.
    pub(super) begun: Instant,
}

/// Whether the server tells of new mail by itself (RFC 2177).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Idle {
    Offered,
    Missing,
}

/// What the server knows of a mail without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// Bytes, roughly: some servers guess.
    pub(super) bytes: u32,
    /// When the server received it.
    pub(super) received: Option<Timestamp>,
    /// Gmail's number of the mail in the whole account.
    pub(super) gmail: Option<u64>,
}

/// Which part of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Its header, cut after 1 MiB.
    Header,
}

impl Session {
    /// Asks what the server can do.
    pub(super) async fn begin(mut connection: Connection, patience: Duration) -> Result<Self, Fault> {
        let (mut idle, mut gmail, mut skills) = (Idle::Missing, false, Skills::default());
        run(&mut connection, "CAPABILITY", patience, |response| {
            let Response::Capabilities(offered) = response else { return Ok(()) };
            let has = |wanted: &str| {
                offered.iter().any(|c| matches!(c, Capability::Atom(name) if name.eq_ignore_ascii_case(wanted)))
            };
            if has("IDLE") {
                idle = Idle::Offered;
            }
            gmail |= has("X-GM-EXT-1");
            skills = Skills::of(offered);
            Ok(())
        })
        .await?;
        let (access, opened, begun) = (Access::Look, String::new(), Instant::now());
        Ok(Self { connection, idle, gmail, exists: 0, news: false, patience, skills, access, opened, begun })
    }

    /// Whether the server tells of new mail by itself.
    pub(super) fn has_idle(&self) -> bool {
        self.idle == Idle::Offered
    }

    /// Mails in the folder, as last announced.
    pub(super) fn exists(&self) -> u32 {
        self.exists
    }

    /// Opens a folder, read-only unless it is to be changed.
    pub(super) async fn examine(&mut self, folder: &str) -> Result<Folder, Fault> {
        let (mut validity, mut next) = (0, None);
        let open = if self.access == Access::Change { "SELECT" } else { "EXAMINE" };
        let command = format!("{open} {}", name::folder(folder));
        self.run(&command, self.patience, |response| {
            if let Response::Data { outcome, .. } = response {
                match outcome.code {
                    Some(ResponseCode::UidValidity(number)) => validity = number,
                    Some(ResponseCode::UidNext(number)) => next = Some(number),
                    _ => {}
                }
            }
            Ok(())
        })
        .await?;
        folder.clone_into(&mut self.opened);
        let highest = match next {
            Some(next) => next.saturating_sub(1),
            None => self.highest().await?,
        };
        Ok(Folder { validity, highest })
    }

    /// The UID of the folder's last mail, 0 when it is empty.
    pub(super) async fn highest(&mut self) -> Result<u32, Fault> {
        if self.exists == 0 {
            return Ok(0);
        }
        let mut highest = 0;
        self.run("UID FETCH * (UID)", self.patience, |response| {
            highest = highest.max(attributes(response).0.unwrap_or(0));
            Ok(())
        })
        .await?;
        Ok(highest)
    }

    /// Lets the server tell its news.
    pub(super) async fn noop(&mut self) -> Result<(), Fault> {
        self.run("NOOP", self.patience, |_| Ok(())).await
    }

    /// The UIDs from `first` on, ascending. `n:*` names the last mail even when it is below `n`
    /// (RFC 3501 §6.4.8), so what is below is left out.
    pub(super) async fn uids_from(&mut self, first: u32) -> Result<BTreeSet<u32>, Fault> {
        let mut uids = BTreeSet::new();
        let mut add = |uid: u32| {
            if uid >= first {
                uids.insert(uid);
                if uids.len() > MOST_UIDS {
                    uids.pop_last();
                }
            }
        };
        if self.exists <= ONE_LINE_OF_UIDS {
            self.run(&format!("UID SEARCH UID {first}:*"), self.patience, |response| {
                if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                    found.iter().copied().for_each(&mut add);
                }
                Ok(())
            })
            .await?;
        } else {
            let patience = Patience { silence: self.patience, whole: LISTING * self.patience };
            self.run(&format!("UID FETCH {first}:* (UID)"), patience, |response| {
                attributes(response).0.map(&mut add);
                Ok(())
            })
            .await?;
        }
        Ok(uids)
    }

    /// Which of `uids`, at most [`ONE_LINE_OF_UIDS`] of them, the server received on this day or later,
    /// by its own calendar (RFC 3501 §6.4.4).
    pub(super) async fn received_since(&mut self, uids: &[u32], day: Date) -> Result<Vec<u32>, Fault> {
        let (mut found, day) = (Vec::new(), day.strftime("%-d-%b-%Y"));
        let command = format!("UID SEARCH UID {} SINCE {day}", name::uid_set(uids.iter().copied()));
        self.run(&command, 5 * self.patience, |response| {
            if let Response::MailboxData(MailboxDatum::Search(there)) = response {
                found.extend(there.iter().filter(|uid| uids.binary_search(uid).is_ok()));
            }
            Ok(())
        })
        .await?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Which of `uids` are still in the folder.
    pub(super) async fn still_there(&mut self, uids: &BTreeSet<u32>) -> Result<BTreeSet<u32>, Fault> {
        self.noop().await?;
        let mut found = BTreeSet::new();
        let command = format!("UID SEARCH UID {}", name::uid_set(uids.iter().copied()));
        self.run(&command, self.patience, |response| {
            if let Response::MailboxData(MailboxDatum::Search(there)) = response {
                found.extend(there.iter().filter(|uid| uids.contains(uid)));
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// What the server knows of these mails; one that is gone is missing from the answer.
    pub(super) async fn sizes(&mut self, uids: &BTreeSet<u32>) -> Result<BTreeMap<u32, Size>, Fault> {
        let mut sizes = BTreeMap::new();
        let more = if self.gmail { " X-GM-MSGID" } else { "" };
        let set = name::uid_set(uids.iter().copied());
        let command = format!("UID FETCH {set} (UID RFC822.SIZE INTERNALDATE{more})");
        self.run(&command, self.patience, |response| {
            if let (Some(uid), Some(size)) = attributes(response)
                && uids.contains(&uid)
            {
                sizes.insert(uid, size);
            }
            Ok(())
        })
        .await?;
        Ok(sizes)
    }

    /// The texts of these mails, which have some `expected` bytes together; one that is gone is
    /// missing from the answer.
    pub(super) async fn texts(
        &mut self,
        uids: &BTreeSet<u32>,
        part: Part,
        expected: u64,
    ) -> Result<BTreeMap<u32, Vec<u8>>, Fault> {
        let what = match part {
            Part::Whole => "BODY.PEEK[]".to_owned(),
            Part::Header => format!("BODY.PEEK[HEADER]<0.{LARGEST_HEADER}>"),
        };
        let command = format!("UID FETCH {} (UID {what})", name::uid_set(uids.iter().copied()));
        let mut patience = Patience::from(self.patience);
        patience.whole += Duration::from_secs(expected / SLOWEST);
        let (mut texts, mut total) = (BTreeMap::new(), 0);
        self.run(&command, patience, |response| {
            if let Some((uid, text)) = text(response, part)
                && uids.contains(&uid)
            {
                total += text.len();
                if total > LARGEST_ANSWER {
                    return Err(Fault::TooMuch);
                }
                texts.insert(uid, text.to_vec());
            }
            Ok(())
        })
        .await?;
        Ok(texts)
    }

    /// Says good-bye, and does not insist on an answer.
    pub(super) async fn log_out(mut self) {
        if let Err(fault) = run(&mut self.connection, "LOGOUT", FAREWELL, |_| Ok(())).await {
            tracing::debug!(%fault, "the farewell was not answered");
        }
    }

    pub(super) async fn run(
        &mut self,
        command: &str,
        patience: impl Into<Patience>,
        mut each: impl FnMut(&Response<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let (exists, news) = (&mut self.exists, &mut self.news);
        run(&mut self.connection, command, patience, |response| {
            note(exists, news, response);
            each(response)
        })
        .await
    }
}

/// Keeps account of the mails in the folder.
pub(super) fn note(exists: &mut u32, news: &mut bool, response: &Response<'_>) {
    match response {
        Response::MailboxData(MailboxDatum::Exists(count)) => {
            *news |= count != exists;
            *exists = *count;
        }
        Response::Expunge(_) => *exists = exists.saturating_sub(1),
        _ => {}
    }
}

/// The UID, and what is known of the mail if all of it was sent.
fn attributes(response: &Response<'_>) -> (Option<u32>, Option<Size>) {
    let Response::Fetch(_, attributes) = response else { return (None, None) };
    let (mut uid, mut bytes, mut received, mut gmail) = (None, None, None, None);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(number) => uid = Some(*number),
            AttributeValue::Rfc822Size(number) => bytes = Some(*number),
            AttributeValue::GmailMsgId(number) => gmail = Some(*number),
            AttributeValue::InternalDate(date) => received = internal_date(date),
            _ => {}
        }
    }
    (uid, bytes.map(|bytes| Size { bytes, received, gmail }))
}

/// `23-Nov-2026 10:00:00 +0000`, the day perhaps with a space in front (RFC 3501 §9, date-time).
fn internal_date(text: &str) -> Option<Timestamp> {
    strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?.to_timestamp().ok()
}

/// The UID and the text of a mail.
fn text<'a>(response: &'a Response<'_>, part: Part) -> Option<(u32, &'a [u8])> {
    let Response::Fetch(_, attributes) = response else { return None };
    let uid = attributes.iter().find_map(|a| if let AttributeValue::Uid(uid) = a { Some(*uid) } else { None })?;
    let text = attributes.iter().find_map(|attribute| match (attribute, part) {
        (AttributeValue::BodySection { section: None, index: None, data: Some(data) }, Part::Whole)
        | (
            AttributeValue::BodySection {
                section: Some(SectionPath::Full(MessageSection::Header)),
                data: Some(data),
                ..
            },
            Part::Header,
        ) => Some(&**data),
        _ => None,
    })?;
    Some((uid, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_dates_are_read_with_and_without_a_leading_space() {
        for (text, expected) in [
            ("23-Nov-2026 10:00:00 +0100", "2026-11-23T09:00:00Z"),
            (" 3-Nov-2026 10:00:00 -0830", "2026-11-03T18:30:00Z"),
            ("03-nov-2026 10:00:00 +0000", "2026-11-03T10:00:00Z"),
        ] {
            assert_eq!(internal_date(text).unwrap().to_string(), expected, "{text}");
        }
        assert_eq!(internal_date("yesterday"), None);
    }
}
