//! New settings and rules without a restart: on SIGHUP, and when a rule file changes.
//!
//! A broken file changes nothing: the last good settings stay in force, and log, `status` and
//! `/readyz` say so.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::core::{Start, Trouble};
use super::last_rules;
use super::steward::Steward;
use super::supervise::Supervisor;
use crate::alarms::Watchman;
use crate::canary;
use crate::channels::webhook::Receivers;
use crate::config::{self, Config};
use crate::normalize::Reader;
use crate::notify::Outbox;
use crate::service::Service;

/// How often the rules' folder is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// What goes on running with other settings.
pub(super) struct Running<'a> {
    pub(super) receivers: &'a Receivers,
    pub(super) outbox: &'a Outbox,
    pub(super) watchman: &'a Watchman,
    pub(super) canaries: &'a canary::Keeper,
    pub(super) steward: &'a Steward,
}

/// Knows the settings in force.
pub(super) struct Reloader {
    config: Config,
    /// What takes effect at the start only, as it was then.
    fixed: Fixed,
    seen: Vec<(PathBuf, SystemTime, u64)>,
}

impl Reloader {
    pub(super) fn new(config: Config) -> Self {
        let seen = listing(&config.rules);
        Self { fixed: Fixed::of(&config), config, seen }
    }

    /// Returns when a rule file has changed and come to rest.
    pub(super) async fn rules_changed(&mut self) {
        let mut moving = None;
        loop {
            tokio::time::sleep(LOOK).await;
            let now = listing(&self.config.rules);
            if now == self.seen {
                moving = None;
            } else if moving.as_ref() == Some(&now) {
                self.seen = now;
                return;
            } else {
                moving = Some(now);
            }
        }
    }

    /// Puts the settings on disk in force, or says why not.
    pub(super) fn reload(&mut self, service: &Service, running: &Running<'_>, supervisor: &mut Supervisor) {
        let loaded = config::load(self.config.file.as_deref());
        for problem in loaded.problems.iter().filter(|problem| !problem.is_error()) {
            tracing::warn!("{problem}");
        }
        let fresh = match (loaded.config, self.config.file.is_some()) {
            (Some(config), true) => Ok(config),
            // Demo settings have no file to change; only the rules may have.
            (_, false) => Ok(self.config.clone()),
            (None, true) => {
                let errors: Vec<String> =
                    loaded.problems.iter().filter(|problem| problem.is_error()).map(ToString::to_string).collect();
                Err(errors.join("\n"))
            }
        };
        let before = service.policy.get();
        let applied = fresh.and_then(|config| match super::policy(&config, Some(&before.rules)) {
            Ok(start) => Ok((config, start)),
            Err(error) => Err(format!("{error:#}")),
        });
        match applied {
            Ok((config, Start { policy, trouble })) => {
                super::warn_of_tests(&policy.rules, &config);
                let reader = Reader::new(&config).with_templates(policy.rules.templates());
                service.policy.set(policy);
                last_rules::keep(&service.policy.get().rules, &self.fixed.store);
                service.space.set(config.reserve);
                service.readers.replace(reader);
                running.receivers.replace(&config);
                running.outbox.replace(&config);
                service.set_channels(&config.channels);
                supervisor.apply(&config.channels);
                running.watchman.replace(&config);
                running.canaries.replace(&config);
                running.steward.call();
                if let Some(trouble) = &trouble {
                    trouble.log();
                }
                let waiting = self.fixed.waiting(&config);
                for setting in &waiting {
                    tracing::warn!(setting, "takes effect at the next start only");
                }
                self.seen = listing(&config.rules);
                self.config = config;
                service.note_settings(|state| {
                    state.loaded_at = Some(Timestamp::now());
                    state.error = trouble.map(Trouble::told);
                    state.waiting = waiting;
                });
                tracing::info!("settings and rules are in force");
            }
            Err(error) => {
                for error in error.lines() {
                    tracing::error!(error, "the new settings are not in force; the last good ones are");
                }
                service.note_settings(|state| state.error = Some(error));
            }
        }
    }
}

/// Settings that take effect at the start only.
struct Fixed {
    store: PathBuf,
    public: SocketAddr,
    private: SocketAddr,
    token: Option<config::Secret>,
}

impl Fixed {
    fn of(config: &Config) -> Self {
        Self {
            store: config.store.clone(),
            public: config.http.listen,
            private: config.web.listen,
            token: config.web.token.clone(),
        }
    }

    /// Those of `fresh` that are other ones, and wait for a restart.
    fn waiting(&self, fresh: &Config) -> Vec<&'static str> {
        let fresh = Self::of(fresh);
        let all = [
            ("store.path", self.store != fresh.store),
            ("http.listen", self.public != fresh.public),
            ("web.listen", self.private != fresh.private),
            ("web.token", self.token != fresh.token),
        ];
        all.into_iter().filter(|(_, changed)| *changed).map(|(setting, _)| setting).collect()
    }
}

/// Names, times and sizes of all files below the folders of the rules and of their shadow.
fn listing(rules: &config::Rules) -> Vec<(PathBuf, SystemTime, u64)> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = rules.folder.iter().chain(&rules.shadow).cloned().collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(data) = entry.metadata() else { continue };
            if data.is_dir() && files.len() < 10_000 {
                folders.push(entry.path());
            } else if data.is_file() {
                files.push((entry.path(), data.modified().unwrap_or(SystemTime::UNIX_EPOCH), data.len()));
            }
        }
    }
    files.sort();
    files
}
