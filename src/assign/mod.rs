//! Stage 5, assign: exactly one owner, in turn, and a reason for everybody else.
//!
//! First the team: the one a rule chose, else the default. Then who was there before: the owner of the
//! same person, of the same company, or who passed the lead on. Else whose turn it is among those who
//! are free. Where nobody is free the lead is held until a deadline; then the team's fallback gets it.

mod books;
pub mod calendar;
mod counters;
mod deadlines;
pub mod holidays;
pub mod hours;
pub mod ics;
mod rotation;
mod route;
pub mod simulate;
mod staff;
mod standing;

use jiff::Timestamp;

use crate::lead::{Lead, Name};
use crate::store::{Error, Rotation, Unit};

pub use books::{Books, Known};
pub use calendar::{Absence, Beside, Calendar, Look, Why};
pub use counters::{Share, count_by_hand, refund, shares, unrefund};
pub(crate) use deadlines::later;
pub use deadlines::{HOLD, promise};
pub use rotation::MOST_DEFERRED;
pub use route::route;
pub use staff::Staff;
pub use standing::{Standing, Stop, standing};

/// Who is to get a lead?
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What is known of the lead and speaks for somebody; `None`: nothing.
    pub lead: Option<Known<'a>>,
    /// The team that a rule chose, or that it has already.
    pub wanted: Option<&'a Name>,
    /// When.
    pub at: Timestamp,
    /// Who cannot get it, as they had it before.
    pub not: &'a [Name],
    /// Since when it waits already; `None`: it does not.
    pub since: Option<Timestamp>,
    /// Whether it has waited as long as it may.
    pub deadline: bool,
}

impl<'a> Ask<'a> {
    /// A lead that has just come in, or whose person writes again while it waits.
    #[must_use]
    pub fn fresh(lead: &'a Lead, wanted: Option<&'a Name>, at: Timestamp) -> Self {
        Self { lead: Some(Known::of(lead)), wanted, at, not: &[], since: lead.held_since(), deadline: false }
    }
}

/// A turn of a team's rotation: it is taken once the rotation is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    team: Name,
    rotation: Rotation,
}

impl Turn {
    /// Moves the team's rotation.
    pub fn take(&self, unit: &mut Unit<'_>) -> Result<(), Error> {
        unit.put_rotation(&self.team, &self.rotation)
    }

    /// The team.
    #[must_use]
    pub const fn team(&self) -> &Name {
        &self.team
    }

    /// The team, and its rotation after the turn.
    #[must_use]
    pub fn into_rotation(self) -> (Name, Rotation) {
        (self.team, self.rotation)
    }
}
