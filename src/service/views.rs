//! What people see: a lead in full, an owner's state.

use jiff::Timestamp;
use serde::Serialize;

use super::{Error, Service};
use crate::assign::{self, Calendar, Stop, shares};
use crate::calendars;
use crate::lead::{
    Attachment, Attribution, Authentication, Decision, Fields, Id, Kind, Lead, Name, TimelineEntry, Touch,
};
use crate::store::{OwnerCounts, Records};

/// Why an owner of the settings gets no leads,
const INACTIVE: &str = "not active";
/// one who said so,
const LEFT: &str = "gone for good";
/// and one who has leads and is not there.
const REMOVED: &str = "not in the settings any more";

/// A lead with its touches, its history and the newest decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeadInFull {
    /// The lead itself.
    #[serde(flatten)]
    pub lead: Lead,
    /// Its touches, oldest first.
    pub touches: Vec<TouchView>,
    /// Its history, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// The newest decision of rules or people.
    pub decision: Option<Decision>,
    /// All decisions, newest first.
    pub decisions: Vec<Decision>,
}

/// A touch as people see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TouchView {
    /// Its id.
    pub id: Id,
    /// The channel it came through.
    pub channel: Name,
    /// What sort of item it was.
    pub kind: Kind,
    /// When it was received.
    pub received_at: Timestamp,
    /// Subject line.
    pub subject: Option<String>,
    /// What was written.
    pub text: Option<String>,
    /// Sender as received.
    pub from: Option<String>,
    /// What had no canonical place.
    pub fields: Fields,
    /// Where it came from; the lead's own is that of its first touches.
    pub attribution: Attribution,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// What the mail server that took it found out about its sender.
    pub authentication: Option<Authentication>,
    /// Its ledger row.
    pub intake: Id,
}

impl From<Touch> for TouchView {
    fn from(touch: Touch) -> Self {
        let content = touch.content;
        let attribution = Attribution {
            channel: touch.channel.clone(),
            form: content.form,
            page: content.page,
            referrer: content.referrer,
            utm: content.utm,
        };
        Self {
            id: touch.id,
            channel: touch.channel,
            attribution,
            kind: touch.kind,
            received_at: touch.received_at,
            subject: content.subject,
            text: content.text,
            from: content.from,
            fields: content.fields,
            attachments: content.attachments,
            authentication: content.authentication,
            intake: touch.id,
        }
    }
}

/// An owner's place in the rotation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OwnerState {
    /// Who.
    pub id: Name,
    /// Their name.
    pub name: String,
    /// Whether they can get leads now.
    pub available: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Leads in an open stage.
    pub open: u64,
    /// Leads got from rotations.
    pub assigned: u64,
    /// Their part of their teams' leads, 0 to 1.
    pub share: f64,
    /// The part that their weight stands for, 0 to 1.
    pub expected_share: f64,
    /// Teams they are in.
    pub teams: Vec<Name>,
    /// When they are free again, or not any more, by their calendar.
    pub until: Option<Timestamp>,
    /// Open leads at most.
    pub max_open: Option<u32>,
    /// New leads got today.
    pub today: u32,
    /// New leads a day at most.
    pub max_per_day: Option<u32>,
    /// Turns given back, as their leads were worth nothing.
    pub refunded: u64,
    /// Those of them that are not made up for yet.
    pub owed: u32,
    /// What people and calendars said about when they are away, beside the settings.
    pub away: Vec<assign::Absence>,
    /// How their calendar is doing; `None`: they have none, or the daemon does not run.
    pub calendar: Option<calendars::State>,
    /// Who stands in for them.
    pub stand_in: Option<Name>,
}

impl OwnerState {
    /// Somebody who is not in the settings any more.
    fn of_former(id: Name, open: u64) -> Self {
        Self {
            name: id.to_string(),
            id,
            available: false,
            reason: Some(REMOVED.to_owned()),
            open,
            assigned: 0,
            share: 0.0,
            expected_share: 0.0,
            teams: Vec::new(),
            until: None,
            max_open: None,
            today: 0,
            max_per_day: None,
            refunded: 0,
            owed: 0,
            away: Vec::new(),
            calendar: None,
            stand_in: None,
        }
    }
}

/// Open leads of somebody who cannot work them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftBehind {
    /// Whose they are.
    pub owner: Name,
    /// How many.
    pub open: u64,
    /// Why they are not worked.
    pub reason: &'static str,
}

/// When somebody is free again, or not any more.
fn turns(calendar: &Calendar, now: Timestamp, stop: Option<&Stop>, also: assign::Beside<'_>) -> Option<Timestamp> {
    let until = match stop {
        None => Some(calendar.look(now, also).until),
        Some(Stop::Hours | Stop::Holiday(_) | Stop::Away(_)) => calendar.next_free(now, also),
        Some(_) => None,
    };
    until.filter(|until| *until != Timestamp::MAX)
}

impl Service {
    /// Open leads of owners who are not in the settings any more, or not active.
    pub fn left_behind(&self) -> Result<Vec<LeftBehind>, Error> {
        let policy = self.policy.get();
        let (counts, absences) = self.store.view(|view| Ok((view.all_owner_counts()?, view.absences()?)))?;
        let works = |owner: &Name| policy.staff.active(owner).is_some() && !absences.has_left(owner);
        let idle = counts.into_iter().filter(|(owner, counts)| counts.open > 0 && !works(owner));
        let left = |(owner, counts): (Name, OwnerCounts)| {
            let reason = match policy.staff.owner(&owner) {
                Some(known) if known.active => LEFT,
                Some(_) => INACTIVE,
                None => REMOVED,
            };
            LeftBehind { owner, open: counts.open, reason }
        };
        Ok(idle.map(left).collect())
    }

    /// A lead in full.
    pub fn lead(&self, id: Id) -> Result<LeadInFull, Error> {
        let found = self.store.view(|view| {
            let Some(lead) = view.lead(id)? else { return Ok(None) };
            let decisions = view.decisions(id)?;
            Ok(Some(LeadInFull {
                lead,
                touches: view.touches(id)?.into_iter().map(TouchView::from).collect(),
                timeline: view.timeline(id)?,
                decision: decisions.first().cloned(),
                decisions,
            }))
        })?;
        found.ok_or_else(|| self.missing_lead(id))
    }

    /// Everybody's place in the rotations, in the order of the settings; then those who are not in the
    /// settings any more and still have open leads.
    pub fn owners(&self) -> Result<Vec<OwnerState>, Error> {
        let policy = self.policy.get();
        let staff = &policy.staff;
        let now = (self.clock)();
        let states = self.store.view(|view| {
            let (mut states, absences) = (Vec::new(), view.absences()?);
            for owner in staff.owners() {
                let counts = view.owner_counts(&owner.id)?;
                let Some(calendar) = staff.calendar(&owner.id) else { continue };
                let standing = assign::standing(owner, calendar, now, &counts, &absences, false);
                let also = absences.all_of(&owner.id);
                let mut state = OwnerState {
                    id: owner.id.clone(),
                    name: owner.name.clone(),
                    available: standing.stop.is_none(),
                    reason: standing.stop.as_ref().map(ToString::to_string),
                    until: turns(calendar, now, standing.stop.as_ref(), also),
                    max_open: owner.max_open,
                    today: counts.on(calendar.day(now)),
                    max_per_day: owner.max_per_day,
                    refunded: 0,
                    owed: 0,
                    calendar: self.calendars.of(&owner.id),
                    stand_in: owner.stand_in.clone(),
                    away: also.iter().cloned().collect(),
                    open: counts.open,
                    assigned: 0,
                    share: 0.0,
                    expected_share: 0.0,
                    teams: Vec::new(),
                };
                for team in staff.teams().iter().filter(|team| team.members.contains(&owner.id)) {
                    let part =
                        shares(team, staff, &view.rotation(&team.name)?).into_iter().find(|s| s.owner == owner.id);
                    if let Some(part) = part {
                        state.assigned += part.assigned;
                        state.refunded += part.refunded;
                        state.owed += part.owed;
                        // The first team with leads stands for the owner; most people are in one.
                        if state.teams.is_empty() || state.share == 0.0 {
                            (state.share, state.expected_share) = (part.share, part.expected);
                        }
                    }
                    state.teams.push(team.name.clone());
                }
                states.push(state);
            }
            let gone = view.all_owner_counts()?.into_iter();
            let gone = gone.filter(|(owner, counts)| counts.open > 0 && staff.owner(owner).is_none());
            states.extend(gone.map(|(owner, counts)| OwnerState::of_former(owner, counts.open)));
            Ok(states)
        })?;
        Ok(states)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lead::Content;

    #[test]
    fn a_touch_tells_where_it_came_from() {
        let content = Content {
            form: Some("Kontakt".into()),
            page: Some("https://k.example/p".into()),
            utm: [("gclid".to_owned(), "LATE".to_owned())].into(),
            ..Content::default()
        };
        let channel = Name::parse("web").unwrap();
        let received_at = Timestamp::UNIX_EPOCH;
        let touch = Touch { id: Id::MIN, lead: Id::MIN, channel, kind: Kind::Form, received_at, content };
        let told = serde_json::to_value(TouchView::from(touch)).unwrap();
        let expected = serde_json::json!({
            "channel": "web", "form": "Kontakt", "page": "https://k.example/p", "referrer": null, "utm": {"gclid": "LATE"},
        });
        assert_eq!(told["attribution"], expected);
    }
}
