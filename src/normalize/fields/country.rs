//! Countries and languages by code or by name. In: what somebody typed. Out: the ISO code, where
//! it is certain.

use std::collections::HashMap;
use std::sync::LazyLock;

use deunicode::deunicode;

/// Codes by bare name.
static COUNTRIES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| table(include_str!("countries.txt")));
static LANGUAGES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| table(include_str!("languages.txt")));

/// ISO 3166-1 alpha-2 of a country: `Deutschland`, `DEU`, `de`, `Germany (DE)`, `🇩🇪`.
#[must_use]
pub fn country(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.len() > 100 {
        return None;
    }
    let find = |text: &str| find(&COUNTRIES, text);
    flag(text).as_deref().and_then(find).or_else(|| find(text)).or_else(|| {
        // `Germany (DE)`, `DE - Deutschland`: both halves say the same.
        let (one, other) = text.split_once(['(', '-', '/', '|', ','])?;
        let (one, other) = (find(one)?, find(other)?);
        (one == other).then_some(one)
    })
}

/// ISO 639-1 of a language: `Deutsch`, `de`, `deu`, `de-DE`, `de_AT`, `German`.
#[must_use]
pub fn language(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.len() > 100 {
        return None;
    }
    let find = |text: &str| find(&LANGUAGES, text);
    find(text).or_else(|| {
        let (code, region) = text.split_once(['-', '_'])?;
        ((2..=3).contains(&code.len()) && region.len() <= 8).then(|| find(code)).flatten()
    })
}

fn find(codes: &HashMap<String, &'static str>, text: &str) -> Option<&'static str> {
    // Codes first, as they are: the bare form of `AE` is no code.
    codes.get(&text.trim().to_ascii_lowercase()).or_else(|| codes.get(&bare(text))).copied()
}

/// The letters of a flag.
fn flag(text: &str) -> Option<String> {
    let letter =
        |c: char| char::from_u32(u32::from(c).checked_sub(0x1_f1e6)? + u32::from('A')).filter(char::is_ascii_uppercase);
    let mut chars = text.chars();
    let code: String = [letter(chars.next()?)?, letter(chars.next()?)?].iter().collect();
    chars.as_str().is_empty().then_some(code)
}

/// Lower-case ASCII letters; `ae`, `oe`, `ue` as the umlauts they may stand for.
fn bare(text: &str) -> String {
    let letters: String = deunicode(text).to_lowercase().chars().filter(char::is_ascii_alphabetic).collect();
    letters.replace("ae", "a").replace("oe", "o").replace("ue", "u")
}

fn table(text: &'static str) -> HashMap<String, &'static str> {
    let mut codes = HashMap::new();
    for row in text.lines().filter(|row| !row.starts_with('#')) {
        let mut parts = row.splitn(3, ' ');
        let (Some(two), Some(three), Some(names)) = (parts.next(), parts.next(), parts.next()) else { continue };
        for name in names.split('|') {
            codes.entry(bare(name)).or_insert(two);
        }
        // A code is always itself, whatever country has it for a name.
        codes.insert(two.to_ascii_lowercase(), two);
        codes.insert(three.to_ascii_lowercase(), two);
    }
    codes.remove("");
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_code_and_name() {
        let cases = [
            ("DE", "DE"),
            ("de", "DE"),
            ("DEU", "DE"),
            ("Deutschland", "DE"),
            ("GERMANY", "DE"),
            ("Germany (DE)", "DE"),
            ("🇩🇪", "DE"),
            ("Österreich", "AT"),
            ("Oesterreich", "AT"),
            ("Schweiz", "CH"),
            ("Suisse", "CH"),
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("UK", "GB"),
            ("Großbritannien", "GB"),
            ("The Netherlands", "NL"),
            ("Polska", "PL"),
            ("Brasil", "BR"),
            ("United Arab Emirates", "AE"),
            ("Côte d’Ivoire", "CI"),
            ("Türkiye", "TR"),
            ("España", "ES"),
            ("Guinea-Bissau", "GW"),
        ];
        for (text, code) in cases {
            assert_eq!(country(text), Some(code), "{text}");
        }
        for text in ["", "Europa", "DACH", "Deutschland und Österreich", "XX", "Bayern", "123", "DE / AT"] {
            assert_eq!(country(text), None, "{text}");
        }
    }

    #[test]
    fn every_code_is_its_own() {
        for row in include_str!("countries.txt").lines().filter(|row| !row.starts_with('#')) {
            assert_eq!(country(&row[..2]), Some(&row[..2]), "{row}");
            assert_eq!(country(&row[3..6]), Some(&row[..2]), "{row}");
        }
    }

    #[test]
    fn languages_are_known_by_code_and_name() {
        for (text, code) in [
            ("de", "de"),
            ("de-DE", "de"),
            ("de_AT", "de"),
            ("Deutsch", "de"),
            ("German", "de"),
            ("ENG", "en"),
            ("Français", "fr"),
            ("polski", "pl"),
        ] {
            assert_eq!(language(text), Some(code), "{text}");
        }
        for text in ["", "x", "Klingonisch", "Deutsch/Englisch"] {
            assert_eq!(language(text), None, "{text}");
        }
    }
}
