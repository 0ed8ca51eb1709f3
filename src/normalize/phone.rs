//! Telephone numbers. In: what somebody typed. Out: [`Phone`] in E.164 form, or why there is none.
//!
//! Only numbers that can be dialled are numbers; a number without a country code belongs to the
//! region it is read for. Nothing is guessed: what a spreadsheet has rounded is lost.

use rlibphonenumber::phonenumber_matcher::FindNumberExt;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};

use super::text::{line, shorten};
use crate::lead::Phone;

/// Numbers taken from one text.
const MAX_NUMBERS: usize = 10;

/// Bytes of one cell that are looked at.
const MAX_CELL: usize = 500;

/// Bytes of free text that are searched.
const MAX_SEARCHED: usize = 64 << 10;

/// What a cell of telephone numbers says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// The numbers in order, each once, at most 10.
    pub phones: Vec<Phone>,
    /// What could not be read, as sentences.
    pub problems: Vec<String>,
    /// Whether the numbers say all that the cell said; otherwise its text is worth keeping.
    pub whole: bool,
}

/// The first number in `text`, read for `region` (ISO 3166-1 alpha-2) where it has no country
/// code. What could not be read is added to `problems`.
#[must_use]
pub fn parse(text: &str, region: &str, problems: &mut Vec<String>) -> Option<Phone> {
    let numbers = read(text, region);
    problems.extend(numbers.problems);
    numbers.phones.into_iter().next()
}

/// All numbers of a cell: `030 123456; 0171 1234567`, `+49 30 123456 / 0171 1234567`.
#[must_use]
pub fn read(text: &str, region: &str) -> Numbers {
    let text = line(&shorten(text.trim(), MAX_CELL).replace(['\n', '\r'], "; "));
    let region = Region::from_code(region).ok();
    let mut numbers = Numbers { whole: true, ..Numbers::default() };
    if rounded(&text) {
        let problem = format!("`{text}` is a telephone number that a spreadsheet has rounded; its digits are lost");
        return Numbers { problems: vec![problem], whole: false, ..numbers };
    }
    if let Some(number) = one(&text, region) {
        numbers.take(&number);
        return numbers;
    }
    for piece in pieces(&text) {
        let halves = if one(piece, region).is_some() { vec![piece] } else { piece.split(['/', '\\']).collect() };
        let all = halves.iter().all(|half| !has_digit(half) || one(half, region).is_some());
        for half in if all { halves } else { vec![piece] } {
            numbers.piece(half.trim(), region);
        }
    }
    numbers
}

/// The country a number belongs to, ISO 3166-1 alpha-2; `None` for numbers of no country (`+800`).
#[must_use]
pub fn country(phone: &Phone) -> Option<String> {
    let number = PHONE_NUMBER_UTIL.parse(phone.as_str(), None).ok()?;
    let region = PHONE_NUMBER_UTIL.get_region_for_number(&number)?;
    (region != Region::World).then(|| region.as_region_str().to_string())
}

/// Whether the numbers of a country (ISO 3166-1 alpha-2) have this country code.
pub(super) fn has_code(country: &str, code: i32) -> bool {
    let region = Region::from_code(country).ok();
    region.and_then(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(region)).is_some_and(|its| its == code)
}

/// Whether a text has just as many digits as the numbers of people in a region, where all of them have the same:
/// then it is one of the region's, even if nobody has been given it so far.
#[must_use]
pub(super) fn fits(text: &str, region: &str) -> bool {
    let Ok(region) = Region::from_code(region) else { return false };
    let text = without_label(text);
    let is_possible = |text: &str, kind: PhoneNumberType| {
        let number = PHONE_NUMBER_UTIL.parse(text, Some(region)).ok();
        number.is_some_and(|number| PHONE_NUMBER_UTIL.is_possible_number_for_type(&number, kind))
    };
    let longer = format!("{text}0");
    let kinds = [PhoneNumberType::FixedLine, PhoneNumberType::Mobile];
    kinds.into_iter().any(|kind| is_possible(text, kind)) && !kinds.into_iter().any(|kind| is_possible(&longer, kind))
}

/// The country code of a number, and the rest of its digits.
pub(crate) fn parts(phone: &Phone) -> Option<(String, String)> {
    let number = PHONE_NUMBER_UTIL.parse(phone.as_str(), None).ok()?;
    let code = number.country_code.to_string();
    let rest = phone.as_str().strip_prefix('+')?.strip_prefix(code.as_str())?.to_owned();
    Some((code, rest))
}

/// Every number in free text that is written like one, each once, at most 10.
#[must_use]
pub fn find(text: &str, region: &str) -> Vec<Phone> {
    let mut numbers = Numbers::default();
    search(shorten(text, MAX_SEARCHED), Region::from_code(region).ok(), &mut numbers);
    numbers.phones
}

impl Numbers {
    /// Reads what stands between two separators.
    fn piece(&mut self, piece: &str, region: Option<Region>) {
        if let Some(number) = one(piece, region) {
            self.take(&number);
            return;
        }
        if piece.is_empty() {
            return;
        }
        self.whole = false;
        if !has_digit(piece) {
            return;
        }
        let before = self.phones.len();
        search(piece, region, self);
        if self.phones.len() == before {
            let shown = shorten(piece, 60);
            self.problems.push(format!("`{shown}` is no telephone number that can be dialled"));
        }
    }

    fn take(&mut self, number: &PhoneNumber) {
        let phone = Phone(number.format_as(PhoneNumberFormat::E164).into_owned());
        if let Some(extension) = number.extension.as_deref().filter(|extension| !extension.is_empty()) {
            self.problems.push(format!("the extension {extension} is not part of {phone}"));
            self.whole = false;
        }
        if self.phones.len() < MAX_NUMBERS && !self.phones.contains(&phone) {
            self.phones.push(phone);
        }
    }
}

/// Takes the numbers that stand in text.
fn search(text: &str, region: Option<Region>, numbers: &mut Numbers) {
    for found in text.find_phone_numbers_with_preferred_region(region).take(MAX_NUMBERS) {
        numbers.take(&found.number);
    }
}

/// The one valid number that `text` is, forgiving a label before it and blank space.
fn one(text: &str, region: Option<Region>) -> Option<PhoneNumber> {
    let text = without_label(text);
    if text.len() < 3 || text.contains('@') {
        return None;
    }
    let text = with_extension(text);
    let valid = |text: &str| PHONE_NUMBER_UTIL.parse(text, region).ok().filter(PhoneNumber::is_valid);
    let number = international(&text, region).or_else(|| valid(&text)).or_else(|| {
        // `00` is how most of the world dials `+`, whatever the region does.
        let abroad = text.strip_prefix("00").filter(|rest| !rest.starts_with('0'))?;
        valid(&format!("+{abroad}"))
    })?;
    // Letters would be read as the keys they stand on.
    let letters = text.replace(" ext. ", "").chars().any(char::is_alphabetic);
    (!letters).then_some(number)
}

/// The number with the `+` that it lost: where national numbers are written with `0` in front, one
/// that begins with the region's own country code instead is an international one.
fn international(text: &str, region: Option<Region>) -> Option<PhoneNumber> {
    let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region?)?;
    text.strip_prefix(&code.to_string())?;
    let number = PHONE_NUMBER_UTIL.parse(format!("+{text}"), None).ok().filter(PhoneNumber::is_valid)?;
    number.format_as(PhoneNumberFormat::National).trim_start_matches('(').starts_with('0').then_some(number)
}

/// Pieces between separators that never stand inside a number.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', ',', '|', '&'])
        .flat_map(|piece| piece.split(" und "))
        .flat_map(|piece| piece.split(" oder "))
        .flat_map(|piece| piece.split(" and "))
        .flat_map(|piece| piece.split(" or "))
        .map(str::trim)
}

/// The text without `Tel.:`, `tel:`, `Mobil` and the marks by which spreadsheets keep zeros.
fn without_label(text: &str) -> &str {
    const LABELS: [&str; 19] = [
        "telefonnummer",
        "telephone",
        "telefoon",
        "telefono",
        "telefone",
        "telefon",
        "whatsapp",
        "callto",
        "handy",
        "mobile",
        "mobil",
        "phone",
        "festnetz",
        "fon",
        "tel",
        "cell",
        "office",
        "home",
        "work",
    ];
    let start = text
        .trim()
        .trim_start_matches(['`', '\'', '=', '"', '☎', '✆', '📞', '📱', ':'])
        .trim_end_matches(['"', '\'', '.']);
    let label =
        LABELS.iter().find(|label| start.get(..label.len()).is_some_and(|word| word.eq_ignore_ascii_case(label)));
    let rest = label.map_or(start, |label| &start[label.len()..]);
    rest.trim_start_matches(|c: char| matches!(c, '.' | ':' | '-' | '\u{fe0f}') || c.is_whitespace()).trim_end()
}

/// German words for an extension, as the one the numbering library knows.
fn with_extension(text: &str) -> String {
    let lower = text.to_lowercase();
    for word in ["durchwahl", "dw.", "dw", "apparat", "app.", "extension", "ext.", "ext", "poste"] {
        if let Some((number, extension)) = lower.split_once(word) {
            let extension = extension.trim_start_matches([':', '.', ' ', '-']);
            if !extension.is_empty() && extension.len() <= 7 && extension.bytes().all(|b| b.is_ascii_digit()) {
                return format!("{} ext. {extension}", number.trim_end_matches([' ', ',', ';', '-', '(']));
            }
        }
    }
    text.to_owned()
}

/// Whether a spreadsheet wrote the number as `4.93012E+11`.
fn rounded(text: &str) -> bool {
    let Some((digits, power)) = text.split_once(['e', 'E']) else { return false };
    let is = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is(&digits.replacen(['.', ','], "", 1)) && is(power.trim_start_matches('+'))
}

fn has_digit(text: &str) -> bool {
    text.chars().any(char::is_numeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phones(text: &str, region: &str) -> Vec<String> {
        read(text, region).phones.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_number_is_e164_however_it_is_written() {
        let cases = [
            ("030 12345678", "DE", "+493012345678"),
            ("030/12345678", "DE", "+493012345678"),
            ("030 / 123 456 78", "DE", "+493012345678"),
            ("(030) 123-456-78", "DE", "+493012345678"),
            ("+49 (0) 30 12345678", "DE", "+493012345678"),
            ("+49(0)30/12345678", "US", "+493012345678"),
            ("0049 30 12345678", "DE", "+493012345678"),
            ("0049 30 12345678", "US", "+493012345678"),
            ("Tel.: 030 12345678", "DE", "+493012345678"),
            ("tel:+49-30-12345678", "DE", "+493012345678"),
            ("Mobil 0171 2345678", "DE", "+491712345678"),
            ("491712345678", "DE", "+491712345678"),
            ("'01712345678", "DE", "+491712345678"),
            ("`09829300877", "IN", "+919829300877"),
            ("06 12 34 56 78", "FR", "+33612345678"),
            ("(202) 555-0146", "US", "+12025550146"),
            ("+43 1 5880 4", "DE", "+43158804"),
            ("\u{202a}+49 171 2345678\u{202c}", "DE", "+491712345678"),
            ("+49\u{a0}171\u{2009}2345678", "DE", "+491712345678"),
            ("０３０ １２３４５６７８", "DE", "+493012345678"),
        ];
        for (text, region, number) in cases {
            assert_eq!(phones(text, region), [number], "{text} {region}");
            assert!(read(text, region).problems.is_empty(), "{text}");
        }
    }

    #[test]
    fn several_numbers_in_one_cell_are_all_read() {
        let cases = [
            ("030 12345678; 0171 2345678", "DE", vec!["+493012345678", "+491712345678"]),
            ("030/12345678, 0171/2345678", "DE", vec!["+493012345678", "+491712345678"]),
            ("030 12345678 / 0171 2345678", "DE", vec!["+493012345678", "+491712345678"]),
            ("9718100484/9911100466", "IN", vec!["+919718100484", "+919911100466"]),
            ("030 12345678 oder 0171 2345678", "DE", vec!["+493012345678", "+491712345678"]),
            ("Tel: 030 12345678 Mobil: 0171 2345678", "DE", vec!["+493012345678", "+491712345678"]),
            ("030 12345678\n030 12345678", "DE", vec!["+493012345678"]),
        ];
        for (text, region, numbers) in cases {
            assert_eq!(phones(text, region), numbers, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_a_problem_and_no_number() {
        for text in
            ["12", "0", "123", "4.93012E+11", "4,93012E+11", "+49 30 1", "+999 123456", "99999999999999999999", "1/2"]
        {
            let numbers = read(text, "DE");
            assert!(numbers.phones.is_empty() && !numbers.problems.is_empty() && !numbers.whole, "{text}: {numbers:?}");
        }
        for text in ["keine", "-", "n/a", "?"] {
            let numbers = read(text, "DE");
            assert!(numbers.phones.is_empty() && numbers.problems.is_empty() && !numbers.whole, "{text}: {numbers:?}");
        }
        assert!(read(&"0".repeat(100_000), "DE").phones.is_empty());
    }

    #[test]
    fn a_text_may_be_of_a_region_without_being_a_number() {
        for (text, region, fit) in [
            ("06 98765432", "NL", true),
            ("Tel. 07 00 00 00 00", "FR", true),
            ("030 12345678", "NL", false),
            ("030 12345678", "FR", false),
            ("030 12345678", "CH", false),
            // Numbers of many lengths.
            ("089 1234567", "AT", false),
            ("06 98765432", "DE", false),
            ("06 98765432", "EU", false),
            ("abc", "NL", false),
        ] {
            assert_eq!(fits(text, region), fit, "{text} {region}");
        }
    }

    #[test]
    fn an_extension_is_named_and_the_text_worth_keeping() {
        for text in ["030 12345678 Durchwahl 12", "+49 30 12345678 ext. 12", "030 12345678 DW 12", "030 12345678 x12"] {
            let numbers = read(text, "DE");
            assert_eq!(numbers.phones.iter().map(Phone::as_str).collect::<Vec<_>>(), ["+493012345678"], "{text}");
            assert_eq!(numbers.problems, ["the extension 12 is not part of +493012345678"], "{text}");
            assert!(!numbers.whole, "{text}");
        }
    }

    #[test]
    fn words_are_never_read_as_keys() {
        let numbers = read("030 12345678 bitte abends", "DE");
        assert_eq!(numbers.phones.iter().map(Phone::as_str).collect::<Vec<_>>(), ["+493012345678"]);
        assert!(!numbers.whole);
    }

    #[test]
    fn numbers_in_free_text_are_found_and_dates_are_not() {
        let text = "Rufen Sie mich am 23.11.2026 unter 030 12345678 an, Rechnung 4711-2026, sonst +43 1 5880 4.";
        assert_eq!(find(text, "DE").iter().map(Phone::as_str).collect::<Vec<_>>(), ["+493012345678", "+43158804"]);
    }
}
