//! The edges of "never lost, never double", on the shipped binary: full disks, hostile items, hostile clients.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

#[path = "../support/mod.rs"]
mod support;

mod bombs;
mod disk;
mod flood;
mod house;
mod poison;
