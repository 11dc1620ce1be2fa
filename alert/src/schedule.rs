//! When to try again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use runtime::config::Alert;

/// Waits after each failure, as multiples of the first; the last goes on: 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h …
const STEPS: [u32; 7] = [1, 6, 24, 120, 360, 720, 1440];
/// A receiver's `Retry-After` is believed up to this.
pub(crate) const MOST_PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// Waits are shortened by up to this part, at random, so that what failed together does not come back together.
const JITTER: f64 = 0.2;

/// The waits of this installation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    first: Duration,
    give_up: TimeDelta,
}

impl Schedule {
    pub(crate) fn new(config: &Alert) -> Self {
        let hours = i64::try_from(config.retry_for_hours).unwrap_or(i64::MAX / 3_600_000);
        Self { first: Duration::from_millis(config.first_retry_ms), give_up: TimeDelta::hours(hours) }
    }

    /// When to try again after `failures` failures, at least one, of a report that began at `since`; `None` to give up.
    /// `random` is 0 to 1.
    pub(crate) fn next(
        &self,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
        failures: u32,
        asked: Option<Duration>,
        random: f64,
    ) -> Option<DateTime<Utc>> {
        let wait = self.wait(failures).mul_f64(1.0 - JITTER * random.clamp(0.0, 1.0));
        // Sooner than asked would be rude; later is always allowed.
        let wait = wait.max(asked.unwrap_or_default().min(MOST_PATIENCE));
        let at = now + TimeDelta::from_std(wait).ok()?;
        (at - since <= self.give_up).then_some(at)
    }

    fn wait(&self, failures: u32) -> Duration {
        let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
        self.first.saturating_mul(STEPS[step.min(STEPS.len() - 1)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SCHEDULE: Schedule = Schedule { first: Duration::from_secs(5), give_up: TimeDelta::hours(72) };

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// P5: 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 2 h …, for three days.
    #[test]
    fn waits_grow_and_end() {
        let mut now = at(0);
        let mut waits = Vec::new();
        while let Some(next) = SCHEDULE.next(at(0), now, waits.len() as u32 + 1, None, 0.0) {
            waits.push((next - now).num_seconds());
            now = next;
        }
        assert_eq!(waits[..8], [5, 30, 120, 600, 1800, 3600, 7200, 7200]);
        assert!(now <= at(72 * 3600) && now > at(69 * 3600), "{now}");
    }

    #[test]
    fn a_receiver_may_ask_for_more_but_not_for_less_or_for_ever() {
        let next = |asked| SCHEDULE.next(at(0), at(0), 1, Some(Duration::from_secs(asked)), 0.0);
        assert_eq!(next(60), Some(at(60)));
        assert_eq!(next(1), Some(at(5)));
        assert_eq!(next(u64::MAX), Some(at(24 * 3600)));
    }

    proptest! {
        /// Whatever is asked and however often it failed, the next attempt is later, and within the time to give up.
        #[test]
        fn bounds_hold(failures in any::<u32>(), asked in proptest::option::of(any::<u32>()), random in 0.0..1.0_f64, passed in 0..300_000_i64) {
            let (since, now) = (at(0), at(passed));
            let asked = asked.map(|seconds| Duration::from_secs(seconds.into()));
            if let Some(next) = SCHEDULE.next(since, now, failures, asked, random) {
                prop_assert!(next - now >= TimeDelta::seconds(4));
                prop_assert!(next - now <= TimeDelta::hours(24));
                prop_assert!(next - since <= TimeDelta::hours(72));
            }
        }
    }
}
