//! Reads who works leads: `[owners.ID]` and `[teams.NAME]`.
//!
//! In come the sections and the notifiers, out go owners and teams whose names resolve, with
//! exactly one default team where there is anybody at all.

use std::time::Duration;

use jiff::civil::DateTime;
use toml::de::DeValue;

use super::field::{Field, Item};
use super::kinds::{Notifiers, named};
use super::problem::{Severity, Wrong, quote};
use super::section::Section;
use super::values;
use super::{NotifierKind, Owner, Strategy, Team};
use crate::assign::holidays::Region;
use crate::assign::hours::Hours;
use crate::calendars;
use crate::lead::Name;
use crate::notify::letter::Language;

/// Longest time a lead may wait for an owner.
const LONGEST_HOLD: Duration = Duration::from_hours(24 * 365);

/// The owners of the settings.
pub(crate) struct Owners {
    /// Those without mistakes.
    pub(crate) read: Vec<Owner>,
    /// All ids that stand in the file.
    pub(crate) declared: Vec<String>,
    /// Who is stood in for, and by whom.
    stand_ins: Vec<(String, Item)>,
}

/// Reads `[owners.ID]`.
pub(crate) fn owners(root: &mut Section<'_>, notifiers: &Notifiers) -> Owners {
    let mut owners = Owners { read: Vec::new(), declared: Vec::new(), stand_ins: Vec::new() };
    for (text, mut section) in root.sections("owners") {
        owners.declared.push(text.to_owned());
        let id = named(text, &section);
        let name = section.key("name").text();
        let email = section.key("email");
        let has_email = email.is_present();
        let email = email.parse(values::email);
        let notify = notify(&mut section, notifiers, has_email);
        let weight = section.key("weight").integer(1..=100).and_then(|weight| u32::try_from(weight).ok());
        let active = section.key("active").boolean();
        let time_zone = section.key("time_zone").like("Europe/Berlin").parse(values::time_zone);
        let language = section.key("language").one_of(&Language::ALL);
        let hours = section.key("hours").like("Mo-Fr 09:00-17:30").parse(hours);
        let holidays = section.key("holidays").like("DE-BY").parse(|text| Region::parse(text).map_err(Wrong::new));
        let away = away(section.key("away")).unwrap_or_default();
        let calendar = calendars::settings::read(section.key("calendar"));
        let max_open = number(section.key("max_open"));
        let max_per_day = number(section.key("max_per_day"));
        if let Some(item) = reference(&mut section, "stand_in") {
            owners.stand_ins.push((text.to_owned(), item));
        }
        section.finish();
        if let Some(id) = id {
            let name = name.unwrap_or_else(|| text.to_owned());
            let (weight, active) = (weight.unwrap_or(1), active.unwrap_or(true));
            let owner = Owner { name, email, notify, weight, active, language, time_zone, hours, ..Owner::new(id) };
            owners.read.push(Owner { holidays, away, calendar, max_open, max_per_day, ..owner });
        }
    }
    stand_ins(root, &mut owners);
    if owners.declared.is_empty() {
        root.missing(Severity::Warning, "owners", Wrong::new("nobody is here to work leads").hint("add [owners.NAME]"));
    } else if notifiers.declared.is_empty() {
        let wrong = Wrong::new("no owner is told of a lead").hint("add [notify.NAME]");
        root.missing(Severity::Warning, "notify", wrong);
    }
    owners
}

/// The notifiers of one owner: those named, else the only one there is.
fn notify(section: &mut Section<'_>, notifiers: &Notifiers, has_email: bool) -> Vec<Name> {
    let field = section.key("notify");
    let mut chosen = Vec::new();
    if field.is_present() {
        for item in field.items().unwrap_or_default() {
            chosen.extend(notifier(section, notifiers, &item));
        }
    } else if let [only] = notifiers.ready.as_slice() {
        chosen.push(only.name.clone());
    } else if notifiers.ready.len() > 1 {
        let wrong = Wrong::new("is missing, and there is more than one notifier: this owner is not told of leads");
        section.missing(Severity::Warning, "notify", wrong.hint("name the notifiers, such as notify = [\"mail\"]"));
    }
    let mails = |name: &&Name| {
        notifiers.ready.iter().any(|ready| ready.name == **name && matches!(ready.kind, NotifierKind::Smtp(_)))
    };
    if let Some(name) = chosen.iter().find(mails).filter(|_| !has_email) {
        let wrong = Wrong::new(format!("is missing, and the notifier `{name}` sends mail"));
        section.missing(Severity::Error, "email", wrong.hint("add the owner's address, or another notifier"));
    }
    chosen
}

/// One notifier that is named.
pub(crate) fn notifier(section: &Section<'_>, notifiers: &Notifiers, item: &Item) -> Option<Name> {
    let report = section.report();
    if let Some(ready) = notifiers.ready.iter().find(|ready| ready.name == *item.text.as_str()) {
        return Some(ready.name.clone());
    }
    if notifiers.later.contains(&item.text) {
        let wrong = Wrong::new(format!("the notifier {} is not available yet", quote(&item.text)));
        report.warning(&item.spot, wrong.hint("nothing is sent through it"));
    } else if !notifiers.declared.contains(&item.text) {
        report.missing(Severity::Error, &item.spot, dangling("notifier", "notify", &item.text, &notifiers.declared));
    }
    None
}

/// Working hours.
fn hours(text: &str) -> Result<Hours, Wrong> {
    Hours::parse(text)
        .map_err(|wrong| Wrong::new(wrong).hint("write \"Mo-Fr 09:00-12:00, 13:00-17:30; Sa 10:00-14:00\""))
}

/// A count of leads.
fn number(field: Field<'_>) -> Option<u32> {
    field.integer(1..=1_000_000).and_then(|number| u32::try_from(number).ok())
}

/// Absences: days from and until which somebody is away, both included, or moments of the wall clock,
/// the last one not included.
fn away(field: Field<'_>) -> Option<Vec<(DateTime, DateTime)>> {
    let mut meant = None;
    field.holds(|value| {
        meant = spans_meant(value);
        meant.is_none()
    });
    if let Some(meant) = meant {
        let wrong = Wrong::new("must be a list of tables with `from` and `until`");
        field.wrong(wrong.hint(format!("write away = [{meant}]")));
        return None;
    }
    let mut spans = Vec::new();
    for mut section in field.tables()? {
        let from = section.key("from").required().day_or_time();
        let until = section.key("until").required();
        let spot = until.place();
        if let (Some(from), Some(until)) = (from, until.day_or_time()) {
            match values::span(from, until) {
                Ok(span) => spans.push(span),
                Err(wrong) => section.report().error(&spot, wrong),
            }
        }
        section.finish();
    }
    Some(spans)
}

/// An absence as it is written.
const ABSENCE: &str = "{ from = \"2026-12-24\", until = \"2027-01-02\" }";

/// Absences that are written otherwise, as they are to be written; `None` for those that are a list of tables.
fn spans_meant(value: &DeValue<'_>) -> Option<String> {
    let text = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Datetime(day) => Some(day.to_string()),
        _ => None,
    };
    let span = |text: &str| {
        let day = |text: &str| Some(text.trim()).filter(|day| values::moment(day).is_ok()).map(str::to_owned);
        let parts = ["..", "–", " - ", " to ", " bis ", "/", ","].iter().find_map(|between| text.split_once(between));
        let (from, until) = parts.unwrap_or((text, text));
        let (from, until) = day(from).zip(day(until))?;
        Some(format!("{{ from = \"{from}\", until = \"{until}\" }}"))
    };
    match value {
        DeValue::Array(items) if items.iter().all(|item| item.get_ref().is_table()) => None,
        DeValue::Array(items) => {
            let spans = items.iter().filter_map(|item| text(item.get_ref())).filter_map(|text| span(&text));
            let spans: Vec<String> = spans.collect();
            Some(if spans.is_empty() { ABSENCE.to_owned() } else { spans.join(", ") })
        }
        DeValue::Table(table) => {
            let part = |key| table.get(key).and_then(|value| text(value.get_ref()));
            let whole = part("from").zip(part("until")).and_then(|(from, until)| span(&format!("{from}..{until}")));
            Some(whole.unwrap_or_else(|| ABSENCE.to_owned()))
        }
        other => Some(text(other).and_then(|text| span(&text)).unwrap_or_else(|| ABSENCE.to_owned())),
    }
}

/// A key that names an owner.
fn reference(section: &mut Section<'_>, key: &'static str) -> Option<Item> {
    let field = section.key(key);
    let spot = field.place();
    Some(Item { text: field.text()?, spot })
}

/// Stand-ins are others who are there and active.
fn stand_ins(root: &Section<'_>, owners: &mut Owners) {
    for (whose, item) in std::mem::take(&mut owners.stand_ins) {
        let Some(other) = resolve(root, owners, &item).map(|owner| (owner.id.clone(), owner.active)) else { continue };
        let (other, active) = other;
        if whose == other.as_str() {
            root.report().error(&item.spot, Wrong::new("nobody stands in for themselves"));
        } else if !active {
            root.report().warning(&item.spot, inactive(&other).hint("they never get a lead, so nobody stands in"));
        }
        if let Some(owner) = owners.read.iter_mut().find(|owner| owner.id == *whose.as_str()) {
            owner.stand_in = Some(other);
        }
    }
}

fn inactive(owner: &Name) -> Wrong {
    Wrong::new(format!("`{owner}` is not active"))
}

/// Reads `[teams.NAME]`.
pub(crate) fn teams(root: &mut Section<'_>, owners: &Owners) -> Vec<Team> {
    let mut teams = Vec::new();
    let mut declared = 0;
    for (text, mut section) in root.sections("teams") {
        declared += 1;
        let name = named(text, &section);
        let members = members(&mut section, owners);
        let default = section.key("default");
        let spot = default.place();
        let default = default.boolean().unwrap_or(false);
        if let Some(first) = teams.iter().find(|team: &&Team| team.default && default) {
            let wrong = Wrong::new(format!("team `{}` is the default already", first.name));
            section.report().error(&spot, wrong.hint("leave `default = true` on one team"));
        }
        let manner = Manner::read(&mut section, &members, owners);
        section.finish();
        if let Some(name) = name {
            teams.push(manner.of(Team { default, ..Team::new(name, members) }));
        }
    }
    settle_default(root, &mut teams, owners, declared);
    teams
}

/// How a team works: the keys beside its members.
struct Manner {
    strategy: Option<Strategy>,
    times: [Option<Duration>; 4],
    flags: [Option<bool>; 5],
    max_hops: Option<u32>,
    fallback: Option<Name>,
    leader: Option<Name>,
}

impl Manner {
    fn read(section: &mut Section<'_>, members: &[Name], owners: &Owners) -> Self {
        let time = |section: &mut Section<'_>, key, least| section.key(key).duration(least..=LONGEST_HOLD);
        let (second, none) = (Duration::from_secs(1), Duration::ZERO);
        let times = [("hold", second), ("accept_within", second), ("respond_within", second), ("refund_within", none)];
        let flags = ["outside_hours", "manual_counts", "same_person", "same_company", "forwarder"];
        let manner = Self {
            strategy: section.key("strategy").one_of(&Strategy::ALL),
            times: times.map(|(key, least)| time(section, key, least)),
            flags: flags.map(|key| section.key(key).boolean()),
            max_hops: section.key("max_hops").integer(0..=100).and_then(|hops| u32::try_from(hops).ok()),
            fallback: active(section, "fallback", owners),
            leader: active(section, "leader", owners),
        };
        let some = !members.is_empty();
        if manner.fallback.is_none() && some && members.iter().all(|id| may_be_missing(id, owners)) {
            let wrong = Wrong::new("is missing, and there may be times at which nobody of the team is free");
            let hint = "name who gets a lead that nobody was free for within `hold`";
            section.missing(Severity::Warning, "fallback", wrong.hint(hint));
        }
        manner
    }

    fn of(self, mut team: Team) -> Team {
        let [hold, accept_within, respond_within, refund_within] = self.times;
        let [outside_hours, manual_counts, same_person, same_company, forwarder] = self.flags;
        set(&mut team.strategy, self.strategy);
        set(&mut team.hold, hold);
        set(&mut team.refund_within, refund_within);
        set(&mut team.outside_hours, outside_hours);
        set(&mut team.manual_counts, manual_counts);
        set(&mut team.same_person, same_person);
        set(&mut team.same_company, same_company);
        set(&mut team.forwarder, forwarder);
        set(&mut team.max_hops, self.max_hops);
        Team { accept_within, respond_within, fallback: self.fallback, leader: self.leader, ..team }
    }
}

/// Puts a value that stands in the file in the place of the default.
fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Whether there are times at which somebody gets no leads.
fn may_be_missing(id: &Name, owners: &Owners) -> bool {
    owners.read.iter().any(|owner| {
        let bounded = owner.hours.is_some() || owner.holidays.is_some() || !owner.away.is_empty();
        owner.id == *id && (bounded || owner.max_open.is_some() || owner.max_per_day.is_some())
    })
}

/// An owner that a team names, who must be active.
fn active(section: &mut Section<'_>, key: &'static str, owners: &Owners) -> Option<Name> {
    let item = reference(section, key)?;
    let owner = resolve(section, owners, &item)?;
    if !owner.active {
        let wrong = inactive(&owner.id).hint("an inactive owner never gets a lead");
        section.report().warning(&item.spot, wrong);
    }
    Some(owner.id.clone())
}

/// The members of one team.
fn members(section: &mut Section<'_>, owners: &Owners) -> Vec<Name> {
    let report = section.report();
    let field = section.key("members").required();
    let (present, spot) = (field.is_present(), field.place());
    let Some(items) = field.items() else { return Vec::new() };
    let mut members: Vec<Name> = Vec::new();
    let mut active = 0;
    for item in &items {
        let Some(owner) = resolve(section, owners, item) else { continue };
        if members.contains(&owner.id) {
            let wrong = Wrong::new(format!("`{}` stands here twice", owner.id));
            report.error(&item.spot, wrong.hint("to give somebody more leads, raise their `weight`"));
            continue;
        }
        if owner.active {
            active += 1;
        } else {
            let wrong = Wrong::new(format!("`{}` is not active", owner.id));
            report.warning(&item.spot, wrong.hint("an inactive owner never gets a lead"));
        }
        members.push(owner.id.clone());
    }
    if present && active == 0 && members.len() == items.len() {
        let wrong = Wrong::new("nobody in this team is active").hint("its leads wait without an owner");
        report.missing(Severity::Warning, &spot, wrong);
    }
    members
}

/// The owner that is named; a name that leads nowhere is reported.
fn resolve<'o>(section: &Section<'_>, owners: &'o Owners, item: &Item) -> Option<&'o Owner> {
    let found = owners.read.iter().find(|owner| owner.id == *item.text.as_str());
    if found.is_none() && !owners.declared.contains(&item.text) {
        let wrong = dangling("owner", "owners", &item.text, &owners.declared);
        section.report().missing(Severity::Error, &item.spot, wrong);
    }
    found
}

/// Makes sure that exactly one team is the default where there are owners.
fn settle_default(root: &Section<'_>, teams: &mut Vec<Team>, owners: &Owners, declared: usize) {
    if declared == 0 {
        let members: Vec<Name> =
            owners.read.iter().filter(|owner| owner.active).map(|owner| owner.id.clone()).collect();
        if owners.declared.is_empty() {
            return;
        }
        let wrong = Wrong::new("there is no team: all active owners take turns");
        root.missing(Severity::Warning, "teams", wrong.hint("add [teams.NAME] with `members` to choose who does"));
        teams.extend(Name::parse("everyone").map(|name| Team { default: true, ..Team::new(name, members) }));
    } else if let ([only], 1) = (teams.as_mut_slice(), declared) {
        only.default = true;
    } else if !teams.iter().any(|team| team.default) {
        let wrong =
            Wrong::new("no team is the default").hint("set `default = true` on the team for leads that no rule routes");
        let spot = root.find(&["teams"]);
        root.report().missing(Severity::Error, &spot, wrong);
    }
}

/// A name that leads nowhere.
fn dangling(what: &str, section: &str, name: &str, declared: &[String]) -> Wrong {
    let known: Vec<&str> = declared.iter().map(String::as_str).collect();
    let message = format!("there is no {what} {}", quote(name));
    if known.is_empty() {
        return Wrong::new(message).hint(format!("add [{section}.{name}]"));
    }
    Wrong::unknown(message, name, &known)
}
