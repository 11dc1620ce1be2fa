//! ClickHouse in this process: libchdb, loaded at run time, behind ClickHouse's HTTP interface on loopback.
//!
//! The official `clickhouse` crate, `curl` and any other HTTP client of ClickHouse work unchanged against [`Engine::url`]. What
//! differs from a server: users, grants and sessions don't exist (names of users are accepted and ignored), compression and
//! external tables are refused, `query_id` is echoed but not known to the engine, and results in formats that wrap their rows
//! (`JSON`, `Parquet`, `Pretty` …) are held in memory as a whole; rows in all others are streamed.
//!
//! Every request gets a connection of its own to the open engine, which costs 0.1 ms, so settings never outlive it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

mod chdb;
mod core;
mod error;
mod formats;
mod http;
mod interrupted;
mod priority;
mod request;
mod run;
mod sql;

use runtime::http::{Counts, Limits, Server};

pub use self::chdb::exit_now;
use self::core::Core;
pub use crate::lock::LockError;

/// Longer than any of our clients keeps a connection on which it asks nothing.
const IDLE: Duration = Duration::from_secs(600);

/// How to run the engine.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The path of `libchdb.so` (or `.dylib`).
    pub library: PathBuf,
    /// Where the data is kept; created where missing. An `engine.xml` in it may hold ClickHouse server settings.
    pub data_dir: PathBuf,
    /// The loopback address to listen on; port 0 takes any free one.
    pub listen: SocketAddr,
    /// If given, requests must know it (as a ClickHouse password, of any user).
    pub password: Option<String>,
    /// Queries that run at once.
    pub max_queries: usize,
    /// Queries that wait for others; more are refused at once (503, code 202).
    pub max_waiting: usize,
    /// How long a query waits for others before it is refused.
    pub queue_timeout: Duration,
    /// The largest body of an INSERT.
    pub max_body_bytes: u64,
    /// The largest statement.
    pub max_query_bytes: usize,
    /// The largest result held back until its end is known, for `wait_end_of_query=1`.
    pub max_whole_bytes: usize,
    /// How long the engine waits for a client to send the next piece of a body, or to take the next piece of a result.
    pub client_timeout: Duration,
    /// The engine's memory, of all queries and caches.
    pub max_memory_bytes: u64,
    /// Threads for merges.
    pub background_threads: usize,
    /// How long [`Engine::stop`] waits for running queries before it cancels them.
    pub drain_timeout: Duration,
}

impl EngineConfig {
    /// Defaults for a laptop: any port of 127.0.0.1, 2 GiB of memory, 16 queries at once.
    pub fn new(library: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            library: library.into(),
            data_dir: data_dir.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            password: None,
            max_queries: 16,
            max_waiting: 64,
            queue_timeout: Duration::from_secs(10),
            max_body_bytes: 1 << 30,
            max_query_bytes: 4 << 20,
            max_whole_bytes: 64 << 20,
            client_timeout: Duration::from_secs(60),
            max_memory_bytes: 2 << 30,
            background_threads: 2,
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// Why the engine doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// There is no library at this path.
    #[error("the ClickHouse library {} does not exist; `make deps` fetches it", .0.display())]
    LibraryMissing(PathBuf),
    /// The library can't be loaded, or isn't libchdb.
    #[error("cannot load the ClickHouse library {}: {source}", .path.display())]
    Library {
        /// The library.
        path: PathBuf,
        /// What the loader said.
        source: libloading::Error,
    },
    /// The address isn't loopback; the engine knows no users.
    #[error("the embedded ClickHouse listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The address can't be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Another engine is open in this process.
    #[error("another embedded ClickHouse is open in this process")]
    AlreadyOpen,
    /// Another process uses the data directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The data directory can't be used.
    #[error("cannot use the data directory {}: {source}", .path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The engine refused to open the data directory; it printed why to stderr.
    #[error("the embedded ClickHouse cannot open {}; see its message above", .0.display())]
    Refused(PathBuf),
    /// The engine opened, but doesn't answer.
    #[error("the embedded ClickHouse does not answer: {0}")]
    Query(String),
    /// A task of the engine's died.
    #[error("a task of the embedded ClickHouse died: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// The running engine. [`Engine::stop`] closes it in good order; dropped without, it closes once its last query has ended.
pub struct Engine {
    address: SocketAddr,
    core: Arc<Core>,
    shutdown: CancellationToken,
    stopped: CancellationToken,
    server: Option<JoinHandle<()>>,
}

impl Engine {
    /// Loads the library, opens the data directory and listens.
    pub async fn start(config: EngineConfig) -> Result<Self, EngineError> {
        if !config.listen.ip().is_loopback() {
            return Err(EngineError::NotLoopback(config.listen));
        }
        let listen = |source| EngineError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let runtime = tokio::runtime::Handle::current();
        let core = tokio::task::spawn_blocking(move || Core::open(config, runtime)).await??;
        let shutdown = CancellationToken::new();
        let app = http::router(Arc::clone(&core));
        let server = Server::new("engine", limits(&core.config), Counts::default());
        let serving = server.serve(listener, app, shutdown.clone().cancelled_owned());
        let stopped = CancellationToken::new();
        let guard = stopped.clone().drop_guard();
        let server = tokio::spawn(async move {
            let _stopped = guard;
            serving.await;
        });
        tracing::info!(%address, version = core.version, "embedded ClickHouse is open");
        Ok(Self { address, core, shutdown, stopped, server: Some(server) })
    }

    /// The URL of its HTTP interface.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Is cancelled when the engine listens no more, whether by [`stop`](Self::stop) or by a failure, which it has logged then.
    pub fn stopped(&self) -> CancellationToken {
        self.stopped.clone()
    }

    /// The version of ClickHouse.
    pub fn version(&self) -> &str {
        &self.core.version
    }

    /// Takes no more queries, waits for the running ones (and cancels those that take too long), and closes the engine, so that
    /// the data directory can be opened again, also in this process.
    pub async fn stop(mut self) -> Result<(), EngineError> {
        self.shutdown.cancel();
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(self.core.config.drain_timeout, &mut server).await.is_err()
        {
            tracing::warn!("cancelling the queries that still run");
        }
        // Repeated, because a query may be on its way to the engine.
        self.core.tracker.close();
        let mut pause = Duration::from_millis(10);
        loop {
            let core = Arc::clone(&self.core);
            tokio::task::spawn_blocking(move || core.kill_all()).await?;
            if tokio::time::timeout(pause, self.core.tracker.wait()).await.is_ok() {
                break;
            }
            pause = (pause * 2).min(Duration::from_secs(1));
        }
        let core = Arc::clone(&self.core);
        tokio::task::spawn_blocking(move || core.close()).await?;
        Ok(())
    }
}

/// Its clients are on this machine, most of them in this process, and keep connections for a while.
fn limits(config: &EngineConfig) -> Limits {
    Limits {
        connections: 0,
        // All of them come from loopback.
        connections_per_address: usize::MAX,
        header: Duration::from_secs(10),
        idle: IDLE,
        // Whoever waits for the next piece is looked after by `client_timeout`; a reader of a reader may be slow.
        stall: config.client_timeout * 2,
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Engine").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
