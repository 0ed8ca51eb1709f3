//! Records as bytes: one version byte, then MessagePack with field names, so that a later version
//! may add or drop fields. Originals are compressed besides, and what else is large.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::Compressor;

use super::Error;
use super::backend::Table;

/// MessagePack with names.
const NAMED: u8 = 1;
/// The same, compressed with zstd.
const PACKED: u8 = 2;

/// Bytes from which a record is compressed, too: a long text.
const LARGE: usize = 2 << 10;
/// Bytes up to which an original is kept as it is: packing would take longer than reading it, and save a little.
const SMALL: usize = 512;
/// Level of compression: a small mail halves in microseconds.
const LEVEL: i32 = 1;
/// A record is never larger than this, bytes; bounds what a damaged file can make us allocate.
const LARGEST: usize = 256 << 20;

pub(super) fn encode<T: Serialize>(table: Table, record: &T) -> Result<Vec<u8>, Error> {
    let bytes = named(table, record)?;
    // A rotation is written anew with every lead.
    if bytes.len() > LARGE && table != Table::Rotations { packed(table, &bytes[1..]) } else { Ok(bytes) }
}

/// Compressed, where that saves something.
pub(super) fn pack<T: Serialize>(table: Table, record: &T) -> Result<Vec<u8>, Error> {
    let bytes = named(table, record)?;
    if bytes.len() > SMALL { packed(table, &bytes[1..]) } else { Ok(bytes) }
}

fn named<T: Serialize>(table: Table, record: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(LARGE);
    bytes.push(NAMED);
    rmp_serde::encode::write_named(&mut bytes, record).map_err(|error| wrong(table, error.to_string()))?;
    Ok(bytes)
}

fn packed(table: Table, plain: &[u8]) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![PACKED];
    bytes.extend(u32::try_from(plain.len()).map_err(|error| wrong(table, error.to_string()))?.to_le_bytes());
    let packed = PACKER.with_borrow_mut(|packer| match packer {
        Some(packer) => packer.compress(plain),
        None => packer.insert(Compressor::new(LEVEL)?).compress(plain),
    });
    bytes.extend(packed.map_err(|error| wrong(table, error.to_string()))?);
    Ok(bytes)
}

thread_local! {
    /// Making one costs as much as packing a small mail.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// The same as [`pack`], bit by bit: `out` gets what is packed as soon as there is some.
pub(super) fn pack_into<T: Serialize>(table: Table, record: &T, mut out: impl Write) -> Result<(), Error> {
    let broken = |error: io::Error| wrong(table, error.to_string());
    let mut size = Count(0);
    rmp_serde::encode::write_named(&mut size, record).map_err(|error| wrong(table, error.to_string()))?;
    let length = u32::try_from(size.0).map_err(|error| wrong(table, error.to_string()))?;
    out.write_all(&[PACKED]).and_then(|()| out.write_all(&length.to_le_bytes())).map_err(broken)?;
    let mut packer = zstd::stream::write::Encoder::new(out, LEVEL).map_err(broken)?;
    rmp_serde::encode::write_named(&mut packer, record).map_err(|error| wrong(table, error.to_string()))?;
    packer.finish().map_err(broken)?;
    Ok(())
}

/// Counts what is written.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn decode<T: DeserializeOwned>(table: Table, bytes: &[u8]) -> Result<T, Error> {
    decode_plain(table, &plain(table, bytes)?)
}

/// The same from MessagePack.
pub(super) fn decode_plain<T: DeserializeOwned>(table: Table, plain: &[u8]) -> Result<T, Error> {
    rmp_serde::from_slice(plain).map_err(|error| wrong(table, error.to_string()))
}

/// A record as MessagePack: its texts stand in it as they are.
pub(super) fn plain(table: Table, bytes: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    match bytes.split_first() {
        Some((&NAMED, plain)) => Ok(Cow::Borrowed(plain)),
        Some((&PACKED, rest)) => {
            let (size, packed) = rest.split_first_chunk::<4>().ok_or_else(|| wrong(table, "cut short"))?;
            let size = usize::try_from(u32::from_le_bytes(*size))
                .map_err(|error| wrong(table, error.to_string()))?
                .min(LARGEST);
            zstd::bulk::decompress(packed, size).map(Cow::Owned).map_err(|error| wrong(table, error.to_string()))
        }
        Some((version, _)) => Err(wrong(table, format!("unknown encoding {version}"))),
        None => Err(wrong(table, "empty")),
    }
}

fn wrong(table: Table, why: impl Into<String>) -> Error {
    Error::Record { table: table.name(), why: why.into() }
}
