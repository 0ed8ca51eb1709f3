//! Counts, turns and places are written anew with every item of a unit of work. They are kept beside the tables
//! meanwhile, and put down once, before the commit.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow, RangeBounds};

use super::Error;
use super::backend::{Order, Read, Table, Visit, Write};

/// Tables to which [`Kept::put_down`] adds what was kept.
pub(super) struct Kept<T> {
    tables: T,
    kept: RefCell<BTreeMap<(Table, Vec<u8>), Value>>,
}

/// What a key has now.
struct Value {
    bytes: Option<Vec<u8>>,
    /// Not only read.
    written: bool,
}

/// Whether a table has few keys, of which each is written again and again.
fn is_kept(table: Table) -> bool {
    matches!(table, Table::Meta | Table::Places | Table::NoticeCounts | Table::Rotations | Table::OwnerCounts)
}

impl<T: Write> Kept<T> {
    /// Keeps nothing yet.
    pub(super) fn beside(tables: T) -> Self {
        Self { tables, kept: RefCell::default() }
    }

    /// Writes what was kept into the tables.
    pub(super) fn put_down(mut self) -> Result<(), Error> {
        for ((table, key), Value { bytes, written }) in self.kept.into_inner() {
            match bytes {
                _ if !written => {}
                Some(bytes) => self.tables.put(table, &key, &bytes)?,
                None => self.tables.remove(table, &key)?,
            }
        }
        Ok(())
    }

    fn keep(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) {
        let value = Value { bytes: value.map(<[u8]>::to_vec), written: true };
        self.kept.get_mut().insert((table, key.to_vec()), value);
    }
}

impl<T: Write> Read for Kept<T> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if !is_kept(table) {
            return self.tables.get(table, key);
        }
        let place = (table, key.to_vec());
        if let Some(value) = self.kept.borrow().get(&place) {
            return Ok(value.bytes.clone());
        }
        let bytes = self.tables.get(table, key)?;
        self.kept.borrow_mut().insert(place, Value { bytes: bytes.clone(), written: false });
        Ok(bytes)
    }

    fn scan(
        &self,
        table: Table,
        range: (Bound<&[u8]>, Bound<&[u8]>),
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error> {
        if !is_kept(table) {
            return self.tables.scan(table, range, order, visit);
        }
        let mut entries = BTreeMap::new();
        self.tables.scan(table, range, Order::Forward, &mut |key, value| {
            entries.insert(key.to_vec(), value.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
        for ((of, key), value) in &*self.kept.borrow() {
            if *of == table && RangeBounds::<[u8]>::contains(&range, key.as_slice()) {
                match &value.bytes {
                    Some(bytes) => entries.insert(key.clone(), bytes.clone()),
                    None => entries.remove(key),
                };
            }
        }
        let mut entries = entries.iter();
        while let Some((key, value)) = match order {
            Order::Forward => entries.next(),
            Order::Backward => entries.next_back(),
        } {
            if visit(key, value)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl<T: Write> Write for Kept<T> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), Error> {
        if is_kept(table) {
            self.keep(table, key, Some(value));
            return Ok(());
        }
        self.tables.put(table, key, value)
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), Error> {
        if is_kept(table) {
            self.keep(table, key, None);
            return Ok(());
        }
        self.tables.remove(table, key)
    }

    fn as_read(&self) -> &dyn Read {
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tables as maps.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Maps(BTreeMap<(Table, Vec<u8>), Vec<u8>>);

    impl Read for Maps {
        fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
            Ok(self.0.get(&(table, key.to_vec())).cloned())
        }

        fn scan(
            &self,
            table: Table,
            range: (Bound<&[u8]>, Bound<&[u8]>),
            order: Order,
            visit: &mut Visit<'_>,
        ) -> Result<(), Error> {
            let within =
                |(of, key): &(Table, Vec<u8>)| *of == table && RangeBounds::<[u8]>::contains(&range, key.as_slice());
            let mut entries: Vec<_> = self.0.iter().filter(|(key, _)| within(key)).collect();
            if order == Order::Backward {
                entries.reverse();
            }
            for ((_, key), value) in entries {
                if visit(key, value)?.is_break() {
                    break;
                }
            }
            Ok(())
        }
    }

    impl Write for &mut Maps {
        fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), Error> {
            self.0.insert((table, key.to_vec()), value.to_vec());
            Ok(())
        }

        fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), Error> {
            self.0.remove(&(table, key.to_vec()));
            Ok(())
        }

        fn as_read(&self) -> &dyn Read {
            *self
        }
    }

    impl Read for &mut Maps {
        fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
            (**self).get(table, key)
        }

        fn scan(
            &self,
            table: Table,
            range: (Bound<&[u8]>, Bound<&[u8]>),
            order: Order,
            visit: &mut Visit<'_>,
        ) -> Result<(), Error> {
            (**self).scan(table, range, order, visit)
        }
    }

    /// The first entries of a range.
    fn first(tables: &dyn Read, table: Table, from: u8, order: Order, most: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let (mut found, from) = (Vec::new(), [from]);
        let range = (Bound::Excluded(from.as_slice()), Bound::Unbounded);
        tables
            .scan(table, range, order, &mut |key, value| {
                found.push((key.to_vec(), value.to_vec()));
                Ok(if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })
            .unwrap();
        found
    }

    proptest! {
        #[test]
        fn nobody_sees_what_is_kept_and_what_stands_in_the_tables(
            before in prop::collection::btree_map((table(), prop::collection::vec(0..4_u8, 1..2)), prop::collection::vec(any::<u8>(), 0..2), 0..8),
            steps in prop::collection::vec((table(), 0..4_u8, 0..5_u8, any::<u8>()), 0..40),
        ) {
            let (mut plain, mut under) = (Maps(before.clone()), Maps(before));
            let mut kept = Kept::beside(&mut under);
            for (table, key, what, value) in steps {
                match what {
                    0 => (&mut plain).put(table, &[key], &[value]).and(kept.put(table, &[key], &[value])).unwrap(),
                    1 => (&mut plain).remove(table, &[key]).and(kept.remove(table, &[key])).unwrap(),
                    2 => prop_assert_eq!(plain.get(table, &[key]).unwrap(), kept.get(table, &[key]).unwrap()),
                    _ => {
                        let order = if what == 3 { Order::Forward } else { Order::Backward };
                        let most = usize::from(value % 4);
                        prop_assert_eq!(first(&plain, table, key, order, most), first(&kept, table, key, order, most));
                    }
                }
            }
            kept.put_down().unwrap();
            prop_assert_eq!(plain, under);
        }
    }

    fn table() -> impl Strategy<Value = Table> {
        prop::sample::select(vec![Table::Meta, Table::Places, Table::OwnerCounts, Table::Leads])
    }
}
