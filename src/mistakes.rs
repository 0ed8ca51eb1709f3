//! Mistakes that a build for tests makes on purpose, so that the tests prove they would notice.
//!
//! Only with the cargo feature `seeded-mistakes`, which nothing that is shipped has, and only the
//! one named by the environment variable `LOTSE_MISTAKE`. Without the feature `made` is always
//! `false`, and what depends on it is compiled away.

use std::borrow::Cow;
use std::time::Duration;

/// A mistake that a daemon like this could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The source is told "got it" before the commit.
    AcknowledgeBeforeCommit,
    /// A failed commit is taken for one that worked.
    CommitErrorSwallowed,
    /// Most commits are not synced to the disk.
    SkippedSync,
    /// The mailbox's place is stored before the mails are.
    PlaceBeforeItem,
    /// The mailbox's place passes mails that were missing in the server's answer.
    PlacePastPartialFetch,
    /// Which rows were taken is forgotten at a restart.
    RowsForgottenAfterRestart,
    /// What was delivered before is forgotten at a restart.
    RedeliveryForgottenAfterRestart,
    /// Notices are written in a transaction of their own.
    OutboxOutsideTransaction,
    /// A notice is settled before it is sent.
    NoticeSettledBeforeSent,
    /// A notice goes to somebody who is not the owner.
    NoticeToAnother,
    /// The rotation starts anew at a restart.
    RotationInMemoryOnly,
    /// Disqualified leads take a turn.
    DisqualifiedTakesTurn,
    /// A lead is stored without what it would be recognised by.
    LeadWithoutMatchKeys,
    /// A later touch replaces the message of its lead.
    TouchOverwritesMessage,
    /// Sources whose items share a commit get each other's receipts.
    ReceiptsMixedUp,
    /// Mails are moved before they have an outcome.
    MovedBeforeCommit,
    /// A move counts as done before it was made.
    MoveForgotten,
    /// A copy that may have been made is made again.
    CopiedAgain,
}

impl Mistake {
    /// All of them, with the names that `LOTSE_MISTAKE` takes.
    pub const ALL: [(Self, &'static str); 18] = [
        (Self::AcknowledgeBeforeCommit, "acknowledge-before-commit"),
        (Self::CommitErrorSwallowed, "commit-error-swallowed"),
        (Self::SkippedSync, "skipped-sync"),
        (Self::PlaceBeforeItem, "place-before-item"),
        (Self::PlacePastPartialFetch, "place-past-partial-fetch"),
        (Self::RowsForgottenAfterRestart, "rows-forgotten-after-restart"),
        (Self::RedeliveryForgottenAfterRestart, "redelivery-forgotten-after-restart"),
        (Self::OutboxOutsideTransaction, "outbox-outside-transaction"),
        (Self::NoticeSettledBeforeSent, "notice-settled-before-sent"),
        (Self::NoticeToAnother, "notice-to-another"),
        (Self::RotationInMemoryOnly, "rotation-in-memory-only"),
        (Self::DisqualifiedTakesTurn, "disqualified-takes-turn"),
        (Self::LeadWithoutMatchKeys, "lead-without-match-keys"),
        (Self::TouchOverwritesMessage, "touch-overwrites-message"),
        (Self::ReceiptsMixedUp, "receipts-mixed-up"),
        (Self::MovedBeforeCommit, "moved-before-commit"),
        (Self::MoveForgotten, "move-forgotten"),
        (Self::CopiedAgain, "copied-again"),
    ];
}

/// How long a mistake keeps its two halves apart, so that a kill finds the gap.
pub(crate) const GAP: Duration = Duration::from_millis(60);

/// Whether this mistake is to be made.
#[cfg(not(feature = "seeded-mistakes"))]
pub(crate) const fn made(_: Mistake) -> bool {
    false
}

/// Whether this mistake is to be made.
#[cfg(feature = "seeded-mistakes")]
pub(crate) fn made(mistake: Mistake) -> bool {
    static CHOSEN: std::sync::LazyLock<Option<Mistake>> = std::sync::LazyLock::new(|| {
        let name = std::env::var("LOTSE_MISTAKE").ok()?;
        let chosen = Mistake::ALL.iter().find(|(_, known)| *known == name).map(|(mistake, _)| *mistake);
        if chosen.is_none() {
            tracing::error!(name, "LOTSE_MISTAKE names no mistake");
        }
        chosen
    });
    *CHOSEN == Some(mistake)
}

/// Whether this mistake is to be made this time: one time in `one_in`.
#[cfg(not(feature = "seeded-mistakes"))]
pub(crate) const fn made_at_times(_: Mistake, _one_in: u64) -> bool {
    false
}

/// Whether this mistake is to be made this time: one time in `one_in`.
#[cfg(feature = "seeded-mistakes")]
pub(crate) fn made_at_times(mistake: Mistake, one_in: u64) -> bool {
    use std::sync::atomic::{AtomicU64, Ordering};
    static TIMES: AtomicU64 = AtomicU64::new(1);
    made(mistake) && TIMES.fetch_add(1, Ordering::Relaxed).is_multiple_of(one_in)
}

/// The key of something stored; with this mistake one that nobody finds after a restart.
pub(crate) fn key(mistake: Mistake, key: &str) -> Cow<'_, str> {
    if made(mistake) { Cow::Owned(format!("{key} {}", std::process::id())) } else { Cow::Borrowed(key) }
}
