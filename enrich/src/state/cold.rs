//! Users longest untouched, in a file without a name: it is a cache of the changelog, and ends with the process.

use anyhow::{Context as _, Result};
use redb::backends::FileBackend;
use redb::{Database, Durability, ReadableDatabase as _, TableDefinition};

use super::Packed;

const USERS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("users");
/// Pages that redb keeps in memory; the system caches the file besides.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

pub(super) struct Cold(Database);

impl Cold {
    pub(super) fn create() -> Result<Self> {
        let file = tempfile::tempfile().context("a file for the state of users")?;
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES);
        Ok(Self(builder.create_with_backend(FileBackend::new(file)?).context("a database for the state of users")?))
    }

    pub(super) fn put(&self, users: &Packed) -> Result<()> {
        let mut transaction = self.0.begin_write()?;
        // Nothing of it outlives the process: no need to wait for the disk.
        transaction.set_durability(Durability::None)?;
        {
            let mut table = transaction.open_table(USERS)?;
            for (hash, bytes) in users {
                table.insert(hash, bytes.as_ref())?;
            }
        }
        transaction.commit().context("putting users aside")
    }

    pub(super) fn get(&self, hash: u128) -> Result<Option<Vec<u8>>> {
        let transaction = self.0.begin_read()?;
        let table = transaction.open_table(USERS).context("users put aside")?;
        Ok(table.get(hash)?.map(|bytes| bytes.value().to_vec()))
    }
}
