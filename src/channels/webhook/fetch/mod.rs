//! What a provider tells by its id alone: the rest is fetched from it, after the post is acknowledged. What it wants
//! erased is erased then, too.
//!
//! In: to-dos that stand in the store as places of their channel, written with the ledger row that waits. Out: the
//! row as what it is with its details, or with the reason why there are none. Whoever is stopped in between goes on
//! at the next start: a to-do goes in the same commit that completes its row.

mod deletion;
mod worker;

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use worker::Fetcher;

use super::providers::Provider;
use crate::lead::Place;

/// What the keys of to-dos begin with among a channel's places.
const PREFIX: &str = "fetch:";
/// The same for what its provider wants erased.
const ERASE: &str = "erase:";
/// Pauses between attempts, seconds; the last one goes on.
const PAUSES: [i64; 6] = [2, 10, 60, 300, 900, 3600];
/// For how long is tried: Meta keeps a lead for 90 days, LinkedIn, too.
const PATIENCE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How the rest of an item is fetched from its provider.
pub(super) struct Fetching {
    /// Where its interface is, unless the settings say.
    pub(super) api: &'static str,
    /// The id by which a post is known that lacks its details.
    pub(super) wants: fn(&Value) -> Option<String>,
    /// The paths of what it lacks, each a JSON document.
    pub(super) paths: fn(&Value) -> Vec<String>,
    /// Headers of each request, beside the token.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The post with what was fetched, in the order of the paths.
    pub(super) complete: fn(Value, Vec<Value>) -> Value,
    /// What a post wants erased, if it does.
    pub(super) erases: fn(&Value) -> Option<Deletion>,
}

/// A provider's word that somebody wants their data deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deletion {
    /// The id by which this word is known.
    pub(super) delivery: String,
    /// The id by which the item is known that is to be deleted.
    pub(super) of: String,
    /// The name of its conversation.
    pub(super) conversation: String,
}

/// Something to fetch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Todo {
    /// Attempts that failed.
    pub(super) attempts: u32,
    /// Not before.
    pub(super) next_at: Option<Timestamp>,
}

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Try again, after this many seconds where the provider says so.
    Later(String, Option<i64>),
    /// Somebody must act; then it works.
    Refused(String),
    /// It will never be there.
    Gone(String),
}

/// The to-do that stands in the store with an item that lacks its details.
pub(super) fn todo(provider: &Provider, bytes: &[u8]) -> Option<Place> {
    let fetching = provider.fetch?;
    let body = serde_json::from_slice(bytes).ok()?;
    let fetch = (fetching.wants)(&body).map(|id| format!("{PREFIX}{id}"));
    let key = fetch.or_else(|| (fetching.erases)(&body).map(|deletion| format!("{ERASE}{}", deletion.delivery)))?;
    Some(Place::new(key, Some(serde_json::to_string(&Todo::default()).ok()?)))
}

impl Todo {
    /// The same after one more attempt that failed.
    pub(super) fn put_off(&self, now: Timestamp, after: Option<i64>) -> Self {
        let usual = PAUSES[usize::try_from(self.attempts).unwrap_or(usize::MAX).min(PAUSES.len() - 1)];
        let pause = SignedDuration::from_secs(after.unwrap_or(usual).clamp(1, 24 * 3600));
        Self { attempts: self.attempts.saturating_add(1), next_at: Some(now + pause) }
    }
}

/// How the cause begins where a provider answered; after its status may stand what it said.
const ANSWERED: &str = "it answered";

/// What an answer means that is no success.
pub(super) fn judge(status: StatusCode, body: &Value, after: Option<i64>) -> Failure {
    let said = ["message", "category"].iter().find_map(|key| body["error"][key].as_str().or(body[key].as_str()));
    let said: String = said.unwrap_or_default().chars().filter(|c| !c.is_control()).take(120).collect();
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let said = format!("{ANSWERED} {status}{said}");
    // Meta says in a code of its own what others say by the status.
    let (code, subcode) = (body["error"]["code"].as_i64(), body["error"]["error_subcode"].as_i64());
    match (code, subcode) {
        (Some(1 | 2 | 4 | 17 | 32 | 341 | 613 | 80_000..=80_014), _) => return Failure::Later(said, after),
        (Some(10 | 102 | 190 | 200..=299), _) => return Failure::Refused(said),
        (Some(100), Some(33)) => return Failure::Gone(said),
        _ => {}
    }
    match status.as_u16() {
        408 | 425 | 429 | 500.. => Failure::Later(said, after),
        401 | 403 => Failure::Refused(said),
        300..=399 => Failure::Refused(format!("it answered {status}, which is not followed; is `api` right?")),
        _ => Failure::Gone(said),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_means_later_or_never_or_that_somebody_must_act() {
        let of = |status: u16, body: Value| match judge(StatusCode::from_u16(status).unwrap(), &body, Some(7)) {
            Failure::Later(_, after) => format!("later {after:?}"),
            Failure::Refused(_) => "refused".to_owned(),
            Failure::Gone(_) => "gone".to_owned(),
        };
        let meta = |code: i64, subcode: i64| json!({"error": {"code": code, "error_subcode": subcode, "message": "x"}});
        for (status, body, expected) in [
            (429, json!({}), "later Some(7)"),
            (503, Value::Null, "later Some(7)"),
            (401, json!({"category": "EXPIRED_AUTHENTICATION"}), "refused"),
            (403, json!({}), "refused"),
            (302, json!({}), "refused"),
            (404, json!({}), "gone"),
            (400, meta(190, 463), "refused"),
            (400, meta(80005, 0), "later Some(7)"),
            (400, meta(100, 33), "gone"),
            (500, meta(2, 0), "later Some(7)"),
        ] {
            assert_eq!(of(status, body.clone()), expected, "{status} {body}");
        }
    }

    #[test]
    fn pauses_grow_and_a_wish_of_the_provider_wins() {
        let mut todo = Todo::default();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            todo = todo.put_off(Timestamp::UNIX_EPOCH, None);
            pauses.push(todo.next_at.unwrap().as_second());
        }
        assert_eq!(pauses, [2, 10, 60, 300, 900, 3600, 3600, 3600]);
        assert_eq!(todo.put_off(Timestamp::UNIX_EPOCH, Some(30)).next_at.unwrap().as_second(), 30);
    }
}
