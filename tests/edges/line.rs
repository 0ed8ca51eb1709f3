//! A mailbox channel on the real pipeline and store, in this process, so that hundreds of them fit
//! into a test.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lotse::channels::health::Board;
use lotse::channels::imap::Mailbox;
use lotse::channels::{Channel, Error};
use lotse::config::{self, ChannelKind};
use lotse::daemon::{Core, start};
use lotse::lead::{Name, Outcome};
use lotse::service::Service;
use lotse::store::{IntakeFilter, LeadFilter, Records};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::house::TEAM;

/// Settings of a mailbox on a port of this machine, without TLS, so that what is said can be seen.
pub(crate) fn mailbox(port: u16, user: &str, timeout: &str) -> String {
    format!(
        "[channels.sales]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nusername = \"{user}\"\n\
         password = \"secret\"\nstart = \"all\"\npoll = \"1s\"\ntimeout = \"{timeout}\"\n"
    )
}

/// A mailbox channel with the pipeline behind it; started again at once when it fails.
pub(crate) struct Line {
    service: Arc<Service>,
    board: Board,
    stop: CancellationToken,
    task: JoinHandle<Vec<Error>>,
    _folder: TempDir,
}

impl Line {
    pub(crate) fn start(port: u16, user: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lotse.toml");
        std::fs::write(&file, format!("[store]\npath = \"store\"\n{}{TEAM}", mailbox(port, user, "2s"))).unwrap();
        let config = config::load(Some(&file)).config.unwrap();
        let core = Core::open(&config, start(&config).unwrap()).unwrap();
        let (service, board, stop) = (core.service(), Board::default(), CancellationToken::new());
        let channel = config.channels.into_iter().next().unwrap();
        let ChannelKind::Imap(settings) = channel.kind else { panic!("a mailbox was configured") };
        let (door, token) = (service.door.clone(), stop.clone());
        let health = board.channel(&channel.name, "imap");
        let task = tokio::spawn(async move {
            let mailbox = Mailbox::new(channel.name, settings);
            let mut errors = Vec::new();
            while let Err(error) = mailbox.run(&door, &health, &token).await {
                health.trouble(&error.to_string());
                errors.push(error);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            errors
        });
        Self { service, board, stop, task, _folder: folder }
    }

    /// The addresses of all leads.
    pub(crate) fn leads(&self) -> Vec<String> {
        let leads = self.service.store.leads(&LeadFilter::default(), None, 1000).unwrap().items;
        let mut all: Vec<String> = leads.iter().map(|lead| lead.person.emails[0].to_string()).collect();
        all.sort();
        all
    }

    pub(crate) fn is_well(&self) -> bool {
        self.board.states().values().all(|state| state.state == "ok")
    }

    /// Waits until `test` holds; what the channel went through is in the message if it never does.
    pub(crate) async fn until(&self, what: &str, limit: Duration, test: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !test(self) {
            assert!(
                started.elapsed() < limit,
                "{what}: not within {limit:?}; {:?} {:?}",
                self.leads(),
                self.board.states()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops, and proves that each of the mails had one outcome and became one lead; gives the
    /// errors on the way.
    pub(crate) async fn prove(self, what: &str, mails: usize) -> Vec<Error> {
        self.stop.cancel();
        let stopped = tokio::time::timeout(Duration::from_secs(10), self.task).await;
        let errors = stopped.expect("the channel stops").unwrap();
        let rows = self.service.store.intakes(&IntakeFilter::default(), None, 1000).unwrap().items;
        let sources: BTreeSet<&str> = rows.iter().map(|row| row.source.as_str()).collect();
        assert_eq!((rows.len(), sources.len()), (mails, mails), "{what}: one row for each mail: {rows:#?}");
        assert!(rows.iter().all(|row| row.outcome == Outcome::Created), "{what}: {rows:#?}");
        let place = self.service.store.view(|view| view.place(&Name::parse("sales").unwrap(), "INBOX")).unwrap();
        assert!(place.as_ref().is_some_and(|place| place.ends_with(&format!(":{mails}"))), "{what}: {place:?}");
        errors
    }
}

/// The addresses of the first mails.
pub(crate) fn expected(mails: usize) -> Vec<String> {
    (1..=mails).map(|n| format!("m{n}@mail{n}.example")).collect()
}
