//! Telephone numbers in the text of a mail.
//!
//! Only what its writer says is a number to call: with a label (`Tel.`, `Mobil`), or in
//! international form near the end, where signatures stand. Dates, order and tax numbers look much
//! the same, and a wrong number would make two people one. What is quoted is not searched: it
//! holds our own numbers.

use std::sync::LazyLock;

use regex::Regex;
use rlibphonenumber::Region;
use rlibphonenumber::phonenumber_matcher::FindNumberExt;

use crate::lead::Phone;
use crate::normalize::{phone, text};

/// Lines from the end in which an international number counts without a label.
const SIGNATURE: usize = 15;
/// Bytes of a line that are searched.
const LINE: usize = 400;
/// Lines that are searched.
const LINES: usize = 2_000;
/// Numbers taken from one mail.
const NUMBERS: usize = 5;

/// Words before a number. What stands after `fax` is no number to call.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (?: ^ | [^\p{L}\d'’] )
          ( (?P<fax> (?:tele)?fax (?:nummer|[-\s]?nr)? | f )
          | (?: tel (?:e[fp]h?on\p{L}* | efoon\p{L}* | éfono\p{L}* )? | (?:tele)?fon (?:nummer)? | phone | mobil\p{L}* | handy (?:nummer)?
              | cell (?:phone|ular)? | celular | móvil | cellulare | portable | gsm | natel | whats\s?app | r[üu]e?ckruf\p{L}* | durchwahl
              | direct | direkt | office | b[üu]e?ro | (?:call|ring|reach|text)\ (?:me|us) | erreichbar | zu\ erreichen
              | ruf(?:en|t)?\ (?:\p{L}+\ ){0,3}an | mob | ph | [tmp] ) )
          (?: [.:\s()–—|/-] | \b (?: unter | ist | lautet | is | at | under | on | number | nummer | nr | no | num
              | mich | me | privat | work | home ) \b ){0,12}
          (?P<number> [+(\d] )",
    )
    .expect("a constant pattern")
});

/// Where a quoted mail begins.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static QUOTE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) ^ \s* (?:
            -{2,} \s* \p{L}+ .* -{2,} \s* $
          | _{10,} \s* $
          | (?: on | am | le | el | il | op | den ) \s .* \d .* (?: wrote | schrieb | écrit | escribió | scritto | schreef | skrev ) .* : \s* $
          | (?: from | von | de | da | van | från | od ) \s* : .* @ )",
    )
    .expect("a constant pattern")
});

/// Numbers to call in a text, in order, each once. `country` is the region of numbers in national form.
pub(in crate::normalize) fn find(text: &str, country: &str) -> Vec<Phone> {
    let region = Region::from_code(country).ok();
    let lines: Vec<&str> =
        text.lines().take_while(|line| !QUOTE.is_match(text::shorten(line, LINE))).take(LINES).collect();
    let lines: Vec<&str> = lines
        .into_iter()
        .filter(|line| !line.trim_start().starts_with('>'))
        .map(|line| text::shorten(line, LINE))
        .collect();
    let written = lines.iter().filter(|line| !line.trim().is_empty()).count();
    let mut found = Vec::new();
    let mut left = written;
    for line in lines {
        labelled(line, region, country, &mut found);
        left -= usize::from(!line.trim().is_empty());
        if left < SIGNATURE {
            international(line, country, &mut found);
        }
        if found.len() >= NUMBERS {
            break;
        }
    }
    found.truncate(NUMBERS);
    found
}

/// Numbers that follow a label in their line.
fn labelled(line: &str, region: Option<Region>, country: &str, found: &mut Vec<Phone>) {
    if line.bytes().filter(u8::is_ascii_digit).count() < 5 {
        return;
    }
    let labels: Vec<_> = LABEL.captures_iter(line).collect();
    for (at, label) in labels.iter().enumerate() {
        let Some(start) = label.name("number").map(|number| number.start()) else { continue };
        let end = labels.get(at + 1).and_then(|next| next.get(0)).map_or(line.len(), |next| next.start());
        let value = &line[start..end.max(start)];
        if label.name("fax").is_none()
            && let Some(number) = value.find_phone_numbers_with_preferred_region(region).next()
            && number.start < 3
        {
            keep(number.raw_string, country, found);
        }
    }
}

/// Numbers in international form, but those that follow `fax`.
fn international(line: &str, country: &str, found: &mut Vec<Phone>) {
    if !line.contains('+') && !line.contains("00") {
        return;
    }
    for number in line.find_phone_numbers_with_preferred_region(None) {
        let before = line[..number.start].to_lowercase();
        let label = before.split(|c: char| !c.is_alphanumeric()).rfind(|word| !word.is_empty()).unwrap_or_default();
        let fax = label == "f" || label.ends_with("fax") || label.starts_with("fax");
        if number.raw_string.trim_start().starts_with(['+', '(']) && !fax {
            keep(number.raw_string, country, found);
        }
    }
}

fn keep(raw: &str, country: &str, found: &mut Vec<Phone>) {
    if let Some(number) = phone::parse(raw, country, &mut Vec::new())
        && !found.contains(&number)
    {
        found.push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_to_call_are_found_and_nothing_else() {
        for (text, numbers) in [
            ("Tel.: 030 1234567", &["+49301234567"][..]),
            ("Telefon: +49 (0)30 / 1234567", &["+49301234567"]),
            ("Bitte rufen Sie mich an: Mobil 0171 2345678", &["+491712345678"]),
            ("Tel. 030 1234567 | Fax 030 1234568 | Mobil: 0171 2345678", &["+49301234567", "+491712345678"]),
            ("T +49 30 1234567\nF +49 30 1234568", &["+49301234567"]),
            ("Gruß\nMax\n+49 171 2345678", &["+491712345678"]),
            ("Phone: +44 20 7183 8750", &["+442071838750"]),
            ("my phone number is 0171 2345678", &["+491712345678"]),
            ("erreichbar bin ich mobil unter 0171 2345678", &["+491712345678"]),
            ("Bitte rufen Sie mich an: 0171 2345678", &["+491712345678"]),
            ("You can reach me at +44 20 7183 8750.", &["+442071838750"]),
            ("Fax: +49 30 1234568", &[]),
            ("Rückruf: 23.11.2026 10:00", &[]),
            ("Telefontermin am 23.11.2026 um 10:00", &[]),
            ("Rückruf 2026-11-23", &[]),
            ("our office order number 0301234567", &[]),
            ("I don't 030 1234567", &[]),
            ("Bestellnummer 0301234567 vom 23.11.2026", &[]),
            ("am 23.11.2026 um 10:00", &[]),
            ("Rechnung 4711 0171 2345678", &[]),
            ("USt-IdNr. DE123456789", &[]),
            ("IBAN DE89 3704 0044 0532 0130 00", &[]),
            ("Hotel 030 1234567", &[]),
            ("ok\n\nAm 23.11.2026 um 10:00 schrieb Anna:\n> Tel. 030 1234567\nTel. 030 7654321", &[]),
            ("> Tel. 030 1234567", &[]),
            ("ok\n-----Original Message-----\nTel. 030 1234567", &[]),
        ] {
            let found: Vec<String> = find(text, "DE").iter().map(ToString::to_string).collect();
            assert_eq!(found, numbers, "{text}");
        }
    }
}
