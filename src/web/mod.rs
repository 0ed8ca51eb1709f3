//! The private side: API, metrics and health on a listener of its own.
//!
//! The same router answers on `[web] listen` (with a bearer token) and on the store's socket,
//! where the file's mode is the permission; the command line uses the latter. Handlers only parse
//! and print: what is done, is done by [`Service`].

mod api;
mod auth;
mod health;
mod openapi;
mod problem;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::config::Secret;
use crate::service::Service;

use problem::Problem;

pub use auth::{CALLER, Caller, token};

/// Longest pause within the body of a call, as on the public side.
const PAUSE: Duration = Duration::from_secs(10);

/// What the handlers need.
#[derive(Clone)]
pub struct Web {
    /// What people can do.
    pub service: Arc<Service>,
    /// Renders the metrics; `None` where none are collected (a command without a daemon).
    pub metrics: Option<PrometheusHandle>,
}

impl Web {
    /// Reads from the store on a thread that may wait for the disk.
    async fn read<T, E>(&self, work: impl FnOnce(&Service) -> Result<T, E> + Send + 'static) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let service = Arc::clone(&self.service);
        match tokio::task::spawn_blocking(move || work(&service)).await {
            Ok(result) => result.map_err(Into::into),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the daemon is stopping")),
            },
        }
    }
}

/// The router for `[web] listen`: everything but health wants the token.
pub fn public_router(web: Web, token: Secret) -> Router {
    let guarded = routes().layer(axum::middleware::from_fn_with_state(Arc::new(token), auth::require));
    finish(guarded.merge(health::routes()), web)
}

/// The router for the store's socket and for commands without a daemon: whoever reaches it may.
pub fn trusted_router(web: Web) -> Router {
    finish(routes().merge(health::routes()).layer(axum::middleware::from_fn(auth::trust)), web)
}

fn routes() -> Router<Web> {
    Router::new().nest("/api/v1", api::routes().merge(openapi::routes())).route("/metrics", get(health::metrics))
}

fn finish(router: Router<Web>, web: Web) -> Router {
    router
        .fallback(problem::no_such_address)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(axum::middleware::map_response(problem::never_store))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(RequestBodyTimeoutLayer::new(PAUSE))
        .with_state(web)
}
