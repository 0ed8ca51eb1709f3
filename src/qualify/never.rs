//! Values that a field never has: `lead.country == "Deutschland"` can be read and asked, and never hits.
//!
//! In: a `when` that was checked. Out: a warning for each value, with what to write; and which channels
//! and lists it asks about, for those who know what there is.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators};

use super::compile::Compiled;
use super::never_time;
use super::never_value::{Warning, lowered, never, part, typed_number};
use super::types::{Ty, field as known_field};
use super::values::Words;
use super::view::{CONSTANT, Constant, MAY_BE_ABSENT};

/// Fields that hold the name of a channel.
const CHANNELS: [&str; 2] = ["touch.channel", "lead.attribution.channel"];

/// What was found in one `when`.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Values that a field never has.
    pub(super) warnings: Vec<Warning>,
    /// Names that a channel is compared with.
    pub(super) channels: Vec<String>,
    /// Lists by name that a field is looked up in: `lead.domain` and `lead.email` alone.
    pub(super) lists: Vec<(&'static str, String)>,
}

/// Looks through a `when`.
pub(super) fn look_through(when: &Compiled) -> Found {
    let mut looking = Looking { when, found: Found::default(), scope: Vec::new() };
    looking.at(&when.expr);
    looking.found
}

struct Looking<'a> {
    when: &'a Compiled,
    found: Found,
    /// What the elements of a list that is gone through are.
    scope: Vec<(&'a str, &'static str)>,
}

impl<'a> Looking<'a> {
    fn at(&mut self, expr: &'a IdedExpr) {
        match &expr.expr {
            Expr::Call(call) => {
                if let Some(warning) = self.call(call).filter(|warning| !self.found.warnings.contains(warning)) {
                    self.found.warnings.push(warning);
                }
                if let Some(target) = &call.target {
                    self.at(target);
                }
                call.args.iter().for_each(|arg| self.at(arg));
            }
            Expr::Comprehension(inside) => self.inside(inside),
            _ => {}
        }
    }

    fn inside(&mut self, inside: &'a ComprehensionExpr) {
        self.at(&inside.iter_range);
        let element = match self.field(&inside.iter_range) {
            Some("lead.emails") => Some("lead.email"),
            Some("lead.phones") => Some("lead.phone"),
            _ => None,
        };
        self.scope.extend(element.map(|element| (inside.iter_var.as_str(), element)));
        self.at(&inside.loop_step);
        if element.is_some() {
            self.scope.pop();
        }
        self.at(&inside.result);
    }

    fn call(&mut self, call: &'a CallExpr) -> Option<Warning> {
        let name = call.func_name.as_str();
        if let (Some(target), [arg]) = (&call.target, call.args.as_slice()) {
            let text = text(arg)?;
            return match self.field(target) {
                Some(field) => part(field, name, text),
                None if matches!(name, "contains" | "startsWith" | "endsWith") => lowered(folding(target)?, text),
                None => None,
            };
        }
        let [left, right] = call.args.as_slice() else { return None };
        match name {
            operators::EQUALS | operators::NOT_EQUALS => self
                .equal(name, left, right)
                .or_else(|| self.equal(name, right, left))
                .or_else(|| never_time::compared(name, left, right)),
            operators::IN => self.contained(left, right),
            operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS => {
                let typed = |expr| self.field(expr).and_then(|name| name.strip_prefix("lead.fields."));
                let number =
                    typed(left).filter(|_| is_number(right)).or_else(|| typed(right).filter(|_| is_number(left)));
                number.map(typed_number).or_else(|| never_time::compared(name, left, right))
            }
            _ => None,
        }
    }

    fn equal(&mut self, operator: &str, left: &'a IdedExpr, right: &'a IdedExpr) -> Option<Warning> {
        let value = text(right)?;
        let Some(field) = self.field(left) else { return lowered(folding(left)?, value) };
        self.note_channel(field, value);
        if value.is_empty() {
            let is_text = known_field(field).is_some_and(|field| field.ty == Ty::Text);
            let why = format!("`{field}` is never empty: what nobody said is absent");
            return (is_text && operator == operators::EQUALS).then(|| (why, format!("write `{field} == null`")));
        }
        never(field, value)
    }

    fn contained(&mut self, left: &'a IdedExpr, right: &'a IdedExpr) -> Option<Warning> {
        if let Some(warning) = never_time::contained(left, right) {
            return Some(warning);
        }
        if let (Some("lead.emails"), Some(text)) = (self.field(right), text(left)) {
            return never("lead.email", text);
        }
        let constant = self.constant(right);
        let words = constant.and_then(|constant| constant.value.downcast_ref::<Words>());
        let empty = matches!(&right.expr, Expr::List(list) if list.elements.is_empty());
        if empty || words.is_some_and(|words| words.len() == 0 && constant.is_some_and(|list| list.list.is_none())) {
            let hint = "write into it what is looked for: [\"one\", \"two\"]";
            return Some(("nothing is in an empty list".to_owned(), hint.to_owned()));
        }
        let (constant, words) = constant.zip(words)?;
        let Some(field) = self.field(left) else {
            let folded = folding(left)?;
            return words.iter().find_map(|word| lowered(folded, word));
        };
        words.iter().for_each(|word| self.note_channel(field, word));
        // Domains and addresses of a list that is a file are told with the file.
        let told = ["lead.domain", "lead.email"].into_iter().find(|name| *name == field);
        if let (Some(list), Some(field)) = (&constant.list, told) {
            self.found.lists.push((field, list.clone()));
            return None;
        }
        words.iter().find_map(|word| never(field, word))
    }

    fn note_channel(&mut self, field: &str, value: &str) {
        if CHANNELS.contains(&field) && !self.found.channels.iter().any(|name| name == value) {
            self.found.channels.push(value.to_owned());
        }
    }

    fn constant(&self, expr: &IdedExpr) -> Option<&'a Constant> {
        let Expr::Ident(name) = &expr.expr else { return None };
        self.when.constants.get(name.strip_prefix(CONSTANT)?.parse::<usize>().ok()?)
    }

    fn field(&self, expr: &'a IdedExpr) -> Option<&'a str> {
        let Expr::Ident(name) = &expr.expr else { return None };
        let name = name.trim_start_matches(MAY_BE_ABSENT);
        if name.contains('.') {
            return Some(name);
        }
        self.scope.iter().rev().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }
}

/// Which letters a text has that was made so: `lowerAscii` or `upperAscii`.
fn folding(expr: &IdedExpr) -> Option<&'static str> {
    let Expr::Call(call) = &expr.expr else { return None };
    call.target.as_ref()?;
    ["lowerAscii", "upperAscii"].into_iter().find(|name| *name == call.func_name)
}

fn text(expr: &IdedExpr) -> Option<&str> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

fn is_number(expr: &IdedExpr) -> bool {
    matches!(&expr.expr, Expr::Literal(LiteralValue::Int(_) | LiteralValue::Double(_) | LiteralValue::UInt(_)))
}
