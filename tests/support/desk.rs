//! Stands in for the pipeline where a test is about a channel alone.
//!
//! It keeps every item a channel brings in, and the channel's places in a real store, in the same
//! unit of work, as the pipeline does. Dedupe and everything behind it are left out.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lotse::config;
use lotse::intake::{Door, Prepared, Refused, Work};
use lotse::lead::{Inbound, Name, Outcome, Reading, Receipt};
use lotse::normalize::{Reader, Readers};
use lotse::store::{Records, Store};
use tokio::sync::Notify;

/// Where the items of a channel end up.
pub(crate) struct Desk {
    pub(crate) door: Door,
    store: Store,
    inner: Arc<Inner>,
    _folder: tempfile::TempDir,
}

/// Says which items are refused.
type Refuse = Box<dyn Fn(&Inbound) -> bool + Send>;

#[derive(Default)]
struct Inner {
    items: Mutex<Vec<(Instant, Prepared)>>,
    came: Notify,
    refuse: Mutex<Option<Refuse>>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let settings = config::parse("", None).config.expect("empty settings are settings");
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (door, mut queue) = Door::new(Readers::start(Reader::new(&settings)));
        let inner = Arc::new(Inner::default());
        let (to_store, to_inner) = (store.clone(), Arc::clone(&inner));
        std::thread::spawn(move || {
            while let Some(work) = queue.blocking_recv() {
                let mut together = vec![work];
                while let Ok(work) = queue.try_recv() {
                    together.push(work);
                }
                handle(together, &to_store, &to_inner);
            }
        });
        Self { door, store, inner, _folder: folder }
    }

    /// Items for which `refuse` says so fail, as if handling them panicked.
    pub(crate) fn refuse(&self, refuse: impl Fn(&Inbound) -> bool + Send + 'static) {
        *self.inner.refuse.lock().unwrap() = Some(Box::new(refuse));
    }

    /// What came in so far, in order.
    pub(crate) fn items(&self) -> Vec<Inbound> {
        self.inner.items.lock().unwrap().iter().map(|(_, item)| item.inbound.clone()).collect()
    }

    /// What the items say, in order.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        self.inner.items.lock().unwrap().iter().map(|(_, item)| item.reading.clone()).collect()
    }

    /// The subjects of what came in so far, in order.
    pub(crate) fn subjects(&self) -> Vec<String> {
        self.items().iter().map(subject).collect()
    }

    /// Waits until `count` items came in; says when the last of them did.
    pub(crate) async fn wait_for(&self, count: usize) -> Instant {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let came = self.inner.came.notified();
            if let Some((at, _)) = self.inner.items.lock().unwrap().get(count.wrapping_sub(1)) {
                return *at;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for {count} items, got {}", self.items().len());
            drop(tokio::time::timeout(left.min(Duration::from_millis(200)), came).await);
        }
    }

    /// A channel's stored place.
    pub(crate) fn place(&self, channel: &str, key: &str) -> Option<String> {
        self.store.view(|view| view.place(&Name::parse(channel).unwrap(), key)).unwrap()
    }
}

/// The subject of a mail, or the media type where there is none.
fn subject(inbound: &Inbound) -> String {
    let text = String::from_utf8_lossy(&inbound.original.bytes).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("Subject: ").map(str::to_owned));
    line.unwrap_or_else(|| inbound.original.content_type.clone())
}

/// Does what waits in one unit of work, then tells everybody.
fn handle(together: Vec<Work>, store: &Store, inner: &Inner) {
    let refused = |inbound: &Inbound| inner.refuse.lock().unwrap().as_ref().is_some_and(|refuse| refuse(inbound));
    let tell: Vec<Box<dyn FnOnce()>> = store
        .unit(Timestamp::now(), |unit| {
            let mut tell: Vec<Box<dyn FnOnce()>> = Vec::new();
            for work in together {
                match work {
                    Work::Item(prepared, reply) if refused(&prepared.inbound) => {
                        tell.push(Box::new(move || {
                            drop(reply.send(Err(Refused::Failed("a test said so".to_owned()))));
                        }));
                    }
                    Work::Item(prepared, reply) => {
                        if let Some(place) = &prepared.inbound.place {
                            unit.keep_place(&prepared.inbound.channel, place)?;
                        }
                        let receipt =
                            Receipt { intake: unit.new_id(), outcome: Outcome::Created, lead: None, own: None };
                        tell.push(Box::new(move || {
                            inner.items.lock().unwrap().push((Instant::now(), *prepared));
                            drop(reply.send(Ok(receipt)));
                        }));
                    }
                    Work::Change(change, reply) => {
                        let result = change(unit)?;
                        tell.push(Box::new(move || drop(reply.send(Ok(result)))));
                    }
                }
            }
            Ok(tell)
        })
        .unwrap();
    for tell in tell {
        tell();
    }
    inner.came.notify_waiters();
}
