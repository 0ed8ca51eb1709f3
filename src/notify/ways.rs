//! The notifiers and owners in force: made from the settings, replaced as a whole on reload.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::letter::Language;
use super::{Failure, House, Message, Notifier, Probing, Sending, build};
use crate::config::{self, Config, Owner};
use crate::lead::{Email, Name};

/// How long notices wait for settings that cannot work to be corrected.
const WRONG_SETTINGS: Duration = Duration::from_mins(15);

/// Who can be told, and how.
pub struct Ways {
    notifiers: BTreeMap<Name, Way>,
    owners: BTreeMap<Name, Owner>,
    house: Arc<House>,
    operators: Option<Email>,
}

/// A notifier with the settings it was made from.
struct Way {
    settings: Option<config::Notifier>,
    notifier: Arc<dyn Notifier>,
}

impl Ways {
    /// The ways that these settings describe. A notifier whose settings are those of `before` goes
    /// on as it is, with its connections.
    #[must_use]
    pub fn new(config: &Config, before: Option<&Self>) -> Self {
        let mut notifiers = BTreeMap::new();
        for settings in &config.notifiers {
            let same = before
                .and_then(|before| before.notifiers.get(&settings.name))
                .filter(|way| way.settings.as_ref() == Some(settings));
            let notifier = same.map_or_else(|| made(settings), |way| Arc::clone(&way.notifier));
            notifiers.insert(settings.name.clone(), Way { settings: Some(settings.clone()), notifier });
        }
        let house = House {
            instance: config.http.public_url.clone().unwrap_or_else(|| "lotse".to_owned()),
            language: Language::of_country(&config.organisation.country),
            time_zone: config.organisation.time_zone.clone(),
        };
        Self {
            notifiers,
            owners: by_id(&config.owners),
            house: Arc::new(house),
            operators: config.alarms.email.clone(),
        }
    }

    /// Ways with ready-made notifiers.
    #[must_use]
    pub fn with(notifiers: BTreeMap<Name, Arc<dyn Notifier>>, owners: &[Owner], house: Arc<House>) -> Self {
        let ready = |(name, notifier)| (name, Way { settings: None, notifier });
        Self { notifiers: notifiers.into_iter().map(ready).collect(), owners: by_id(owners), house, operators: None }
    }

    /// A notifier by its name.
    #[must_use]
    pub fn notifier(&self, name: &Name) -> Option<&Arc<dyn Notifier>> {
        self.notifiers.get(name).map(|way| &way.notifier)
    }

    /// All notifiers.
    pub fn notifiers(&self) -> impl Iterator<Item = (&Name, &Arc<dyn Notifier>)> {
        self.notifiers.iter().map(|(name, way)| (name, &way.notifier))
    }

    /// An owner by their id.
    #[must_use]
    pub fn owner(&self, id: &Name) -> Option<&Owner> {
        self.owners.get(id)
    }

    /// Where mail about alarms goes.
    #[must_use]
    pub fn operators(&self) -> Option<&Email> {
        self.operators.as_ref()
    }

    /// Who writes.
    #[must_use]
    pub fn house(&self) -> &Arc<House> {
        &self.house
    }
}

fn by_id(owners: &[Owner]) -> BTreeMap<Name, Owner> {
    owners.iter().map(|owner| (owner.id.clone(), owner.clone())).collect()
}

/// The notifier, or one that says what is wrong with its settings: notices wait until they are right.
fn made(settings: &config::Notifier) -> Arc<dyn Notifier> {
    build(settings).unwrap_or_else(|error| {
        tracing::error!(notifier = %settings.name, %error, "a notifier cannot work with its settings");
        Arc::new(Unusable(error.to_string()))
    })
}

/// A notifier whose settings cannot work.
struct Unusable(String);

impl Notifier for Unusable {
    fn send<'a>(&'a self, _: &'a Message) -> Sending<'a> {
        Box::pin(async { Err(Failure::pause(WRONG_SETTINGS, self.0.clone())) })
    }

    fn probe(&self) -> Probing<'_> {
        Box::pin(async { Err(Failure::pause(WRONG_SETTINGS, self.0.clone())) })
    }
}
