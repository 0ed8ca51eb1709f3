//! Waits for the server's word: `IDLE` (RFC 2177).
//!
//! The client library's own version takes the end of the connection for an interruption and waits
//! for ever when the server refuses, so the dialogue is held here.

use std::time::Duration;

use imap_proto::{RequestId, Response};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::command::{Fault, read, until_done};
use super::session::{FAREWELL, Idle, Session, note};

/// The start and the end of `IDLE` may take this part of the usual patience: 7.5 s of 15.
const STEPS: u32 = 2;

/// Why waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// There may be new mail, or it is time to look.
    Look,
    /// We are to stop.
    Stop,
}

/// What the server said.
enum Heard {
    /// It waits with us.
    Begun,
    /// It waits no longer.
    Ended,
    /// Anything else; news were noted.
    Word,
}

/// How listening ended.
enum Listened {
    /// We have heard enough; the server still waits for our word.
    Enough(Woken),
    /// The server ended it.
    Ended,
}

impl Session {
    /// Waits until the server tells of new mail, or for `longest`, or until `stop`.
    pub(super) async fn idle(&mut self, longest: Duration, stop: &CancellationToken) -> Result<Woken, Fault> {
        let (started, patience) = (Instant::now(), self.patience / STEPS);
        let tag =
            timeout(patience, self.connection.run_command("IDLE")).await.map_err(|_| Fault::Silent(patience))??;
        match self.listen(&tag, started + longest, stop).await? {
            Listened::Enough(woken) => {
                self.done(&tag, if woken == Woken::Stop { FAREWELL } else { patience }).await?;
                Ok(woken)
            }
            Listened::Ended => {
                if started.elapsed() < patience {
                    // The server offers it, and refuses it or ends it at once: from now on we ask.
                    self.idle = Idle::Missing;
                }
                Ok(Woken::Look)
            }
        }
    }

    async fn listen(&mut self, tag: &RequestId, until: Instant, stop: &CancellationToken) -> Result<Listened, Fault> {
        let (mut begun, patience) = (false, self.patience / STEPS);
        loop {
            if begun && self.news {
                return Ok(Listened::Enough(Woken::Look));
            }
            let deadline = if begun { until } else { Instant::now() + patience };
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(Listened::Enough(Woken::Stop)),
                heard = self.hear(tag) => match heard? {
                    Heard::Begun => begun = true,
                    Heard::Ended => return Ok(Listened::Ended),
                    Heard::Word => {}
                },
                () = sleep_until(deadline) => {
                    return if begun { Ok(Listened::Enough(Woken::Look)) } else { Err(Fault::Silent(patience)) };
                }
            }
        }
    }

    async fn hear(&mut self, tag: &RequestId) -> Result<Heard, Fault> {
        let (exists, news) = (&mut self.exists, &mut self.news);
        read(&mut self.connection, |response| match response {
            Response::Continue(_) => Heard::Begun,
            Response::Done { tag: closed, .. } if closed == tag => Heard::Ended,
            other => {
                note(exists, news, other);
                Heard::Word
            }
        })
        .await
    }

    async fn done(&mut self, tag: &RequestId, patience: Duration) -> Result<(), Fault> {
        let (exists, news) = (&mut self.exists, &mut self.news);
        let done = async {
            self.connection.run_command_untagged("DONE").await?;
            until_done(&mut self.connection, tag, |response| {
                note(exists, news, response);
                Ok(())
            })
            .await
        };
        timeout(patience, done).await.map_err(|_| Fault::Silent(patience))?
    }
}
