//! x
/// x
pub struct Outbox;
