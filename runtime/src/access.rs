//! Which devices may in: the compacted topic `access`, kept in memory by whoever has to know at once.
//!
//! Decisions lie in shards by user. A thread follows the topic and changes one shard at a time, so a reader waits for a
//! few instructions at most, however many decisions there are.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rdkafka::error::KafkaError;
use schemas::access::{self, AccessDecision};
use schemas::decode::{MAX_NAME_BYTES, MAX_REASON_BYTES};
use schemas::settings::Invalid;
use schemas::topics;

use crate::compacted::{self, Follower, Log, Progress, SILENCE};
use crate::config::Config;
use crate::metrics::{Metrics, Name};
use crate::ops::Readiness;
use crate::settings::PutError;
use crate::shutdown::Shutdown;

/// A power of two, well above the number of threads.
const SHARDS: usize = 64;
/// Decisions whose predecessors are remembered, for those who wait until theirs is in force.
const MAX_REPLACED: usize = 1024;

/// The decisions in force. Clones share them.
#[derive(Clone)]
pub struct AccessList(Arc<Inner>);

struct Inner {
    shards: [RwLock<Shard>; SHARDS],
    /// Keyed, because users choose the ids of their devices.
    hasher: RandomState,
    progress: Progress,
    /// What the last decisions took the place of, by their offsets.
    replaced: Mutex<VecDeque<(i64, Replaced)>>,
    /// Where decisions are written; none: in this process alone.
    log: Option<Log>,
}

/// The decision that was in force until another one took its place, or it was taken back.
type Replaced = Option<Arc<AccessDecision>>;

/// Users by the hash of tenant and id. Each has one decision at least, sorted by device.
type Shard = HashTable<Vec<Arc<AccessDecision>>>;

impl std::fmt::Debug for AccessList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessList").field("ready", &self.is_ready()).finish_non_exhaustive()
    }
}

impl AccessList {
    /// Starts to follow the topic, which has to exist; until [`ready`](Self::ready), decisions may be missing or old.
    ///
    /// # Errors
    /// When the options of the configuration are not librdkafka's.
    pub fn spawn(config: &Config, shutdown: &Shutdown) -> Result<Self, KafkaError> {
        let topic = config.kafka.topic(topics::ACCESS);
        let list = Self::with_log(Some(Log::new(&config.kafka, &topic)?));
        let reader = Reader { list: list.clone(), next_offset: 0 };
        compacted::spawn(&config.kafka, topics::ACCESS, shutdown, reader)?;
        Ok(list)
    }

    /// Registers the count of records that could not be read.
    pub fn register(&self, metrics: &Metrics) {
        const UNREADABLE: Name = Name::new("access_unreadable_records");
        self.0.progress.register(metrics, UNREADABLE);
    }

    /// Decisions of this process alone, without a topic: for tests of what reads them.
    #[must_use]
    pub fn in_memory() -> Self {
        let list = Self::with_log(None);
        list.0.progress.caught_up();
        list
    }

    fn with_log(log: Option<Log>) -> Self {
        Self(Arc::new(Inner {
            shards: std::array::from_fn(|_| RwLock::default()),
            hasher: RandomState::new(),
            progress: Progress::default(),
            replaced: Mutex::default(),
            log,
        }))
    }

    /// Returns once everything has been read that was in the topic at the start.
    pub async fn ready(&self) {
        self.0.progress.ready().await;
    }

    /// As [`ready`](Self::ready), but not for ever: whether it was read. It was not when Kafka has been silent for long.
    pub async fn ready_unless_silent(&self) -> bool {
        self.0.progress.ready_unless_silent().await
    }

    /// Makes it a condition that the topic can be read.
    pub fn watch(&self, readiness: &Readiness) {
        readiness.pulse("access", &self.0.progress.pulse, SILENCE);
    }

    /// Whether [`ready`](Self::ready) returns at once.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.progress.is_ready()
    }

    /// As [`Settings::catch_up`](crate::settings::Settings::catch_up), of decisions.
    pub fn catch_up(&self) {
        if let Some(log) = &self.0.log {
            log.catch_up(&self.0.progress);
        }
    }

    /// What was decided about a device of a user. Allocates nothing.
    #[must_use]
    pub fn get(&self, tenant: &str, user: &str, device: &str) -> Option<Arc<AccessDecision>> {
        self.with_user(tenant, user, |decisions| {
            let at = place(decisions, device).ok()?;
            decisions.get(at).cloned()
        })?
    }

    /// What was decided about the devices of a user, by device.
    #[must_use]
    pub fn of_user(&self, tenant: &str, user: &str) -> Vec<Arc<AccessDecision>> {
        self.with_user(tenant, user, <[_]>::to_vec).unwrap_or_default()
    }

    /// How many decisions are in force.
    #[must_use]
    pub fn len(&self) -> usize {
        let of_shard = |shard: &RwLock<Shard>| {
            shard.read().unwrap_or_else(PoisonError::into_inner).iter().map(Vec::len).sum::<usize>()
        };
        self.0.shards.iter().map(of_shard).sum()
    }

    /// Whether nothing was decided.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Decides, and returns once it is in force here; in other processes a moment later. The last word in the topic holds;
    /// the answer is the decision whose place it took there, by whomever and wherever that was made.
    ///
    /// # Errors
    /// [`PutError`].
    pub async fn put(&self, decision: AccessDecision) -> Result<Option<Arc<AccessDecision>>, PutError> {
        check(&decision)?;
        let value = serde_json::to_vec(&decision)
            .map_err(|error| Invalid { pointer: String::new(), detail: error.to_string() })?;
        match &self.0.log {
            Some(log) => {
                let offset = log.write(&decision.key(), Some(&value), &self.0.progress).await?;
                self.replaced_by(offset)
            }
            None => Ok(self.insert(decision)),
        }
    }

    /// Takes a decision back: the device is as if nothing had been decided. Returns once that is in force here, with the
    /// decision that it ended.
    ///
    /// # Errors
    /// [`PutError`].
    pub async fn forget(
        &self,
        tenant: &str,
        user: &str,
        device: &str,
    ) -> Result<Option<Arc<AccessDecision>>, PutError> {
        match &self.0.log {
            Some(log) => {
                let offset = log.write(&access::key(tenant, user, device), None, &self.0.progress).await?;
                self.replaced_by(offset)
            }
            None => Ok(self.remove(tenant, user, device)),
        }
    }

    fn replaced_by(&self, offset: i64) -> Result<Replaced, PutError> {
        let replaced = self.0.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        let found = replaced.iter().rev().find(|(at, _)| *at == offset).map(|(_, decision)| decision.clone());
        found.ok_or(PutError::NotApplied)
    }

    fn note_replaced(&self, offset: i64, decision: Replaced) {
        let mut replaced = self.0.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        if replaced.len() == MAX_REPLACED {
            replaced.pop_front();
        }
        replaced.push_back((offset, decision));
    }

    fn hash(&self, tenant: &str, user: &str) -> u64 {
        self.0.hasher.hash_one((tenant, user))
    }

    /// The table takes the highest and the lowest bits of the hash; shards are chosen by others.
    fn shard(&self, hash: u64) -> &RwLock<Shard> {
        &self.0.shards[(hash >> 40) as usize % SHARDS]
    }

    fn with_user<T>(&self, tenant: &str, user: &str, read: impl FnOnce(&[Arc<AccessDecision>]) -> T) -> Option<T> {
        let hash = self.hash(tenant, user);
        let shard = self.shard(hash).read().unwrap_or_else(PoisonError::into_inner);
        shard.find(hash, |decisions| is_of(decisions, tenant, user)).map(|decisions| read(decisions))
    }

    fn insert(&self, decision: AccessDecision) -> Replaced {
        let hash = self.hash(&decision.tenant, &decision.user_id);
        let decision = Arc::new(decision);
        let mut shard = self.shard(hash).write().unwrap_or_else(PoisonError::into_inner);
        let same = |decisions: &Vec<_>| is_of(decisions, &decision.tenant, &decision.user_id);
        let rehash = |decisions: &Vec<Arc<AccessDecision>>| {
            decisions.first().map_or(0, |first| self.hash(&first.tenant, &first.user_id))
        };
        match shard.entry(hash, same, rehash) {
            Entry::Vacant(entry) => {
                entry.insert(vec![Arc::clone(&decision)]);
                None
            }
            Entry::Occupied(mut entry) => {
                let decisions = entry.get_mut();
                match place(decisions, &decision.device_id) {
                    Ok(at) => Some(std::mem::replace(&mut decisions[at], Arc::clone(&decision))),
                    Err(at) => {
                        decisions.insert(at, Arc::clone(&decision));
                        None
                    }
                }
            }
        }
    }

    fn remove(&self, tenant: &str, user: &str, device: &str) -> Replaced {
        let hash = self.hash(tenant, user);
        let mut shard = self.shard(hash).write().unwrap_or_else(PoisonError::into_inner);
        let mut entry = shard.find_entry(hash, |decisions| is_of(decisions, tenant, user)).ok()?;
        let removed = place(entry.get(), device).ok().map(|at| entry.get_mut().remove(at));
        if entry.get().is_empty() {
            entry.remove();
        }
        removed
    }

    fn clear(&self) {
        for shard in &self.0.shards {
            shard.write().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

fn is_of(decisions: &[Arc<AccessDecision>], tenant: &str, user: &str) -> bool {
    decisions.first().is_some_and(|first| first.user_id == user && first.tenant == tenant)
}

fn place(decisions: &[Arc<AccessDecision>], device: &str) -> Result<usize, usize> {
    decisions.binary_search_by(|known| known.device_id.as_str().cmp(device))
}

/// What comes from people is bounded before it is in everybody's memory.
fn check(decision: &AccessDecision) -> Result<(), Invalid> {
    for (field, text) in [("user_id", &decision.user_id), ("device_id", &decision.device_id)] {
        if text.is_empty() || text.len() > MAX_NAME_BYTES {
            let detail = format!("must have 1 to {MAX_NAME_BYTES} bytes");
            return Err(Invalid { pointer: format!("/{field}"), detail });
        }
    }
    if decision.reason.len() > MAX_REASON_BYTES {
        let detail = format!("at most {MAX_REASON_BYTES} bytes");
        return Err(Invalid { pointer: "/reason".to_owned(), detail });
    }
    Ok(())
}

/// Follows the topic.
struct Reader {
    list: AccessList,
    next_offset: i64,
}

impl Reader {
    fn advance(&mut self, offset: i64) {
        if offset < self.next_offset {
            // The topic began anew: what was decided before is not in force any more.
            tracing::warn!(offset, expected = self.next_offset, "the topic of access began anew");
            self.list.clear();
        }
        self.next_offset = offset + 1;
    }
}

impl Follower for Reader {
    /// What can't be read leaves the decision that was in force.
    fn apply(&mut self, offset: i64, key: &str, value: Option<&[u8]>) -> Result<(), String> {
        self.advance(offset);
        match value {
            Some(value) => {
                let decision: AccessDecision = serde_json::from_slice(value).map_err(|error| error.to_string())?;
                if decision.key() != key {
                    return Err("the decision is about another device than its key".to_owned());
                }
                self.list.note_replaced(offset, self.list.insert(decision));
            }
            None => {
                let [tenant, user, device]: [String; 3] =
                    serde_json::from_str(key).map_err(|error| format!("its key: {error}"))?;
                self.list.note_replaced(offset, self.list.remove(&tenant, &user, &device));
            }
        }
        Ok(())
    }

    fn skip(&mut self, offset: i64) {
        self.advance(offset);
    }

    fn progress(&self) -> &Progress {
        &self.list.0.progress
    }

    fn publish(&mut self) {
        self.list.0.progress.applied.send_replace(self.next_offset);
    }

    fn caught_up(&mut self) {
        if self.list.0.progress.caught_up() {
            tracing::info!(offset = self.next_offset, decisions = self.list.len(), "decisions about devices read");
        }
    }
}

#[cfg(test)]
mod tests;
