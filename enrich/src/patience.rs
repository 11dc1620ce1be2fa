//! How long a worker waits for what is on its way to it, so that whoever makes it wait takes little of its time.

use std::time::{Duration, Instant};

/// Longest wait at once.
const MOST: Duration = Duration::from_secs(2);
/// It comes back at this part of the time that passes.
const SHARE: u32 = 4;
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(2);

/// One worker's.
#[derive(Debug)]
pub struct Patience {
    left: Duration,
    since: Instant,
}

impl Default for Patience {
    fn default() -> Self {
        Self { left: MOST, since: Instant::now() }
    }
}

impl Patience {
    /// Waits until it is so, or there is no patience left; whether it is.
    pub(crate) fn wait(&mut self, is_so: impl Fn() -> bool) -> bool {
        let begun = Instant::now();
        self.left = MOST.min(self.left + (begun - self.since) / SHARE);
        let mut so = is_so();
        while !so && begun.elapsed() < self.left {
            std::thread::sleep(LOOK);
            so = is_so();
        }
        self.since = Instant::now();
        self.left = self.left.saturating_sub(self.since - begun);
        so
    }
}
