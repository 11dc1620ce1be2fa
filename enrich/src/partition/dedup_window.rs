//! Events seen lately in one Kafka partition: a sender's retry is the same event, stored once.
//!
//! An event is identified by its tenant, its sender, its source and its id ([`schemas::identity`]), so that no sender's ids are in
//! another's way. A retry holds what the first one held; anything else under the same identity is a conflict.
//!
//! An event's key is its tenant and user, so a retry lands in the same partition. The window is bounded by offsets and
//! by time of receipt, both taken from the records: whoever takes the partition over restores the very same window from
//! the table, up to the committed offset.

use std::collections::VecDeque;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// How long an event is remembered, in milliseconds of receipt.
pub const WINDOW_MS: i64 = 24 * 3600 * 1000;

/// What an event is, by what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Not seen lately.
    New,
    /// The same event again.
    Repeated,
    /// Another event under an identity that is taken.
    Conflict,
}

/// The window of one partition; its memory is bounded by the number of offsets.
pub struct DedupWindow {
    content: HashMap<u128, u64>,
    order: VecDeque<(u64, i64, u128)>,
    window: u64,
}

impl DedupWindow {
    /// An empty window of `window` offsets.
    #[must_use]
    pub fn new(window: u64) -> Self {
        Self { content: HashMap::new(), order: VecDeque::new(), window }
    }

    /// Remembers a new event, and says whether it is one. Call in the order of offsets.
    pub fn insert(&mut self, identity: u128, content: u64, offset: u64, received_at: i64) -> Arrival {
        while let Some(&(first, at, known)) = self.order.front()
            && (first + self.window < offset || at + WINDOW_MS < received_at)
        {
            self.order.pop_front();
            self.content.remove(&known);
        }
        match self.content.entry(identity) {
            Entry::Occupied(known) if *known.get() == content => Arrival::Repeated,
            Entry::Occupied(_) => Arrival::Conflict,
            Entry::Vacant(place) => {
                place.insert(content);
                self.order.push_back((offset, received_at, identity));
                Arrival::New
            }
        }
    }

    /// Events in the window.
    #[must_use]
    pub fn len(&self) -> usize {
        self.content.len()
    }

    /// Whether the window is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_is_seen_within_the_window_and_forgotten_after_it() {
        let mut seen = DedupWindow::new(10);
        assert_eq!(seen.insert(1, 7, 0, 0), Arrival::New);
        assert_eq!(seen.insert(1, 7, 10, 0), Arrival::Repeated);
        assert_eq!(seen.insert(1, 8, 10, 0), Arrival::Conflict);
        assert_eq!(seen.insert(1, 7, 10, 0), Arrival::Repeated, "a conflict changes nothing");
        assert_eq!(seen.insert(2, 7, 10, 0), Arrival::New);
        assert_eq!(seen.insert(1, 8, 11, 0), Arrival::New, "past the window of offsets");
        assert_eq!(seen.insert(3, 7, 12, 0), Arrival::New);
        assert_eq!(seen.insert(3, 7, 13, WINDOW_MS + 1), Arrival::New, "past the window of time");
        assert_eq!(seen.len(), 1);
    }
}
