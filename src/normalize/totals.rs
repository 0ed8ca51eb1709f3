//! Rows of a table that sum up the others: `Summe;;17;4.200,00`.
//!
//! In: the filled cells of a row. Out: the reason why it is nobody's. A row with anything that may be
//! a name, an address or a number to call is somebody's.

use deunicode::deunicode;
use serde_json::Value;

use super::fields::Pair;
use super::fields::label::{self, Slot};

/// Words that head a sum, in plain letters.
const SUMS: &str = "summe|gesamtsumme|gesamt|insgesamt|zwischensumme|endsumme|total|totals|subtotal|sum|totaux|somme|suma|totale|\
                    totali|somma|totaal|totalt|yhteensa|razem|ogolem|celkem|soucet|osszesen|itogo|vsego|toplam|subtotale|soustotal";

/// Words that may stand beside those.
const BESIDE: &str = "grand|netto|brutto|net|gross|general|generale|eur|euro|usd|chf|gbp|ht|ttc|leads|kontakte|contacts|zeilen|rows|\
                      anzahl|count|datensatze|records|der|of|de|du|des|in";

/// Why a row is nobody's; `None` where it may be somebody's.
pub(super) fn reason(pairs: &[Pair]) -> Option<String> {
    let cells: Vec<(&str, String)> = pairs.iter().map(|pair| (pair.label.as_str(), text(&pair.value))).collect();
    let sum = cells.iter().find(|(_, text)| is_sum(text));
    let nobodys =
        cells.iter().all(|(label, text)| is_sum(text) || is_figure(text) && !may_be_called(label, text, sum.is_some()));
    match (nobodys, sum) {
        (false, _) => None,
        (true, Some((_, word))) => Some(format!("a row of sums (`{}`), nobody's", super::text::shorten(word, 40))),
        (true, None) => Some("a row of figures only: it holds no name, no address and no number to call".into()),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned())
}

/// `Summe`, `Gesamt:`, `Total (12)`, `Grand total EUR`.
fn is_sum(text: &str) -> bool {
    if text.len() > 60 {
        return false;
    }
    let plain = deunicode(text).to_lowercase();
    let words: Vec<&str> = plain.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let among = |list: &str, word: &str| list.split('|').any(|known| known == word);
    words.iter().any(|word| among(SUMS, word)) && words.iter().all(|word| among(SUMS, word) || among(BESIDE, word))
}

/// A figure with its unit, a date, or no more than punctuation.
fn is_figure(text: &str) -> bool {
    let letters: String = text.chars().filter(|c| c.is_alphabetic()).collect();
    matches!(&*letters.to_lowercase(), "" | "eur" | "euro" | "usd" | "chf" | "gbp" | "x" | "t" | "z")
}

/// Whether a figure may be a number to call: where its column says so, or by its look. Beside the
/// word for a sum a long row of digits is an amount.
fn may_be_called(label: &str, text: &str, sum: bool) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let column = matches!(label::slot(label), Some((Slot::Phone, _))) || label::speaks_of_phone(label);
    let dialled = text.starts_with(['+', '0', '(']) && !text.starts_with("0.");
    let plain = !text.contains([',', '.', ':']) && text.len() <= 25;
    digits >= 6 && column || digits >= 7 && !is_date(text) && (dialled && !text.contains(',') || plain && !sum)
}

fn is_date(text: &str) -> bool {
    let date = text.split([' ', 'T']).next().unwrap_or_default();
    let lengths: Vec<usize> = date.split(['-', '.', '/']).map(str::len).collect();
    matches!(lengths[..], [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 2 | 4])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cells: &[(&str, &str)]) -> Option<String> {
        let pairs: Vec<Pair> = cells.iter().map(|(label, value)| Pair::new(*label, *value)).collect();
        reason(&pairs)
    }

    #[test]
    fn sums_are_nobodys() {
        for cells in [
            &[("Name", "Summe"), ("Umsatz", "4.200,00 €")][..],
            &[("Firma", "Gesamt:"), ("Anzahl", "17")],
            &[("column 1", "Grand Total"), ("Amount", "1,234,567.00")],
            &[("Name", "Total (12)")],
            &[("Name", "Итого"), ("Сумма", "12345678")],
            &[("Umsatz", "4200"), ("Quote", "12 %")],
            &[("Nr.", "17"), ("Datum", "01.02.2026")],
        ] {
            assert!(of(cells).is_some(), "{cells:?}");
        }
    }

    #[test]
    fn whoever_may_be_somebody_is_kept() {
        for cells in [
            &[("Name", "Max Total"), ("Umsatz", "4200")][..],
            &[("Firma", "Total"), ("E-Mail", "jean@total.example")],
            &[("Firma", "Summe"), ("Telefon", "301234567")],
            &[("Firma", "Total"), ("column 2", "+49 30 1234567")],
            &[("column 1", "0301234567")],
            &[("column 1", "1712345678")],
            &[("Name", "Sum Ting"), ("x", "1")],
            &[("Name", "Max")],
            &[("Notiz", "17 Stück")],
        ] {
            assert_eq!(of(cells), None, "{cells:?}");
        }
    }
}
