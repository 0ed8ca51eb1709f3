//! The minimum-time trap: who sends a form sooner than a person could read it is a program.
//!
//! In: labelled values, the channel's [`TimeTrap`], when the post arrived. Out: the reason why it is noise, or
//! nothing. Only a proven haste counts: a page without its script, a cached page, a clock that is ahead or a
//! value that nobody understands is no reason to miss a lead.

use jiff::{SignedDuration, Timestamp};

use super::{Pair, is_called};
use crate::normalize::TimeTrap;

/// Numbers below this are milliseconds since the page was opened: eleven days.
const ELAPSED: f64 = 1e9;
/// Numbers below this are seconds since 1970, others milliseconds since then.
const SECONDS: f64 = 1e11;

/// Takes the time field out of the values, for nobody typed it. An error is the reason why they are noise.
/// What can be said neither way is noted in `problems`.
pub(crate) fn take(
    pairs: &mut Vec<Pair>,
    trap: &TimeTrap,
    at: Timestamp,
    problems: &mut Vec<String>,
) -> Result<(), String> {
    let field = &trap.field;
    let Some(found) = pairs.iter().position(|pair| is_called(&pair.label, field)) else {
        problems.push(format!("the time field `{field}` is missing"));
        return Ok(());
    };
    match taken(&pairs[found].text(), at) {
        Some(taken) if taken < trap.least => Err(format!(
            "the form was sent {taken:#} after it was opened, and a person takes {:#} at least",
            trap.least
        )),
        Some(_) => {
            pairs.remove(found);
            Ok(())
        }
        None => {
            problems.push(format!("the time field `{field}` holds no time that has passed"));
            Ok(())
        }
    }
}

/// How long somebody took, where the value tells: the time that passed in the browser, or when the page was
/// opened. `None` for anything else, and for an opening that is still to come by our clock.
fn taken(value: &str, at: Timestamp) -> Option<SignedDuration> {
    let value = value.trim();
    let opened = match value.parse::<f64>() {
        Ok(number) if !number.is_finite() || number < 0.0 => return None,
        Ok(number) if number < ELAPSED => return Some(milliseconds(number)),
        Ok(number) if number < SECONDS => Timestamp::UNIX_EPOCH.checked_add(milliseconds(number * 1000.0)).ok()?,
        Ok(number) => Timestamp::UNIX_EPOCH.checked_add(milliseconds(number)).ok()?,
        Err(_) => value.parse().ok()?,
    };
    let taken = at.duration_since(opened);
    (!taken.is_negative()).then_some(taken)
}

/// Whole milliseconds; more than fit are as many as fit.
fn milliseconds(number: f64) -> SignedDuration {
    #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
    SignedDuration::from_millis(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proven_haste_is_noise() {
        let at: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let trap = TimeTrap { field: "spent".into(), least: SignedDuration::from_secs(3) };
        for (value, noise, problem) in [
            (Some("1200"), true, false),
            (Some("0"), true, false),
            (Some("812.7"), true, false),
            (Some("3000"), false, false),
            (Some("86400000"), false, false),
            (Some("2026-11-23T09:59:58.5Z"), true, false),
            (Some("2026-11-23T10:59:55+01:00"), false, false),
            (Some("2026-11-01T00:00:00Z"), false, false),
            (Some("1795427999"), true, false),
            (Some("1795427990"), false, false),
            (Some("1795427999000"), true, false),
            (Some("1795427990000"), false, false),
            // A clock that is ahead proves nothing.
            (Some("2026-11-23T10:00:01Z"), false, true),
            (Some("1795428060000"), false, true),
            (Some("-5"), false, true),
            (Some("NaN"), false, true),
            (Some("1e300"), false, true),
            (Some("{{ now }}"), false, true),
            (Some(""), false, true),
            (None, false, true),
        ] {
            let mut pairs = vec![Pair::new("email", "a@b.example")];
            pairs.extend(value.map(|value| Pair::new("Spent", value)));
            let mut problems = Vec::new();
            let result = take(&mut pairs, &trap, at, &mut problems);
            assert_eq!((result.is_err(), !problems.is_empty()), (noise, problem), "{value:?}");
            assert_eq!(pairs.len() == 1, value.is_none() || (!noise && !problem), "{value:?}");
        }
        let hasty = take(&mut vec![Pair::new("spent", "1200")], &trap, at, &mut Vec::new());
        let told = "the form was sent 1s 200ms after it was opened, and a person takes 3s at least";
        assert_eq!(hasty.unwrap_err(), told);
    }
}
