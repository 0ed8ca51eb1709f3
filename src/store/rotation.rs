//! Stored state of the rotation, of owners' counts and of absences.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::assign::{Absence, Beside};
use crate::lead::Name;

/// A team's place in its rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Rotation {
    /// The sum of the weights that credits are measured by: one turn is so many units, times
    /// [`Rotation::FINE`]; 0 before the first turn.
    pub total: i64,
    /// Everybody who takes or took part: the members in the team's order, then those who left it.
    pub seats: Vec<Seat>,
    /// Whether the last lead made up for a refunded turn: the next one does not.
    pub made_up: bool,
    /// Who got the last turn,
    pub last: Option<Name>,
    /// and how many in a row.
    #[serde(default)]
    pub run: u32,
}

/// One member's place in a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Seat {
    /// Who.
    pub owner: Name,
    /// What they are owed (negative: what they had too early), in fine units of weight.
    pub credit: i64,
    /// Turns taken, also those that were given back.
    pub turns: u64,
    /// Turns given back: their leads turned out to be worth nothing.
    pub refunded: u64,
    /// Turns given back that are not made up for yet.
    pub owed: u32,
    /// Leads given by hand that still count in place of a turn.
    pub ahead: u32,
    /// The weight with which they took part in the last turn; 0: they did not.
    pub weight: u32,
}

/// A seat as it is stored: short, as a team may have hundreds.
type Row = (Name, i64, u64, u64, u32, u32, u32);

impl From<Row> for Seat {
    fn from((owner, credit, turns, refunded, owed, ahead, weight): Row) -> Self {
        Self { owner, credit, turns, refunded, owed, ahead, weight }
    }
}

impl From<Seat> for Row {
    fn from(seat: Seat) -> Self {
        (seat.owner, seat.credit, seat.turns, seat.refunded, seat.owed, seat.ahead, seat.weight)
    }
}

impl Seat {
    /// A place at the pool's level.
    #[must_use]
    pub const fn new(owner: Name) -> Self {
        Self { owner, credit: 0, turns: 0, refunded: 0, owed: 0, ahead: 0, weight: 0 }
    }

    /// Leads got from the rotation that count.
    #[must_use]
    pub const fn assigned(&self) -> u64 {
        self.turns.saturating_sub(self.refunded)
    }
}

impl Rotation {
    /// Fine units of one unit of weight.
    pub const FINE: i64 = 1 << 16;

    /// One member's place.
    #[must_use]
    pub fn seat(&self, owner: &Name) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.owner == *owner)
    }

    /// One member's place, which is made where there is none.
    pub fn seat_mut(&mut self, owner: &Name) -> &mut Seat {
        let place = self.seats.iter().position(|seat| seat.owner == *owner).unwrap_or_else(|| {
            self.seats.push(Seat::new(owner.clone()));
            self.seats.len() - 1
        });
        &mut self.seats[place]
    }

    /// Notes who got a turn.
    pub(crate) fn got(&mut self, owner: Name) {
        self.run = if self.last.as_ref() == Some(&owner) { self.run.saturating_add(1) } else { 1 };
        self.last = Some(owner);
    }

    /// Turns that somebody took.
    #[must_use]
    pub fn turns(&self, owner: &Name) -> u64 {
        self.seat(owner).map_or(0, |seat| seat.turns)
    }
}

/// A rotation as any version wrote it: the first one kept whole units of weight, by name.
#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    total: i64,
    #[serde(default)]
    seats: Vec<Seat>,
    #[serde(default)]
    made_up: bool,
    #[serde(default)]
    last: Option<Name>,
    #[serde(default)]
    run: u32,
    #[serde(default)]
    credit: BTreeMap<Name, i64>,
    #[serde(default)]
    assigned: BTreeMap<Name, u64>,
}

impl From<Stored> for Rotation {
    fn from(stored: Stored) -> Self {
        let Stored { total, seats, made_up, last, run, .. } = stored;
        let mut rotation = Self { total, seats, made_up, last, run };
        for (owner, turns) in stored.assigned {
            rotation.seat_mut(&owner).turns = turns;
        }
        for (owner, credit) in stored.credit {
            rotation.seat_mut(&owner).credit = credit.saturating_mul(Self::FINE);
        }
        rotation
    }
}

/// How many leads an owner has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerCounts {
    /// Leads in an open stage.
    pub open: u64,
    /// All leads the owner has now.
    pub owned: u64,
    /// The day that `today` is about, by the owner's clock.
    #[serde(default)]
    pub day: Option<Date>,
    /// Leads got on that day.
    #[serde(default)]
    pub today: u32,
}

impl OwnerCounts {
    /// Leads got on a day.
    #[must_use]
    pub fn on(&self, day: Date) -> u32 {
        if self.day == Some(day) { self.today } else { 0 }
    }
}

/// What people and calendars said about when owners are away; it does not stand in the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absences {
    /// Changes with every change: what was found out by these absences holds as long as it is the same.
    /// 0: nobody is away.
    #[serde(default)]
    pub mark: u64,
    /// By owner.
    #[serde(default)]
    pub of: BTreeMap<Name, Away>,
}

/// When one owner is away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// Whether a person said that they have left for good.
    #[serde(default)]
    pub left: bool,
    /// What a person said.
    #[serde(default)]
    pub said: Vec<Absence>,
    /// What their calendar says.
    #[serde(default)]
    pub calendar: Vec<Absence>,
}

impl Away {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.left && self.said.is_empty() && self.calendar.is_empty()
    }
}

impl Absences {
    /// Absences of one owner.
    #[must_use]
    pub fn all_of(&self, owner: &Name) -> Beside<'_> {
        let away = self.of.get(owner);
        let (said, calendar) = away.map_or((&[][..], &[][..]), |away| (&away.said, &away.calendar));
        Beside { mark: self.mark, said, calendar }
    }

    /// Whether somebody has left for good.
    #[must_use]
    pub fn has_left(&self, owner: &Name) -> bool {
        self.of.get(owner).is_some_and(|away| away.left)
    }
}
