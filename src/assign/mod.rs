//! Stage 5, assign: exactly one owner, in turn, and a reason for everybody else.

mod rotation;

use crate::config::{Config, Owner, Team};
use crate::lead::{Candidate, Fate, Name, Routing};
use crate::store::{Error, Rotation, Unit};

pub use rotation::{Share, shares};

/// Who works leads: the owners and teams of the settings.
#[derive(Clone, Debug, Default)]
pub struct Staff {
    owners: Vec<Owner>,
    teams: Vec<Team>,
}

impl Staff {
    /// The staff of these settings.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self { owners: config.owners.clone(), teams: config.teams.clone() }
    }

    /// Everybody, in the order of the settings.
    #[must_use]
    pub fn owners(&self) -> &[Owner] {
        &self.owners
    }

    /// All teams, in the order of the settings.
    #[must_use]
    pub fn teams(&self) -> &[Team] {
        &self.teams
    }

    /// Somebody by id.
    #[must_use]
    pub fn owner(&self, id: &Name) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.id == *id)
    }

    /// Somebody who can get leads now.
    #[must_use]
    pub fn active(&self, id: &Name) -> Option<&Owner> {
        self.owner(id).filter(|owner| owner.active)
    }

    fn team(&self, name: &Name) -> Option<&Team> {
        self.teams.iter().find(|team| team.name == *name)
    }

    fn default_team(&self) -> Option<&Team> {
        self.teams.iter().find(|team| team.default).or_else(|| self.teams.first())
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

    /// The team, and its rotation after the turn.
    #[must_use]
    pub fn into_rotation(self) -> (Name, Rotation) {
        (self.team, self.rotation)
    }
}

/// Finds the owner of a lead: the team a rule chose, else the default team; then whose turn it is.
/// `rotation` tells how a team's rotation stands. The turn comes with it, and is not taken yet.
pub fn route(
    wanted: Option<&Name>,
    staff: &Staff,
    rotation: impl FnOnce(&Name) -> Result<Rotation, Error>,
) -> Result<(Routing, Option<Turn>), Error> {
    let mut why_team = "no rule chose a team, so the default team".to_owned();
    let mut team = staff.default_team();
    if let Some(name) = wanted {
        if let Some(chosen) = staff.team(name) {
            "a rule chose the team".clone_into(&mut why_team);
            team = Some(chosen);
        } else {
            why_team = format!("a rule chose the team `{name}`, which is not in the settings; so the default team");
        }
    }
    let Some(team) = team else {
        let reason = "the settings name no team, so nobody could be chosen".into();
        return Ok((Routing { reason, ..Routing::default() }, None));
    };
    let mut rotation = rotation(&team.name)?;
    let (owner, mut candidates) = rotation::turn(team, staff, &mut rotation);
    let mut reason = format!("{why_team} `{}`", team.name);
    let mut turn = None;
    let owner = if let Some(owner) = owner {
        turn = Some(Turn { team: team.name.clone(), rotation });
        reason += &format!("; it was {}'s turn", staff.owner(&owner).map_or(owner.as_str(), |owner| &owner.name));
        Some(owner)
    } else {
        stand_in(team, staff, &mut candidates, &mut reason)
    };
    Ok((Routing { team: Some(team.name.clone()), owner, reason, candidates }, turn))
}

/// Nobody of the team is active: the first active owner there is, so that no lead is unowned.
fn stand_in(team: &Team, staff: &Staff, candidates: &mut Vec<Candidate>, reason: &mut String) -> Option<Name> {
    let owner = staff.owners.iter().find(|owner| owner.active && !team.members.contains(&owner.id));
    if let Some(owner) = owner {
        *reason += &format!("; nobody of the team is active, so {} stands in", owner.name);
        let reason = "nobody of the team is active".to_owned();
        candidates.push(Candidate { owner: owner.id.clone(), fate: Fate::Chosen, reason });
    } else {
        *reason += "; nobody is active, so the lead waits without an owner";
    }
    owner.map(|owner| owner.id.clone())
}
