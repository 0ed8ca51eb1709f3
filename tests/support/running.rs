//! Stands in for the supervisor where a test is about a mailbox alone.

use std::time::{Duration, Instant};

use lotse::channels::health::{Board, ChannelState};
use lotse::channels::imap::{Config, Mailbox};
use lotse::channels::{Channel, Error};
use lotse::lead::Name;
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;

/// A mailbox that runs in the background, restarted at once when it ends with an error.
pub(crate) struct Running {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Vec<Error>>,
    board: Board,
}

impl Running {
    pub(crate) fn start(config: Config, desk: &Desk) -> Self {
        let (stop, board, door) = (CancellationToken::new(), Board::default(), desk.door.clone());
        let name = Name::parse("sales").unwrap();
        let (health, token) = (board.channel(&name, "imap"), stop.clone());
        let task = tokio::spawn(async move {
            let mailbox = Mailbox::new(name, config);
            let mut errors = Vec::new();
            while let Err(error) = mailbox.run(&door, &health, &token).await {
                health.trouble(&error.to_string());
                errors.push(error);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            errors
        });
        Self { stop, task, board }
    }

    /// Waits until the mailbox is well and has brought in all it found.
    pub(crate) async fn looked(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        let done =
            |state: &ChannelState| state.state == "ok" && state.last_ok.is_some() && state.last_ok >= state.last_item;
        while !done(&self.state()) {
            assert!(Instant::now() < until, "the mailbox is not well: {:?}", self.state());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn state(&self) -> ChannelState {
        self.board.states().into_values().next().unwrap()
    }

    /// Stops it; says how often it failed and how long stopping took.
    pub(crate) async fn stop(self) -> (Vec<Error>, Duration) {
        let start = Instant::now();
        self.stop.cancel();
        let errors = tokio::time::timeout(Duration::from_secs(5), self.task).await.expect("it stops").unwrap();
        (errors, start.elapsed())
    }
}
