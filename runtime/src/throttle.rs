//! Bounds what strangers can make us log: so many lines of a kind in an interval, and how many were left out.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines by kind. Kinds must be few: those of an enumeration, or places in the code.
#[derive(Debug)]
pub struct Throttle<K> {
    lines: u32,
    interval: Duration,
    kinds: Mutex<BTreeMap<K, Kind>>,
}

#[derive(Debug)]
struct Kind {
    since: Instant,
    lines: u32,
    left_out: u64,
}

impl<K: Ord> Throttle<K> {
    /// At most `lines` of each kind in an `interval`.
    #[must_use]
    pub const fn new(lines: u32, interval: Duration) -> Self {
        Self { lines, interval, kinds: Mutex::new(BTreeMap::new()) }
    }

    /// Whether a line may be written now; with it, how many of its kind were left out since the last one.
    pub fn admit(&self, kind: K) -> Option<u64> {
        self.admit_at(kind, Instant::now())
    }

    fn admit_at(&self, kind: K, now: Instant) -> Option<u64> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(kind).or_insert(Kind { since: now, lines: 0, left_out: 0 });
        if now.duration_since(kind.since) >= self.interval {
            (kind.since, kind.lines) = (now, 0);
        }
        if kind.lines >= self.lines {
            kind.left_out += 1;
            return None;
        }
        kind.lines += 1;
        Some(std::mem::take(&mut kind.left_out))
    }
}

impl<K: Ord + Clone> Throttle<K> {
    /// The kinds of which lines were left out, with their number, which begins anew.
    pub fn left_out(&self) -> Vec<(K, u64)> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let some = kinds.iter_mut().filter(|(_, kind)| kind.left_out > 0);
        some.map(|(name, kind)| (name.clone(), std::mem::take(&mut kind.left_out))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted_by_kind() {
        let throttle = Throttle::new(2, Duration::from_secs(10));
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let admitted: Vec<_> = (0..5).map(|_| throttle.admit_at("a", begun)).collect();
        assert_eq!(admitted, [Some(0), Some(0), None, None, None]);
        assert_eq!(throttle.admit_at("b", begun), Some(0));
        assert_eq!(throttle.admit_at("a", after(9)), None);
        assert_eq!(throttle.admit_at("a", after(10)), Some(4));
        assert_eq!(throttle.admit_at("a", after(10)), Some(0));
        assert_eq!(throttle.admit_at("a", after(11)), None);
        assert_eq!(throttle.left_out(), [("a", 1)]);
        assert_eq!(throttle.left_out(), []);
    }
}
