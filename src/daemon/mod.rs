//! The composition root: the only place that knows every stage. Starts, supervises, reloads, drains.
//!
//! Stopping follows a lead's way: channels and listeners stop, notices in flight finish, the writer
//! commits what waits and sees its queue end, the store closes.

mod core;
mod greeting;
mod last_rules;
mod logs;
mod reload;
mod sockets;
mod steward;
mod supervise;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::alarms::Watchman;
use crate::calendars;
use crate::canary;
use crate::channels::{csv, webhook};
use crate::config::{ChannelKind, Config};
use crate::intake::Refused;
use crate::notify::Outbox;
use crate::pipeline::Ended;
use crate::service::Reach;
use crate::store::Store;
use crate::web::{self, Web};

pub use self::core::{Core, Start, Trouble, start};
use self::core::{policy, warn_of_tests};
use reload::{Reloader, Running};
use sockets::Listeners;
use steward::Steward;
use supervise::Supervisor;

/// Stack of the network threads, bytes: decoders of foreign bytes may run on them.
const STACK: usize = 16 << 20;
/// How long the start waits for the watched folders: a network file system may hang.
const FOLDERS: Duration = Duration::from_secs(3);

/// How long everything may take to let go after the store has failed.
const LET_GO: Duration = Duration::from_secs(5);
/// How long compacting the store may take before the service manager gives us up, microseconds.
const COMPACTING: u32 = 30 * 60 * 1_000_000;

/// Runs the daemon until it is told to stop.
pub fn main(config: Config) -> Result<ExitCode, crate::cli::Failed> {
    logs::start();
    // What the daemon writes is nobody else's business.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    webhook::listener::allow_many_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build()?;
    let ended = runtime.block_on(run(config));
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(ended.map(|()| ExitCode::SUCCESS)?)
}

async fn run(config: Config) -> anyhow::Result<()> {
    let metrics = PrometheusBuilder::new().install_recorder().context("cannot start the metrics")?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;

    renew(&config.store);
    shrink(&config.store);
    let start = start(&config)?;
    if let Some(trouble) = &start.trouble {
        trouble.log();
    }
    warn_of_tests(&start.policy.rules, &config);
    let mut core = Core::open(&config, start)?;
    let service = core.service();
    last_rules::keep(&service.policy.get().rules, &config.store);
    let token = web::token(config.web.token.as_ref(), &config.store).context("cannot keep the admin token")?;
    let stop = CancellationToken::new();

    let receivers = Arc::new(webhook::Receivers::new(&config));
    let public = webhook::router(Arc::clone(&receivers), service.door.clone(), service.board.clone());
    let web = Web { service: Arc::clone(&service), metrics: Some(metrics) };
    let listeners = Listeners::bind(&config).await?;
    let addresses = listeners.addresses()?;
    service.reach.get_or_init(|| Reach { public: addresses.public, stop: stop.child_token() });
    let serving = listeners.serve(public, web, token, &config, &stop);

    make_folders(&config).await;
    let outbox = Outbox::start(&service, &config, stop.child_token());
    let mut supervisor =
        Supervisor::new(service.door.clone(), service.board.clone(), Arc::clone(&service.space), stop.child_token());
    supervisor.apply(&config.channels);
    let watchman = Watchman::start(&service, &config, stop.child_token());
    let canaries = canary::Keeper::start(&service, &config, stop.child_token());
    let calendars = calendars::Keeper::start(&service, &config.store, stop.child_token()).await;
    let steward = Steward::start(&service, stop.child_token());
    let fetcher = webhook::fetch::Fetcher::start(&service, stop.child_token());

    notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!(public = %addresses.public, private = %addresses.private, store = %config.store.display(), "lotse is up");
    greeting::print(&config, &addresses);

    let mut reloader = Reloader::new(config);
    let running =
        Running { receivers: &receivers, outbox: &outbox, watchman: &watchman, canaries: &canaries, steward: &steward };
    let mut heartbeat = tokio::time::interval(watchdog_interval());
    heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let ended = loop {
        tokio::select! {
            ended = core.ended() => break Some(ended),
            _ = terminate.recv() => break None,
            _ = interrupt.recv() => break None,
            _ = hangup.recv() => {
                notify(&[sd_notify::NotifyState::Reloading]);
                reloader.reload(&service, &running, &mut supervisor);
                // Whoever asks for it may have mended what the channels wait for.
                service.board.call();
                notify(&[sd_notify::NotifyState::Ready]);
            }
            () = reloader.rules_changed() => reloader.reload(&service, &running, &mut supervisor),
            _ = heartbeat.tick() => beat(&service.door),
        }
    };

    notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("lotse stops");
    stop.cancel();
    if matches!(ended, Some(Ended::Failed(_))) {
        // Nothing that is under way can be kept: all of it is only asked to let go, at once.
        let all = async {
            tokio::join!(
                serving.close(),
                supervisor.close(),
                watchman.close(),
                canaries.close(),
                calendars.close(),
                steward.close(),
                fetcher.close(),
                outbox.close()
            )
        };
        if tokio::time::timeout(LET_GO, all).await.is_err() {
            tracing::warn!("something did not let go; lotse ends without it");
        }
    } else {
        serving.close().await;
        supervisor.close().await;
        watchman.close().await;
        canaries.close().await;
        calendars.close().await;
        steward.close().await;
        fetcher.close().await;
        outbox.close().await;
    }
    drop((service, receivers));
    match ended {
        Some(Ended::Failed(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the store failed; nothing more is taken in");
            Err(error).context("the store failed; lotse stops, so that nothing is acknowledged that is not stored")
        }
        Some(Ended::Drained) | None => core.close().await,
    }
}

/// Makes the watched folders, so that whoever hears that we are up can put files into them. One
/// that cannot be made is its channel's trouble, and no reason not to start.
async fn make_folders(config: &Config) {
    let made = config.channels.iter().filter_map(|channel| match &channel.kind {
        ChannelKind::Csv(csv) => {
            let (name, folder) = (channel.name.clone(), csv.folder.clone());
            Some(tokio::task::spawn_blocking(move || {
                if let Err(error) = csv::make(&folder) {
                    tracing::debug!(channel = %name, %error, "the folder cannot be made; the channel will say so");
                }
            }))
        }
        ChannelKind::Imap(_) | ChannelKind::Webhook(_) => None,
    });
    if tokio::time::timeout(FOLDERS, futures_util::future::join_all(made)).await.is_err() {
        tracing::warn!("a watched folder does not answer; the start does not wait for it");
    }
}

/// Leaves nothing in the store's file of whom was erased; a failure is met again by whoever opens it.
fn renew(store: &std::path::Path) {
    let begin = |before| {
        notify(&[sd_notify::NotifyState::ExtendTimeoutUsec(COMPACTING)]);
        tracing::info!(bytes = before, "somebody was erased: the store's file is written anew");
    };
    match Store::renew(store, begin) {
        Ok(Some(renewed)) => {
            tracing::info!(before = renewed.before, after = renewed.after, "the store's file was written anew");
        }
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the store's file was not written anew");
        }
    }
}

/// Gives the disk back what a large store no longer holds; a failure is met again by whoever opens it.
fn shrink(store: &std::path::Path) {
    let begin = |before| {
        notify(&[sd_notify::NotifyState::ExtendTimeoutUsec(COMPACTING)]);
        tracing::info!(bytes = before, "the store's file is mostly empty and is compacted");
    };
    match Store::shrink(store, begin) {
        Ok(Some(shrunk)) => {
            tracing::info!(before = shrunk.before, after = shrunk.after, "the store's file was compacted");
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "the store's file was not compacted"),
    }
}

/// Half the time after which the service manager would think us dead.
fn watchdog_interval() -> Duration {
    sd_notify::watchdog_enabled().map_or(Duration::from_secs(30), |limit| limit / 2)
}

/// Tells the service manager that we live, once the writer has proved it with a commit.
fn beat(door: &crate::intake::Door) {
    if sd_notify::watchdog_enabled().is_none() {
        return;
    }
    let door = door.clone();
    #[expect(
        clippy::disallowed_methods,
        reason = "a heartbeat that hangs must not hold up the loop; it ends by itself"
    )]
    tokio::spawn(async move {
        let limit = Duration::from_mins(1);
        // A full disk is no reason to be started anew: the writer answers, and reading works.
        if let Ok(Ok(()) | Err(Refused::Full { .. })) = tokio::time::timeout(limit, door.change(|_| Ok(()))).await {
            notify(&[sd_notify::NotifyState::Watchdog]);
        }
    });
}

fn notify(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager cannot be told");
    }
}
