//! Bodies that were compressed on their way (`Content-Encoding`, RFC 9110, 8.4).
//!
//! In: a body as it arrived, and how large it may be unpacked. Out: the body as it was meant. Only gzip is
//! read. What unpacks to more than a plain body may have is refused as soon as it does, and what it takes
//! until then is counted with all other bodies.

use std::io::Read;

use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;

use super::answer::Refusal;
use super::body::Held;

/// Bytes that are unpacked at a time.
const STEP: usize = 64 << 10;

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

/// Unpacks a body to at most `limit` bytes. It takes a thread that may be busy for a while.
pub(super) async fn gunzip(packed: Vec<u8>, limit: usize, held: Held) -> Result<(Vec<u8>, Held), Refusal> {
    let work = tokio::task::spawn_blocking(move || gunzip_now(&packed, limit, held));
    work.await.map_err(|_| Refusal::Broken)?
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
    use super::*;

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
