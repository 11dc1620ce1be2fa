//! What is to be reported, to whom, and when: the state of the deliveries of the partitions that this process reads. Pure:
//! time comes from the caller, and what has to be kept is handed back to be written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use schemas::alerts::{Pending, PendingKind};
use schemas::violation::Violation;

/// Most reports that wait for one endpoint; beyond them, new violations are given up at once, and that is logged.
pub(crate) const MAX_WAITING: usize = 10_000;
/// Most violations that are remembered after they were reported; beyond them, the oldest are forgotten.
const MAX_QUIET: usize = 100_000;
/// How long a violation is remembered after it may be reported again, so that its count goes on.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);

/// An endpoint of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) tenant: String,
    pub(crate) endpoint: String,
}

/// A violation at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) address: Address,
    pub(crate) violation: String,
}

/// Where a finding was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It counts; the entry has to be written.
    Counted,
    /// It was counted before.
    Known,
    /// Too many wait for this endpoint.
    Full,
}

/// A report to send now.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) key: Key,
    pub(crate) pending: Pending,
    /// The report begins with this attempt; the entry has to be written first.
    pub(crate) begins: bool,
}

/// How an attempt ended, for the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Reported or given up: the next report, if there is more to report, is due then.
    Over {
        /// When there may be another.
        next: DateTime<Utc>,
    },
    /// To be tried again.
    Again {
        /// When.
        at: DateTime<Utc>,
    },
}

#[derive(Debug)]
struct Entry {
    pending: Pending,
    busy: bool,
}

/// Most attempts at the same time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) all: usize,
    pub(crate) each: usize,
}

/// The deliveries.
#[derive(Debug)]
pub(crate) struct DeliveryQueue {
    bounds: Bounds,
    entries: HashMap<Key, Entry>,
    /// Reports that wait, by endpoint and time.
    waiting: BTreeMap<Address, BTreeSet<(DateTime<Utc>, String)>>,
    /// What is remembered only, by when it is forgotten.
    quiet: BTreeSet<(DateTime<Utc>, Key)>,
    busy: HashMap<Address, usize>,
    busy_in_all: usize,
}

impl DeliveryQueue {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            entries: HashMap::new(),
            waiting: BTreeMap::new(),
            quiet: BTreeSet::new(),
            busy: HashMap::new(),
            busy_in_all: 0,
        }
    }

    /// Reports that wait or are being sent.
    pub(crate) fn pending(&self) -> usize {
        self.waiting.values().map(BTreeSet::len).sum::<usize>() + self.busy_in_all
    }

    /// Whether attempts are under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy_in_all > 0
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Pending> {
        self.entries.get(key).map(|entry| &entry.pending)
    }

    /// Takes over what another process, or this one before, has written.
    pub(crate) fn load(&mut self, key: Key, pending: Pending) {
        if self.entries.get(&key).is_none_or(|entry| !entry.busy) {
            self.unlist(&key);
            self.list(&key, &pending);
            self.entries.insert(key, Entry { pending, busy: false });
        }
    }

    /// Leaves partitions to whoever reads them now. Attempts under way end by themselves.
    pub(crate) fn leave(&mut self, partitions: &[i32]) {
        let gone: Vec<Key> = self
            .entries
            .iter()
            .filter(|(_, entry)| partitions.contains(&entry.pending.partition))
            .map(|(key, _)| key.clone())
            .collect();
        for key in gone {
            self.remove(&key);
        }
    }

    /// Counts a finding for an endpoint.
    pub(crate) fn add(&mut self, key: &Key, found: &Violation, place: Place, now: DateTime<Utc>) -> Added {
        if let Some(entry) = self.entries.get_mut(key) {
            let pending = &mut entry.pending;
            if pending.partition == place.partition && place.offset <= pending.offset {
                return Added::Known;
            }
            (pending.partition, pending.offset) = (place.partition, place.offset);
            pending.count += 1;
            // The report under way keeps its words in all its attempts.
            if pending.reporting == pending.reported {
                pending.violation = Some(found.clone());
                let pending = pending.clone();
                self.unlist(key);
                self.list(key, &pending);
            }
            return Added::Counted;
        }
        if self.waiting.get(&key.address).is_some_and(|waiting| waiting.len() >= MAX_WAITING) {
            return Added::Full;
        }
        self.load(
            key.clone(),
            Pending {
                kind: PendingKind::Violation,
                partition: place.partition,
                offset: place.offset,
                count: 1,
                reporting: 1,
                reported: 0,
                since: now,
                attempts: 0,
                due_at: now,
                violation: Some(found.clone()),
            },
        );
        Added::Counted
    }

    /// The reports to send now, as many as the bounds leave room for; the longest due first at each endpoint, and each
    /// endpoint in its turn.
    pub(crate) fn take_due(&mut self, now: DateTime<Utc>) -> Vec<Job> {
        let mut jobs = Vec::new();
        let mut addresses: Vec<(DateTime<Utc>, Address)> = self
            .waiting
            .iter()
            .filter_map(|(address, waiting)| waiting.first().map(|(at, _)| (*at, address.clone())))
            .filter(|(at, _)| *at <= now)
            .collect();
        addresses.sort();
        while !addresses.is_empty() && self.busy_in_all < self.bounds.all {
            addresses.retain(|(_, address)| {
                let job = if self.busy_in_all < self.bounds.all { self.take_one(address, now) } else { None };
                let more = job.is_some();
                jobs.extend(job);
                more
            });
        }
        jobs
    }

    fn take_one(&mut self, address: &Address, now: DateTime<Utc>) -> Option<Job> {
        if self.busy.get(address).copied().unwrap_or(0) >= self.bounds.each {
            return None;
        }
        let (at, violation) = self.waiting.get(address)?.first().cloned().filter(|(at, _)| *at <= now)?;
        let key = Key { address: address.clone(), violation };
        self.unlist_at(&key, at);
        let entry = self.entries.get_mut(&key)?;
        entry.busy = true;
        let pending = &mut entry.pending;
        let begins = pending.reporting == pending.reported;
        if begins {
            (pending.reporting, pending.since, pending.attempts) = (pending.count, now, 0);
        }
        *self.busy.entry(address.clone()).or_default() += 1;
        self.busy_in_all += 1;
        Some(Job { pending: pending.clone(), key, begins })
    }

    /// Notes how an attempt ended. `None` when its partition or its endpoint is gone meanwhile; else the entry has to be
    /// written.
    pub(crate) fn settle(&mut self, key: &Key, settled: Settled) -> Option<&Pending> {
        self.busy_in_all = self.busy_in_all.saturating_sub(1);
        if let Some(busy) = self.busy.get_mut(&key.address) {
            *busy = busy.saturating_sub(1);
            if *busy == 0 {
                self.busy.remove(&key.address);
            }
        }
        let entry = self.entries.get_mut(key).filter(|entry| entry.busy)?;
        entry.busy = false;
        let pending = &mut entry.pending;
        match settled {
            Settled::Over { next } => {
                (pending.reported, pending.due_at) = (pending.reporting, next);
                if pending.count == pending.reported {
                    pending.violation = None;
                }
            }
            Settled::Again { at } => {
                pending.attempts += 1;
                pending.due_at = at;
            }
        }
        let pending = pending.clone();
        self.list(key, &pending);
        self.get(key)
    }

    /// Forgets everything for an endpoint, and says what waited.
    pub(crate) fn drop_endpoint(&mut self, address: &Address) -> Vec<(Key, Pending)> {
        let keys: Vec<Key> = self.entries.keys().filter(|key| key.address == *address).cloned().collect();
        keys.into_iter().filter_map(|key| self.remove(&key).map(|pending| (key, pending))).collect()
    }

    /// Forgets one entry.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<Pending> {
        self.unlist(key);
        self.entries.remove(key).map(|entry| entry.pending)
    }

    /// Forgets what nobody needs any more; their records are to be deleted.
    pub(crate) fn forget(&mut self, now: DateTime<Utc>) -> Vec<Key> {
        let mut forgotten = Vec::new();
        while let Some((at, key)) = self.quiet.first().cloned() {
            if at > now && self.quiet.len() <= MAX_QUIET {
                break;
            }
            self.remove(&key);
            forgotten.push(key);
        }
        forgotten
    }

    /// When something is due next, whether there is room for it or not.
    pub(crate) fn next_wake(&self) -> Option<DateTime<Utc>> {
        let waiting = self.waiting.iter().filter(|(address, _)| {
            self.busy.get(*address).copied().unwrap_or(0) < self.bounds.each && self.busy_in_all < self.bounds.all
        });
        let due = waiting.filter_map(|(_, waiting)| waiting.first().map(|(at, _)| *at));
        due.chain(self.quiet.first().map(|(at, _)| *at)).min()
    }

    /// Puts an entry where it waits or is remembered.
    fn list(&mut self, key: &Key, pending: &Pending) {
        if is_quiet(pending) {
            self.quiet.insert((pending.due_at + REMEMBERED, key.clone()));
        } else {
            self.waiting.entry(key.address.clone()).or_default().insert((pending.due_at, key.violation.clone()));
        }
    }

    fn unlist(&mut self, key: &Key) {
        let Some(at) = self.get(key).map(|pending| pending.due_at) else { return };
        self.quiet.remove(&(at + REMEMBERED, key.clone()));
        self.unlist_at(key, at);
    }

    fn unlist_at(&mut self, key: &Key, at: DateTime<Utc>) {
        if let Some(waiting) = self.waiting.get_mut(&key.address) {
            waiting.remove(&(at, key.violation.clone()));
            if waiting.is_empty() {
                self.waiting.remove(&key.address);
            }
        }
    }
}

/// Returns whether all was reported.
fn is_quiet(pending: &Pending) -> bool {
    pending.count == pending.reported
}

#[cfg(test)]
mod tests;
