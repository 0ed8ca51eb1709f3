//! What was received, compressed. A large one stands in pieces: neither we nor the database ever
//! need the memory for a second whole copy of it.
//!
//! The first piece has the intake's id as its key, each further one its number behind that.

use std::io;

use super::backend::{Order, Read, Table, Write};
use super::{Error, GO_ON, codec, keys};
use crate::lead::{Id, Original};

/// Bytes of a piece, and of an original that is packed in one go.
const PIECE: usize = 1 << 20;

/// Keeps an original.
pub(super) fn put(tables: &mut dyn Write, intake: Id, original: &Original) -> Result<(), Error> {
    if original.bytes.len() < PIECE {
        return tables.put(Table::Originals, &intake.to_bytes(), &codec::pack(Table::Originals, original)?);
    }
    let mut pieces = Pieces { tables, intake, number: 0, piece: Vec::with_capacity(PIECE), failed: None };
    let packed = codec::pack_into(Table::Originals, original, &mut pieces);
    // Why a piece was not taken says more than that the packing broke off.
    match pieces.failed.take() {
        Some(error) => Err(error),
        None => packed.and_then(|()| pieces.end()),
    }
}

/// An original, if it was kept.
pub(super) fn get(tables: &dyn Read, intake: Id) -> Result<Option<Original>, Error> {
    let (key, mut end, mut packed) = (intake.to_bytes(), Vec::new(), Vec::new());
    tables.scan(Table::Originals, keys::starting_with(&key, &mut end), Order::Forward, &mut |_, piece| {
        packed.extend_from_slice(piece);
        GO_ON
    })?;
    if packed.is_empty() { Ok(None) } else { codec::decode(Table::Originals, &packed).map(Some) }
}

/// Removes an original.
pub(super) fn remove(tables: &mut dyn Write, intake: Id) -> Result<(), Error> {
    let (key, mut end, mut pieces) = (intake.to_bytes(), Vec::new(), Vec::new());
    tables.scan(Table::Originals, keys::starting_with(&key, &mut end), Order::Forward, &mut |key, _| {
        pieces.push(key.to_vec());
        GO_ON
    })?;
    pieces.iter().try_for_each(|key| tables.remove(Table::Originals, key))
}

/// Cuts what is written into pieces.
struct Pieces<'a> {
    tables: &'a mut dyn Write,
    intake: Id,
    number: u32,
    piece: Vec<u8>,
    failed: Option<Error>,
}

impl Pieces<'_> {
    fn end(&mut self) -> Result<(), Error> {
        let mut key = self.intake.to_bytes().to_vec();
        if self.number > 0 {
            key.extend(self.number.to_be_bytes());
        }
        self.number += 1;
        self.tables.put(Table::Originals, &key, &self.piece)?;
        self.piece.clear();
        Ok(())
    }
}

impl io::Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == PIECE
            && let Err(error) = self.end()
        {
            self.failed = Some(error);
            return Err(io::ErrorKind::Other.into());
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::Records;
    use crate::store::Store;
    use crate::store::disk::Disk;

    /// Bytes that cannot be packed.
    fn noise(count: usize) -> Original {
        let bytes = (0..count).map(|_| rand::random()).collect();
        Original { content_type: "message/rfc822".into(), bytes, ..Original::default() }
    }

    #[test]
    fn originals_of_any_size_come_back_as_they_were_received() {
        let store = Store::on(Disk::default()).unwrap();
        let plain = Original { bytes: vec![b'x'; 3 * PIECE], ..Original::default() };
        let all =
            [noise(0), noise(1000), noise(PIECE - 1), noise(PIECE), noise(2 * PIECE), noise(5 * PIECE + 7), plain];
        let kept = store.unit(Timestamp::now(), |unit| {
            let keep = |original| {
                let id = unit.new_id();
                unit.keep_original(id, original).map(|()| id)
            };
            all.iter().map(keep).collect::<Result<Vec<Id>, Error>>()
        });
        for (id, original) in kept.unwrap().into_iter().zip(&all) {
            let found = store.view(|view| view.original(id)).unwrap().unwrap();
            assert!(found == *original, "{} bytes", original.bytes.len());
        }
        assert_eq!(store.view(|view| view.original(Id::MIN)).unwrap(), None);
    }

    #[test]
    fn no_value_is_much_larger_than_a_piece() {
        let store = Store::on(Disk::default()).unwrap();
        store
            .unit(Timestamp::now(), |unit| {
                let id = unit.new_id();
                unit.keep_original(id, &noise(9 * PIECE))
            })
            .unwrap();
        let mut lengths = Vec::new();
        let read = store.view(|view| {
            let range = (std::ops::Bound::Unbounded, std::ops::Bound::Unbounded);
            view.tables().scan(Table::Originals, range, Order::Forward, &mut |_, value| {
                lengths.push(value.len());
                GO_ON
            })
        });
        read.unwrap();
        assert!(lengths.len() >= 9 && lengths.iter().all(|length| *length <= PIECE), "{lengths:?}");
    }
}
