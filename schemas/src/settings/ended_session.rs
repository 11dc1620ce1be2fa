//! Sessions of the console that were signed out of.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A session that was signed out of before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedSession {
    /// When it would have ended by itself: from then on nobody needs to know of it.
    pub until: DateTime<Utc>,
}
