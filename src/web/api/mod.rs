//! `/api/v1`: one file for each group of calls.

mod channels;
mod erase;
mod import;
mod intake;
mod leads;
mod mailboxes;
mod operations;
mod parameters;
mod rules;

use axum::Router;

use super::Web;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .merge(leads::routes())
        .merge(erase::routes())
        .merge(intake::routes())
        .merge(operations::routes())
        .merge(mailboxes::routes())
        .merge(import::routes())
        .merge(channels::routes())
        .merge(rules::routes())
}
