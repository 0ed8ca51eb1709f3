//! The watch: looks every two seconds, writes down what has begun and what is over, with its notices.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch::Receiver;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::judge::{Of, Sighting, Standing, Turn, judge};
use super::ledger::Ledger;
use super::sight::{Look, Watched, Way};
use crate::calendars;
use crate::channels::health::Board;
use crate::config::{ChannelKind, Config};
use crate::intake::Door;
use crate::lead::{Alarm, Alarms, Cause, Event, Name, Notice, Own, Trip};
use crate::notify::letter::Language;
use crate::notify::letter::alarm::sentence;
use crate::pipeline::InForce;
use crate::service::SettingsState;
use crate::store::{self, Records, Store, Unit};

/// Time between two looks.
const PACE: Duration = Duration::from_secs(2);
/// After a longer pause than this the machine was asleep or its clock was set.
const ASLEEP: SignedDuration = SignedDuration::from_secs(60);
/// Looks from one into the outbox to the next.
const OUTBOX_EACH: u32 = 5;
/// Pending notices that are looked at.
const MOST: usize = 10_000;
/// The place in the ledger is written down at least after so much time, so that a start reads little.
const REMEMBER: SignedDuration = SignedDuration::from_hours(24);

/// What is watched, and who is told.
pub(super) struct Orders {
    watched: Vec<Watched>,
    notify: Vec<Name>,
}

impl Orders {
    pub(super) fn new(config: &Config) -> Self {
        let watched = config.channels.iter().filter_map(|channel| {
            let way = match &channel.kind {
                ChannelKind::Imap(mailbox) => {
                    let (silence_after, secret_expires) = (mailbox.silence_after, mailbox.secret_expires());
                    let canary_late_after = channel.canary.as_ref().map(|canary| canary.late_after);
                    Way::Mailbox { silence_after, secret_expires, canary_late_after }
                }
                ChannelKind::Csv(_) => Way::Folder,
                ChannelKind::Webhook(_) => return None,
            };
            let folders = match &channel.kind {
                ChannelKind::Imap(mailbox) => mailbox.folders().map(ToOwned::to_owned).collect(),
                _ => Vec::new(),
            };
            Some(Watched { name: channel.name.clone(), way, folders })
        });
        Self { watched: watched.collect(), notify: config.alarms.notify.clone() }
    }
}

/// What the watch sees with.
#[derive(Clone)]
pub(super) struct Eyes {
    pub(super) store: Store,
    pub(super) board: Board,
    /// How the calendars are doing.
    pub(super) calendars: calendars::Board,
    /// Whose templates are in force.
    pub(super) policy: Arc<InForce>,
    /// Whether the newest settings are.
    pub(super) settings: Arc<Mutex<SettingsState>>,
    pub(super) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// The watch.
pub(super) struct Watch {
    eyes: Eyes,
    door: Door,
    orders: Receiver<Arc<Orders>>,
    looks: u32,
    awake_since: Timestamp,
    looked_at: Timestamp,
    written_at: Timestamp,
    /// The last attempt to write failed, and the log says so.
    cannot_write: bool,
}

/// What lasts from one look to the next.
struct Memory {
    alarms: Alarms,
    ledger: Ledger,
}

/// What the store says.
struct Said {
    pending: Option<Vec<Notice>>,
    dead: u64,
    canaries: BTreeMap<Name, Trip>,
}

impl Watch {
    pub(super) fn new(eyes: Eyes, door: Door, orders: Receiver<Arc<Orders>>) -> Self {
        let now = (eyes.clock)();
        Self { eyes, door, orders, looks: 0, awake_since: now, looked_at: now, written_at: now, cannot_write: false }
    }

    /// Watches until told to stop.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut memory = None;
        while stop.run_until_cancelled(pace.tick()).await.is_some() {
            memory = match self.look(memory).await {
                Ok(memory) => Some(memory),
                Err(error) => {
                    tracing::error!(%error, "the watch cannot look; it tries again");
                    None
                }
            };
        }
    }

    /// One look. What could not be written down (a full disk) is seen again by the next one.
    async fn look(&mut self, memory: Option<Memory>) -> anyhow::Result<Memory> {
        let now = (self.eyes.clock)();
        if now.duration_since(self.looked_at).abs() > ASLEEP {
            self.awake_since = now;
        }
        self.looked_at = now;
        let (eyes, with_outbox) = (self.eyes.clone(), self.looks.is_multiple_of(OUTBOX_EACH));
        self.looks = self.looks.wrapping_add(1);
        let read = move || -> Result<_, store::Error> {
            let mut memory = match memory {
                Some(memory) => memory,
                None => recall(&eyes.store, now)?,
            };
            memory.ledger.read(&eyes.store, now)?;
            Ok((listen(&eyes.store, with_outbox)?, memory))
        };
        let (said, mut memory) = tokio::task::spawn_blocking(read).await??;
        let orders = Arc::clone(&self.orders.borrow_and_update());
        let sightings = self.sightings(&orders, &said, &memory, now);
        let (mut after, turns) = judge(&memory.alarms, &sightings, now);
        after.dead = Some(said.dead);
        let stale = memory.alarms.seen.is_none() || now.duration_since(self.written_at) > REMEMBER;
        if after != memory.alarms || memory.ledger.quarantined() > 0 || stale {
            after.seen = Some(memory.ledger.seen());
            if self.write(&after, &turns, &orders.notify).await {
                self.written_at = now;
                memory.ledger.settle();
                turns.iter().for_each(report);
                memory.alarms = after;
            }
        } else {
            // What was seen has changed nothing.
            memory.ledger.settle();
        }
        Ok(memory)
    }

    fn sightings(&self, orders: &Orders, said: &Said, memory: &Memory, now: Timestamp) -> Vec<Sighting> {
        let look = Look { now, awake_since: self.awake_since, known: &memory.alarms };
        let states = self.eyes.board.states();
        let mut seen = look.gone(&orders.watched);
        for watched in &orders.watched {
            if let Some(state) = states.get(&watched.name) {
                seen.extend(look.channel(watched, state, memory.ledger.arrivals(&watched.name)));
                seen.extend(look.canary(watched, said.canaries.get(&watched.name)));
            }
        }
        let in_force: Vec<Name> = self.eyes.policy.get().rules.templates().names().cloned().collect();
        seen.extend(look.templates(&in_force, memory.ledger.templates()));
        let error = self.eyes.settings.lock().unwrap_or_else(PoisonError::into_inner).error.clone();
        seen.push(look.settings(error));
        let owners = self.eyes.policy.get();
        let owners = owners.staff.owners().iter().filter(|owner| owner.calendar.is_some());
        let calendars: Vec<_> = owners.map(|owner| (owner.id.clone(), self.eyes.calendars.of(&owner.id))).collect();
        seen.extend(look.calendars(&calendars));
        if let Some(pending) = &said.pending {
            seen.extend(look.outbox(pending));
        }
        let died = said.dead.saturating_sub(memory.alarms.dead.unwrap_or(said.dead));
        for (cause, more) in [(Cause::NoticesDead, died), (Cause::Quarantined, memory.ledger.quarantined())] {
            seen.push(Sighting { of: Of::all(cause), standing: Standing::Counted(more) });
        }
        seen
    }

    /// Writes down what is amiss, with the notices about it, in one commit; says whether that is done.
    async fn write(&mut self, after: &Alarms, turns: &[Turn], notify: &[Name]) -> bool {
        let (after, turns, notify) = (after.clone(), turns.to_vec(), notify.to_vec());
        let written = self.door.change(move |unit| {
            unit.put_alarms(&after)?;
            for turn in &turns {
                notify.iter().try_for_each(|notifier| tell(turn, notifier, unit))?;
            }
            Ok(())
        });
        let written = written.await;
        if let (Err(error), false) = (&written, self.cannot_write) {
            tracing::error!(%error, "alarms cannot be written down; that is tried again");
        }
        self.cannot_write = written.is_err();
        written.is_ok()
    }
}

/// What was amiss when the watch last wrote it down.
fn recall(store: &Store, now: Timestamp) -> Result<Memory, store::Error> {
    let alarms = store.view(|view| view.alarms())?;
    alarms.raised().for_each(|alarm| gauge(alarm, 1.0));
    let ledger = Ledger::new(alarms.seen, now);
    Ok(Memory { alarms, ledger })
}

fn listen(store: &Store, with_outbox: bool) -> Result<Said, store::Error> {
    let pending = with_outbox.then(|| store.pending_notices(MOST)).transpose()?;
    let (dead, canaries) = store.view(|view| Ok((view.dead_notices_about_leads()?, view.trips(Own::Canary)?)))?;
    Ok(Said { pending, dead, canaries })
}

/// One notice to the operators.
fn tell(turn: &Turn, notifier: &Name, unit: &mut Unit<'_>) -> Result<(), store::Error> {
    let notice = Notice::new(unit.new_id(), notifier.clone(), turn.event, unit.now());
    unit.put_notice(&Notice { alarm: Some(turn.alarm.clone()), ..notice })
}

/// Logs and counts an alarm that begins or is over.
fn report(turn: &Turn) {
    let (alarm, what) = (&turn.alarm, sentence(&turn.alarm, Language::English));
    let name = |name: &Option<Name>| name.as_ref().map_or_else(String::new, Name::to_string);
    let (cause, channel, notifier) = (alarm.cause.as_str(), name(&alarm.channel), name(&alarm.notifier));
    let (template, owner) = (name(&alarm.template), name(&alarm.owner));
    if turn.event == Event::AlarmRaised {
        gauge(alarm, 1.0);
        tracing::error!(cause, channel, notifier, template, owner, "alarm: {what}");
    } else {
        gauge(alarm, 0.0);
        tracing::info!(cause, channel, notifier, template, owner, "the alarm is over: {what}");
    }
}

fn gauge(alarm: &Alarm, value: f64) {
    let name = |name: &Option<Name>| name.as_ref().map_or_else(String::new, Name::to_string);
    let mut labels = vec![
        metrics::Label::new("cause", alarm.cause.as_str()),
        metrics::Label::new("channel", name(&alarm.channel)),
        metrics::Label::new("notifier", name(&alarm.notifier)),
    ];
    labels.extend(alarm.folder.as_ref().map(|folder| metrics::Label::new("folder", folder.clone())));
    labels.extend(alarm.template.as_ref().map(|template| metrics::Label::new("template", template.to_string())));
    labels.extend(alarm.owner.as_ref().map(|owner| metrics::Label::new("owner", owner.to_string())));
    metrics::gauge!("lotse_alarm", labels).set(value);
}
