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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    /// Field 19 of the calling thread's `stat` is how nice it is; its name, in parentheses, may contain blanks.
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        stat.rsplit(')').next().unwrap().split_whitespace().nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn a_reader_and_what_it_starts_yield_and_nobody_else_does() {
        let before = niceness();
        let reader = std::thread::spawn(|| {
            super::of_readers();
            (niceness(), std::thread::spawn(niceness).join().unwrap())
        });
        let nicer = (before + super::NICE).min(19);
        assert_eq!(reader.join().unwrap(), (nicer, nicer));
        assert_eq!(niceness(), before);
    }
}
