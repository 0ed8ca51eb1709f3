//! A mail of our own in the mailbox, and taking it out again: how `lotse test` tries a mailbox out.
//!
//! This goes over a connection of its own that may write; the one that reads mail never does. Only
//! a mail that carries our seal is ever removed, whatever the server says of its number.

use std::collections::BTreeSet;

use imap_proto::rfc4315::UidSetMember;
use imap_proto::{MailboxDatum, Response, ResponseCode, Status};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::command::{self, Fault};
use super::connect::unreachable;
use super::oauth2::Vault;
use super::session::{Part, Session};
use super::{Mailbox, folders, name};
use crate::channels::Error;
use crate::intake::{Door, Refused};

/// A mail that was put into the mailbox.
pub struct Planted {
    session: Session,
    /// Its folder, as the server calls it.
    folder: String,
    /// Its UID, where the server said it (UIDPLUS, RFC 4315).
    uid: Option<u32>,
}

/// What became of a mail that was to be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uprooted {
    /// It is gone.
    Removed,
    /// It is marked as deleted: without UIDPLUS only all marked mails could be removed together.
    Marked,
    /// It was not in the folder any more.
    Gone,
}

impl Mailbox {
    /// Puts a mail into the folder. `seal` stands in it and nowhere else.
    pub async fn plant(&self, door: &Door, mail: &str) -> Result<Planted, Error> {
        let vault = Vault { door, channel: &self.name };
        let Some(mut session) = self.open(Some(vault), &CancellationToken::new()).await? else {
            return Err(Refused::Stopping.into());
        };
        let wanted = self.opened();
        let there = session.folders("\"\" \"*\"").await.unwrap_or_default();
        let folder = folders::meant(&wanted, &there).unwrap_or(&wanted).to_owned();
        let doing = format!("cannot put a mail into the folder `{wanted}` of {}", self.config.host);
        match session.append(&folder, mail.as_bytes()).await {
            Ok(uid) => Ok(Planted { session, folder, uid }),
            Err(fault @ (Fault::No(_) | Fault::Bad(_))) if !fault.is_temporary() => {
                let advice =
                    "the account may read there and not write; to try the mailbox out, send a mail to it by hand";
                Err(Error::Refused { doing, answer: format!("{fault}; {advice}") })
            }
            Err(fault) => Err(unreachable(&doing, fault)),
        }
    }
}

impl Planted {
    /// Takes the mail out again: what carries `seal`, and nothing else.
    pub async fn uproot(mut self, seal: &str) -> Result<Uprooted, Error> {
        let done = self.remove(seal).await;
        self.session.log_out().await;
        done.map_err(|fault| unreachable("cannot take the mail out of the mailbox", fault))
    }

    async fn remove(&mut self, seal: &str) -> Result<Uprooted, Fault> {
        let session = &mut self.session;
        session.select(&self.folder).await?;
        let found = match self.uid {
            Some(uid) => BTreeSet::from([uid]),
            None => session.search(&format!("HEADER {} \"{seal}\"", crate::lead::FIELD)).await?,
        };
        let mut ours = BTreeSet::new();
        for uid in found {
            let header = session.texts(&BTreeSet::from([uid]), Part::Header, 0).await?;
            let is_ours = |text: &Vec<u8>| text.windows(seal.len()).any(|window| window == seal.as_bytes());
            ours.extend(header.get(&uid).filter(|text| is_ours(text)).map(|_| uid));
        }
        if ours.is_empty() {
            return Ok(Uprooted::Gone);
        }
        let set = name::uid_set(ours.iter().copied());
        session.change(&format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)")).await?;
        if session.change(&format!("UID EXPUNGE {set}")).await.is_ok() {
            return Ok(Uprooted::Removed);
        }
        // EXPUNGE takes all marked mails (RFC 3501 §6.4.3): not those of others.
        if session.search("DELETED").await? != ours {
            return Ok(Uprooted::Marked);
        }
        session.change("EXPUNGE").await?;
        Ok(Uprooted::Removed)
    }
}

impl Session {
    /// Puts a mail into a folder (RFC 3501 §6.3.11); its UID, where the server says it.
    async fn append(&mut self, folder: &str, mail: &[u8]) -> Result<Option<u32>, Fault> {
        let patience = self.patience;
        timeout(patience, self.appended(folder, mail)).await.map_err(|_| Fault::Silent(patience))?
    }

    async fn appended(&mut self, folder: &str, mail: &[u8]) -> Result<Option<u32>, Fault> {
        let connection = &mut self.connection;
        let command = format!("APPEND {} {{{}}}", name::folder(folder), mail.len());
        let tag = connection.run_command(command).await?;
        let (mut sent, mut uid) = (false, None);
        loop {
            let next = command::read(connection, |response| match response {
                Response::Continue { .. } => Some(Ok(false)),
                Response::Done { tag: closed, status, outcome } if *closed == tag => {
                    if let Some(ResponseCode::AppendUid(_, uids)) = &outcome.code {
                        uid = uids.first().and_then(single);
                    }
                    let answer = || command::answer(outcome.code.as_ref(), outcome.information.as_deref());
                    Some(match status {
                        Status::Ok => Ok(true),
                        Status::Bad => Err(Fault::Bad(answer())),
                        _ => Err(Fault::No(answer())),
                    })
                }
                _ => None,
            });
            match next.await?.transpose()? {
                Some(true) => return Ok(uid),
                Some(false) if !sent => {
                    sent = true;
                    let stream = connection.get_mut();
                    stream.write_all(mail).await?;
                    stream.write_all(b"\r\n").await?;
                    stream.flush().await?;
                }
                _ => {}
            }
        }
    }

    /// Opens a folder for writing.
    async fn select(&mut self, folder: &str) -> Result<(), Fault> {
        self.change(&format!("SELECT {}", name::folder(folder))).await
    }

    /// The mails that a search finds (RFC 3501 §6.4.4).
    async fn search(&mut self, what: &str) -> Result<BTreeSet<u32>, Fault> {
        let mut uids = BTreeSet::new();
        command::run(&mut self.connection, &format!("UID SEARCH {what}"), self.patience, |response| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                uids.extend(found.iter().copied());
            }
            Ok(())
        })
        .await?;
        Ok(uids)
    }

    async fn change(&mut self, command: &str) -> Result<(), Fault> {
        command::run(&mut self.connection, command, self.patience, |_| Ok(())).await
    }
}

/// The UID of a set that names one mail.
fn single(member: &UidSetMember) -> Option<u32> {
    match member {
        UidSetMember::Uid(uid) => Some(*uid),
        UidSetMember::UidRange(range) => (range.start() == range.end()).then(|| *range.start()),
    }
}
