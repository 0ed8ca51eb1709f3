//! What rules make of the stored leads: `POST /api/v1/rules/replay` and `…/explain` for rules that are not
//! in force, `GET /api/v1/rules/shadow` and `…/suggest`.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Web;
use super::super::problem::Problem;
use super::parameters::body;
use crate::lead::Id;
use crate::qualify::Rules;
use crate::service::{Error, Replayed, Service, Shadowed, Suggested};

/// All rule files and lists together, in bytes.
const LARGEST: usize = 64 << 20;

pub(super) fn routes() -> Router<Web> {
    let routes = Router::new()
        .route("/rules/replay", post(replay))
        .route("/rules/explain", post(explain))
        .route("/rules/shadow", get(shadow))
        .route("/rules/suggest", get(suggest));
    routes.layer(DefaultBodyLimit::max(LARGEST))
}

/// Which rules, and which leads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// Rule files and lists: the path below the folder of the rules, and the text.
    files: Vec<(String, String)>,
    qualify_at: i64,
    /// Leads from then on.
    #[serde(default)]
    since: Option<Timestamp>,
    /// One lead.
    #[serde(default)]
    lead: Option<Id>,
}

impl Wish {
    fn rules(&self, service: &Service) -> Result<Rules, Error> {
        let texts: Vec<(&str, &str)> = self.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let policy = service.policy.get();
        let teams: Vec<_> = policy.staff.teams().iter().map(|team| team.name.clone()).collect();
        Rules::of(&texts, self.qualify_at, &teams).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Error::Invalid(format!("the rules cannot be used: {}", lines.join("; ")))
        })
    }
}

async fn replay(State(web): State<Web>, bytes: Bytes) -> Result<Json<Replayed>, Problem> {
    let wish: Wish = body(&bytes)?;
    Ok(Json(web.read(move |service| service.replay(wish.rules(service)?, wish.since)).await?))
}

async fn explain(State(web): State<Web>, bytes: Bytes) -> Result<Json<Value>, Problem> {
    let wish: Wish = body(&bytes)?;
    let Some(lead) = wish.lead else { return Err(Error::Invalid("name a `lead`".into()).into()) };
    let explained = web.read(move |service| service.explain(&wish.rules(service)?, lead)).await?;
    Ok(Json(json!({ "items": explained, "next": null })))
}

async fn shadow(State(web): State<Web>) -> Result<Json<Shadowed>, Problem> {
    Ok(Json(web.read(Service::shadowed).await?))
}

async fn suggest(State(web): State<Web>) -> Result<Json<Suggested>, Problem> {
    Ok(Json(web.read(Service::suggest).await?))
}
