//! Waiting between attempts: exponential, with full jitter, capped.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use crate::shutdown::Shutdown;

/// Waits of a series of attempts. Each is random between nothing and a bound that doubles up to the cap, so that many who
/// failed together don't come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    attempt: u32,
}

impl Default for Backoff {
    /// From 100 ms to 10 s.
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(10))
    }
}

impl Backoff {
    /// Bounds begin at `base` and end at `cap`.
    #[must_use]
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap, attempt: 0 }
    }

    /// The next wait.
    pub fn next_wait(&mut self) -> Duration {
        let bound = self.bound();
        self.attempt = self.attempt.saturating_add(1);
        bound.mul_f64(rand::random::<f64>())
    }

    /// The bound of the next wait.
    #[must_use]
    pub fn bound(&self) -> Duration {
        self.base.saturating_mul(2_u32.saturating_pow(self.attempt)).min(self.cap)
    }

    /// Begins anew, after a success.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }
}

/// Repeats `attempt` until it succeeds, or until the process stops (`None`). Failures are logged; `what` says what is tried.
pub async fn retry<T, E, F>(what: &str, shutdown: &Shutdown, mut attempt: impl FnMut() -> F) -> Option<T>
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    let mut backoff = Backoff::default();
    loop {
        let tried = tokio::select! {
            tried = attempt() => tried,
            () = shutdown.requested() => return None,
        };
        match tried {
            Ok(value) => return Some(value),
            Err(error) => tracing::warn!(%error, "{what}: trying again"),
        }
        tokio::select! {
            () = tokio::time::sleep(backoff.next_wait()) => {}
            () = shutdown.requested() => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_within_a_bound_that_grows_to_the_cap() {
        let mut backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(70));
        let bounds: Vec<u128> = (0..200)
            .map(|_| {
                let bound = backoff.bound();
                assert!(backoff.next_wait() <= bound);
                bound.as_millis()
            })
            .collect();
        assert_eq!(bounds[..5], [10, 20, 40, 70, 70]);
        backoff.reset();
        assert_eq!(backoff.bound().as_millis(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn tries_until_it_succeeds_or_the_process_stops() {
        let shutdown = Shutdown::default();
        let mut left = 3;
        let done = retry("test", &shutdown, || {
            left -= 1;
            std::future::ready(if left == 0 { Ok(7) } else { Err("not yet") })
        });
        assert_eq!(done.await, Some(7));
        shutdown.request();
        assert_eq!(retry("test", &shutdown, || std::future::ready(Err::<(), _>("never"))).await, None);
    }
}
