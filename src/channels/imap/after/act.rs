//! Commands that change mails, each as one checked command.
//!
//! Others' deleted mails are never touched: only with UIDPLUS (RFC 4315) can single mails be
//! expunged, so without it ours stay marked as deleted.

use std::collections::BTreeSet;

use imap_proto::{Capability, MailboxDatum, Response, StatusAttribute};

use super::After;
use crate::channels::imap::command::Fault;
use crate::channels::imap::name;
use crate::channels::imap::session::Session;

/// What becomes of deleted mails on a server that cannot expunge single ones.
pub(super) const STAYS: &str = "the server has no UIDPLUS, so they stay in the folder, marked as deleted, until somebody empties it of such mails (expunge, purge)";

/// What a server can do to mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::channels::imap) struct Skills {
    /// Moves in one step (RFC 6851).
    pub(super) moves: bool,
    /// Expunges single mails (RFC 4315).
    pub(super) expunges_single: bool,
}

/// A folder as it is before something is put into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outlook {
    /// UIDVALIDITY.
    pub(super) validity: u32,
    /// The lowest UID that a new mail can get.
    pub(super) next: u32,
}

impl Skills {
    /// Reads a list of capabilities. IMAP4rev2 has both (RFC 9051, appendix E).
    pub(in crate::channels::imap) fn of(offered: &[Capability<'_>]) -> Self {
        let has = |wanted: &str| {
            offered.iter().any(|c| {
                matches!(c, Capability::Atom(name) if name.eq_ignore_ascii_case(wanted) || name.eq_ignore_ascii_case("IMAP4rev2"))
            })
        };
        Self { moves: has("MOVE"), expunges_single: has("UIDPLUS") }
    }

    /// Whether mails stay in the folder, only marked as deleted.
    pub(super) fn leaves_marked(self, after: &After) -> bool {
        match after {
            After::Keep | After::Seen => false,
            After::Move(_) => !self.moves && !self.expunges_single,
            After::Delete => !self.expunges_single,
        }
    }
}

impl Session {
    /// Sets a flag of these mails.
    pub(super) async fn mark(&mut self, uids: &BTreeSet<u32>, flag: &str) -> Result<(), Fault> {
        let command = format!("UID STORE {} +FLAGS.SILENT ({flag})", set(uids));
        self.run(&command, self.patience, |_| Ok(())).await
    }

    /// Which of these mails are not marked as deleted.
    pub(super) async fn unmarked(&mut self, uids: &BTreeSet<u32>) -> Result<BTreeSet<u32>, Fault> {
        let mut found = BTreeSet::new();
        let command = format!("UID SEARCH UID {} UNDELETED", set(uids));
        self.run(&command, self.patience, |response| {
            if let Response::MailboxData(MailboxDatum::Search(there)) = response {
                found.extend(there.iter().filter(|uid| uids.contains(uid)));
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// Deletes these mails, as far as the server can without deleting others.
    pub(super) async fn remove(&mut self, uids: &BTreeSet<u32>) -> Result<(), Fault> {
        if uids.is_empty() {
            return Ok(());
        }
        self.mark(uids, "\\Deleted").await?;
        if self.skills.expunges_single {
            self.run(&format!("UID EXPUNGE {}", set(uids)), self.patience, |_| Ok(())).await?;
        }
        Ok(())
    }

    /// Moves these mails to a folder that is there, under the server's name.
    pub(super) async fn transfer(&mut self, uids: &BTreeSet<u32>, folder: &str) -> Result<(), Fault> {
        let verb = if self.skills.moves { "MOVE" } else { "COPY" };
        let command = format!("UID {verb} {} {}", set(uids), name::folder(folder));
        self.run(&command, self.patience, |_| Ok(())).await?;
        if self.skills.moves { Ok(()) } else { self.remove(uids).await }
    }

    /// How a folder is, which is made when it is not there.
    pub(super) async fn outlook(&mut self, folder: &str) -> Result<Outlook, Fault> {
        match self.status(folder).await {
            Err(Fault::No(_)) => {}
            other => return other,
        }
        self.run(&format!("CREATE {}", name::folder(folder)), self.patience, |_| Ok(())).await?;
        // Many programs show only folders that are subscribed to; where that cannot be, nothing is lost.
        match self.run(&format!("SUBSCRIBE {}", name::folder(folder)), self.patience, |_| Ok(())).await {
            Ok(()) | Err(Fault::No(_) | Fault::Bad(_)) => self.status(folder).await,
            Err(fault) => Err(fault),
        }
    }

    async fn status(&mut self, folder: &str) -> Result<Outlook, Fault> {
        // A server that leaves one of them out is looked through from the beginning.
        let mut outlook = Outlook { validity: 0, next: 1 };
        let command = format!("STATUS {} (UIDVALIDITY UIDNEXT)", name::folder(folder));
        self.run(&command, self.patience, |response| {
            let Response::MailboxData(MailboxDatum::Status { status, .. }) = response else { return Ok(()) };
            for attribute in status {
                match attribute {
                    StatusAttribute::UidValidity(number) => outlook.validity = *number,
                    StatusAttribute::UidNext(number) => outlook.next = *number,
                    _ => {}
                }
            }
            Ok(())
        })
        .await?;
        Ok(outlook)
    }
}

fn set(uids: &BTreeSet<u32>) -> String {
    name::uid_set(uids.iter().copied())
}
