//! What is used in one period: what is stored, and what this process took beside. Pure.
//!
//! Which of the events that this process took are among the stored ones, nobody can say; but for each reading, what was stored then
//! and what was taken since don't overlap, so their sum is never more than what was used. The largest of these sums counts: nobody is
//! refused who has something left. A reading is needed until all that was received before a later one is stored; then that one says it all.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

/// Most readings that are remembered.
const MAX_READINGS: usize = 32;

#[derive(Debug)]
pub(super) struct Counter {
    /// Events that this process took.
    taken: i64,
    /// When what is stored was read, and how much more it was than had been taken by then. Never empty; the oldest first, and the one
    /// with the most: one that is no more than a later one is of no use.
    readings: VecDeque<(DateTime<Utc>, i64)>,
}

impl Counter {
    /// Of a period of which nothing is known but that nothing is used.
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self { taken: 0, readings: VecDeque::from([(now, 0)]) }
    }

    pub(super) fn take(&mut self, count: u64) {
        self.taken = self.taken.saturating_add(signed(count));
    }

    pub(super) fn give_back(&mut self, count: u64) {
        self.taken = self.taken.saturating_sub(signed(count)).max(0);
    }

    /// At least so much is used.
    pub(super) fn used(&self) -> u64 {
        let beside = self.readings.front().map_or(0, |(_, beside)| *beside);
        u64::try_from(self.taken.saturating_add(beside)).unwrap_or(0)
    }

    /// So much was stored, read `at`; all that was received until `complete` is in it.
    pub(super) fn read(&mut self, stored: u64, at: DateTime<Utc>, complete: Option<DateTime<Utc>>) {
        while self.readings.get(1).is_some_and(|(read, _)| complete.is_some_and(|until| *read <= until)) {
            self.readings.pop_front();
        }
        let beside = signed(stored).saturating_sub(self.taken);
        while self.readings.back().is_some_and(|(_, known)| *known <= beside) {
            self.readings.pop_back();
        }
        self.readings.push_back((at, beside));
        // The oldest counts; without the one after it, it counts a little longer.
        if self.readings.len() > MAX_READINGS {
            self.readings.remove(1);
        }
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    /// P12: what is stored is not counted twice, and what isn't yet is not forgotten, however long it takes.
    #[test]
    fn stored_and_taken_don_t_overlap() {
        let mut counter = Counter::new(at(0));
        counter.read(100, at(1), None);
        counter.take(10);
        assert_eq!(counter.used(), 110);
        // Nothing is stored for an hour.
        for second in 2..3600 {
            counter.read(100, at(second), Some(at(0)));
            assert_eq!(counter.used(), 110);
        }
        assert!(counter.readings.len() <= MAX_READINGS);
        counter.take(5);
        // The ten are stored, the five are not; then all are.
        counter.read(110, at(3601), Some(at(3)));
        assert_eq!(counter.used(), 115);
        counter.read(115, at(3602), Some(at(3602)));
        assert_eq!(counter.used(), 115);
    }

    /// P12: what others took is known once it is stored; what was taken twice by a sender's retry is stored once, and counts once then.
    #[test]
    fn others_count_and_repetitions_don_t() {
        let mut counter = Counter::new(at(0));
        counter.take(10);
        counter.take(10);
        assert_eq!(counter.used(), 20);
        counter.read(10 + 7, at(10), Some(at(9)));
        assert_eq!(counter.used(), 20);
        counter.read(10 + 7, at(12), Some(at(11)));
        assert_eq!(counter.used(), 17);
    }

    proptest! {
        /// P12: whatever is taken, by us and by others, and however it is stored: never more than is used is counted, and at the end, all
        /// of it.
        #[test]
        fn never_more_than_is_used(steps in proptest::collection::vec((0_u64..9, 0_u64..9, 0_usize..12, any::<bool>()), 1..60)) {
            let mut counter = Counter::new(at(0));
            // When each event was received, in order; how many of them are stored.
            let (mut received, mut stored) = (Vec::new(), 0_usize);
            for (second, (ours, others, more, is_read)) in (1..).zip(steps) {
                counter.take(ours);
                received.extend((0..ours + others).map(|_| second));
                stored = (stored + more).min(received.len());
                if is_read {
                    let complete = received.get(stored).map_or(second, |waiting| *waiting) - 1;
                    counter.read(stored as u64, at(second), Some(at(complete)));
                }
                prop_assert!(counter.used() <= received.len() as u64);
                prop_assert!(counter.used() >= ours);
            }
            let end = 1000;
            counter.read(received.len() as u64, at(end), Some(at(end)));
            prop_assert_eq!(counter.used(), received.len() as u64);
        }
    }
}
