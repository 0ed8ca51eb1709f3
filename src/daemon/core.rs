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
use crate::pipeline::{Ended, InForce, Policy, Pulse, Space, Writer, as_if_typed};
use crate::qualify::{Rules, TestOutcome};
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
    /// What of the rules on disk is not in force, and why.
    pub trouble: Option<Trouble>,
}

/// Rules on disk that are not in force, and every mistake in them, a line each.
#[derive(Debug)]
pub enum Trouble {
    /// The rules; the last good ones decide.
    Rules(String),
    /// The shadow rules alone: the rules themselves are in force.
    Shadow(String),
}

impl Trouble {
    /// As people read it.
    #[must_use]
    pub fn told(self) -> String {
        let (Self::Rules(why) | Self::Shadow(why)) = self;
        why
    }

    /// Logs it, a line each.
    pub(super) fn log(&self) {
        match self {
            Self::Rules(why) => why.lines().for_each(|error| {
                tracing::error!(error, "the rules are not in force; the last good ones are");
            }),
            Self::Shadow(why) => why.lines().for_each(|error| {
                tracing::error!(error, "the shadow rules are not in force; they decide nothing, and the rules are");
            }),
        }
    }
}

/// Rules and staff to start with: where the rules on disk are broken, those that were last in force.
///
/// The error lists every mistake in the rules: they are broken, and no others were ever in force.
pub fn start(config: &Config) -> anyhow::Result<Start> {
    policy(config, None).or_else(|error| {
        let trouble = Some(Trouble::Rules(format!("{error:#}")));
        let Some(rules) = last_rules::load(config) else { return Err(error) };
        Ok(Start { policy: Policy { rules, staff: Staff::new(config) }, trouble })
    })
}

/// Rules and staff of these settings; the error lists every mistake in the rules.
///
/// Shadow rules decide nothing, so a mistake in them holds nothing back: those of `before` go on, or none.
pub(super) fn policy(config: &Config, before: Option<&Rules>) -> anyhow::Result<Start> {
    let rules = load(config, config.rules.folder.as_deref())
        .map_err(|mistakes| anyhow::anyhow!("the rules cannot be used:\n{mistakes}"))?;
    let shadow = config.rules.shadow.as_deref().map(|folder| load(config, Some(folder))).transpose();
    let (shadow, trouble) = match shadow {
        Ok(shadow) => (shadow.map(Arc::new), None),
        Err(mistakes) => {
            let last = before.and_then(Rules::shadow).map(Arc::clone);
            let trouble = format!("the shadow rules alone cannot be used, the rules are in force:\n{mistakes}");
            (last, Some(Trouble::Shadow(trouble)))
        }
    };
    Ok(Start { policy: Policy { rules: rules.with_shadow(shadow), staff: Staff::new(config) }, trouble })
}

/// Logs how many tests of the rules in force fail: they are in force all the same.
pub(super) fn warn_of_tests(rules: &Rules, config: &Config) {
    let reader = Reader::new(config);
    let tests = rules.run_tests(&|fields| as_if_typed(&fields, &reader));
    let (tests, failed) = TestOutcome::tally(&tests);
    if failed > 0 {
        tracing::warn!(failed, tests, "the rules are in force, and tests of them fail: see `lotse rules test`");
    }
}

/// The rules of a folder; the error is every mistake, a line each.
fn load(config: &Config, folder: Option<&Path>) -> Result<Rules, String> {
    let teams: Vec<_> = config.teams.iter().map(|team| team.name.clone()).collect();
    Rules::load(folder, config.rules.qualify_at, &teams).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
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
            error: start.trouble.map(Trouble::told),
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
