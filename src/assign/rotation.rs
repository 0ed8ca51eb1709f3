//! Whose turn it is: smooth weighted round robin, kept within one turn of everybody's exact share.
//!
//! Before each turn every free member's credit grows by their weight; the largest credit wins (the
//! first in the team's order among equals) and pays the sum of the weights. A credit is what
//! somebody is owed. Alone, that rule lets a member with a large weight fall behind by more than a
//! turn beside many with small ones; so a choice after which not everybody could be served before a
//! whole turn is owed to them is replaced by the member who must be served first (as in proportionate
//! fair scheduling).
//!
//! Who is not free keeps the credit and gathers none: what they were owed is made up when they are
//! back, and no more. When the pool changes, credits are measured by the new sum of weights and moved
//! so that they sum up to nothing, which is the pool's level; debts that could not all be served in
//! time are halved until they can. The credits are stored with the lead, so a crash neither skips nor
//! repeats a turn.

use std::cmp::Ordering;

use crate::config::Strategy;
use crate::lead::Name;
use crate::store::{Rotation, Seat};

/// Turns that are given back, or taken by leads given by hand, at most: more are forgotten.
pub const MOST_DEFERRED: u32 = 10;

/// Leads that somebody gets in a row by `least_open` while another is free: who joins or comes back with nothing open
/// catches up, and is not flooded.
const LONGEST_RUN: u32 = 3;

/// Turns that are looked ahead at most.
const FARTHEST: usize = 2048;

/// A member of the team as it is now.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) owner: &'a Name,
    /// Share of the rotation; 0 while they are not free.
    pub(crate) weight: u32,
    /// Open leads; only asked for by `least_open`.
    pub(crate) open: u64,
}

/// How a turn was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// The member's place in the team.
    pub(crate) place: usize,
    /// Whether it makes up for a turn that was given back.
    pub(crate) made_up: bool,
    /// Members whose turn was spent by leads they had been given by hand.
    pub(crate) spent: Vec<usize>,
}

/// Takes one turn; `None` when no member is free.
pub(crate) fn turn(rotation: &mut Rotation, members: &[Member<'_>], strategy: Strategy) -> Option<Chosen> {
    if members.iter().all(|member| member.weight == 0) {
        return None;
    }
    seat_in_order(&mut rotation.seats, members);
    let due = rotation.seats.iter().take(members.len()).enumerate();
    let due = due.filter(|(place, seat)| seat.owed > 0 && members[*place].weight > 0 && !rotation.made_up);
    // Among equals the first: `max_by_key` would take the last.
    if let Some(place) = due.rev().max_by_key(|(_, seat)| seat.owed).map(|(place, _)| place) {
        let seat = &mut rotation.seats[place];
        seat.owed -= 1;
        seat.turns += 1;
        rotation.made_up = true;
        let owner = seat.owner.clone();
        rotation.got(owner);
        return Some(Chosen { place, made_up: true, spent: Vec::new() });
    }
    let tired = rotation.last.clone().filter(|_| rotation.run >= LONGEST_RUN);
    let mut pool = Pool::gather(rotation, members);
    let mut spent = Vec::new();
    let place = loop {
        let place = match strategy {
            Strategy::RoundRobin => pool.next(),
            Strategy::LeastOpen => pool.least_open(members, tired.as_ref()),
            Strategy::Priority => pool.first(members),
        };
        let seat = &mut pool.seats[place];
        if seat.ahead == 0 {
            break place;
        }
        seat.ahead -= 1;
        spent.push(place);
    };
    if strategy != Strategy::RoundRobin {
        pool.level();
    }
    let seat = &mut rotation.seats[place];
    seat.turns += 1;
    rotation.made_up = false;
    let owner = seat.owner.clone();
    rotation.got(owner);
    spent.sort_unstable();
    spent.dedup();
    Some(Chosen { place, made_up: false, spent })
}

/// Gives a turn back: the lead was worth nothing.
pub(crate) fn refund(rotation: &mut Rotation, owner: &Name) {
    let seat = rotation.seat_mut(owner);
    seat.refunded += 1;
    seat.owed = (seat.owed + 1).min(MOST_DEFERRED);
}

/// Takes a refund back: the lead is worth something after all.
pub(crate) fn unrefund(rotation: &mut Rotation, owner: &Name) {
    let seat = rotation.seat_mut(owner);
    seat.refunded = seat.refunded.saturating_sub(1);
    if seat.owed > 0 {
        seat.owed -= 1;
    } else {
        seat.ahead = (seat.ahead + 1).min(MOST_DEFERRED);
    }
}

/// Counts a lead given by hand as a turn.
pub(crate) fn by_hand(rotation: &mut Rotation, owner: &Name) {
    let seat = rotation.seat_mut(owner);
    if seat.owed > 0 {
        seat.owed -= 1;
    } else {
        seat.ahead = (seat.ahead + 1).min(MOST_DEFERRED);
    }
}

/// Members first, in the team's order; those who left it after them, at the pool's level.
fn seat_in_order(seats: &mut Vec<Seat>, members: &[Member<'_>]) {
    let in_order = seats.len() >= members.len()
        && seats.iter().zip(members).all(|(seat, member)| seat.owner == *member.owner)
        && seats[members.len()..].iter().all(|seat| seat.credit == 0 && seat.weight == 0);
    if in_order {
        return;
    }
    let mut old: std::collections::BTreeMap<Name, Seat> =
        std::mem::take(seats).into_iter().map(|seat| (seat.owner.clone(), seat)).collect();
    seats.extend(
        members.iter().map(|member| old.remove(member.owner).unwrap_or_else(|| Seat::new(member.owner.clone()))),
    );
    seats.extend(old.into_values().map(|seat| Seat { credit: 0, weight: 0, ..seat }));
}

/// The members among whom a turn is taken.
struct Pool<'r> {
    seats: &'r mut [Seat],
    /// The price of a turn, in fine units.
    turn: i64,
}

impl<'r> Pool<'r> {
    /// The pool with everybody's credit measured by its sum of weights.
    fn gather(rotation: &'r mut Rotation, members: &[Member<'_>]) -> Self {
        let total: i64 = members.iter().map(|member| i64::from(member.weight)).sum();
        let before = if rotation.total > 0 { rotation.total } else { total };
        rotation.total = total;
        let same =
            before == total && rotation.seats.iter().zip(members).all(|(seat, member)| seat.weight == member.weight);
        let seats = &mut rotation.seats[..members.len()];
        let mut pool = Self { seats, turn: total * Rotation::FINE };
        if !same {
            for (seat, member) in pool.seats.iter_mut().zip(members) {
                seat.weight = member.weight;
                seat.credit = scale(seat.credit, total, before);
                if member.weight == 0 {
                    seat.credit = seat.credit.clamp(-pool.turn, pool.turn);
                }
            }
            pool.level();
        }
        pool
    }

    fn free(&self) -> impl Iterator<Item = (usize, &Seat)> {
        self.seats.iter().enumerate().filter(|(_, seat)| seat.weight > 0)
    }

    /// Moves the credits to the pool's level, and makes sure that all debts can be served in time.
    fn level(&mut self) {
        let sum: i64 = self.free().map(|(_, seat)| seat.credit).sum();
        if sum != 0 {
            let total = self.turn / Rotation::FINE;
            let mut left = sum;
            for seat in self.seats.iter_mut().filter(|seat| seat.weight > 0) {
                let part = scale(sum, i64::from(seat.weight), total);
                seat.credit -= part;
                left -= part;
            }
            if let Some(seat) = self.seats.iter_mut().find(|seat| seat.weight > 0) {
                seat.credit -= left;
            }
        }
        while !self.can_serve() || self.free().any(|(_, seat)| seat.credit < -self.turn) {
            let mut sum = 0;
            for seat in self.seats.iter_mut().filter(|seat| seat.weight > 0) {
                seat.credit /= 2;
                sum += seat.credit;
            }
            if let Some(seat) = self.seats.iter_mut().find(|seat| seat.weight > 0) {
                seat.credit -= sum;
            }
        }
    }

    /// Whether everybody can be served before a whole turn is owed to them: the turns that fall due
    /// within any time are no more than that time has.
    fn can_serve(&self) -> bool {
        let horizon = self.horizon();
        let mut due = vec![0_u32; horizon + 1];
        for (_, seat) in self.free() {
            let step = i64::from(seat.weight) * Rotation::FINE;
            let mut wanted = self.turn;
            while let Ok(at) = usize::try_from(ceil_div((wanted - seat.credit).max(0), step)) {
                if at > horizon {
                    break;
                }
                due[at] += 1;
                wanted += self.turn;
            }
        }
        let mut sum = 0;
        due.iter().zip(0_u32..).all(|(count, time)| {
            sum += count;
            sum <= time
        })
    }

    /// How many turns to look ahead: until even the smallest weight has had one.
    fn horizon(&self) -> usize {
        let least = self.free().map(|(_, seat)| i64::from(seat.weight)).min().unwrap_or(1);
        let round = ceil_div(self.turn / Rotation::FINE, least);
        usize::try_from(round).unwrap_or(FARTHEST).min(FARTHEST) + 1
    }

    /// The next one by smooth weighted round robin; their turn is paid.
    fn next(&mut self) -> usize {
        self.grow();
        let mut best = self.largest(|_, _| true);
        self.seats[best].credit -= self.turn;
        if !self.can_serve() {
            self.seats[best].credit += self.turn;
            best = self.most_urgent().unwrap_or(best);
            self.seats[best].credit -= self.turn;
        }
        best
    }

    /// Whoever has the fewest open leads for their weight, but for who is `tired` while another is free; among
    /// equals whoever is owed most.
    fn least_open(&mut self, members: &[Member<'_>], tired: Option<&Name>) -> usize {
        self.grow();
        let others = self.free().count() > 1;
        let may = |seat: &Seat| !others || Some(&seat.owner) != tired;
        let load = |place: usize| Load { open: members[place].open, weight: members[place].weight };
        let least = self.free().filter(|(_, seat)| may(seat)).map(|(place, _)| load(place)).min();
        let best = self.largest(|place, seat| may(seat) && least == Some(load(place)));
        self.seats[best].credit -= self.turn;
        best
    }

    /// The first in the team's order.
    fn first(&mut self, members: &[Member<'_>]) -> usize {
        self.grow();
        let best = members.iter().position(|member| member.weight > 0).unwrap_or(0);
        self.seats[best].credit -= self.turn;
        best
    }

    fn grow(&mut self) {
        for seat in self.seats.iter_mut() {
            seat.credit += i64::from(seat.weight) * Rotation::FINE;
        }
    }

    fn largest(&self, fits: impl Fn(usize, &Seat) -> bool) -> usize {
        let mut best: Option<(usize, i64)> = None;
        for (place, seat) in self.free().filter(|(place, seat)| fits(*place, seat)) {
            if best.is_none_or(|(_, largest)| seat.credit > largest) {
                best = Some((place, seat.credit));
            }
        }
        best.map_or(0, |(place, _)| place)
    }

    /// Who must be served first, of those to whom anything is owed.
    fn most_urgent(&self) -> Option<usize> {
        let owed = self.free().filter(|(_, seat)| seat.credit > 0);
        let due = |seat: &Seat| ceil_div((self.turn - seat.credit).max(0), i64::from(seat.weight) * Rotation::FINE);
        owed.min_by_key(|(place, seat)| (due(seat), -seat.credit, *place)).map(|(place, _)| place)
    }
}

/// Open leads, measured by a weight.
#[derive(Clone, Copy)]
struct Load {
    open: u64,
    weight: u32,
}

impl Ord for Load {
    fn cmp(&self, other: &Self) -> Ordering {
        let by = |open: u64, weight: u32| u128::from(open) * u128::from(weight);
        by(self.open, other.weight).cmp(&by(other.open, self.weight))
    }
}

impl PartialOrd for Load {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Load {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Load {}

/// `value * by / of`, rounded towards zero.
fn scale(value: i64, by: i64, of: i64) -> i64 {
    if by == of || value == 0 {
        return value;
    }
    i64::try_from(i128::from(value) * i128::from(by) / i128::from(of.max(1))).unwrap_or(0)
}

/// Division of numbers that are not negative, rounded up.
const fn ceil_div(value: i64, by: i64) -> i64 {
    (value + by - 1) / by
}

#[cfg(test)]
mod tests;
