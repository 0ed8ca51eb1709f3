//! Reads `fields = { email = ["your-email"] }`: extra names for canonical fields.

use std::collections::BTreeMap;

use super::problem::{Wrong, quote};
use super::section::Section;
use crate::normalize::Spelling;
use crate::normalize::fields::CANONICAL;

/// Reads the key `fields` of a channel.
pub(crate) fn spelling(section: &mut Section<'_>) -> Spelling {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    let table = section.section("fields");
    let report = table.report();
    for (canonical, field) in table.fields() {
        if !CANONICAL.contains(&canonical) {
            report.error(field.spot(), Wrong::unknown("no such canonical field", canonical, &CANONICAL));
            continue;
        }
        for item in field.items().unwrap_or_default() {
            let other = taken.insert(item.text.to_lowercase(), canonical);
            if let Some(other) = other.filter(|other| *other != canonical) {
                let message = format!("{} already stands for `{other}`", quote(&item.text));
                report.error(&item.spot, Wrong::new(message).hint("a name can stand for one field only"));
            }
            fields.entry(canonical.to_owned()).or_default().push(item.text);
        }
    }
    Spelling { fields, ..Spelling::default() }
}
