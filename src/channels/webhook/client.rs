//! Asks a provider's interface for one document.
//!
//! Each request has a deadline.

use std::time::Duration;

use axum::http::{Request, StatusCode, header};
use hyper::body::Bytes;
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::fetch::{Failure, judge};
use crate::call::{Cause, call};
use crate::config::Secret;

/// Longest wait for an answer, from the first packet to the last.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that an answer may have.
const LARGEST: usize = 1 << 20;

/// The JSON document at an address.
pub(super) async fn get(url: &str, token: &Secret, headers: &[(&str, &str)]) -> Result<Value, Failure> {
    let url = Url::parse(url).map_err(|_| Failure::Refused("its address is none; is `api` right?".to_owned()))?;
    let bearer = format!("Bearer {}", token.expose());
    let mut all = vec![("authorization", bearer.as_str()), ("accept", "application/json")];
    all.extend(headers);
    let (status, after, body) = in_time(&url, &all).await.map_err(|why| Failure::Later(why, None))?;
    let document: Value = serde_json::from_slice(&body).unwrap_or_default();
    match (status.is_success(), document.is_object()) {
        (true, true) => Ok(document),
        (true, false) => Err(Failure::Later("its answer is no JSON object".to_owned(), after)),
        (false, _) => Err(judge(status, &document, after)),
    }
}

/// The status and the bytes at an address that needs no token; the error says in words why there are none.
pub(super) async fn get_bytes(url: &str) -> Result<(StatusCode, Bytes), String> {
    let url = Url::parse(url).map_err(|_| "its address is none".to_owned())?;
    in_time(&url, &[]).await.map(|(status, _, body)| (status, body))
}

async fn in_time(url: &Url, headers: &[(&str, &str)]) -> Result<(StatusCode, Option<i64>, Bytes), String> {
    match timeout(PATIENCE, ask(url, headers)).await {
        Ok(asked) => asked.map_err(|cause| format!("it cannot be reached: {cause}")),
        Err(_) => Err(format!("it did not answer within {} s", PATIENCE.as_secs())),
    }
}

async fn ask(url: &Url, headers: &[(&str, &str)]) -> Result<(StatusCode, Option<i64>, Bytes), Cause> {
    let request = headers.iter().fold(Request::get("/"), |request, (name, value)| request.header(*name, *value));
    let reply = call(url, None, request, Bytes::new(), LARGEST).await?;
    let after = reply.headers.get(header::RETRY_AFTER).and_then(|after| after.to_str().ok()?.trim().parse().ok());
    Ok((reply.status, after, reply.body))
}
