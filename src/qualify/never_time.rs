//! Parts of a time that never come: `now.getDayOfWeek() == 7`, `now.getHours() > 24`.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, operators};

use super::never_value::Warning;

/// What a part of a time can be, and what people take it for.
const PARTS: [(&str, i64, i64, &str); 9] = [
    ("getMonth", 0, 11, "January is 0, December 11"),
    ("getDate", 1, 31, "the first of a month is 1"),
    ("getDayOfMonth", 0, 30, "the first of a month is 0; `getDate()` begins with 1"),
    ("getDayOfWeek", 0, 6, "Sunday is 0, Monday 1, Saturday 6"),
    ("getDayOfYear", 0, 365, "the first of January is 0"),
    ("getHours", 0, 23, "midnight is 0"),
    ("getMinutes", 0, 59, "the full hour is 0"),
    ("getSeconds", 0, 59, "the full minute is 0"),
    ("getMilliseconds", 0, 999, "the full second is 0"),
];

type Part = (&'static str, i64, i64, &'static str);

/// A part of a time that is compared with a number it never is, or is never on that side of.
pub(super) fn compared(operator: &str, left: &IdedExpr, right: &IdedExpr) -> Option<Warning> {
    let (part, number, operator) = match (part(left), number(right), part(right), number(left)) {
        (Some(part), Some(number), ..) => (part, number, operator),
        (_, _, Some(part), Some(number)) => (part, number, turned(operator)),
        _ => return None,
    };
    let (_, low, high, _) = part;
    let out = match operator {
        operators::EQUALS | operators::NOT_EQUALS => !(low..=high).contains(&number),
        operators::GREATER => number >= high,
        operators::GREATER_EQUALS => number > high,
        operators::LESS => number <= low,
        _ => number < low,
    };
    let sign = match operator {
        operators::GREATER => "greater than ",
        operators::LESS => "less than ",
        operators::GREATER_EQUALS => "as great as ",
        operators::LESS_EQUALS => "as small as ",
        _ => "",
    };
    out.then(|| told(part, &format!("{sign}{number}")))
}

/// A part of a time that is looked for in a list with a number it never is.
pub(super) fn contained(left: &IdedExpr, right: &IdedExpr) -> Option<Warning> {
    let part = part(left)?;
    let Expr::List(list) = &right.expr else { return None };
    let out = |number: &i64| !(part.1..=part.2).contains(number);
    list.elements.iter().filter_map(number).find(out).map(|number| told(part, &number.to_string()))
}

fn told((name, low, high, means): Part, what: &str) -> Warning {
    (format!("`{name}()` is never {what}: it is {low} to {high}"), means.to_owned())
}

/// The part of a time that a call gives; a duration has parts without such bounds.
fn part(expr: &IdedExpr) -> Option<Part> {
    let Expr::Call(call) = &expr.expr else { return None };
    let is_time = |target: &IdedExpr| matches!(&target.expr, Expr::Call(call) if call.func_name == "timestamp");
    let of_time = !call.args.is_empty() || call.target.as_deref().is_some_and(is_time);
    PARTS.into_iter().find(|(name, ..)| of_time && *name == call.func_name)
}

fn number(expr: &IdedExpr) -> Option<i64> {
    match &expr.expr {
        Expr::Literal(LiteralValue::Int(number)) => Some(*number.inner()),
        Expr::Call(call) if call.func_name == operators::NEGATE => {
            call.args.first().and_then(number).and_then(i64::checked_neg)
        }
        _ => None,
    }
}

/// The operator when both sides change places.
fn turned(operator: &str) -> &str {
    match operator {
        operators::LESS => operators::GREATER,
        operators::LESS_EQUALS => operators::GREATER_EQUALS,
        operators::GREATER => operators::LESS,
        operators::GREATER_EQUALS => operators::LESS_EQUALS,
        other => other,
    }
}
