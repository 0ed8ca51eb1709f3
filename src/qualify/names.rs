//! The full names in a `when`: `lead.domain`, `touch.headers["x-mailer"]`, `lists.freemail`, `now`.
//!
//! In: chains of fields in the syntax tree. Out: one name for each, as [`super::view`] answers it, or
//! what is wrong with it and what was probably meant.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, SelectExpr, operators};

use super::check::{Checker, call, leftmost};
use super::problem::did_you_mean;
use super::types::{DECIDED, FIELDS, Item, TYPE_NAMES, Ty, field};
use super::view::MAY_BE_ABSENT;
use crate::normalize::Spelling;
use crate::normalize::fields::{Slot, meaning};

/// What begins a full name.
const ROOTS: [&str; 3] = ["lead", "touch", "lists"];

/// Segments of the longest full name that is a field.
const LONGEST: usize = 3;

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

impl Checker<'_> {
    /// The segments of a full name: `lead.fields["x y"]` is `lead`, `fields`, `x y`.
    pub(super) fn path(&self, expr: &IdedExpr) -> Option<Vec<String>> {
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
        if path.len() <= LONGEST
            && let Some(field) = field(&path.join("."))
        {
            return Named::Field(field.path, field.ty);
        }
        for depth in 2..path.len().min(LONGEST + 1) {
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
    pub(super) fn named(&mut self, expr: &mut IdedExpr, path: &[String], null_is_fine: bool) -> Option<Ty> {
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
        self.sees_touch |= name.starts_with("touch.");
        // The one name that is left stands where the chain began.
        expr.id = leftmost(expr);
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
            if let Some(constant) = self.constants.last_mut() {
                constant.list = Some(name.to_owned());
            }
        } else {
            let hint = did_you_mean(name, self.lists.keys().map(String::as_str));
            // `lists.key-accounts` is read as a difference.
            let cut =
                |known: &&String| known.strip_prefix(name).is_some_and(|rest| !rest.is_empty() && !is_name(known));
            let hint = self.lists.keys().find(cut).map(|known| format!("did you mean `lists[\"{known}\"]`?")).or(hint);
            let hint = hint.unwrap_or_else(|| format!("write it to `lists/{name}.txt`, a word a line"));
            self.fault(leftmost(expr), format!("there is no list `{name}`"), Some(hint));
        }
        Ty::List(Item::Text)
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
        let name = path[..path.len().min(LONGEST + 1)].join(".");
        if DECIDED.contains(&name.as_str()) {
            let message = format!("`{name}` cannot be seen in `when`: the rules decide it");
            let hint = "ask for what led to it: the fields of `lead` and `touch`".to_owned();
            self.fault(leftmost(expr), message, Some(hint));
            return;
        }
        let hint = Self::meant(&name).or_else(|| called(path)).unwrap_or_else(|| match path {
            [root, ..] if root == "touch" => {
                let known = FIELDS.iter().filter_map(|field| field.path.strip_prefix("touch."));
                format!("a touch has {}", known.collect::<Vec<_>>().join(", "))
            }
            path => {
                let last = path.last().map_or("", String::as_str);
                format!("what has no place of its own stands in `lead.fields`, such as `lead.fields[\"{last}\"]`")
            }
        });
        self.fault(leftmost(expr), format!("there is no `{name}`"), Some(hint));
    }

    /// Fields of the same root with a name like it.
    fn meant(name: &str) -> Option<String> {
        let (root, typed) = name.split_once('.')?;
        let of_root = |field: &'static super::types::Field| field.path.strip_prefix(root)?.strip_prefix('.');
        let near = did_you_mean(typed, FIELDS.iter().filter_map(of_root))?;
        Some(near.replacen('`', &format!("`{root}."), 1).replacen(" or `", &format!(" or `{root}."), 1))
    }

    pub(super) fn ident(&mut self, expr: &mut IdedExpr, name: &str) -> Ty {
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
        // `text` is rather what the touch says than that of a consent.
        let as_field = FIELDS.iter().filter(|field| field.path.rsplit('.').next() == Some(name));
        let as_field = as_field.min_by_key(|field| field.path.matches('.').count());
        let hint = as_field.map(|field| format!("did you mean `{}`?", field.path)).or_else(|| {
            let known = self.scope.iter().map(|(name, _)| name.as_str()).filter(|name| !name.starts_with('@'));
            did_you_mean(name, known.chain(ROOTS).chain(["now"]))
        });
        let hint = hint.unwrap_or_else(|| "there are `lead`, `touch`, `lists` and `now`; text stands in quotes".into());
        self.fault(expr.id, format!("there is no `{name}`"), Some(hint));
        Ty::Dyn
    }

    /// `has(x)`: the same as `x != null`.
    pub(super) fn presence(&mut self, expr: &mut IdedExpr) -> Ty {
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
}

/// Whether it can stand behind a dot as it is.
pub(super) fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// The field that forms label so: `lead.firma`, `touch.nachricht`.
fn called(path: &[String]) -> Option<String> {
    let [root, label] = path else { return None };
    let field = match meaning(label, &Spelling::default())?.0 {
        Slot::Email => "email",
        Slot::Phone => "phone",
        Slot::Name => "name",
        Slot::GivenName => "given_name",
        Slot::FamilyName => "family_name",
        Slot::Company => "company",
        Slot::Website => "website",
        Slot::JobTitle => "job_title",
        Slot::Country => "country",
        Slot::Language => "language",
        Slot::Subject => "subject",
        Slot::Message => "message",
        Slot::Page => "page",
        Slot::Consent | Slot::Form | Slot::Referrer | Slot::Utm(_) => return None,
    };
    let name = match (root.as_str(), field) {
        ("touch", "message") => "touch.text".to_owned(),
        ("touch", "email") => "touch.from".to_owned(),
        (root, field) => format!("{root}.{field}"),
    };
    FIELDS.iter().any(|field| field.path == name).then(|| format!("did you mean `{name}`?"))
}

fn timestamp_of(id: u64, name: String) -> Expr {
    call("timestamp", vec![IdedExpr { id, expr: Expr::Ident(name) }])
}
