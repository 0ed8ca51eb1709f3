//! Health and metrics.

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::Web;
use super::problem::Problem;
use crate::lead::Alarm;
use crate::service::Service;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn alive() -> &'static str {
    "ok\n"
}

/// 200 while the store commits and takes items; trouble of a channel, the rules or the settings is only named.
async fn ready(State(web): State<Web>) -> Response {
    let service = &web.service;
    let channels: Vec<_> = service
        .board
        .states()
        .into_iter()
        .filter(|(_, state)| state.state == "trouble")
        .map(|(name, state)| json!({ "channel": name, "error": state.last_error }))
        .collect();
    // A store that cannot be read is said below.
    let alarms: Vec<_> = web.read(Service::alarms).await.unwrap_or_default().iter().map(named).collect();
    let takes = service.door.change(|_| Ok(())).await.and_then(|()| service.space.for_items(0));
    let status = if takes.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": takes.is_ok(),
        "store": takes.err().map(|error| error.to_string()),
        "channels": channels,
        "alarms": alarms,
        "settings": service.settings().error,
    });
    (status, Json(body)).into_response()
}

/// An alarm for those who may not know more.
fn named(alarm: &Alarm) -> Value {
    let mut named =
        json!({ "cause": alarm.cause, "channel": alarm.channel, "notifier": alarm.notifier, "since": alarm.since });
    if let Some(folder) = &alarm.folder {
        named["folder"] = json!(folder);
    }
    if let Some(template) = &alarm.template {
        named["template"] = json!(template);
    }
    if let Some(owner) = &alarm.owner {
        named["owner"] = json!(owner);
    }
    named
}

/// Prometheus' text format.
pub(super) async fn metrics(State(web): State<Web>) -> Result<Response, Problem> {
    let handle = web.metrics.as_ref().ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "metrics need the daemon"))?;
    let status = web.read(Service::status).await?;
    metrics::gauge!("lotse_store_bytes").set(approximate(status.store.bytes));
    if let Some(free) = status.store.free {
        metrics::gauge!("lotse_store_free_bytes").set(approximate(free));
    }
    metrics::gauge!("lotse_leads_unowned").set(approximate(status.unowned));
    metrics::gauge!("lotse_outbox_pending").set(approximate(status.outbox.pending));
    metrics::gauge!("lotse_outbox_dead").set(approximate(status.outbox.dead));
    metrics::counter!("lotse_commits_total").absolute(status.store.commits);
    for (name, state) in &status.channels {
        let channel = name.to_string();
        metrics::gauge!("lotse_channel_up", "channel" => channel.clone()).set(f64::from(u8::from(state.state == "ok")));
        metrics::counter!("lotse_channel_items_total", "channel" => channel.clone()).absolute(state.items);
        if let Some(at) = state.last_ok {
            metrics::gauge!("lotse_channel_last_ok_seconds", "channel" => channel)
                .set(approximate(u64::try_from(at.as_second()).unwrap_or(0)));
        }
    }
    for (name, canary) in &status.canaries {
        let labels = [("channel", name.to_string())];
        if let (Some(at), Some(took)) = (canary.arrived_at, canary.took) {
            let at = approximate(u64::try_from(at.as_second()).unwrap_or(0));
            metrics::gauge!("lotse_canary_last_arrival_seconds", &labels).set(at);
            metrics::gauge!("lotse_canary_duration_seconds", &labels).set(took);
        }
    }
    handle.run_upkeep();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response())
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; the last digits above 2^52 do not matter")]
fn approximate(number: u64) -> f64 {
    number as f64
}
