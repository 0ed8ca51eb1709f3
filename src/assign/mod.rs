//! Stage 5, assign: exactly one owner, in turn, and a reason for everybody else.
//!
//! First the team: the one a rule chose, else the default. Then who was there before: the owner of the
//! same person, of the same company, or who passed the lead on. Else whose turn it is among those who
//! are free. Where nobody is free the lead is held until a deadline; then the team's fallback gets it.

pub mod calendar;
pub mod holidays;
pub mod hours;
pub mod ics;
mod rotation;
pub mod simulate;
mod staff;
mod standing;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::config::{Owner, Strategy, Team};
use crate::lead::{Candidate, Email, Fate, Handling, Id, Lead, Name, Routing};
use crate::store::{Absences, Error, OwnerCounts, Records, Rotation, Unit};

pub use calendar::{Absence, Calendar, Look, Why};
pub use rotation::MOST_DEFERRED;
pub use staff::Staff;
pub use standing::{Standing, Stop, standing};

/// How long leads wait for an owner where the settings do not say it.
pub const HOLD: Duration = Duration::from_hours(4);

/// What is known beside the settings, and matters for who gets a lead.
pub trait Books {
    /// How a team's rotation stands.
    fn rotation(&self, team: &Name) -> Result<Rotation, Error>;
    /// How many leads an owner has.
    fn counts(&self, owner: &Name) -> Result<OwnerCounts, Error>;
    /// What people and calendars said about when owners are away.
    fn absences(&self) -> Result<Absences, Error>;
    /// Who works the newest other lead of the same person.
    fn owner_of_person(&self, lead: &Known<'_>) -> Result<Option<Name>, Error>;
    /// Who works the newest other open lead of the same company.
    fn owner_of_company(&self, lead: &Known<'_>) -> Result<Option<Name>, Error>;
}

impl<R: Records> Books for R {
    fn rotation(&self, team: &Name) -> Result<Rotation, Error> {
        Records::rotation(self, team)
    }

    fn counts(&self, owner: &Name) -> Result<OwnerCounts, Error> {
        self.owner_counts(owner)
    }

    fn absences(&self) -> Result<Absences, Error> {
        Records::absences(self)
    }

    fn owner_of_person(&self, lead: &Known<'_>) -> Result<Option<Name>, Error> {
        for email in lead.emails.iter().filter(|email| !crate::normalize::robot::is_robot(email)) {
            for id in self.leads_with(&format!("email:{email}"), NEWEST)? {
                if id != lead.id
                    && let Some(owner) = self.lead(id)?.and_then(|known| known.owner)
                {
                    return Ok(Some(owner));
                }
            }
        }
        Ok(None)
    }

    fn owner_of_company(&self, lead: &Known<'_>) -> Result<Option<Name>, Error> {
        let Some(domain) = lead.domain else { return Ok(None) };
        for id in self.leads_with(&format!("company:{domain}"), 2)? {
            if id != lead.id {
                return Ok(self.lead(id)?.and_then(|known| known.owner));
            }
        }
        Ok(None)
    }
}

/// Leads of the same person that are looked at.
const NEWEST: usize = 5;

/// What of a lead speaks for somebody.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The lead.
    pub id: Id,
    /// The person's addresses.
    pub emails: &'a [Email],
    /// The company's domain.
    pub domain: Option<&'a str>,
    /// Who passed it on.
    pub forwarded_by: Option<&'a Email>,
}

impl<'a> Known<'a> {
    /// What is known of a lead.
    #[must_use]
    pub fn of(lead: &'a Lead) -> Self {
        Self {
            id: lead.id,
            emails: &lead.person.emails,
            domain: lead.person.domain.as_deref(),
            forwarded_by: lead.forwarded_by.as_ref(),
        }
    }
}

/// Who is to get a lead?
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What is known of the lead and speaks for somebody; `None`: nothing.
    pub lead: Option<Known<'a>>,
    /// The team that a rule chose.
    pub wanted: Option<&'a Name>,
    /// When.
    pub at: Timestamp,
    /// Who cannot get it, as they had it before.
    pub not: &'a [Name],
    /// Whether it has waited as long as it may.
    pub deadline: bool,
}

impl<'a> Ask<'a> {
    /// A lead that has just come in.
    #[must_use]
    pub fn fresh(lead: &'a Lead, wanted: Option<&'a Name>, at: Timestamp) -> Self {
        Self { lead: Some(Known::of(lead)), wanted, at, not: &[], deadline: false }
    }
}

/// A turn of a team's rotation: it is taken once the rotation is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    team: Name,
    rotation: Rotation,
}

impl Turn {
    /// Moves the team's rotation.
    pub fn take(&self, unit: &mut Unit<'_>) -> Result<(), Error> {
        unit.put_rotation(&self.team, &self.rotation)
    }

    /// The team.
    #[must_use]
    pub const fn team(&self) -> &Name {
        &self.team
    }

    /// The team, and its rotation after the turn.
    #[must_use]
    pub fn into_rotation(self) -> (Name, Rotation) {
        (self.team, self.rotation)
    }
}

/// Finds the owner of a lead. A turn of the rotation comes with it, and is not taken yet.
pub fn route(ask: &Ask<'_>, staff: &Staff, books: &impl Books) -> Result<(Routing, Option<Turn>), Error> {
    let (team, why_team) = team(ask.wanted, staff);
    let Some(team) = team else {
        let reason = "the settings name no team, so nobody could be chosen".into();
        let held_until = Some(later(ask.at, HOLD));
        return Ok((Routing { reason, held_until, ..Routing::default() }, None));
    };
    let mut route = Route::begin(ask, team, staff, books)?;
    route.routing.reason = format!("{why_team} `{}`", team.name);
    if !route.known_before()? && !route.next()? {
        route.nobody()?;
    }
    Ok((route.routing, route.turn))
}

fn team<'s>(wanted: Option<&Name>, staff: &'s Staff) -> (Option<&'s Team>, String) {
    match wanted.map(|name| (name, staff.team(name))) {
        None => (staff.default_team(), "no rule chose a team, so the default team".to_owned()),
        Some((_, Some(team))) => (Some(team), "a rule chose the team".to_owned()),
        Some((name, None)) => {
            let why = format!("a rule chose the team `{name}`, which is not in the settings; so the default team");
            (staff.default_team(), why)
        }
    }
}

/// A moment after a time.
fn later(at: Timestamp, time: Duration) -> Timestamp {
    SignedDuration::try_from(time).ok().and_then(|time| at.checked_add(time).ok()).unwrap_or(Timestamp::MAX)
}

/// A way to an owner, while it is looked for.
struct Route<'a, B> {
    ask: &'a Ask<'a>,
    team: &'a Team,
    staff: &'a Staff,
    books: &'a B,
    absences: Absences,
    routing: Routing,
    turn: Option<Turn>,
}

/// A member of the team, as they stand now.
struct Seen<'a> {
    owner: &'a Name,
    weight: u32,
    open: u64,
    stop: Option<Stop>,
    /// Who stands in for them while they are away.
    stand_in: Option<&'a Owner>,
}

impl<'a, B: Books> Route<'a, B> {
    fn begin(ask: &'a Ask<'a>, team: &'a Team, staff: &'a Staff, books: &'a B) -> Result<Self, Error> {
        let routing = Routing { team: Some(team.name.clone()), ..Routing::default() };
        Ok(Self { ask, team, staff, books, absences: books.absences()?, routing, turn: None })
    }

    /// How somebody stands; `open` leads are counted where they matter.
    fn stands(&self, known: Option<(&Owner, &Calendar)>, id: &Name) -> Result<(Standing, u64), Error> {
        let Some((owner, calendar)) = known else { return Ok((Standing::stopped(Stop::Unknown), 0)) };
        if self.ask.not.contains(id) {
            return Ok((Standing::stopped(Stop::Had), 0));
        }
        let counted = owner.max_open.is_some() || owner.max_per_day.is_some();
        let counts = if counted || self.team.strategy == Strategy::LeastOpen {
            self.books.counts(id)?
        } else {
            OwnerCounts::default()
        };
        let standing = standing(owner, calendar, self.ask.at, &counts, &self.absences, self.team.outside_hours);
        Ok((standing, counts.open))
    }

    fn stands_by_name(&self, id: &Name) -> Result<Standing, Error> {
        let known = self.staff.owner(id).zip(self.staff.calendar(id));
        Ok(self.stands(known, id)?.0)
    }

    /// Who was there before: the same person's, the same company's, or who passed it on.
    fn known_before(&mut self) -> Result<bool, Error> {
        let Some(lead) = &self.ask.lead else { return Ok(false) };
        let (team, books) = (self.team, self.books);
        let by_person = if team.same_person { books.owner_of_person(lead)? } else { None };
        if self.prefer(by_person, Candidate::SAME_PERSON)? {
            return Ok(true);
        }
        let forwarder = lead.forwarded_by.filter(|_| team.forwarder).and_then(|email| {
            self.staff.owners().iter().find(|owner| owner.email.as_ref() == Some(email)).map(|owner| owner.id.clone())
        });
        if self.prefer(forwarder, Candidate::FORWARDED)? {
            return Ok(true);
        }
        let by_company = if team.same_company { books.owner_of_company(lead)? } else { None };
        // A rule that chose the team knows better than who works the company in another one.
        let by_company = by_company.filter(|owner| self.ask.wanted.is_none() || team.members.contains(owner));
        self.prefer(by_company, Candidate::SAME_COMPANY)
    }

    /// Gives the lead to somebody who is preferred, if they can get it; they take no turn.
    fn prefer(&mut self, owner: Option<Name>, why: &str) -> Result<bool, Error> {
        let Some(owner) = owner else { return Ok(false) };
        let name = self.staff.owner(&owner).map_or(owner.as_str(), |known| &known.name).to_owned();
        let standing = self.stands_by_name(&owner)?;
        let Some(stop) = standing.stop else {
            self.routing.reason += &format!("; {name} {why}");
            self.choose(owner, format!("{why}; that takes no turn"));
            return Ok(true);
        };
        let reason = format!("{why}, but {stop}");
        if !self.routing.candidates.iter().any(|known| known.owner == owner) {
            self.routing.candidates.push(Candidate { owner, fate: Fate::Skipped, reason });
        }
        Ok(false)
    }

    fn choose(&mut self, owner: Name, reason: String) {
        self.routing.candidates.push(Candidate { owner: owner.clone(), fate: Fate::Chosen, reason });
        self.routing.owner = Some(owner);
    }

    /// Everybody in the team, as they stand.
    fn look(&self) -> Result<Vec<Seen<'a>>, Error> {
        let mut seen = Vec::with_capacity(self.team.members.len());
        for (id, known) in self.staff.members_of(self.team) {
            let (standing, open) = self.stands(known, id)?;
            let mut stand_in = None;
            if let (Some(Stop::Away(_)), Some((owner, _))) = (&standing.stop, known)
                && let Some(other) = owner.stand_in.as_ref().and_then(|id| self.staff.owner(id))
                && self.stands_by_name(&other.id)?.stop.is_none()
            {
                stand_in = Some(other);
            }
            let takes_part = standing.stop.is_none() || stand_in.is_some();
            let weight = known.map_or(0, |(owner, _)| if takes_part { owner.weight } else { 0 });
            seen.push(Seen { owner: id, weight, open, stop: standing.stop, stand_in });
        }
        Ok(seen)
    }

    /// Whose turn it is.
    fn next(&mut self) -> Result<bool, Error> {
        let seen = self.look()?;
        let mut rotation = self.books.rotation(&self.team.name)?;
        let members: Vec<rotation::Member<'_>> = seen
            .iter()
            .map(|seen| rotation::Member { owner: seen.owner, weight: seen.weight, open: seen.open })
            .collect();
        let chosen = rotation::turn(&mut rotation, &members, self.team.strategy);
        for (place, seen) in seen.iter().enumerate() {
            let chosen = chosen.as_ref();
            let candidate = candidate(seen, chosen.filter(|chosen| chosen.place == place), || {
                chosen.is_some_and(|chosen| chosen.spent.contains(&place))
            });
            let known = self.routing.candidates.iter().position(|known| known.owner == candidate.owner);
            match known {
                // Why somebody who was preferred did not get it says more, unless it was their turn.
                Some(known) if candidate.fate == Fate::Chosen => self.routing.candidates[known] = candidate,
                Some(_) => {}
                None => self.routing.candidates.push(candidate),
            }
        }
        let Some(chosen) = chosen else { return Ok(false) };
        let seen = &seen[chosen.place];
        let name = |id: &Name| self.staff.owner(id).map_or(id.as_str(), |owner| &owner.name).to_owned();
        self.routing.reason += &format!("; it was {}'s turn", name(seen.owner));
        self.routing.owner = Some(seen.owner.clone());
        if let Some(other) = seen.stand_in {
            self.routing.reason += &format!(", for whom {} stands in", other.name);
            self.routing.candidates.retain(|known| known.owner != other.id);
            self.choose(other.id.clone(), format!("{} {}", Candidate::STANDS_IN, seen.owner));
            // The turn is that of whoever is away; the lead is not.
            rotation.seat_mut(seen.owner).turns -= 1;
        }
        self.turn = Some(Turn { team: self.team.name.clone(), rotation });
        Ok(true)
    }

    /// Nobody is free: somebody of another team where this one can never have anybody, the fallback at
    /// the deadline, else the lead is held.
    fn nobody(&mut self) -> Result<(), Error> {
        let anybody = self
            .team
            .members
            .iter()
            .any(|id| self.staff.active(id).is_some() && !self.absences.has_left(id) && !self.ask.not.contains(id));
        if !anybody && !self.team.members.iter().any(|id| self.ask.not.contains(id)) {
            let fallback = self.team.fallback.iter();
            let others = self.staff.owners().iter().map(|owner| &owner.id);
            for id in fallback.chain(others) {
                if !self.team.members.contains(id) && self.stands_by_name(id)?.stop.is_none() {
                    let name = self.staff.owner(id).map_or(id.as_str(), |owner| &owner.name);
                    self.routing.reason += &format!("; nobody of the team is active, so {name} stands in");
                    self.choose(id.clone(), "nobody of the team is active".to_owned());
                    return Ok(());
                }
            }
            self.routing.reason += "; nobody is active, so the lead waits without an owner";
        } else {
            self.routing.reason += "; nobody of the team is free";
        }
        if self.ask.deadline && self.fall_back() {
            return Ok(());
        }
        let until = later(self.ask.at, self.team.hold);
        let then = match &self.team.fallback {
            Some(fallback) => format!("then {fallback} gets it"),
            None => "then it is looked at again, as the team has no `fallback`".to_owned(),
        };
        self.routing.held_until = Some(until);
        self.routing.reason += &format!("; held until {until:.0} at most, {then}");
        Ok(())
    }

    /// The named fallback, whatever the hour, unless they are away; then who stands in for them, then
    /// the team's leader.
    fn fall_back(&mut self) -> bool {
        let fallback = self.team.fallback.as_ref();
        let stand_in = fallback.and_then(|id| self.staff.owner(id)).and_then(|owner| owner.stand_in.as_ref());
        let all = [
            (fallback, "is the fallback"),
            (stand_in, "stands in for the fallback"),
            (self.team.leader.as_ref(), "leads the team"),
        ];
        for (id, role) in all {
            let Some(owner) = id.and_then(|id| self.staff.active(id)) else { continue };
            let away = self.staff.calendar(&owner.id).is_some_and(|calendar| {
                let look = calendar.look(self.ask.at, &self.absences.all_of(&owner.id));
                matches!(look.not_free, Some(Why::Away(..)))
            });
            if away || self.absences.has_left(&owner.id) || self.ask.not.contains(&owner.id) {
                continue;
            }
            self.routing.reason += &format!("; it has waited as long as it may, and {} {role}", owner.name);
            let id = owner.id.clone();
            self.routing.candidates.retain(|known| known.owner != id);
            self.choose(id, format!("{role}; it has waited as long as it may"));
            return true;
        }
        false
    }
}

fn candidate(seen: &Seen<'_>, chosen: Option<&rotation::Chosen>, spent: impl FnOnce() -> bool) -> Candidate {
    let (fate, reason) = match (&seen.stop, chosen) {
        (None, Some(chosen)) if chosen.made_up => {
            (Fate::Chosen, format!("{}, which makes up for one that was given back", Candidate::TURN))
        }
        (None, Some(_)) => (Fate::Chosen, Candidate::TURN.to_owned()),
        (None, None) if spent() => {
            (Fate::Skipped, "a lead that they were given by hand counts in place of this turn".to_owned())
        }
        (None, None) => (Fate::Waiting, "available; not their turn yet".to_owned()),
        (Some(stop), _) => match seen.stand_in {
            Some(other) => (Fate::Skipped, format!("{stop}; {} stands in", other.id)),
            None => (Fate::Skipped, stop.to_string()),
        },
    };
    Candidate { owner: seen.owner.clone(), fate, reason }
}

/// Until when the owner of a lead is to accept it, and to respond, in their working time.
pub fn promise(lead: &mut Lead, staff: &Staff, now: Timestamp, absences: &Absences) {
    let (team, owner) = (lead.team.as_ref().and_then(|name| staff.team(name)), lead.owner.as_ref());
    let handling = lead.handling.get_or_insert_with(Handling::default);
    (handling.accept_by, handling.respond_by, handling.remind_at) = (None, None, None);
    if let (Some(team), Some((calendar, owner))) = (team, owner.and_then(|id| staff.calendar(id)).zip(owner)) {
        let also = absences.all_of(owner);
        let after = |time: Duration| calendar.after_work(now, time, &also);
        handling.accept_by = team.accept_within.and_then(after);
        handling.respond_by = team.respond_within.and_then(after);
        let first = team.accept_within.into_iter().chain(team.respond_within).min();
        handling.remind_at = first.and_then(|time| after(time * 3 / 4));
    }
    if *handling == Handling::default() {
        lead.handling = None;
    }
}

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
