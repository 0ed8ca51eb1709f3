//! Trying a channel out with a lead of our own: sent the channel's real way, told what would become
//! of it, taken back.
//!
//! The lead carries a seal ([`crate::lead::Own`]), by which the pipeline knows it: it is judged as any
//! other and stored nowhere but in the ledger. So there is nothing to undo but what lies outside:
//! the mail in the mailbox, the file in the folder. That is undone by a task of its own, which goes on
//! when whoever asked has gone away.

mod sample;
mod sent;

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{Error, Service};
use crate::config::problem::nearest;
use crate::config::{Channel, ChannelKind};
use crate::lead::{Disposition, Foreseen, Id, Name, Own, Trip};
use crate::store::Records;
use sample::Sample;

/// Longest wait for an item that was sent, on top of the channel's own pace.
const PATIENCE: Duration = Duration::from_mins(1);
/// Longest wait for a channel that is just starting.
const BEGINNING: Duration = Duration::from_secs(30);
/// Time between two looks into the store or the folder.
const PACE: Duration = Duration::from_millis(50);

/// What the daemon alone knows.
pub struct Reach {
    /// Where the public side listens.
    pub public: std::net::SocketAddr,
    /// Cancelled when the daemon stops.
    pub stop: CancellationToken,
}

/// How a test of a channel went.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// The channel.
    pub channel: Name,
    /// `imap`, `webhook` or `csv`.
    pub kind: &'static str,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// The ledger row that stays.
    pub intake: Id,
    /// The verdict it would have had.
    pub disposition: Option<Disposition>,
    /// The score it would have had.
    pub score: Option<i64>,
    /// The team it would have gone to.
    pub team: Option<Name>,
    /// Who would have got it.
    pub owner: Option<Name>,
    /// Their name.
    pub owner_name: Option<String>,
    /// What would have become of the lead, and why.
    #[serde(flatten)]
    pub foreseen: Foreseen,
    /// What could not be taken back, and what to do about it.
    pub left: Option<String>,
}

/// One step of a test.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// `sent`, `arrived` or `removed`.
    pub step: &'static str,
    /// The same as a sentence.
    pub text: String,
    /// How long it took, milliseconds.
    pub ms: u64,
}

/// A test under way; while it is there no other of the same channel begins.
struct Tryout {
    service: Arc<Service>,
    channel: Channel,
    sample: Sample,
    stop: CancellationToken,
    public: std::net::SocketAddr,
}

impl Service {
    /// Sends a lead of our own through a channel; what would become of it, and what was done. It goes
    /// on to its end when nobody waits any more.
    pub async fn try_out(self: &Arc<Self>, channel: &str) -> Result<Tried, Error> {
        let channel = self.channel(channel)?;
        let Some(Reach { public, stop }) = self.reach.get() else {
            return Err(Error::Conflict(
                "the daemon does not run, so nothing would come in; start it with `lotse run`".into(),
            ));
        };
        let name = channel.name.clone();
        let folder = match &channel.kind {
            ChannelKind::Imap(mailbox) => Some(mailbox.folder.as_str()),
            _ => None,
        };
        self.is_well(&name, folder).await?;
        if !self.tried.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone()) {
            return Err(Error::Conflict(format!("a test of `{name}` is under way; wait for its end")));
        }
        let (service, public, stop) = (Arc::clone(self), *public, stop.clone());
        #[expect(
            clippy::disallowed_methods,
            reason = "what was sent must be taken back even when nobody waits for the answer any more; it ends by itself, and soon when the daemon stops"
        )]
        let running = tokio::spawn(async move {
            let result = Tryout::begin(&service, channel, public, stop).await;
            let result = match result {
                Ok(tryout) => tryout.run().await,
                Err(error) => Err(error),
            };
            service.tried.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
            result
        });
        running.await.map_err(|_| Error::Conflict("a fault in lotse; the log has more".into()))?
    }

    /// Waits until a channel has begun: before a mailbox was read for the first time, a mail would be
    /// taken for one that was there before us. Of a mailbox's folders the one counts that the mail goes to.
    /// The error says what trouble it is in.
    async fn is_well(&self, name: &Name, folder: Option<&str>) -> Result<(), Error> {
        let until = Instant::now() + BEGINNING;
        loop {
            let mut all = self.board.states().remove(name).unwrap_or_default();
            let (state, error) = match folder.and_then(|folder| all.folders.remove(folder)) {
                Some(folder) => (folder.state, folder.last_error),
                None => (all.state, all.last_error),
            };
            match state {
                "trouble" => {
                    let error = error.unwrap_or_default();
                    return Err(Error::Source(format!(
                        "nothing was sent: the channel `{name}` is in trouble: {error}"
                    )));
                }
                "ok" => return Ok(()),
                _ if Instant::now() > until => {
                    return Err(Error::Source(format!("nothing was sent: the channel `{name}` has not begun yet")));
                }
                _ => tokio::time::sleep(PACE).await,
            }
        }
    }

    /// A channel in force, by its name.
    fn channel(&self, name: &str) -> Result<Channel, Error> {
        let channels = self.channels();
        if let Some(found) = channels.iter().find(|known| known.name == *name) {
            return Ok(found.clone());
        }
        let names: Vec<&str> = channels.iter().map(|channel| channel.name.as_str()).collect();
        let hint = match nearest(name, &names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if names.is_empty() => "there are none".to_owned(),
            None => format!("there are {}", names.join(", ")),
        };
        Err(Error::NotFound(format!("channel `{name}` in the settings; {hint}")))
    }
}

impl Tryout {
    async fn begin(
        service: &Arc<Service>,
        channel: Channel,
        public: std::net::SocketAddr,
        stop: CancellationToken,
    ) -> Result<Self, Error> {
        let name = channel.name.clone();
        let word = service.door.change(move |unit| {
            let key = unit.own_seal_key()?;
            let seal = key.seal(Own::Test);
            unit.put_trip(Own::Test, &name, &Trip::begin(&seal, unit.now()))?;
            Ok(key.word(&seal))
        });
        let sample = Sample { channel: channel.name.clone(), word: word.await? };
        Ok(Self { service: Arc::clone(service), channel, sample, stop, public })
    }

    async fn run(self) -> Result<Tried, Error> {
        let started = Instant::now();
        let went = self.there_and_back(started).await;
        let (service, name) = (&self.service, self.channel.name.clone());
        service.door.change(move |unit| unit.forget_trip(Own::Test, &name)).await?;
        let (steps, (intake, foreseen), left) = went?;
        let (verdict, routing) = (foreseen.verdict.as_ref(), foreseen.routing.clone().unwrap_or_default());
        let staff = &service.policy.get().staff;
        let owner = routing.owner.as_ref().and_then(|owner| staff.owner(owner));
        Ok(Tried {
            channel: self.channel.name.clone(),
            kind: self.channel.kind.as_str(),
            steps,
            intake,
            disposition: verdict.map(|verdict| verdict.disposition),
            score: verdict.map(|verdict| verdict.score),
            team: routing.team,
            owner_name: owner.map(|owner| owner.name.clone()),
            owner: routing.owner,
            foreseen,
            left,
        })
    }

    /// Sends the lead, waits for it and takes it back, whether it came in or not.
    async fn there_and_back(&self, started: Instant) -> Result<(Vec<Step>, (Id, Foreseen), Option<String>), Error> {
        let (text, sent) = self.send().await?;
        let mut steps = vec![step("sent", text, started)];
        let arrived = self.arrival(started, &mut steps).await;
        let (removed, left) = self.take_back(sent, arrived.is_ok()).await;
        steps.extend(removed);
        match (arrived, left) {
            (Ok(arrived), left) => Ok((steps, arrived, left)),
            (Err(error), Some(left)) => Err(Error::Source(format!("{error}; {left}"))),
            (Err(error), None) => Err(error),
        }
    }

    /// Waits until the lead came in.
    async fn arrival(&self, started: Instant, steps: &mut Vec<Step>) -> Result<(Id, Foreseen), Error> {
        let limit = self.pace() + PATIENCE;
        loop {
            let (service, name) = (Arc::clone(&self.service), self.channel.name.clone());
            let look = tokio::task::spawn_blocking(move || service.store.view(|view| view.trip(Own::Test, &name)));
            let trip = look.await.map_err(|_| Error::Conflict("a fault in lotse; the log has more".into()))??;
            if let Some((intake, foreseen)) = trip.and_then(|trip| Some((trip.intake?, trip.foreseen?))) {
                steps.push(step("arrived", format!("in the ledger as {intake}"), started));
                return Ok((intake, foreseen));
            }
            if started.elapsed() > limit {
                return Err(Error::Source(self.lost(limit)));
            }
            if self.stop.run_until_cancelled(tokio::time::sleep(PACE)).await.is_none() {
                return Err(Error::Conflict("the daemon is stopping; the test was given up".into()));
            }
        }
    }

    /// How long the channel itself lets an item lie.
    fn pace(&self) -> Duration {
        match &self.channel.kind {
            ChannelKind::Webhook(_) => Duration::ZERO,
            ChannelKind::Csv(config) => config.settle,
            ChannelKind::Imap(config) => 2 * config.poll,
        }
    }

    /// What to say of a lead that did not come in.
    fn lost(&self, limit: Duration) -> String {
        let name = &self.channel.name;
        let state = self.service.board.states().remove(name);
        let trouble = state.filter(|state| state.state != "ok").and_then(|state| state.last_error);
        let advice = match (&self.channel.kind, trouble) {
            (_, Some(error)) => format!("the channel is in trouble: {error}"),
            (ChannelKind::Imap(_), None) => {
                "the channel says that it is well; does a filter of the mail server move new mail? (`lotse check --connect`, `lotse status`)".to_owned()
            }
            (ChannelKind::Csv(_), None) => {
                "the channel says that it is well; does another program take files away? (`lotse status`)".to_owned()
            }
            (ChannelKind::Webhook(_), None) => "look into the log of the daemon".to_owned(),
        };
        format!("the lead was sent through `{name}` and did not come in within {} s; {advice}", limit.as_secs())
    }
}

fn step(step: &'static str, text: String, started: Instant) -> Step {
    Step { step, text, ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX) }
}
