//! The way from a lead to its owner: who was there before, whose turn it is, and what happens while
//! nobody is free.
//!
//! In come a lead, the staff and the books; out go the owner, or until when the lead is held, and for
//! everybody who was considered why they did or did not get it.

use std::borrow::Cow;
use std::sync::Arc;

use super::deadlines::later;
use super::{Ask, Books, Calendar, HOLD, Staff, Standing, Stop, Turn, Why, rotation, standing};
use crate::config::{Owner, Strategy, Team};
use crate::lead::{Candidate, Fate, Name, Routing};
use crate::store::{Absences, Error, OwnerCounts};

/// Finds the owner of a lead. A turn of the rotation comes with it, and is not taken yet.
pub fn route(ask: &Ask<'_>, staff: &Staff, books: &impl Books) -> Result<(Routing, Option<Turn>), Error> {
    let (team, why_team) = team(ask.wanted, staff);
    let Some(team) = team else {
        let reason = "the settings name no team, so nobody could be chosen".into();
        let held_until = Some(later(ask.since.filter(|_| !ask.deadline).unwrap_or(ask.at), HOLD));
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
        Some((_, Some(team))) => (Some(team), "its team is".to_owned()),
        Some((name, None)) => {
            let why = format!("a rule chose the team `{name}`, which is not in the settings; so the default team");
            (staff.default_team(), why)
        }
    }
}

/// A way to an owner, while it is looked for.
struct Route<'a, B> {
    ask: &'a Ask<'a>,
    team: &'a Team,
    staff: &'a Staff,
    books: &'a B,
    absences: Arc<Absences>,
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
        let reason = format!("{why}, but {stop}").into();
        if !self.routing.candidates.iter().any(|known| known.owner == owner) {
            self.routing.candidates.push(Candidate { owner, fate: Fate::Skipped, reason });
        }
        Ok(false)
    }

    fn choose(&mut self, owner: Name, reason: impl Into<Cow<'static, str>>) {
        let reason = reason.into();
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
        let before = self.routing.candidates.len();
        self.routing.candidates.reserve(seen.len() + 1);
        for (place, seen) in seen.iter().enumerate() {
            let chosen = chosen.as_ref();
            let of = chosen.filter(|chosen| chosen.place == place);
            let candidate =
                candidate(self.team.strategy, seen, of, || chosen.is_some_and(|chosen| chosen.spent.contains(&place)));
            let known = self.routing.candidates[..before].iter().position(|known| known.owner == candidate.owner);
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
        let how = if chosen.made_up { None } else { because(self.team.strategy, seen.open) };
        let how = how.map(|how| format!(": {how}")).unwrap_or_default();
        self.routing.reason += &format!("; it was {}'s turn{how}", name(seen.owner));
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
        if self.staff.working(self.team, &self.absences).next().is_none() {
            if self.pick_elsewhere("nobody of the team is active")? {
                return Ok(());
            }
            self.routing.reason += "; nobody is active, so the lead waits without an owner";
        } else if self.staff.have_all_had(self.team, self.ask.not, &self.absences) {
            self.routing.reason += "; everybody of the team has had it already";
        } else {
            self.routing.reason += "; nobody of the team is free";
        }
        if self.ask.deadline && self.fall_back() {
            return Ok(());
        }
        // One more message does not make it wait any longer.
        let since = self.ask.since.filter(|_| !self.ask.deadline).unwrap_or(self.ask.at);
        let until = later(since, self.team.hold);
        let then = match &self.team.fallback {
            Some(fallback) => format!("then {fallback} gets it"),
            None => "then it is looked at again, as the team has no `fallback`".to_owned(),
        };
        self.routing.held_until = Some(until);
        self.routing.reason += &format!("; held until {} at most, {then}", self.staff.clock(until));
        Ok(())
    }

    /// Somebody who is free and of another team: the fallback first.
    fn pick_elsewhere(&mut self, why: &'static str) -> Result<bool, Error> {
        let fallback = self.team.fallback.iter();
        let others = self.staff.owners().iter().map(|owner| &owner.id);
        for id in fallback.chain(others) {
            if !self.team.members.contains(id) && self.stands_by_name(id)?.stop.is_none() {
                let name = self.staff.owner(id).map_or(id.as_str(), |owner| &owner.name);
                self.routing.reason += &format!("; {why}, so {name} stands in");
                self.choose(id.clone(), why);
                return Ok(true);
            }
        }
        Ok(false)
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
                let look = calendar.look(self.ask.at, self.absences.all_of(&owner.id));
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

/// Why it was somebody's turn, where that is not the rotation alone.
fn because(strategy: Strategy, open: u64) -> Option<Cow<'static, str>> {
    match strategy {
        Strategy::RoundRobin => None,
        Strategy::LeastOpen => Some(format!("the fewest open leads ({open})").into()),
        Strategy::Priority => Some("the first who is free".into()),
    }
}

fn candidate(
    strategy: Strategy,
    seen: &Seen<'_>,
    chosen: Option<&rotation::Chosen>,
    spent: impl FnOnce() -> bool,
) -> Candidate {
    let (fate, reason): (Fate, Cow<'static, str>) = match (&seen.stop, chosen) {
        (None, Some(chosen)) if chosen.made_up => {
            (Fate::Chosen, format!("{}, which makes up for one that was given back", Candidate::TURN).into())
        }
        (None, Some(_)) => match because(strategy, seen.open) {
            Some(how) => (Fate::Chosen, format!("{}: {how}", Candidate::TURN).into()),
            None => (Fate::Chosen, Candidate::TURN.into()),
        },
        (None, None) if spent() => {
            (Fate::Skipped, "a lead that they were given by hand counts in place of this turn".into())
        }
        (None, None) => match strategy {
            Strategy::RoundRobin => (Fate::Waiting, "available; not their turn yet".into()),
            Strategy::LeastOpen => (Fate::Waiting, format!("available; has {} open", seen.open).into()),
            Strategy::Priority => (Fate::Waiting, "available; somebody before them is free".into()),
        },
        (Some(stop), _) => match seen.stand_in {
            Some(other) => (Fate::Skipped, format!("{stop}; {} stands in", other.id).into()),
            None => (Fate::Skipped, stop.reason()),
        },
    };
    Candidate { owner: seen.owner.clone(), fate, reason }
}
