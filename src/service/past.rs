//! What rules make of the stored leads: rules on disk, the shadow rules, and how leads ended.

use std::thread;

use jiff::Timestamp;
use serde::Serialize;

use super::{Error, Service};
use crate::lead::{Disposition, Id, Lead, Name, Priority, Stage, Verdict};
use crate::pipeline::{Change, Policy, Replay};
use crate::qualify::{ENOUGH, Explained, Outcomes, Rules, Sign};
use crate::store::{self, LeadFilter, Records, View};

/// Leads that are read in one snapshot.
const AT_ONCE: usize = 200;
/// Rules need less than 2 MiB; beside that there is all that calls them.
const STACK: usize = 8 << 20;

/// What a replay found.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    /// The rules that were asked.
    pub rules_version: String,
    /// Leads that were looked at.
    pub leads: usize,
    /// Those that would stand elsewhere, oldest first.
    pub changes: Vec<Change>,
}

/// Leads that the shadow rules were asked about, too.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shadowed {
    /// The shadow rules: those in force, else those of the newest lead.
    pub rules_version: Option<String>,
    /// Leads that they were asked about.
    pub leads: usize,
    /// Those that they judge otherwise, newest first.
    pub differences: Vec<Difference>,
}

/// A lead that the shadow rules judge otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// The lead.
    pub id: Id,
    /// Whose it is: a name, else an address.
    pub who: Option<String>,
    /// What the rules in force said.
    pub is: Said,
    /// What the shadow rules said.
    pub would_be: Said,
}

/// What rules said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The verdict.
    pub disposition: Disposition,
    /// Why, for `disqualified` and `review`.
    pub reason: Option<String>,
    /// Fit and engagement together.
    pub score: i64,
    /// The team that a rule chose.
    pub team: Option<Name>,
    /// The priority that a rule chose.
    pub priority: Option<Priority>,
}

impl Said {
    fn of(verdict: &Verdict) -> Self {
        Self {
            disposition: verdict.disposition,
            reason: verdict.reason.clone(),
            score: verdict.score,
            team: verdict.team.clone(),
            priority: verdict.priority,
        }
    }
}

/// What tells converted leads from lost ones.
#[derive(Clone, Debug, Serialize)]
pub struct Suggested {
    /// Converted leads that were looked at.
    pub converted: u64,
    /// Lost ones.
    pub lost: u64,
    /// Leads of each sort that are needed.
    pub needed: u64,
    /// The signs, clearest first: those of converted leads, then those of lost ones.
    pub signs: Vec<Sign>,
}

impl Service {
    /// Where the leads created since `since` would stand if `rules` had judged them from the first
    /// touch on, with the staff in force. Nothing is written.
    pub fn replay(&self, rules: Rules, since: Option<Timestamp>) -> Result<Replayed, Error> {
        thread::scope(|scope| {
            let builder = thread::Builder::new().name("replay".into()).stack_size(STACK);
            let replay = builder.spawn_scoped(scope, || self.replay_here(rules, since));
            let ended = replay.map_err(|error| Error::Conflict(format!("cannot begin a thread: {error}")))?.join();
            ended.unwrap_or_else(|_| Err(Error::Conflict("the replay failed".into())))
        })
    }

    /// What each of `rules` says about a lead with its newest touch, as it stands now.
    pub fn explain(&self, rules: &Rules, id: Id) -> Result<Vec<Explained>, Error> {
        let (lead, touches) = self.store.view(|view| Ok((view.lead(id)?, view.touches(id)?)))?;
        let touch = touches.into_iter().max_by_key(|touch| touch.id);
        let (Some(lead), Some(touch)) = (lead, touch) else { return Err(Error::NotFound(format!("lead {id}"))) };
        Ok(rules.explain(&lead, &touch, Timestamp::now()))
    }

    fn replay_here(&self, rules: Rules, since: Option<Timestamp>) -> Result<Replayed, Error> {
        let policy = Policy { rules, staff: self.policy.get().staff.clone() };
        let mut replay = Replay::default();
        self.each_lead(&LeadFilter::default(), |view, lead| {
            let mut touches = view.touches(lead.id)?;
            touches.sort_by_key(|touch| touch.id);
            replay.add(&policy, lead, &touches, &view.decisions(lead.id)?);
            Ok(())
        })?;
        let (leads, changes) = replay.end(&policy, since)?;
        Ok(Replayed { rules_version: policy.rules.version().to_owned(), leads, changes })
    }

    /// What the shadow rules said otherwise than the rules in force, when the leads came in.
    pub fn shadowed(&self) -> Result<Shadowed, Error> {
        let in_force = self.policy.get().rules.shadow().map(|shadow| shadow.version().to_owned());
        let mut shadowed = Shadowed { rules_version: in_force, ..Shadowed::default() };
        self.each_lead(&LeadFilter::default(), |view, lead| {
            let Some(verdict) = view.last_verdict(lead.id)? else { return Ok(()) };
            let Some(shadow) = &verdict.shadow else { return Ok(()) };
            let wanted = shadowed.rules_version.get_or_insert_with(|| shadow.rules_version.clone());
            if shadow.rules_version != *wanted {
                return Ok(());
            }
            shadowed.leads += 1;
            let (is, would_be) = (Said::of(&verdict), Said::of(shadow));
            if is != would_be {
                shadowed.differences.push(Difference { id: lead.id, who: lead.who(), is, would_be });
            }
            Ok(())
        })?;
        Ok(shadowed)
    }

    /// Which rules that hit, and which words of the first message, tell converted leads from lost ones.
    pub fn suggest(&self) -> Result<Suggested, Error> {
        let mut outcomes = Outcomes::default();
        for (stage, converted) in [(Stage::Converted, true), (Stage::Lost, false)] {
            let filter = LeadFilter { stage: Some(stage), ..LeadFilter::default() };
            self.each_lead(&filter, |view, lead| {
                // What came later, an owner may have brought about.
                let first = view.decisions(lead.id)?.into_iter().rev().find_map(|decision| decision.verdict);
                let hits = first.iter().flat_map(|verdict| &verdict.hits).map(|hit| hit.rule.as_str());
                let texts = [&lead.subject, &lead.message].into_iter().flatten().map(String::as_str);
                outcomes.add(converted, hits, texts);
                Ok(())
            })?;
        }
        let (converted, lost) = outcomes.counted();
        Ok(Suggested { converted, lost, needed: ENOUGH, signs: outcomes.signs() })
    }

    /// Looks at leads, newest first, a few in one snapshot.
    fn each_lead(
        &self,
        filter: &LeadFilter,
        mut look: impl FnMut(&View<'_>, &Lead) -> Result<(), store::Error>,
    ) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page = self.store.leads(filter, after, AT_ONCE)?;
            self.store.view(|view| page.items.iter().try_for_each(|lead| look(view, lead)))?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
