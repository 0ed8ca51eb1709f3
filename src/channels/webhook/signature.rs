//! A signature over a post, as a provider or the settings describe it.
//!
//! In: the description, a secret, a post. Out: whether the post carries the signature, or the headers that
//! would carry it. One description expresses the schemes in use: GitHub's (a digest of the body), Stripe's
//! (pieces in one header), Standard Webhooks' (id, time and body, a list of signatures, a key in base64, or a
//! public key).

use std::time::Duration;

use axum::http::HeaderMap;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::algorithm::{Algorithm, Key};
use super::encoding::Encoding;
use super::verify::Post;

/// Signatures of one header that are compared; while a sender rotates its secret there are two.
const MOST: usize = 16;
/// Timestamps from here on are milliseconds.
const MILLISECONDS: i64 = 100_000_000_000;

/// How a post is signed (`signature = { … }`).
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Header that holds it, lower case.
    pub header: String,
    /// Which piece of a header like `t=…,v1=…` or `v1,… v1,…`; `None`: the whole header.
    pub part: Option<String>,
    /// Hash.
    pub algorithm: Algorithm,
    /// How the digest is written.
    pub encoding: Encoding,
    /// Text before the digest, such as `sha256=`.
    pub prefix: String,
    /// What is signed.
    pub signed: Vec<Piece>,
    /// The header, or the piece of the signature's header, that says when it was signed: seconds or
    /// milliseconds since 1970, or RFC 3339.
    pub timestamp: Option<String>,
    /// The header that holds the delivery's id.
    pub id: Option<String>,
    /// How far that time may be from ours, in either direction.
    pub tolerance: Duration,
    /// What the secret is.
    pub key: Key,
}

/// A piece of what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// `{body}`: the body as it was received.
    Body,
    /// `{timestamp}`: the time as the sender wrote it.
    Timestamp,
    /// `{id}`: the delivery's id.
    Id,
    /// `{url}`: the address the sender called.
    Url,
    /// `{method}`: the method, upper case.
    Method,
    /// `{params}`: names and values of an urlencoded body, by name, each pair once, nothing between them.
    Params,
    /// The address, where its `bodySHA256` is the SHA-256 of the body in hexadecimal digits: as Twilio signs what
    /// is no form. Nothing is signed where it is not.
    HashedUrl,
}

impl std::fmt::Display for Piece {
    /// As the settings write it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(text) => text,
            Self::Body => "{body}",
            Self::Timestamp => "{timestamp}",
            Self::Id => "{id}",
            Self::Url | Self::HashedUrl => "{url}",
            Self::Method => "{method}",
            Self::Params => "{params}",
        })
    }
}

impl Piece {
    /// All but text by their names in braces.
    pub(crate) const ALL: [(&'static str, Self); 6] = [
        ("body", Self::Body),
        ("timestamp", Self::Timestamp),
        ("id", Self::Id),
        ("url", Self::Url),
        ("method", Self::Method),
        ("params", Self::Params),
    ];

    /// The pieces of a template like `{timestamp}.{body}`. The error is the name in braces that is none.
    pub(crate) fn parse(template: &str) -> Result<Vec<Self>, String> {
        let (mut pieces, mut rest) = (Vec::new(), template);
        while let Some((text, tail)) = rest.split_once('{') {
            let (name, tail) = tail.split_once('}').ok_or_else(|| tail.to_owned())?;
            let piece = Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, piece)| piece.clone());
            if !text.is_empty() {
                pieces.push(Self::Text(text.to_owned()));
            }
            pieces.push(piece.ok_or_else(|| name.to_owned())?);
            rest = tail;
        }
        if !rest.is_empty() {
            pieces.push(Self::Text(rest.to_owned()));
        }
        Ok(pieces)
    }
}

impl Signature {
    /// HMAC-SHA256 of the body in hexadecimal digits, the whole header, the secret as it is; five minutes
    /// where a time comes in.
    pub(crate) fn of_body(header: &str) -> Self {
        Self {
            header: header.to_owned(),
            part: None,
            algorithm: Algorithm::HmacSha256,
            encoding: Encoding::Hex,
            prefix: String::new(),
            signed: vec![Piece::Body],
            timestamp: None,
            id: None,
            tolerance: Duration::from_mins(5),
            key: Key::Text,
        }
    }

    /// `t=SECONDS,PART=HEX` over `{timestamp}.{body}`: as Stripe does it, and many after it.
    pub(crate) fn in_parts(header: &str, part: &str) -> Self {
        Self {
            part: Some(part.to_owned()),
            signed: vec![Piece::Timestamp, Piece::Text(".".to_owned()), Piece::Body],
            timestamp: Some("t".to_owned()),
            ..Self::of_body(header)
        }
    }

    /// Whether the post carries this signature by this secret, made within the tolerance.
    pub(super) fn is_on(&self, post: &Post<'_>, secret: &str) -> bool {
        let Some(header) = text(post.headers, &self.header) else { return false };
        let Some(key) = self.key.bytes(secret) else { return false };
        let time = self.timestamp.as_deref().map(|name| self.time(name, header, post.headers));
        let time = match time {
            None => "",
            Some(Some(time)) if is_near(time, post.now, self.tolerance) => time,
            Some(_) => return false,
        };
        let id = self.id.as_deref().and_then(|name| text(post.headers, name));
        if self.signed.contains(&Piece::Id) && id.is_none_or(str::is_empty) {
            return false;
        }
        let given = self.given(header);
        let mut any = false;
        for url in self.urls(post.url) {
            let Some(message) = self.message(post, time, id.unwrap_or_default(), url.as_deref()) else { return false };
            any |= self.algorithm.made_one_of(&given, &key, &message);
        }
        any
    }

    /// The name of the header with the delivery's id, where that is signed and not there.
    pub(super) fn lacks_id(&self, post: &Post<'_>) -> Option<&str> {
        let id = self.id.as_deref().filter(|_| self.signed.contains(&Piece::Id))?;
        text(post.headers, id).is_none_or(str::is_empty).then_some(id)
    }

    /// The headers that carry the signature of a post by this secret; `None` where it cannot be made.
    pub(super) fn headers(&self, post: &Post<'_>, secret: &str, id: &str) -> Option<Vec<(String, String)>> {
        // Read back, either unit is the same time.
        let time = post.now.as_second().to_string();
        let message = self.message(post, &time, id, post.url)?;
        let digest = self.algorithm.digest(&self.key.bytes(secret)?, &message)?;
        let digest = format!("{}{}", self.prefix, self.encoding.encode(&digest));
        let mut headers = Vec::new();
        let mut pieces = Vec::new();
        if let Some(name) = &self.timestamp {
            if self.part.is_some() && !name.contains('-') {
                pieces.push(format!("{name}={time}"));
            } else {
                headers.push((name.clone(), time));
            }
        }
        if let Some(name) = self.id.as_ref().filter(|_| self.signed.contains(&Piece::Id)) {
            headers.push((name.clone(), id.to_owned()));
        }
        let value = match &self.part {
            None => digest,
            // A list as Standard Webhooks has it: there the time is a header of its own.
            Some(part) if pieces.is_empty() => format!("{part},{digest}"),
            Some(part) => {
                pieces.push(format!("{part}={digest}"));
                pieces.join(",")
            }
        };
        headers.push((self.header.clone(), value));
        Some(headers)
    }

    /// The time as the sender wrote it.
    pub(super) fn time<'a>(&self, name: &'a str, header: &'a str, headers: &'a HeaderMap) -> Option<&'a str> {
        let piece = self.part.as_ref().and_then(|_| pieces(header, name).next());
        piece.or_else(|| text(headers, name)).filter(|time| !time.is_empty())
    }

    /// The digests that stand in the header.
    pub(super) fn given(&self, header: &str) -> Vec<Vec<u8>> {
        let digest = |text: &str| self.encoding.decode(text.trim().strip_prefix(self.prefix.as_str())?);
        match &self.part {
            Some(part) => pieces(header, part).filter_map(digest).take(MOST).collect(),
            // A list of signatures, each with its prefix.
            None if !self.prefix.is_empty() => {
                let listed = header.split_ascii_whitespace().filter(|text| text.len() < header.len());
                std::iter::once(header).chain(listed).filter_map(digest).take(MOST).collect()
            }
            None => digest(header).into_iter().collect(),
        }
    }

    /// What is signed; `None` where the address is not known.
    fn message(&self, post: &Post<'_>, time: &str, id: &str, url: Option<&str>) -> Option<Vec<u8>> {
        let mut message = Vec::with_capacity(post.body.len() + 128);
        for piece in &self.signed {
            match piece {
                Piece::Text(text) => message.extend_from_slice(text.as_bytes()),
                Piece::Body => message.extend_from_slice(post.body),
                Piece::Timestamp => message.extend_from_slice(time.as_bytes()),
                Piece::Id => message.extend_from_slice(id.as_bytes()),
                Piece::Url => message.extend_from_slice(url?.as_bytes()),
                Piece::Method => message.extend_from_slice(post.method.as_bytes()),
                Piece::Params => message.extend_from_slice(params(post.body).as_bytes()),
                Piece::HashedUrl => message.extend_from_slice(url.filter(|url| hashes(url, post.body))?.as_bytes()),
            }
        }
        Some(message)
    }

    /// Whether the address is a part of what is signed.
    pub(super) fn signs_the_address(&self) -> bool {
        self.signed.iter().any(|piece| matches!(piece, Piece::Url | Piece::HashedUrl))
    }

    /// The address as it may have been signed: senders write the usual port or leave it out.
    fn urls(&self, url: Option<&str>) -> Vec<Option<String>> {
        let mut urls = vec![url.map(str::to_owned)];
        if let (true, Some(url)) = (self.signs_the_address(), url) {
            urls.extend(other_port(url).map(Some));
        }
        urls
    }
}

/// A time as a sender wrote it: seconds or milliseconds since 1970, or RFC 3339; `None` where it is none.
pub(super) fn read_time(time: &str) -> Option<Timestamp> {
    match time.parse::<i64>() {
        Ok(number) if number >= MILLISECONDS => Timestamp::from_millisecond(number).ok(),
        Ok(number) => Timestamp::from_second(number).ok(),
        Err(_) => time.parse().ok(),
    }
}

/// Whether a time as a sender wrote it is so near to ours.
pub(super) fn is_near(time: &str, now: Timestamp, tolerance: Duration) -> bool {
    read_time(time).is_some_and(|at| at.duration_since(now).unsigned_abs() <= tolerance)
}

/// The same address with its usual port written out, or left out where it is.
fn other_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let usual = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    match host.strip_suffix(usual) {
        Some(bare) => Some(format!("{scheme}://{bare}{path}")),
        None if host.rsplit(']').next().is_some_and(|after| after.contains(':')) => None,
        None => Some(format!("{scheme}://{host}{usual}{path}")),
    }
}

/// The values of a piece in a header: `t=…,v1=…` or `v1,… v1,…`.
fn pieces<'a>(header: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let separator = |c: char| c == ' ' || c == ',' || c == ';';
    let starts = std::iter::once(0).chain(header.match_indices(separator).map(|(at, _)| at + 1));
    starts.filter_map(move |at| {
        let value = header[at..].strip_prefix(name)?.strip_prefix(['=', ','])?;
        Some(value.split(separator).next().unwrap_or_default())
    })
}

/// Names and values of an urlencoded body, by name, nothing between them.
fn params(body: &[u8]) -> String {
    let mut pairs: Vec<_> = url::form_urlencoded::parse(body).collect();
    pairs.sort();
    pairs.dedup();
    pairs.iter().flat_map(|(name, value)| [&**name, &**value]).collect()
}

/// Whether the query of an address holds the SHA-256 of the body.
fn hashes(url: &str, body: &[u8]) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let given = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256");
    let hash = crate::normalize::hex(&Sha256::digest(body));
    given.is_some_and(|(_, given)| bool::from(given.as_bytes().ct_eq(hash.as_bytes())))
}

/// A header as text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok()).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_header_are_found_in_both_spellings() {
        let of = |header, name| pieces(header, name).collect::<Vec<_>>();
        assert_eq!(of("t=1,v1=ab,v0=x,v1=cd", "v1"), ["ab", "cd"]);
        assert_eq!(of("t=1, v1=ab", "t"), ["1"]);
        assert_eq!(of("v1,aa= v1a,bb= v1,cc=", "v1"), ["aa=", "cc="]);
        assert_eq!(of("xt=1;t=2", "t"), ["2"]);
        assert_eq!(of("", "t"), [""; 0]);
    }

    #[test]
    fn an_address_is_tried_with_and_without_its_usual_port() {
        for (url, other) in [
            ("https://a.example/x?y=1", Some("https://a.example:443/x?y=1")),
            ("https://a.example:443/x", Some("https://a.example/x")),
            ("http://a.example", Some("http://a.example:80")),
            ("http://a.example:1234/x", None),
            ("https://[::1]/x", Some("https://[::1]:443/x")),
            ("https://[::1]:8443/x", None),
        ] {
            assert_eq!(other_port(url).as_deref(), other, "{url}");
        }
    }

    #[test]
    fn a_template_is_read_and_a_slip_in_it_is_named() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let expected = [text("["), Piece::Timestamp, text(";"), Piece::Body, text("]")];
        assert_eq!(Piece::parse("[{timestamp};{body}]").unwrap(), expected);
        assert_eq!(Piece::parse("{body").unwrap_err(), "body");
        assert_eq!(Piece::parse("{id}.{time}").unwrap_err(), "time");
    }
}
