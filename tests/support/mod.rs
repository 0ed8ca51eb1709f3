//! What the end-to-end tests stand on: the shipped binary and real servers.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

pub mod cyrus;
pub mod daemon;
pub mod dovecot;
pub mod http;
pub mod look;
pub mod office;
pub mod readme;
pub mod server;
pub mod site;
pub mod smtp;
