//! Seeded chance, in the few forms that the demo needs.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A seeded source of chance.
#[derive(Debug)]
pub(crate) struct Dice(StdRng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// From `low` up to, but not including, `high`; `low` where there is nothing between.
    pub(crate) fn range(&mut self, low: u64, high: u64) -> u64 {
        if low >= high { low } else { self.0.random_range(low..high) }
    }

    /// From 0 up to, but not including, 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.random_range(0.0..1.0)
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// An index below `len` (0 for 0).
    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.range(0, len as u64)).unwrap_or(0)
    }

    /// One of a list that has at least one.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// One of a list, by weight.
    pub(crate) fn weighted<'a, T>(&mut self, items: &'a [(T, u32)]) -> &'a T {
        let total: u64 = items.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = self.range(0, total);
        for (item, weight) in items {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return item,
            }
        }
        &items[0].0
    }

    /// Many small values and a few large ones: uniform in the logarithm, between the two.
    pub(crate) fn log_range(&mut self, low: f64, high: f64) -> u64 {
        let value = (low.ln() + self.unit() * (high.ln() - low.ln())).exp();
        value as u64
    }

    /// Some lower-case hexadecimal digits, 16 at most.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut text = format!("{:016x}", self.range(0, u64::MAX));
        text.truncate(digits);
        text
    }

    /// Ten bytes, the random part of a UUIDv7.
    pub(crate) fn bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.range(0, u64::MAX).to_le_bytes());
        bytes[8..].copy_from_slice(&(self.range(0, 1 << 16) as u16).to_le_bytes());
        bytes
    }

    /// Puts a list into random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index(last + 1);
            items.swap(last, other);
        }
    }
}
