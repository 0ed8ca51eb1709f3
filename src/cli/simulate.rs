//! `lotse owners simulate`: who would get what under the present settings.

use std::process::ExitCode;

use jiff::civil::Date;

use super::client::Client;
use super::print::{Format, line, say};
use super::{Failed, Outcome};
use crate::assign::simulate::{Simulation, Wish, simulate};
use crate::assign::{Absence, Staff};
use crate::config::{Config, nearest};
use crate::lead::Name;
use crate::store::{Absences, Away, Store};

/// Characters of the longest bar.
const WIDTH: usize = 40;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How many leads come.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    leads: u32,
    /// The first day, such as 2026-12-14; default today.
    #[arg(long, value_name = "DATE", value_parser = super::backfill::day)]
    from: Option<Date>,
    /// Within how many days they come.
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u16).range(1..=3660))]
    days: u16,
    /// For how many days a lead stays open (for `max_open`).
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=3660))]
    open_days: u16,
    /// The team; default the team of leads that no rule routes.
    #[arg(long)]
    team: Option<String>,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(wish: &Arguments, config: &Config) -> Outcome {
    let staff = Staff::new(config);
    let team = match &wish.team {
        None => staff.default_team().ok_or_else(|| anyhow::anyhow!("the settings name no team"))?,
        Some(name) => {
            let known: Vec<&str> = staff.teams().iter().map(|team| team.name.as_str()).collect();
            let team = staff.teams().iter().find(|team| team.name == *name.as_str());
            team.ok_or_else(|| {
                let hint = nearest(name, &known).map_or_else(
                    || format!("there are: {}", known.join(", ")),
                    |meant| format!("did you mean `{meant}`?"),
                );
                anyhow::anyhow!("there is no team `{name}`; {hint}")
            })?
        }
    };
    let zone = &config.organisation.time_zone;
    let today = jiff::Timestamp::now().to_zoned_datetime(zone.clone()).date();
    let plan = Wish {
        leads: usize::try_from(wish.leads).unwrap_or(usize::MAX),
        from: wish.from.unwrap_or(today),
        days: wish.days,
        open_days: wish.open_days,
    };
    let done = simulate(&plan, team, &staff, zone, absences(config)?)?;
    if wish.format.json {
        line(&serde_json::to_value(&done)?)?;
    } else {
        print(&plan, &done)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What was noted about when owners are away, where there is a store.
fn absences(config: &Config) -> Result<Absences, Failed> {
    let mut absences = Absences { mark: 1, ..Absences::default() };
    if !Store::is_in(&config.store) {
        return Ok(absences);
    }
    let client = Client::open(config)?;
    client.list("/owners", usize::MAX, |owner| {
        let said: Vec<Absence> = serde_json::from_value(owner["away"].clone()).unwrap_or_default();
        let left = owner["reason"].as_str().is_some_and(|reason| reason.starts_with("has left"));
        if let (Some(Ok(id)), true) = (owner["id"].as_str().map(Name::parse), left || !said.is_empty()) {
            absences.of.insert(id, Away { left, said, calendar: Vec::new() });
        }
        Ok(())
    })?;
    client.close()?;
    Ok(absences)
}

fn print(plan: &Wish, done: &Simulation) -> anyhow::Result<()> {
    say(&format!(
        "{} leads for the team `{}` from {} on, within {} days",
        done.leads, done.team, plan.from, plan.days
    ))?;
    say("")?;
    let wide = done.owners.iter().map(|part| part.owner.len()).max().unwrap_or(5).max(5);
    say(&format!("{:<wide$}  {:>6}  {:>6}  {:>8}", "owner", "leads", "share", "expected"))?;
    let most = done.owners.iter().map(|part| part.leads).max().unwrap_or(1);
    for part in &done.owners {
        let (share, expected) = (part.share * 100.0, part.expected * 100.0);
        let bar = bar(part.leads, most, WIDTH);
        say(&format!("{:<wide$}  {:>6}  {share:>5.1}%  {expected:>7.1}%  {bar}", part.owner, part.leads))?;
    }
    say("expected: by weight alone, as if everybody were always free")?;
    say("")?;
    let most = done.by_day.iter().map(|day| day.came).max().unwrap_or(1);
    let step = done.by_day.len().div_ceil(62);
    say("leads a day (█ given at once, ░ waited for an owner)")?;
    for days in done.by_day.chunks(step) {
        let came = days.iter().map(|day| day.came).max().unwrap_or(0);
        let waited = days.iter().map(|day| day.waited).max().unwrap_or(0).min(came);
        let all = bar(came, most, WIDTH).chars().count();
        let light = if came == 0 { 0 } else { (all * waited).div_ceil(came).min(all) };
        let (full, light) = ("█".repeat(all - light), "░".repeat(light));
        let day = days[0].day;
        let name = day.strftime("%a").to_string();
        say(&format!("{day} {name}  {came:>4}  {full}{light}"))?;
    }
    say("")?;
    if done.held == 0 {
        say("nobody had to wait for an owner")?;
        return Ok(());
    }
    say(&format!(
        "{} waited for an owner: half of them up to {}, the longest {}; {} of them went to somebody who took no turn (the fallback)",
        done.held,
        minutes(done.median_wait),
        minutes(done.longest_wait),
        done.fallback
    ))?;
    if done.waiting > 0 {
        say(&format!(
            "{} still had no owner two weeks later: the team needs a `fallback`, or more hours",
            done.waiting
        ))?;
    }
    Ok(())
}

fn bar(value: usize, most: usize, width: usize) -> String {
    "█".repeat((value * width).div_ceil(most.max(1)))
}

fn minutes(minutes: i64) -> String {
    if minutes < 120 { format!("{minutes} min") } else { format!("{} h {} min", minutes / 60, minutes % 60) }
}
