//! A mistake in a rule file: where it stands, what is wrong, what to do about it.
//!
//! In: byte offsets, also inside a TOML string with its escapes. Out: lines and columns as an editor
//! counts them.

use std::fmt;
use std::ops::Range;

/// A mistake in a rule file or list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as a person would open it: the folder as given, then the name.
    pub file: String,
    /// Line, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// Column in characters, from 1; 0 when the line as a whole is meant.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A mistake that concerns a file as a whole.
    pub(super) fn whole(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, column: 0, message: message.into(), hint: None }
    }

    /// The same with advice.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        write!(f, ": {}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

/// What people write who think in German, and what it is called here.
const GERMAN: [(&str, &[&str]); 21] = [
    ("rule", &["regel", "regeln"]),
    ("group", &["gruppe"]),
    ("when", &["wenn", "falls", "bedingung"]),
    ("score", &["punkte", "punktzahl", "wert"]),
    ("tags", &["schlagworte", "schlagwörter", "etiketten"]),
    ("reason", &["grund", "begründung"]),
    ("priority", &["priorität", "prioritaet", "vorrang"]),
    ("disposition", &["einstufung", "ergebnis", "status"]),
    ("team", &["abteilung", "owner", "besitzer", "zuständig"]),
    ("set", &["setze", "felder"]),
    ("cap", &["höchstens", "deckel"]),
    ("half_life", &["halbwertszeit", "halbwertzeit"]),
    ("expect", &["erwarte", "erwartet", "erwartung"]),
    ("lead", &["kontakt", "anfrage"]),
    ("low", &["niedrig", "gering"]),
    ("normal", &["mittel"]),
    ("high", &["hoch"]),
    ("qualified", &["qualifiziert"]),
    ("unqualified", &["unqualifiziert"]),
    ("disqualified", &["disqualifiziert", "ausgeschlossen"]),
    ("review", &["prüfen", "pruefen", "prüfung"]),
];

/// Up to two names of `known` that `typed` may have meant, as advice.
pub(super) fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let typed = typed.to_lowercase();
    let known: Vec<&str> = known.into_iter().collect();
    let meant = GERMAN.iter().find(|(_, german)| german.contains(&typed.as_str()));
    if let Some((name, _)) = meant.filter(|(name, _)| known.contains(name)) {
        return Some(format!("did you mean `{name}`?"));
    }
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .map(|name| (likeness(&typed, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    match near.as_slice() {
        [] => None,
        [(best, one), (second, other), ..] if best - second < 0.1 => {
            Some(format!("did you mean `{one}` or `{other}`?"))
        }
        [(_, one), ..] => Some(format!("did you mean `{one}`?")),
    }
}

fn likeness(typed: &str, known: &str) -> f64 {
    let (typed, known) = (typed.replace('-', "_"), known.replace('-', "_"));
    let begins: f64 = if typed.len() >= 3 && known.starts_with(&typed) { 0.7 } else { 0.0 };
    strsim::normalized_damerau_levenshtein(&typed, &known).max(begins)
}

/// Line and column (both from 1, columns in characters) of a byte offset.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}

/// The byte offset in `file` of byte `wanted` of the string that the TOML token at `span` stands for.
pub(super) fn offset_in_string(file: &str, span: &Range<usize>, wanted: usize) -> usize {
    let Some(raw) = file.get(span.clone()) else { return span.start };
    let (quote, escapes) = match raw {
        raw if raw.starts_with("\"\"\"") => (3, true),
        raw if raw.starts_with("'''") => (3, false),
        raw => (1, raw.starts_with('"')),
    };
    let mut at = quote;
    if quote == 3 {
        at += raw[at..].len() - raw[at..].trim_start_matches('\r').len();
        at += usize::from(raw[at..].starts_with('\n'));
    }
    let end = raw.len().saturating_sub(quote).max(at);
    let mut decoded = 0;
    while at < end && decoded < wanted {
        let (taken, gives) = step(&raw[at..end], escapes);
        at += taken;
        decoded += gives;
    }
    // A line-ending backslash before the wanted character gives nothing and is passed as well.
    while escapes && at < end {
        match step(&raw[at..end], escapes) {
            (taken, 0) => at += taken,
            _ => break,
        }
    }
    span.start + at.min(end)
}

/// The next piece of a TOML string: how many bytes it takes, and how many it stands for.
fn step(raw: &str, escapes: bool) -> (usize, usize) {
    let mut chars = raw.chars();
    let first = chars.next().map_or(1, char::len_utf8);
    if !escapes || !raw.starts_with('\\') {
        return (first, first);
    }
    let hex = |digits: usize| {
        let value = raw.get(2..2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        (2 + digits, value.and_then(char::from_u32).map_or(1, char::len_utf8))
    };
    match chars.next() {
        Some('x') => hex(2),
        Some('u') => hex(4),
        Some('U') => hex(8),
        Some(c) if c.is_whitespace() => {
            (1 + raw[1..].len() - raw[1..].trim_start_matches([' ', '\t', '\r', '\n']).len(), 0)
        }
        Some(c) => (1 + c.len_utf8(), 1),
        None => (1, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_inside_a_toml_string_is_found_whatever_its_quotes() {
        for (file, what) in [
            ("when = 'ab MARK c'", "literal"),
            ("when = \"a\\tb\\u00fc\\\\ MARK c\"", "escapes"),
            ("when = '''\nfirst\n  MARK'''", "multi-line literal"),
            ("when = \"\"\"\na \\\n   b\\n MARK\"\"\"", "line-ending backslash"),
            ("when = \"\"\"\r\nMARK\"\"\"", "carriage return"),
        ] {
            let table = toml::de::DeTable::parse(file).unwrap();
            let value = table.get_ref().get("when").unwrap();
            let text = value.get_ref().as_str().unwrap();
            let wanted = text.find("MARK").unwrap();
            let found = offset_in_string(file, &value.span(), wanted);
            assert_eq!(Some(found), file.find("MARK"), "{what}");
        }
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        assert_eq!(line_and_column("äb\ncd", 2), (1, 2));
        assert_eq!(line_and_column("äb\ncd", 4), (2, 1));
        assert_eq!(line_and_column("äb", 99), (1, 3));
    }

    #[test]
    fn advice_names_what_was_meant_or_nothing() {
        assert_eq!(did_you_mean("scroe", ["name", "score"]).as_deref(), Some("did you mean `score`?"));
        assert_eq!(
            did_you_mean("lead.emial", ["lead.emails", "lead.email", "lead.name"]).as_deref(),
            Some("did you mean `lead.email` or `lead.emails`?")
        );
        assert_eq!(did_you_mean("xyz", ["name", "score"]), None);
        assert_eq!(did_you_mean("Punkte", ["name", "score"]).as_deref(), Some("did you mean `score`?"));
        assert_eq!(did_you_mean("hoch", ["name", "score"]), None, "nothing that is not there");
    }
}
