//! The memory that requests hold together, shared fairly between tenants and their keys.
//!
//! Bytes are counted as they arrive, never as they are announced, so that a slow request holds no more than it has sent.
//! A tenant may hold as much as it leaves free for others, and a key as much as it leaves for the rest of its tenant: alone,
//! a tenant gets half of all and a key a third; whoever comes later finds a third of what is left at least.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;

use crate::problem::Problem;

/// How long a sender waits that found no room.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How many times the largest request has to fit into a budget, so that a key that is alone can send it.
pub const LARGEST_REQUESTS: usize = 3;

/// The memory that all requests share, in bytes. Clones share it.
#[derive(Clone, Debug)]
pub struct MemoryBudget(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    total: usize,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    all: usize,
    tenants: HashMap<Arc<str>, UsedByTenant>,
}

#[derive(Debug, Default)]
struct UsedByTenant {
    all: usize,
    keys: HashMap<Arc<str>, usize>,
}

/// Why a request gets no more memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// Other requests of the same tenant hold its share.
    OverShare,
    /// Too many others have requests under way.
    Busy,
}

/// What one request holds of the budget; given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: MemoryBudget,
    tenant: Arc<str>,
    key: Arc<str>,
    bytes: usize,
}

impl MemoryBudget {
    /// A budget of so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Budget { total: bytes, used: Mutex::default() }))
    }

    /// An empty reservation for a request of a tenant's key; the platform's keys have the tenant "".
    #[must_use]
    pub fn reservation(&self, tenant: &str, key: &str) -> Reservation {
        Reservation { budget: self.clone(), tenant: Arc::from(tenant), key: Arc::from(key), bytes: 0 }
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Takes `bytes` more. Never waits: whoever waits for memory holds what it has, and all would wait for ever.
    ///
    /// # Errors
    /// [`NoRoom`]; what was taken before stays taken.
    pub fn take(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let mut used = self.budget.used();
        let of_tenant = used.tenants.get(&self.tenant);
        let tenant = of_tenant.map_or(0, |tenant| tenant.all);
        let key = of_tenant.and_then(|tenant| tenant.keys.get(&self.key)).copied().unwrap_or(0);
        let no_room = if tenant > self.bytes { NoRoom::OverShare } else { NoRoom::Busy };
        let all = used.all.checked_add(bytes).ok_or(no_room)?;
        let left_to_others = self.budget.0.total.checked_sub(all).ok_or(no_room)?;
        let left_to_tenant = left_to_others.checked_sub(tenant + bytes).ok_or(no_room)?;
        if key + bytes > left_to_tenant {
            return Err(no_room);
        }
        used.all = all;
        let of_tenant = used.tenants.entry(Arc::clone(&self.tenant)).or_default();
        of_tenant.all += bytes;
        *of_tenant.keys.entry(Arc::clone(&self.key)).or_default() += bytes;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut used = self.budget.used();
        used.all = used.all.saturating_sub(self.bytes);
        // Tenants and keys that hold nothing cost nothing.
        let Some(tenant) = used.tenants.get_mut(&self.tenant) else { return };
        tenant.all = tenant.all.saturating_sub(self.bytes);
        if let Some(bytes) = tenant.keys.get_mut(&self.key) {
            *bytes = bytes.saturating_sub(self.bytes);
            if *bytes == 0 {
                tenant.keys.remove(&self.key);
            }
        }
        if tenant.all == 0 {
            used.tenants.remove(&self.tenant);
        }
    }
}

impl From<NoRoom> for Problem {
    fn from(reason: NoRoom) -> Self {
        match reason {
            NoRoom::OverShare => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_much_at_once",
                "requests of the same key or tenant hold all the memory that is theirs; nothing of this one was accepted, \
                 send it again",
            )
            .with_retry_after(RETRY_AFTER),
            NoRoom::Busy => Self::unavailable(
                "busy",
                "too much is being received; nothing of this request was accepted, send it again",
                RETRY_AFTER,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills reservations of one key, one after the other, until there is no room.
    fn fill(budget: &MemoryBudget, tenant: &str, key: &str) -> (Vec<Reservation>, usize) {
        let mut held = Vec::new();
        loop {
            let mut one = budget.reservation(tenant, key);
            if one.take(1).is_err() {
                let bytes = held.len();
                return (held, bytes);
            }
            held.push(one);
        }
    }

    #[test]
    fn what_one_takes_leaves_room_for_others() {
        let budget = MemoryBudget::new(1200);
        let (first, bytes) = fill(&budget, "noisy", "a");
        assert_eq!(bytes, 400, "a key alone: a third");
        assert_eq!(budget.reservation("noisy", "a").take(1), Err(NoRoom::OverShare));
        let others: Vec<_> = (0..50).map(|key| fill(&budget, "noisy", &key.to_string())).collect();
        let of_tenant = 400 + others.iter().map(|(_, bytes)| bytes).sum::<usize>();
        assert!(of_tenant <= 600, "a tenant alone: half, not {of_tenant}");
        let (_quiet, bytes) = fill(&budget, "quiet", "a");
        assert!(bytes >= 200, "{bytes}");
        // And so on: whoever comes finds a third of what is left.
        let more: Vec<_> = (0..8).map(|tenant| fill(&budget, &format!("t{tenant}"), "a")).collect();
        assert!(
            more.iter().all(|(_, bytes)| *bytes >= 8),
            "{:?}",
            more.iter().map(|(_, bytes)| bytes).collect::<Vec<_>>()
        );
        drop((first, others, more));
        assert_eq!(fill(&budget, "noisy", "a").1, 333, "the quiet one holds 200 still");
    }

    #[test]
    fn who_holds_nothing_is_told_that_others_do() {
        let budget = MemoryBudget::new(120);
        let mut whole = budget.reservation("a", "k");
        whole.take(40).unwrap();
        assert_eq!(whole.take(1), Err(NoRoom::Busy), "larger than any request may be");
        assert_eq!(budget.reservation("a", "other").take(30), Err(NoRoom::OverShare));
        assert_eq!(budget.reservation("b", "k").take(80), Err(NoRoom::Busy));
        drop(whole);
        budget.reservation("b", "k").take(40).unwrap();
        let used = budget.used();
        assert!(used.tenants.is_empty() && used.all == 0);
    }
}
