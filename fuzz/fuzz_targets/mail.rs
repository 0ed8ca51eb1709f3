//! A whole mail, from its bytes to what it says.
#![no_main]

use lotse::lead::Kind;
use lotse::normalize::read_bytes;

libfuzzer_sys::fuzz_target!(|mail: &[u8]| lotse_fuzz::sound(&read_bytes(Kind::Mail, "message/rfc822", mail)));
