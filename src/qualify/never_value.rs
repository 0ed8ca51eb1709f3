//! Why a field never has a value, and never has one that holds, begins with or ends with a part.

use super::lists::in_ascii;
use crate::config::values;
use crate::lead::{Kind, Stage};
use crate::normalize::fields::country;

/// What is amiss, and what to do.
pub(super) type Warning = (String, String);

/// A text that somebody typed, compared with a number.
pub(super) fn typed_number(name: &str) -> Warning {
    let message = "what somebody types into a form is text, and never greater or smaller than a number";
    (message.to_owned(), format!("make a number of it: int(lead.fields[\"{name}\"])"))
}

/// Why a field never has a value.
pub(super) fn never(field: &str, value: &str) -> Option<Warning> {
    let warning = |why: &str, hint: String| Some((format!("`{field}` is never `{value}`: {why}"), hint));
    let write = |text: &str| format!("write \"{text}\"");
    let one_of = |words: &[&str]| {
        let (kinds, known) = (words.join(", "), words.contains(&value));
        (!known).then(|| (format!("`{field}` is never `{value}`"), format!("there are {kinds}")))
    };
    match field {
        "lead.country" => {
            let known = country::country(value);
            let letters = value.len() == 2 && value.bytes().all(|letter| letter.is_ascii_uppercase());
            if letters && (known == Some(value) || values::country(value).is_ok()) {
                return None;
            }
            let why = if letters { "no country has this code (ISO 3166)" } else { "a country is two capital letters" };
            warning(why, known.map_or_else(|| "such as \"DE\"".to_owned(), write))
        }
        "lead.language" => {
            let known = country::language(value);
            if known == Some(value) {
                return None;
            }
            let letters = value.len() == 2 && value.bytes().all(|letter| letter.is_ascii_lowercase());
            let why = if letters { "no language has this code (ISO 639-1)" } else { "a language is two small letters" };
            warning(why, known.map_or_else(|| "such as \"de\"".to_owned(), write))
        }
        "touch.kind" => one_of(&Kind::ALL.map(Kind::as_str)),
        "lead.stage" => one_of(&Stage::ALL.map(Stage::as_str)),
        _ if value.len() > 1 && (value.starts_with('*') || value.ends_with('*')) => {
            let part = value.trim_matches('*');
            let function = match (value.starts_with('*'), value.ends_with('*')) {
                (true, true) => "contains",
                (true, false) => "endsWith",
                _ => "startsWith",
            };
            warning("a `*` stands for itself", format!("write `{field}.{function}(\"{part}\")`"))
        }
        "lead.domain" if value.contains(['@', '/']) || value.starts_with("www.") => {
            let bare = value.rsplit(['@', '/']).find(|part| part.contains('.')).unwrap_or(value);
            warning("it is a domain alone", write(&bare.trim_start_matches("www.").to_lowercase()))
        }
        "lead.domain" | "lead.email" if value.chars().any(char::is_uppercase) => {
            warning("it is in small letters", write(&value.to_lowercase()))
        }
        "lead.domain" | "lead.email" if value.contains(char::is_whitespace) => {
            warning("it has no blanks", write(&value.split_whitespace().collect::<String>()))
        }
        "lead.domain" if !value.contains('.') => warning(
            "a domain has a dot",
            format!("such as \"{}.de\"; for a part ask `{field}.contains(…)`", value.trim()),
        ),
        "lead.email" if !value.contains('@') => {
            warning("an address has an @", format!("for a domain ask `lead.domain == \"{value}\"`"))
        }
        "lead.domain" | "lead.email" if in_ascii(value).is_some_and(|ascii| ascii != value) => {
            warning("a domain with other letters is kept in its ASCII form", write(&in_ascii(value)?))
        }
        "lead.phone" if !is_number(value) => warning(NUMBER, write(&dialled(value))),
        _ => None,
    }
}

/// What a telephone number is.
const NUMBER: &str = "a number is a + with the code of its country, and digits without blanks";

/// Why a field never holds, begins with or ends with a part.
pub(super) fn part(field: &str, function: &str, part: &str) -> Option<Warning> {
    let does = match function {
        "contains" => "holds",
        "startsWith" => "begins with",
        "endsWith" => "ends with",
        _ => return None,
    };
    let warning = |why: &str, hint: String| Some((format!("`{field}` never {does} `{part}`: {why}"), hint));
    let instead = |text: &str| format!("write `{field}.{function}(\"{text}\")`");
    let has = |fits: fn(char) -> bool| part.contains(fits);
    match field {
        "lead.domain" if part.contains('@') => {
            let domain = part.rsplit('@').next().unwrap_or_default().to_lowercase();
            let hint = if domain.contains('.') {
                format!("write `lead.domain == \"{domain}\"`")
            } else {
                format!("ask `lead.email.contains(\"{}\")`", part.to_lowercase())
            };
            warning("a domain has no @", hint)
        }
        "lead.domain" | "lead.email" if has(char::is_whitespace) || field == "lead.domain" && part.contains('/') => {
            let bare = part.rsplit('/').find(|part| part.contains('.')).unwrap_or(part);
            let bare: String = bare.chars().filter(|sign| !sign.is_whitespace() && *sign != '/').collect();
            warning("it has no blanks, and no /", instead(&bare.to_lowercase()))
        }
        "lead.domain" | "lead.email" if has(char::is_uppercase) => {
            warning("it is in small letters", instead(&part.to_lowercase()))
        }
        "lead.domain" | "lead.email" if !part.is_ascii() && (field == "lead.domain" || part.contains('@')) => {
            let bare = part.trim_start_matches(['.', '@']);
            let whole = format!("{}{}", &part[..part.len() - bare.len()], in_ascii(bare)?);
            warning("a domain with other letters is kept in its ASCII form", instead(&whole))
        }
        "lead.phone" => {
            let digits = part.strip_prefix('+').filter(|_| function != "endsWith").unwrap_or(part);
            let fits = digits.bytes().all(|sign| sign.is_ascii_digit())
                && (function != "startsWith" || part.is_empty() || part.starts_with('+'));
            if fits {
                return None;
            }
            let digits: String = part.chars().filter(char::is_ascii_digit).collect();
            warning(NUMBER, instead(&if function == "startsWith" { dialled(part) } else { digits }))
        }
        "lead.country" if has(char::is_lowercase) => {
            warning("it is two capital letters", instead(&part.to_uppercase()))
        }
        "lead.language" if has(char::is_uppercase) => warning("it is two small letters", instead(&part.to_lowercase())),
        _ => None,
    }
}

/// A text that was made of small or of capital letters, compared with one of others.
pub(super) fn lowered(function: &str, value: &str) -> Option<Warning> {
    let (other, letters, write) = if function == "lowerAscii" {
        (value.bytes().any(|sign| sign.is_ascii_uppercase()), "capital", value.to_ascii_lowercase())
    } else {
        (value.bytes().any(|sign| sign.is_ascii_lowercase()), "small", value.to_ascii_uppercase())
    };
    let message = format!("after `{function}()` a text has no {letters} letters, as `{value}` has");
    other.then(|| (message, format!("write \"{write}\"")))
}

fn is_number(value: &str) -> bool {
    value.strip_prefix('+').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|sign| sign.is_ascii_digit()))
}

/// A number as it is kept, with the code of Germany where it has none.
fn dialled(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text.trim_start().starts_with('+') {
        return format!("+{digits}");
    }
    match digits.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => format!("+49{}", digits.trim_start_matches('0')),
    }
}
