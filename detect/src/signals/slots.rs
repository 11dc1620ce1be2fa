//! Sums over sliding windows, in steps of five minutes.

use serde::{Deserialize, Serialize};

use super::DAY_MS;

const SLOT_MS: i64 = 5 * 60 * 1000;

/// What was counted in each slot of the last day; slots of nothing take no room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Slots(Vec<(i64, u64)>);

impl Slots {
    pub(super) fn add(&mut self, at: i64, count: u64) {
        let slot = at.div_euclid(SLOT_MS);
        match self.0.iter_mut().rev().find(|(known, _)| *known == slot) {
            Some((_, sum)) => *sum = sum.saturating_add(count),
            None => self.0.push((slot, count)),
        }
    }

    /// The sum over the slots that begin less than `window_ms` before the one of `at`, and all later ones.
    pub(super) fn sum(&self, at: i64, window_ms: i64) -> u64 {
        let after = at.div_euclid(SLOT_MS) - window_ms / SLOT_MS;
        self.0.iter().filter(|(slot, _)| *slot > after).fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Drops what no window of an event at `clock` or after reaches.
    pub(super) fn forget(&mut self, clock: i64) {
        let after = clock.div_euclid(SLOT_MS) - DAY_MS / SLOT_MS;
        self.0.retain(|(slot, _)| *slot > after);
    }
}
