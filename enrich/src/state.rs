//! What is known of the users of one partition: the state that signals and correlations by user are made of.
//!
//! It belongs to the partition, as its records do. Each user is kept as the bytes that the changelog keeps as well, and
//! unpacked only while a batch touches it. When a batch is sealed, the users it touched are packed as of its last record;
//! their bytes go to the compacted topic `enrich.state` after the batch is stored and before its offsets are committed.
//! See `docs/decisions/0010-state.md` for why that brings the state back exactly as of the committed offset.
//!
//! Memory is bounded: beyond `enrich.state_memory_mb` the users longest untouched go to a file.

mod cold;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use detect::signals::User;
use hashbrown::HashMap;
use runtime::unreadable::{RecordPlace, Unreadable};
use schemas::topics;
use xxhash_rust::xxh3::xxh3_128;

use self::cold::Cold;
use crate::record_error::RecordError;

/// What the bytes of a user begin with: other bytes are none.
const MAGIC: &[u8] = b"usr";
/// Version of the bytes of a user, behind [`MAGIC`].
const FORMAT: u8 = 2;
/// Bytes before the packed user: magic, format, and the offset that it is as of.
const HEADER: usize = 12;
/// Largest packed user: with its key it fits into a record. Lists in a user are bounded to a fraction of it.
const LARGEST: usize = topics::MAX_MESSAGE_BYTES / 2;
/// What a user costs beside its bytes: key, pointer, and its share of the table.
const OVERHEAD: usize = 48;

/// Bytes of state that a process holds in memory, and how many it may.
#[derive(Clone, Debug)]
pub struct Budget {
    used: Arc<AtomicUsize>,
    most: usize,
}

impl Budget {
    /// At most `most` bytes, over all partitions of the process.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { used: Arc::default(), most }
    }

    /// Bytes in memory now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn is_exceeded(&self) -> bool {
        self.used() > self.most
    }
}

type Packed = HashMap<u128, Box<[u8]>>;

/// One record of the changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `{tenant}/{actor.id}`.
    pub key: String,
    /// The packed user.
    pub value: Vec<u8>,
}

struct Open {
    key: String,
    user: User,
    changed: bool,
}

/// The users of a partition.
pub struct State {
    /// Touched by the batch under way.
    open: HashMap<u128, Open>,
    /// Touched lately.
    hot: Packed,
    /// Touched before that.
    warm: Packed,
    /// Not touched for long; in a file.
    cold: Option<Cold>,
    budget: Budget,
    unreadable: Unreadable,
}

impl State {
    /// Of a partition without any.
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        Self::reporting_to(budget, Unreadable::default())
    }

    /// As [`new`](Self::new); users that can't be read are reported to `unreadable`.
    #[must_use]
    pub fn reporting_to(budget: Budget, unreadable: Unreadable) -> Self {
        Self { open: HashMap::new(), hot: Packed::new(), warm: Packed::new(), cold: None, budget, unreadable }
    }

    /// Where users that can't be read are reported to.
    #[must_use]
    pub fn unreadable(&self) -> &Unreadable {
        &self.unreadable
    }

    /// The user, to be changed by a record at `offset`; nothing when the state is from after that record already, which
    /// then is being repeated after a crash, under the token of the insert that holds its row.
    ///
    /// # Errors
    /// When a user that was put aside can't be read back.
    pub fn user(&mut self, key: &str, offset: u64) -> Result<Option<&mut User>> {
        let hash = xxh3_128(key.as_bytes());
        if !self.open.contains_key(&hash) {
            let user = self.unpack(hash)?;
            self.open.insert(hash, Open { key: key.to_owned(), user, changed: false });
        }
        let Some(open) = self.open.get_mut(&hash) else { return Ok(None) };
        if offset < open.user.applied {
            return Ok(None);
        }
        open.user.applied = offset + 1;
        open.changed = true;
        Ok(Some(&mut open.user))
    }

    /// The user as it was packed last; one whose bytes are damaged begins anew, as one that nobody knows.
    fn unpack(&self, hash: u128) -> Result<User> {
        let unpacked = match (self.hot.get(&hash).or_else(|| self.warm.get(&hash)), &self.cold) {
            (Some(bytes), _) => unpack(bytes),
            (None, Some(cold)) => cold.get(hash)?.map_or_else(|| Ok(User::default()), |bytes| unpack(&bytes)),
            (None, None) => Ok(User::default()),
        };
        Ok(unpacked.unwrap_or_else(|error| {
            // Where it stood is not kept.
            self.unreadable.report(RecordPlace { topic: topics::STATE, partition: -1, offset: -1 }, &error);
            User::default()
        }))
    }

    /// Packs what the batch under way touched, and returns it for the changelog.
    ///
    /// # Errors
    /// When users can't be put aside.
    pub fn seal(&mut self) -> Result<Vec<Change>> {
        let mut changes = Vec::with_capacity(self.open.len());
        for (hash, open) in std::mem::take(&mut self.open) {
            let value = pack_within(&open.user, LARGEST)?;
            self.put(hash, value.clone().into());
            if open.changed {
                changes.push(Change { key: open.key, value });
            }
        }
        self.make_room()?;
        Ok(changes)
    }

    /// Takes a record of the changelog in; of several for one user the one as of the latest offset holds, whichever came
    /// last: a process that was paused may write after its successor.
    ///
    /// # Errors
    /// When it is of a format that this version doesn't know, or users can't be put aside.
    pub fn load(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let (_, applied) = header(value)?;
        let hash = xxh3_128(key);
        let newer = |known: &[u8]| header(known).is_ok_and(|(_, known)| known > applied);
        if self.hot.get(&hash).or_else(|| self.warm.get(&hash)).is_some_and(|known| newer(known)) {
            return Ok(());
        }
        if let Some(cold) = &self.cold
            && cold.get(hash)?.is_some_and(|known| newer(&known))
        {
            return Ok(());
        }
        self.put(hash, value.into());
        self.make_room()
    }

    fn put(&mut self, hash: u128, bytes: Box<[u8]>) {
        let added = bytes.len() + OVERHEAD;
        let replaced = self.hot.insert(hash, bytes).or_else(|| self.warm.remove(&hash));
        self.budget.used.fetch_add(added, Ordering::Relaxed);
        if let Some(old) = replaced {
            self.budget.used.fetch_sub(old.len() + OVERHEAD, Ordering::Relaxed);
        }
    }

    /// Two generations: when memory is full, the older one goes to the file and the younger becomes the older.
    fn make_room(&mut self) -> Result<()> {
        while self.budget.is_exceeded() && !(self.warm.is_empty() && self.hot.is_empty()) {
            if !self.warm.is_empty() {
                if self.cold.is_none() {
                    self.cold = Some(Cold::create()?);
                }
                if let Some(cold) = &self.cold {
                    cold.put(&self.warm)?;
                }
                self.budget.used.fetch_sub(size(&self.warm), Ordering::Relaxed);
            }
            self.warm = std::mem::take(&mut self.hot);
        }
        Ok(())
    }

    /// Users in memory.
    #[must_use]
    pub fn in_memory(&self) -> usize {
        self.hot.len() + self.warm.len()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(size(&self.hot) + size(&self.warm), Ordering::Relaxed);
    }
}

fn size(users: &Packed) -> usize {
    users.values().map(|bytes| bytes.len() + OVERHEAD).sum()
}

/// Packs a user. One that grew beyond `most` bytes could not be written, and its successor would know another past than
/// this process: it begins anew in both.
fn pack_within(user: &User, most: usize) -> Result<Vec<u8>> {
    let packed = pack(user)?;
    if packed.len() <= most {
        return Ok(packed);
    }
    tracing::error!(bytes = packed.len(), "what is known of a user is too large to be kept; the user begins anew");
    let mut anew = User::default();
    anew.applied = user.applied;
    pack(&anew)
}

fn pack(user: &User) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(MAGIC);
    bytes.push(FORMAT);
    bytes.extend_from_slice(&user.applied.to_le_bytes());
    postcard::to_extend(user, bytes).context("packing the state of a user")
}

fn unpack(bytes: &[u8]) -> Result<User, RecordError> {
    header(bytes)?;
    postcard::from_bytes(bytes.get(HEADER..).unwrap_or_default()).map_err(RecordError::unreadable)
}

/// The format, and the offset that a packed user is as of.
fn header(bytes: &[u8]) -> Result<(u8, u64), RecordError> {
    let none = || RecordError::unreadable("it is no packed user");
    let (&format, rest) = bytes.strip_prefix(MAGIC).and_then(<[u8]>::split_first).ok_or_else(none)?;
    if format > FORMAT {
        return Err(RecordError::Newer { found: format.into(), known: FORMAT.into() });
    }
    let offset = rest.first_chunk::<8>().filter(|_| format == FORMAT).ok_or_else(none)?;
    Ok((format, u64::from_le_bytes(*offset)))
}
