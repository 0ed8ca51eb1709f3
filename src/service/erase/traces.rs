//! The addresses and numbers of somebody, as they stand in anything.
//!
//! In: addresses and numbers in normal form. Out: whether a text names one, and the text without it. An address
//! is found in any case, and as urlencoded forms, JSON, quoted-printable and HTML write its special characters; a
//! number with or without its country code and however its digits are grouped. A longer address or number that
//! only holds one is another's.

use regex::bytes::{Captures, Regex};

use crate::lead::{Email, Phone};
use crate::normalize::phone;

/// What stands in the place of what was struck out.
pub(super) const STRUCK: &str = "[erased]";

/// What may stand between two digits of a number.
const GAP: &str = r"(?:[ ()/.+\-]|%20|\xc2\xa0){0,3}";
/// A number with fewer digits, without its country code, is not searched for: it stands everywhere.
const LEAST_DIGITS: usize = 5;
/// A number with fewer digits is found only with something in front: its country code, or a zero.
const ENOUGH_DIGITS: usize = 9;
/// An escape, whose last letters are no part of what follows it. Quoted-printable is in upper case (RFC 2045 §6.7).
const ESCAPE: &str = r"%[0-9a-f]{2}|(?-i:=[0-9A-F]{2})|\\u[0-9a-f]{4}|\\[nrtbf]";
/// The same in front of digits, which `=20` may be themselves.
const ESCAPE_BEFORE_DIGITS: &str = r"%[0-9a-f]{2}|\\u[0-9a-f]{4}";

/// Finds somebody's addresses and numbers.
pub(super) struct Traces {
    exact: Vec<Regex>,
    loose: Option<Regex>,
}

impl Traces {
    /// Finds these.
    pub(super) fn of(emails: &[Email], phones: &[Phone]) -> Result<Self, regex::Error> {
        let emails: Vec<String> = emails.iter().flat_map(spellings).map(|email| address(&email)).collect();
        let numbers: Vec<(String, String)> =
            phones.iter().filter_map(phone::parts).filter(|(_, rest)| rest.len() >= LEAST_DIGITS).collect();
        let mut exact = Vec::new();
        if !emails.is_empty() {
            exact.push(bounded(
                &format!(r"^|[^a-z0-9._%+\-]|{ESCAPE}"),
                &emails.join("|"),
                r"[^a-z0-9.\-]|\.(?:[^a-z0-9]|$)|$",
            )?);
        }
        let grouped: Vec<String> = numbers.iter().map(|(code, rest)| number(code, rest)).collect();
        if !grouped.is_empty() {
            exact.push(bounded(&format!("^|[^0-9]|{ESCAPE_BEFORE_DIGITS}"), &grouped.join("|"), "[^0-9]|$")?);
        }
        let all: Vec<String> = emails.into_iter().chain(numbers.iter().map(|(_, rest)| digits(rest))).collect();
        let loose = if all.is_empty() { None } else { Some(Regex::new(&format!("(?i-u){}", all.join("|")))?) };
        Ok(Self { exact, loose })
    }

    /// Whether a stored record may name one: what stands around its texts is no text.
    pub(super) fn may_be_in(&self, record: &[u8]) -> bool {
        self.loose.as_ref().is_some_and(|loose| loose.is_match(record))
    }

    /// Whether a text names one.
    pub(super) fn are_in(&self, text: &[u8]) -> bool {
        self.may_be_in(text) && self.exact.iter().any(|exact| exact.is_match(text))
    }

    /// The text without them.
    pub(super) fn strike(&self, text: &str) -> String {
        if !self.may_be_in(text.as_bytes()) {
            return text.to_owned();
        }
        String::from_utf8_lossy(&self.strike_bytes(text.as_bytes())).into_owned()
    }

    /// Bytes without them.
    pub(super) fn strike_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut struck = bytes.to_vec();
        for exact in &self.exact {
            // Two with one character between them share it.
            while exact.is_match(&struck) {
                let around = |found: &Captures<'_>| {
                    let part = |name| found.name(name).map_or(&b""[..], |part| part.as_bytes());
                    [part("before"), STRUCK.as_bytes(), part("after")].concat()
                };
                struck = exact.replace_all(&struck, around).into_owned();
            }
        }
        struck
    }
}

fn bounded(before: &str, what: &str, after: &str) -> Result<Regex, regex::Error> {
    Regex::new(&format!("(?i-u)(?P<before>{before})(?:{what})(?P<after>{after})"))
}

/// An address with its domain in ASCII and as people write it.
fn spellings(email: &Email) -> Vec<String> {
    let mut all = vec![email.as_str().to_owned()];
    let (unicode, _) = idna::domain_to_unicode(email.domain());
    if let Some((local, _)) = email.as_str().rsplit_once('@')
        && unicode != email.domain()
    {
        all.push(format!("{local}@{unicode}"));
    }
    all
}

/// A pattern for an address whose special characters may be encoded.
fn address(email: &str) -> String {
    let mut pattern = String::new();
    for byte in email.bytes() {
        if byte.is_ascii_alphanumeric() {
            pattern.push(char::from(byte));
        } else if byte.is_ascii() {
            let plain = regex::escape(char::from(byte).encode_utf8(&mut [0; 4]));
            pattern += &format!(r"(?:{plain}|[%=]{byte:02x}|\\u00{byte:02x}|&#{byte};)");
        } else {
            pattern += &format!(r"(?:\x{byte:02x}|[%=]{byte:02x})");
        }
    }
    pattern
}

fn digits(number: &str) -> String {
    let digits: Vec<String> = number.chars().map(String::from).collect();
    digits.join(GAP)
}

/// A pattern for a number as it is dialled from abroad, from the same country, or without anything in front.
fn number(code: &str, rest: &str) -> String {
    let often = if rest.len() < ENOUGH_DIGITS { "" } else { "?" };
    let (code, rest) = (digits(code), digits(rest));
    format!(r"(?:(?:\+|%2b|00)?{GAP}{code}{GAP}(?:0{GAP})?|0{GAP}){often}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces() -> Traces {
        let emails = ["max.muster@firma.example", "eva@xn--mller-kva.example", "a+b@firma.example"];
        let emails: Vec<Email> = emails.into_iter().map(|email| Email(email.to_owned())).collect();
        Traces::of(&emails, &[Phone("+493012345678".to_owned())]).unwrap()
    }

    #[test]
    fn somebody_is_found_however_they_are_written() {
        for text in [
            "max.muster@firma.example",
            "From: Max <Max.Muster@Firma.Example>, x",
            "email=max.muster%40firma.example&x=1",
            "q=%3Cmax.muster%40firma.example%3E",
            r#"{"email":"max.muster\u0040firma.example"}"#,
            r#"{"text":"hello\nmax.muster@firma.example"}"#,
            "write to max.muster@firma.example.",
            "eva@müller.example",
            "email=a%2Bb%40firma.example",
            "+493012345678",
            "+49 30 12345678",
            "0049 (0)30 / 1234-5678",
            "(030) 12345678",
            "tel=%2B49%2030%2012345678",
            "30 12 34 56 78",
        ] {
            assert!(traces().are_in(text.as_bytes()), "{text}");
            let struck = traces().strike(text);
            assert!(struck.contains(STRUCK) && !traces().are_in(struck.as_bytes()), "{text} became {struck}");
        }
    }

    #[test]
    fn whoever_is_only_alike_stays() {
        for text in [
            "themax.muster@firma.example",
            "email=bemax.muster@firma.example",
            "x.max.muster@firma.example",
            "max.muster@firma.example.org",
            "max.muster@firma.examples",
            "maxXmuster@firma.example",
            "130123456789",
            "03012345679",
            "12345678",
            "",
        ] {
            assert!(!traces().are_in(text.as_bytes()), "{text}");
            assert_eq!(traces().strike(text), text);
        }
        let nobody = Traces::of(&[], &[]).unwrap();
        assert!(!nobody.may_be_in(b"") && !nobody.are_in(b"max") && nobody.strike("max") == "max");
    }

    #[test]
    fn all_of_them_go_and_what_stands_around_them_stays() {
        let text = "a max.muster@firma.example,max.muster@firma.example;+493012345678 b";
        assert_eq!(traces().strike(text), format!("a {STRUCK},{STRUCK};{STRUCK} b"));
    }
}
