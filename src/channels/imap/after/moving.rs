//! Moves mails so that none is doubled, whatever breaks off in between.
//!
//! Before a move it is kept which mails it is about, and which UID the target folder gives next.
//! When it is not known how a move ended, the target is looked into from that UID on: a mail that
//! is still in its folder and has a copy there is only removed; one without is moved. The same
//! holds with and without `MOVE`: even in one step a server may break off half-way.

use std::collections::{BTreeMap, BTreeSet};

use super::kept::{Kept, Moving};
use super::{Access, Undone, is_same_folder};
use crate::channels::imap::command::Fault;
use crate::channels::imap::fetch::{Halt, Reader, unless};
use crate::channels::imap::roles;
use crate::channels::imap::session::{Part, Session};
use crate::mistakes::{self, Mistake};

/// Headers that are read together.
const HEADERS: usize = 50;

/// What a mail and its copy have in common: size and header.
type Likeness = (u32, Vec<u8>);

impl Reader<'_> {
    /// Moves mails that are in the folder.
    pub(super) async fn move_to(&mut self, wanted: &str, uids: &BTreeSet<u32>, kept: &mut Kept) -> Result<(), Undone> {
        let target = self.target(wanted).await?;
        let mut fresh = uids.clone();
        if let Some(moving) = kept.moving.clone() {
            let doubtful: BTreeSet<u32> = moving.uids.intersection(uids).copied().collect();
            if !doubtful.is_empty() && !mistakes::made(Mistake::CopiedAgain) {
                let copied = self.copied(&moving, &doubtful).await?;
                unless(self.stop, self.session.remove(&copied)).await?;
                fresh.retain(|uid| !copied.contains(uid));
            }
        }
        if !fresh.is_empty() {
            let outlook = unless(self.stop, self.session.outlook(&target)).await?;
            kept.begin(&target, outlook, &fresh);
            self.keep(kept).await?;
            unless(self.stop, self.session.transfer(&fresh, &target)).await?;
        }
        kept.moved(uids);
        Ok(())
    }

    /// The server's name for the folder to move to.
    async fn target(&mut self, wanted: &str) -> Result<String, Undone> {
        let known = self.mailbox.pace().target.clone();
        let target = if let Some(target) = known {
            target
        } else {
            let (wanted, read) = (wanted.to_owned(), self.mailbox.all_folders());
            let there = unless(self.stop, self.session.folders_for(read.iter().chain([&wanted]))).await?;
            roles::target(&wanted, &read, &there).map_err(Undone::Refused)?
        };
        if is_same_folder(&target, &self.session.opened) {
            return Err(Undone::Refused("that is the folder that mail is read from".to_owned()));
        }
        self.mailbox.pace().target = Some(target.clone());
        Ok(target)
    }

    /// Which of the mails have a copy in the target already.
    async fn copied(&mut self, moving: &Moving, doubtful: &BTreeSet<u32>) -> Result<BTreeSet<u32>, Undone> {
        let ours = unless(self.stop, self.session.likenesses(doubtful, &BTreeSet::new())).await?;
        let here = self.session.opened.clone();
        self.session.access = Access::Look;
        let theirs = unless(self.stop, self.session.look_into(moving, &ours)).await.map_err(Undone::from);
        self.session.access = Access::Change;
        if let Err(Undone::Halt(halt)) = theirs {
            return Err(Undone::Halt(halt));
        }
        // Only the folder that is read may be open when reading goes on.
        let folder = unless(self.stop, self.session.examine(&here)).await.map_err(Undone::Halt)?;
        self.session.news = true;
        if folder.validity != self.place.validity {
            return Err(Undone::Halt(Halt::Fault(Fault::Renumbered)));
        }
        Ok(matched(ours, theirs?))
    }
}

impl Session {
    /// What is in the target that could be a copy of one of `ours`.
    async fn look_into(&mut self, moving: &Moving, ours: &BTreeMap<u32, Likeness>) -> Result<Vec<Likeness>, Fault> {
        let folder = match self.examine(&moving.target).await {
            Ok(folder) => folder,
            // A folder that is not there holds no copies.
            Err(Fault::No(_)) => return Ok(Vec::new()),
            Err(fault) => return Err(fault),
        };
        let first = if folder.validity == moving.validity { moving.next } else { 1 };
        let uids = self.uids_from(first.max(1)).await?;
        let sizes = ours.values().map(|(size, _)| *size).collect();
        Ok(self.likenesses(&uids, &sizes).await?.into_values().collect())
    }

    /// The likenesses of mails, of those that have one of the `sizes` (none: of all).
    async fn likenesses(
        &mut self,
        uids: &BTreeSet<u32>,
        sizes: &BTreeSet<u32>,
    ) -> Result<BTreeMap<u32, Likeness>, Fault> {
        let mut likenesses = BTreeMap::new();
        let uids: Vec<u32> = uids.iter().copied().collect();
        for some in uids.chunks(HEADERS) {
            let mut found = self.sizes(&some.iter().copied().collect()).await?;
            found.retain(|_, size| sizes.is_empty() || sizes.contains(&size.bytes));
            if found.is_empty() {
                continue;
            }
            let headers = self.texts(&found.keys().copied().collect(), Part::Header, 0).await?;
            let of = |(uid, header)| found.get(&uid).map(|size| (uid, (size.bytes, header)));
            likenesses.extend(headers.into_iter().filter_map(of));
        }
        Ok(likenesses)
    }
}

/// Those of `ours` that have a copy of their own in `theirs`.
fn matched(ours: BTreeMap<u32, Likeness>, mut theirs: Vec<Likeness>) -> BTreeSet<u32> {
    let mut take = |likeness: &Likeness| {
        let copy = theirs.iter().position(|other| other == likeness)?;
        Some(theirs.swap_remove(copy))
    };
    ours.into_iter().filter_map(|(uid, likeness)| take(&likeness).map(|_| uid)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_copy_stands_for_one_mail() {
        let like = |text: &str| (3, text.as_bytes().to_vec());
        let ours = BTreeMap::from([(1, like("a")), (2, like("a")), (3, like("b")), (4, like("c"))]);
        assert_eq!(matched(ours.clone(), vec![like("c"), like("a"), like("x")]), BTreeSet::from([1, 4]));
        assert_eq!(matched(ours, Vec::new()), BTreeSet::new());
    }
}
