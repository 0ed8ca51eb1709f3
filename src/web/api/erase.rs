//! Erasing somebody.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::Value;

use super::super::Web;
use super::super::auth::Caller;
use super::super::problem::Problem;
use super::parameters::{ById, ListQuery, body, list};
use crate::lead::Erasure;
use crate::service::Wish;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/erase", post(erase)).route("/erasures", get(index))
}

/// Erases somebody, or tells what that would take out.
async fn erase(
    State(web): State<Web>,
    Extension(Caller(by)): Extension<Caller>,
    bytes: Bytes,
) -> Result<Response, Problem> {
    let wish: Wish = body(&bytes)?;
    if wish.dry_run {
        return Ok(Json(web.service.foresee_erasure(&wish).await?).into_response());
    }
    Ok(Json(web.service.erase(&wish, &by).await?).into_response())
}

/// Erases one lead; `?reason=` says why.
pub(super) async fn erase_lead(
    State(web): State<Web>,
    Extension(Caller(by)): Extension<Caller>,
    ById(id): ById,
    RawQuery(query): RawQuery,
) -> Result<Json<Erasure>, Problem> {
    let mut wish = Wish { lead: Some(id.to_string()), ..Wish::default() };
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "reason" => wish.reason = Some(value.into_owned()),
            other => return Err(Problem::bad(format!("there is no parameter `{other}`; there is: reason"))),
        }
    }
    Ok(Json(web.service.erase(&wish, &by).await?))
}

async fn index(State(web): State<Web>, query: ListQuery) -> Result<Json<Value>, Problem> {
    let (after, limit) = (query.after, query.limit);
    query.finish()?;
    Ok(list(&web.read(move |service| service.erasures(after, limit)).await?))
}
