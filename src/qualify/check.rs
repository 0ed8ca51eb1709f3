//! Checks a parsed `when` against what there is to see and call, and prepares it for running.
//!
//! In: the syntax tree. Out: the same tree where each field is one name that [`super::view`] answers,
//! patterns are compiled and word lists are hashed; or every mistake with its place. `x == null`
//! and `has(x)` ask whether something is absent; everywhere else an absent value ends the evaluation.

use std::collections::BTreeMap;

use cel::IdedExpr;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, MapExpr, SelectExpr, SourceInfo, operators,
};
use cel::common::value::Val;

use super::problem::did_you_mean;
use super::types::{DECIDED, FIELDS, FILE_FIELDS, Item, TYPE_NAMES, Ty, field};
use super::values::Words;
use super::view::{CONSTANT, Constant, MAY_BE_ABSENT};

/// Nodes a `when` may have; words after `in` do not count.
const NODE_LIMIT: usize = 200;

/// What begins a full name.
const ROOTS: [&str; 3] = ["lead", "touch", "lists"];

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
    /// How many times longer than what is read a text can become.
    pub(super) growth: usize,
    scope: Vec<(String, Ty)>,
    nodes: usize,
    loops: usize,
}

/// What a full name stands for.
enum Named {
    Field(&'static str, Ty),
    /// An entry of a map: its name for the view, and its type.
    Entry(String, Ty),
    List(String),
    /// `lead` alone.
    Bare,
    /// Something inside a field.
    Inside,
    Unknown,
}

impl<'a> Checker<'a> {
    pub(super) fn new(info: &'a SourceInfo, lists: &'a BTreeMap<String, Words>) -> Self {
        Self {
            info,
            lists,
            faults: Vec::new(),
            constants: Vec::new(),
            dynamic: false,
            growth: 1,
            scope: Vec::new(),
            nodes: 0,
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
        } else if self.faults.is_empty() && !matches!(ty, Ty::Bool | Ty::Dyn) {
            self.fault_at(0, format!("`when` must be true or false, and this is {ty}"), None);
        }
    }

    /// Checks an expression whose value must not be absent.
    pub(super) fn check(&mut self, expr: &mut IdedExpr) -> Ty {
        self.check_where(expr, false)
    }

    /// Checks an expression; `null_is_fine` beside a comparison with `null`.
    pub(super) fn check_where(&mut self, expr: &mut IdedExpr, null_is_fine: bool) -> Ty {
        self.nodes += 1;
        if self.nodes > NODE_LIMIT {
            return Ty::Dyn;
        }
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
                self.fault(id, "objects cannot be made in a rule".into(), None);
                Ty::Dyn
            }
        }
    }

    /// The segments of a full name: `lead.fields["x y"]` is `lead`, `fields`, `x y`.
    fn path(&self, expr: &IdedExpr) -> Option<Vec<String>> {
        match &expr.expr {
            Expr::Ident(name) if ROOTS.contains(&name.as_str()) && self.in_scope(name).is_none() => {
                Some(vec![name.clone()])
            }
            Expr::Select(select) if !select.test => self.path_and(&select.operand, &select.field),
            Expr::Call(CallExpr { func_name, args, target: None }) if func_name == operators::INDEX => {
                match args.as_slice() {
                    [operand, IdedExpr { expr: Expr::Literal(LiteralValue::String(key)), .. }] => {
                        self.path_and(operand, key.inner())
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn path_and(&self, operand: &IdedExpr, last: &str) -> Option<Vec<String>> {
        let mut path = self.path(operand)?;
        path.push(last.to_owned());
        Some(path)
    }

    fn lookup(path: &[String]) -> Named {
        match path {
            [_] => return Named::Bare,
            [root, name] if root == "lists" => return Named::List(name.clone()),
            [root, ..] if root == "lists" => return Named::Inside,
            _ => {}
        }
        let joined = path.join(".");
        if let Some(field) = field(&joined) {
            return Named::Field(field.path, field.ty);
        }
        for depth in 2..path.len() {
            match field(&path[..depth].join(".")).map(|field| (field.path, field.ty)) {
                Some((map, Ty::Map(item))) if depth + 1 == path.len() => {
                    let last = &path[depth];
                    let key = if map == "touch.headers" { last.to_lowercase() } else { last.clone() };
                    return Named::Entry(format!("{map}.{key}"), item.ty());
                }
                Some((_, ty)) if ty != Ty::Record => return Named::Inside,
                _ => {}
            }
        }
        Named::Unknown
    }

    /// Replaces a full name by what the view answers; `None` when it must be looked at piece by piece.
    fn named(&mut self, expr: &mut IdedExpr, path: &[String], null_is_fine: bool) -> Option<Ty> {
        let (name, ty) = match Self::lookup(path) {
            Named::Field(name, ty) => (name.to_owned(), ty),
            Named::Entry(name, ty) => (name, ty),
            Named::List(name) => return Some(self.list(expr, &name)),
            Named::Inside => return None,
            Named::Bare => {
                self.group(expr, path);
                return Some(Ty::Dyn);
            }
            Named::Unknown => {
                self.unknown_field(expr, path);
                return Some(Ty::Dyn);
            }
        };
        self.dynamic |= ty == Ty::Dyn;
        if null_is_fine {
            expr.expr = Expr::Ident(format!("{MAY_BE_ABSENT}{name}"));
            return Some(ty);
        }
        match ty {
            Ty::Record => self.group(expr, path),
            Ty::Time => expr.expr = timestamp_of(expr.id, name),
            _ => expr.expr = Expr::Ident(name),
        }
        Some(if ty == Ty::Record { Ty::Dyn } else { ty })
    }

    fn list(&mut self, expr: &mut IdedExpr, name: &str) -> Ty {
        if let Some(words) = self.lists.get(name) {
            let (words, cost) = (words.clone(), words.len());
            expr.expr = self.constant(Box::new(words), cost);
        } else {
            let hint = did_you_mean(name, self.lists.keys().map(String::as_str));
            let hint = hint.unwrap_or_else(|| format!("write it to `lists/{name}.txt`, a word a line"));
            self.fault(leftmost(expr), format!("there is no list `{name}`"), Some(hint));
        }
        Ty::List(Item::Text)
    }

    /// Keeps a value of the rule; gives the name by which it is asked for.
    pub(super) fn constant(&mut self, value: Box<dyn Val>, cost: usize) -> Expr {
        self.constants.push(Constant { value, cost });
        Expr::Ident(format!("{CONSTANT}{}", self.constants.len() - 1))
    }

    fn group(&mut self, expr: &IdedExpr, path: &[String]) {
        let path = path.join(".");
        let start = format!("{path}.");
        let inside = FIELDS.iter().map(|field| field.path).filter(|field| field.starts_with(&start)).take(3);
        let names: Vec<String> = inside.map(|field| format!("`{field}`")).collect();
        let hint = if names.is_empty() {
            "name a list: `lists.NAME`".to_owned()
        } else {
            format!("name one, such as {}", names.join(", "))
        };
        self.fault(leftmost(expr), format!("`{path}` is a group of fields, not a value"), Some(hint));
    }

    fn unknown_field(&mut self, expr: &IdedExpr, path: &[String]) {
        let name = path.join(".");
        if DECIDED.contains(&name.as_str()) {
            let message = format!("`{name}` cannot be seen in `when`: the rules decide it");
            self.fault(leftmost(expr), message, None);
            return;
        }
        let last = path.last().map_or("", String::as_str);
        let hint = did_you_mean(&name, FIELDS.iter().map(|field| field.path)).unwrap_or_else(|| {
            format!("what has no place of its own stands in `lead.fields`, such as `lead.fields[\"{last}\"]`")
        });
        self.fault(leftmost(expr), format!("there is no `{name}`"), Some(hint));
    }

    fn in_scope(&self, name: &str) -> Option<Ty> {
        self.scope.iter().rev().find(|(known, _)| known == name).map(|(_, ty)| *ty)
    }

    fn ident(&mut self, expr: &mut IdedExpr, name: &str) -> Ty {
        if let Some(ty) = self.in_scope(name) {
            return ty;
        }
        if name == "now" {
            expr.expr = timestamp_of(expr.id, name.to_owned());
            return Ty::Time;
        }
        if TYPE_NAMES.contains(&name) {
            return Ty::Type;
        }
        let as_field = FIELDS.iter().find(|field| field.path.rsplit('.').next() == Some(name));
        let hint = as_field.map(|field| format!("did you mean `{}`?", field.path)).or_else(|| {
            let known = self.scope.iter().map(|(name, _)| name.as_str()).filter(|name| !name.starts_with('@'));
            did_you_mean(name, known.chain(ROOTS).chain(["now"]))
        });
        let hint = hint.unwrap_or_else(|| "there are `lead`, `touch`, `lists` and `now`; text stands in quotes".into());
        self.fault(expr.id, format!("there is no `{name}`"), Some(hint));
        Ty::Dyn
    }

    /// `has(x)`: the same as `x != null`.
    fn presence(&mut self, expr: &mut IdedExpr) -> Ty {
        let Expr::Select(select) = &mut expr.expr else { return Ty::Bool };
        if self.path(&select.operand).is_some() {
            let SelectExpr { operand, field, .. } = std::mem::take(select);
            let select = SelectExpr { operand, field, test: false };
            let mut present = IdedExpr { id: expr.id, expr: Expr::Select(select) };
            self.check_where(&mut present, true);
            let null = IdedExpr { id: expr.id, expr: Expr::Literal(LiteralValue::Null) };
            expr.expr = call(operators::NOT_EQUALS, vec![present, null]);
            return Ty::Bool;
        }
        let operand = self.check(&mut select.operand);
        let field = select.field.clone();
        self.select(expr.id, operand, &field);
        Ty::Bool
    }

    fn select(&mut self, id: u64, operand: Ty, name: &str) -> Ty {
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
                let is_function = super::types::FUNCTIONS.iter().any(|known| known.name == name);
                let hint = is_function.then(|| format!("write `{name}(…)`"));
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
        self.loops += 1;
        let bounded = matches!(&comprehension.iter_range.expr, Expr::Ident(name) if self.in_scope(name).is_none());
        if self.loops > 2 || self.loops == 2 && !bounded {
            let message = "a list gone through for each element of another must be a field or one of `lists`";
            self.fault(id, message.into(), None);
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

pub(super) fn call(name: &str, args: Vec<IdedExpr>) -> Expr {
    Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args })
}

fn timestamp_of(id: u64, name: String) -> Expr {
    call("timestamp", vec![IdedExpr { id, expr: Expr::Ident(name) }])
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
