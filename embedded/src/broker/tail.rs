//! What was written last, as it was sent, for consumers that keep up.
//!
//! Nisshi keeps each record and each header as a row, and makes batches of them again for whoever fetches: a statement for each
//! record, parsed each time, and compression once more. What a consumer asks for was nearly always written a moment ago.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use nisshi_sans_io::record::deflated::Batch;
use nisshi_storage::Topition;

/// Bytes kept of all partitions together.
const MOST_BYTES: usize = 32 << 20;

/// The last batches of each partition, one after the other without a gap; of all partitions the oldest go first.
#[derive(Debug, Default)]
pub(super) struct Tails {
    of: HashMap<Topition, VecDeque<Batch>>,
    /// The partition of each of them, in the order of writing.
    written: VecDeque<Topition>,
    bytes: usize,
}

impl Tails {
    /// Keeps a batch that stands in the log at its base offset now.
    pub(super) fn keep(&mut self, topition: &Topition, mut batch: Batch) {
        if self.of.get(topition).and_then(VecDeque::back).is_some_and(|last| last.max_offset() + 1 != batch.base_offset)
        {
            self.forget(topition);
        }
        // Not the request that it came in.
        batch.record_data = Bytes::copy_from_slice(&batch.record_data);
        batch.partition_leader_epoch = -1;
        self.bytes += batch.record_data.len();
        self.written.push_back(topition.clone());
        self.of.entry(topition.clone()).or_default().push_back(batch);
        while self.bytes > MOST_BYTES
            && let Some(topition) = self.written.pop_front()
            && let Some(batches) = self.of.get_mut(&topition)
        {
            self.bytes -= batches.pop_front().map_or(0, |batch| batch.record_data.len());
            if batches.is_empty() {
                self.of.remove(&topition);
            }
        }
    }

    /// The batches from the one that holds `offset` to the last, which ends before `end`, or as many of them as have `max_bytes`, one at
    /// least; nothing where they are not known.
    pub(super) fn read(&self, topition: &Topition, offset: i64, end: i64, max_bytes: u32) -> Option<Vec<Batch>> {
        let batches = self.of.get(topition)?;
        if batches.back()?.max_offset() + 1 != end || batches.front()?.base_offset > offset {
            return None;
        }
        let first = batches.partition_point(|batch| batch.max_offset() < offset);
        let mut bytes = 0;
        let fits = |batch: &&Batch| {
            let is_first = bytes == 0;
            bytes += batch.record_data.len();
            is_first || bytes <= max_bytes as usize
        };
        Some(batches.range(first..).take_while(fits).cloned().collect())
    }

    fn forget(&mut self, topition: &Topition) {
        let gone = self.of.remove(topition).unwrap_or_default();
        self.bytes -= gone.iter().map(|batch| batch.record_data.len()).sum::<usize>();
        self.written.retain(|of| of != topition);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn batch(base_offset: i64, records: i32, bytes: usize) -> Batch {
        Batch {
            base_offset,
            last_offset_delta: records - 1,
            record_data: Bytes::from(vec![0; bytes]),
            ..Batch::default()
        }
    }

    fn starts(tails: &Tails, topition: &Topition, offset: i64, end: i64, max_bytes: u32) -> Option<Vec<i64>> {
        let batches = tails.read(topition, offset, end, max_bytes)?;
        Some(batches.iter().map(|batch| batch.base_offset).collect())
    }

    #[test]
    fn a_consumer_that_keeps_up_reads_on() {
        let (mut tails, [a, b]) = (Tails::default(), ["a", "b"].map(|topic| Topition::new(topic, 0)));
        tails.keep(&a, batch(10, 3, 100));
        tails.keep(&a, batch(13, 1, 100));
        tails.keep(&a, batch(14, 2, 100));
        for (offset, expected) in [(10, vec![10, 13, 14]), (12, vec![10, 13, 14]), (13, vec![13, 14]), (15, vec![14])] {
            assert_eq!(starts(&tails, &a, offset, 16, 1000), Some(expected), "{offset}");
        }
        assert_eq!(starts(&tails, &a, 10, 16, 250), Some(vec![10, 13]));
        assert_eq!(starts(&tails, &a, 10, 16, 0), Some(vec![10]), "one at least");
        assert_eq!(starts(&tails, &a, 9, 16, 1000), None, "it begins later");
        assert_eq!(starts(&tails, &a, 10, 17, 1000), None, "it isn't all");
        assert_eq!(starts(&tails, &b, 0, 1, 1000), None);
        // Something was written that is not kept.
        tails.keep(&a, batch(20, 1, 100));
        assert_eq!(starts(&tails, &a, 10, 21, 1000), None);
        assert_eq!((starts(&tails, &a, 20, 21, 1000), tails.bytes, tails.written.len()), (Some(vec![20]), 100, 1));
        tails.clear();
        assert_eq!((starts(&tails, &a, 20, 21, 1000), tails.bytes), (None, 0));
    }

    #[test]
    fn the_oldest_go_first() {
        let (mut tails, [a, b]) = (Tails::default(), ["a", "b"].map(|topic| Topition::new(topic, 0)));
        tails.keep(&a, batch(0, 1, MOST_BYTES / 2));
        tails.keep(&b, batch(0, 1, MOST_BYTES / 2));
        assert_eq!(starts(&tails, &a, 0, 1, 1), Some(vec![0]));
        tails.keep(&b, batch(1, 1, 1));
        assert_eq!(starts(&tails, &a, 0, 1, 1), None);
        assert_eq!(starts(&tails, &b, 0, 2, u32::MAX), Some(vec![0, 1]));
        tails.keep(&b, batch(2, 1, MOST_BYTES));
        assert_eq!((starts(&tails, &b, 2, 3, 1), tails.bytes), (Some(vec![2]), MOST_BYTES));
    }
}
