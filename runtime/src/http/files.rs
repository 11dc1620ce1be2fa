//! How many files the process may open, connections included.

use rlimit::Resource;

/// More than this is never asked for: some systems say "unlimited" and mean it, which nobody needs.
const MOST_FILES: u64 = 1 << 20;

/// The limit in force.
#[must_use]
pub fn open_files() -> u64 {
    Resource::NOFILE.get_soft().unwrap_or(MOST_FILES).min(MOST_FILES)
}

/// Raises the soft limit to the hard one, as far as the system allows, and returns what is in force then. The soft limit is
/// low for programs that can't count beyond 1024, and this one can.
pub fn raise_open_files() -> u64 {
    if let Err(error) = rlimit::increase_nofile_limit(MOST_FILES) {
        tracing::warn!(%error, "the limit of open files can't be raised");
    }
    open_files()
}
