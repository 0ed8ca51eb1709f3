//! Address lists and encoded words: foreign bytes as the sender of an otherwise plain mail.
#![no_main]

use lotse::lead::Kind;
use lotse::normalize::read_bytes;

libfuzzer_sys::fuzz_target!(|value: &[u8]| {
    let mail = [b"From: ", value, b"\r\nReply-To: ", value, b"\r\nSubject: ", value, b"\r\n\r\nBitte ein Angebot\r\n"];
    lotse_fuzz::sound(&read_bytes(Kind::Mail, "message/rfc822", &mail.concat()));
});
