//! Keys as bytes.

use std::ops::Bound;

use crate::lead::{Id, Name, Own};

/// Two ids after each other: entries of the second under the first, sorted by time.
pub(super) fn pair(first: Id, second: Id) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&first.to_bytes());
    key[16..].copy_from_slice(&second.to_bytes());
    key
}

/// The last 16 bytes of a key as an id.
pub(super) fn last_id(key: &[u8]) -> Option<Id> {
    key.last_chunk::<16>().map(|bytes| Id::from_bytes(*bytes))
}

/// A time and an id, sorted by time.
pub(super) fn due(at: jiff::Timestamp, id: Id) -> [u8; 24] {
    let mut key = [0; 24];
    key[..8].copy_from_slice(&u64::try_from(at.as_millisecond()).unwrap_or(0).to_be_bytes());
    key[8..].copy_from_slice(&id.to_bytes());
    key
}

/// The time of such a key.
pub(super) fn due_at(key: &[u8]) -> Option<jiff::Timestamp> {
    let ms = u64::from_be_bytes(*key.first_chunk::<8>()?);
    jiff::Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()
}

/// A text and an id, sorted by text; texts hold no NUL.
pub(super) fn text_and_id(text: &str, id: Id) -> Vec<u8> {
    let mut key = text_prefix(text);
    key.extend(id.to_bytes());
    key
}

/// What the keys of one text start with.
pub(super) fn text_prefix(text: &str) -> Vec<u8> {
    let mut key = text.replace('\0', "\u{fffd}").into_bytes();
    key.push(0);
    key
}

/// A channel's place.
pub(super) fn place(channel: &Name, key: &str) -> Vec<u8> {
    let mut bytes = text_prefix(channel.as_str());
    bytes.extend(key.as_bytes());
    bytes
}

/// What Lotse sent to itself through a channel.
pub(super) fn trip(own: Own, channel: &Name) -> String {
    format!("{}{channel}", trips(own))
}

/// What the keys of all that Lotse sent to itself start with.
pub(super) fn trips(own: Own) -> String {
    format!("{}:", own.as_str())
}

/// The identity of an erased item; no channel can be called so.
pub(super) fn erased_delivery(stand_in: &str) -> String {
    format!("\u{1}erased\0{stand_in}")
}

/// An address or number of somebody who was erased.
pub(super) fn erased_person(stand_in: &str) -> String {
    format!("person:{stand_in}")
}

/// A lead that was erased.
pub(super) fn erased_lead(lead: Id) -> String {
    format!("lead:{lead}")
}

/// All keys that start with `prefix`; `end` must outlive the range.
pub(super) fn starting_with<'a>(prefix: &'a [u8], end: &'a mut Vec<u8>) -> (Bound<&'a [u8]>, Bound<&'a [u8]>) {
    end.clear();
    end.extend(prefix);
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return (Bound::Included(prefix), Bound::Excluded(end));
        }
    }
    (Bound::Included(prefix), Bound::Unbounded)
}
