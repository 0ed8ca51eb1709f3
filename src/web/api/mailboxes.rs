//! Mailboxes: `POST /api/v1/mailboxes/{name}/probe` and `…/sign-in`. A sign-in goes in and never out.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Web;
use super::super::problem::Problem;
use super::parameters::body;
use crate::config::Secret;
use crate::lead::Name;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/mailboxes/{name}/probe", post(probe)).route("/mailboxes/{name}/sign-in", post(sign_in))
}

async fn probe(State(web): State<Web>, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    let said = web.service.probe_mailbox(&named(&name)?).await?;
    Ok(Json(json!({ "said": said })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    refresh_token: String,
}

async fn sign_in(State(web): State<Web>, Path(name): Path<String>, bytes: Bytes) -> Result<Json<Value>, Problem> {
    let SignIn { refresh_token } = body(&bytes)?;
    if refresh_token.is_empty() || refresh_token.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return Err(Problem::bad("`refresh_token` is no token"));
    }
    web.service.keep_sign_in(&named(&name)?, &Secret::new(refresh_token)).await?;
    Ok(Json(json!({})))
}

fn named(text: &str) -> Result<Name, Problem> {
    Name::parse(text).map_err(|error| Problem::bad(error.to_string()))
}
