//! Stopping: everybody is told, everybody finishes what it began, and there is a limit to the wait.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Tells the tasks of a process to stop, and waits for them. Clones share the same state.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    token: CancellationToken,
    tasks: TaskTracker,
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
        Self { token: self.token.child_token(), tasks: self.tasks.clone() }
    }

    /// Starts a task that [`drain`](Self::drain) waits for.
    pub fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.tasks.spawn(task)
    }

    /// Starts blocking work, on a thread of its own, that [`drain`](Self::drain) waits for.
    pub fn spawn_blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        self.tasks.spawn_blocking(work)
    }

    /// Asks everybody to stop and waits, `limit` at most. Whether all have stopped.
    pub async fn drain(&self, limit: Duration) -> bool {
        self.request();
        self.tasks.close();
        tokio::time::timeout(limit, self.tasks.wait()).await.is_ok()
    }

    /// Asks everybody to stop at the first SIGINT or SIGTERM. A second one ends the process the ordinary, rude way.
    ///
    /// # Errors
    /// When the system refuses to hand the signals over.
    pub fn on_signals(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let shutdown = self.clone();
        // Not tracked: it waits for a signal that need never come.
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                () = shutdown.requested() => {}
            }
            tracing::info!("stopping");
            shutdown.request();
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            tracing::warn!("stopping at once, on a second signal");
            std::process::exit(130);
        });
        Ok(())
    }
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
}
