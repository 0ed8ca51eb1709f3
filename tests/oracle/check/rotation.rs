//! The rotation is exact: played again over the leads in order of creation it gives their owners.

use std::collections::BTreeMap;

use super::Matched;
use crate::house::{EVENTS, SALES, Team};
use crate::promise::{Promise, Violations};

pub(super) fn check(matched: &Matched<'_>, violations: &mut Violations) {
    for team in [SALES, EVENTS] {
        let counts = replay(matched, team, violations);
        if team.1.iter().all(|(_, weight)| *weight == 1) {
            let (least, most) = (counts.values().min(), counts.values().max());
            if most > least.map(|least| least + 1).as_ref() {
                violations.add(Promise::RotationInexact, format!("the turns of {} are {counts:?}", team.0));
            }
        }
        for (owner, count) in counts {
            let stored = matched.seen.owners.iter().find(|known| known.id == owner).map_or(0, |known| known.assigned);
            if stored != count {
                violations.add(
                    Promise::RotationInexact,
                    format!("{owner} got {count} leads of {}, and the rotation counts {stored}", team.0),
                );
            }
        }
    }
}

/// Smooth weighted round robin over the team's leads; how many each member has.
fn replay<'a>(matched: &Matched<'a>, (team, members): Team, violations: &mut Violations) -> BTreeMap<&'a str, usize> {
    let total: i64 = members.iter().map(|(_, weight)| weight).sum();
    let mut credit = vec![0; members.len()];
    let mut counts: BTreeMap<&str, usize> = members.iter().map(|(member, _)| (*member, 0)).collect();
    let mut wrong = 0;
    for lead in matched.seen.leads.values().filter(|lead| lead.team.as_deref() == Some(team)) {
        let Some(owner) = lead.owner.as_deref() else { continue };
        let mut next = 0;
        for (index, (_, weight)) in members.iter().enumerate() {
            credit[index] += weight;
            if credit[index] > credit[next] {
                next = index;
            }
        }
        credit[next] -= total;
        if members[next].0 != owner {
            wrong += 1;
            if wrong <= 3 {
                let due = members[next].0;
                violations.add(
                    Promise::RotationInexact,
                    format!("lead {} of {team} was {due}'s turn and is {owner}'s", lead.id),
                );
            }
        }
        *counts.entry(owner).or_default() += 1;
    }
    counts
}
