//! From the text of a `when` to something that runs.
//!
//! In: the text. Out: a checked, prepared tree, or every mistake with its byte in the text. Must be
//! called on a thread with a big stack: the parser recurses, and a text within the limits below
//! overflows two mebibytes.

use std::collections::BTreeMap;

use cel::common::ast::{Expr, operators};
use cel::{Env, IdedExpr, ParseError};

use super::advice;
use super::check::{Checker, Fault};
use super::values::Words;
use super::view::Constant;

/// Bytes that a `when` may have.
pub(super) const SOURCE_LIMIT: usize = 4096;

/// Nested brackets that a `when` may have, those in its texts included.
const BRACKET_LIMIT: usize = 32;

/// A `when` that runs.
#[derive(Debug)]
pub(super) struct Compiled {
    /// As it was written.
    pub(super) source: String,
    pub(super) expr: IdedExpr,
    pub(super) constants: Vec<Constant>,
    /// Whether it uses values whose type is known only when it runs.
    pub(super) dynamic: bool,
    /// Whether it asks about the touch.
    pub(super) sees_touch: bool,
    /// Whether it is made of patterns alone, as most are.
    pub(super) only_patterns: bool,
}

/// Parses, checks and prepares a `when`.
pub(super) fn compile(source: &str, env: &Env, lists: &BTreeMap<String, Words>) -> Result<Compiled, Vec<Fault>> {
    limits(source)?;
    let program = env.compile(source).map_err(|errors| {
        // What follows the first is mostly its consequence.
        errors.errors.first().map(|error| vec![syntax(source, error)]).unwrap_or_default()
    })?;
    let mut expr = program.expression().clone();
    let mut checker = Checker::new(program.source_info(), lists);
    checker.whole(&mut expr);
    let Checker { faults, constants, dynamic, sees_touch, .. } = checker;
    if !faults.is_empty() {
        return Err(faults);
    }
    let only_patterns = is_of_patterns(&expr);
    Ok(Compiled { source: source.to_owned(), expr, constants, dynamic, sees_touch, only_patterns })
}

/// Whether a prepared condition asks only which texts match which patterns.
fn is_of_patterns(expr: &IdedExpr) -> bool {
    let Expr::Call(call) = &expr.expr else { return false };
    match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
        (operators::LOGICAL_OR | operators::LOGICAL_AND, None, [left, right]) => {
            is_of_patterns(left) && is_of_patterns(right)
        }
        (operators::LOGICAL_NOT, None, [negated]) => is_of_patterns(negated),
        ("matches", Some(text), [pattern]) => {
            matches!((&text.expr, &pattern.expr), (Expr::Ident(_), Expr::Ident(_)))
        }
        _ => false,
    }
}

fn limits(source: &str) -> Result<(), Vec<Fault>> {
    let fault = |offset, message: String, hint: &str| Err(vec![Fault { offset, message, hint: Some(hint.into()) }]);
    if source.trim().is_empty() {
        return fault(0, "`when` is empty".into(), "a rule that always hits has `when = 'true'`");
    }
    if source.len() > SOURCE_LIMIT {
        let message = format!("`when` has {} bytes, more than {SOURCE_LIMIT}", source.len());
        return fault(0, message, "split the rule, or put words into `lists/NAME.txt`");
    }
    let mut depth = 0_usize;
    for (offset, byte) in source.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > BRACKET_LIMIT {
            return fault(offset, format!("more than {BRACKET_LIMIT} nested brackets"), "split the rule");
        }
    }
    Ok(())
}

fn syntax(source: &str, error: &ParseError) -> Fault {
    let offset = offset_of(source, error.pos);
    let text = error.msg.trim_start_matches("Syntax error: ");
    let quoted = text.split_once('\'').and_then(|(_, rest)| {
        let end = rest.find("' expecting").or_else(|| rest.rfind('\''))?;
        Some(rest[..end].trim())
    });
    if let Some((message, hint)) = advice::by_place(source, offset) {
        return Fault { offset, message, hint: Some(hint) };
    }
    let (message, hint) = match quoted {
        _ if text.starts_with("missing ')'") || text.starts_with("missing ']'") => {
            ("a bracket is not closed".to_owned(), Some("each `(` needs its `)`, each `[` its `]`"))
        }
        Some("<EOF>") => ("`when` ends too early".to_owned(), Some("something is to follow what stands at the end")),
        Some(token) => (format!("`{token}` does not belong here"), advice::about(token)),
        None => match text.strip_prefix("reserved identifier: ") {
            Some(word) => (format!("`{word}` does not belong here"), Some("a `when` is the condition alone")),
            None => (text.to_owned(), None),
        },
    };
    Fault { offset, message, hint: hint.map(str::to_owned) }
}

/// The byte at a line and column, both from 1, columns in characters.
fn offset_of(source: &str, (line, column): (isize, isize)) -> usize {
    let back = |n: isize| usize::try_from(n - 1).unwrap_or(0);
    let start: usize = source.split_inclusive('\n').take(back(line)).map(str::len).sum();
    let rest = &source[start.min(source.len())..];
    start + rest.char_indices().nth(back(column)).map_or(rest.len(), |(at, _)| at)
}
