//! The lead on its way: put where the channel finds it, and taken back.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{PACE, Step, Tryout, step};
use crate::channels::imap::{Mailbox, Planted, Uprooted};
use crate::channels::{csv, webhook};
use crate::config::ChannelKind;
use crate::service::Error;

/// Longest time for taking back what was sent.
const TAKING_BACK: Duration = Duration::from_secs(20);
/// The same when the daemon stops meanwhile.
const STOPPING: Duration = Duration::from_secs(4);

/// Something that was sent and has to be taken back.
pub(super) enum Sent {
    /// Nothing lies anywhere.
    Post,
    File {
        folder: PathBuf,
        name: String,
    },
    Mail(Box<Planted>),
}

impl Tryout {
    /// Sends the lead; where it went.
    pub(super) async fn send(&self) -> Result<(String, Sent), Error> {
        let name = &self.channel.name;
        match &self.channel.kind {
            ChannelKind::Webhook(config) => {
                let posted =
                    webhook::post(self.public, name, config, self.sample.form()).await.map_err(Error::Source)?;
                let (url, status) = (posted.url, posted.status);
                if status != 200 {
                    return Err(Error::Source(format!("{url} answered {status}: {}", refusal(status))));
                }
                Ok((format!("POST to {url}, answered {status}"), Sent::Post))
            }
            ChannelKind::Csv(config) => {
                let (folder, file) = (config.folder.clone(), self.sample.file());
                let (into, as_name, text) = (folder.clone(), file.clone(), self.sample.table());
                let put = tokio::task::spawn_blocking(move || csv::put(&into, &as_name, &text)).await;
                let put = put.map_err(|_| Error::Conflict("a fault in lotse; the log has more".into()))?;
                let path = put.map_err(|error| {
                    Error::Source(format!("cannot write a file into the folder {}: {error}", folder.display()))
                })?;
                Ok((format!("file {}", path.display()), Sent::File { folder, name: file }))
            }
            ChannelKind::Imap(config) => {
                let mailbox = Mailbox::new(name.clone(), config.clone());
                let planted = mailbox.plant(&self.service.door, &self.sample.mail(&config.username)).await;
                let planted = planted.map_err(|error| Error::Source(error.in_full()))?;
                let text = format!("mail into `{}` of {} by IMAP", config.folder, config.host);
                Ok((text, Sent::Mail(Box::new(planted))))
            }
        }
    }

    /// Takes back what lies outside: what was done, and what could not be.
    pub(super) async fn take_back(&self, sent: Sent, arrived: bool) -> (Option<Step>, Option<String>) {
        let started = Instant::now();
        let limit = if self.stop.is_cancelled() { STOPPING } else { TAKING_BACK };
        let word = &self.sample.word;
        let taken = async {
            match sent {
                Sent::Post => Ok("nothing of it was stored but its row in the ledger".to_owned()),
                Sent::File { folder, name } => take_file_back(folder, name, arrived).await,
                Sent::Mail(planted) => match planted.uproot(word).await {
                    Ok(Uprooted::Removed) => Ok("the mail was taken out of the mailbox".to_owned()),
                    Ok(Uprooted::Gone) => Ok("the mail was not in the folder any more".to_owned()),
                    Ok(Uprooted::Marked) => {
                        Err("the mail stays in the mailbox, marked as deleted: the server cannot remove single mails (no UIDPLUS)".to_owned())
                    }
                    Err(error) => Err(format!(
                        "the mail stays in the mailbox and can be deleted there; it never becomes a lead ({})",
                        error.in_full()
                    )),
                },
            }
        };
        match tokio::time::timeout(limit, taken).await {
            Ok(Ok(text)) => (Some(step("removed", text, started)), None),
            Ok(Err(left)) => (None, Some(left)),
            Err(_) => (None, Some("what was sent could not be taken back in time; it never becomes a lead".into())),
        }
    }
}

/// Waits until the file was read and moved, and removes it.
async fn take_file_back(folder: PathBuf, name: String, arrived: bool) -> Result<String, String> {
    let (file, until) = (folder.join(&name), Instant::now() + TAKING_BACK / 2);
    while arrived && Instant::now() < until && tokio::fs::try_exists(&file).await.unwrap_or(false) {
        tokio::time::sleep(PACE).await;
    }
    let as_name = name.clone();
    let taken = tokio::task::spawn_blocking(move || csv::take_back(&folder, &as_name)).await;
    match taken {
        Ok(Ok(csv::Left::Done)) => Ok("the file was taken out of done/".to_owned()),
        Ok(Ok(csv::Left::Failed)) => Ok("the file was taken out of failed/".to_owned()),
        Ok(Ok(csv::Left::Waiting)) => Ok("the file was taken out of the folder".to_owned()),
        Ok(Ok(csv::Left::Gone)) => Ok("the file was not there any more".to_owned()),
        Ok(Err(error)) => Err(format!("the file {name} cannot be removed: {error}")),
        Err(_) => Err(format!("the file {name} stays")),
    }
}

/// What to do about an answer that is no 200.
fn refusal(status: u16) -> &'static str {
    match status {
        401 => "the proof was not taken; are `secret` and `signature` what they should be?",
        404 => "there is no such channel at this address; is another program listening there?",
        429 => "there were too many requests from this machine (`rate`); try again in a minute",
        503 => "the store cannot commit now; `lotse status` says why",
        _ => "the daemon's log has more",
    }
}
