//! Rules that can never do what they are there for: nobody would notice, so they are warned of.
//!
//! Only what is certain is told: a `when` that cannot hold, and a decision that an earlier rule,
//! which always hits, has taken already.

use std::collections::HashMap;

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, operators};

use super::rule::Rule;
use super::view::MAY_BE_ABSENT;

/// What earlier rules have settled for good.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Which rule always decides: `disposition`, `team`.
    settled: HashMap<&'static str, String>,
    /// Which rule asks the same, by `when`.
    asked: HashMap<String, String>,
}

impl Reach {
    /// What is amiss with the next rule in order: a sentence, and what to do.
    pub(super) fn of(&mut self, rule: &Rule) -> Vec<(String, &'static str)> {
        let mut found = Vec::new();
        let named = format!("`{}` ({})", rule.hit.rule, rule.hit.place);
        let always = literal(&rule.when.expr) == Some(true);
        if let Some(why) = impossible(&rule.when.expr) {
            found.push((format!("the rule never hits: {why}"), "change `when`, or take the rule out"));
        }
        let decides = [("disposition", rule.hit.disposition.is_some()), ("team", rule.hit.team.is_some())];
        for (what, _) in decides.into_iter().filter(|(_, decides)| *decides) {
            if let Some(earlier) = self.settled.get(what) {
                let message = format!("its {what} never counts: {earlier} comes first and always hits");
                found.push((message, "the first hit decides; put this rule before it"));
            } else if always {
                self.settled.insert(what, named.clone());
            }
        }
        let when: String = rule.when.source.split_whitespace().collect();
        if let Some(earlier) = self.asked.get(&when) {
            let message = format!("the rule asks the same as {earlier}");
            found.push((message, "one rule can have several effects"));
        } else {
            self.asked.insert(when, named);
        }
        found
    }
}

fn literal(expr: &IdedExpr) -> Option<bool> {
    match &expr.expr {
        Expr::Literal(LiteralValue::Boolean(value)) => Some(*value.inner()),
        _ => None,
    }
}

/// Why an expression cannot hold, if it cannot.
fn impossible(expr: &IdedExpr) -> Option<String> {
    if literal(expr) == Some(false) {
        return Some("its `when` is `false`".to_owned());
    }
    let Expr::Call(call) = &expr.expr else { return None };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::LOGICAL_OR, [left, right]) => impossible(left).and_then(|_| impossible(right)),
        (operators::LOGICAL_AND, [left, right]) => {
            impossible(left).or_else(|| impossible(right)).or_else(|| contradiction(expr))
        }
        _ => None,
    }
}

/// Two comparisons of one field, both of which must hold, that exclude each other.
fn contradiction(expr: &IdedExpr) -> Option<String> {
    let mut all = Vec::new();
    conjuncts(expr, &mut all);
    let compared: Vec<(&str, bool, &LiteralValue)> = all.into_iter().filter_map(comparison).collect();
    compared.iter().enumerate().find_map(|(at, (field, same, value))| {
        let clashes = |(other_field, other_same, other): &&(&str, bool, &LiteralValue)| {
            other_field == field
                && if *same && *other_same { other != value } else { same != other_same && other == value }
        };
        compared[..at].iter().find(clashes).map(|_| format!("what it asks of `{field}` excludes itself"))
    })
}

/// The parts that must all hold.
fn conjuncts<'e>(expr: &'e IdedExpr, all: &mut Vec<&'e IdedExpr>) {
    match &expr.expr {
        Expr::Call(call) if call.func_name == operators::LOGICAL_AND => {
            call.args.iter().for_each(|arg| conjuncts(arg, all));
        }
        _ => all.push(expr),
    }
}

/// `field == value` (`true`) or `field != value` (`false`).
fn comparison(expr: &IdedExpr) -> Option<(&str, bool, &LiteralValue)> {
    let Expr::Call(call) = &expr.expr else { return None };
    let same = match call.func_name.as_str() {
        operators::EQUALS => true,
        operators::NOT_EQUALS => false,
        _ => return None,
    };
    let [left, right] = call.args.as_slice() else { return None };
    match (&left.expr, &right.expr) {
        (Expr::Ident(field), Expr::Literal(value)) | (Expr::Literal(value), Expr::Ident(field)) => {
            Some((field.trim_start_matches(MAY_BE_ABSENT), same, value))
        }
        _ => None,
    }
}
