//! Reads who works leads: `[owners.ID]` and `[teams.NAME]`.
//!
//! In come the sections and the notifiers, out go owners and teams whose names resolve, with
//! exactly one default team where there is anybody at all.

use std::time::Duration;

use jiff::civil::Date;

use super::field::{Field, Item};
use super::kinds::{Notifiers, named};
use super::problem::{Severity, Wrong, quote};
use super::section::Section;
use super::values;
use super::{NotifierKind, Owner, Team};
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
}

/// Reads `[owners.ID]`.
pub(crate) fn owners(root: &mut Section<'_>, notifiers: &Notifiers) -> Owners {
    let mut owners = Owners { read: Vec::new(), declared: Vec::new() };
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
        section.key("hours").later().text();
        let time_zone = section.key("time_zone").parse(values::time_zone);
        let language = section.key("language").one_of(&Language::ALL);
        away(section.key("away").later());
        section.key("max_open").later().integer(1..=1_000_000);
        section.finish();
        if let Some(id) = id {
            let name = name.unwrap_or_else(|| text.to_owned());
            let (weight, active) = (weight.unwrap_or(1), active.unwrap_or(true));
            owners.read.push(Owner { id, name, email, notify, weight, active, language, time_zone });
        }
    }
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

/// Absences: a list of days from and until which somebody is away, both included.
fn away(field: Field<'_>) -> Option<Vec<(Date, Date)>> {
    let mut days = Vec::new();
    for mut section in field.tables()? {
        let from = section.key("from").required().date();
        let until = section.key("until").required();
        let spot = until.place();
        if let (Some(from), Some(until)) = (from, until.date()) {
            if until < from {
                section.report().error(&spot, Wrong::new(format!("ends on {until}, before it begins on {from}")));
            }
            days.push((from, until));
        }
        section.finish();
    }
    Some(days)
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
        if let Some(fallback) = fallback(&mut section) {
            resolve(&section, owners, &fallback);
        }
        section.key("hold").later().duration(Duration::from_secs(1)..=LONGEST_HOLD);
        section.finish();
        if let Some(name) = name {
            teams.push(Team { name, members, default });
        }
    }
    settle_default(root, &mut teams, owners, declared);
    teams
}

/// The owner who gets what nobody else was free for.
fn fallback(section: &mut Section<'_>) -> Option<Item> {
    let field = section.key("fallback").later();
    let spot = field.place();
    Some(Item { text: field.text()?, spot })
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
        teams.extend(Name::parse("everyone").map(|name| Team { name, members, default: true }));
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
