//! What was probably meant where a `when` cannot be read: words for operators, German ones too, signs of
//! other languages and of word processors, lists in the wrong brackets.

use super::syntax::{CURLY, RETYPE, STRAIGHT, is_odd_blank};

/// Operators that are written between two values in other languages.
const BETWEEN: [(&str, &str); 9] = [
    ("contains", "contains"),
    ("enthält", "contains"),
    ("startswith", "startsWith"),
    ("beginnt", "startsWith"),
    ("endswith", "endsWith"),
    ("endet", "endsWith"),
    ("matches", "matches"),
    ("like", "contains"),
    ("wie", "contains"),
];

/// Operators of other languages, with ours.
const OPERATORS: [(&str, &str); 6] =
    [("===", "=="), ("!==", "!="), ("<>", "!="), ("=>", ">="), ("=<", "<="), ("=!", "!=")];

/// What is wrong at a byte of a `when`, and what to do, where what stands there tells it.
pub(super) fn by_place(source: &str, offset: usize) -> Option<(String, String)> {
    let offset = source.floor_char_boundary(offset.min(source.len()));
    let (before, rest) = source.split_at(offset);
    let sign = rest.chars().next()?;
    if CURLY.contains(&sign) {
        return Some((format!("`{sign}` is no quote here"), STRAIGHT.to_owned()));
    }
    if is_odd_blank(sign) {
        return Some((format!("there is a special blank here (U+{:04X})", u32::from(sign)), RETYPE.to_owned()));
    }
    let operator = OPERATORS.iter().find(|(theirs, _)| {
        // Reading fails at the first, or at a later sign of it.
        theirs.char_indices().any(|(at, _)| before.ends_with(&theirs[..at]) && rest.starts_with(&theirs[at..]))
    });
    if let Some((theirs, ours)) = operator {
        return Some((format!("`{theirs}` does not belong here"), format!("write `{ours}`")));
    }
    let word = word_at(before, rest);
    let begin = before.trim_end();
    if let Some((_, ours)) = BETWEEN.iter().find(|(theirs, _)| word.to_lowercase() == *theirs) {
        let value = rest[word_end(rest)..].trim_start_matches([' ', '%']);
        if value.starts_with(['"', '\'']) {
            let hint = format!("write it behind a dot, with brackets: `touch.text.{ours}(\"…\")`");
            return Some((format!("`{word}` does not belong here"), hint));
        }
    }
    if ["not", "nicht", "NOT"].iter().any(|not| begin.split([' ', '(']).next_back() == Some(not)) {
        return Some(("`not` does not belong here".to_owned(), "write `!(…)` around what is not to hold".to_owned()));
    }
    if matches!(sign, ',' | ';') {
        return Some(comma(sign, begin, rest));
    }
    if sign.is_alphabetic() && !sign.is_ascii() {
        return Some(umlaut(sign, &word));
    }
    let string_before = begin.ends_with(['"', '\'']);
    if string_before && sign.is_ascii_punctuation() && matches!(sign, '"' | '\'') && inside_list(before) {
        let message = "a comma is missing in the list before this".to_owned();
        return Some((message, "write [\"DE\", \"AT\"]".to_owned()));
    }
    None
}

/// What to do about a word or sign that does not belong.
pub(super) fn about(token: &str) -> Option<&'static str> {
    match token.to_lowercase().as_str() {
        "and" | "und" => Some("write `&&`"),
        "or" | "oder" => Some("write `||`"),
        "not" | "nicht" => Some("write `!`"),
        "if" | "wenn" | "falls" => Some("a `when` is the condition alone"),
        "=" => Some("compare with `==`"),
        "&" | "|" => Some("write it twice"),
        token if token.starts_with(['"', '\'']) && token.contains('\\') => {
            Some(r#"double each backslash in a text, or put an r before the quotes: r"\d+""#)
        }
        token if token.starts_with(['"', '\'']) => Some("a quote is not closed"),
        token if token.starts_with(char::is_alphabetic) => Some("text stands in quotes"),
        _ => None,
    }
}

fn comma(sign: char, begin: &str, rest: &str) -> (String, String) {
    let message = format!("`{sign}` does not belong here");
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let hint = if sign == ',' && digit(begin.chars().next_back()) && digit(rest.chars().nth(1)) {
        "a number has a dot, not a comma: 10.5"
    } else if sign == ';' && rest[1..].trim().is_empty() {
        "leave out the `;`"
    } else if sign == ';' {
        "what stands in a list is separated by commas: [\"DE\", \"AT\"]"
    } else {
        "a list stands in square brackets: [\"DE\", \"AT\"]"
    };
    (message, hint.to_owned())
}

/// A letter that names in rules do not have.
fn umlaut(sign: char, word: &str) -> (String, String) {
    let message = format!("a name in a rule has no `{sign}`");
    let hint = match word.split_once('.') {
        Some(("lists", name)) => format!("write `lists[\"{name}\"]`"),
        Some(("lead", name)) => format!("what stands in a field of the form is `lead.fields[\"{name}\"]`"),
        Some(_) => "the functions are `contains`, `startsWith`, `endsWith`, `matches` and others".to_owned(),
        None => "text stands in quotes".to_owned(),
    };
    (message, hint)
}

/// The whole word, with its dots, around a place.
fn word_at(before: &str, rest: &str) -> String {
    let start =
        before.rfind(|c| !of_word(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    format!("{}{}", &before[start..], &rest[..word_end(rest)])
}

fn word_end(rest: &str) -> usize {
    rest.find(|c| !of_word(c)).unwrap_or(rest.len())
}

fn of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.')
}

/// Whether a square bracket is open.
fn inside_list(before: &str) -> bool {
    before.rfind('[').is_some_and(|open| !before[open..].contains(']'))
}
