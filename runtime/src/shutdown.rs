//! Graceful shutdown: cancels all tasks and waits for them to finish what they began, up to a timeout. And its other half:
//! a part that has to run until then, and ends sooner, ends the process.

use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Exit code of a process that could not finish what it began in time: `EX_TEMPFAIL` of sysexits.h.
pub const LATE: u8 = 75;
/// Exit code after a second signal, as shells have it for an interrupted program.
const INTERRUPTED: u8 = 130;

/// Sent to who writes beyond the largest file that it may have.
#[cfg(target_os = "linux")]
const SIGXFSZ: i32 = 25;

/// Asks the tasks of a process to stop, and waits for them. Clones share the same state.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    token: CancellationToken,
    tasks: TaskTracker,
    failure: Arc<OnceLock<String>>,
}

/// How a supervised part ended: nothing, or why it could not go on.
pub trait Ended: Send + 'static {
    /// Why it could not go on.
    fn reason(self) -> Option<String>;
}

impl Ended for () {
    fn reason(self) -> Option<String> {
        None
    }
}

impl<E: Display + Send + 'static> Ended for Result<(), E> {
    fn reason(self) -> Option<String> {
        self.err().map(|error| format!("{error:#}"))
    }
}

impl Shutdown {
    /// Asks everybody to stop. Repeating it changes nothing.
    pub fn request(&self) {
        self.token.cancel();
    }

    /// Whether everybody was asked to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Returns once everybody was asked to stop.
    pub async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// The token, for libraries that take one.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// One whose request stops with this one's, but not the other way round; [`drain`](Self::drain) of this one waits
    /// for its tasks too.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { token: self.token.child_token(), tasks: self.tasks.clone(), failure: Arc::clone(&self.failure) }
    }

    /// Starts a task that [`drain`](Self::drain) waits for.
    pub fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.tasks.spawn(task)
    }

    /// Starts blocking work, on a thread of its own, that [`drain`](Self::drain) waits for.
    pub fn spawn_blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        self.tasks.spawn_blocking(work)
    }

    /// Starts a task that has to run until everybody is asked to stop: if it ends sooner, or panics, so does the process.
    pub fn supervise<T: Ended>(&self, part: &'static str, task: impl Future<Output = T> + Send + 'static) {
        self.watch(part, self.tasks.spawn(task), true);
    }

    /// As [`supervise`](Self::supervise), for blocking work on a thread of its own.
    pub fn supervise_blocking<T: Ended>(&self, part: &'static str, work: impl FnOnce() -> T + Send + 'static) {
        self.watch(part, self.tasks.spawn_blocking(work), true);
    }

    /// Starts a task that others wait for: it may end, but a panic or an error ends the process, for else they would wait
    /// for ever.
    pub fn spawn_part<T: Ended>(&self, part: &'static str, task: impl Future<Output = T> + Send + 'static) {
        self.watch(part, self.tasks.spawn(task), false);
    }

    fn watch<T: Ended>(&self, part: &'static str, running: JoinHandle<T>, lasting: bool) {
        let shutdown = self.clone();
        self.tasks.spawn(async move {
            match running.await.map(Ended::reason) {
                Ok(None) if lasting && !shutdown.is_requested() => shutdown.fail(part, "it ended by itself"),
                Ok(None) => {}
                Ok(Some(reason)) => shutdown.fail(part, &reason),
                Err(error) if error.is_cancelled() => {}
                Err(error) => shutdown.fail(part, &panicked(error)),
            }
        });
    }

    /// Ends the process, because a part of it can't go on. The first reason is kept.
    pub fn fail(&self, part: &str, reason: &str) {
        tracing::error!(part, reason, "a part has ended that has to run; the process ends with it");
        let _ = self.failure.set(format!("{part}: {reason}"));
        self.request();
    }

    /// Why the process ends, if a part of it failed.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Asks everybody to stop and waits, `limit` at most. Whether all have stopped.
    pub async fn drain(&self, limit: Duration) -> bool {
        self.request();
        self.tasks.close();
        tokio::time::timeout(limit, self.tasks.wait()).await.is_ok()
    }

    /// Asks everybody to stop at the first SIGINT or SIGTERM. From any request on, the process lives for `limit` at most,
    /// whatever hangs: then, or at a second signal, `exit` ends it.
    ///
    /// On a thread with a runtime of its own, which nothing that hangs elsewhere can hold up.
    ///
    /// # Errors
    /// When the system refuses to hand the signals over.
    pub fn on_signals(&self, limit: Duration, exit: fn(u8) -> !) -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (interrupt, terminate) = {
            let _entered = runtime.enter();
            // A file that may not grow any more is an error of who writes it, as a full disk is, and not the end of the process:
            // whoever listens once has taken the signal's own effect away.
            #[cfg(target_os = "linux")]
            drop(signal(SignalKind::from_raw(SIGXFSZ))?);
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        let shutdown = self.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let code = runtime.block_on(shutdown.last_word(interrupt, terminate, limit));
            exit(code);
        })?;
        Ok(())
    }

    /// Returns when the process has to end at once, with its exit code.
    async fn last_word(self, mut interrupt: Signal, mut terminate: Signal, limit: Duration) -> u8 {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = self.requested() => {}
        }
        tracing::info!("stopping");
        self.request();
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = tokio::time::sleep(limit) => {
                let drain_seconds = limit.as_secs();
                tracing::error!(drain_seconds, "still not stopped; ending at once, nothing acknowledged is lost");
                return LATE;
            }
        }
        tracing::warn!("stopping at once, on a second signal");
        INTERRUPTED
    }
}

fn panicked(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "it was aborted".to_owned() };
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("it panicked: {}", text.unwrap_or("for a reason that is no text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn drain_waits_for_tasks_but_not_for_ever() {
        let shutdown = Shutdown::default();
        let task = shutdown.clone();
        shutdown.spawn(async move { task.requested().await });
        assert!(shutdown.drain(Duration::from_secs(1)).await);

        let shutdown = Shutdown::default();
        shutdown.spawn(std::future::pending::<()>());
        assert!(!shutdown.drain(Duration::from_secs(1)).await);
    }

    #[test]
    fn a_child_stops_with_its_parent_only() {
        let parent = Shutdown::default();
        let child = parent.child();
        child.request();
        assert!(!parent.is_requested());
        let child = parent.child();
        parent.request();
        assert!(child.is_requested());
    }

    /// A part that panics, fails or simply ends takes the process with it; the first reason is kept.
    #[tokio::test]
    async fn a_part_that_ends_ends_the_process() {
        type Start = fn(&Shutdown);
        let ends: [(&str, Start); 5] = [
            ("x: it ended by itself", |shutdown| shutdown.supervise("x", async {})),
            ("x: it ended by itself", |shutdown| shutdown.supervise_blocking("x", || {})),
            ("x: broken", |shutdown| shutdown.supervise_blocking("x", || Err::<(), _>("broken"))),
            ("x: it panicked: a bug", |shutdown| shutdown.supervise_blocking::<()>("x", || panic!("a bug"))),
            ("x: it panicked: a bug", |shutdown| shutdown.spawn_part::<()>("x", async { panic!("a bug") })),
        ];
        for (expected, start) in ends {
            let shutdown = Shutdown::default();
            start(&shutdown);
            shutdown.requested().await;
            assert_eq!(shutdown.failure(), Some(expected));
        }
    }

    #[tokio::test]
    async fn a_part_that_ends_when_asked_to_is_no_failure() {
        let shutdown = Shutdown::default();
        let stop = shutdown.clone();
        shutdown.supervise("x", async move { stop.requested().await });
        shutdown.spawn_part("y", async {});
        assert!(shutdown.drain(Duration::from_secs(60)).await);
        assert_eq!(shutdown.failure(), None);
    }
}
