//! HTML to readable text.
#![no_main]

use lotse::normalize::text::{MAX_TEXT, clean, html_to_text};

libfuzzer_sys::fuzz_target!(|html: &str| {
    let text = html_to_text(html);
    assert!(text.len() <= MAX_TEXT);
    assert_eq!(clean(&text), text, "readable text stays as it is");
});
