//! Owners, outbox and status.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use super::super::Web;
use super::super::auth::Caller;
use super::super::problem::Problem;
use super::parameters::{ById, ListQuery, body, list};
use crate::lead::{Notice, NoticeState};
use crate::service::{HandedOn, Service, Status};
use crate::store::{Away, NoticeFilter};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/owners", get(owners))
        .route("/owners/{owner}/away", post(away))
        .route("/owners/{owner}/back", post(back))
        .route("/owners/{owner}/leave", post(leave))
        .route("/outbox", get(outbox))
        .route("/outbox/{id}/retry", post(retry))
        .route("/status", get(status))
        .route("/audit", get(audit))
}

async fn owners(State(web): State<Web>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "items": web.read(Service::owners).await?, "next": null })))
}

async fn away(State(web): State<Web>, Path(owner): Path<String>, bytes: Bytes) -> Result<Json<Away>, Problem> {
    Ok(Json(web.service.away(&owner, &body(&bytes)?).await?))
}

async fn back(State(web): State<Web>, Path(owner): Path<String>) -> Result<Json<Away>, Problem> {
    Ok(Json(web.service.back(&owner).await?))
}

async fn leave(
    State(web): State<Web>,
    Extension(Caller(by)): Extension<Caller>,
    Path(owner): Path<String>,
) -> Result<Json<HandedOn>, Problem> {
    Ok(Json(web.service.leave(&owner, &by).await?))
}

async fn outbox(State(web): State<Web>, mut query: ListQuery) -> Result<Json<Value>, Problem> {
    let filter = NoticeFilter { state: query.word("state", &NoticeState::ALL, NoticeState::as_str)? };
    query.finish()?;
    Ok(list(&web.read(move |service| service.store.notices(&filter, query.after, query.limit)).await?))
}

async fn retry(State(web): State<Web>, ById(id): ById) -> Result<Json<Notice>, Problem> {
    Ok(Json(web.service.retry(id).await?))
}

async fn status(State(web): State<Web>) -> Result<Json<Status>, Problem> {
    Ok(Json(web.read(Service::status).await?))
}

/// Where the store does not agree with itself: nowhere, as long as there is no fault in lotse. And how
/// many bytes of its file it holds.
async fn audit(State(web): State<Web>) -> Result<Json<Value>, Problem> {
    let found = web.read(|service| service.store.audit()).await?;
    let held = web.read(|service| service.store.held()).await?;
    Ok(Json(json!({ "items": found, "next": null, "held": held })))
}
