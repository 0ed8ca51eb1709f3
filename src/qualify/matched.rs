//! The words that made a rule hit, so that a person sees at once whether it was right.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, operators};
use cel::common::types::{CelBool, CelString};
use cel::{Context, Env, IdedExpr, Value};

use super::compile::Compiled;
use super::values::Pattern;
use super::view::View;

/// Words of one rule that are kept.
const MOST: usize = 3;
/// Characters of each.
const LONGEST: usize = 60;

/// What of the lead and its touch a rule found that has just hit: what its patterns match, its words
/// are contained in, or what it compares. Each once, shortened; nothing that stands in a negation.
pub(super) fn matched(rule: &Compiled, env: &Arc<Env>, view: &View<'_>) -> Vec<String> {
    let found = catch_unwind(AssertUnwindSafe(|| {
        let mut context = Context::with_env(Arc::clone(env));
        context.set_variable_resolver(view);
        let mut found = Vec::new();
        look(&rule.expr, &context, &mut found);
        found
    }));
    found.unwrap_or_default()
}

fn look(expr: &IdedExpr, context: &Context<'_, '_>, found: &mut Vec<String>) {
    let Expr::Call(call) = &expr.expr else { return };
    if found.len() == MOST || call.func_name == operators::LOGICAL_NOT {
        return;
    }
    if let Some(words) = words(expr, call, context) {
        if !words.is_empty() && !found.contains(&words) {
            found.push(words);
        }
        return;
    }
    call.args.iter().for_each(|arg| look(arg, context, found));
}

/// What one comparison found; `None` where it is none, or found nothing.
fn words(expr: &IdedExpr, call: &CallExpr, context: &Context<'_, '_>) -> Option<String> {
    let (subject, other) = match (&call.target, call.args.as_slice()) {
        (Some(target), [only]) => (target.as_ref(), only),
        (None, [left, right]) => (left, right),
        _ => return None,
    };
    let name = call.func_name.as_str();
    let compares = matches!(name, operators::EQUALS | operators::IN);
    if !compares && !matches!(name, "matches" | "contains" | "startsWith" | "endsWith") {
        return None;
    }
    let subject = Value::resolve_val(subject, context).ok()?;
    let text = subject.downcast_ref::<CelString<'_>>()?.inner();
    let other = Value::resolve_val(other, context).ok()?;
    if let Some(pattern) = other.downcast_ref::<Pattern>() {
        return pattern.find(text).map(|found| excerpt(text, found.start, found.end));
    }
    if compares {
        let holds = Value::resolve_val(expr, context).ok()?;
        let holds = holds.downcast_ref::<CelBool>().is_some_and(|holds| *holds.inner());
        return holds.then(|| excerpt(text, 0, text.len()));
    }
    let part = other.downcast_ref::<CelString<'_>>()?.inner();
    let start = match name {
        "startsWith" => text.starts_with(part).then_some(0),
        "endsWith" => text.ends_with(part).then(|| text.len() - part.len()),
        _ => text.find(part),
    }?;
    Some(excerpt(text, start, start + part.len()))
}

/// A piece of a text with the words it begins and ends in, on one line.
fn excerpt(text: &str, start: usize, end: usize) -> String {
    let start = text[..start].rfind(char::is_whitespace).map_or(0, |blank| blank + blank_len(text, blank));
    let end = text[end..].find(char::is_whitespace).map_or(text.len(), |blank| end + blank);
    // A match may itself end with a blank, and then lies before the word.
    let words: Vec<&str> = text[start.min(end)..end].split_whitespace().collect();
    let words = words.join(" ");
    match words.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &words[..cut]),
        None => words,
    }
}

fn blank_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_has_whole_words_and_is_short() {
        let text = "Wir möchten\u{a0}ein Preisangebot,\nbitte.";
        let at = text.find("angebot").unwrap();
        assert_eq!(excerpt(text, at, at + 7), "Preisangebot,");
        assert_eq!(excerpt(text, 0, 0), "Wir");
        assert_eq!(excerpt(text, 0, text.len()), "Wir möchten ein Preisangebot, bitte.");
        assert_eq!(excerpt(&"ä".repeat(100), 2, 4).chars().count(), LONGEST + 1);
        assert_eq!(excerpt("", 0, 0), "");
    }
}
