//! Alarms: silence is noticed, and the operators hear of it once when it begins and once when it is over.
//!
//! Every two seconds the `watch` looks at what the channels, the ledger and the outbox say
//! (`sight`, `mailbox`, `usual`, `ledger`); pure rules (`judge`) decide what has begun and what is over.
//! That, and a notice for each notifier named in the settings, are one commit: a restart or a crash
//! neither repeats an alarm nor forgets one, and its notices are delivered as surely as any other.

mod judge;
mod ledger;
mod mailbox;
pub(crate) mod settings;
mod sight;
mod usual;
mod watch;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch as channel;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config;
use crate::lead::{Email, Name};
use crate::service::Service;
use watch::{Eyes, Orders, Watch};

/// Who is told of alarms (`[alarms]`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Notifiers, by name. Default none: alarms stand in status and metrics only.
    pub notify: Vec<Name>,
    /// Where mail notifiers send them.
    pub email: Option<Email>,
}

/// The running watch.
pub struct Watchman {
    orders: channel::Sender<Arc<Orders>>,
    stop: CancellationToken,
    watch: JoinSet<()>,
}

impl Watchman {
    /// Starts to watch; ends when `stop` is cancelled or by [`Watchman::close`].
    #[must_use]
    pub fn start(service: &Service, config: &config::Config, stop: CancellationToken) -> Self {
        let (orders, in_force) = channel::channel(Arc::new(Orders::new(config)));
        let eyes = Eyes {
            store: service.store.clone(),
            board: service.board.clone(),
            calendars: service.calendars.clone(),
            policy: Arc::clone(&service.policy),
            settings: Arc::clone(&service.settings),
            clock: Arc::new(Timestamp::now),
        };
        let mut watch = JoinSet::new();
        watch.spawn(Watch::new(eyes, service.door.clone(), in_force).run(stop.clone()));
        Self { orders, stop, watch }
    }

    /// Puts new settings in force.
    pub fn replace(&self, config: &config::Config) {
        self.orders.send_replace(Arc::new(Orders::new(config)));
    }

    /// Stops; returns when it has let go of the store.
    pub async fn close(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.watch.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the watch ended by a fault");
            }
        }
    }
}
