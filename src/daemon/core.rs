//! The part of the daemon that every command needs: store, readers, writer and service.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use tokio::sync::oneshot;

use super::last_rules;
use crate::assign::Staff;
use crate::calendars;
use crate::channels::health::Board;
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::intake::Door;
use crate::normalize::{Marks, Reader, Readers};
use crate::notify;
use crate::pipeline::{Ended, InForce, Policy, Pulse, Space, Writer};
use crate::qualify::Rules;
use crate::service::{Service, SettingsState};
use crate::store::Store;

/// Stack of the writer, bytes: rules are evaluated on it.
const WRITER_STACK: usize = 64 << 20;
/// How long the writer may take to commit what waits when everybody has stopped.
const DRAIN: Duration = Duration::from_secs(8);

/// An open store with its writer.
pub struct Core {
    service: Arc<Service>,
    ended: oneshot::Receiver<Ended>,
}

/// What to start with.
pub struct Start {
    /// Rules and staff.
    pub policy: Policy,
    /// Why the rules on disk are not in force; the last good ones are.
    pub trouble: Option<String>,
}

/// Rules and staff to start with: where the rules on disk are broken, those that were last in force.
///
/// The error lists every mistake in the rules: they are broken, and no others were ever in force.
pub fn start(config: &Config) -> anyhow::Result<Start> {
    policy(config).map(|policy| Start { policy, trouble: None }).or_else(|error| {
        let trouble = Some(format!("{error:#}"));
        // A mistake in the shadow rules is no reason to judge by old ones.
        if let Ok(rules) = load(config, config.rules.folder.as_deref()) {
            return Ok(Start { policy: Policy { rules, staff: Staff::new(config) }, trouble });
        }
        let Some(rules) = last_rules::load(config) else { return Err(error) };
        Ok(Start { policy: Policy { rules, staff: Staff::new(config) }, trouble })
    })
}

/// Rules and staff of these settings; the error lists every mistake in the rules.
pub(super) fn policy(config: &Config) -> anyhow::Result<Policy> {
    let rules = load(config, config.rules.folder.as_deref())?;
    let shadow = config.rules.shadow.as_deref().map(|folder| load(config, Some(folder))).transpose();
    let rules = rules.with_shadow(shadow.context("the shadow rules")?);
    Ok(Policy { rules, staff: Staff::new(config) })
}

fn load(config: &Config, folder: Option<&Path>) -> anyhow::Result<Rules> {
    let teams: Vec<_> = config.teams.iter().map(|team| team.name.clone()).collect();
    Rules::load(folder, config.rules.qualify_at, &teams).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the rules cannot be used:\n{}", lines.join("\n"))
    })
}

impl Core {
    /// Opens the store and starts the readers and the writer.
    pub fn open(config: &Config, start: Start) -> anyhow::Result<Self> {
        Self::open_by(config, start, clock::system())
    }

    /// The same by another clock.
    pub fn open_by(config: &Config, start: Start, clock: Clock) -> anyhow::Result<Self> {
        let reader = Reader::new(config).with_templates(start.policy.rules.templates());
        let policy = Arc::new(InForce::new(start.policy));
        let store = Store::open(&config.store)?;
        let marks = Marks::open(&config.store)
            .with_context(|| format!("cannot keep marks in the store {}", config.store.display()))?;
        let readers = Readers::start_with(reader, marks);
        let pulse = Arc::new(Pulse::default());
        let (door, queue) = Door::new(Arc::clone(&readers));
        let space = Arc::new(Space::new(&config.store, config.reserve));
        let writer = Writer {
            store: store.clone(),
            policy: Arc::clone(&policy),
            pulse: Arc::clone(&pulse),
            space: Arc::clone(&space),
            clock: Arc::clone(&clock),
        };
        let (tell, ended) = oneshot::channel();
        std::thread::Builder::new()
            .name("writer".into())
            .stack_size(WRITER_STACK)
            .spawn(move || {
                if let Err(unheard) = tell.send(writer.run(queue)) {
                    tracing::debug!(?unheard, "nobody waited for the writer");
                }
            })
            .context("cannot start the writer's thread")?;
        let settings = SettingsState {
            file: config.file.as_ref().map(|path| path.display().to_string()),
            loaded_at: Some(Timestamp::now()),
            error: start.trouble,
            waiting: Vec::new(),
        };
        let service = Arc::new(Service {
            store,
            door,
            readers,
            policy,
            board: Board::default(),
            calendars: calendars::Board::default(),
            notifiers: notify::outbox::Board::default(),
            pulse,
            space,
            clock,
            started_at: Timestamp::now(),
            channels: RwLock::new(config.channels.clone()),
            settings: Arc::new(Mutex::new(settings)),
            reach: OnceLock::new(),
            tried: Mutex::default(),
        });
        Ok(Self { service, ended })
    }

    /// What people can do.
    #[must_use]
    pub fn service(&self) -> Arc<Service> {
        Arc::clone(&self.service)
    }

    /// Returns when the writer has ended: by then the store has failed, or everybody is gone.
    pub async fn ended(&mut self) -> Ended {
        (&mut self.ended).await.unwrap_or_else(|_| Ended::Failed(crate::store::Error::Broken("the writer died".into())))
    }

    /// Waits until all that was sent is committed. Whoever holds the service must have dropped it.
    pub async fn close(self) -> anyhow::Result<()> {
        let Self { service, ended } = self;
        drop(service);
        match tokio::time::timeout(DRAIN, ended).await {
            Ok(Ok(Ended::Drained)) => Ok(()),
            Ok(Ok(Ended::Failed(error))) => Err(error.into()),
            Ok(Err(_)) => anyhow::bail!("the writer died"),
            // Whoever was told "got it" is in the store; the others will try again.
            Err(_) => anyhow::bail!("the writer did not finish within {} s", DRAIN.as_secs()),
        }
    }
}
