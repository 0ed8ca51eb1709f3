//! HTML to readable text.
#![no_main]

use lotse::normalize::html::to_text;
use lotse::normalize::text::{MAX_TEXT, clean};

libfuzzer_sys::fuzz_target!(|html: &str| {
    let text = to_text(html);
    assert!(text.len() <= MAX_TEXT);
    assert_eq!(clean(&text), text, "readable text stays as it is");
});
