//! What was issued, and what of it was acknowledged.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use jiff::Timestamp;

use crate::input::{Input, Way};

/// One input's story so far.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) input: Input,
    pub(crate) issued: Timestamp,
    pub(crate) acknowledged: Option<Timestamp>,
    /// The receipts that the sender got for it, the first delivery's first.
    pub(crate) receipts: Vec<String>,
}

/// The record; shared by all who send.
#[derive(Default)]
pub(crate) struct Record {
    next: AtomicU64,
    entries: Mutex<BTreeMap<u64, Entry>>,
    /// Posts and rows that were issued and not acknowledged. Mails acknowledge nothing: theirs is the ledger.
    waiting: AtomicUsize,
    bytes: AtomicU64,
}

impl Record {
    /// A record whose inputs are others than those of another seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { next: AtomicU64::new(seed % 1000 * 1_000_000), ..Self::default() }
    }

    /// Issues a new input; it counts from now on, whether or not it gets through.
    pub(crate) fn issue(&self, way: Way) -> Input {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let input = Input::new(number, way);
        let entry = Entry { input, issued: Timestamp::now(), acknowledged: None, receipts: Vec::new() };
        self.entries.lock().unwrap().insert(number, entry);
        if way != Way::Mail {
            self.waiting.fetch_add(1, Ordering::Relaxed);
        }
        input
    }

    /// Counts bytes that were sent for the first time.
    pub(crate) fn sent(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The source was told "got it".
    pub(crate) fn acknowledge(&self, input: &Input, receipt: Option<&str>) {
        let mut entries = self.entries.lock().unwrap();
        let entry = entries.get_mut(&input.number).unwrap();
        entry.receipts.extend(receipt.map(str::to_owned));
        if entry.acknowledged.is_none() {
            entry.acknowledged = Some(Timestamp::now());
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Posts and rows in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Inputs issued so far.
    pub(crate) fn issued(&self) -> usize {
        self.entries.lock().unwrap().len()
    }

    /// Inputs issued so far that come in this way.
    pub(crate) fn issued_in(&self, way: Way) -> usize {
        self.entries.lock().unwrap().values().filter(|entry| entry.input.way == way).count()
    }

    /// Whether an input that came in this way was acknowledged.
    pub(crate) fn has_acknowledged(&self, way: Way) -> bool {
        self.entries.lock().unwrap().values().any(|entry| entry.input.way == way && entry.acknowledged.is_some())
    }

    /// Bytes of all inputs so far, each counted once.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Everything, by number.
    pub(crate) fn entries(&self) -> BTreeMap<u64, Entry> {
        self.entries.lock().unwrap().clone()
    }

    /// Some receipts of the last inputs, for a cheap look in between.
    pub(crate) fn some_receipts(&self, most: usize) -> Vec<(u64, String)> {
        let entries = self.entries.lock().unwrap();
        let with =
            entries.values().rev().filter_map(|entry| Some((entry.input.number, entry.receipts.first()?.clone())));
        with.step_by(7).take(most).collect()
    }
}
