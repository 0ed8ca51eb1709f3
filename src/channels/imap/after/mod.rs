//! What is done to a mail once it has its outcome: nothing, marked as read, moved, deleted.
//!
//! The ledger is the list of work. Kept beside the mailbox's place is only up to which row it is
//! done, so what is owed is stored in the same transaction as the outcome, and a crash between the
//! two cannot happen. Work is taken from behind that row, at every look: rows of this folder under
//! its present numbering whose outcome is not `quarantined` (nor the repetition of a mail that is).
//! A mail of which only the header was read is never deleted: its text is nowhere else.
//! A mail that is gone from the folder is done.
//!
//! A server that refuses is asked again, less and less often; mail comes in meanwhile.

mod act;
mod kept;
mod moving;
mod pace;
pub(super) mod settings;

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

pub(super) use act::Skills;
use kept::{Kept, Work};
pub(super) use pace::Pace;

use super::command::{Fault, shortened};
use super::fetch::{Halt, Reader, unless};
use crate::intake::Refused;
use crate::lead::{self, Inbound};
use crate::mistakes::{self, Mistake};

/// A command that was on its way when its connection ended may still be carried out for so long.
const GRACE: Duration = Duration::from_secs(3);
/// Mails that are refused one after the other before the folder is to blame.
const ENOUGH: usize = 5;

/// What is done to a mail once it has its outcome, unless that is `quarantined`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing: the mailbox is opened read-only.
    Keep,
    /// It is marked as read.
    Seen,
    /// It is moved to this folder, which is made when missing.
    Move(String),
    /// It is deleted.
    Delete,
}

/// What we may do in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Look,
    Change,
}

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    AtOnce,
    Later,
}

/// Whether two names are one folder's; `INBOX` is the same in any letters (RFC 3501 §5.1).
pub(super) fn is_same_folder(one: &str, other: &str) -> bool {
    one == other || (one.eq_ignore_ascii_case("INBOX") && other.eq_ignore_ascii_case("INBOX"))
}

/// Why something was not done.
#[derive(Debug)]
enum Undone {
    /// The server refuses; the connection is well.
    Refused(String),
    /// The connection, or the house, is to end.
    Halt(Halt),
}

impl After {
    /// What has to be allowed in the folder for this.
    pub(super) fn access(&self) -> Access {
        if *self == Self::Keep { Access::Look } else { Access::Change }
    }

    /// What this means on such a server, as the end of a sentence; empty for nothing.
    pub(super) fn on(&self, skills: Skills) -> String {
        let what = match self {
            Self::Keep => return String::new(),
            Self::Seen => return "; mails with an outcome are marked as read".to_owned(),
            Self::Delete => "are deleted (those over `max_size` stay)".to_owned(),
            Self::Move(folder) => format!("are moved to `{}`", shortened(folder)),
        };
        let lack = if skills.leaves_marked(self) { format!(", but {}", act::STAYS) } else { String::new() };
        format!("; mails with an outcome {what}{lack}")
    }
}

impl From<Halt> for Undone {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Fault(fault @ (Fault::No(_) | Fault::Bad(_))) => Self::Refused(fault.to_string()),
            halt => Self::Halt(halt),
        }
    }
}

impl From<Refused> for Undone {
    fn from(refused: Refused) -> Self {
        Self::Halt(Halt::Refused(refused))
    }
}

impl Reader<'_> {
    /// Settles where the list of work begins; to be called before the first mail comes in.
    pub(super) async fn begin_after(&mut self) -> Result<(), Halt> {
        let (channel, key, validity) = (self.mailbox.name.clone(), self.after_key(), self.place.validity);
        if self.mailbox.config.after == After::Keep {
            if self.door.place(&channel, &key).await?.is_some() {
                self.door.keep_place(&channel, lead::Place::new(key, None)).await?;
            }
            return Ok(());
        }
        if self.session.skills.leaves_marked(&self.mailbox.config.after) {
            tracing::warn!(channel = %channel, "{}", act::STAYS);
        }
        let settle = move |unit: &mut crate::store::Unit<'_>| Kept::settle(unit, &channel, &key, validity);
        Ok(self.door.change(settle).await?)
    }

    /// Does a part of what is owed. A server that refuses is left alone for a while, and its
    /// trouble shows on the board.
    pub(super) async fn do_after(&mut self) -> Result<More, Halt> {
        let mut done = Ok(More::Later);
        if self.mailbox.config.after != After::Keep && !self.mailbox.pace().rests(Instant::now()) {
            done = match self.step().await {
                Ok(more) => {
                    self.mailbox.pace().went_well();
                    Ok(more)
                }
                Err(Undone::Refused(answer)) => {
                    self.put_off(&answer);
                    Ok(More::Later)
                }
                Err(Undone::Halt(Halt::Fault(fault))) => {
                    self.put_off(&fault.to_string());
                    Err(Halt::Fault(fault))
                }
                Err(Undone::Halt(halt)) => Err(halt),
            };
        }
        let trouble = self.mailbox.pace().trouble();
        match trouble {
            Some(trouble) => self.health.undone(&trouble),
            None => self.health.done(),
        }
        done
    }

    fn put_off(&self, answer: &str) {
        let pause = self.mailbox.pace().refused(Instant::now(), self.trouble(answer));
        tracing::warn!(channel = %self.mailbox.name, why = answer, again_in = ?pause, "cannot do what `after` asks for; tried again later, mail comes in meanwhile");
    }

    fn trouble(&self, answer: &str) -> String {
        let config = &self.mailbox.config;
        let what = match &config.after {
            After::Keep => "keep",
            After::Seen => "mark as read",
            After::Move(_) => "move",
            After::Delete => "delete",
        };
        let folder = match &config.after {
            After::Move(folder) => format!(" to `{}`", shortened(folder)),
            _ => String::new(),
        };
        format!(
            "cannot {what} mails of the folder `{}` of {}{folder}: {answer}",
            shortened(&self.mailbox.opened()),
            config.host
        )
    }

    async fn step(&mut self) -> Result<More, Undone> {
        let Work { mut kept, uids, last } = self.work().await?;
        let settled = self.session.begun + GRACE;
        if kept.moving.is_some() && Instant::now() < settled {
            self.mailbox.pace().rest_until(settled);
            return Ok(More::Later);
        }
        if uids.is_empty() {
            return self.try_left(kept).await;
        }
        if mistakes::made(Mistake::MoveForgotten) {
            kept.done = last;
            self.keep(&kept).await?;
            tokio::time::sleep(4 * mistakes::GAP).await;
        }
        let refused = self.act_on_each(&uids, &mut kept).await?;
        kept.done = last;
        let more_left = !refused.is_empty();
        kept.leave(refused)?;
        self.keep(&kept).await?;
        if more_left {
            self.show_left(&kept, None);
        }
        tracing::debug!(channel = %self.mailbox.name, mails = uids.len(), "did what `after` asks for");
        Ok(More::AtOnce)
    }

    /// Tries the mails again that were refused while others were not.
    async fn try_left(&mut self, mut kept: Kept) -> Result<More, Undone> {
        if kept.left.is_empty() || self.mailbox.pace().leaves_alone(Instant::now()) {
            return Ok(More::Later);
        }
        let (mut settled, mut answer) = (BTreeSet::new(), None);
        for uid in kept.some_left() {
            match self.act(&BTreeSet::from([uid]), &mut kept).await {
                Ok(()) => drop(settled.insert(uid)),
                Err(Undone::Refused(why)) => answer = Some(why),
                Err(halt) => return Err(halt),
            }
        }
        kept.left.retain(|uid| !settled.contains(uid));
        self.keep(&kept).await?;
        self.show_left(&kept, answer);
        Ok(More::Later)
    }

    fn show_left(&self, kept: &Kept, answer: Option<String>) {
        let why = answer.unwrap_or_else(|| "the server refuses".to_owned());
        let trouble = self.trouble(&format!("{} of them stay for now: {why}", kept.left.len()));
        self.mailbox.pace().left(Instant::now(), kept.left.len(), trouble);
    }

    /// Acts on all of them together, and where that is refused on one after the other. Those that
    /// are refused while others are not come back; when all are, it is the folder.
    async fn act_on_each(&mut self, uids: &BTreeSet<u32>, kept: &mut Kept) -> Result<BTreeSet<u32>, Undone> {
        let mut there = unless(self.stop, self.session.still_there(uids)).await?;
        if self.session.skills.leaves_marked(&self.mailbox.config.after) && !there.is_empty() {
            // Those were dealt with before, or are given up by somebody else.
            there = unless(self.stop, self.session.unmarked(&there)).await?;
        }
        kept.moved(&(uids - &there));
        let answer = match self.act(&there, kept).await {
            Err(Undone::Refused(answer)) if there.len() > 1 => answer,
            other => return other.map(|()| BTreeSet::new()),
        };
        let mut refused = BTreeSet::new();
        for (before, uid) in there.iter().enumerate() {
            match self.act(&BTreeSet::from([*uid]), kept).await {
                Ok(()) => {}
                Err(Undone::Refused(_)) => {
                    refused.insert(*uid);
                }
                Err(halt) => return Err(halt),
            }
            if refused.len() == ENOUGH && before + 1 == ENOUGH {
                return Err(Undone::Refused(answer));
            }
        }
        if refused.len() == there.len() { Err(Undone::Refused(answer)) } else { Ok(refused) }
    }

    async fn act(&mut self, uids: &BTreeSet<u32>, kept: &mut Kept) -> Result<(), Undone> {
        if uids.is_empty() {
            return Ok(());
        }
        match &self.mailbox.config.after {
            After::Keep => Ok(()),
            After::Seen => Ok(unless(self.stop, self.session.mark(uids, "\\Seen")).await?),
            After::Delete => Ok(unless(self.stop, self.session.remove(uids)).await?),
            After::Move(folder) => self.move_to(folder, uids, kept).await,
        }
    }

    /// Acts on mails before they have an outcome; only ever a seeded mistake.
    pub(super) async fn act_too_early(&mut self, items: &[Inbound]) -> Result<(), Halt> {
        let folder = self.mailbox.opened();
        let uids = items.iter().filter_map(|item| self.place.uid(&folder, &item.source)).collect();
        let Work { mut kept, .. } = self.work().await?;
        if let Err(Undone::Halt(halt)) = self.act(&uids, &mut kept).await {
            return Err(halt);
        }
        tokio::time::sleep(4 * mistakes::GAP).await;
        Ok(())
    }

    /// What is owed, the next part of it.
    async fn work(&mut self) -> Result<Work, Refused> {
        let (channel, key) = (self.mailbox.name.clone(), self.after_key());
        let (folder, place, whole) = (self.mailbox.opened(), self.place, self.mailbox.config.after == After::Delete);
        self.door.change(move |unit| Work::next(unit, &channel, &key, &folder, place, whole)).await
    }

    async fn keep(&mut self, kept: &Kept) -> Result<(), Refused> {
        let place = lead::Place::new(self.after_key(), Some(kept.to_text()));
        self.door.keep_place(&self.mailbox.name, place).await
    }

    /// Under which key it is kept how far the folder's ledger rows were worked through.
    fn after_key(&self) -> String {
        format!("after:{}", self.mailbox.opened())
    }
}
