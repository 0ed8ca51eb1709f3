//! Canaries: Lotse mails itself through the real path, and measures how long that takes.
//!
//! Off by default. A mail goes out by a mail notifier, through the mail servers, into the mailbox and
//! in through its channel. It carries a seal ([`crate::lead::Own`]), so the pipeline knows it: it is
//! no lead, only a row in the ledger, and its arrival is written down in the same commit. The plan
//! (`plan`) is pure; the alarm for one that is late is raised by [`crate::alarms`]. What was sent
//! when stands in the store, so a restart neither sends one more nor forgets one.

mod plan;
pub(crate) mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::channels::health::Board;
use crate::config::{self, NotifierKind};
use crate::intake::{Door, Refused};
use crate::lead::{Email, Name, Own, Trip};
use crate::notify::smtp::Smtp;
use crate::service::Service;
use crate::store::{Records, Store};

/// Time between two looks at what is due.
const PACE: Duration = Duration::from_secs(1);

/// A canary of one mailbox (`[channels.NAME.canary]`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Time from one mail to the next; 10 s to 7 d.
    pub every: Duration,
    /// The mail notifier that sends it.
    pub via: Name,
    /// Where it goes. Default the mailbox's user name.
    pub to: Email,
    /// Without an arrival for this long an alarm is raised; 1 s to 1 d. Default 10 min.
    pub late_after: Duration,
}

/// One canary with what it is sent by.
struct Canary {
    channel: Name,
    config: Config,
    smtp: Smtp,
}

type Flock = Arc<Vec<Canary>>;

/// The running canaries.
pub struct Keeper {
    flock: watch::Sender<Flock>,
    stop: CancellationToken,
    task: JoinSet<()>,
}

impl Keeper {
    /// Starts to send; ends when `stop` is cancelled or by [`Keeper::close`].
    #[must_use]
    pub fn start(service: &Service, config: &config::Config, stop: CancellationToken) -> Self {
        let (flock, in_force) = watch::channel(flock(config));
        let mut task = JoinSet::new();
        let lookout =
            Lookout { store: service.store.clone(), door: service.door.clone(), board: service.board.clone() };
        task.spawn(lookout.keep(in_force, stop.clone()));
        Self { flock, stop, task }
    }

    /// Puts new settings in force.
    pub fn replace(&self, config: &config::Config) {
        self.flock.send_replace(flock(config));
    }

    /// Stops; returns when it has let go of the store.
    pub async fn close(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.task.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the canaries ended by a fault");
            }
        }
    }
}

/// The canaries of these settings, each with its way out.
fn flock(config: &config::Config) -> Flock {
    let canaries = config.channels.iter().filter_map(|channel| {
        let canary = channel.canary.clone()?;
        let notifier = config.notifiers.iter().find(|notifier| notifier.name == canary.via)?;
        let NotifierKind::Smtp(smtp) = &notifier.kind else { return None };
        match Smtp::new(&notifier.name, smtp) {
            Ok(smtp) => Some(Canary { channel: channel.name.clone(), config: canary, smtp }),
            Err(error) => {
                tracing::error!(channel = %channel.name, %error, "the canary cannot be sent");
                None
            }
        }
    });
    Arc::new(canaries.collect())
}

/// What the keeper works with.
struct Lookout {
    store: Store,
    door: Door,
    board: Board,
}

impl Lookout {
    /// Sends what is due until told to stop.
    async fn keep(self, mut in_force: watch::Receiver<Flock>, stop: CancellationToken) {
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(pace.tick()).await.is_some() {
            let flock = Arc::clone(&in_force.borrow_and_update());
            let store = self.store.clone();
            let trips = tokio::task::spawn_blocking(move || store.view(|view| view.trips(Own::Canary))).await;
            let Ok(Ok(trips)) = trips else { continue };
            // One that is being sent when we are to stop is taken for unsent, and sent again.
            if stop.run_until_cancelled(self.look(&flock, &trips)).await.is_none() {
                return;
            }
        }
    }

    async fn look(&self, flock: &[Canary], trips: &BTreeMap<Name, Trip>) {
        let (now, states) = (Timestamp::now(), self.board.states());
        // Before a mailbox was read for the first time, a mail would be taken for one that was there before us.
        let is_read = |name: &Name| states.get(name).is_some_and(|state| state.last_ok.is_some());
        let due = flock.iter().filter(|canary| {
            let last = trips.get(&canary.channel);
            (last.is_some() || is_read(&canary.channel)) && plan::is_due(last, &canary.config, now)
        });
        join_all(due.map(|canary| canary.send(&self.door))).await;
        for channel in trips.keys().filter(|name| !flock.iter().any(|canary| canary.channel == **name)) {
            let channel = channel.clone();
            // What cannot be forgotten now is forgotten at the next look.
            self.door.change(move |unit| unit.forget_trip(Own::Canary, &channel)).await.ok();
        }
    }
}

impl Canary {
    /// Sends one. That it is on its way is written down before, whether it could be sent after.
    async fn send(&self, door: &Door) {
        let channel = &self.channel;
        let (seal, word) = match self.begin(door).await {
            Ok(begun) => begun,
            Err(error) => {
                tracing::debug!(%channel, %error, "no canary is sent: that could not be written down");
                return;
            }
        };
        let error = self.smtp.send_canary(&self.config.to, channel, &word).await.err().map(|failure| failure.message);
        if let Some(error) = &error {
            tracing::warn!(%channel, error, "a canary could not be sent");
        }
        let name = channel.clone();
        let noted = door.change(move |unit| {
            // It may have arrived before we come to write that it was sent.
            let Some(trip) = unit.trip(Own::Canary, &name)?.filter(|trip| trip.number == seal) else { return Ok(()) };
            unit.put_trip(Own::Canary, &name, &Trip { error: error.clone(), ..trip })
        });
        if let Err(error) = noted.await {
            tracing::debug!(%channel, %error, "that a canary was sent could not be written down; one more will be");
        }
    }

    /// Writes down that one is on its way; its number and its seal.
    async fn begin(&self, door: &Door) -> Result<(String, String), Refused> {
        let channel = self.channel.clone();
        door.change(move |unit| {
            let key = unit.own_seal_key()?;
            let seal = key.seal(Own::Canary);
            let trip = plan::next(unit.trip(Own::Canary, &channel)?, &seal, unit.now());
            unit.put_trip(Own::Canary, &channel, &trip)?;
            Ok((seal.number.clone(), key.word(&seal)))
        })
        .await
    }
}
