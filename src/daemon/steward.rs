//! Looks after the leads whenever who works them may have changed: at the start, after a reload, when
//! somebody's hours begin, a lead's deadline comes, or a person or a calendar says something new.
//!
//! Leads that wait without an owner get one. Leads of somebody who is not there any more stay where
//! they are, as a person decides about those; the log names them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::service::{Error, Service};

/// The pause after nothing could be stored.
const PAUSE: Duration = Duration::from_secs(30);
/// How often it looks whether there is something to do: clocks jump, and machines sleep.
const LOOK: Duration = Duration::from_secs(2);

/// The running steward.
pub(super) struct Steward {
    bell: Arc<Notify>,
    stop: CancellationToken,
    work: JoinSet<()>,
}

impl Steward {
    /// Starts with a first look; ends when `stop` is cancelled or by [`Steward::close`].
    pub(super) fn start(service: &Arc<Service>, stop: CancellationToken) -> Self {
        let (bell, mut work) = (Arc::new(Notify::new()), JoinSet::new());
        let (service, ring, until) = (Arc::clone(service), Arc::clone(&bell), stop.clone());
        work.spawn(async move {
            until.run_until_cancelled(serve(&service, &ring)).await;
        });
        Self { bell, stop, work }
    }

    /// Has it look: other owners or teams may be in force.
    pub(super) fn call(&self) {
        self.bell.notify_one();
    }

    /// Stops; returns when it has let go of the store.
    pub(super) async fn close(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.work.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "leads that wait are not given away any more: a fault in lotse");
            }
        }
    }
}

async fn serve(service: &Arc<Service>, bell: &Notify) {
    loop {
        name_left_behind(Arc::clone(service)).await;
        let mut all = true;
        loop {
            if let Err(error) = look(service, all).await {
                tracing::warn!(%error, "leads that wait without an owner could not be given away; that is tried again");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            all = false;
            if tokio::time::timeout(LOOK, bell.notified()).await.is_ok() {
                break;
            }
        }
    }
}

/// Gives away what waits, and looks after what is due. With `all` even where nothing seems to have
/// changed.
async fn look(service: &Arc<Service>, all: bool) -> Result<(), Error> {
    let ask = Arc::clone(service);
    let outlook = tokio::task::spawn_blocking(move || ask.outlook((ask.clock)())).await;
    let (somebody, next) = match outlook {
        Ok(outlook) => outlook?,
        Err(error) => {
            tracing::warn!(%error, "what waits cannot be read");
            return Ok(());
        }
    };
    if all {
        let leads = service.shorten_holds().await?;
        if leads > 0 {
            tracing::info!(leads, "leads that wait are held no longer than the settings say now");
        }
    }
    if all || somebody {
        let leads = service.give_waiting().await?;
        if leads > 0 {
            tracing::info!(leads, "leads that had waited without an owner have one now");
        }
    }
    if next.is_some_and(|next| next <= (service.clock)()) {
        let leads = service.look_after().await?;
        tracing::info!(leads, "leads whose deadline had come were looked after");
    }
    Ok(())
}

/// Says in the log whose open leads nobody works.
async fn name_left_behind(service: Arc<Service>) {
    match tokio::task::spawn_blocking(move || service.left_behind()).await {
        Ok(Ok(all)) => {
            for left in all {
                tracing::warn!(
                    owner = %left.owner,
                    leads = left.open,
                    reason = left.reason,
                    "open leads belong to somebody who cannot work them; hand them on with `lotse owners leave OWNER` or `lotse leads assign ID OWNER`"
                );
            }
        }
        Ok(Err(error)) => tracing::warn!(%error, "whose leads are not worked cannot be read"),
        Err(error) => tracing::warn!(%error, "whose leads are not worked cannot be read"),
    }
}
