//! What a mail server sends, through the guard into the parser.
#![no_main]

use futures_util::FutureExt;
use imap_proto::Response;
use lotse::channels::imap::guard::{Guarded, MOST_PARENTHESES};
use tokio::io::AsyncReadExt;

/// What passes when the network gives `piece` bytes at a time, and whether that was all.
fn pass(bytes: &[u8], piece: usize) -> (usize, bool) {
    let mut guarded = Guarded::new(bytes);
    let (mut buffer, mut passed) = (vec![0; piece], 0);
    loop {
        match guarded.read(&mut buffer).now_or_never() {
            Some(Ok(0)) => return (passed, true),
            Some(Ok(read)) => passed += read,
            Some(Err(_)) | None => return (passed, false),
        }
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (passed, whole) = pass(bytes, 1);
    assert_eq!(pass(bytes, bytes.len().max(1)).1, whole, "the same however the bytes are cut");
    let mut rest = &bytes[..passed];
    while let Ok((after, _)) = Response::parse(rest) {
        let response = &rest[..rest.len() - after.len()];
        assert!(!response.is_empty());
        // Where the parser begins a new response, so does the guard: nothing is smuggled past it as a literal.
        let begun = bytes.len() - passed + after.len();
        let (fresh, fresh_whole) = pass(&bytes[bytes.len() - begun..], 1);
        assert_eq!((fresh, fresh_whole), (after.len(), whole), "guard and parser disagree after {response:?}");
        if !response.windows(5).any(|window| window.eq_ignore_ascii_case(b"BODY[")) {
            assert!(response.iter().filter(|byte| **byte == b'(').count() <= MOST_PARENTHESES);
        }
        rest = after;
    }
});
