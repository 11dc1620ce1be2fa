//! Who yields to whom where one machine does everything.
//!
//! Queries would take as many threads as they get, and with a few dozen of them the broker, the enricher and the inserts would
//! have a small share of the processors: what is acknowledged would be stored late because somebody reads. So the threads that
//! read yield to all others of this machine while there is not enough for all; alone they are as fast as ever.

/// How nice readers are: beside a busy thread of another kind they get a tenth of what it gets.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Makes the calling thread one that reads. It can't be undone, so the thread has to be the reader's own. The engine starts its
/// own threads from those of queries, and they are as nice.
#[cfg(target_os = "linux")]
pub(super) fn of_readers() {
    // Linux counts niceness by thread. Whoever may not even be nicer reads as fast as all others.
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "the priority of a reader stays");
    }
}

/// Elsewhere niceness is the whole process's.
#[cfg(not(target_os = "linux"))]
pub(super) fn of_readers() {}
