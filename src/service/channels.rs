//! The channels in people's hands: compare a mailbox with the ledger, bring in older mail.

use super::{Error, Service};
use crate::channels::imap::{Backfill, Comparison, Config, House, Mailbox, Older, Wish};
use crate::config::ChannelKind;
use crate::lead::Name;

impl Service {
    /// Compares the mails of a mailbox behind the UID `after` of a folder (`None`: its first) with
    /// the ledger; `Comparison::next` and `Comparison::next_folder` say where to go on.
    pub async fn reconcile(
        &self,
        channel: &str,
        folder: Option<&str>,
        after: u32,
        wish: Wish,
    ) -> Result<Comparison, Error> {
        let (name, config) = self.mailbox_in_force(channel)?;
        known_folder(&config, channel, folder)?;
        let health = self.board.known(&name);
        let house = House { store: &self.store, door: &self.door, readers: &self.readers, health: &health };
        let compared = Mailbox::new(name, config).reconcile(&house, folder, after, wish).await;
        compared.map_err(|error| Error::Source(format!("{:#}", anyhow::Error::from(error))))
    }

    /// Brings in older mail of a mailbox that has no outcome, for some seconds; `Backfill::next` and
    /// `Backfill::next_folder` say where to go on.
    pub async fn backfill(&self, channel: &str, older: &Older) -> Result<Backfill, Error> {
        let (name, config) = self.mailbox_in_force(channel)?;
        known_folder(&config, channel, older.folder.as_deref())?;
        let health = self.board.known(&name);
        let house = House { store: &self.store, door: &self.door, readers: &self.readers, health: &health };
        let filled = Mailbox::new(name, config).backfill(&house, older).await;
        filled.map_err(|error| Error::Source(format!("{:#}", anyhow::Error::from(error))))
    }

    /// The mailbox of this name in the settings that are in force.
    fn mailbox_in_force(&self, channel: &str) -> Result<(Name, Config), Error> {
        let found = self.channels().into_iter().find(|known| known.name == *channel);
        let found = found.ok_or_else(|| Error::NotFound(format!("channel `{channel}` in the settings")))?;
        let ChannelKind::Imap(config) = found.kind else {
            return Err(Error::Invalid(format!(
                "`{channel}` is no mailbox; what came in through it stands in `lotse intake list`"
            )));
        };
        Ok((found.name, config))
    }
}

fn known_folder(config: &Config, channel: &str, folder: Option<&str>) -> Result<(), Error> {
    if folder.is_none_or(|folder| config.folders().any(|known| known == folder)) {
        return Ok(());
    }
    let known: Vec<String> = config.folders().map(|folder| format!("`{folder}`")).collect();
    let folder = folder.unwrap_or_default();
    Err(Error::Invalid(format!("`{channel}` does not read a folder `{folder}`; it reads {}", known.join(", "))))
}
