//! A row of a spreadsheet (pairs of header and cell), and what a person typed in by hand.
#![no_main]

use lotse::lead::Kind;
use lotse::normalize::read_bytes;

libfuzzer_sys::fuzz_target!(|json: &[u8]| {
    lotse_fuzz::sound(&read_bytes(Kind::Row, "application/json", json));
    lotse_fuzz::sound(&read_bytes(Kind::Manual, "application/json", json));
});
