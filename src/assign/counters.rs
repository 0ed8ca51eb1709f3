//! What leads cost in turns: turns that are given back, leads given by hand, and everybody's share.

use super::{Staff, rotation};
use crate::config::Team;
use crate::lead::{Lead, Name};
use crate::store::{Error, Records, Rotation, Unit};

/// Gives the turn back that a lead's owner took with it: the lead was worth nothing. `true`: it did.
pub fn refund(lead: &mut Lead, unit: &mut Unit<'_>) -> Result<bool, Error> {
    let Some(owner) = lead.owner.clone() else { return Ok(false) };
    let Some(handling) = lead.handling.as_mut().filter(|handling| !handling.refunded) else { return Ok(false) };
    let Some(team) = handling.turn.clone() else { return Ok(false) };
    let mut rotation = Records::rotation(unit, &team)?;
    rotation::refund(&mut rotation, &owner);
    handling.refunded = true;
    unit.put_rotation(&team, &rotation)?;
    Ok(true)
}

/// Takes a refund back: the lead is worth something after all.
pub fn unrefund(lead: &mut Lead, unit: &mut Unit<'_>) -> Result<(), Error> {
    let Some(owner) = lead.owner.clone() else { return Ok(()) };
    let Some(handling) = lead.handling.as_mut().filter(|handling| handling.refunded) else { return Ok(()) };
    let Some(team) = handling.turn.clone() else { return Ok(()) };
    let mut rotation = Records::rotation(unit, &team)?;
    rotation::unrefund(&mut rotation, &owner);
    handling.refunded = false;
    unit.put_rotation(&team, &rotation)
}

/// Counts a lead that somebody was given by hand as a turn of their team's, where it says so.
pub fn count_by_hand(team: &Team, owner: &Name, unit: &mut Unit<'_>) -> Result<(), Error> {
    if team.manual_counts && team.members.contains(owner) {
        let mut rotation = Records::rotation(unit, &team.name)?;
        rotation::by_hand(&mut rotation, owner);
        unit.put_rotation(&team.name, &rotation)?;
    }
    Ok(())
}

/// One member's part of a rotation.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Who.
    pub owner: Name,
    /// Leads got from the rotation, without those whose turn was given back.
    pub assigned: u64,
    /// Turns that were given back.
    pub refunded: u64,
    /// Those of them that are not made up for yet.
    pub owed: u32,
    /// Their part of all leads of the rotation, 0 to 1; 0 before the first.
    pub share: f64,
    /// The part that their weight stands for, 0 to 1; 0 while not active.
    pub expected: f64,
}

/// Each member's part of a team's rotation.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share of more than 2^52 leads may be off in the last digit")]
pub fn shares(team: &Team, staff: &Staff, rotation: &Rotation) -> Vec<Share> {
    let got = |member: &Name| rotation.seat(member).map_or(0, crate::store::Seat::assigned);
    let weight = |member: &Name| staff.active(member).map_or(0, |owner| owner.weight);
    let all: u64 = team.members.iter().map(got).sum();
    let weights: u32 = team.members.iter().map(weight).sum();
    team.members
        .iter()
        .map(|member| Share {
            owner: member.clone(),
            assigned: got(member),
            refunded: rotation.seat(member).map_or(0, |seat| seat.refunded),
            owed: rotation.seat(member).map_or(0, |seat| seat.owed),
            share: if all == 0 { 0.0 } else { got(member) as f64 / all as f64 },
            expected: if weights == 0 { 0.0 } else { f64::from(weight(member)) / f64::from(weights) },
        })
        .collect()
}
