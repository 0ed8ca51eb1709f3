//! Whose turn it is: smooth weighted round robin.
//!
//! Before each turn every available member's credit grows by their weight; the largest credit
//! wins (the first in the team's order among equals) and pays the sum of all weights. With equal
//! weights that is the plain cycle; with others it spreads the turns evenly. The credits are
//! stored with the lead, so a crash neither skips nor repeats a turn.

use crate::config::Team;
use crate::lead::{Candidate, Fate, Name};
use crate::store::Rotation;

use super::Staff;

/// Takes one turn; `None` when no member is available.
pub(super) fn turn(team: &Team, staff: &Staff, rotation: &mut Rotation) -> (Option<Name>, Vec<Candidate>) {
    rotation.credit.retain(|member, _| team.members.contains(member));
    let mut total = 0;
    let mut best: Option<(&Name, i64)> = None;
    for member in &team.members {
        let Some(owner) = staff.active(member) else { continue };
        let weight = i64::from(owner.weight);
        let credit = rotation.credit.entry(member.clone()).or_default();
        *credit += weight;
        total += weight;
        if best.is_none_or(|(_, largest)| *credit > largest) {
            best = Some((member, *credit));
        }
    }
    let chosen = best.map(|(member, _)| member.clone());
    if let Some(member) = &chosen {
        if let Some(credit) = rotation.credit.get_mut(member) {
            *credit -= total;
        }
        *rotation.assigned.entry(member.clone()).or_default() += 1;
    }
    let candidates = team.members.iter().map(|member| candidate(member, staff, chosen.as_ref())).collect();
    (chosen, candidates)
}

fn candidate(member: &Name, staff: &Staff, chosen: Option<&Name>) -> Candidate {
    let (fate, reason) = if chosen == Some(member) {
        (Fate::Chosen, Candidate::TURN)
    } else if staff.active(member).is_some() {
        (Fate::Waiting, "available; not their turn yet")
    } else {
        (Fate::Skipped, "not active")
    };
    Candidate { owner: member.clone(), fate, reason: reason.to_owned() }
}

/// One member's part of a rotation.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Who.
    pub owner: Name,
    /// Leads got from the rotation.
    pub assigned: u64,
    /// Their part of all leads of the rotation, 0 to 1; 0 before the first.
    pub share: f64,
    /// The part that their weight stands for, 0 to 1; 0 while not active.
    pub expected: f64,
}

/// Each member's part of a team's rotation.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share of more than 2^52 leads may be off in the last digit")]
pub fn shares(team: &Team, staff: &Staff, rotation: &Rotation) -> Vec<Share> {
    let got = |member: &Name| rotation.assigned.get(member).copied().unwrap_or(0);
    let weight = |member: &Name| staff.active(member).map_or(0, |owner| owner.weight);
    let all: u64 = team.members.iter().map(got).sum();
    let weights: u32 = team.members.iter().map(weight).sum();
    team.members
        .iter()
        .map(|member| Share {
            owner: member.clone(),
            assigned: got(member),
            share: if all == 0 { 0.0 } else { got(member) as f64 / all as f64 },
            expected: if weights == 0 { 0.0 } else { f64::from(weight(member)) / f64::from(weights) },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Owner;

    fn staff(weights: &[u32]) -> (Team, Staff) {
        let names: Vec<Name> = (0..weights.len()).map(|n| Name::parse(&format!("o{n}")).unwrap()).collect();
        let owners = names
            .iter()
            .zip(weights)
            .map(|(id, &weight)| Owner {
                id: id.clone(),
                name: id.to_string(),
                email: None,
                notify: vec![],
                weight: weight.max(1),
                active: weight > 0,
                language: None,
                time_zone: None,
            })
            .collect();
        let team = Team { name: Name::parse("sales").unwrap(), members: names, default: true };
        (team.clone(), Staff { owners, teams: vec![team] })
    }

    #[test]
    fn equal_weights_are_a_plain_cycle() {
        let (team, staff) = staff(&[1, 1, 1]);
        let mut rotation = Rotation::default();
        let turns: Vec<String> = (0..7).map(|_| turn(&team, &staff, &mut rotation).0.unwrap().to_string()).collect();
        assert_eq!(turns, ["o0", "o1", "o2", "o0", "o1", "o2", "o0"]);
    }

    #[test]
    fn inactive_members_are_skipped_and_said_to_be() {
        let (team, staff) = staff(&[1, 0, 1]);
        let mut rotation = Rotation::default();
        let (_, candidates) = turn(&team, &staff, &mut rotation);
        assert_eq!(candidates[1].fate, Fate::Skipped);
        for _ in 0..9 {
            assert_ne!(turn(&team, &staff, &mut rotation).0.unwrap().as_str(), "o1");
        }
    }

    proptest! {
        #[test]
        fn over_each_full_round_everybody_gets_exactly_their_weight(
            weights in prop::collection::vec(1_u32..8, 1..6), rounds in 1_u32..5
        ) {
            let (team, staff) = staff(&weights);
            let mut rotation = Rotation::default();
            let round: u32 = weights.iter().sum();
            for _ in 0..round * rounds {
                turn(&team, &staff, &mut rotation);
            }
            for (member, weight) in team.members.iter().zip(&weights) {
                prop_assert_eq!(rotation.assigned[member], u64::from(weight * rounds));
            }
        }
    }
}
