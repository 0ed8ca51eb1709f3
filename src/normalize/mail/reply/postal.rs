//! Postal addresses in signatures: the town with its code, and the street before it.

use std::sync::LazyLock;

use regex::Regex;

use super::contact::WIDTH;

#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static TOWN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        ^ (?: (?:[A-Z]{1,3}|D|CZ|SK|PL|〒)[-\ ]? )? (?: \d{4,6} | \d{3}\ \d{2} | \d{2}-\d{3} | \d{4}-\d{3} | \d{3}-\d{4} | LV-\d{4} | LT-\d{5} | AD\d{3} ) (?: \ ?[A-Z]{2} \b )? ,? \s+ [\p{Lu}\p{Lo}'’] [\p{L}.'’-]
        | \b [A-Z]{1,2} \d [A-Z\d]? \ ? \d [A-Z]{2} $
        | \b [A-Z]{1,2} \d [A-Z\d]? \  \d [A-Z]{2} , \s
        | , \s [A-Z]{2} ,? \s \d{5} (?:-\d{4})? \b
        | \b [A-Z] \d [A-Z] \  \d [A-Z] \d $
        | ^ (?:〒) \s? \d{3}-\d{4}
        | ^ \p{Lu} [\p{L}.\ -]+ ,? \s \d{4,6} $ ",
    )
    .expect("a constant pattern")
});

#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:address|adresse|anschrift|adres|adress|indirizzo|dirección|direccion|endereço|morada|adresa|cím|osoite|адрес|адреса|διεύθυνση|住所|地址|a)\s*[:：]\s*")
        .expect("a constant pattern")
});

#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static STREET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\d{1,4} ?[a-zA-Z]?,? \p{L}[\p{L}.'’ -]+$|^\p{Lu}[\p{L}.'’ -]+,? \d{1,4} ?[a-zA-Z]?$")
        .expect("a constant pattern")
});

/// Whether a line may be a street with its number.
pub(super) fn is_street(line: &str) -> bool {
    line.split_whitespace().count() <= 7 && line.chars().count() <= WIDTH && STREET.is_match(line)
}

/// Whether a line, or what follows a comma in it, names a town with its code.
pub(super) fn is_town(line: &str) -> bool {
    line.chars().count() <= WIDTH && town(line).is_some()
}

/// Where the town begins in a piece of a line.
fn town(piece: &str) -> Option<usize> {
    let marks = piece.match_indices([',', '–']).chain(piece.match_indices(" - "));
    let mut starts = std::iter::once(0).chain(marks.take(8).map(|(at, mark)| at + mark.len()));
    starts.find(|&at| {
        let rest = piece[at..].trim_start();
        TOWN.is_match(rest) && !rest.contains(['@', ':'])
    })
}

/// The address in a signature: the town, and the street before it in the same line or above.
pub(super) fn address(lines: &[&str]) -> Option<String> {
    let pieces: Vec<&str> = lines
        .iter()
        .filter(|line| line.chars().count() <= 2 * WIDTH)
        .flat_map(|line| line.split(['|', '•', '·', '\t']).flat_map(|piece| piece.split(" // ")))
        .map(|piece| LABEL.find(piece.trim()).map_or(piece.trim(), |label| &piece.trim()[label.end()..]))
        .filter(|piece| !piece.is_empty())
        .collect();
    let (at, start) = pieces.iter().enumerate().find_map(|(at, piece)| {
        // A number to call is no town.
        let digits = piece.bytes().filter(u8::is_ascii_digit).count();
        (digits <= 16 && !piece.contains('+')).then(|| town(piece)).flatten().map(|start| (at, start))
    })?;
    let piece = pieces[at].trim_end_matches([',', ';']);
    let street = |line: &&str| {
        line.chars().count() <= WIDTH
            && line.chars().any(|c| c.is_ascii_digit())
            && !line.contains(['@', ':', '+'])
            && !line.contains("www.")
    };
    let before = piece[..start].trim_end_matches([',', ' ', '–', '-']);
    if before.chars().any(|c| c.is_ascii_digit()) {
        // A company before the street in the same line is none of it.
        let parts: Vec<&str> = before.split(", ").collect();
        let from = parts.iter().position(street).unwrap_or(0);
        let rest = piece[start..].trim_start_matches([',', ' ', '–']);
        return Some(format!("{}, {rest}", parts[from..].join(", ")));
    }
    let above =
        at.checked_sub(1).map(|at| pieces[at].trim_end_matches(',')).filter(|line| street(line) && before.is_empty());
    let rest = piece[start..].trim_start_matches([',', ' ', '–']);
    let rest = if before.is_empty() { rest } else { piece };
    Some(above.map_or_else(|| rest.to_owned(), |street| format!("{street}, {rest}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_many_countries_are_found() {
        for (text, expected) in [
            ("Musterstraße 5\n10115 Berlin", "Musterstraße 5, 10115 Berlin"),
            ("Muster GmbH, Musterstr. 5, 10115 Berlin", "Musterstr. 5, 10115 Berlin"),
            ("Musterstr. 5 | D-10115 Berlin | Tel. 030 1234567", "Musterstr. 5, D-10115 Berlin"),
            ("12 rue de la Paix\n75002 Paris", "12 rue de la Paix, 75002 Paris"),
            ("Via Roma 12 - 20121 Milano (MI)", "Via Roma 12, 20121 Milano (MI)"),
            ("Keizersgracht 5\n1015 CJ Amsterdam", "Keizersgracht 5, 1015 CJ Amsterdam"),
            ("Storgatan 5\n123 45 Ytterby", "Storgatan 5, 123 45 Ytterby"),
            ("ul. Prosta 20\n00-850 Warszawa", "ul. Prosta 20, 00-850 Warszawa"),
            ("Rua Augusta 10\n1100-053 Lisboa", "Rua Augusta 10, 1100-053 Lisboa"),
            ("10 High Street, London SW1A 1AA", "10 High Street, London SW1A 1AA"),
            ("12 Main St, Springfield, IL 62701", "12 Main St, Springfield, IL 62701"),
        ] {
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(address(&lines).as_deref(), Some(expected), "{text}");
        }
        for text in ["Tel. 030 1234567", "+49 30 1234567", "Max Muster\nCEO", "Order 12345 of May"] {
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(address(&lines), None, "{text}");
        }
    }
}
