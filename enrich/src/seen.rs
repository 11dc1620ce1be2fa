//! Event ids seen lately in one Kafka partition: a sender's retry is the same event, stored once.
//!
//! An event's key is its tenant and user, so a retry lands in the same partition. The window is bounded by offsets and
//! by time of receipt, both taken from the records: whoever takes the partition over restores the very same window from
//! the table, up to the committed offset.

use std::collections::VecDeque;

use hashbrown::HashSet;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

/// How long an id is remembered, in milliseconds of receipt.
pub const WINDOW_MS: i64 = 24 * 3600 * 1000;

/// The window of one partition; its memory is bounded by the number of offsets.
pub struct Seen {
    ids: HashSet<u128>,
    order: VecDeque<(u64, i64, u128)>,
    window: u64,
}

impl Seen {
    /// An empty window of `window` offsets.
    #[must_use]
    pub fn new(window: u64) -> Self {
        Self { ids: HashSet::new(), order: VecDeque::new(), window }
    }

    /// Remembers the event, and says whether it is new. Call in the order of offsets.
    pub fn insert(&mut self, tenant: &str, id: &str, offset: u64, received_at: i64) -> bool {
        while let Some(&(first, at, hash)) = self.order.front()
            && (first + self.window < offset || at + WINDOW_MS < received_at)
        {
            self.order.pop_front();
            self.ids.remove(&hash);
        }
        // 128 bits: two different ids never meet, so no event is taken for another's retry.
        let hash = xxh3_128_with_seed(id.as_bytes(), xxh3_64(tenant.as_bytes()));
        if !self.ids.insert(hash) {
            return false;
        }
        self.order.push_back((offset, received_at, hash));
        true
    }

    /// Ids in the window.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether the window is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_is_seen_within_the_window_and_forgotten_after_it() {
        let mut seen = Seen::new(10);
        assert!(seen.insert("acme", "a", 0, 0));
        assert!(!seen.insert("acme", "a", 10, 0));
        assert!(seen.insert("other", "a", 10, 0), "ids are the tenant's");
        assert!(seen.insert("acme", "a", 11, 0), "past the window of offsets");
        assert!(seen.insert("acme", "b", 12, 0));
        assert!(seen.insert("acme", "b", 13, WINDOW_MS + 1), "past the window of time");
        assert_eq!(seen.len(), 1);
    }
}
