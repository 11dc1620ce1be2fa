//! Rate limits, by key and by tenant: a bucket for each name, which drains at once and refills steadily.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::shutdown::Shutdown;

/// How often full buckets are forgotten.
const SWEEP: Duration = Duration::from_secs(60);

type Bucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// How much of something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// On average, each second. At least 1; 0 is taken for 1.
    pub per_second: u32,
    /// At once. At least 1; 0 is taken for 1.
    pub burst: u32,
}

/// What the limiter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may be done now.
    pub verdict: Verdict,
    /// The most that may be done at once.
    pub limit: u32,
    /// How much may still be done at once now.
    pub remaining: u32,
    /// Seconds until all of it may be done at once again.
    pub reset_s: u64,
    /// Seconds in which an empty bucket fills.
    pub window_s: u64,
}

/// Whether something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may; it has been counted.
    Allowed,
    /// Not yet; nothing has been counted.
    RetryAfter {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Not ever: it is more than may be done at once.
    ExceedsBurst,
}

impl Decision {
    /// Whether it may be done now.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }
}

#[derive(Debug)]
struct Entry {
    rate: Rate,
    bucket: Bucket,
    clock: DefaultClock,
}

impl Entry {
    fn new(rate: Rate) -> Self {
        let per_second = NonZeroU32::new(rate.per_second).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN);
        let clock = DefaultClock::default();
        let bucket = RateLimiter::direct_with_clock(Quota::per_second(per_second).allow_burst(burst), clock.clone())
            .with_middleware::<StateInformationMiddleware>();
        Self { rate, bucket, clock }
    }

    fn check(&self, count: NonZeroU32) -> Decision {
        let limit = self.rate.burst.max(1);
        let decide = |verdict, remaining| Decision {
            verdict,
            limit,
            remaining,
            reset_s: self.seconds_for(limit.saturating_sub(remaining)),
            window_s: self.seconds_for(limit).max(1),
        };
        match self.bucket.check_n(count) {
            Ok(Ok(state)) => decide(Verdict::Allowed, state.remaining_burst_capacity()),
            Ok(Err(wait)) => {
                let retry_after = wait.wait_time_from(self.clock.now());
                // What is left is what was asked for less what the wait will bring.
                let missing = retry_after.as_secs_f64() * f64::from(self.rate.per_second.max(1));
                let remaining = (f64::from(count.get()) - missing).floor().max(0.0);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and `count`
                let remaining = remaining as u32;
                decide(Verdict::RetryAfter { retry_after }, remaining)
            }
            Err(_) => decide(Verdict::ExceedsBurst, limit),
        }
    }

    fn seconds_for(&self, count: u32) -> u64 {
        u64::from(count).div_ceil(u64::from(self.rate.per_second.max(1)))
    }

    /// Full again, so forgetting it changes nothing.
    fn is_full(&self) -> bool {
        let all = NonZeroU32::new(self.rate.burst).unwrap_or(NonZeroU32::MIN);
        // Checking takes what it checks, but who takes all of a bucket that is dropped takes nothing.
        matches!(self.bucket.check_n(all), Ok(Ok(_)))
    }
}

/// Buckets by name. Clones share the same buckets.
#[derive(Clone, Debug, Default)]
pub struct Limiter(Arc<RwLock<HashMap<String, Arc<Entry>>>>);

impl Limiter {
    /// Asks for `count` things under `name`. A rate other than last time begins a new, full bucket.
    #[must_use]
    pub fn check(&self, name: &str, rate: Rate, count: u32) -> Decision {
        let count = NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        self.entry(name, rate).check(count)
    }

    fn entry(&self, name: &str, rate: Rate) -> Arc<Entry> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(entry) = known
            && entry.rate == rate
        {
            return entry;
        }
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match entries.get(name) {
            Some(entry) if entry.rate == rate => Arc::clone(entry),
            _ => {
                let entry = Arc::new(Entry::new(rate));
                entries.insert(name.to_owned(), Arc::clone(&entry));
                entry
            }
        }
    }

    /// Forgets the buckets that are full.
    pub fn sweep(&self) {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| Arc::strong_count(entry) > 1 || !entry.is_full());
    }

    /// How many names are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether no name is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sweeps every minute until the process stops.
    pub fn keep_small(&self, shutdown: &Shutdown) {
        let (limiter, stop) = (self.clone(), shutdown.clone());
        shutdown.supervise("limiter", async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(SWEEP) => limiter.sweep(),
                    () = stop.requested() => return,
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 1, burst: 10 };

    /// P12: counted in things, not in calls; nothing is counted when refused.
    #[test]
    fn a_bucket_drains_and_says_when_it_fills() {
        let limiter = Limiter::default();
        let first = limiter.check("a", RATE, 7);
        assert_eq!((first.allowed(), first.limit, first.remaining), (true, 10, 3));
        assert_eq!((first.reset_s, first.window_s), (7, 10));
        let second = limiter.check("a", RATE, 5);
        let Verdict::RetryAfter { retry_after } = second.verdict else { panic!("{second:?}") };
        assert!(retry_after > Duration::from_secs(1) && retry_after <= Duration::from_secs(2), "{retry_after:?}");
        assert_eq!(second.remaining, 3);
        assert!(limiter.check("a", RATE, 3).allowed());
    }

    /// P12: one noisy tenant slows no other.
    #[test]
    fn names_don_t_touch_one_another() {
        let limiter = Limiter::default();
        assert!(limiter.check("a", RATE, 10).allowed());
        assert!(!limiter.check("a", RATE, 1).allowed());
        assert!(limiter.check("b", RATE, 10).allowed());
    }

    #[test]
    fn more_than_the_burst_never_passes() {
        assert_eq!(Limiter::default().check("a", RATE, 11).verdict, Verdict::ExceedsBurst);
    }

    #[test]
    fn a_changed_rate_holds_at_once() {
        let limiter = Limiter::default();
        assert!(limiter.check("a", RATE, 10).allowed());
        assert!(limiter.check("a", Rate { per_second: 1, burst: 20 }, 20).allowed());
    }

    #[test]
    fn full_buckets_are_forgotten_and_others_kept() {
        let limiter = Limiter::default();
        assert!(limiter.check("slow", RATE, 10).allowed());
        assert!(limiter.check("fast", Rate { per_second: 1_000_000, burst: 1 }, 1).allowed());
        std::thread::sleep(Duration::from_millis(5));
        limiter.sweep();
        assert_eq!(limiter.len(), 1);
        assert!(!limiter.check("slow", RATE, 10).allowed());
    }
}
