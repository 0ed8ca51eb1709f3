//! Rows of a spreadsheet that a command read: `POST /api/v1/import/{channel}`.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::post;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Web;
use super::super::problem::Problem;
use super::parameters::body;
use crate::lead::{Delivery, Inbound, Kind, Name, Original};
use crate::service::Error;

/// Bytes of one call at most: many rows of the largest size.
const LARGEST: usize = 512 << 20;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/import/{channel}", post(rows)).layer(DefaultBodyLimit::max(LARGEST))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    quiet: bool,
    items: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    source: String,
    content_type: String,
    text: String,
}

async fn rows(State(web): State<Web>, Path(channel): Path<String>, bytes: Bytes) -> Result<Json<Value>, Problem> {
    let channel = Name::parse(&channel).map_err(|error| Problem::bad(error.to_string()))?;
    let Rows { quiet, items } = body(&bytes)?;
    let inbound = items
        .into_iter()
        .map(|row| Inbound {
            channel: channel.clone(),
            kind: Kind::Row,
            received_at: Timestamp::now(),
            source: row.source,
            delivery: Delivery::Row,
            original: Original { content_type: row.content_type, bytes: row.text.into_bytes(), ..Original::default() },
            place: None,
            quiet,
        })
        .collect();
    let receipts = web.service.door.submit_all(inbound).await.map_err(Error::from)?;
    Ok(Json(json!({ "items": receipts })))
}
