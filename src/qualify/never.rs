//! Values that a field never has: `lead.country == "Deutschland"` can be read and asked, and never hits.
//!
//! In: a `when` that was checked. Out: a warning for each value, with what to write.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};

use super::compile::Compiled;
use super::values::Words;
use super::view::{CONSTANT, MAY_BE_ABSENT};
use crate::lead::{Kind, Stage};

/// What is amiss, and what to do.
pub(super) type Warning = (String, String);

/// Warnings about the values in a `when`, each once.
pub(super) fn warnings(when: &Compiled) -> Vec<Warning> {
    let mut found = Vec::new();
    look(&when.expr, when, &mut found);
    found
}

fn look(expr: &IdedExpr, when: &Compiled, found: &mut Vec<Warning>) {
    match &expr.expr {
        Expr::Call(call) => {
            let warning = compared(call, when);
            found.extend(warning.filter(|warning| !found.contains(warning)));
            call.target.iter().for_each(|target| look(target, when, found));
            call.args.iter().for_each(|arg| look(arg, when, found));
        }
        Expr::Comprehension(inside) => {
            for part in [&inside.iter_range, &inside.loop_step, &inside.result] {
                look(part, when, found);
            }
        }
        _ => {}
    }
}

/// A field that is compared with values.
fn compared(call: &CallExpr, when: &Compiled) -> Option<Warning> {
    let [left, right] = call.args.as_slice() else { return None };
    let name = call.func_name.as_str();
    match name {
        operators::EQUALS | operators::NOT_EQUALS => {
            let (field, text) = field(left).zip(text(right)).or_else(|| field(right).zip(text(left)))?;
            never(field, text)
        }
        operators::IN => match (field(left), field(right), text(left)) {
            (Some(field), None, None) => in_words(field, right, when),
            (None, Some("lead.emails"), Some(text)) => never("lead.email", text),
            _ => None,
        },
        operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS => {
            let typed = |expr| field(expr).and_then(|name| name.strip_prefix("lead.fields."));
            let number = |expr: &IdedExpr| {
                matches!(
                    &expr.expr,
                    Expr::Literal(LiteralValue::Int(_) | LiteralValue::Double(_) | LiteralValue::UInt(_))
                )
            };
            let name = typed(left).filter(|_| number(right)).or_else(|| typed(right).filter(|_| number(left)))?;
            let message = "what somebody types into a form is text, and never greater or smaller than a number";
            Some((message.to_owned(), format!("make a number of it: int(lead.fields[\"{name}\"])")))
        }
        _ => None,
    }
}

fn in_words(field: &str, list: &IdedExpr, when: &Compiled) -> Option<Warning> {
    let Expr::Ident(name) = &list.expr else { return None };
    let constant = when.constants.get(name.strip_prefix(CONSTANT)?.parse::<usize>().ok()?)?;
    // Domains and addresses of a list that is a file are told with the file.
    if constant.cost > 0 && matches!(field, "lead.domain" | "lead.email") {
        return None;
    }
    constant.value.downcast_ref::<Words>()?.iter().find_map(|word| never(field, word))
}

fn field(expr: &IdedExpr) -> Option<&str> {
    let Expr::Ident(name) = &expr.expr else { return None };
    let name = name.trim_start_matches(MAY_BE_ABSENT);
    name.contains('.').then_some(name)
}

fn text(expr: &IdedExpr) -> Option<&str> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// Why a field never has a value.
fn never(field: &str, value: &str) -> Option<Warning> {
    let letters = |fits: fn(&char) -> bool| value.len() == 2 && value.chars().all(|c| fits(&c));
    let warning = |why: String, hint: String| Some((format!("`{field}` is never `{value}`: {why}"), hint));
    let one_of = |words: &[&str]| {
        let (kinds, known) = (words.join(", "), words.contains(&value));
        (!known).then(|| (format!("`{field}` is never `{value}`"), format!("there are {kinds}")))
    };
    match field {
        "lead.country" if !letters(char::is_ascii_uppercase) => {
            let code = if value.len() == 2 { value.to_ascii_uppercase() } else { "DE".to_owned() };
            warning("a country is two capital letters".into(), format!("such as \"{code}\""))
        }
        "lead.language" if !letters(char::is_ascii_lowercase) => {
            let code = if value.len() == 2 { value.to_ascii_lowercase() } else { "de".to_owned() };
            warning("a language is two small letters".into(), format!("such as \"{code}\""))
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
            warning("a `*` stands for itself".into(), format!("write `{field}.{function}(\"{part}\")`"))
        }
        "lead.domain" | "lead.email" if value.chars().any(char::is_uppercase) => {
            warning("it is in small letters".into(), format!("write \"{}\"", value.to_lowercase()))
        }
        "lead.domain" if value.contains(['@', '/']) || value.starts_with("www.") => {
            let bare = value.rsplit(['@', '/']).find(|part| part.contains('.')).unwrap_or(value);
            warning("it is a domain alone".into(), format!("write \"{}\"", bare.trim_start_matches("www.")))
        }
        _ => None,
    }
}
