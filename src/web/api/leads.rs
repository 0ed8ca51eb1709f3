//! Leads.

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::Value;

use super::super::Web;
use super::super::auth::Caller;
use super::super::problem::Problem;
use super::erase::erase_lead;
use super::parameters::{ById, ListQuery, body, list};
use crate::lead::{Disposition, Lead, Stage};
use crate::service::LeadInFull;
use crate::store::LeadFilter;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/leads", get(index))
        .route("/leads/{id}", get(show).patch(edit).delete(erase_lead))
        .route("/leads/{id}/assign", post(assign))
        .route("/leads/{id}/stage", post(stage))
        .route("/leads/{id}/note", post(note))
        .route("/leads/{id}/decline", post(decline))
}

async fn index(State(web): State<Web>, mut query: ListQuery) -> Result<Json<Value>, Problem> {
    let filter = LeadFilter {
        words: query.take("q").map(|q| q.split_whitespace().map(str::to_owned).collect()).unwrap_or_default(),
        owner: query.holder("owner")?,
        team: query.name("team")?,
        stage: query.word("stage", &Stage::ALL, Stage::as_str)?,
        disposition: query.word("disposition", &Disposition::ALL, Disposition::as_str)?,
        channel: query.name("channel")?,
    };
    query.finish()?;
    Ok(list(&web.read(move |service| service.leads(&filter, query.after, query.limit)).await?))
}

async fn show(State(web): State<Web>, ById(id): ById) -> Result<Json<LeadInFull>, Problem> {
    Ok(Json(web.read(move |service| service.lead(id)).await?))
}

async fn edit(
    State(web): State<Web>,
    Extension(Caller(by)): Extension<Caller>,
    ById(id): ById,
    bytes: Bytes,
) -> Result<Json<Lead>, Problem> {
    Ok(Json(web.service.edit(id, &body(&bytes)?, &by).await?))
}

async fn assign(
    State(web): State<Web>,
    Extension(Caller(by)): Extension<Caller>,
    ById(id): ById,
    bytes: Bytes,
) -> Result<Json<Lead>, Problem> {
    Ok(Json(web.service.assign(id, &body(&bytes)?, &by).await?))
}

async fn stage(
    State(web): State<Web>,
    Extension(Caller(by)): Extension<Caller>,
    ById(id): ById,
    bytes: Bytes,
) -> Result<Json<Lead>, Problem> {
    Ok(Json(web.service.stage(id, &body(&bytes)?, &by).await?))
}

async fn decline(
    State(web): State<Web>,
    Extension(Caller(by)): Extension<Caller>,
    ById(id): ById,
    bytes: Bytes,
) -> Result<Json<Lead>, Problem> {
    Ok(Json(web.service.decline(id, &body(&bytes)?, &by).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    text: String,
}

async fn note(
    State(web): State<Web>,
    Extension(Caller(by)): Extension<Caller>,
    ById(id): ById,
    bytes: Bytes,
) -> Result<Json<Lead>, Problem> {
    let Note { text } = body(&bytes)?;
    Ok(Json(web.service.note(id, &text, &by).await?))
}
