//! One errand of the outbox: read what a notice tells, hand it over, write down how that went.
//!
//! The order is what makes a notice arrive at least once: it is settled in the store only after
//! the destination took it. If the process dies between the two, the notice is sent again with the
//! same id, which every notifier passes on (a Message-ID, a file name).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::queue::{Job, Purpose};
use super::{AlarmLetter, Failure, Letter, Message, Notifier, Ways, schedule};
use crate::intake::{Door, Refused};
use crate::lead::{Event, Id, Lead, Name, Notice, NoticeState};
use crate::mistakes::{self, Mistake};
use crate::store::{self, Records, Store};

/// No notifier may take longer for one letter; each has shorter limits of its own.
const LIMIT: Duration = Duration::from_secs(150);
/// Pause before the store is asked again to write down a result.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Pause after a notice could not be read.
const READ_PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// What errands need.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) door: Door,
    pub(super) clock: Clock,
    pub(super) stop: CancellationToken,
}

/// What tells the time.
pub(super) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How an errand ended.
pub(super) enum Done {
    /// A notice was tried.
    Sent {
        /// It.
        id: Id,
        /// Through which notifier.
        notifier: Name,
        /// What for.
        purpose: Purpose,
        /// What that says about the destination; `None`: nothing.
        lesson: Option<Result<(), Failure>>,
        /// How it stands now, unless it is gone.
        after: Option<Notice>,
    },
    /// The destination of a notice is still in trouble; nothing was sent.
    StillDown {
        /// The notice, as before.
        notice: Notice,
        /// The trouble.
        failure: Failure,
    },
    /// Notices came due while their destination was spared.
    Held(Vec<(Id, Option<Notice>)>),
    /// A notifier let go of its idle connections.
    Rested,
}

/// What a notice leads to before anything is sent.
enum Plan {
    Send(Arc<dyn Notifier>, Message),
    Refuse(Failure),
    /// Its lead has gone to somebody else: nobody is told.
    Overtaken(String),
    /// The store cannot be read now.
    Later,
}

impl Desk {
    /// Sends one notice and writes down how that went.
    pub(super) async fn send(self, job: Job, ways: Arc<Ways>) -> Done {
        let Job { notice, purpose } = job;
        let (id, notifier) = (notice.id, notice.notifier.clone());
        let done = |lesson, after| Done::Sent { id, notifier, purpose, lesson, after };
        let (result, lesson) = match self.plan(notice.clone(), ways).await {
            Plan::Send(way, message) => {
                if purpose == Purpose::Try
                    && let Err(failure) = contained(way.probe()).await
                {
                    return Done::StillDown { notice, failure };
                }
                if mistakes::made(Mistake::NoticeSettledBeforeSent) {
                    self.write_down(vec![schedule::settle(&notice, Ok(()), (self.clock)(), rand::random())]).await;
                    tokio::time::sleep(mistakes::GAP).await;
                }
                let result = contained(way.send(&message)).await;
                (result.clone(), Some(result))
            }
            Plan::Refuse(failure) => (Err(failure), None),
            Plan::Overtaken(why) => {
                let after =
                    Notice { state: NoticeState::Dead, next_at: None, error: Some(why), overtaken: true, ..notice };
                report(&after, (self.clock)());
                let written = self.write_down(vec![after]).await;
                return done(None, written.into_iter().next().flatten());
            }
            Plan::Later => {
                let next_at = (self.clock)().saturating_add(READ_PAUSE).ok();
                return done(None, Some(Notice { next_at, ..notice }));
            }
        };
        let after = schedule::settle(&notice, result.as_ref().copied(), (self.clock)(), rand::random());
        report(&after, (self.clock)());
        let written = self.write_down(vec![after]).await;
        done(lesson, written.into_iter().next().flatten())
    }

    /// Writes down that notices came due while their destination was spared: each counts as an
    /// attempt, so that its next one and its end stand in the store.
    pub(super) async fn hold(self, held: Vec<(Notice, String)>) -> Done {
        let now = (self.clock)();
        let after: Vec<Notice> = held
            .iter()
            .map(|(notice, why)| schedule::settle(notice, Err(&Failure::destination(why.clone())), now, rand::random()))
            .collect();
        after.iter().filter(|notice| notice.state == NoticeState::Dead).for_each(|notice| report(notice, now));
        let ids: Vec<Id> = after.iter().map(|notice| notice.id).collect();
        let written = self.write_down(after).await;
        Done::Held(ids.into_iter().zip(written).collect())
    }

    /// What the notice tells, read at this moment.
    async fn plan(&self, notice: Notice, ways: Arc<Ways>) -> Plan {
        let store = self.store.clone();
        match tokio::task::spawn_blocking(move || plan(&store, notice, &ways)).await {
            Ok(Ok(plan)) => plan,
            Ok(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a notice cannot be read");
                Plan::Later
            }
            Err(error) => {
                tracing::error!(%error, "reading a notice broke off");
                Plan::Later
            }
        }
    }

    /// Stores notices as they stand now; answers how each stands in the store, `None` for one that
    /// is gone or was changed by somebody meanwhile.
    async fn write_down(&self, notices: Vec<Notice>) -> Vec<Option<Notice>> {
        let notices = Arc::new(notices);
        loop {
            let to_write = Arc::clone(&notices);
            let written = self.door.change(move |unit| to_write.iter().map(|notice| put(notice, unit)).collect()).await;
            match written {
                Ok(stored) => return stored,
                // Sent and not noted would be sent again: it waits for the store, or for room on its disk.
                Err(error @ (Refused::Store(_) | Refused::Full { .. })) if !self.stop.is_cancelled() => {
                    tracing::error!(%error, "the result of a notice cannot be stored");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "the result of a notice was not stored; it may be sent again");
                    return notices.iter().map(|_| None).collect();
                }
            }
        }
    }
}

fn plan(store: &Store, notice: Notice, ways: &Ways) -> Result<Plan, store::Error> {
    let lead = notice.lead.map(|id| store.view(|view| view.lead(id))).transpose()?.flatten();
    if let Some(why) = lead.as_ref().and_then(|lead| overtaken(&notice, lead)) {
        return Ok(Plan::Overtaken(why));
    }
    let gone = || Ok(Plan::Refuse(Failure::permanent("the lead is no longer there")));
    if lead.is_none() && notice.alarm.is_none() {
        return gone();
    }
    let Some(way) = ways.notifier(&notice.notifier) else {
        let name = &notice.notifier;
        return Ok(Plan::Refuse(Failure::permanent(format!(
            "the notifier `{name}` is no longer in the settings; add [notify.{name}] and retry"
        ))));
    };
    let house = Arc::clone(ways.house());
    if let Some(alarm) = notice.alarm.clone() {
        let letter = AlarmLetter { notice, alarm, to: ways.operators().cloned(), house };
        return Ok(Plan::Send(Arc::clone(way), Message::Alarm(Box::new(letter))));
    }
    let Some(lead) = lead else { return gone() };
    let owner = match &notice.owner {
        None => None,
        Some(id) => match ways.owner(id) {
            Some(owner) => Some(owner.clone()),
            None => {
                return Ok(Plan::Refuse(Failure::permanent(format!(
                    "the owner `{id}` is no longer in the settings; assign the lead to somebody else"
                ))));
            }
        },
    };
    store.view(|view| {
        let touch = notice.touch.map(|id| view.touch(id)).transpose()?.flatten();
        let decision = notice.decision.map(|id| view.decision(lead.id, id)).transpose()?.flatten();
        let conversation = view.seal_key()?.map(|key| key.token(lead.id));
        Ok(Plan::Send(Arc::clone(way), Letter { notice, lead, touch, decision, owner, conversation, house }.into()))
    })
}

/// Why nobody is to be told any more: the lead has left the owner whom the notice is for.
fn overtaken(notice: &Notice, lead: &Lead) -> Option<String> {
    // The team's leader is told of a lead that is somebody else's.
    let owner = notice.owner.as_ref().filter(|_| notice.event != Event::Overdue)?;
    match &lead.owner {
        Some(now) if now == owner => None,
        Some(now) => Some(format!("the lead went to {now} before this was sent")),
        None => Some(format!("the lead was taken from {owner} before this was sent")),
    }
}

/// Writes a notice over the one in the store, if that still waits; a dead one is noted in the
/// history of its lead, because somebody was not told.
fn put(notice: &Notice, unit: &mut store::Unit<'_>) -> Result<Option<Notice>, store::Error> {
    let waits = unit.notice(notice.id)?.is_some_and(|stored| stored.state == NoticeState::Pending);
    if !waits {
        return Ok(None);
    }
    unit.put_notice(notice)?;
    if notice.state == NoticeState::Dead
        && let Some(Lead { id, .. }) = notice.lead.map(|id| unit.lead(id)).transpose()?.flatten()
    {
        let whom = notice.owner.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
        let why = notice.error.as_deref().unwrap_or("no reason given");
        let told = if notice.overtaken { "was not told" } else { "could not be told" };
        let text = format!("{whom} {told} through {} ({}): {why}", notice.notifier, notice.event.as_str());
        unit.add_event(id, "outbox", "notice", text)?;
    }
    Ok(Some(notice.clone()))
}

/// The outcome of a notifier's work; a panic or a hang in it costs only this attempt.
async fn contained<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match tokio::time::timeout(LIMIT, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(result)) => result,
        // What a panic says may hold a piece of the lead; where it was stands in the log.
        Ok(Err(_)) => {
            tracing::error!("a notifier panicked");
            Err(Failure::letter("a fault in lotse while the notice was handed over; see the log"))
        }
        Err(_) => Err(Failure::destination(format!("the notifier did not finish within {} s", LIMIT.as_secs()))),
    }
}

/// Counts and logs how an attempt ended.
fn report(after: &Notice, now: Timestamp) {
    let state = match after.state {
        NoticeState::Pending => "failed",
        NoticeState::Dead if after.overtaken => "overtaken",
        state => state.as_str(),
    };
    let notifier = after.notifier.to_string();
    metrics::counter!("lotse_notices_total", "notifier" => notifier.clone(), "state" => state).increment(1);
    let (notice, attempts) = (after.id, after.attempts);
    let lead = after.lead.map_or_else(String::new, |lead| lead.to_string());
    let error = discreet(after.error.as_deref().unwrap_or_default());
    match after.state {
        NoticeState::Delivered => {
            let delay = now.duration_since(after.created_at).as_secs_f64().max(0.0);
            metrics::histogram!("lotse_notice_seconds", "notifier" => notifier.clone()).record(delay);
            tracing::info!(notifier, %notice, lead, attempts, "a notice was delivered");
        }
        NoticeState::Pending => {
            tracing::warn!(notifier, %notice, lead, attempts, %error, "a notice was not taken and is tried again");
        }
        NoticeState::Dead if after.overtaken => {
            tracing::info!(notifier, %notice, lead, why = %error, "a notice is not sent");
        }
        NoticeState::Dead => {
            tracing::error!(notifier, %notice, lead, attempts, %error, "a notice is dead; `lotse outbox retry` tries again");
        }
    }
}

/// A message without the addresses that a destination may have quoted.
pub(super) fn discreet(message: &str) -> String {
    let hide = |word: &str| if word.contains('@') { "…".to_owned() } else { word.to_owned() };
    message.split(' ').map(hide).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_quotes_no_addresses() {
        assert_eq!(
            discreet("550 5.1.1 <anna@example.com>: no such user; to=anna@example.com"),
            "550 5.1.1 … no such user; …"
        );
    }
}
