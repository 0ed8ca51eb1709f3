//! A stored record of every sort: damaged bytes are an error, and what was read is written as it was.
#![no_main]

use std::fmt::Debug;
use std::ops::Bound;

use lotse::lead::{Decision, Intake, Lead, Notice, Original, TimelineEntry, Touch};
use lotse::store::{Delivered, Error, Order, OwnerCounts, Read, Records, Rotation, Table, Visit};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A store in which every key has this value.
struct Everywhere<'a>(&'a [u8]);

impl Read for Everywhere<'_> {
    fn get(&self, _: Table, _: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(Some(self.0.to_vec()))
    }

    fn scan(
        &self,
        _: Table,
        _: (Bound<&[u8]>, Bound<&[u8]>),
        _: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error> {
        visit(self.0, self.0).map(drop)
    }
}

impl Records for Everywhere<'_> {
    fn tables(&self) -> &dyn Read {
        self
    }
}

fn check<T: Debug + PartialEq + Serialize + DeserializeOwned>(bytes: &[u8]) {
    let read = |bytes: &[u8]| Everywhere(bytes).record::<T>(Table::Leads, b"key");
    let Ok(Some(record)) = read(bytes) else { return };
    let mut again = vec![1];
    again.extend(rmp_serde::to_vec_named(&record).expect("what was read can be written"));
    assert_eq!(read(&again).expect("what was written can be read"), Some(record));
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check::<Lead>(bytes);
    check::<Touch>(bytes);
    check::<Intake>(bytes);
    check::<Original>(bytes);
    check::<Delivered>(bytes);
    check::<Decision>(bytes);
    check::<TimelineEntry>(bytes);
    check::<Notice>(bytes);
    check::<Rotation>(bytes);
    check::<OwnerCounts>(bytes);
    check::<u32>(bytes);
});
