//! What a database must offer: ordered tables of bytes, snapshots, and all-or-nothing writes.

use std::ops::{Bound, ControlFlow};

use super::Error;

/// A database underneath the store.
pub trait Backend: Send + Sync {
    /// Runs `work` once on a snapshot.
    fn read(&self, work: &mut dyn FnMut(&dyn Read) -> Result<(), Error>) -> Result<(), Error>;

    /// Runs `work` once in a transaction of its own, one at a time; commits durably when it
    /// returns `Ok`, and leaves no trace when it does not.
    fn write(&self, work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Error>) -> Result<(), Error>;

    /// Bytes of storage in use, with room for growth.
    fn size(&self) -> Result<u64, Error>;

    /// Bytes of it that take space on the disk.
    fn on_disk(&self) -> Result<u64, Error> {
        self.size()
    }
}

/// What is called for each entry of a scan: go on, or enough.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Error> + 'a;

/// Reading tables.
pub trait Read {
    /// The value of a key.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// Visits the entries between two keys in order, until told that it is enough.
    fn scan(
        &self,
        table: Table,
        range: (Bound<&[u8]>, Bound<&[u8]>),
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error>;
}

/// Writing tables; reads what was written before in the same transaction.
pub trait Write: Read {
    /// Sets a key's value.
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), Error>;

    /// Removes a key, if it is there.
    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), Error>;

    /// The same as what only reads.
    fn as_read(&self) -> &dyn Read;
}

/// Direction of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    Forward,
    /// Largest key first.
    Backward,
}

/// The tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Format version, last id, what is amiss, the key of the seals, what Lotse sent to itself.
    Meta,
    /// Lead id → lead.
    Leads,
    /// Touch id → touch.
    Touches,
    /// Lead id, touch id → nothing.
    LeadTouches,
    /// `email:…` or `phone:…`, for open leads with an owner also `company:…`, NUL, lead id → nothing.
    MatchKeys,
    /// Intake id → ledger row.
    Intakes,
    /// Intake id → the original, compressed.
    Originals,
    /// Identity, or the stand-in of an erased one → intake, time.
    Deliveries,
    /// Channel, NUL, key → place.
    Places,
    /// Lead id, decision id → decision.
    Decisions,
    /// Lead id, entry id → timeline entry.
    Timeline,
    /// Notice id → notice.
    Notices,
    /// Milliseconds, notice id → nothing, for pending notices.
    NoticesDue,
    /// State → number of notices.
    NoticeCounts,
    /// Team → rotation.
    Rotations,
    /// Owner → open and assigned leads.
    OwnerCounts,
    /// Lead id → nothing, for leads that wait without an owner.
    Unowned,
    /// `message:…`, `subject:…` or `conversation:…`, NUL, intake id → nothing, for mails of and to leads, and for
    /// their chats.
    Threads,
    /// Milliseconds, lead id → nothing, for leads that somebody must look after by then.
    Deadlines,
    /// `lead:…` → the erasure; `person:…` and the stand-in of an address or number → when.
    Erased,
    /// Erasure id → erasure.
    Erasures,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Meta,
        Self::Leads,
        Self::Touches,
        Self::LeadTouches,
        Self::MatchKeys,
        Self::Intakes,
        Self::Originals,
        Self::Deliveries,
        Self::Places,
        Self::Decisions,
        Self::Timeline,
        Self::Notices,
        Self::NoticesDue,
        Self::NoticeCounts,
        Self::Rotations,
        Self::OwnerCounts,
        Self::Unowned,
        Self::Threads,
        Self::Deadlines,
        Self::Erased,
        Self::Erasures,
    ];

    /// The name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Leads => "leads",
            Self::Touches => "touches",
            Self::LeadTouches => "lead_touches",
            Self::MatchKeys => "match_keys",
            Self::Intakes => "intakes",
            Self::Originals => "originals",
            Self::Deliveries => "deliveries",
            Self::Places => "places",
            Self::Decisions => "decisions",
            Self::Timeline => "timeline",
            Self::Notices => "notices",
            Self::NoticesDue => "notices_due",
            Self::NoticeCounts => "notice_counts",
            Self::Rotations => "rotations",
            Self::OwnerCounts => "owner_counts",
            Self::Unowned => "unowned",
            Self::Threads => "threads",
            Self::Deadlines => "deadlines",
            Self::Erased => "erased",
            Self::Erasures => "erasures",
        }
    }
}
