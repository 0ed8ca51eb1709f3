//! Telephone numbers in the text of a mail.
//!
//! Only what its writer says is a number to call: with a label (`Tel.`, `Mobil`), or in
//! international form near the end, where signatures stand. Dates, order and tax numbers look much
//! the same, and a wrong number would make two people one. What is quoted is not searched: it
//! holds our own numbers.

pub(super) mod chat;

use std::sync::LazyLock;

use memchr::memchr3;
use regex::Regex;
use rlibphonenumber::phonenumber_matcher::FindNumberExt;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType, Region};

use crate::lead::Phone;
use crate::normalize::{phone, text};

/// Lines from the end in which an international number counts without a label.
const SIGNATURE: usize = 15;
/// Bytes of a line that are searched.
const LINE: usize = 400;
/// Bytes of a line that is nothing but a label.
const LABEL_ALONE: usize = 60;
/// Lines that are searched.
const LINES: usize = 2_000;
/// Digits of a line below which none of its numbers is one to call.
const DIGITS: usize = 5;
/// Numbers taken from one mail.
const NUMBERS: usize = 5;

/// What a number reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// A telephone on a desk.
    Office,
    /// One in a pocket.
    Mobile,
    /// No number to call.
    Fax,
}

/// A number with what it reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// What it reaches.
    pub(super) reach: Reach,
    /// The number, where it can be dialled.
    pub(super) phone: Option<Phone>,
    /// As it stands in the text.
    pub(super) written: String,
}

/// Words before a number, or behind it. What stands after `fax` is no number to call.
const FAX: &str = r"(?:tele)?fax (?:nummer|[-\s]?nr|e)? | (?:tele)?faks | f | факс | télécopie (?:ur)? | φαξ | 传真 | 傳真 | ファックス | 팩스";
const MOBILE: &str = r"mobil\p{L}* | handy (?:nummer)? | cell (?:phone|ular[ei]?)? | celular | móvil | telemóvel | tlm | portable | gsm | natel | whats\s?app | mob
    | matkapuhelin | komórka | (?: cel | mov | kom | cep (?:\stel\p{L}*)? ) \s?[.:] | моб\p{L}* | κιν\p{L}* | 携帯 | 手机 | 手機 | 휴대폰 | m | c (?:[.:])";
const OFFICE: &str = r"tel (?:e[fp]h?on\p{L}* | efoon\p{L}* | éfono\p{L}* | efón\p{L}* )? | tél (?:éphone)? | (?:tele)?fon (?:nummer)? | phone | r[üu]e?ckruf\p{L}* | durchwahl | zentrale | festnetz
    | ruf\s?nummer | kontakt (?:nummer|nr) | (?:contact|call-?\s?back)\ (?:number|no\.) | direct | direkt | office | b[üu]e?ro | switchboard | hotline
    | (?: direto | directo | diretto | ufficio | oficina | bureau | fijo | fixe | fisso | kontor | växel | standard | vast ) \s?[.:] | ligne\ directe
    | (?:call|ring|reach|text)\ (?:me|us) | erreichbar | zu\ erreichen | erreich(?:en|t|st)\ (?:(?:sie|du|ihr)\ )?(?:mich|uns)(?:\ \p{L}+){0,3}\ unter | ruf(?:en|t)?\ (?:\p{L}+\ ){0,3}an | ph | tlf | puh (?:elin)? | (?:стац|сл|раб)?\.?\s?тел (?:ефон\p{L}*)? | τηλ (?:έφωνο)?
    | 电话 | 電話 | 전화 | [tp] | [dow] (?:[.:])";

/// A label with the start of its number.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?ix) (?: ^ | [^\p{{L}}\d'’] )
          ( (?P<both> (?: tel (?:efon)? | phone | fon ) \.? \s* [/&+] \s* (?:tele)?fax ) | (?P<fax> {FAX} ) | (?P<mobile> {MOBILE} ) | (?P<office> {OFFICE} ) )
          (?: [.:\s()–—|/=-] | \b (?: unter | ist | lautet | is | at | under | on | number | nummer | nr | no | num
              | mich | me | privat | work | home | phone | tel | direct | direkt ) \b ){{0,12}}
          (?P<number> [+(\d] )"
    ))
    .expect("a constant pattern")
});

/// A number that somebody calls theirs. What is named closer (`meine Kundennummer`, `my order number`) may be any other.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static THEIRS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (?: ^ | [.,;:!?(–—-] | \b (?: und | and | aber | but | denn | also ) ) \s*
          (?: meine | unsere | my | our ) \s+ (?: (?: neuen? | neue | aktuelle | private | direkte | new | current | private | direct | best ) \s+ )?
          (?: nummer | number | nr\.? ) \s* (?: : | (?: ist | lautet | is ) \b ) [\s:]*
          (?P<number> [+(\d] )",
    )
    .expect("a constant pattern")
});

/// What makes somebody's number one in another's books.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static BOOKS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) kunde | mitglied | bestell | auftrag | rechnung | vertrag | vorgang | ticket | konto | steuer | patient | versicher
            | customer | client | member | order | invoice | contract | account | \b tax | case | insur | reference",
    )
    .expect("a constant pattern")
});

/// Nothing but a label: its number stands in the next line.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static ALONE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(r"(?ix) ^ (?: (?P<fax> {FAX} ) | (?P<mobile> {MOBILE} ) | (?P<office> {OFFICE} ) ) [\s.:]* $"))
        .expect("a constant pattern")
});

/// A number as North America writes it.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static AMERICAN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\(?[2-9]\d\d\)?[ .-]{1,2}[2-9]\d\d[ .-]\d{4}\b").expect("a constant pattern"));

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
    to_call(&listed(text, "", country))
}

/// Those that can be called, each once.
pub(super) fn to_call(numbers: &[Number]) -> Vec<Phone> {
    let mut phones: Vec<Phone> = Vec::new();
    for phone in numbers.iter().filter(|number| number.reach != Reach::Fax).filter_map(|number| number.phone.as_ref()) {
        if !phones.contains(phone) {
            phones.push(phone.clone());
        }
    }
    phones.truncate(NUMBERS);
    phones
}

/// Numbers in what somebody typed and in the signature below it. In a signature a line that is nothing but a number is
/// one to call; in a text it needs a label, or stands near the end in international form.
pub(super) fn listed(text: &str, signature: &str, country: &str) -> Vec<Number> {
    let mut search = Search::new(country);
    search.all(text, signature);
    search.found
}

/// Whether a quoted mail begins with this line.
fn is_quote(line: &str) -> bool {
    memchr3(b':', b'-', b'_', line.as_bytes()).is_some() && QUOTE.is_match(line)
}

/// What the label says that its number reaches.
fn reach(label: &regex::Captures<'_>) -> Reach {
    if label.name("fax").is_some() {
        Reach::Fax
    } else if label.name("mobile").is_some() {
        Reach::Mobile
    } else {
        Reach::Office
    }
}

/// The search for numbers, line by line.
struct Search<'a> {
    region: Option<Region>,
    country: &'a str,
    found: Vec<Number>,
    /// The label that is all of the line before.
    said: Option<Reach>,
}

impl<'a> Search<'a> {
    /// A search for numbers of which those in national form belong to `country`.
    fn new(country: &'a str) -> Self {
        Self { region: Region::from_code(country).ok(), country, found: Vec::new(), said: None }
    }
}

impl Search<'_> {
    /// Searches what somebody typed and the signature below it.
    fn all(&mut self, text: &str, signature: &str) {
        let typed: Vec<&str> = text
            .lines()
            .take_while(|line| !is_quote(text::shorten(line, LINE)))
            .take(LINES)
            .filter(|line| !line.trim_start().starts_with('>'))
            .map(|line| text::shorten(line, LINE))
            .collect();
        let signature: Vec<&str> = signature.lines().take(LINES).map(|line| text::shorten(line, LINE)).collect();
        let written = |(_, line): &(usize, &&str)| !line.trim().is_empty();
        let backwards = signature.iter().rev().chain(typed.iter().rev()).enumerate();
        let end = backwards.filter(written).nth(SIGNATURE - 1);
        let end = end.map_or(0, |(below, _)| typed.len() + signature.len() - 1 - below);
        for (at, line) in typed.iter().chain(&signature).enumerate() {
            if line.bytes().filter(u8::is_ascii_digit).count() >= DIGITS {
                self.labelled(line);
                self.theirs(line);
            }
            if at >= end || at >= typed.len() {
                self.international(line);
            }
            if at >= typed.len() {
                self.bare(line);
            }
            self.remember(line);
            if self.found.len() >= 2 * NUMBERS {
                break;
            }
        }
    }

    /// Notes the label that is all of a line.
    fn remember(&mut self, line: &str) {
        let line = line.trim();
        if !line.is_empty() {
            self.said = (line.len() <= LABEL_ALONE).then(|| ALONE.captures(line)).flatten().map(|label| reach(&label));
        }
    }

    /// Numbers that follow what somebody calls their number.
    fn theirs(&mut self, line: &str) {
        for label in THEIRS.captures_iter(line) {
            let (Some(whole), Some(number)) = (label.get(0), label.name("number")) else { continue };
            let before = &line[..whole.start()];
            let sentence = before.rfind(['.', '!', '?']).map_or(before, |end| &before[end..]);
            if !BOOKS.is_match(sentence) {
                self.value(&line[number.start()..], None);
            }
        }
    }

    /// The number with which a text begins.
    fn value(&mut self, value: &str, said: Option<Reach>) {
        if let Some(american) = AMERICAN.find(value) {
            self.keep(american.as_str(), said);
        } else if let Some(number) = value.find_phone_numbers_with_preferred_region(self.region).next()
            && number.start < 3
        {
            self.keep(number.raw_string, said);
        }
    }

    /// Numbers that follow a label in their line.
    fn labelled(&mut self, line: &str) {
        let labels: Vec<_> = LABEL.captures_iter(line).collect();
        for (at, label) in labels.iter().enumerate() {
            let Some(start) = label.name("number").map(|number| number.start()) else { continue };
            let end = labels.get(at + 1).and_then(|next| next.get(0)).map_or(line.len(), |next| next.start());
            let value = &line[start..end.max(start)];
            self.value(value, Some(reach(label)));
        }
    }

    /// Numbers in international form; a label may stand before or behind them, or in the line above.
    fn international(&mut self, line: &str) {
        if !line.contains('+') && !line.contains("00") {
            return;
        }
        for number in line.find_phone_numbers_with_preferred_region(None) {
            let raw = number.raw_string.trim_start();
            if raw.starts_with(['+', '(']) {
                let around = self.beside(line, number.start, number.start + number.raw_string.len());
                self.keep(number.raw_string, around);
            }
        }
    }

    /// A piece of a signature that is nothing but a number, in national form.
    fn bare(&mut self, line: &str) {
        for piece in line.split(['|', '•', '·', '\t']).map(str::trim) {
            let digits = piece.bytes().filter(u8::is_ascii_digit).count();
            let number = piece
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '/' | '-' | '.' | '–' | '\u{a0}'));
            let dialled = piece.starts_with(['0', '(']) || AMERICAN.is_match(piece);
            if (7..=15).contains(&digits) && number && dialled {
                self.keep(piece, self.said);
            }
        }
    }

    /// What a label beside a number says.
    fn beside(&self, line: &str, start: usize, end: usize) -> Option<Reach> {
        let before = line[..start].to_lowercase();
        let label = before.split(|c: char| !c.is_alphanumeric()).rfind(|word| !word.is_empty()).unwrap_or_default();
        if label == "f" || label.ends_with("fax") || label.starts_with("fax") {
            return Some(Reach::Fax);
        }
        let behind = line[end..].trim_start_matches([' ', '(', '[', '-', '–']);
        let behind = behind.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        let behind = (behind.chars().count() > 1).then(|| ALONE.captures(behind)).flatten();
        behind.map(|label| reach(&label)).or(self.said.filter(|_| before.trim().is_empty()))
    }

    /// Keeps a number, once.
    fn keep(&mut self, raw: &str, said: Option<Reach>) {
        let written = text::line(raw);
        let country = if AMERICAN.is_match(&written) { "US" } else { self.country };
        let phone = phone::parse(raw, country, &mut Vec::new());
        let same = |known: &Number| match (&known.phone, &phone) {
            (Some(known), Some(phone)) => known == phone,
            _ => known.written == written,
        };
        if self.found.iter().any(same) {
            return;
        }
        let planned = phone.as_ref().map_or(Reach::Office, planned);
        let reach = match said {
            Some(Reach::Office) | None => planned,
            Some(said) => said,
        };
        self.found.push(Number { reach, phone, written });
    }
}

/// What the numbering plan says that a number reaches.
fn planned(phone: &Phone) -> Reach {
    let mobile = PHONE_NUMBER_UTIL
        .parse(phone.as_str(), None)
        .is_ok_and(|number| PHONE_NUMBER_UTIL.get_number_type(&number) == PhoneNumberType::Mobile);
    if mobile { Reach::Mobile } else { Reach::Office }
}

/// The region of numbers in national form: that of an international number beside them, else that of the writer's
/// address, else ours.
pub(super) fn region(signature: &str, domain: &str, ours: &str) -> String {
    let abroad = signature.lines().take(40).find_map(|line| {
        let line = text::shorten(line, LINE);
        let number =
            line.contains('+').then(|| line.find_phone_numbers_with_preferred_region(None).next()).flatten()?;
        phone::country(&phone::parse(number.raw_string, "", &mut Vec::new())?)
    });
    abroad.or_else(|| country_of(domain)).unwrap_or_else(|| ours.to_owned())
}

/// The country that a mail domain is of, ISO 3166-1 alpha-2: `.br` is Brazil, `.uk` is `GB`, and `.com` is nowhere.
pub(in crate::normalize) fn country_of(domain: &str) -> Option<String> {
    let top = domain.rsplit('.').next().unwrap_or_default().to_ascii_uppercase();
    // Letters of countries that anybody takes for a name.
    let everybodys = ["IO", "AI", "CO", "ME", "TV", "CC", "LY", "TO", "FM", "GG", "SO", "SH", "IM", "LA", "WS", "VC"];
    let top = if top == "UK" { "GB".to_owned() } else { top };
    (top.len() == 2 && !everybodys.contains(&&*top) && Region::from_code(&top).is_ok()).then_some(top)
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
            ("Meine Nummer ist 0171 2345678", &["+491712345678"]),
            ("Bitte melden Sie sich, meine neue Nummer lautet: 0171 2345678", &["+491712345678"]),
            ("Thanks! My number is 0171 2345678", &["+491712345678"]),
            ("Sie erreichen mich tagsüber unter 0171 2345678", &["+491712345678"]),
            ("Rufnummer: 0171 2345678", &["+491712345678"]),
            ("Meine Kundennummer ist 0301234567", &[]),
            ("Meine Bestellnummer: 0301234567", &[]),
            ("My order number is 0301234567", &[]),
            ("my customer number: 0301234567", &[]),
            ("Ich bin Kunde bei Ihnen, meine Nummer ist 0301234567", &[]),
            ("Meine Nummer ist 4711", &[]),
            ("Nummer 4711, 0301234567", &[]),
            ("Die Nummer ist 0301234567", &[]),
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
