//! Intervals of time, half-open, in milliseconds since 1970, and sets of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An interval that is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    start: i64,
    end: i64,
}

impl Interval {
    /// From `start`, up to and without `end`; none where that is empty.
    #[must_use]
    pub fn new(start: i64, end: i64) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// First instant inside.
    #[must_use]
    pub const fn start(self) -> i64 {
        self.start
    }

    /// First instant outside.
    #[must_use]
    pub const fn end(self) -> i64 {
        self.end
    }

    /// Its length in milliseconds.
    #[must_use]
    pub const fn measure(self) -> u64 {
        self.end.abs_diff(self.start)
    }

    /// Whether an instant is inside.
    #[must_use]
    pub fn contains(self, at: i64) -> bool {
        (self.start..self.end).contains(&at)
    }

    /// The part within another.
    #[must_use]
    pub fn clip(self, within: Self) -> Option<Self> {
        Self::new(self.start.max(within.start), self.end.min(within.end))
    }
}

/// A set of instants, as ascending intervals that neither overlap nor touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Set(Vec<Interval>);

impl FromIterator<Interval> for Set {
    fn from_iter<I: IntoIterator<Item = Interval>>(intervals: I) -> Self {
        let mut sorted: Vec<Interval> = intervals.into_iter().collect();
        sorted.sort_unstable();
        let mut joined: Vec<Interval> = Vec::new();
        for next in sorted {
            match joined.last_mut() {
                Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
                _ => joined.push(next),
            }
        }
        Self(joined)
    }
}

impl Set {
    /// How long it is in all, in milliseconds.
    #[must_use]
    pub fn measure(&self) -> u64 {
        self.0.iter().map(|interval| interval.measure()).sum()
    }

    /// How much of it is within an interval, in milliseconds.
    #[must_use]
    pub fn measure_within(&self, within: Interval) -> u64 {
        self.around(within).filter_map(|interval| interval.clip(within)).map(Interval::measure).sum()
    }

    /// Whether an instant is inside.
    #[must_use]
    pub fn contains(&self, at: i64) -> bool {
        let before = self.0.partition_point(|interval| interval.end <= at);
        self.0.get(before).is_some_and(|interval| interval.contains(at))
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).copied().collect()
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let common = |piece: &Interval| {
            let piece = *piece;
            other.around(piece).filter_map(move |interval| interval.clip(piece))
        };
        Self(self.0.iter().flat_map(common).collect())
    }

    /// What is in this one alone.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for piece in &self.0 {
            let mut start = piece.start;
            for cut in other.around(*piece) {
                left.extend(Interval::new(start, cut.start));
                start = cut.end;
            }
            left.extend(Interval::new(start, piece.end));
        }
        Self(left)
    }

    /// The part within an interval.
    #[must_use]
    pub fn clip(&self, within: Interval) -> Self {
        Self(self.around(within).filter_map(|interval| interval.clip(within)).collect())
    }

    /// The intervals that overlap another.
    fn around(&self, other: Interval) -> impl Iterator<Item = Interval> + '_ {
        let first = self.0.partition_point(|interval| interval.end <= other.start);
        self.0[first..].iter().copied().take_while(move |interval| interval.start < other.end)
    }
}

/// A track for each interval, so that no two on one track overlap, and there are no more tracks than intervals at once. The
/// intervals come in the order of their starts.
pub fn tracks(intervals: impl IntoIterator<Item = Interval>) -> Vec<usize> {
    let mut free = BinaryHeap::new();
    let mut busy: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    let mut known = 0;
    let mut place = |interval: Interval| {
        while let Some(Reverse((end, track))) = busy.peek().copied() {
            if end > interval.start {
                break;
            }
            busy.pop();
            free.push(Reverse(track));
        }
        let track = free.pop().map_or(known, |Reverse(track)| track);
        known = known.max(track + 1);
        busy.push(Reverse((interval.end, track)));
        track
    };
    intervals.into_iter().map(&mut place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const END: i64 = 60;

    prop_compose! {
        fn interval()(start in 0..END - 1, length in 1..END / 3) -> Interval {
            Interval { start, end: start + length }
        }
    }

    fn some() -> impl Strategy<Value = Vec<Interval>> {
        prop::collection::vec(interval(), 0..12)
    }

    /// The set as its instants, one by one.
    fn instants(intervals: &[Interval]) -> BTreeSet<i64> {
        intervals.iter().flat_map(|interval| interval.start..interval.end).collect()
    }

    fn set(intervals: &[Interval]) -> Set {
        intervals.iter().copied().collect()
    }

    fn canonical(set: &Set) -> bool {
        set.0.iter().all(|interval| interval.start < interval.end)
            && set.0.is_sorted_by(|one, next| one.end < next.start)
    }

    proptest! {
        /// A set is the instants of its intervals, in whatever order and however often they are given.
        #[test]
        fn a_set_is_its_instants(intervals in some(), at in 0..END) {
            let found = set(&intervals);
            prop_assert!(canonical(&found));
            prop_assert_eq!(instants(&found.0), instants(&intervals));
            let turned: Vec<Interval> = intervals.iter().rev().chain(&intervals).copied().collect();
            prop_assert_eq!(set(&turned), found.clone());
            prop_assert_eq!(found.contains(at), instants(&intervals).contains(&at));
            prop_assert!(found.measure() <= intervals.iter().map(|interval| interval.measure()).sum());
        }

        #[test]
        fn algebra_is_that_of_instants(one in some(), other in some(), within in interval()) {
            let (a, b) = (set(&one), set(&other));
            let (left, right) = (instants(&one), instants(&other));
            for (found, wanted) in [
                (a.union(&b), left.union(&right).copied().collect::<BTreeSet<i64>>()),
                (a.intersection(&b), left.intersection(&right).copied().collect()),
                (a.difference(&b), left.difference(&right).copied().collect()),
                (a.clip(within), left.iter().copied().filter(|at| within.contains(*at)).collect()),
            ] {
                prop_assert!(canonical(&found), "{found:?}");
                prop_assert_eq!(instants(&found.0), wanted);
            }
            prop_assert_eq!(a.union(&a), a.clone());
            prop_assert_eq!(a.union(&b), b.union(&a));
            prop_assert_eq!(a.measure() + b.measure(), a.union(&b).measure() + a.intersection(&b).measure());
            prop_assert_eq!(a.measure_within(within), a.clip(within).measure());
        }

        /// T1: overlaps are kept apart, on no more tracks than overlap at once.
        #[test]
        fn tracks_keep_overlaps_apart(mut intervals in some()) {
            intervals.sort_unstable();
            let placed = tracks(intervals.iter().copied());
            for at in 0..2 * END {
                let here: Vec<usize> =
                    intervals.iter().zip(&placed).filter(|(one, _)| one.contains(at)).map(|(_, track)| *track).collect();
                prop_assert_eq!(here.iter().collect::<BTreeSet<_>>().len(), here.len());
            }
            let deepest = (0..2 * END).map(|at| intervals.iter().filter(|one| one.contains(at)).count()).max();
            prop_assert_eq!(placed.iter().max().map_or(0, |track| track + 1), deepest.unwrap_or(0));
        }
    }
}
