//! What other rules would have made of the leads that are stored: nothing is written.
//!
//! Every lead is built up again from its touches, as when they came in, and judged at each. Then all
//! touches together, in the order they came in, take their turns in rotations that start anew. So
//! the answer is that of taking everything in again under those rules. What people decided since
//! (who works a lead, its stage) is not replayed; their own verdict stands.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::Policy;
use crate::assign::{self, Ask, Books, Known};
use crate::dedupe;
use crate::lead::{Decision, Disposition, Email, Id, Lead, Name, Touch, Verdict};
use crate::store::{Absences, Error, OwnerCounts, Rotation};

/// Where a lead stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The verdict.
    pub disposition: Disposition,
    /// The sum of the scores.
    pub score: i64,
    /// The team that it is routed to.
    pub team: Option<Name>,
    /// Who works it.
    pub owner: Option<Name>,
}

impl Standing {
    fn of(lead: &Lead) -> Self {
        Self { disposition: lead.disposition, score: lead.score, team: lead.team.clone(), owner: lead.owner.clone() }
    }
}

/// A lead that would stand elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The lead.
    pub id: Id,
    /// Whose it is: a name, else an address.
    pub who: Option<String>,
    /// Where it stands.
    pub is: Standing,
    /// Where it would stand.
    pub would_be: Standing,
}

/// Leads that are replayed, and the touches that ask for an owner.
#[derive(Debug, Default)]
pub struct Replay {
    leads: Vec<Change>,
    asking: Vec<Asking>,
}

/// A touch at which its lead gets an owner, unless it has one.
#[derive(Debug)]
struct Asking {
    touch: Id,
    lead: usize,
    team: Option<Name>,
    domain: Option<String>,
    forwarded_by: Option<Email>,
}

impl Replay {
    /// Judges one stored lead anew; `touches` are all of its touches, oldest first, and `decisions` all
    /// that was decided about it. A touch that the rules were not asked about then (an automatic answer)
    /// is not judged now.
    pub fn add(&mut self, policy: &Policy, stored: &Lead, touches: &[Touch], decisions: &[Decision]) {
        let weighed: BTreeSet<Id> =
            decisions.iter().filter(|decision| decision.verdict.is_some()).filter_map(|by| by.intake).collect();
        let number = self.leads.len();
        let staff = &policy.staff;
        let somebody = !staff.teams().is_empty() && staff.owners().iter().any(|owner| owner.active);
        let own = stored.assessment.judged.as_ref().map(|judged| judged.disposition);
        let wanted = own.is_some_and(|disposition| disposition != Disposition::Disqualified);
        let mut judged: Option<(Lead, Verdict)> = None;
        let mut owned = false;
        for touch in touches {
            let now = touch.id.at();
            let (mut lead, earlier) = match judged.take() {
                None => (dedupe::open(stored.id, touch, now), None),
                Some((mut lead, earlier)) if !weighed.contains(&touch.id) => {
                    lead.touch_count += 1;
                    judged = Some((lead, earlier));
                    continue;
                }
                Some((mut lead, earlier)) => {
                    if has_joined(stored, touch) {
                        dedupe::join(&mut lead, &touch.content, now);
                    } else {
                        dedupe::absorb(&mut lead, &touch.content, now);
                    }
                    (lead, Some(earlier))
                }
            };
            let verdict = policy.stands(&mut lead, touch, now, earlier.as_ref(), owned);
            if !owned && (lead.disposition != Disposition::Disqualified || wanted) {
                let (domain, forwarded_by) = (lead.person.domain.clone(), lead.forwarded_by.clone());
                let team = verdict.team.clone();
                self.asking.push(Asking { touch: touch.id, lead: number, team, domain, forwarded_by });
                owned = somebody;
            }
            judged = Some((lead, verdict));
        }
        let mut would_be = judged.map_or_else(|| Standing::of(stored), |(lead, _)| Standing::of(&lead));
        would_be.disposition = own.unwrap_or(would_be.disposition);
        self.leads.push(Change { id: stored.id, who: stored.who(), is: Standing::of(stored), would_be });
    }

    /// Who would work the leads: how many were created since `since`, and those of them that would
    /// stand elsewhere, oldest first.
    pub fn end(mut self, policy: &Policy, since: Option<Timestamp>) -> Result<(usize, Vec<Change>), Error> {
        let mut books = Anew::default();
        self.asking.sort_by_key(|asking| asking.touch);
        for Asking { touch, lead, team, domain, forwarded_by } in self.asking {
            let Some(change) = self.leads.get_mut(lead) else { continue };
            let (domain, forwarded_by) = (domain.as_deref(), forwarded_by.as_ref());
            let known = Known { id: change.id, emails: &[], domain, forwarded_by };
            let (wanted, at) = (team.as_ref(), touch.at());
            let ask = Ask { lead: Some(known), wanted, at, not: &[], since: None, deadline: false };
            let (routing, turn) = assign::route(&ask, &policy.staff, &books)?;
            if let Some((team, rotation)) = turn.map(assign::Turn::into_rotation) {
                books.rotations.insert(team, rotation);
            }
            if let (Some(domain), Some(owner)) = (domain, &routing.owner) {
                books.companies.entry(domain.to_owned()).or_default().insert(change.id, owner.clone());
            }
            // Who became free for a lead that nobody was free for then is not played again.
            let owner = routing.owner.or_else(|| change.is.owner.clone());
            (change.would_be.team, change.would_be.owner) = (routing.team, owner);
        }
        self.leads.retain(|lead| since.is_none_or(|since| lead.id.at() >= since));
        let looked_at = self.leads.len();
        self.leads.retain(|lead| lead.is != lead.would_be);
        self.leads.sort_by_key(|lead| lead.id);
        Ok((looked_at, self.leads))
    }
}

/// Rotations that start anew, and who got leads of which company.
#[derive(Default)]
struct Anew {
    rotations: HashMap<Name, Rotation>,
    companies: HashMap<String, BTreeMap<Id, Name>>,
}

impl Books for Anew {
    fn rotation(&self, team: &Name) -> Result<Rotation, Error> {
        Ok(self.rotations.get(team).cloned().unwrap_or_default())
    }

    fn counts(&self, _: &Name) -> Result<OwnerCounts, Error> {
        Ok(OwnerCounts::default())
    }

    fn absences(&self) -> Result<Arc<Absences>, Error> {
        Ok(Arc::default())
    }

    fn owner_of_person(&self, _: &Known<'_>) -> Result<Option<Name>, Error> {
        Ok(None)
    }

    fn owner_of_company(&self, lead: &Known<'_>) -> Result<Option<Name>, Error> {
        let of = lead.domain.and_then(|domain| self.companies.get(domain));
        Ok(of.and_then(|of| of.iter().rev().find(|(id, _)| **id != lead.id)).map(|(_, owner)| owner.clone()))
    }
}

/// Whether somebody else than the lead's person wrote, in the lead's conversation.
fn has_joined(stored: &Lead, touch: &Touch) -> bool {
    let writer = touch.content.person.emails.first();
    writer.is_some_and(|email| stored.others.iter().any(|other| other.email == *email))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{content, item, policy_with, store};
    use super::*;
    use crate::lead::Reading;
    use crate::store::{LeadFilter, Records, Store};

    const BEFORE: &str = "[[rule]]\nname = \"always\"\nwhen = 'true'\nscore = 10\n";
    const AFTER: &str = "[[group]]\nname = \"intent\"\nof = \"engagement\"\ncap = 70\nhalf_life = \"1h\"\n\
         [[rule]]\nname = \"students\"\nwhen = 'lead.domain.endsWith(\".edu\")'\n\
         disposition = \"disqualified\"\nreason = \"student\"\n\
         [[rule]]\nname = \"comes back\"\nwhen = 'lead.touch_count > 1'\nscore = 40\ngroup = \"intent\"\n\
         [[rule]]\nname = \"second team\"\nwhen = 'lead.domain == \"b.example\"'\nteam = \"west\"\n\
         [[rule]]\nname = \"asks\"\nwhen = 'touch.text.contains(\"offer\")'\nscore = 45\ngroup = \"intent\"\npriority = \"high\"\n";

    /// A store that took all of this in under those rules.
    fn taken(rules: &str, said: &[(u8, usize, bool)]) -> Store {
        let (store, policy) = (store(), policy_with(rules));
        for (number, (who, domain, asks)) in said.iter().enumerate() {
            let domain = ["a.example", "b.example", "c.edu"][*domain];
            let mut content = content(&format!("p{who}@{domain}"));
            content.text = asks.then(|| "an offer, please".to_owned());
            let item = item(&number.to_string(), Reading::Lead(Box::new(content)));
            let now = Timestamp::from_second(1_000_000 + 700 * i64::try_from(number).unwrap()).unwrap();
            store.unit(now, |unit| policy.take(&item, unit)).unwrap();
        }
        store
    }

    fn leads(store: &Store) -> Vec<Lead> {
        store.leads(&LeadFilter::default(), None, usize::MAX).unwrap().items
    }

    /// Where the leads would stand under those rules, oldest first.
    fn replayed(store: &Store, rules: &str) -> Vec<Change> {
        let policy = policy_with(rules);
        let mut replay = Replay::default();
        for lead in leads(store) {
            let mut touches = store.view(|view| view.touches(lead.id)).unwrap();
            touches.sort_by_key(|touch| touch.id);
            let decisions = store.view(|view| view.decisions(lead.id)).unwrap();
            replay.add(&policy, &lead, &touches, &decisions);
        }
        replay.end(&policy, None).unwrap().1
    }

    #[test]
    fn what_the_rules_were_not_asked_about_is_not_judged_and_who_joined_is_no_identity() {
        let store = taken(AFTER, &[(0, 0, false)]);
        let lead = leads(&store).remove(0);
        let mut away = store.view(|view| view.touches(lead.id)).unwrap().remove(0);
        store
            .unit(Timestamp::from_second(2_000_000).unwrap(), |unit| {
                away.id = unit.new_id();
                away.content.text = Some("an offer, please".into());
                unit.add_touch(&away)?;
                unit.put_lead(&Lead { touch_count: 2, ..lead.clone() })
            })
            .unwrap();
        assert_eq!(replayed(&store, AFTER), Vec::new(), "an automatic answer asks for nothing");

        let other = crate::lead::Email("eva@b.example".into());
        let others = vec![crate::lead::Correspondent { email: other.clone(), name: None }];
        away.content.person.emails = vec![other];
        assert!(has_joined(&Lead { others, ..lead.clone() }, &away) && !has_joined(&lead, &away));
    }

    proptest! {
        #[test]
        fn a_replay_says_what_taking_everything_in_again_would_make(
            said in prop::collection::vec((0_u8..6, 0_usize..3, any::<bool>()), 0..40)
        ) {
            let (before, after) = (taken(BEFORE, &said), taken(AFTER, &said));
            let mut would_be: Vec<Standing> = leads(&before).iter().map(Standing::of).collect();
            would_be.reverse();
            let ids: Vec<Id> = leads(&before).iter().rev().map(|lead| lead.id).collect();
            for change in replayed(&before, AFTER) {
                let place = ids.iter().position(|id| *id == change.id).unwrap();
                prop_assert_eq!(&would_be[place], &change.is);
                would_be[place] = change.would_be;
            }
            let again: Vec<Standing> = leads(&after).iter().rev().map(Standing::of).collect();
            prop_assert_eq!(would_be, again);
            prop_assert_eq!(replayed(&after, AFTER), Vec::new(), "the same rules change nothing");
        }
    }
}
