//! What rules on disk say about the stored leads.

use std::thread;

use jiff::Timestamp;
use serde::Serialize;

use super::{Error, Service};
use crate::lead::Id;
use crate::pipeline::{Change, Policy, Replay};
use crate::qualify::{Explained, Rules};
use crate::store::{LeadFilter, Records};

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
        let (mut replay, mut after) = (Replay::default(), None);
        loop {
            let page = self.store.leads(&LeadFilter::default(), after, AT_ONCE)?;
            self.store.view(|view| {
                for lead in &page.items {
                    let mut touches = view.touches(lead.id)?;
                    touches.sort_by_key(|touch| touch.id);
                    replay.add(&policy, lead, &touches, &view.decisions(lead.id)?);
                }
                Ok(())
            })?;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let (leads, changes) = replay.end(&policy, since)?;
        Ok(Replayed { rules_version: policy.rules.version().to_owned(), leads, changes })
    }
}
