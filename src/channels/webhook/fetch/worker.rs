//! Works off the to-dos, those of a channel one after the other, those of different channels side by side.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{ANSWERED, Failure, Fetching, PATIENCE, PREFIX, Todo, deletion};
use crate::channels::webhook::{Config, client, sns};
use crate::config::ChannelKind;
use crate::intake::Refused;
use crate::lead::{AWAITS_DETAILS, Intake, Name, Original, Outcome, Place, Reading};
use crate::normalize::{Trust, named_identity};
use crate::service::Service;
use crate::store::Records;

/// How often the store is looked through.
const LOOK: Duration = Duration::from_secs(1);
/// Failed attempts after which the channel is in trouble: one alone is nothing to look at.
const IN_TROUBLE: u32 = 2;
/// Least time between two requests of a channel.
const GAP: Duration = Duration::from_millis(200);

/// The running worker.
pub(crate) struct Fetcher {
    stop: CancellationToken,
    work: JoinSet<()>,
}

impl Fetcher {
    /// Starts; ends when `stop` is cancelled or by [`Fetcher::close`].
    pub(crate) fn start(service: &Arc<Service>, stop: CancellationToken) -> Self {
        let (service, until, mut work) = (Arc::clone(service), stop.clone(), JoinSet::new());
        work.spawn(async move {
            until.run_until_cancelled(serve(&service)).await;
        });
        Self { stop, work }
    }

    /// Stops; returns when it has let go of the store.
    pub(crate) async fn close(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.work.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "details of leads are not fetched any more: a fault in lotse");
            }
        }
    }
}

async fn serve(service: &Arc<Service>) {
    loop {
        let channels = service.channels.read().unwrap_or_else(PoisonError::into_inner).clone();
        let webhooks = channels.into_iter().filter_map(|channel| match channel.kind {
            ChannelKind::Webhook(config) => Some((channel.name, config)),
            _ => None,
        });
        join_all(webhooks.map(|(name, config)| look_after(service, name, config))).await;
        sleep(LOOK).await;
    }
}

async fn look_after(service: &Arc<Service>, channel: Name, config: Config) {
    if config.provider.topics {
        sns::look(service, &channel, &config).await;
    }
    if let Some(fetching) = config.provider.fetch {
        look(service, channel, fetching, config).await;
    }
}

/// Works off what is due of one channel.
async fn look(service: &Arc<Service>, channel: Name, fetching: &'static Fetching, config: Config) {
    deletion::look(service, &channel, fetching).await;
    let todos = service.store.view(|view| view.places(&channel, PREFIX));
    let todos = todos.unwrap_or_else(|error| {
        tracing::error!(%channel, %error, "cannot look for what is to be fetched");
        Vec::new()
    });
    for (key, value) in todos {
        let todo: Todo = serde_json::from_str(&value).unwrap_or_default();
        if todo.next_at.is_some_and(|at| at > Timestamp::now()) {
            continue;
        }
        let errand = Errand { service, channel: &channel, fetching, config: &config, key, todo };
        if let Err(error) = errand.run().await {
            tracing::warn!(%channel, %error, "what was fetched could not be stored; it is fetched again");
            return;
        }
        sleep(GAP).await;
    }
}

/// What went wrong, without what the provider says besides: that may name somebody.
fn without_words(why: &str) -> &str {
    if why.starts_with(ANSWERED) { why.split_once(": ").map_or(why, |(status, _)| status) } else { why }
}

/// One to-do on its way.
struct Errand<'a> {
    service: &'a Arc<Service>,
    channel: &'a Name,
    fetching: &'static Fetching,
    config: &'a Config,
    key: String,
    todo: Todo,
}

impl Errand<'_> {
    async fn run(self) -> Result<(), Refused> {
        let identity = named_identity(self.channel, self.key.strip_prefix(PREFIX).unwrap_or_default());
        let waiting = self.service.store.view(|view| {
            let Some(delivered) = view.delivered(&identity.key)? else { return Ok(None) };
            Ok(view.intake(delivered.intake)?.zip(view.original(delivered.intake)?))
        });
        let waiting = waiting.map_err(|error| Refused::Store(error.to_string()))?;
        // A person released it, or another notice of the same brought its details.
        let Some((row, original)) = waiting.filter(|(row, _)| row.outcome == Outcome::Quarantined) else {
            return self.service.door.keep_place(self.channel, self.done()).await;
        };
        let health = self.service.board.known(self.channel);
        match self.fetch(&original).await {
            Ok(whole) => {
                health.ok();
                self.complete(row, Original { bytes: whole.to_string().into_bytes(), ..original }).await
            }
            Err(Failure::Gone(why)) => {
                self.close(row, Outcome::Quarantined, format!("its details are gone: {why}")).await
            }
            Err(Failure::Refused(why)) => {
                health.trouble(&format!("cannot fetch the details of leads: {}", without_words(&why)));
                self.put_off(row, &why, None).await
            }
            Err(Failure::Later(why, after)) => self.put_off(row, &why, after).await,
        }
    }

    fn done(&self) -> Place {
        Place::new(self.key.clone(), None)
    }

    /// The post with its details.
    async fn fetch(&self, original: &Original) -> Result<Value, Failure> {
        let body: Value = serde_json::from_slice(&original.bytes)
            .map_err(|_| Failure::Gone("the post that names it cannot be read".to_owned()))?;
        let account = &self.config.account;
        let Some(token) = &account.token else {
            return Err(Failure::Refused("there is no `token` in the settings of the channel".to_owned()));
        };
        let api = account.api.as_deref().unwrap_or(self.fetching.api).trim_end_matches('/');
        let mut documents = Vec::new();
        for path in (self.fetching.paths)(&body) {
            documents.push(client::get(&format!("{api}{path}"), token, self.fetching.headers).await?);
        }
        Ok((self.fetching.complete)(body, documents))
    }

    /// The row becomes what it is with its details, and the to-do goes: one commit.
    async fn complete(self, row: Intake, original: Original) -> Result<(), Refused> {
        let prepared = self.service.readers.read(row.inbound(original), Trust::Usual).await;
        let content = match prepared.reading {
            Reading::Lead(content) => content,
            Reading::Noise(why) => return self.close(row, Outcome::Ignored, why).await,
            Reading::Aside(aside) => return self.close(row, Outcome::Ignored, aside.reason).await,
            Reading::Unclear(why) => return self.close(row, Outcome::Quarantined, why).await,
        };
        let (policy, inbound) = (self.service.policy.get(), prepared.inbound);
        let (channel, done) = (self.channel.clone(), self.done());
        let change = move |unit: &mut crate::store::Unit<'_>| {
            unit.keep_place(&channel, &done)?;
            match unit.intake(row.id)? {
                Some(row) if row.outcome == Outcome::Quarantined => {
                    policy.complete(&row, &inbound, &content, unit)?;
                }
                _ => {}
            }
            Ok(())
        };
        self.service.door.change(change).await
    }

    /// The row gets its last reason, and the to-do goes.
    async fn close(self, row: Intake, outcome: Outcome, why: String) -> Result<(), Refused> {
        let done = self.done();
        self.note(row, outcome, why, done).await
    }

    /// The row says why it still waits.
    async fn put_off(self, row: Intake, why: &str, after: Option<i64>) -> Result<(), Refused> {
        let now = Timestamp::now();
        if now.duration_since(row.received_at) > PATIENCE {
            return self.close(row, Outcome::Quarantined, format!("its details could not be fetched: {why}")).await;
        }
        let todo = self.todo.put_off(now, after);
        let next = todo.next_at.map(|at| format!("{at:.0}")).unwrap_or_default();
        let cause = without_words(why);
        tracing::warn!(channel = %self.channel, attempts = todo.attempts, cause, "the details of a lead could not be fetched yet");
        if todo.attempts >= IN_TROUBLE {
            self.service.board.known(self.channel).trouble(&format!("cannot fetch the details of leads: {cause}"));
        }
        let why = format!("{AWAITS_DETAILS}: attempt {} failed, {why}; the next is at {next}", todo.attempts);
        let place = Place::new(self.key.clone(), serde_json::to_string(&todo).ok());
        self.note(row, Outcome::Quarantined, why, place).await
    }

    async fn note(self, row: Intake, outcome: Outcome, why: String, place: Place) -> Result<(), Refused> {
        let channel = self.channel.clone();
        let change = move |unit: &mut crate::store::Unit<'_>| {
            unit.keep_place(&channel, &place)?;
            match unit.intake(row.id)? {
                Some(row) if row.outcome == Outcome::Quarantined => {
                    unit.put_intake(&Intake { outcome, reason: Some(why.clone()), ..row })
                }
                _ => Ok(()),
            }
        };
        self.service.door.change(change).await
    }
}
