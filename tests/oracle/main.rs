//! The oracle: it knows every input that was issued and what has to become of it, and afterwards
//! asks the shipped binary whether that is so.
//!
//! A generator (`input`, `wire`) gives each input a number, a deterministic payload and an expected
//! outcome; feeders (`feed`) send it over a real mailbox, real posts and real files, and a record
//! keeps what was acknowledged. A story feeds, kills with -9, starts again, and in the end looks at
//! what the daemon shows (`seen`) and names every promise that is broken (`check`, `promise`).
//!
//! ```sh
//! cargo test --release --test oracle                              # the kill loop of the usual suite
//! LOTSE_KILL_CYCLES=300 cargo test --release --test oracle kill -- --nocapture
//! cargo test --release --features seeded-mistakes --test oracle teeth -- --nocapture
//! LOTSE_SOAK_MINUTES=30 LOTSE_SOAK_FOLDER=soak cargo test --release --test oracle soak -- --ignored --nocapture
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]
#![allow(clippy::cast_precision_loss, reason = "figures are shown to two digits")]

#[path = "../support/mod.rs"]
mod support;

mod check;
mod feed;
mod house;
mod input;
mod kill;
mod plot;
mod promise;
mod record;
mod seen;
mod soak;
mod story;
#[cfg(feature = "seeded-mistakes")]
mod teeth;
mod wire;
