//! Who works leads: the owners and teams of the settings, with their calendars.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calendar::{Absence, Calendar, moment};
use crate::config::{Config, Owner, Team};
use crate::lead::Name;
use crate::store::Absences;

/// Who works leads: the owners and teams of the settings.
#[derive(Clone, Debug, Default)]
pub struct Staff {
    owners: Vec<Owner>,
    calendars: Vec<Calendar>,
    places: HashMap<Name, usize>,
    teams: Vec<Team>,
    /// That of the organisation.
    zone: Option<TimeZone>,
    /// For each team, the place of each of its members among the owners.
    members: Vec<Vec<Option<usize>>>,
}

impl Staff {
    /// The staff of these settings.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self::of(config.owners.clone(), config.teams.clone(), &config.organisation.time_zone)
    }

    /// A staff of these owners and teams; `zone` is that of owners who have none of their own.
    #[must_use]
    pub fn of(owners: Vec<Owner>, teams: Vec<Team>, zone: &TimeZone) -> Self {
        let calendar = |owner: &Owner| {
            let zone = owner.time_zone.clone().unwrap_or_else(|| zone.clone());
            let away = owner.away.iter().map(|(from, until)| Absence {
                from: moment(*from, &zone),
                until: moment(*until, &zone),
                why: None,
            });
            let away = away.collect();
            Calendar::new(zone, owner.hours.clone(), owner.holidays.clone(), away)
        };
        let places: HashMap<Name, usize> =
            owners.iter().enumerate().map(|(place, owner)| (owner.id.clone(), place)).collect();
        let members = teams.iter().map(|team| team.members.iter().map(|id| places.get(id).copied()).collect());
        let members = members.collect();
        let zone = Some(zone.clone());
        Self { calendars: owners.iter().map(calendar).collect(), owners, places, teams, zone, members }
    }

    /// A time as the organisation's clock shows it.
    #[must_use]
    pub fn clock(&self, at: Timestamp) -> String {
        let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
        at.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
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
        self.places.get(id).map(|place| &self.owners[*place])
    }

    /// Somebody who can get leads, by the settings.
    #[must_use]
    pub fn active(&self, id: &Name) -> Option<&Owner> {
        self.owner(id).filter(|owner| owner.active)
    }

    /// When somebody works.
    #[must_use]
    pub fn calendar(&self, id: &Name) -> Option<&Calendar> {
        self.places.get(id).map(|place| &self.calendars[*place])
    }

    /// A team by name.
    #[must_use]
    pub fn team(&self, name: &Name) -> Option<&Team> {
        self.teams.iter().find(|team| team.name == *name)
    }

    /// The team of leads that no rule routes.
    #[must_use]
    pub fn default_team(&self) -> Option<&Team> {
        self.teams.iter().find(|team| team.default).or_else(|| self.teams.first())
    }

    /// The team of this name, else the default one.
    #[must_use]
    pub fn team_or_default(&self, name: Option<&Name>) -> Option<&Team> {
        name.and_then(|name| self.team(name)).or_else(|| self.default_team())
    }

    /// The members of a team who can get leads at all: active by the settings, and not gone for good.
    pub(super) fn working<'s>(&'s self, team: &'s Team, absences: &'s Absences) -> impl Iterator<Item = &'s Name> {
        team.members.iter().filter(|id| self.active(id).is_some() && !absences.has_left(id))
    }

    /// Whether everybody of a team who can get leads has `had` this one already.
    #[must_use]
    pub fn have_all_had(&self, team: &Team, had: &[Name], absences: &Absences) -> bool {
        !had.is_empty() && self.working(team, absences).all(|id| had.contains(id))
    }

    /// The members of a team, with who they are and when they work; `None` for one who is unknown.
    pub(super) fn members_of<'s>(
        &'s self,
        team: &'s Team,
    ) -> impl Iterator<Item = (&'s Name, Option<(&'s Owner, &'s Calendar)>)> {
        let place = self.teams.iter().position(|known| known.name == team.name);
        let places = place.map_or(&[][..], |place| &self.members[place]);
        team.members.iter().zip(places).map(|(id, place)| (id, place.map(|p| (&self.owners[p], &self.calendars[p]))))
    }
}
