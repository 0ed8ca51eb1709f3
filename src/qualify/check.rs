//! Checks a parsed `when` against what there is to see and call, and prepares it for running.
//!
//! In: the syntax tree. Out: the same tree where each field is one name that [`super::view`] answers,
//! patterns are compiled and word lists are hashed; or every mistake with its place. `x == null`
//! and `has(x)` ask whether something is absent; everywhere else an absent value ends the evaluation.

use std::collections::BTreeMap;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, MapExpr, SourceInfo, operators};
use cel::common::value::Val;

use super::meant::elsewhere;
use super::problem::did_you_mean;
use super::types::{FILE_FIELDS, FUNCTIONS, Item, Ty};
use super::values::{IN_ORDER, Words};
use super::view::{CONSTANT, Constant};

/// Nodes a `when` may have; words after `in` do not count.
const NODE_LIMIT: usize = 200;

/// How deep they may be nested: each level takes stack when the rule runs.
const DEPTH_LIMIT: usize = 48;

/// A mistake in a `when`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Byte in the source of the `when`.
    pub(super) offset: usize,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// Walks one `when`.
pub(super) struct Checker<'a> {
    pub(super) info: &'a SourceInfo,
    pub(super) lists: &'a BTreeMap<String, Words>,
    pub(super) faults: Vec<Fault>,
    pub(super) constants: Vec<Constant>,
    /// Whether a value is used whose type is known only when the rule runs.
    pub(super) dynamic: bool,
    /// Whether a field of the touch is used.
    pub(super) sees_touch: bool,
    /// How many times longer than what is read a text can become.
    pub(super) growth: usize,
    pub(super) scope: Vec<(String, Ty)>,
    nodes: usize,
    depth: usize,
    deepest: usize,
    loops: usize,
}

impl<'a> Checker<'a> {
    pub(super) fn new(info: &'a SourceInfo, lists: &'a BTreeMap<String, Words>) -> Self {
        Self {
            info,
            lists,
            faults: Vec::new(),
            constants: Vec::new(),
            dynamic: false,
            sees_touch: false,
            growth: 1,
            scope: Vec::new(),
            nodes: 0,
            depth: 0,
            deepest: 0,
            loops: 0,
        }
    }

    /// Checks a whole `when`.
    pub(super) fn whole(&mut self, expr: &mut IdedExpr) {
        let ty = self.check(expr);
        if self.nodes > NODE_LIMIT {
            self.faults.clear();
            let message = format!("`when` is too big: more than {NODE_LIMIT} values and operators");
            self.fault_at(0, message, Some("split the rule, or put words into a list after `in`".into()));
        } else if self.deepest > DEPTH_LIMIT {
            self.faults.clear();
            let message = format!("`when` is nested more than {DEPTH_LIMIT} deep");
            self.fault_at(0, message, Some("split the rule, or put words into a list after `in`".into()));
        } else if self.faults.is_empty() && !matches!(ty, Ty::Bool | Ty::Dyn) {
            let hint = "end with a comparison, such as `… > 0` or `… != null`".to_owned();
            self.fault_at(0, format!("`when` must be true or false, and this is {ty}"), Some(hint));
        }
    }

    /// Checks an expression whose value must not be absent.
    pub(super) fn check(&mut self, expr: &mut IdedExpr) -> Ty {
        self.check_where(expr, false)
    }

    /// Checks an expression; `null_is_fine` beside a comparison with `null`.
    pub(super) fn check_where(&mut self, expr: &mut IdedExpr, null_is_fine: bool) -> Ty {
        self.nodes += 1;
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let fits = self.nodes <= NODE_LIMIT && self.depth <= DEPTH_LIMIT;
        let ty = if fits { self.node(expr, null_is_fine) } else { Ty::Dyn };
        self.depth -= 1;
        ty
    }

    fn node(&mut self, expr: &mut IdedExpr, null_is_fine: bool) -> Ty {
        if let Some(path) = self.path(expr)
            && let Some(ty) = self.named(expr, &path, null_is_fine)
        {
            return ty;
        }
        let id = expr.id;
        match &mut expr.expr {
            Expr::Literal(literal) => type_of(literal),
            Expr::Ident(name) => {
                let name = name.clone();
                self.ident(expr, &name)
            }
            Expr::Select(select) if select.test => self.presence(expr),
            Expr::Select(select) => {
                let operand = self.check(&mut select.operand);
                self.select(id, operand, &select.field)
            }
            Expr::Call(_) => self.call(expr),
            Expr::List(list) => {
                let items = list.elements.iter_mut().map(|element| self.check(element).item());
                Ty::List(items.fold(Item::Empty, Item::either))
            }
            Expr::Map(map) => self.map(map),
            Expr::Comprehension(comprehension) => self.comprehension(id, comprehension),
            Expr::Struct(_) | Expr::Unspecified => {
                self.fault(id, "objects cannot be made in a rule".into(), Some("compare fields one by one".into()));
                Ty::Dyn
            }
        }
    }

    /// Keeps a value of the rule; gives the name by which it is asked for.
    pub(super) fn constant(&mut self, value: Box<dyn Val>, cost: usize) -> Expr {
        self.constants.push(Constant { value, cost, list: None });
        Expr::Ident(format!("{CONSTANT}{}", self.constants.len() - 1))
    }

    pub(super) fn in_scope(&self, name: &str) -> Option<Ty> {
        self.scope.iter().rev().find(|(known, _)| known == name).map(|(_, ty)| *ty)
    }

    pub(super) fn select(&mut self, id: u64, operand: Ty, name: &str) -> Ty {
        match operand {
            Ty::Dyn => {
                self.dynamic = true;
                Ty::Dyn
            }
            Ty::Map(item) => item.ty(),
            Ty::File => FILE_FIELDS.iter().find(|(known, _)| *known == name).map_or_else(
                || {
                    let hint = did_you_mean(name, FILE_FIELDS.iter().map(|(name, _)| *name));
                    self.fault(id, format!("an attachment has no `{name}`"), hint);
                    Ty::Dyn
                },
                |(_, ty)| *ty,
            ),
            other => {
                let is_function = FUNCTIONS.iter().any(|known| known.name == name);
                let hint = match other {
                    Ty::Type => Some(format!("did you mean `lists.{name}`?")),
                    _ if !is_function => elsewhere(name),
                    _ => is_function.then(|| format!("write `{name}(…)`")),
                };
                self.fault(id, format!("{other} has no field `{name}`"), hint);
                Ty::Dyn
            }
        }
    }

    fn map(&mut self, map: &mut MapExpr) -> Ty {
        let mut item = Item::Empty;
        for entry in &mut map.entries {
            if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                self.check(&mut entry.key);
                item = item.either(self.check(&mut entry.value).item());
            }
        }
        Ty::Map(item)
    }

    fn comprehension(&mut self, id: u64, comprehension: &mut ComprehensionExpr) -> Ty {
        let range = self.check(&mut comprehension.iter_range);
        let element = match range {
            Ty::List(item) => item.ty(),
            Ty::Map(_) => Ty::Text,
            Ty::Dyn => Ty::Dyn,
            other => {
                self.fault(id, format!("only a list can be gone through, and this is {other}"), None);
                Ty::Dyn
            }
        };
        let bounded = matches!(&comprehension.iter_range.expr, Expr::Ident(name) if self.in_scope(name).is_none());
        self.loops += 1;
        if matches!(range, Ty::Map(_) | Ty::Dyn) {
            in_order(&mut comprehension.iter_range);
        }
        if self.loops > 2 || self.loops == 2 && !bounded {
            let message = "a list gone through for each element of another must be a field or one of `lists`";
            self.fault(id, message.into(), Some("ask in two rules, or with `in`".into()));
        }
        let result = self.check(&mut comprehension.accu_init);
        let outside = self.scope.len();
        self.scope.push((comprehension.accu_var.clone(), result));
        self.scope.push((comprehension.iter_var.clone(), element));
        if let Some(second) = &comprehension.iter_var2 {
            self.scope.push((second.clone(), Ty::Dyn));
        }
        self.check(&mut comprehension.loop_cond);
        let step = self.check(&mut comprehension.loop_step);
        self.scope.truncate(outside);
        self.scope.push((comprehension.accu_var.clone(), result.either(step)));
        let result = self.check(&mut comprehension.result);
        self.scope.truncate(outside);
        self.loops -= 1;
        result
    }

    /// Notes a mistake at a node.
    pub(super) fn fault(&mut self, id: u64, message: String, hint: Option<String>) {
        let offset = self.info.offset_for(id).map_or(0, |(start, _)| start as usize);
        self.fault_at(offset, message, hint);
    }

    fn fault_at(&mut self, offset: usize, message: String, hint: Option<String>) {
        let fault = Fault { offset, message, hint };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// The node that a person would point at: the first of a chain.
pub(super) fn leftmost(expr: &IdedExpr) -> u64 {
    match &expr.expr {
        Expr::Select(select) => leftmost(&select.operand),
        Expr::Call(CallExpr { target: Some(target), .. }) => leftmost(target),
        Expr::Call(CallExpr { func_name, args, .. }) if func_name == operators::INDEX => {
            args.first().map_or(expr.id, leftmost)
        }
        _ => expr.id,
    }
}

/// Has the keys of a map gone through in their order: the engine's own is another at each start.
fn in_order(range: &mut IdedExpr) {
    let id = range.id;
    let inner = std::mem::replace(range, IdedExpr { id, expr: Expr::Unspecified });
    range.expr = call(IN_ORDER, vec![inner]);
}

pub(super) fn call(name: &str, args: Vec<IdedExpr>) -> Expr {
    Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args })
}

const fn type_of(literal: &LiteralValue) -> Ty {
    match literal {
        LiteralValue::Boolean(_) => Ty::Bool,
        LiteralValue::Bytes(_) => Ty::Bytes,
        LiteralValue::Double(_) => Ty::Double,
        LiteralValue::Int(_) => Ty::Int,
        LiteralValue::Null => Ty::Null,
        LiteralValue::String(_) => Ty::Text,
        LiteralValue::UInt(_) => Ty::Uint,
    }
}
