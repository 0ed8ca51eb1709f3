//! Reads the settings section by section.
//!
//! In comes the whole file as a [`Section`], out go the settings; every mistake stands in the
//! report, and with one that is an error what comes out must not be used.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::problem::{Severity, Wrong, quote};
use super::section::Section;
use super::{Config, Http, Organisation, RESERVE, Rules, Web, agree, kinds, people, values};
use crate::alarms;

/// Where the public side listens by default.
const HTTP: &str = "127.0.0.1:8080";
/// Where the private side listens by default.
const WEB: &str = "127.0.0.1:8081";

/// Reads the whole file. `None` only where a default is no value, which no file can cause.
pub(crate) fn config(mut root: Section<'_>, file: Option<PathBuf>) -> Option<Config> {
    let (store, reserve) = store(&mut root);
    let http = http(&mut root)?;
    let web = web(&mut root)?;
    let organisation = organisation(&mut root);
    let rules = rules(&mut root, file.is_some());
    let channels = kinds::channels(&mut root, &organisation, &http);
    let notifiers = kinds::notifiers(&mut root);
    let owners = people::owners(&mut root, &notifiers);
    let teams = people::teams(&mut root, &owners);
    let alarms = alarms::settings::read(&mut root, &notifiers);
    let (owners, notifiers) = (owners.read, notifiers.ready);
    let config =
        Config { file, store, reserve, http, web, organisation, rules, channels, owners, teams, notifiers, alarms };
    agree::check(&config, &root);
    root.finish();
    Some(config)
}

fn store(root: &mut Section<'_>) -> (PathBuf, u64) {
    let mut section = root.section("store");
    let field = section.key("path");
    let spot = field.place();
    let path = field.path().unwrap_or_else(|| section.report().surroundings.folder.join("data"));
    if path.exists() && !path.is_dir() {
        let wrong = Wrong::new(format!("{} is no folder", quote(&path.display().to_string())));
        section.report().error(&spot, wrong.hint("the store is a folder of its own"));
    }
    let reserve = section.key("reserve").parse(values::size).unwrap_or(RESERVE);
    section.finish();
    (path, reserve)
}

fn http(root: &mut Section<'_>) -> Option<Http> {
    let mut section = root.section("http");
    let listen = section.key("listen").parse(values::listen).or_else(|| HTTP.parse().ok());
    let public_url = section.key("public_url").parse(values::base_url);
    let trusted_proxies = section.key("trusted_proxies").list(values::network).unwrap_or_default();
    section.finish();
    Some(Http { listen: listen?, public_url, trusted_proxies })
}

fn web(root: &mut Section<'_>) -> Option<Web> {
    let mut section = root.section("web");
    let field = section.key("listen");
    let spot = field.place();
    let listen = field.parse(values::listen).or_else(|| WEB.parse().ok())?;
    if !listen.ip().is_loopback() {
        let wrong = Wrong::new(format!(
            "{listen} is reachable from other machines, and the token crosses the network in the clear"
        ));
        section.report().warning(&spot, wrong.hint("listen on 127.0.0.1 behind a proxy with TLS"));
    }
    let token = section.key("token").secret();
    section.finish();
    Some(Web { listen, token })
}

fn organisation(root: &mut Section<'_>) -> Organisation {
    let mut section = root.section("organisation");
    let mut domains = section.key("domains").list(values::domain).unwrap_or_default();
    domains.sort();
    domains.dedup();
    let country = section.key("country").parse(values::country).unwrap_or_else(|| "DE".to_owned());
    let zone = section.key("time_zone");
    let zone = if zone.is_present() { zone.parse(values::time_zone) } else { default_zone(&section) };
    section.finish();
    Organisation { domains, country, time_zone: zone.unwrap_or(TimeZone::UTC) }
}

/// Berlin's time zone; a system without time zones gets a warning and UTC.
fn default_zone(section: &Section<'_>) -> Option<TimeZone> {
    let zone = values::time_zone("Europe/Berlin");
    zone.map_err(|wrong| section.missing(Severity::Warning, "time_zone", wrong)).ok()
}

/// `beside`: whether there is a file whose folder may hold a folder `rules`.
fn rules(root: &mut Section<'_>, beside: bool) -> Rules {
    let mut section = root.section("rules");
    let field = section.key("path");
    let (present, spot) = (field.is_present(), field.place());
    let mut folder = field.path();
    if let Some(missing) = folder.as_ref().filter(|folder| !folder.is_dir()) {
        let wrong = Wrong::new(format!("there is no folder {}", quote(&missing.display().to_string())));
        section.report().error(&spot, wrong.hint("make it, or leave the key out to use the shipped rules"));
    }
    if beside && !present {
        folder = Some(section.report().surroundings.folder.join("rules")).filter(|folder| folder.is_dir());
    }
    let qualify_at = section.key("qualify_at").integer(-1_000_000..=1_000_000).unwrap_or(30);
    let field = section.key("shadow");
    let spot = field.place();
    let shadow = field.path();
    if let Some(missing) = shadow.as_ref().filter(|folder| !folder.is_dir()) {
        let wrong = Wrong::new(format!("there is no folder {}", quote(&missing.display().to_string())));
        // They decide nothing, so that they are missing must not hold back other settings, nor the rules.
        section.report().warning(&spot, wrong.hint("make it, a copy of the rules to begin with, or leave the key out"));
    }
    section.finish();
    Rules { folder, qualify_at, shadow }
}
