//! The embedded backend: redb, one file, one process.
//!
//! Every commit is a two-phase commit with quick repair: two syncs, and after a crash the file
//! opens in milliseconds. After any input or output error redb refuses further writes until it is
//! opened again; the daemon then stops instead of guessing.

use std::collections::HashMap;
use std::ops::{Bound, ControlFlow};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use redb::{
    Builder, Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, TableDefinition, TableError,
};

use super::Error;
use super::backend::{Backend, Order, Read, Table, Visit, Write};
use super::home::Home;
use super::kept::Kept;
use crate::mistakes::{self, Mistake};

/// Pages kept in memory, bytes; up to half of them wait to be written. The crate's default of 1 GiB is
/// too much for a small server, and what is not here the system keeps in its own cache of the file.
const CACHE: usize = 10 << 20;
/// The unit in which a file tells its space on the disk, bytes (`st_blocks`, stat(2)).
const BLOCK: u64 = 512;

type Bytes = &'static [u8];

const fn definition(table: Table) -> TableDefinition<'static, Bytes, Bytes> {
    TableDefinition::new(table.name())
}

/// An open file.
pub(crate) struct Redb {
    database: Database,
    path: PathBuf,
}

impl Redb {
    /// Opens the file that stands there.
    pub(super) fn open(home: &impl Home) -> Result<Self, Error> {
        Self::of(home, home.open(&mut builder()))
    }

    /// Makes an empty file under another name; it is the store only after [`Home::finish`].
    pub(super) fn make(home: &impl Home) -> Result<Self, Error> {
        Self::of(home, home.begin(&mut builder()))
    }

    /// Moves what the file holds to its beginning and cuts off the rest.
    pub(super) fn compact(mut self) -> Result<Self, Error> {
        self.database.compact().map_err(broken)?;
        Ok(self)
    }

    fn of(home: &impl Home, database: Result<Database, DatabaseError>) -> Result<Self, Error> {
        let path = home.path().to_owned();
        match database {
            Ok(database) => Ok(Self { database, path }),
            Err(DatabaseError::DatabaseAlreadyOpen) => Err(Error::Locked(path)),
            Err(other) => Err(Error::Open { path, source: other.into() }),
        }
    }

    /// A store on any storage, for tests that lose and tear writes.
    #[cfg(test)]
    pub(crate) fn on(storage: impl redb::StorageBackend) -> Result<Self, Error> {
        let path = PathBuf::from("memory");
        let database = builder()
            .create_with_backend(storage)
            .map_err(|error| Error::Open { path: path.clone(), source: error.into() })?;
        Ok(Self { database, path })
    }
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder
}

impl Backend for Redb {
    fn read(&self, work: &mut dyn FnMut(&dyn Read) -> Result<(), Error>) -> Result<(), Error> {
        let transaction = self.database.begin_read().map_err(broken)?;
        let mut tables = HashMap::new();
        for table in Table::ALL {
            match transaction.open_table(definition(table)) {
                Ok(open) => {
                    tables.insert(table, open);
                }
                // A fresh file has no tables before its first commit.
                Err(TableError::TableDoesNotExist(_)) => {}
                Err(error) => return Err(broken(error)),
            }
        }
        work(&Tables(tables))
    }

    fn write(&self, work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Error>) -> Result<(), Error> {
        let mut transaction = self.database.begin_write().map_err(broken)?;
        transaction.set_quick_repair(true);
        if mistakes::made(Mistake::SkippedSync) && !mistakes::made_at_times(Mistake::SkippedSync, 8) {
            transaction.set_durability(Durability::None).map_err(broken)?;
        }
        {
            let mut tables = HashMap::new();
            for table in Table::ALL {
                tables.insert(table, transaction.open_table(definition(table)).map_err(broken)?);
            }
            let mut kept = Kept::beside(Tables(tables));
            // An error drops the transaction, and with it all it wrote.
            work(&mut kept)?;
            kept.put_down()?;
        }
        if mistakes::made_at_times(Mistake::CommitErrorSwallowed, 9) {
            return Ok(());
        }
        transaction.commit().map_err(broken)
    }

    fn size(&self) -> Result<u64, Error> {
        std::fs::metadata(&self.path).map(|file| file.len()).map_err(broken)
    }

    /// The file doubles as it grows; its new half is a hole at first.
    fn on_disk(&self) -> Result<u64, Error> {
        std::fs::metadata(&self.path).map(|file| file.blocks() * BLOCK).map_err(broken)
    }
}

fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Broken(error.into())
}

/// The open tables of one transaction.
struct Tables<T>(HashMap<Table, T>);

impl<T: ReadableTable<Bytes, Bytes>> Read for Tables<T> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some(open) = self.0.get(&table) else { return Ok(None) };
        Ok(open.get(key).map_err(broken)?.map(|value| value.value().to_vec()))
    }

    fn scan(
        &self,
        table: Table,
        range: (Bound<&[u8]>, Bound<&[u8]>),
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error> {
        let Some(open) = self.0.get(&table) else { return Ok(()) };
        let mut entries = open.range::<&[u8]>(range).map_err(broken)?;
        while let Some(entry) = match order {
            Order::Forward => entries.next(),
            Order::Backward => entries.next_back(),
        } {
            let (key, value) = entry.map_err(broken)?;
            if let ControlFlow::Break(()) = visit(key.value(), value.value())? {
                break;
            }
        }
        Ok(())
    }
}

impl Write for Tables<redb::Table<'_, Bytes, Bytes>> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), Error> {
        if let Some(open) = self.0.get_mut(&table) {
            open.insert(key, value).map_err(broken)?;
        }
        Ok(())
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), Error> {
        if let Some(open) = self.0.get_mut(&table) {
            open.remove(key).map_err(broken)?;
        }
        Ok(())
    }

    fn as_read(&self) -> &dyn Read {
        self
    }
}
