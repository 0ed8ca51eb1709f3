//! Webhooks: forms and chats that post to `/hooks/NAME`.

mod address;
pub mod listener;
pub(crate) mod settings;
mod stall;

use crate::config::{Rate, Secret};
use crate::normalize::Spelling;

/// Settings of one webhook (`kind = "webhook"`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Who posts; `generic` by default.
    pub provider: String,
    /// Accepted secrets (several while rotating); none: unsigned posts are taken.
    pub secrets: Vec<Secret>,
    /// How the body is signed; `None`: the secret comes as a bearer token
    /// (`Authorization: Bearer …`) or as `X-Lotse-Signature: sha256=HEX` (HMAC-SHA256 of the body).
    pub signature: Option<Signature>,
    /// Origins that may post from a browser (CORS); empty: any, without credentials.
    pub origins: Vec<String>,
    /// Where a browser's form post is sent after the commit (303).
    pub redirect: Option<String>,
    /// Requests per client address.
    pub rate: Rate,
    /// Extra names of canonical fields, and the trap field (`honeypot`).
    pub spelling: Spelling,
}

/// An HMAC over the body in a header (`signature = { … }`).
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Header that holds it, lower case.
    pub header: String,
    /// Hash.
    pub algorithm: Algorithm,
    /// How the digest is written.
    pub encoding: Encoding,
    /// Text before the digest, such as `sha256=`.
    pub prefix: String,
}

/// Hash of an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `hmac-sha256`.
    HmacSha256,
}

/// How a digest is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal, either case.
    Hex,
    /// Base64, padded or not, standard or URL alphabet.
    Base64,
}
