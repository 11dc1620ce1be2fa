//! Why a record of our own topics can't be used.

/// What is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A newer version of this program wrote it: whoever went on without it would undo what that version did.
    #[error("it has the format {found}, and this version knows {known} at most: a newer version is at work")]
    Newer {
        /// Its format.
        found: u64,
        /// The newest that this version knows.
        known: u64,
    },
    /// It is none of ours, or damaged. It is reported and passed over.
    #[error("{0}")]
    Unreadable(String),
}

impl RecordError {
    /// Of something that is no such record.
    pub(crate) fn unreadable(why: impl ToString) -> Self {
        Self::Unreadable(why.to_string())
    }

    /// Whether it asks to stop.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::Newer { .. })
    }
}
