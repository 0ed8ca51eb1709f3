//! How much of a mail is read: limits that are checked on the raw bytes, before anything is
//! decoded. What is over one of them is no mail a person wrote; it is kept for a person to look at.

use std::fmt;

/// Bytes of a whole mail: 40 MiB, above what the large mail services take.
pub(super) const BYTES: usize = 40 << 20;
/// Bytes of the header block of a mail or part: Postfix's `header_size_limit`.
pub(super) const HEADER: usize = 102_400;
/// Parts in a mail.
pub(super) const PARTS: usize = 1_000;
/// Parts inside parts.
pub(super) const DEPTH: usize = 64;
/// Parameters of one `Content-Type` or `Content-Disposition`.
pub(super) const PARAMETERS: usize = 1_000;
/// `Received` headers: Postfix's `hopcount_limit`. More is a loop.
pub(super) const HOPS: usize = 50;

/// A limit that a mail is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// The mail has this many bytes.
    Bytes(usize),
    /// A header block has this many bytes.
    Header(usize),
    /// There are more parts than the limit.
    Parts,
    /// Parts nest deeper than the limit.
    Depth,
    /// One header has this many parameters.
    Parameters(usize),
    /// The mail went through this many servers.
    Hops(usize),
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(n) => write!(f, "the mail has {n} bytes (limit {BYTES})"),
            Self::Header(n) => write!(f, "a header block of the mail has {n} bytes (limit {HEADER})"),
            Self::Parts => write!(f, "the mail has more than {PARTS} parts (limit {PARTS})"),
            Self::Depth => write!(f, "the mail nests more than {DEPTH} parts deep (limit {DEPTH})"),
            Self::Parameters(n) => write!(f, "a header of the mail has {n} parameters (limit {PARAMETERS})"),
            Self::Hops(n) => write!(f, "the mail went through {n} servers (limit {HOPS}): it runs in a loop"),
        }
    }
}
