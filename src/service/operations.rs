//! How the daemon is doing, and the outbox in people's hands.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use serde::Serialize;

use super::{Error, LeftBehind, Service, SettingsState};
use crate::channels::health::ChannelState;
use crate::lead::{Alarm, Id, Name, Notice, NoticeState, Own, Trip};
use crate::notify::outbox::NotifierState;
use crate::store::Records;

/// Pending notices that are looked at for a last error.
const LOOKED_AT: usize = 20;

/// How the daemon is doing.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Version of this program.
    pub version: &'static str,
    /// When it started.
    pub started_at: Timestamp,
    /// The channels, by name.
    pub channels: BTreeMap<Name, ChannelState>,
    /// The notifiers that were asked to take something, by name.
    pub notifiers: BTreeMap<Name, NotifierState>,
    /// What is amiss, as the operators were told.
    pub alarms: Vec<Alarm>,
    /// The canaries, by channel.
    pub canaries: BTreeMap<Name, CanaryState>,
    /// Leads that wait without an owner.
    pub unowned: u64,
    /// Open leads of owners who cannot work them.
    pub left_behind: Vec<LeftBehind>,
    /// The store.
    pub store: StoreState,
    /// The outbox.
    pub outbox: OutboxState,
    /// The rules in force.
    pub rules: RulesState,
    /// The settings in force.
    pub settings: SettingsState,
}

/// How a canary is doing.
#[derive(Clone, Debug, Serialize)]
pub struct CanaryState {
    /// When the last that arrived did so.
    pub arrived_at: Option<Timestamp>,
    /// How long it took, seconds.
    pub took: Option<f64>,
    /// Since when one is on its way or late; `null` when the last one arrived.
    pub waiting_since: Option<Timestamp>,
    /// Why none can be sent.
    pub error: Option<String>,
}

impl From<&Trip> for CanaryState {
    fn from(trip: &Trip) -> Self {
        let last = trip.last();
        Self {
            arrived_at: last.map(|last| last.arrived_at),
            took: last.map(|last| last.took().as_secs_f64()),
            waiting_since: trip.waits_since(),
            error: trip.error.clone().filter(|_| trip.arrived_at.is_none()),
        }
    }
}

/// How the store is doing.
#[derive(Clone, Debug, Serialize)]
pub struct StoreState {
    /// Bytes of its file, with room for growth.
    pub bytes: u64,
    /// Bytes of it that take space on the disk.
    pub on_disk: u64,
    /// Commits since the start.
    pub commits: u64,
    /// Items taken in since the start.
    pub items: u64,
    /// Bytes free on its disk.
    pub free: Option<u64>,
    /// Bytes that stay free there (`store.reserve`).
    pub reserve: u64,
    /// Why nothing is taken in now.
    pub trouble: Option<String>,
}

/// How the outbox is doing.
#[derive(Clone, Debug, Serialize)]
pub struct OutboxState {
    /// Notices that wait.
    pub pending: u64,
    /// Notices that were given up, without those whose lead went to somebody else; `lotse outbox retry ID` tries again.
    pub dead: u64,
    /// When the next attempt is due.
    pub next_at: Option<Timestamp>,
    /// The last failure of a notice that still waits.
    pub last_error: Option<String>,
}

/// The rules in force.
#[derive(Clone, Debug, Serialize)]
pub struct RulesState {
    /// Short hash.
    pub version: String,
    /// How many.
    pub count: usize,
    /// Short hash of the shadow rules, if there are any.
    pub shadow: Option<String>,
}

impl Service {
    /// What is amiss, as the operators were told.
    pub fn alarms(&self) -> Result<Vec<Alarm>, Error> {
        Ok(self.store.view(|view| view.alarms())?.raised().cloned().collect())
    }

    /// How the canaries are doing.
    fn canaries(&self) -> Result<BTreeMap<Name, CanaryState>, Error> {
        let trips = self.store.view(|view| view.trips(Own::Canary))?;
        Ok(trips.iter().map(|(name, trip)| (name.clone(), trip.into())).collect())
    }

    /// How the daemon is doing.
    pub fn status(&self) -> Result<Status, Error> {
        let policy = self.policy.get();
        let outbox = self.store.view(|view| {
            let next_at = view.next_due()?;
            let last_error = view.due_notices(Timestamp::MAX, LOOKED_AT)?.into_iter().find_map(|notice| notice.error);
            let (pending, dead) = (view.notice_count(NoticeState::Pending)?, view.notice_count(NoticeState::Dead)?);
            Ok(OutboxState { pending, dead, next_at, last_error })
        })?;
        Ok(Status {
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.started_at,
            channels: self.board.states(),
            notifiers: self.notifiers.states(),
            alarms: self.alarms()?,
            canaries: self.canaries()?,
            left_behind: self.left_behind()?,
            unowned: self.store.view(|view| view.unowned_count())?,
            store: StoreState {
                bytes: self.store.size()?,
                on_disk: self.store.on_disk()?,
                commits: self.pulse.commits.load(Ordering::Relaxed),
                items: self.pulse.items.load(Ordering::Relaxed),
                free: self.space.free(),
                reserve: self.space.reserve(),
                trouble: self.space.for_items(0).err().map(|full| full.to_string()),
            },
            outbox,
            rules: RulesState {
                version: policy.rules.version().to_owned(),
                count: policy.rules.len(),
                shadow: policy.rules.shadow().map(|shadow| shadow.version().to_owned()),
            },
            settings: self.settings(),
        })
    }

    /// Makes a notice due now, with a fresh row of attempts. One that was delivered is refused, and
    /// one whose lead went to somebody else.
    pub async fn retry(&self, id: Id) -> Result<Notice, Error> {
        let changed = self
            .door
            .change(move |unit| {
                let Some(mut notice) = unit.notice(id)? else { return Ok(None) };
                if notice.state != NoticeState::Delivered && !notice.overtaken {
                    notice.state = NoticeState::Pending;
                    notice.attempts = 0;
                    notice.next_at = Some(unit.now());
                    unit.put_notice(&notice)?;
                }
                Ok(Some(notice))
            })
            .await?;
        match changed {
            Some(notice) if notice.state == NoticeState::Delivered => {
                Err(Error::Conflict(format!("notice {id} was delivered; it is not sent twice")))
            }
            Some(notice) if notice.overtaken => {
                let why = notice.error.unwrap_or_default();
                Err(Error::Conflict(format!(
                    "notice {id} is not sent any more: {why}; the owner then got a notice of their own"
                )))
            }
            Some(notice) => Ok(notice),
            None => Err(Error::NotFound(format!("notice {id}"))),
        }
    }
}
