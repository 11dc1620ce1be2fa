//! What was seen lately, each with the time it was seen last: bounded, the longest unseen forgotten first.

use serde::{Deserialize, Serialize};

/// Hashes of what was seen, each with the latest time in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Recent(Vec<(u64, i64)>);

impl Recent {
    /// Takes note of a sighting; true when there were others, and this was not among them.
    pub(super) fn see(&mut self, what: u64, at: i64, capacity: usize) -> bool {
        if let Some((_, seen)) = self.0.iter_mut().find(|(known, _)| *known == what) {
            *seen = (*seen).max(at);
            return false;
        }
        let is_new = !self.0.is_empty();
        if self.0.len() >= capacity
            && let Some(oldest) = (0..self.0.len()).min_by_key(|&index| self.0[index].1)
        {
            // History may be older than all that is remembered.
            if at < self.0[oldest].1 {
                return is_new;
            }
            self.0.swap_remove(oldest);
        }
        self.0.push((what, at));
        is_new
    }

    pub(super) fn knows(&self, what: u64) -> bool {
        self.0.iter().any(|(known, _)| *known == what)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many were seen after `since`.
    pub(super) fn since(&self, since: i64) -> u32 {
        self.0.iter().filter(|(_, seen)| *seen > since).count() as u32
    }
}
