//! How many files a post may bring, and how large (`uploads = { files = 5, each = "5MiB", total = "10MiB" }`).
//!
//! In: a body. Out: go on, or the limit it breaks. By default only the body as a whole is bounded.

use std::fmt;

use axum::http::{HeaderMap, header};

use crate::normalize::form;

/// Limits of the files in one post; `None`: as much as a body may hold (25 MiB).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uploads {
    /// Files.
    pub files: Option<usize>,
    /// Bytes of each.
    pub each: Option<u64>,
    /// Bytes of all of them.
    pub total: Option<u64>,
}

/// The limit that a post breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// More files than this.
    Files(usize),
    /// A file of more bytes than this.
    Each(u64),
    /// Files of more bytes than this together.
    Total(u64),
}

impl Uploads {
    /// Measures the files of a body.
    pub(super) fn check(&self, headers: &HeaderMap, bytes: &[u8]) -> Result<(), Excess> {
        if *self == Self::default() {
            return Ok(());
        }
        let kind = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let files = form::file_sizes(kind.as_deref().unwrap_or_default(), bytes);
        let over = |sum: u64, limit: Option<u64>| limit.filter(|limit| sum > *limit);
        if let Some(limit) = self.files.filter(|limit| files.len() > *limit) {
            return Err(Excess::Files(limit));
        }
        if let Some(limit) = over(files.iter().copied().max().unwrap_or(0), self.each) {
            return Err(Excess::Each(limit));
        }
        over(files.iter().sum(), self.total).map_or(Ok(()), |limit| Err(Excess::Total(limit)))
    }
}

impl Excess {
    /// The same in German.
    pub(super) fn german(self) -> String {
        match self {
            Self::Files(limit) => format!("Es sind höchstens {limit} Dateien möglich."),
            Self::Each(limit) => format!("Eine Datei darf höchstens {} KB groß sein.", limit / 1024),
            Self::Total(limit) => format!("Alle Dateien zusammen dürfen höchstens {} KB groß sein.", limit / 1024),
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(limit) => write!(f, "At most {limit} files can be sent."),
            Self::Each(limit) => write!(f, "A file may have {} KB at most.", limit / 1024),
            Self::Total(limit) => write!(f, "All files together may have {} KB at most.", limit / 1024),
        }
    }
}
