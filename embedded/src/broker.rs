//! A Kafka broker for one machine: [Nisshi](https://nisshi.io) over SQLite, served on loopback.
//!
//! Clients speak the ordinary Kafka protocol to [`Broker::bootstrap`]. Its limits (no transactions, no `CreatePartitions`, one
//! broker) are those of a laptop, a demo or a small tenant; Apache Kafka serves the rest, with the same code on our side.

mod front;
mod serving;
mod tail;

use std::fs::File;
use std::io::{self, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::lock::{DirLock, LockError};
use crate::storage_path::StoragePath;

/// Names the cluster that the data belongs to. Made with the data and gone with it, so that offsets which begin anew are
/// never taken for those of before.
const CLUSTER_FILE: &str = "broker.cluster";
/// SQLite holds the thread that it is called on: with fewer, consumers who wait in turn for nothing hold up those who have
/// something to fetch.
const THREADS: usize = 4;
const LOCK_FILE: &str = "broker.lock";
const PORT_FILE: &str = "broker.port";
const DATABASE_FILE: &str = "broker.db";
/// The first bytes of every SQLite database.
const DATABASE_HEAD: &[u8; 16] = b"SQLite format 3\0";
/// While retention deletes, which is one statement, produce requests wait for it; after Nisshi's 5 s they would be refused,
/// which a producer takes for final. (Its other option, `compaction=single`, holds them up for a minute at 20,000 records.)
const STORAGE_OPTIONS: &str = "busy_timeout=60s";
/// How long the broker may take from its spawn to its first accepted connection.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long its threads get to finish the statement they are in.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// Where the embedded broker keeps its data and listens.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// The directory of its database, its lock and its port; created where missing.
    pub data_dir: PathBuf,
    /// A loopback address. Port 0 means: the port of the last run on this data, or else a free one.
    pub listen: SocketAddr,
}

/// Why the embedded broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The data directory is in use, or can't be written.
    #[error("broker data: {0}")]
    Lock(#[from] LockError),
    /// The broker speaks plain text to anyone who can reach it, so it serves this machine alone.
    #[error("the embedded broker listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// Something else listens on the address.
    #[error("the broker cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A file or a thread could not be made.
    #[error("the broker cannot {what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Its database can't be used.
    #[error(
        "the broker's database {} can't be used: {reason}; put a copy of it back, or take its directory away to begin \
         without its events and settings",
        .path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The broker itself refused to start, or stopped at once.
    #[error("the broker failed to start: {0}")]
    Start(String),
    /// It was started, but answered nobody in time.
    #[error("the broker does not answer on {address} after {} s", START_LIMIT.as_secs())]
    Unresponsive {
        /// The address it should listen on.
        address: SocketAddr,
    },
}

/// A running broker. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    serving: AbortHandle,
    stopped: CancellationToken,
    /// Its own threads: SQLite blocks the thread it is called on, which must never be one of the services'.
    runtime: Option<Runtime>,
    files: BrokerFiles,
    _storage: StoragePath,
    _lock: DirLock,
}

/// The broker's database as its clients can't see it: a file that was taken away goes on taking what is written, and is gone
/// with the process.
#[derive(Clone, Debug)]
pub struct BrokerFiles {
    database: PathBuf,
    /// Device and inode of the file that was opened.
    opened: Option<(u64, u64)>,
}

impl BrokerFiles {
    /// Whether the file that the broker has open is still there, can be read, and is a database.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn check(&self) -> Result<(), String> {
        match (self.look()?, self.opened) {
            (found, Some(opened)) if found != opened => {
                Err(format!("{DATABASE_FILE} is another file than the one that was opened"))
            }
            _ => Ok(()),
        }
    }

    fn look(&self) -> Result<(u64, u64), String> {
        let failure = |error: io::Error| format!("{DATABASE_FILE}: {error}");
        let mut file = File::open(&self.database).map_err(failure)?;
        let mut head = [0; DATABASE_HEAD.len()];
        file.read_exact(&mut head).map_err(failure)?;
        if head != *DATABASE_HEAD {
            return Err(format!("{DATABASE_FILE} is damaged: it does not begin as a database does"));
        }
        let known = file.metadata().map_err(failure)?;
        Ok((known.dev(), known.ino()))
    }

    /// A database that is there before the start has to be one.
    fn check_before_start(&self) -> Result<(), BrokerError> {
        match self.database.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            // Made and not yet written to.
            Ok(known) if known.len() == 0 => Ok(()),
            _ => match self.look() {
                Ok(_) => Ok(()),
                Err(reason) => Err(BrokerError::Unreadable { path: self.database.clone(), reason }),
            },
        }
    }
}

impl Broker {
    /// Starts the broker on its data, and returns once it accepts connections.
    pub async fn start(config: BrokerConfig) -> Result<Self, BrokerError> {
        if !config.listen.ip().is_loopback() {
            return Err(BrokerError::NotLoopback(config.listen));
        }
        let lock = DirLock::acquire(&config.data_dir, LOCK_FILE)?;
        let mut files = BrokerFiles { database: config.data_dir.join(DATABASE_FILE), opened: None };
        files.check_before_start()?;
        let listener = listen(&config)?;
        let address = listener.local_addr().map_err(|source| BrokerError::Listen { address: config.listen, source })?;
        let cluster = cluster_id(&config.data_dir)
            .map_err(|source| BrokerError::Io { what: "read or write the name of its cluster", source })?;
        let storage = StoragePath::of(&config.data_dir, DATABASE_FILE)
            .map_err(|source| BrokerError::Io { what: "link to its data", source })?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("broker")
            .enable_all()
            .build()
            .map_err(|source| BrokerError::Io { what: "start its threads", source })?;

        let stopped = CancellationToken::new();
        let (ready, is_ready) = oneshot::channel();
        let stop = stopped.clone().drop_guard();
        let serving = runtime.spawn(serve(listener, cluster, storage.url().to_owned(), ready, stop));
        let mut broker = Self {
            address,
            serving: serving.abort_handle(),
            stopped,
            runtime: Some(runtime),
            files: files.clone(),
            _storage: storage,
            _lock: lock,
        };
        let ready = async {
            match tokio::time::timeout(START_LIMIT, is_ready).await {
                Ok(Ok(())) => Ok(()),
                // It has ended, and says why.
                Ok(Err(_)) => std::future::pending().await,
                Err(_) => Err(BrokerError::Unresponsive { address }),
            }
        };
        let started = tokio::select! {
            ended = serving => Err(match ended {
                Ok(reason) => BrokerError::Start(reason),
                Err(error) => BrokerError::Start(error.to_string()),
            }),
            ready = ready => ready,
        };
        match started {
            Ok(()) => {
                files.opened = files.look().ok();
                broker.files = files;
                Ok(broker)
            }
            Err(error) => {
                broker.shut_down().await;
                Err(error)
            }
        }
    }

    /// `host:port` for `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        self.address.to_string()
    }

    /// Is cancelled when the broker has stopped, whether by [`stop`](Self::stop) or by a failure, which it has logged then.
    #[must_use]
    pub fn stopped(&self) -> CancellationToken {
        self.stopped.clone()
    }

    /// Its files, to be looked at while it runs.
    #[must_use]
    pub fn files(&self) -> BrokerFiles {
        self.files.clone()
    }

    /// Stops the broker: closes the connections, rolls back what was not confirmed to any client, closes the database.
    pub async fn stop(mut self) {
        self.shut_down().await;
    }

    async fn shut_down(&mut self) {
        // Nisshi's own way down waits for the clients to hang up; a producer without an answer sends again anyway.
        self.serving.abort();
        if let Some(runtime) = self.runtime.take() {
            let down = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(STOP_LIMIT));
            if let Err(error) = down.await {
                tracing::warn!(%error, "the embedded broker's threads did not stop cleanly");
            }
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.serving.abort();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The name of the cluster: random, made once.
fn cluster_id(data_dir: &Path) -> io::Result<String> {
    let file = data_dir.join(CLUSTER_FILE);
    match std::fs::read_to_string(&file) {
        Ok(known) if !known.is_empty() => Ok(known),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => {
            let fresh = format!("embedded-{}", Uuid::now_v7());
            std::fs::write(&file, &fresh)?;
            Ok(fresh)
        }
    }
}

/// Serves until aborted. Returns why it could not, or could no longer.
async fn serve(
    listener: TcpListener,
    cluster: String,
    mut storage: Url,
    ready: oneshot::Sender<()>,
    _stopped: tokio_util::sync::DropGuard,
) -> String {
    storage.set_query(Some(STORAGE_OPTIONS));
    let Err(reason) = serving::serve(listener, &cluster, storage, ready).await;
    tracing::error!(%reason, "embedded broker stopped");
    reason.to_string()
}

/// Listens, on the port of the last run where none is given, so that clients that outlive a restart find the broker again.
fn listen(config: &BrokerConfig) -> Result<TcpListener, BrokerError> {
    let wanted = config.listen;
    let bind = |address| TcpListener::bind(address).map_err(|source| BrokerError::Listen { address, source });
    if wanted.port() != 0 {
        return bind(wanted);
    }
    let file = config.data_dir.join(PORT_FILE);
    if let Some(port) = remembered_port(&file)
        && let Ok(listener) = bind(SocketAddr::new(wanted.ip(), port))
    {
        return Ok(listener);
    }
    let listener = bind(wanted)?;
    let port = listener.local_addr().map_err(|source| BrokerError::Listen { address: wanted, source })?.port();
    std::fs::write(&file, port.to_string()).map_err(|source| BrokerError::Io { what: "remember its port", source })?;
    Ok(listener)
}

fn remembered_port(file: &Path) -> Option<u16> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}
