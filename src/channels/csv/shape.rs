//! What a cell looks like: the evidence for separators and headers.

/// Whether a cell looks like something.
type Test = fn(&str) -> bool;

/// The look of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing.
    Empty,
    /// A number with decimals, groups, a sign, a currency or a percent sign of any country.
    Number,
    /// A date, with or without a time.
    Date,
    /// A time of day.
    Time,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// A telephone number.
    Phone,
    /// Anything else.
    Text,
}

impl Shape {
    /// The look of this cell.
    pub(super) fn of(cell: &str) -> Self {
        let cell = cell.trim();
        let tests: [(Test, Self); 6] = [
            (is_number, Self::Number),
            (is_date, Self::Date),
            (is_time, Self::Time),
            (is_email, Self::Email),
            (is_url, Self::Url),
            (is_phone, Self::Phone),
        ];
        if cell.is_empty() {
            return Self::Empty;
        }
        if cell.len() > 2000 {
            return Self::Text;
        }
        tests.iter().find(|(test, _)| test(cell)).map_or(Self::Text, |(_, shape)| *shape)
    }

    /// Whether the cell is a value, such as no header is.
    pub(super) fn is_value(self) -> bool {
        !matches!(self, Self::Empty | Self::Text)
    }
}

fn is_number(cell: &str) -> bool {
    let core = cell.trim_start_matches(['+', '-', '$', '€', '£', '(', ' ']);
    let core = core.trim_end_matches(['%', '$', '€', '£', ')', ' ', '\u{a0}']);
    let core =
        core.strip_suffix("EUR").or(core.strip_suffix("USD")).or(core.strip_suffix("CHF")).unwrap_or(core).trim_end();
    if !core.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',') {
        return false;
    }
    let (mantissa, exponent) = core.split_once(['e', 'E']).unwrap_or((core, "0"));
    let exponent = exponent.trim_start_matches(['+', '-']);
    !exponent.is_empty()
        && exponent.len() <= 3
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
        && is_grouped(mantissa)
}

/// `1234`, `1.234,56`, `1 234,5`, `1'234.50`: groups of three, and one decimal separator at most.
fn is_grouped(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['.', ',', '\'', '’', ' ', '\u{a0}', '\u{202f}']).collect();
    let digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !parts.iter().all(digits) || parts.iter().all(|part| part.is_empty()) {
        return false;
    }
    let [first, middle @ .., last] = parts.as_slice() else { return true };
    let groups = middle.iter().all(|part| part.len() == 3) && (middle.is_empty() || (1..=3).contains(&first.len()));
    let decimal = text.rfind(['.', ',']).is_some_and(|at| text.len() - at - 1 == last.len());
    groups && (decimal || last.len() == 3)
}

fn is_date(cell: &str) -> bool {
    let (date, time) = match cell.split_once(['T', ' ']) {
        Some((date, time)) => (date.trim_end_matches(','), Some(time.trim())),
        None => (cell, None),
    };
    let parts: Vec<&str> = date.trim_end_matches('.').split(['.', '/', '-']).collect();
    let digits = |part: &&str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let [a, b, c] = parts.as_slice() else { return false };
    let named = b.len() >= 3 && b.len() <= 9 && b.chars().all(char::is_alphabetic) && date.contains('-');
    let year_first = a.len() == 4 && b.len() <= 2 && c.len() <= 2;
    let year_last = a.len() <= 2 && (b.len() <= 2 || named) && (c.len() == 2 || c.len() == 4);
    digits(a) && (digits(b) || named) && digits(c) && (year_first || year_last) && time.is_none_or(is_time)
}

fn is_time(cell: &str) -> bool {
    let cell = cell.trim_end_matches("Uhr").trim_end_matches(['Z', ' ']);
    let cell = cell.trim_end_matches(['A', 'P', 'a', 'p', 'M', 'm', ' ']);
    let cell = match cell.rfind(['+', '-']) {
        Some(zone) if zone > 0 => &cell[..zone],
        _ => cell,
    };
    let parts: Vec<&str> = cell.split(':').collect();
    let number = |part: &str, max: f64| part.parse::<f64>().is_ok_and(|value| (0.0..max).contains(&value));
    match parts.as_slice() {
        [hour, minute] => hour.len() <= 2 && minute.len() == 2 && number(hour, 25.0) && number(minute, 60.0),
        [hour, minute, second] => number(hour, 25.0) && number(minute, 60.0) && number(second, 61.0),
        _ => false,
    }
}

/// Whether this is an address, or several.
pub(super) fn is_email(cell: &str) -> bool {
    let one = |part: &str| {
        part.split_once('@').is_some_and(|(local, domain)| {
            let fits = |c: char| !c.is_whitespace() && !matches!(c, '@' | ',' | ';' | '"' | '|' | '<' | '>');
            let dotted =
                domain.rsplit_once('.').is_some_and(|(host, top)| !host.is_empty() && top.chars().count() >= 2);
            !local.is_empty() && dotted && local.chars().all(fits) && domain.chars().all(fits)
        })
    };
    cell.contains('@') && cell.split([';', ',', ' ']).filter(|part| !part.is_empty()).all(one)
}

fn is_url(cell: &str) -> bool {
    let lower: String = cell.chars().take(8).collect::<String>().to_ascii_lowercase();
    let starts = ["http://", "https://", "ftp://", "www."].iter().any(|start| lower.starts_with(start));
    starts && !cell.contains([' ', '\t', ';', '|', '"']) && cell.len() > 8
}

/// Whether this is a number to call: long enough, and written with what numbers are written with.
pub(super) fn is_phone(cell: &str) -> bool {
    let cell = cell.trim_start_matches(['\'', '`']);
    let cell = cell.strip_prefix("p:").unwrap_or(cell);
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let fits = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '/' | '(' | ')' | '.' | '\u{a0}');
    (6..=20).contains(&digits)
        && cell.chars().all(fits)
        && cell.starts_with(|c: char| c.is_ascii_digit() || "+(".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_from_text() {
        use Shape::{Date, Email, Empty, Number, Phone, Text, Time, Url};
        let table: &[(Shape, &[&str])] = &[
            (Empty, &["", "  "]),
            (
                Number,
                &[
                    "1",
                    "-1,5",
                    "1.234,56",
                    "1,234.56",
                    "1 234,5",
                    "12 %",
                    "3,50 €",
                    "1e5",
                    "0.23",
                    ".5",
                    "40817810904500021928",
                ],
            ),
            (
                Date,
                &[
                    "01.02.2026",
                    "1.2.26",
                    "2026-02-01",
                    "2024-01-15 10:00:00",
                    "2026-11-23T09:12:44Z",
                    "12/31/2025",
                    "01-Jan-2024",
                ],
            ),
            (Time, &["09:30", "23:59:59", "9:30 Uhr", "9:30 AM"]),
            (Email, &["max@firma.example", "a@b.de;c@d.de"]),
            (Url, &["https://www.firma.example/x?y=1", "www.firma.example"]),
            (Phone, &["+49 30 1234567", "030/1234567", "(0)30 123 45 67", "06 12 34 56 78"]),
            (
                Text,
                &[
                    "Name",
                    "E-Mail",
                    "1;5",
                    "3 Zimmer",
                    "Straße 5",
                    "a.b",
                    "12-ab",
                    "1,5;2,5",
                    "@",
                    "a@b",
                    "10115 Berlin",
                ],
            ),
        ];
        for (shape, cells) in table {
            for cell in *cells {
                assert_eq!(Shape::of(cell), *shape, "{cell}");
            }
        }
    }
}
