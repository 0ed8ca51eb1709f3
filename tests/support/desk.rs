//! Stands in for the pipeline where a test is about a channel alone.
//!
//! It keeps every item a channel brings in, and the channel's places in a real store, in the same
//! unit of work, as the pipeline does. Reading, dedupe and everything behind are left out.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lotse::intake::{Door, Refused, Work};
use lotse::lead::{Inbound, Name, Outcome, Receipt};
use lotse::normalize::Readers;
use lotse::store::{Records, Store};
use tokio::sync::Notify;

/// Where the items of a channel end up.
pub struct Desk {
    pub door: Door,
    store: Store,
    inner: Arc<Inner>,
    _folder: tempfile::TempDir,
}

#[derive(Default)]
struct Inner {
    items: Mutex<Vec<(Instant, Inbound)>>,
    came: Notify,
    refuse: Mutex<Option<Box<dyn Fn(&Inbound) -> bool + Send>>>,
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (door, mut queue) = Door::new(Arc::new(Readers));
        let inner = Arc::new(Inner::default());
        let (to_store, to_inner) = (store.clone(), Arc::clone(&inner));
        std::thread::spawn(move || {
            while let Some(work) = queue.blocking_recv() {
                handle(work, &to_store, &to_inner);
            }
        });
        Self { door, store, inner, _folder: folder }
    }

    /// Items for which `refuse` says so fail, as if handling them panicked.
    pub fn refuse(&self, refuse: impl Fn(&Inbound) -> bool + Send + 'static) {
        *self.inner.refuse.lock().unwrap() = Some(Box::new(refuse));
    }

    /// What came in so far, in order.
    pub fn items(&self) -> Vec<Inbound> {
        self.inner.items.lock().unwrap().iter().map(|(_, inbound)| inbound.clone()).collect()
    }

    /// The subjects of what came in so far, in order.
    pub fn subjects(&self) -> Vec<String> {
        self.items().iter().map(subject).collect()
    }

    /// Waits until `count` items came in; says when the last of them did.
    pub async fn wait_for(&self, count: usize) -> Instant {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let came = self.inner.came.notified();
            if let Some((at, _)) = self.inner.items.lock().unwrap().get(count.wrapping_sub(1)) {
                return *at;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for {count} items, got {:?}", self.subjects());
            let _ = tokio::time::timeout(left.min(Duration::from_millis(200)), came).await;
        }
    }

    /// A channel's stored place.
    pub fn place(&self, channel: &str, key: &str) -> Option<String> {
        self.store.view(|view| view.place(&Name::parse(channel).unwrap(), key)).unwrap()
    }
}

/// The subject of a mail, or the media type where there is none.
fn subject(inbound: &Inbound) -> String {
    let text = String::from_utf8_lossy(&inbound.original.bytes).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("Subject: ").map(str::to_owned));
    line.unwrap_or_else(|| inbound.original.content_type.clone())
}

fn handle(work: Work, store: &Store, inner: &Inner) {
    match work {
        Work::Item(prepared, reply) => {
            let inbound = prepared.inbound;
            if inner.refuse.lock().unwrap().as_ref().is_some_and(|refuse| refuse(&inbound)) {
                let _ = reply.send(Err(Refused::Failed("a test said so".to_owned())));
                return;
            }
            let stored = store.unit(Timestamp::now(), |unit| {
                if let Some(place) = &inbound.place {
                    unit.keep_place(&inbound.channel, place)?;
                }
                Ok(Receipt { intake: unit.new_id(), outcome: Outcome::Created, lead: None })
            });
            inner.items.lock().unwrap().push((Instant::now(), inbound));
            inner.came.notify_waiters();
            let _ = reply.send(Ok(stored.unwrap()));
        }
        Work::Change(change, reply) => {
            let _ = reply.send(Ok(store.unit(Timestamp::now(), |unit| change(unit)).unwrap()));
        }
    }
}
