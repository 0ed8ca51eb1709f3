//! Rules: `POST /api/v1/rules/replay`.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;

use super::super::Web;
use super::super::problem::Problem;
use super::parameters::body;
use crate::qualify::Rules;
use crate::service::{Error, Replayed};

/// All rule files and lists together, in bytes.
const LARGEST: usize = 64 << 20;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/rules/replay", post(replay)).layer(DefaultBodyLimit::max(LARGEST))
}

/// Which rules, and which leads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// Rule files and lists: the path below the folder of the rules, and the text.
    files: Vec<(String, String)>,
    qualify_at: i64,
    #[serde(default)]
    since: Option<Timestamp>,
}

async fn replay(State(web): State<Web>, bytes: Bytes) -> Result<Json<Replayed>, Problem> {
    let Wish { files, qualify_at, since } = body(&bytes)?;
    let replayed = web.read(move |service| {
        let texts: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let policy = service.policy.get();
        let teams: Vec<_> = policy.staff.teams().iter().map(|team| team.name.clone()).collect();
        let rules = Rules::of(&texts, qualify_at, &teams).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Error::Invalid(format!("the rules cannot be used: {}", lines.join("; ")))
        })?;
        service.replay(rules, since)
    });
    Ok(Json(replayed.await?))
}
