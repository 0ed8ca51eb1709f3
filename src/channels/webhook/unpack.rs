//! Bodies that were compressed on their way (`Content-Encoding`, RFC 9110, 8.4).
//!
//! In: a body as it arrived, and how large it may be unpacked. Out: the body as it was meant. Only gzip is
//! read. What unpacks to more than a plain body may have is refused as soon as that is plain, and what it takes
//! until then is counted with all other bodies.

use std::io::Read;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;
use tokio::sync::Semaphore;

use super::answer::Refusal;
use super::body::Held;

/// Bytes that are unpacked at a time.
const STEP: usize = 64 << 10;
/// A packed body of so many bytes is unpacked where it is: it makes 2 MiB at most, which takes a millisecond or two.
const SMALL: usize = 2 << 10;
/// How every gzip member begins (RFC 1952, 2.3.1), and how many times its size it may hold (a property of DEFLATE).
const MAGIC: [u8; 2] = [0x1f, 0x8b];
const RATIO: usize = 1032;

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Not at all.
    Plain,
    /// gzip (RFC 1952), one member or several.
    Gzip,
    /// Anything else, or several codings.
    Other,
}

/// The coding that the headers name.
pub(super) fn coding(headers: &HeaderMap) -> Coding {
    let lines = headers.get_all(header::CONTENT_ENCODING).iter().map(header::HeaderValue::as_bytes);
    let names = lines.flat_map(|line| line.split(|byte| *byte == b','));
    let mut found = Coding::Plain;
    for name in names.map(<[u8]>::trim_ascii) {
        found = match name {
            name if name.is_empty() || name.eq_ignore_ascii_case(b"identity") => continue,
            name if found == Coding::Plain && (name.eq_ignore_ascii_case(b"gzip") || name == b"x-gzip") => Coding::Gzip,
            _ => return Coding::Other,
        };
    }
    found
}

/// Where bodies are unpacked, a few at a time: whoever sends many bombs waits for his own.
#[derive(Clone, Debug)]
pub(super) struct Unpacker(Arc<Semaphore>);

impl Default for Unpacker {
    /// Half of what the machine runs at once, so that the other half is left for what is no bomb.
    fn default() -> Self {
        let at_once = thread::available_parallelism().map_or(1, NonZero::get) / 2;
        Self(Arc::new(Semaphore::new(at_once.max(1))))
    }
}

impl Unpacker {
    /// Unpacks a body to at most `limit` bytes. A small one needs no turn and no thread that may be busy for a
    /// while; one that says by itself that it is too large is not begun with.
    pub(super) async fn gunzip(&self, packed: Vec<u8>, limit: usize, held: Held) -> Result<(Vec<u8>, Held), Refusal> {
        if announced(&packed).is_some_and(|bytes| bytes > limit) {
            return Err(Refusal::TooLarge(limit));
        }
        if packed.len() <= SMALL {
            return gunzip_now(&packed, limit, held);
        }
        let _turn = self.0.acquire().await.map_err(|_| Refusal::Broken)?;
        let work = tokio::task::spawn_blocking(move || gunzip_now(&packed, limit, held));
        work.await.map_err(|_| Refusal::Broken)?
    }
}

/// The size that a body names at its end (RFC 1952, 2.3.1: `ISIZE`, of its last member), where that can be
/// true: a shorter one may be broken off, and its last bytes say anything.
fn announced(packed: &[u8]) -> Option<usize> {
    let (_, size) = packed.split_last_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
    (packed.starts_with(&MAGIC) && size / RATIO <= packed.len()).then_some(size)
}

fn gunzip_now(packed: &[u8], limit: usize, mut held: Held) -> Result<(Vec<u8>, Held), Refusal> {
    let mut from = MultiGzDecoder::new(packed);
    let (mut bytes, mut piece) = (Vec::new(), vec![0; STEP]);
    loop {
        let count = from.read(&mut piece).map_err(|_| Refusal::BrokenOff)?;
        if count == 0 {
            return Ok((bytes, held));
        }
        if bytes.len() + count > limit {
            return Err(Refusal::TooLarge(limit));
        }
        held.take(count)?;
        bytes.extend_from_slice(&piece[..count]);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use flate2::{Compression, write::GzEncoder};

    use super::super::body::Budget;
    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn the_size_at_the_end_counts_where_it_can_be_true() {
        for size in [0, 1, 1000, 20 << 20] {
            assert_eq!(announced(&gzip(&vec![b' '; size])), Some(size));
        }
        let two = [gzip(b"one"), gzip(b"four")].concat();
        assert_eq!(announced(&two), Some(4), "of the last member, and no more is known");
        for nothing in [&b""[..], b"\x1f\x8b", b"{\"email\":\"a@x.example\"}", &gzip(&[b'x'; 1000])[..20]] {
            assert_eq!(announced(nothing), None, "{nothing:?}");
        }
    }

    #[tokio::test]
    async fn what_is_too_large_is_refused_before_and_while_it_is_unpacked() {
        let (unpacker, budget) = (Unpacker::default(), Budget::new(10 << 20));
        let bomb = gzip(&vec![b' '; 20 << 20]);
        // One that lies about its size.
        let mut liar = bomb.clone();
        let end = liar.len() - 4;
        liar[end..].copy_from_slice(&7_u32.to_le_bytes());
        for body in [bomb, liar] {
            let refused = unpacker.gunzip(body, 1 << 20, budget.open()).await.err();
            assert_eq!(refused, Some(Refusal::TooLarge(1 << 20)));
            assert_eq!(budget.free(), 10 << 20);
        }
    }

    #[tokio::test]
    async fn a_small_body_needs_no_turn_and_a_large_one_waits_for_it() {
        let (unpacker, budget) = (Unpacker(Arc::new(Semaphore::new(1))), Budget::new(10 << 20));
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        };
        let noise: Vec<u8> = (0..9000).map(|_| next()).collect();
        let (small, large) = (gzip(br#"{"email":"a@x.example"}"#), gzip(&noise));
        assert!(small.len() <= SMALL && large.len() > SMALL);
        let turn = unpacker.0.acquire().await.unwrap();
        assert!(unpacker.gunzip(small, 1 << 20, budget.open()).await.is_ok());
        let waits = unpacker.gunzip(large, 1 << 20, budget.open());
        tokio::pin!(waits);
        assert!(tokio::time::timeout(Duration::from_millis(50), &mut waits).await.is_err());
        drop(turn);
        assert_eq!(waits.await.unwrap().0, noise);
    }

    #[test]
    fn a_coding_is_read_as_people_write_it() {
        for (lines, expected) in [
            (&[][..], Coding::Plain),
            (&["identity"], Coding::Plain),
            (&["GZip"], Coding::Gzip),
            (&["identity, gzip"], Coding::Gzip),
            (&["gzip, gzip"], Coding::Other),
            (&["gzip", "gzip"], Coding::Other),
            (&["br"], Coding::Other),
            (&["deflate"], Coding::Other),
        ] {
            let headers = lines.iter().map(|line| (header::CONTENT_ENCODING, line.parse().unwrap()));
            let mut all = HeaderMap::new();
            headers.for_each(|(name, value)| {
                all.append(name, value);
            });
            assert_eq!(coding(&all), expected, "{lines:?}");
        }
    }
}
