//! What a partition remembers from record to record.

use crate::seen::Seen;
use crate::state::{Budget, State};

/// Ids seen lately, and the state of users.
pub struct Memory {
    /// Ids of events stored lately.
    pub seen: Seen,
    /// What is known of users.
    pub state: State,
}

impl Memory {
    /// Of a partition without a past; ids are remembered over `window` offsets.
    #[must_use]
    pub fn new(window: u64, budget: Budget) -> Self {
        Self { seen: Seen::new(window), state: State::new(budget) }
    }
}
