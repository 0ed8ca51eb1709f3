//! What happens to files in a watched folder, told with a stand-in for the pipeline: it keeps
//! what comes in, and the channel's places in a real store in the same unit of work.

mod changes;
mod failures;
mod rows;

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{Config, Folder};
use crate::channels::health::{Board, Health};
use crate::channels::{Channel as _, Error};
use crate::intake::{Door, Refused, Work};
use crate::lead::{Delivery, Inbound, Name, Outcome, Reading, Receipt};
use crate::normalize::{Reader, Readers, Spelling, Trust};
use crate::store::{Records as _, Store};

/// A folder, a channel that watches it, and where its items end up.
struct House {
    folder: TempDir,
    channel: Folder,
    door: Door,
    store: Store,
    _store: TempDir,
    board: Board,
    health: Health,
    items: Arc<Mutex<Vec<Inbound>>>,
    refuse: Arc<Mutex<Refuse>>,
}

/// Which items the stand-in refuses.
#[derive(Clone, Copy)]
enum Refuse {
    None,
    /// All after so many.
    After(usize),
    /// One, after so many.
    OneAfter(usize),
}

fn name() -> Name {
    Name::parse("fairs").unwrap()
}

impl House {
    fn new() -> Self {
        let (folder, store_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::open(store_folder.path()).unwrap();
        let settings = crate::config::parse("", None).config.unwrap();
        let (door, mut queue) = Door::new(Readers::start(Reader::new(&settings)));
        let items: Arc<Mutex<Vec<Inbound>>> = Arc::default();
        let refuse = Arc::new(Mutex::new(Refuse::None));
        let (kept, left, places) = (Arc::clone(&items), Arc::clone(&refuse), store.clone());
        std::thread::spawn(move || {
            let mut batch = Vec::new();
            while queue.blocking_recv_many(&mut batch, 1000) > 0 {
                handle(batch.drain(..), &places, &kept, &left);
            }
        });
        let config = Config {
            folder: folder.path().join("in"),
            settle: Duration::from_millis(300),
            spelling: Spelling::default(),
        };
        let board = Board::default();
        let health = board.channel(&name(), "csv");
        let channel = Folder::new(name(), config);
        Self { folder, channel, door, store, _store: store_folder, board, health, items, refuse }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("in").join(name)
    }

    /// Puts a whole file into the folder, as careful programs do: written elsewhere, then renamed.
    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path("")).unwrap();
        let elsewhere = self.folder.path().join("elsewhere");
        fs::write(&elsewhere, bytes).unwrap();
        fs::rename(elsewhere, self.path(name)).unwrap();
    }

    /// Runs the channel until `done` says so, or fails.
    async fn run_until(&self, done: impl Fn(&Self) -> bool) -> Result<(), Error> {
        let stop = CancellationToken::new();
        let watched = async {
            let until = Instant::now() + Duration::from_mins(1);
            while !done(self) {
                assert!(Instant::now() < until, "it did not happen; {} items", self.items.lock().unwrap().len());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            stop.cancel();
        };
        let running = self.channel.run(&self.door, &self.health, &stop);
        tokio::pin!(running);
        tokio::select! {
            result = &mut running => result,
            () = watched => running.await,
        }
    }

    async fn run_until_done(&self, files: &[&str]) {
        let lies = |file: &&str| self.path("done").join(file).is_file();
        self.run_until(|_| files.iter().all(lies)).await.unwrap();
    }

    fn items(&self) -> Vec<Inbound> {
        self.items.lock().unwrap().clone()
    }

    /// The first cells of the rows that came in.
    fn firsts(&self) -> Vec<String> {
        let first = |item: &Inbound| match pairs(item) {
            Some(pairs) => pairs[0].1.clone(),
            None => item.original.content_type.clone(),
        };
        self.items().iter().map(first).collect()
    }

    /// Refuses items from now on, or no more; waits until all that was sent is done.
    async fn refuse(&self, refuse: Refuse) {
        self.door.place(&name(), "flush").await.unwrap();
        *self.refuse.lock().unwrap() = refuse;
    }

    fn place(&self, file: &str) -> Option<String> {
        self.store.view(|view| view.place(&name(), &format!("file:{file}"))).unwrap()
    }
}

fn pairs(item: &Inbound) -> Option<Vec<(String, String)>> {
    item.original
        .content_type
        .starts_with("application/json")
        .then(|| serde_json::from_slice(&item.original.bytes).unwrap())
}

fn handle(batch: impl Iterator<Item = Work>, store: &Store, items: &Mutex<Vec<Inbound>>, refuse: &Mutex<Refuse>) {
    let mut replies: Vec<Box<dyn FnOnce()>> = Vec::new();
    let unit = store.unit(Timestamp::now(), |unit| {
        for work in batch {
            match work {
                Work::Item(prepared, reply) => {
                    if let Some(refused) = refused(&mut refuse.lock().unwrap()) {
                        replies.push(Box::new(move || drop(reply.send(Err(refused)))));
                        continue;
                    }
                    let inbound = prepared.inbound;
                    if let Some(place) = &inbound.place {
                        unit.keep_place(&inbound.channel, place)?;
                    }
                    let receipt = Receipt { intake: unit.new_id(), outcome: Outcome::Created, lead: None, own: None };
                    items.lock().unwrap().push(inbound);
                    replies.push(Box::new(move || drop(reply.send(Ok(receipt)))));
                }
                Work::Change(change, reply) => {
                    let result = change(unit)?;
                    replies.push(Box::new(move || drop(reply.send(Ok(result)))));
                }
            }
        }
        Ok(())
    });
    unit.unwrap();
    for reply in replies {
        reply();
    }
}

fn refused(refuse: &mut Refuse) -> Option<Refused> {
    match refuse {
        Refuse::After(0) => return Some(Refused::Stopping),
        Refuse::OneAfter(0) => {
            *refuse = Refuse::None;
            return Some(Refused::Failed("a panic".into()));
        }
        Refuse::After(left) | Refuse::OneAfter(left) => *left -= 1,
        Refuse::None => {}
    }
    None
}

fn table(rows: std::ops::Range<usize>) -> String {
    rows.fold("Name;E-Mail\n".to_owned(), |text, row| text + &format!("Person {row};p{row}@firma.example\n"))
}

fn people(rows: std::ops::Range<usize>) -> Vec<String> {
    rows.map(|row| format!("Person {row}")).collect()
}
