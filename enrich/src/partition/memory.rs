//! What a partition remembers from record to record.

use super::dedup_window::DedupWindow;
use crate::state::{Budget, State};

/// Ids seen lately, and the state of users.
pub struct Memory {
    /// Ids of events stored lately.
    pub seen: DedupWindow,
    /// What is known of users.
    pub state: State,
}

impl Memory {
    /// Of a partition without a past; ids are remembered over `window` offsets.
    #[must_use]
    pub fn new(window: u64, budget: Budget) -> Self {
        Self { seen: DedupWindow::new(window), state: State::new(budget) }
    }
}
