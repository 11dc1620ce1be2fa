//! Whose turn it is: places are handed out to tenants in turn, so that one that asks a lot waits for itself.
//!
//! [`FairQueue`] decides and does nothing else; [`TenantSlots`] lets tasks wait. A place is given back when it is dropped, wherever it
//! is then: with the task that works, on the way to one that waits, or with one that went away.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// How many places there are, for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// In all. At least 1.
    pub places: usize,
    /// At most for one tenant. At least 1.
    pub of_a_tenant: usize,
    /// How many of one tenant may wait.
    pub waiting: usize,
}

/// The answer to whoever enters.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry {
    /// A place is theirs.
    Now,
    /// They stand in the queue of their tenant.
    Later,
    /// The queue of their tenant is full.
    Full,
}

/// Who works and who waits. `T` is whoever waits.
#[derive(Debug)]
pub struct FairQueue<T> {
    bounds: Bounds,
    taken: usize,
    tenants: HashMap<Arc<str>, Tenant<T>>,
    /// Tenants of whom somebody waits, the one whose turn is next first.
    round: VecDeque<Arc<str>>,
}

#[derive(Debug)]
struct Tenant<T> {
    working: usize,
    waiting: VecDeque<T>,
}

impl<T> Default for Tenant<T> {
    fn default() -> Self {
        Self { working: 0, waiting: VecDeque::new() }
    }
}

impl<T> FairQueue<T> {
    /// All places free.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, taken: 0, tenants: HashMap::new(), round: VecDeque::new() }
    }

    /// Takes a place for somebody of a tenant, or lets them wait. `who` is called only where they have to wait, and `gone` says who
    /// does not wait any more; that is looked into when the queue seems full.
    pub fn enter(&mut self, tenant: &Arc<str>, who: impl FnOnce() -> T, gone: impl Fn(&T) -> bool) -> Entry {
        let Bounds { places, of_a_tenant, waiting } = self.bounds;
        let known = self.tenants.entry(Arc::clone(tenant)).or_default();
        // Nobody overtakes their own tenant's queue. Other tenants' can't be overtaken: while they wait, no place is free.
        if known.waiting.is_empty() && known.working < of_a_tenant && self.taken < places {
            known.working += 1;
            self.taken += 1;
            return Entry::Now;
        }
        if known.waiting.len() >= waiting {
            known.waiting.retain(|who| !gone(who));
        }
        if known.waiting.len() >= waiting {
            self.forget(tenant);
            return Entry::Full;
        }
        known.waiting.push_back(who());
        // It may still be there, of some who went away.
        if known.waiting.len() == 1 && !self.round.contains(tenant) {
            self.round.push_back(Arc::clone(tenant));
        }
        Entry::Later
    }

    /// A place of a tenant is free again.
    pub fn leave(&mut self, tenant: &str) {
        if let Some(known) = self.tenants.get_mut(tenant) {
            known.working = known.working.saturating_sub(1);
            self.taken = self.taken.saturating_sub(1);
            self.forget(tenant);
        }
    }

    /// Whose turn it is, if a place is free for anybody who waits and is not `gone`. The place is theirs with that.
    pub fn next(&mut self, gone: impl Fn(&T) -> bool) -> Option<(Arc<str>, T)> {
        let Bounds { places, of_a_tenant, .. } = self.bounds;
        while self.taken < places {
            let may = |tenant: &Arc<str>| self.tenants.get(tenant).is_some_and(|known| known.working < of_a_tenant);
            let tenant = self.round.remove(self.round.iter().position(may)?)?;
            let known = self.tenants.get_mut(&tenant)?;
            while known.waiting.front().is_some_and(&gone) {
                known.waiting.pop_front();
            }
            let Some(who) = known.waiting.pop_front() else {
                self.forget(&tenant);
                continue;
            };
            known.working += 1;
            self.taken += 1;
            if !known.waiting.is_empty() {
                self.round.push_back(Arc::clone(&tenant));
            }
            return Some((tenant, who));
        }
        None
    }

    /// How many of a tenant work now.
    pub fn working(&self, tenant: &str) -> usize {
        self.tenants.get(tenant).map_or(0, |known| known.working)
    }

    /// Tenants without anybody cost no memory.
    fn forget(&mut self, tenant: &str) {
        if self.tenants.get(tenant).is_some_and(|known| known.working == 0 && known.waiting.is_empty()) {
            self.tenants.remove(tenant);
        }
    }
}

/// Somebody who waits for a place.
type Waiting = oneshot::Sender<Slot>;

/// Places to work at. Clones share them.
#[derive(Debug, Clone)]
pub struct TenantSlots(Arc<Mutex<FairQueue<Waiting>>>);

/// A place; free again when it is dropped.
#[derive(Debug)]
pub struct Slot {
    of: TenantSlots,
    tenant: Arc<str>,
}

/// The queue of the tenant is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl TenantSlots {
    /// All places free.
    pub fn new(bounds: Bounds) -> Self {
        Self(Arc::new(Mutex::new(FairQueue::new(bounds))))
    }

    /// Waits for a place. Whoever stops waiting leaves nothing behind.
    ///
    /// # Errors
    /// [`Full`], at once, when too many of the tenant wait already.
    pub async fn enter(&self, tenant: &str) -> Result<Slot, Full> {
        let (tenant, mut turn) = (Arc::from(tenant), None);
        let wait = || {
            let (waiting, given) = oneshot::channel();
            turn = Some(given);
            waiting
        };
        let entry = self.with(|turns| turns.enter(&tenant, wait, oneshot::Sender::is_closed));
        match (entry, turn) {
            (Entry::Now, _) => Ok(Slot { of: self.clone(), tenant }),
            (Entry::Later, Some(turn)) => turn.await.map_err(|_| Full),
            _ => Err(Full),
        }
    }

    fn with<R>(&self, act: impl FnOnce(&mut FairQueue<Waiting>) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands out what is free.
    fn hand_out(&self) {
        while let Some((tenant, waiting)) = self.with(|turns| turns.next(oneshot::Sender::is_closed)) {
            // Who went away in this very moment gives it back by dropping it.
            drop(waiting.send(Slot { of: self.clone(), tenant }));
        }
    }
}

impl Slot {
    /// How many places its tenant has now, this one included.
    pub fn of_its_tenant(&self) -> usize {
        self.of.with(|turns| turns.working(&self.tenant))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.of.with(|turns| turns.leave(&self.tenant));
        self.of.hand_out();
    }
}

#[cfg(test)]
mod tests;
