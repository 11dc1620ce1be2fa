//! Who yields to whom where one machine does everything.
//!
//! Queries would take as many threads as they get, and with a few dozen of them the broker, the enricher and the inserts would
//! have a small share of the processors: what is acknowledged would be stored late because somebody reads. So the threads that
//! read yield to all others of this machine, the more the longer they have been at work: a page that takes a moment is answered
//! in a moment, whoever else asks for much, and what takes long has what is left. Alone they are as fast as ever.
//!
//! It is the multi-level feedback queue of operating systems, made of niceness: Linux counts it by thread, and anybody may raise
//! it. Elsewhere it is the whole process's, and nobody yields.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(super) use self::linux::Reader;

/// The calling thread as one that reads.
#[cfg(not(target_os = "linux"))]
pub(super) struct Reader;

#[cfg(not(target_os = "linux"))]
impl Reader {
    pub(super) fn begin() -> Self {
        Self
    }
}
