//! Logs on standard error: `RUST_LOG` chooses how much, `info` when it is not set.

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::store::OPENING;

/// Says where a fault of ours happened, and never what it says of itself: that may quote an item.
fn say_where(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(String::new, ToString::to_string);
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    if thread == OPENING {
        return tracing::debug!(%place, "the store's file is damaged");
    }
    tracing::error!(%place, %thread, "a fault in lotse");
}

/// Starts logging; a second call changes nothing.
pub(super) fn start() {
    let level = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    // The journal has its own clock.
    let journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let layer = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).with_target(false);
    let layer = if journal { layer.without_time().boxed() } else { layer.boxed() };
    let started = tracing_subscriber::registry().with(layer.with_filter(filter_fn(is_discreet))).with(level).try_init();
    std::panic::set_hook(Box::new(say_where));
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

/// The protocol crates log commands, passwords and mail at their finest levels: never here.
fn is_discreet(metadata: &Metadata<'_>) -> bool {
    let protocol =
        ["async_imap", "imap_proto", "lettre", "rustls"].iter().any(|name| metadata.target().starts_with(name));
    !protocol || *metadata.level() <= Level::WARN
}
