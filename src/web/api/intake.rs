//! The ledger.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use super::super::Web;
use super::super::auth::Caller;
use super::super::problem::Problem;
use super::parameters::{ById, ListQuery, list};
use crate::lead::{Outcome, Receipt};
use crate::service::Error;
use crate::store::{IntakeFilter, erased_on};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/intake", get(index))
        .route("/intake/{id}", get(show))
        .route("/intake/{id}/raw", get(raw))
        .route("/intake/{id}/release", post(release))
}

async fn index(State(web): State<Web>, mut query: ListQuery) -> Result<Json<Value>, Problem> {
    let filter = IntakeFilter {
        outcome: query.word("outcome", &Outcome::ALL, Outcome::as_str)?,
        channel: query.name("channel")?,
    };
    query.finish()?;
    Ok(list(&web.read(move |service| service.intakes(&filter, query.after, query.limit)).await?))
}

/// The row, with what is known of its original, and how that was read.
async fn show(State(web): State<Web>, ById(id): ById) -> Result<Json<Value>, Problem> {
    let (row, original, told) = web.read(move |service| service.intake_told(id)).await?;
    let authentication = web.read(move |service| service.authentication(id)).await?;
    let mut value = serde_json::to_value(&row).map_err(|error| Problem::bad(error.to_string()))?;
    value["original"] = original.map_or(Value::Null, |original| {
        json!({ "content_type": original.content_type, "headers": original.headers, "bytes": original.bytes.len() })
    });
    value["authentication"] = json!(authentication);
    value["reading"] = serde_json::to_value(&told).map_err(|error| Problem::bad(error.to_string()))?;
    Ok(Json(value))
}

/// The original, byte for byte, as a download: it may be anything, so no browser may show it.
async fn raw(State(web): State<Web>, ById(id): ById) -> Result<Response, Problem> {
    let (row, original) = web.read(move |service| service.intake(id)).await?;
    let original = original.ok_or_else(|| {
        if let Some(at) = row.erased_at {
            return Error::Gone(format!("the original of intake {id} was {}", erased_on(at)));
        }
        Error::NotFound(format!("original of intake {id}; see {}", row.same_as.map_or(id, |first| first)))
    })?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}\"")),
    ];
    Ok((headers, original.bytes).into_response())
}

async fn release(
    State(web): State<Web>,
    Extension(Caller(by)): Extension<Caller>,
    ById(id): ById,
) -> Result<Json<Receipt>, Problem> {
    Ok(Json(web.service.release(id, &by).await?))
}
