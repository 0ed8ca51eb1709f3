//! Asks one rule about one lead.
//!
//! Whatever happens inside, an answer comes out: an absent value is no hit, an error is no hit and
//! says why in words that carry nothing of the person.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::common::ast::{Expr, operators};
use cel::common::types::{CelBool, CelNull, CelString};
use cel::context::VariableResolver;
use cel::{Context, Env, ExecutionError, IdedExpr, Value};

use super::compile::Compiled;
use super::names::is_name;
use super::values::Pattern;
use super::view::{MAY_BE_ABSENT, View};

/// What a rule says about a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It applies.
    Hit,
    /// It does not.
    Miss,
    /// It met an absent value, so it does not.
    Absent,
    /// It could not be asked, with the cause.
    Failed(String),
}

/// Evaluates a rule.
pub(super) fn ask(rule: &Compiled, env: &Arc<Env>, view: &View<'_>) -> Answer {
    let answer = catch_unwind(AssertUnwindSafe(|| match by_patterns(rule, view) {
        Some(true) => Answer::Hit,
        Some(false) => Answer::Miss,
        None => by_engine(rule, env, view),
    }));
    if view.is_exhausted() {
        return Answer::Failed("it looked at too much text or too long a list, and was stopped".into());
    }
    answer.unwrap_or_else(|_| Answer::Failed("the rule engine failed".into()))
}

fn by_engine(rule: &Compiled, env: &Arc<Env>, view: &View<'_>) -> Answer {
    let mut context = Context::with_env(Arc::clone(env));
    context.set_variable_resolver(view);
    match Value::resolve_val(&rule.expr, &context) {
        Ok(value) => match value.downcast_ref::<CelBool>() {
            Some(yes) if *yes.inner() => Answer::Hit,
            Some(_) => Answer::Miss,
            None if value.downcast_ref::<CelNull>().is_some() => Answer::Absent,
            None => Answer::Failed(format!("it gave {}, not true or false", value.get_type().name())),
        },
        Err(ExecutionError::FunctionError { function, message }) => {
            let field = unreadable(&rule.expr, &context);
            explain(&ExecutionError::FunctionError { function, message }, field.as_deref())
        }
        Err(error) => explain(&error, None),
    }
}

/// The field whose value the function around it cannot read, as a rule names it.
fn unreadable(expr: &IdedExpr, context: &Context<'_, '_>) -> Option<String> {
    let parts: Vec<&IdedExpr> = match &expr.expr {
        Expr::Call(call) => {
            let name = call.args.first().or(call.target.as_deref()).and_then(|arg| match &arg.expr {
                Expr::Ident(name) => Some(name.trim_start_matches(MAY_BE_ABSENT)).filter(|name| name.contains('.')),
                _ => None,
            });
            if let (Some(name), Err(ExecutionError::FunctionError { .. })) = (name, Value::resolve_val(expr, context)) {
                let form = name.strip_prefix("lead.fields.").filter(|name| !is_name(name));
                return Some(form.map_or_else(|| name.to_owned(), |name| format!("lead.fields[\"{name}\"]")));
            }
            call.target.as_deref().into_iter().chain(&call.args).collect()
        }
        Expr::Comprehension(inside) => vec![&inside.iter_range, &inside.loop_step, &inside.result],
        _ => Vec::new(),
    };
    parts.into_iter().find_map(|part| unreadable(part, context))
}

/// Whether a condition holds that is made of patterns alone: to look at a text costs less than the engine around it.
/// `None` for any other, and where a text is absent: the engine knows what follows from that.
fn by_patterns(rule: &Compiled, view: &View<'_>) -> Option<bool> {
    rule.only_patterns.then(|| of_patterns(&rule.expr, view))?
}

fn of_patterns(expr: &IdedExpr, view: &View<'_>) -> Option<bool> {
    let Expr::Call(call) = &expr.expr else { return None };
    let part = |expr: &IdedExpr| of_patterns(expr, view);
    match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
        (operators::LOGICAL_OR, None, [left, right]) => Some(part(left)? || part(right)?),
        (operators::LOGICAL_AND, None, [left, right]) => Some(part(left)? && part(right)?),
        (operators::LOGICAL_NOT, None, [negated]) => part(negated).map(|holds| !holds),
        ("matches", Some(text), [pattern]) => {
            let (Expr::Ident(text), Expr::Ident(pattern)) = (&text.expr, &pattern.expr) else { return None };
            let (text, pattern) = (view.resolve(text)?, view.resolve(pattern)?);
            Some(pattern.downcast_ref::<Pattern>()?.is_in(text.downcast_ref::<CelString<'_>>()?.inner()))
        }
        _ => None,
    }
}

/// Tells absent values from errors, and errors without the values they are about.
fn explain(error: &ExecutionError, field: Option<&str>) -> Answer {
    const NULL: &str = "null_type";
    match error {
        // A name without an answer; that the name exists was checked when the rule was loaded.
        ExecutionError::UndeclaredReference(_)
        | ExecutionError::NoSuchKey(_)
        | ExecutionError::IndexOutOfBounds(_)
        | ExecutionError::UnsupportedBinaryOperator(_, Value::Null, _)
        | ExecutionError::UnsupportedBinaryOperator(_, _, Value::Null)
        | ExecutionError::ValuesNotComparable(Value::Null, _)
        | ExecutionError::ValuesNotComparable(_, Value::Null) => Answer::Absent,
        ExecutionError::NoSuchOverload(overload) if overload.argument_types().iter().any(|ty| ty == NULL) => {
            Answer::Absent
        }
        ExecutionError::UnexpectedType { got, .. } if got == NULL => Answer::Absent,
        ExecutionError::NoSuchOverload(overload) => {
            let types = overload.argument_types().join(" and ");
            Answer::Failed(format!("`{}` cannot take {types}", overload.function().trim_matches('_')))
        }
        ExecutionError::UnexpectedType { got, want } => Answer::Failed(format!("it needs {want} and met {got}")),
        ExecutionError::FunctionError { function, .. } => {
            let what =
                field.map_or_else(|| "what it was given".to_owned(), |field| format!("what stands in `{field}`"));
            Answer::Failed(format!("`{function}` cannot read {what}"))
        }
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            Answer::Failed("it divides by zero".into())
        }
        ExecutionError::Overflow(..) => Answer::Failed("a number became too big".into()),
        ExecutionError::ValuesNotComparable(..) => Answer::Failed("it compares values of different types".into()),
        ExecutionError::UnsupportedBinaryOperator(operator, ..) => {
            Answer::Failed(format!("`{operator}` cannot join values of these types"))
        }
        _ => Answer::Failed("it cannot work with the values it met".into()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::lead::Touch;
    use crate::qualify::compile::compile;
    use crate::qualify::sample::samples;
    use crate::qualify::values::environment;

    /// Conditions of patterns, and some that need the engine.
    fn condition() -> impl Strategy<Value = String> {
        let one = prop::sample::select(vec![
            r#"touch.text.matches("(?i)angebot|preis")"#,
            r#"touch.text.matches("^$")"#,
            r#"touch.subject.matches("anfrage")"#,
            r#"lead.company.matches("GmbH$")"#,
            r#"lead.fields.plan.matches("pro")"#,
            r#"matches(touch.text, "preis")"#,
            r#"touch.text.contains("preis")"#,
            "lead.company == null",
        ]);
        one.prop_map(str::to_owned).prop_recursive(4, 16, 2, |inner| {
            prop_oneof![
                inner.clone().prop_map(|one| format!("!({one})")),
                (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} || {other})")),
                (inner.clone(), inner).prop_map(|(one, other)| format!("({one} && {other})")),
            ]
        })
    }

    proptest! {
        #[test]
        fn patterns_alone_are_answered_as_the_engine_does(
            condition in condition(),
            text in prop::option::of("(Angebot|preis|gern|, ){0,3}"),
            subject in prop::option::of("(anfrage|x)"),
            company in prop::option::of("Muster (GmbH|AG)"),
            plan in prop::option::of(prop_oneof![Just(serde_json::json!("pro")), Just(serde_json::json!(3))]),
        ) {
            let env = Arc::new(environment().unwrap());
            let rule = compile(&condition, &env, &BTreeMap::new()).unwrap();
            let [_, (mut lead, mut touch)] = samples().unwrap();
            lead.person.company = company;
            lead.fields.extend(plan.map(|plan| ("plan".to_owned(), plan)));
            (touch.content.text, touch.content.subject) = (text, subject);
            let view = || View::new(&lead, &touch, Timestamp::UNIX_EPOCH, &rule.constants);
            prop_assert_eq!(ask(&rule, &env, &view()), by_engine(&rule, &env, &view()), "{}", condition);
        }
    }

    #[test]
    fn a_condition_of_patterns_needs_no_engine_and_an_absent_text_does() {
        let env = environment().unwrap();
        let rule =
            compile(r#"!touch.text.matches("a") && touch.subject.matches("b")"#, &env, &BTreeMap::new()).unwrap();
        let [_, (lead, mut touch)] = samples().unwrap();
        (touch.content.text, touch.content.subject) = (Some("b".into()), Some("b".into()));
        let by_patterns = |rule: &Compiled, touch: &Touch| {
            super::by_patterns(rule, &View::new(&lead, touch, Timestamp::UNIX_EPOCH, &rule.constants))
        };
        assert_eq!(by_patterns(&rule, &touch), Some(true));
        let mixed = compile(r#"touch.text.matches("b") || touch.text.contains("c")"#, &env, &BTreeMap::new()).unwrap();
        assert_eq!(by_patterns(&mixed, &touch), None);
        touch.content.subject = None;
        assert_eq!(by_patterns(&rule, &touch), None);
    }
}
