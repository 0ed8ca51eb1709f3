//! Lotse brings every inbound lead to exactly one owner, exactly once, and can say why.
//!
//! # One lead's walk through the house
//!
//! *channels → normalize → dedupe → qualify → assign → store → notify*

pub mod lead;
pub mod tls;

pub mod config;

pub mod channels;
pub mod intake;
pub mod normalize;
pub mod pipeline;

pub mod assign;
pub mod dedupe;
pub mod qualify;

pub mod store;

pub mod notify;

pub mod service;
pub mod web;
