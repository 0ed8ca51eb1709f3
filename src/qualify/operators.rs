//! The operators and functions of a `when`: what they take, what they give, and which of them are
//! prepared when the rules are loaded.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};

use super::check::{Checker, leftmost};
use super::meant::{argument, convert, elsewhere};
use super::problem::did_you_mean;
use super::types::{FUNCTIONS, Function, Item, Ty};
use super::values::{Pattern, Words};

/// How many times longer than what was read a rule may make a text.
const GROWTH_LIMIT: usize = 64;

/// What to do about a value where true or false is wanted.
const COMPARE: &str = "compare it with something, such as `… > 0` or `… != null`";

impl Checker<'_> {
    /// Checks a call: an operator or a function.
    pub(super) fn call(&mut self, expr: &mut IdedExpr) -> Ty {
        let id = expr.id;
        let Expr::Call(call) = &mut expr.expr else { return Ty::Dyn };
        if call.target.is_some() {
            return self.function(id, call);
        }
        let name = call.func_name.clone();
        match (name.as_str(), call.args.as_mut_slice()) {
            (operators::CONDITIONAL, [condition, yes, no]) => {
                self.bool("?:", condition);
                let yes = self.check(yes);
                yes.either(self.check(no))
            }
            (operators::LOGICAL_AND, [left, right]) => self.both_bool("&&", left, right),
            (operators::LOGICAL_OR, [left, right]) => self.both_bool("||", left, right),
            (operators::LOGICAL_NOT, [only]) => self.bool("!", only),
            // Around the condition of a loop the engine has written itself.
            (operators::NOT_STRICTLY_FALSE, [only]) => self.check(only),
            (operators::NEGATE, [only]) => match self.check(only) {
                ty @ (Ty::Int | Ty::Double | Ty::Dyn) => ty,
                other => self.wrong(
                    id,
                    format!("`-` takes a number, and this is {other}"),
                    Some(convert(other, Ty::Int, None)),
                ),
            },
            (operators::EQUALS | operators::NOT_EQUALS, [left, right]) => self.equality(id, left, right),
            (operators::IN, [left, right]) => self.membership(id, left, right),
            (operators::INDEX, [operand, index]) => self.index(id, operand, index),
            (
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                [left, right],
            ) => {
                let text = text(left).or_else(|| text(right));
                let (left, right) = (self.check(left), self.check(right));
                self.order(id, left, right, text.as_deref())
            }
            (
                operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO,
                [left, right],
            ) => {
                let (left, right) = (self.check(left), self.check(right));
                self.arithmetic(id, &name, left, right)
            }
            (operators::OPT_INDEX | operators::OPT_SELECT, _) => {
                let hint = "ask with `x != null`".to_owned();
                self.wrong(id, "`.?` and `[?…]` are not offered in rules".into(), Some(hint))
            }
            _ => self.function(id, call),
        }
    }

    fn wrong(&mut self, id: u64, message: String, hint: Option<String>) -> Ty {
        self.fault(id, message, hint);
        Ty::Dyn
    }

    fn bool(&mut self, operator: &str, expr: &mut IdedExpr) -> Ty {
        let ty = self.check(expr);
        if !ty.fits(Ty::Bool) {
            self.fault(leftmost(expr), format!("`{operator}` takes true or false, and this is {ty}"), hint(COMPARE));
        }
        Ty::Bool
    }

    fn both_bool(&mut self, operator: &str, left: &mut IdedExpr, right: &mut IdedExpr) -> Ty {
        self.bool(operator, left);
        self.bool(operator, right)
    }

    fn equality(&mut self, id: u64, left: &mut IdedExpr, right: &mut IdedExpr) -> Ty {
        let is_null = |expr: &IdedExpr| matches!(expr.expr, Expr::Literal(LiteralValue::Null));
        let (null_left, null_right) = (is_null(left), is_null(right));
        let text = text(left).or_else(|| text(right));
        let (left, right) = (self.check_where(left, null_right), self.check_where(right, null_left));
        if !left.comparable(right) && !null_left && !null_right {
            self.fault(id, format!("{left} never equals {right}"), Some(convert(left, right, text.as_deref())));
        }
        Ty::Bool
    }

    fn order(&mut self, id: u64, left: Ty, right: Ty, text: Option<&str>) -> Ty {
        let ordered =
            |ty: Ty| ty.is_number() || matches!(ty, Ty::Text | Ty::Time | Ty::Span | Ty::Bool | Ty::Bytes | Ty::Dyn);
        if !ordered(left) || !ordered(right) || !left.comparable(right) {
            let hint = convert(left, right, text);
            self.fault(id, format!("{left} is neither greater nor smaller than {right}"), Some(hint));
        }
        Ty::Bool
    }

    fn arithmetic(&mut self, id: u64, name: &str, left: Ty, right: Ty) -> Ty {
        use operators::{ADD, MODULO, SUBSTRACT};
        match (name, left, right) {
            (_, Ty::Dyn, _) | (_, _, Ty::Dyn) => Ty::Dyn,
            (MODULO, Ty::Double, Ty::Double) => {
                self.wrong(id, "`%` takes whole numbers".into(), Some(convert(left, right, None)))
            }
            (_, left, right) if left == right && left.is_number() => left,
            (ADD, Ty::Text, Ty::Text) => Ty::Text,
            (ADD, Ty::Bytes, Ty::Bytes) => Ty::Bytes,
            (ADD, Ty::List(left), Ty::List(right)) => Ty::List(left.either(right)),
            (ADD | SUBSTRACT, Ty::Span, Ty::Span) | (SUBSTRACT, Ty::Time, Ty::Time) => Ty::Span,
            (ADD | SUBSTRACT, Ty::Time, Ty::Span) | (ADD, Ty::Span, Ty::Time) => Ty::Time,
            (_, left, right) => {
                let sign = name.trim_matches('_');
                let hint = (left.is_number() && right.is_number())
                    .then(|| "make both the same with `double(…)` or `int(…)`".to_owned());
                self.wrong(id, format!("`{sign}` cannot join {left} and {right}"), hint)
            }
        }
    }

    fn membership(&mut self, id: u64, left: &mut IdedExpr, right: &mut IdedExpr) -> Ty {
        let element = self.check(left);
        let item = if let Some(words) = words(right) {
            right.expr = self.constant(Box::new(words), 0);
            Ty::Text
        } else {
            match self.check(right) {
                Ty::List(item) => item.ty(),
                Ty::Map(_) => Ty::Text,
                Ty::Dyn => Ty::Dyn,
                other => {
                    let hint = (other == Ty::Text).then(|| "write `text.contains(\"part\")`".to_owned());
                    return self.wrong(id, format!("`in` looks into a list, and this is {other}"), hint);
                }
            }
        };
        if !element.comparable(item) {
            self.fault(id, format!("{element} is never in a list of {item}"), Some(convert(element, item, None)));
        }
        Ty::Bool
    }

    fn index(&mut self, id: u64, operand: &mut IdedExpr, index: &mut IdedExpr) -> Ty {
        match (self.check(operand), self.check(index)) {
            (Ty::List(item), Ty::Int | Ty::Uint | Ty::Dyn) | (Ty::Map(item), Ty::Text | Ty::Dyn) => {
                self.dynamic |= item.ty() == Ty::Dyn;
                item.ty()
            }
            (Ty::Dyn, _) => Ty::Dyn,
            (Ty::File, _) => self.wrong(id, "name the field of an attachment with a dot".into(), None),
            (operand, index) => self.wrong(id, format!("{operand} has no element at {index}"), None),
        }
    }

    fn function(&mut self, id: u64, call: &mut CallExpr) -> Ty {
        let name = call.func_name.clone();
        let known: Vec<&Function> = FUNCTIONS.iter().filter(|function| function.name == name).collect();
        let on = call.target.as_mut().map(|target| self.check(target));
        if known.is_empty() {
            let near = || did_you_mean(&name, FUNCTIONS.iter().map(|function| function.name));
            let hint = elsewhere(&name).or_else(near);
            return self.wrong(id, format!("there is no function `{name}`"), hint);
        }
        let mut takes = Vec::with_capacity(call.args.len());
        let last = call.args.len().saturating_sub(1);
        self.bound(id, &name, &call.args);
        for arg in &call.args {
            if let Some((message, hint)) = text(arg).and_then(|text| argument(&name, &text)) {
                return self.wrong(arg.id, message, Some(hint));
            }
        }
        for (at, arg) in call.args.iter_mut().enumerate() {
            let is_pattern = name == "matches" && at == last && (at == 1) == on.is_none();
            takes.push(if is_pattern { self.pattern(arg) } else { self.check(arg) });
        }
        let fits = known.iter().find(|function| {
            function.on.is_some() == on.is_some()
                && on.zip(function.on).is_none_or(|(is, wanted)| is.fits(wanted))
                && takes.len() == function.takes.len()
                && takes.iter().zip(function.takes).all(|(is, wanted)| is.fits(*wanted))
        });
        let Some(function) = fits else {
            let used = form(&name, on, &takes);
            let mut forms: Vec<String> = known.iter().map(|known| form(&name, known.on, known.takes)).collect();
            forms.dedup();
            return self.wrong(id, format!("there is no {used}"), Some(format!("there is {}", forms.join(", "))));
        };
        self.dynamic |= on.iter().chain(&takes).any(|ty| *ty == Ty::Dyn);
        function.gives
    }

    fn pattern(&mut self, arg: &mut IdedExpr) -> Ty {
        let Expr::Literal(LiteralValue::String(source)) = &arg.expr else {
            let hint = "for other text there is `contains`".to_owned();
            self.fault(arg.id, "the pattern of `matches` must be written out in quotes".into(), Some(hint));
            return Ty::Pattern;
        };
        let source = source.inner();
        if source.contains('\u{8}') {
            let hint = r#"double the backslash (`\\b`), or put an r before the quotes: r"\b""#.to_owned();
            self.fault(arg.id, r"`\b` in a text is a backspace, not the edge of a word".into(), Some(hint));
            return Ty::Pattern;
        }
        match Pattern::compile(source) {
            Ok(pattern) => arg.expr = self.constant(Box::new(pattern), 0),
            Err(why) => {
                let advice = about_pattern(&why);
                self.fault(arg.id, format!("the pattern cannot be used: {why}"), hint(advice));
            }
        }
        Ty::Pattern
    }

    /// Refuses what could make a text grow, or be searched, without bound.
    fn bound(&mut self, id: u64, name: &str, args: &[IdedExpr]) {
        let literal = |at: usize| match args.get(at).map(|arg| &arg.expr) {
            Some(Expr::Literal(LiteralValue::String(text))) => Some(text.inner()),
            _ => None,
        };
        let factor = match (name, args.len()) {
            ("replace", 2) => match (literal(0), literal(1)) {
                (Some(from), Some(to)) if !from.is_empty() => Some(to.len().div_ceil(from.len())),
                _ => None,
            },
            ("join", 1) => literal(0).map(|between| between.len() + 1),
            ("split" | "indexOf" | "lastIndexOf", 1) => literal(0).filter(|part| !part.is_empty()).map(|_| 1),
            _ => return,
        };
        match factor {
            None => self.fault(
                id,
                format!("what `{name}` takes must be written out in quotes, not empty"),
                hint("so that its cost is known before"),
            ),
            Some(factor) => {
                self.growth = self.growth.saturating_mul(factor.max(1));
                if self.growth > GROWTH_LIMIT {
                    self.fault(
                        id,
                        format!("`{name}` makes the text too long"),
                        hint("put in shorter texts, or fewer times"),
                    );
                }
            }
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as a fault takes it")]
fn hint(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// What to do about a pattern that cannot be used.
fn about_pattern(why: &str) -> &'static str {
    if why.contains("too big") {
        "take fewer or smaller repetitions: `.{0,60}` rather than `.{0,5000}`"
    } else if why.contains("look-around") {
        "ask twice instead: `touch.text.matches(…) && !touch.text.matches(…)`"
    } else if why.contains("group") || why.contains("parenthes") {
        r"each `(` needs its `)`; a bracket of the text itself is written `\(`"
    } else if why.contains("backreference") {
        "patterns have no back-references: write the words out"
    } else {
        r"a sign that stands for itself has a backslash before it: `\+`, `\.`, `\[`"
    }
}

/// A text written out.
fn text(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner().to_owned()),
        _ => None,
    }
}

/// A list of texts written out.
fn words(expr: &IdedExpr) -> Option<Words> {
    let Expr::List(list) = &expr.expr else { return None };
    list.elements
        .iter()
        .map(|element| match &element.expr {
            Expr::Literal(LiteralValue::String(word)) => Some(word.inner().to_owned()),
            _ => None,
        })
        .collect()
}

/// How a call is written, with types for values: `text.startsWith(text)`.
fn form(name: &str, on: Option<Ty>, takes: &[Ty]) -> String {
    let takes: Vec<&str> = takes.iter().map(|ty| noun(*ty)).collect();
    let on = on.map_or(String::new(), |on| format!("{}.", noun(on)));
    format!("`{on}{name}({})`", takes.join(", "))
}

const fn noun(ty: Ty) -> &'static str {
    match ty {
        Ty::Dyn | Ty::Record => "value",
        Ty::Null => "null",
        Ty::Bool => "bool",
        Ty::Int => "int",
        Ty::Uint => "uint",
        Ty::Double => "double",
        Ty::Text => "text",
        Ty::Bytes => "bytes",
        Ty::Time => "time",
        Ty::Span => "duration",
        Ty::Type => "type",
        Ty::Pattern => "\"pattern\"",
        Ty::List(Item::Text) => "texts",
        Ty::List(_) => "list",
        Ty::Map(_) => "map",
        Ty::File => "attachment",
    }
}
