//! Identifiers: time-sorted ids of stored things, and the short names users give in settings.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

/// Identifies a stored lead, intake, notice or decision: a ULID, 26 characters of Crockford base32.
///
/// Ids sort by time of creation. They are made by the store's one writer, so they never repeat
/// and never run backwards, even when the clock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Ulid);

/// The text is no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id (26 letters and digits, such as 01KAQ3V5Y8Z6N4T2R0P9M7K5H3)")]
pub struct IdError(String);

impl Id {
    /// Smaller than every id that is ever made.
    pub const MIN: Self = Self(Ulid(0));

    /// Larger than every id that is ever made.
    pub const MAX: Self = Self(Ulid(u128::MAX));

    /// The next id at `now` after `last`: later than `last` whatever the clock says.
    #[must_use]
    pub fn after(last: Self, now: Timestamp, random: u128) -> Self {
        let ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
        if ms > last.0.timestamp_ms() {
            // The top random bit stays clear so that many ids fit into one millisecond.
            Self(Ulid::from_parts(ms, random >> 1 & (u128::MAX >> 49)))
        } else {
            Self(Ulid(last.0.0.saturating_add(1)))
        }
    }

    /// When it was made, in milliseconds.
    #[must_use]
    pub fn at(self) -> Timestamp {
        i64::try_from(self.0.timestamp_ms())
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
            .unwrap_or_default()
    }

    /// The id as 16 bytes that sort as the id does.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.0.to_be_bytes()
    }

    /// The id from its 16 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Ulid(u128::from_be_bytes(bytes)))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Ulid::from_string(text.trim()).map(Self).map_err(|_| IdError(text.chars().take(40).collect()))
    }
}

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A name from the settings: of a channel, an owner, a team or a notifier.
///
/// One to 64 lower-case letters, digits, `-` or `_`, starting with a letter or digit; it stands in
/// addresses (`/hooks/NAME`) and file names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// The text is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name: use 1 to 64 lower-case letters, digits, `-` or `_`, starting with a letter or digit")]
pub struct NameError(String);

impl Name {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let starts = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if starts && text.len() <= 64 && text.chars().all(fits) {
            Ok(Self(text.into()))
        } else {
            Err(NameError(text.chars().take(80).collect()))
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_never_run_backwards_when_the_clock_does() {
        let noon = Timestamp::from_millisecond(1_795_000_000_000).unwrap();
        let hour_before = Timestamp::from_millisecond(1_794_996_400_000).unwrap();
        let first = Id::after(Id::MIN, noon, u128::MAX);
        let second = Id::after(first, hour_before, 7);
        let third = Id::after(second, noon, 0);
        assert!(first < second && second < third);
    }

    #[test]
    fn an_id_reads_back_from_its_text_and_bytes() {
        let id = Id::after(Id::MIN, Timestamp::from_millisecond(1_795_000_000_000).unwrap(), 42);
        assert_eq!(id.to_string().parse::<Id>().unwrap(), id);
        assert_eq!(Id::from_bytes(id.to_bytes()), id);
        assert!(id.to_string().starts_with("01M"));
    }

    #[test]
    fn names_fit_addresses_and_files() {
        for good in ["a", "website", "sales-2", "0_x"] {
            assert!(Name::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "Sales", "a b", "../x", "-a", "ü", "a/b"] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
    }
}
