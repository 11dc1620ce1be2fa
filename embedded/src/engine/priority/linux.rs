//! Niceness by thread.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::{Pid, getpriority_process, setpriority_process};

/// How much nicer than the process a thread is that reads, by the processor time that it has had: at first it gets a third of what
/// others get, in the end a seventieth; one that has just begun gets twenty times as much as one that goes on and on.
const NICENESS: [(Duration, i32); 4] = [
    (Duration::ZERO, 5),
    (Duration::from_millis(150), 9),
    (Duration::from_millis(500), 14),
    (Duration::from_secs(2), 19),
];
/// No thread is nicer.
const NICEST: i32 = 19;
/// How often the threads are looked at, while somebody reads.
const LOOK: Duration = Duration::from_millis(100);
/// The unit of processor time, on all of Linux's platforms of today.
const TICK: Duration = Duration::from_millis(10);
/// How the engine's own threads for reading are called. Most are begun by a reader's thread, and as nice; a job that a thread of
/// another kind took from their queue is known by the name alone.
const READING: &str = "QueryPull";

/// Readers of this process.
static READERS: AtomicUsize = AtomicUsize::new(0);
/// Whether somebody looks at them.
static WATCHED: AtomicBool = AtomicBool::new(false);

/// The calling thread as one that reads.
pub(in crate::engine) struct Reader(());

impl Reader {
    /// Makes the calling thread a reader's. It can't be undone, so the thread has to be the reader's own. The engine starts its
    /// own threads from those of queries, and they are as nice.
    pub(in crate::engine) fn begin() -> Self {
        READERS.fetch_add(1, Ordering::SeqCst);
        if !WATCHED.swap(true, Ordering::SeqCst) {
            // Before this thread is nice, as its children would be.
            if let Err(error) = std::thread::Builder::new().name("engine-watch".to_owned()).spawn(watch) {
                WATCHED.store(false, Ordering::SeqCst);
                tracing::debug!(%error, "no thread looks at the readers");
            }
        }
        // Whoever may not even be nicer reads as fast as all others.
        if let Err(error) = rustix::process::nice(NICENESS[0].1) {
            tracing::debug!(%error, "the priority of a reader stays");
        }
        Self(())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        READERS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Looks at the readers' threads until there are none.
fn watch() {
    let usual = getpriority_process(None).unwrap_or_default();
    loop {
        std::thread::sleep(LOOK);
        if READERS.load(Ordering::SeqCst) > 0 {
            age(usual);
            continue;
        }
        WATCHED.store(false, Ordering::SeqCst);
        // One that began meanwhile has relied on this thread.
        if READERS.load(Ordering::SeqCst) == 0 || WATCHED.swap(true, Ordering::SeqCst) {
            return;
        }
    }
}

/// Makes each thread that reads as nice as its processor time says. One that ends meanwhile is passed over.
fn age(usual: i32) {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return };
    for task in tasks.flatten() {
        let Ok(stat) = std::fs::read_to_string(task.path().join("stat")) else { continue };
        let Some(thread) = Thread::of(&stat) else { continue };
        let wanted = (usual + niceness(thread.worked)).min(NICEST);
        let reads = thread.nice > usual || thread.name.starts_with(READING);
        if reads && wanted > thread.nice {
            let _ = setpriority_process(Some(thread.id), wanted);
        }
    }
}

fn niceness(worked: Duration) -> i32 {
    NICENESS.iter().rev().find(|(from, _)| worked >= *from).map_or(0, |(_, niceness)| *niceness)
}

/// A thread, as Linux reports it.
#[derive(Debug, PartialEq, Eq)]
struct Thread<'a> {
    id: Pid,
    name: &'a str,
    worked: Duration,
    nice: i32,
}

impl<'a> Thread<'a> {
    /// From `/proc/self/task/ID/stat`, see proc_pid_stat(5): its name, in parentheses, may contain whatever it likes.
    fn of(stat: &'a str) -> Option<Self> {
        let (head, rest) = stat.rsplit_once(')')?;
        let (id, name) = head.split_once(" (")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // The state is field 3.
        let number = |field: usize| fields.get(field - 3)?.parse::<i64>().ok();
        let ticks = u32::try_from(number(14)? + number(15)?).ok()?;
        Some(Self {
            id: Pid::from_raw(id.parse().ok()?)?,
            name,
            worked: TICK * ticks,
            nice: i32::try_from(number(19)?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::mpsc;

    use super::*;

    fn me() -> (i32, Duration) {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let thread = Thread::of(&stat).unwrap();
        (thread.nice, thread.worked)
    }

    /// A reader, and what it starts, begin a little nicer, and get nicer as they work; nobody else does.
    #[test]
    fn who_reads_long_yields() {
        let (usual, _) = me();
        let (begun, received) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            let _reading = Reader::begin();
            let child = std::thread::spawn(|| me().0).join().unwrap();
            begun.send((me().0, child)).unwrap();
            // Until the watch has seen that it works; in vain, it would have been seen long before.
            while me().0 < (usual + NICENESS[2].1).min(NICEST) {
                assert!(me().1 < 10 * NICENESS[3].0, "nobody looked");
                std::hint::black_box(0);
            }
            me().1
        });
        let first = (usual + NICENESS[0].1).min(NICEST);
        assert_eq!(received.recv().unwrap(), (first, first));
        let worked = reader.join().unwrap();
        assert!(usual + NICENESS[2].1 > NICEST || worked >= NICENESS[2].0);
        assert_eq!(me().0, usual);
    }

    #[test]
    fn steps() {
        let of = |millis| niceness(Duration::from_millis(millis));
        assert_eq!([0, 149, 150, 499, 500, 1999, 2000, 100_000].map(of), [5, 5, 9, 9, 14, 14, 19, 19]);
    }

    #[test]
    fn a_thread_is_read() {
        let stat = "12 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 25 5 9 0 77 1";
        let thread = Thread::of(stat).unwrap();
        assert_eq!((thread.name, thread.worked, thread.nice), ("a) b (c", Duration::from_millis(420), 5));
        assert_eq!(thread.id.as_raw_nonzero().get(), 12);
        for broken in ["", "12 (a", "12 (a) S 1 2", "x (a) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 25 5 9 0"] {
            assert_eq!(Thread::of(broken), None, "{broken}");
        }
    }
}
