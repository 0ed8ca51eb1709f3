//! The notifiers and owners in force: made from the settings, replaced as a whole on reload.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::letter::Language;
use super::{House, Invalid, Notifier, build};
use crate::config::{Config, Owner};
use crate::lead::Name;

/// Who can be told, and how.
pub struct Ways {
    pub(super) notifiers: BTreeMap<Name, Arc<dyn Notifier>>,
    pub(super) owners: BTreeMap<Name, Owner>,
    pub(super) house: Arc<House>,
}

impl Ways {
    /// The ways that these settings describe. The error names the first notifier that cannot work.
    pub fn new(config: &Config) -> Result<Self, Invalid> {
        let mut notifiers = BTreeMap::new();
        for settings in &config.notifiers {
            notifiers.insert(settings.name.clone(), build(settings)?);
        }
        let house = House {
            instance: config.http.public_url.clone().unwrap_or_else(|| "lotse".to_owned()),
            language: Language::of_country(&config.organisation.country),
            time_zone: config.organisation.time_zone.clone(),
        };
        Ok(Self::with(notifiers, &config.owners, house))
    }

    /// Ways with ready-made notifiers.
    #[must_use]
    pub fn with(notifiers: BTreeMap<Name, Arc<dyn Notifier>>, owners: &[Owner], house: House) -> Self {
        let owners = owners.iter().map(|owner| (owner.id.clone(), owner.clone())).collect();
        Self { notifiers, owners, house: Arc::new(house) }
    }

    /// One notifier, for `check --connect`.
    #[must_use]
    pub fn notifier(&self, name: &Name) -> Option<&Arc<dyn Notifier>> {
        self.notifiers.get(name)
    }
}
