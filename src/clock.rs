//! What time it is: the one clock by which leads are taken in, held and handed on.

use std::sync::Arc;

use jiff::Timestamp;

/// Tells the time. A test has its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The system's clock.
#[must_use]
pub fn system() -> Clock {
    Arc::new(Timestamp::now)
}
