//! Asks one rule about one lead.
//!
//! Whatever happens inside, an answer comes out: an absent value is no hit, an error is no hit and
//! says why in words that carry nothing of the person.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::common::types::{CelBool, CelNull};
use cel::{Context, Env, ExecutionError, Value};

use super::compile::Compiled;
use super::view::View;

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
    let answer = catch_unwind(AssertUnwindSafe(|| {
        let mut context = Context::with_env(Arc::clone(env));
        context.set_variable_resolver(view);
        match Value::resolve_val(&rule.expr, &context) {
            Ok(value) => match value.downcast_ref::<CelBool>() {
                Some(yes) if *yes.inner() => Answer::Hit,
                Some(_) => Answer::Miss,
                None if value.downcast_ref::<CelNull>().is_some() => Answer::Absent,
                None => Answer::Failed(format!("it gave {}, not true or false", value.get_type().name())),
            },
            Err(error) => explain(&error),
        }
    }));
    if view.is_exhausted() {
        return Answer::Failed("it looked at too much text or too long a list, and was stopped".into());
    }
    answer.unwrap_or_else(|_| Answer::Failed("the rule engine failed".into()))
}

/// Tells absent values from errors, and errors without the values they are about.
fn explain(error: &ExecutionError) -> Answer {
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
            Answer::Failed(format!("`{function}` cannot read what it was given"))
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
