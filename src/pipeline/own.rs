//! What Lotse sent to itself: a test of a channel, a canary.
//!
//! It comes the way of every item, up to here, and its ledger row and the channel's place are stored
//! as for every other. But it becomes no lead and nobody's turn: nothing has to be taken back
//! afterwards, whatever breaks off in between.

use super::{Fate, Policy};
use crate::intake::Prepared;
use crate::lead::{Foreseen, Id, Inbound, Kind, Outcome, Own, Reading, Seal};
use crate::store::{Delivered, Error, Records, Unit};

/// The seal that an item carries, if it is one of ours. A canary is a mail: who reads its seal in the
/// mailbox can hide no form with it.
pub(super) fn seal(inbound: &Inbound, unit: &Unit<'_>) -> Result<Option<Seal>, Error> {
    let seal = unit.seal_key()?.and_then(|key| key.find(&inbound.original.bytes));
    Ok(seal.filter(|seal| seal.own != Own::Canary || inbound.kind == Kind::Mail))
}

impl Policy {
    /// Notes that something of ours arrived; for a test also what would have become of it.
    pub(super) fn welcome(&self, item: &Prepared, seal: &Seal, id: Id, unit: &mut Unit<'_>) -> Result<Fate, Error> {
        let channel = &item.inbound.channel;
        // One that nobody waits for any more, or that came through another channel, only gets its row.
        if let Some(mut trip) = unit.trip(seal.own, channel)?.filter(|trip| trip.number == seal.number) {
            trip.arrived_at = Some(unit.now());
            trip.intake = Some(id);
            if seal.own == Own::Test {
                trip.foreseen = Some(self.foresee(item, id, unit)?);
            }
            unit.put_trip(seal.own, channel, &trip)?;
        }
        unit.remember(&item.identity.key, &Delivered { intake: id, at: unit.now() })?;
        Ok(Fate { own: Some(seal.own), ..Fate::without_lead(Outcome::Ignored, seal.own.reason()) })
    }

    /// What would become of an item.
    fn foresee(&self, item: &Prepared, id: Id, unit: &mut Unit<'_>) -> Result<Foreseen, Error> {
        let without_lead = |outcome, reason: &str| Foreseen {
            outcome,
            reason: reason.to_owned(),
            verdict: None,
            routing: None,
            notifiers: Vec::new(),
        };
        let content = match &item.reading {
            Reading::Lead(content) => content,
            Reading::Aside(aside) => return Ok(without_lead(aside.outcome, &aside.reason)),
            Reading::Noise(why) => return Ok(without_lead(Outcome::Ignored, why)),
            Reading::Unclear(why) => return Ok(without_lead(Outcome::Quarantined, why)),
        };
        let weighed = self.weigh(&item.inbound, id, content, unit)?;
        let owner = weighed.lead.owner.as_ref().and_then(|owner| self.staff.owner(owner));
        Ok(Foreseen {
            outcome: weighed.outcome,
            reason: weighed.because,
            verdict: Some(weighed.verdict),
            routing: Some(weighed.routing),
            notifiers: owner.map(|owner| owner.notify.clone()).unwrap_or_default(),
        })
    }
}
