//! Calendars that are files: read when they change.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::{ANEW, Source, busy, note};
use crate::lead::Name;
use crate::service::Service;

/// The files as they were read last.
#[derive(Default)]
pub(super) struct Files(HashMap<Name, Read>);

struct Read {
    at: Instant,
    path: PathBuf,
    changed: Option<SystemTime>,
    zone: jiff::tz::TimeZone,
}

impl Files {
    /// Reads those that changed. One that cannot be read leaves what it said last in force.
    pub(super) async fn read(&mut self, service: &Arc<Service>) {
        let policy = service.policy.get();
        let named = |owner: &Name| {
            let known = policy.staff.owner(owner)?;
            match &known.calendar {
                Some(Source::File(path)) => Some(path.clone()),
                _ => None,
            }
        };
        let gone: Vec<Name> = self.0.keys().filter(|owner| named(owner).is_none()).cloned().collect();
        for owner in gone {
            self.0.remove(&owner);
            if policy.staff.owner(&owner).is_none_or(|known| known.calendar.is_none()) {
                service.calendars.forget(&owner);
                note(service, &owner, Vec::new()).await;
            }
        }
        for owner in policy.staff.owners() {
            let Some(path) = named(&owner.id) else { continue };
            let Some(zone) = policy.staff.calendar(&owner.id).map(|calendar| calendar.zone().clone()) else { continue };
            let changed = tokio::fs::metadata(&path).await.and_then(|data| data.modified()).ok();
            let same = |known: &Read| {
                known.path == path && known.changed == changed && known.zone == zone && known.at.elapsed() < ANEW
            };
            // One that is not there is looked for again each time; the board says it once.
            if changed.is_some() && self.0.get(&owner.id).is_some_and(same) {
                continue;
            }
            let now = (service.clock)();
            let read = match tokio::fs::read(&path).await {
                Ok(bytes) => busy(bytes, zone.clone(), now).await,
                Err(error) => Err(error.to_string()),
            };
            match read {
                Ok(busy) => {
                    service.calendars.read(&owner.id, now);
                    note(service, &owner.id, busy).await;
                }
                Err(error) => service.calendars.trouble(&owner.id, &error, now),
            }
            self.0.insert(owner.id.clone(), Read { at: Instant::now(), path, changed, zone });
        }
    }
}
