//! The channels in people's hands: compare a mailbox with the ledger.

use super::{Error, Service};
use crate::channels::imap::{Comparison, House, Mailbox, Wish};
use crate::config::ChannelKind;

impl Service {
    /// Compares the mails of a mailbox behind the UID `after` with the ledger; `Comparison::next`
    /// says where to go on.
    pub async fn reconcile(&self, channel: &str, after: u32, wish: Wish) -> Result<Comparison, Error> {
        let found = self.channels().into_iter().find(|known| known.name == *channel);
        let found = found.ok_or_else(|| Error::NotFound(format!("channel `{channel}` in the settings")))?;
        let ChannelKind::Imap(config) = found.kind else {
            return Err(Error::Invalid(format!(
                "`{channel}` is no mailbox; what came in through it stands in `lotse intake list`"
            )));
        };
        let health = self.board.known(&found.name);
        let house = House { store: &self.store, door: &self.door, readers: &self.readers, health: &health };
        let compared = Mailbox::new(found.name, config).reconcile(&house, after, wish).await;
        compared.map_err(|error| Error::Source(format!("{:#}", anyhow::Error::from(error))))
    }
}
