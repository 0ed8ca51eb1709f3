//! How digests and keys are written: hexadecimal digits or base64.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::normalize::hex;

/// How a digest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal, lower or upper case.
    Hex,
    /// Base64, padded or not, standard or URL alphabet.
    Base64,
}

impl Encoding {
    /// All of them by their names in the settings.
    pub(crate) const ALL: [(&'static str, Self); 3] =
        [("hex", Self::Hex), ("base64", Self::Base64), ("base64url", Self::Base64)];

    /// The bytes of a written digest. There is one spelling of each digest but for padding, the alphabet and
    /// the case of all letters together: another spelling is another digest.
    pub(super) fn decode(self, written: &str) -> Option<Vec<u8>> {
        self.decode_as(written, false)
    }

    /// The bytes of a written key; what is left over in its last letter does not count.
    pub(super) fn decode_key(self, written: &str) -> Option<Vec<u8>> {
        self.decode_as(written, true)
    }

    fn decode_as(self, written: &str, rest: bool) -> Option<Vec<u8>> {
        match self {
            Self::Hex => {
                let is = |of: fn(&u8) -> bool| written.as_bytes().iter().any(of);
                if is(u8::is_ascii_lowercase) && is(u8::is_ascii_uppercase) {
                    return None;
                }
                let pairs = written.as_bytes().chunks(2);
                pairs.map(|pair| Some(nibble(*pair.first()?)? << 4 | nibble(*pair.get(1)?)?)).collect()
            }
            Self::Base64 => {
                let standard: String = written
                    .chars()
                    .map(|c| match c {
                        '-' => '+',
                        '_' => '/',
                        c => c,
                    })
                    .collect();
                let lenient = GeneralPurposeConfig::new()
                    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
                    .with_decode_allow_trailing_bits(rest);
                GeneralPurpose::new(&alphabet::STANDARD, lenient).decode(standard).ok()
            }
        }
    }

    /// A digest as it is written.
    pub(super) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex(bytes),
            Self::Base64 => STANDARD.encode(bytes),
        }
    }
}

/// The value of a hexadecimal digit.
fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
