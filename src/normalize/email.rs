//! E-mail addresses. In: what somebody typed or a header says. Out: [`Email`] in normal form.
//!
//! Lower case, the domain in ASCII form (UTS 46). Plus-tags and dots stay: a difference is a
//! difference. Reserved domains (`.test`, `.example`) are ordinary ones.

use email_address::{EmailAddress, Options};
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::text::{line, shorten};
use crate::lead::Email;

/// Addresses taken from one text.
const MAX_ADDRESSES: usize = 20;

/// The one address that `text` is, forgiving what people and spreadsheets add around it: blank
/// space, invisible characters, `mailto:`, brackets, quotes, closing punctuation, `(at)`.
///
/// A name before the address is not forgiven; see [`parse_mailbox`].
#[must_use]
pub fn parse(text: &str) -> Option<Email> {
    if text.len() > 1000 || !(text.contains('@') || text.contains('＠') || text.contains("at")) {
        return None;
    }
    let text = bare(text);
    let (local, domain) = text.rsplit_once('@')?;
    let (local, domain) = (local.trim_end(), domain.trim_start());
    if domain.contains(char::is_whitespace) || (local.contains(char::is_whitespace) && !local.starts_with('"')) {
        return None;
    }
    let domain = ascii_domain(domain)?;
    let address = format!("{}@{domain}", local.to_lowercase());
    // The checker does not know the vowel signs of Indic scripts as parts of words.
    let shape: String =
        address.char_indices().map(|(at, c)| if at > 0 && is_combining_mark(c) { 'x' } else { c }).collect();
    let strict = Options::default().with_required_tld().without_domain_literal().without_display_text();
    (address.len() <= 254 && EmailAddress::parse_with_options(&shape, strict).is_ok()).then_some(Email(address))
}

/// A mailbox as headers and people write it: `Max <max@firma.example>`, `max@firma.example (Max)`,
/// `Max [mailto:max@firma.example]`, or the address alone. The name comes without quotes and is
/// `None` where it only repeats the address.
#[must_use]
pub fn parse_mailbox(text: &str) -> Option<(Option<String>, Email)> {
    if let Some(email) = parse(text) {
        return Some((None, email));
    }
    let text = line(shorten(text, 2000));
    let (name, email) = if let Some((before, rest)) = text.rsplit_once('<') {
        (before, parse(rest.split('>').next()?)?)
    } else if let Some((before, rest)) = text.rsplit_once("[mailto:") {
        (before, parse(rest.split(']').next()?)?)
    } else {
        let (address, comment) = text.split_once('(')?;
        (comment.trim_end_matches(')'), parse(address)?)
    };
    Some((display_name(name, &email), email))
}

/// Every address in `text` in order, each once, at most 20; whatever stands between them.
#[must_use]
pub fn parse_all(text: &str) -> Vec<Email> {
    if let Some(email) = parse(text) {
        return vec![email];
    }
    let mut found: Vec<Email> = Vec::new();
    let mut keep = |email: Email| {
        if found.len() < MAX_ADDRESSES && !found.contains(&email) {
            found.push(email);
        }
    };
    let between = |c: char| c.is_whitespace() || matches!(c, ';' | ',' | '<' | '>' | '(' | ')' | '[' | ']' | '"');
    for word in shorten(text, super::text::MAX_TEXT).split(between).filter(|word| word.contains('@')) {
        // A slash may stand inside an address; only where that gives none, it stands between two.
        match parse(word) {
            Some(email) => keep(email),
            None => word.split(['/', '|', '\\']).filter_map(parse).for_each(&mut keep),
        }
    }
    found
}

/// A domain in ASCII form, lower case, with a top level that is no number.
#[must_use]
pub fn ascii_domain(domain: &str) -> Option<String> {
    let domain = domain.trim_end_matches('.');
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()?;
    let (_, top) = ascii.rsplit_once('.')?;
    (!top.bytes().all(|b| b.is_ascii_digit())).then(|| ascii.into_owned())
}

/// The address without what stands around it.
fn bare(text: &str) -> String {
    let joiners = |c: &char| !matches!(c, '\u{200c}' | '\u{200d}');
    let mut text = line(text);
    if !text.is_ascii() {
        text = text.chars().filter(joiners).map(|c| if c == '＠' { '@' } else { c }).nfc().collect();
    }
    let mut text = text.trim();
    loop {
        let before = text;
        text = text.trim_start_matches([':', ',', ';', '<', '(', '[', '•', '*', ' ']);
        text = text.trim_end_matches(['.', ',', ';', ':', '!', '?', '>', ')', ']', '*', ' ']);
        for quote in ['"', '\'', '`'] {
            text = text.strip_prefix(quote).and_then(|inner| inner.strip_suffix(quote)).unwrap_or(text);
        }
        if text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:")) {
            text = text[7..].split('?').next().unwrap_or_default();
        }
        if text == before {
            break;
        }
    }
    if text.contains('@') { text.to_owned() } else { unhide(text) }
}

/// `max (at) firma [dot] example` as an address.
fn unhide(text: &str) -> String {
    let mut out = text.to_lowercase();
    for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
        for (words, sign) in [(&["at", "ät", "@"][..], "@"), (&["dot", "punkt", "."][..], ".")] {
            for word in words {
                for pattern in [format!(" {open}{word}{close} "), format!("{open}{word}{close}")] {
                    out = out.replace(&pattern, sign);
                }
            }
        }
    }
    out
}

/// The name of a mailbox without quotes and escapes (RFC 5322 § 3.2.4).
fn display_name(name: &str, email: &Email) -> Option<String> {
    let name = name.trim().trim_matches(['"', '\'']).replace("\\\"", "\"").replace("\\\\", "\\");
    let name = name.trim();
    let repeats = parse(name).as_ref() == Some(email) || name.eq_ignore_ascii_case(email.as_str());
    (!name.is_empty() && !repeats).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_what_people_type() {
        let cases = [
            ("Max@Firma.Example", "max@firma.example"),
            ("  max@firma.test \n", "max@firma.test"),
            ("mailto:max@firma.example?subject=Hallo", "max@firma.example"),
            ("<max@firma.example>", "max@firma.example"),
            ("\"max@firma.example\",", "max@firma.example"),
            ("max@firma.example.", "max@firma.example"),
            ("max\u{200b}@firma\u{feff}.example", "max@firma.example"),
            ("m\u{200d}ax@firma.example", "max@firma.example"),
            ("max @ firma.example", "max@firma.example"),
            ("max＠firma.example", "max@firma.example"),
            ("max(at)firma(dot)example", "max@firma.example"),
            ("max [at] firma [punkt] example", "max@firma.example"),
            ("max@münchen.example", "max@xn--mnchen-3ya.example"),
            ("max@straße.example", "max@xn--strae-oqa.example"),
            ("jörg@firma.example", "jörg@firma.example"),
            ("max.muster+lotse@firma.example", "max.muster+lotse@firma.example"),
            ("o'neil@firma.example", "o'neil@firma.example"),
            ("!#$%&'*+-/=?^_`.{|}~@firma.example", "!#$%&'*+-/=?^_`.{|}~@firma.example"),
            ("\"quoted local part\"@firma.example", "\"quoted local part\"@firma.example"),
            ("a@c--n.example", "a@c--n.example"),
        ];
        for (text, address) in cases {
            assert_eq!(parse(text).as_ref().map(Email::as_str), Some(address), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            "@",
            "max",
            "max@",
            "@firma.example",
            "max@localhost",
            "max@firma",
            "max@firma,example",
            "max@-x.example",
            "max@x-.example",
            "max..m@firma.example",
            ".max@firma.example",
            "max@firma..example",
            "max@127.0.0.1",
            "max@[127.0.0.1]",
            "Max <max@firma.example>",
            "a@x.example b@x.example",
            "zwei worte@firma.example",
            "look at me",
            "max@firma.123",
            "a@b@c.example",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse(&format!("{}@firma.example", "a".repeat(65))), None);
        assert_eq!(parse(&"@".repeat(100_000)), None);
    }

    #[test]
    fn a_mailbox_has_a_name_and_an_address() {
        let cases = [
            ("Max Muster <Max@Firma.example>", Some("Max Muster")),
            ("\"Muster, Max\" <max@firma.example>", Some("Muster, Max")),
            ("\"Max \\\"der\\\" M\" <max@firma.example>", Some("Max \"der\" M")),
            ("max@firma.example (Max Muster)", Some("Max Muster")),
            ("Max Muster [mailto:max@firma.example]", Some("Max Muster")),
            ("Max <mailto:max@firma.example>", Some("Max")),
            ("\"max@firma.example\" <max@firma.example>", None),
            ("<max@firma.example>", None),
            ("max@firma.example", None),
        ];
        for (text, name) in cases {
            let (found, email) = parse_mailbox(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found.as_deref(), email.as_str()), (name, "max@firma.example"), "{text}");
        }
        assert_eq!(parse_mailbox("Max Muster"), None);
    }

    #[test]
    fn several_addresses_in_one_cell_are_all_found() {
        let cases = [
            ("g@a.example;p@b.example", vec!["g@a.example", "p@b.example"]),
            ("g@a.example / p@b.example", vec!["g@a.example", "p@b.example"]),
            ("g@a.example/p@b.example", vec!["g@a.example", "p@b.example"]),
            ("Max <g@a.example>, \"P\" <P@b.example>, g@a.example", vec!["g@a.example", "p@b.example"]),
            ("write to g@a.example, please.", vec!["g@a.example"]),
            ("a/b@a.example", vec!["a/b@a.example"]),
            ("none", vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_all(text).iter().map(Email::as_str).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
