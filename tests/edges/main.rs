//! The edges of "never lost, never double", on the shipped binary: full disks, folders, broken wires, hostile
//! items and clients.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on should say where, and its tasks end with it"
)]

#[path = "../support/mod.rs"]
mod support;

mod archive;
mod bombs;
mod connect;
mod crowd;
mod disk;
mod files;
mod flood;
mod folders;
mod gate;
mod house;
mod imap;
mod imap_script;
mod labels;
mod letters;
mod line;
mod poison;
mod proxy;
mod second_server;
mod steps;
mod watchdog;
mod wire;
