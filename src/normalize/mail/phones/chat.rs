//! Telephone numbers in a chat: whoever is asked how to reach them answers with the bare number.
//!
//! A line of a chat, or a piece of it between commas, that is nothing but a number which can be dialled is one to
//! call, unless what stands before it names a number of another kind (`Bestellnummer`, `order number`).

use std::sync::LazyLock;

use regex::Regex;

use super::{AMERICAN, LINE, NUMBERS, Search, is_quote, to_call};
use crate::lead::Phone;
use crate::normalize::{phone, text};

/// Lines that are searched for bare numbers; what somebody types is shorter.
const LINES: usize = 200;
/// Pieces of a line that are looked at.
const PIECES: usize = 20;
/// What separates the pieces of a line.
const SEPARATORS: [char; 6] = [',', ';', '|', '•', '·', '\t'];
/// What separates two numbers in one piece.
const BETWEEN: [&str; 5] = [" / ", " und ", " oder ", " and ", " or "];

/// Words before a number that are too common for mails.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (?: (?: ^ | [.,;:!?(] ) \s* | (?: ^ | [^\p{L}\d'’] ) (?: die | the | meine | unsere | my | our | neue | new ) \s+ )
          (?: nummer | number | nr\.? ) \s* (?: [:–—-] | (?: ist | lautet | is ) \b )? [\s:]*
          (?P<number> [+(0] | [2-9]\d\d[\ .-] )
        | \b (?: unter | under ) \s+ (?P<under> [+(0] )",
    )
    .expect("a constant pattern")
});

/// A word that names a number nobody can call.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static OTHER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) \b (?: \p{L}* (?: nummern? | numbers? | zeichen | konto | code | fax ) | \p{L}+ nr | nr | no\. | account | iban | bic | plz | blz | id ) \b
        | \b (?: rechnung\p{L}* | bestellung\p{L}* | auftrag\p{L}* | vorgang\p{L}* | vertrag\p{L}* | angebot\p{L}* | artikel\p{L}* | sendung\p{L}* | kunden?
            | steuer\p{L}* | ust\p{L}* | referen\p{L}* | ref | serie\p{L}* | order | invoice | ticket | case | customer | client | serial | tax | vat | tracking
            | part | item | member\p{L}* | contract | quote | offer ) \b [\s.:\#-]* (?: \d | : \s* $ )",
    )
    .expect("a constant pattern")
});

/// A word that names a number to call.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static TO_CALL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (?: telefon | handy | mobil | festnetz | \b r[üu]e?ck?ruf | \b ruf | kontakt ) \p{L}* \s? (?: nummer | nr )
        | (?: phone | mobile | cell | contact | call-?\s?back | whats\s?app ) \s? (?: number | no\. | nummer )
        | (?: ^ | [^\p{L}] ) (?: meine | unsere | my | our | die | the ) \s+ (?: neue\s | new\s )? (?: nummer | number | nr\.? ) (?: \P{L} | $ )",
    )
    .expect("a constant pattern")
});

/// What looks like a number in national form and is a day, a span of hours or a tax number.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static NO_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\d{1,2}([./ -])\d{1,2}([./ -])(?:19|20)\d\d\b|^\d{1,2}\.\d\d?\.|^\d{1,2}\.\d\d\s*[-–]\s*\d|/.*/")
        .expect("a constant pattern")
});

/// Numbers to call in what somebody typed into a chat, in order, each once.
pub(in crate::normalize) fn find(text: &str, country: &str) -> Vec<Phone> {
    let mut search = Search::new(country);
    search.all(text, "");
    let mut search = Search { said: None, ..search };
    // Whether the words before name a number that nobody can call.
    let mut other = false;
    let lines = text.lines().take(LINES).map(|line| text::shorten(line, LINE));
    for line in lines.take_while(|line| !is_quote(line)).filter(|line| !line.trim_start().starts_with('>')) {
        search.by_label(line);
        for piece in line.split(SEPARATORS).map(trimmed).filter(|piece| !piece.is_empty()).take(PIECES) {
            let numbers = numbers(piece, country);
            if numbers.is_empty() && piece.chars().any(char::is_alphabetic) {
                other = names_another(piece);
            }
            for number in numbers.into_iter().filter(|_| !other) {
                search.keep(number, search.said);
            }
        }
        // A word and its number stand in one line, or the word says that it comes in the next.
        other &= !line.bytes().any(|byte| byte.is_ascii_digit());
        search.remember(line);
        if search.found.len() >= 2 * NUMBERS {
            break;
        }
    }
    to_call(&search.found)
}

impl Search<'_> {
    /// Numbers behind a label that counts in chats, unless words before it say what else they are.
    fn by_label(&mut self, line: &str) {
        for label in LABEL.captures_iter(line) {
            let (Some(whole), Some(number)) = (label.get(0), label.name("number").or(label.name("under"))) else {
                continue;
            };
            let before = &line[..whole.start()];
            let sentence = before.rfind(['.', '!', '?']).map_or(before, |end| &before[end..]);
            if !names_another(sentence) {
                self.value(&line[number.start()..], None);
            }
        }
    }
}

/// Whether words name a number that nobody can call.
fn names_another(words: &str) -> bool {
    let fax = words.to_lowercase().contains("fax");
    fax || OTHER.is_match(words) && !TO_CALL.is_match(words)
}

/// A piece without what people put around a number.
fn trimmed(piece: &str) -> &str {
    piece
        .trim()
        .trim_end_matches(['.', '!', '?'])
        .trim_matches(['"', '\'', '„', '“', '”', '*', '`', '☎', '📞', '📱', ' '])
}

/// The numbers that a piece consists of; none where anything else stands in it.
fn numbers<'a>(piece: &'a str, country: &str) -> Vec<&'a str> {
    if is_number(piece, country) {
        return vec![piece];
    }
    let halves = BETWEEN.iter().find_map(|between| piece.split_once(between));
    let halves = halves.map(|(one, another)| [one.trim(), another.trim()]);
    halves.filter(|halves| halves.iter().all(|half| is_number(half, country))).map(Vec::from).unwrap_or_default()
}

/// Whether a text is nothing but a plausible number in the form of its country.
fn is_number(text: &str, country: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let marks = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '/' | '-' | '.' | '–' | '\u{a0}');
    if !(7..=15).contains(&digits) || !text.chars().all(marks) || NO_NUMBER.is_match(text) {
        return false;
    }
    if text.starts_with('0') || text.starts_with("(0") {
        return phone::parse(text, country, &mut Vec::new()).is_some();
    }
    // Elsewhere three groups of digits may count anything, unless they are set as in North America.
    let at_home = phone::has_code(country, 1);
    let set = AMERICAN.is_match(text) && digits == 10 && (at_home || text.starts_with('(') || text.contains('-'));
    let plain = at_home && digits == 10 && text.len() == 10;
    (set || plain) && phone::parse(text, "US", &mut Vec::new()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::mail::phones;

    fn typed(text: &str, country: &str) -> Vec<String> {
        find(text, country).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_number_typed_into_a_chat_is_one_to_call() {
        for text in [
            "0171 2345678",
            "0171-2345678.",
            "0171/2345678",
            "01712345678",
            "0049 171 2345678",
            "Meine Nummer ist 0171 2345678",
            "meine neue Nummer lautet: 0171 2345678",
            "Ja gerne, die Nummer ist 0171 2345678",
            "Nummer: 0171 2345678",
            "meine Nr. 0171 2345678",
            "My number is 0171 2345678",
            "Karl Krause, karl2@maschinen.example, 0171 2345678",
            "Karl Krause\nkarl2@maschinen.example\n0171 2345678",
            "Karl Krause; 0171 2345678; bitte nachmittags",
            "Hallo! Ich brauche ein Angebot.\n\n0171 2345678",
            "Bitte ein Angebot, 0171 2345678",
            "Frage zu Auftrag 4711.\n0171 2345678",
            "Frage zu meiner Bestellung 4711. Meine Nummer ist 0171 2345678",
            "meine Handynummer:\n0171 2345678",
            "Sie erreichen mich unter 0171 2345678",
            "gern unter 0171 2345678",
            "Tel. 0171 2345678",
            "rufen Sie mich an unter 0171 2345678",
        ] {
            assert_eq!(typed(text, "DE"), ["+491712345678"], "{text}");
        }
        for (text, country, numbers) in [
            ("030 1234567", "DE", &["+49301234567"][..]),
            ("(030) 123 45 67", "DE", &["+49301234567"]),
            ("030 1234567 oder 0171 2345678", "DE", &["+49301234567", "+491712345678"]),
            ("030 1234567, 0171 2345678", "DE", &["+49301234567", "+491712345678"]),
            ("044 668 18 00", "CH", &["+41446681800"]),
            ("0664 1234567", "AT", &["+436641234567"]),
            ("020 7183 8750", "GB", &["+442071838750"]),
            ("(202) 456-1111", "US", &["+12024561111"]),
            ("202-456-1111", "US", &["+12024561111"]),
            ("202.456.1111", "US", &["+12024561111"]),
            ("2024561111", "US", &["+12024561111"]),
            ("(202) 456-1111", "DE", &["+12024561111"]),
            ("Jane Roe, jane@roe.example, 202-456-1111", "US", &["+12024561111"]),
            ("My number is 202-456-1111", "US", &["+12024561111"]),
        ] {
            assert_eq!(typed(text, country), numbers, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_none_in_a_chat() {
        for text in [
            "03.04.2026",
            "03.04.2026 10.00",
            "03/04/2026",
            "03-04-2026",
            "03 04 2026",
            "08.00-17.30",
            "2026-11-23",
            "4711",
            "Nummer 4711",
            "01067",
            "030/123/45678",
            "0000000000",
            "99999999",
            "DE89 3704 0044 0532 0130 00",
            "3704 0044 0532 0130 00",
            "Kundennummer 0301234567",
            "Meine Kundennummer ist 0301234567",
            "Kundennummer, 0301234567",
            "Meine Bestellnummern: 0301234567, 0301234568",
            "Bestellnummer:\n0301234567",
            "order number is 0301234567",
            "My order number:\n0301234567",
            "customer number: 0301234567",
            "Rechnung 4711, 0301234567",
            "Zu meiner Bestellnummer: die Nummer ist 0301234567",
            "Fax:\n030 1234567",
            "Fax, 030 1234567",
            "IBAN, 0301234567",
            "20 Stück, 0301234567x",
            "212 456 1111",
            "2024561111",
            "> 0171 2345678",
        ] {
            assert_eq!(typed(text, "DE"), [""; 0], "{text}");
        }
        assert_eq!(typed("my order number is 2024561111", "US"), [""; 0]);
    }

    #[test]
    fn a_bare_number_in_a_mail_is_none() {
        for text in ["0171 2345678", "Karl Krause, 0171 2345678", "Nummer: 0301234567", "gern unter 0171 2345678"] {
            assert_eq!(phones::find(text, "DE"), [], "{text}");
        }
    }
}
