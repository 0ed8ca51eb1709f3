//! Channels: `POST /api/v1/channels/{channel}/reconcile`, `…/backfill` and `…/test`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;

use super::super::Web;
use super::super::problem::Problem;
use super::parameters::body;
use crate::channels::imap::{Backfill, Comparison, Older, Wish};
use crate::service::Tried;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/channels/{channel}/reconcile", post(reconcile))
        .route("/channels/{channel}/backfill", post(backfill))
        .route("/channels/{channel}/test", post(test))
}

/// How to compare: in which folder, behind which UID, and whether to bring in what is missing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Compared {
    #[serde(default)]
    folder: Option<String>,
    #[serde(default)]
    after: u32,
    #[serde(default)]
    fetch: bool,
}

async fn reconcile(
    State(web): State<Web>,
    Path(channel): Path<String>,
    bytes: Bytes,
) -> Result<Json<Comparison>, Problem> {
    let Compared { folder, after, fetch } = body(&bytes)?;
    let wish = if fetch { Wish::Fetch } else { Wish::Name };
    Ok(Json(web.service.reconcile(&channel, folder.as_deref(), after, wish).await?))
}

/// Which older mail to bring in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filled {
    since: Timestamp,
    #[serde(default)]
    folder: Option<String>,
    #[serde(default)]
    after: u32,
    #[serde(default)]
    quiet: bool,
}

async fn backfill(
    State(web): State<Web>,
    Path(channel): Path<String>,
    bytes: Bytes,
) -> Result<Json<Backfill>, Problem> {
    let Filled { since, folder, after, quiet } = body(&bytes)?;
    let older = Older { folder, since, after, quiet };
    Ok(Json(web.service.backfill(&channel, &older).await?))
}

async fn test(State(web): State<Web>, Path(channel): Path<String>) -> Result<Json<Tried>, Problem> {
    Ok(Json(web.service.try_out(&channel).await?))
}
