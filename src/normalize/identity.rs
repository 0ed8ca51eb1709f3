//! How a repetition of an item is recognised. In: an item as received. Out: its [`Identity`].

use rand::RngExt;
use sha2::{Digest, Sha256};

use super::form::parameter;
use super::{hex, mail, row};
use crate::lead::{Delivery, Identity, Inbound, Name};
use crate::mistakes::{self, Mistake};

/// The identity of an item: equal for repetitions, different for everything else. All but those of
/// mails count within their channel.
#[must_use]
pub fn identity(inbound: &Inbound) -> Identity {
    let channel = &inbound.channel;
    let bytes = &inbound.original.bytes;
    let (key, window) = match &inbound.delivery {
        Delivery::Named(id) => return named(channel, id),
        Delivery::Content(window) => {
            (format!("{channel}\0content\0{}", content(&inbound.original.content_type, bytes)), Some(*window))
        }
        Delivery::Mail => (format!("mail\0{}", mail::identity(bytes)), None),
        Delivery::Row => {
            let cells = row::identity(bytes);
            (format!("{channel}\0row\0{}", mistakes::key(Mistake::RowsForgottenAfterRestart, &cells)), None)
        }
        Delivery::Unique => (format!("{channel}\0unique\0{:032x}", rand::rng().random::<u128>()), None),
    };
    Identity { key, window }
}

/// The identity of what its source calls so.
pub(crate) fn named(channel: &Name, id: &str) -> Identity {
    Identity { key: format!("{channel}\0named\0{id}"), window: None }
}

/// The identity of an item that cannot be read: what its source calls it, else that of its bytes.
pub(super) fn of_bytes(inbound: &Inbound) -> Identity {
    let window = match inbound.delivery {
        Delivery::Named(_) | Delivery::Unique => return identity(inbound),
        Delivery::Content(window) => Some(window),
        Delivery::Mail | Delivery::Row => None,
    };
    let (channel, hash) = (&inbound.channel, hex(&Sha256::digest(&inbound.original.bytes)));
    Identity { key: format!("{channel}\0bytes\0{hash}"), window }
}

/// A hash of a body. Browsers make up a new boundary for each multipart request: it does not count.
fn content(content_type: &str, bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    let boundary =
        parameter(content_type, "boundary").filter(|_| content_type.to_ascii_lowercase().contains("multipart/"));
    match boundary {
        None => hash.update(bytes),
        Some(boundary) => {
            let delimiter = format!("--{boundary}").into_bytes();
            for line in bytes.split_inclusive(|b| *b == b'\n') {
                hash.update(line.strip_prefix(&*delimiter).unwrap_or(line));
            }
        }
    }
    hex(&hash.finalize())
}
