//! The open engine: connections for single queries, a bounded number of them, and their cancelling.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::chdb::{Api, Connection, at_exit};
use super::error::DbError;
use super::interrupted;
use super::request::Request;
use super::{EngineConfig, EngineError};
use crate::lock::DirLock;

/// Every query carries a `log_comment` that begins so, by which it is found and cancelled.
const TAG: &str = "usertrail-";

/// Only one engine at a time fits into a process.
static OPEN: AtomicBool = AtomicBool::new(false);

/// The engine to close when the process exits.
static LAST: Mutex<Weak<Core>> = Mutex::new(Weak::new());

/// How long an exiting process waits for running queries.
const EXIT_PATIENCE: Duration = Duration::from_secs(5);

/// The library's own exit handlers crash while an engine is open, so it is closed before they run.
extern "C" fn close_at_exit() {
    let Some(core) = LAST.lock().unwrap_or_else(PoisonError::into_inner).upgrade() else { return };
    // On a thread of its own: the exiting one has lost its thread-local variables already, which the engine needs.
    if let Ok(thread) = std::thread::Builder::new().spawn(move || close_now(&core)) {
        let _ = thread.join();
    }
}

/// Runs no query, not even a KILL: some of the library's static variables are gone by now. What keeps running is left alone.
fn close_now(core: &Core) {
    core.tracker.close();
    core.closing.cancel();
    let until = Instant::now() + EXIT_PATIENCE;
    while !core.tracker.is_empty() {
        if Instant::now() > until {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    core.close();
}

struct OnlyOne;

impl OnlyOne {
    fn claim() -> Result<Self, EngineError> {
        OPEN.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire)
            .map(|_| Self)
            .map_err(|_| EngineError::AlreadyOpen)
    }
}

impl Drop for OnlyOne {
    fn drop(&mut self) {
        OPEN.store(false, Ordering::Release);
    }
}

/// What keeps the engine open; dropped in this order.
struct Open {
    _anchor: Connection,
    _lock: DirLock,
    _only: OnlyOne,
}

/// The open engine.
pub(super) struct Core {
    api: &'static Api,
    args: Vec<String>,
    open: Mutex<Option<Open>>,
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
    known_settings: HashSet<String>,
    pub(super) version: String,
    pub(super) config: EngineConfig,
    pub(super) tracker: TaskTracker,
    pub(super) runtime: tokio::runtime::Handle,
    /// Cancels all queries.
    closing: CancellationToken,
}

/// A query on its way: who watches it may cancel it.
#[derive(Debug)]
pub(super) struct Ticket {
    tag: String,
    /// Ends what the query's thread waits for; the query itself ends by a KILL.
    pub(super) cancelled: CancellationToken,
    done: AtomicBool,
}

/// Marks a query as done when its worker ends, however it ends.
pub(super) struct Done(pub(super) Arc<Ticket>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.done.store(true, Ordering::Release);
    }
}

/// Cancels the query when dropped before it is done: its client has gone.
pub(super) struct Watch {
    core: Arc<Core>,
    ticket: Arc<Ticket>,
    armed: bool,
}

impl Watch {
    pub(super) fn new(core: &Arc<Core>, ticket: &Arc<Ticket>) -> Self {
        Self { core: Arc::clone(core), ticket: Arc::clone(ticket), armed: true }
    }

    /// The query may go on alone.
    pub(super) fn release(mut self) {
        self.armed = false;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.armed && !self.ticket.done.load(Ordering::Acquire) {
            self.core.cancel(&self.ticket);
        }
    }
}

impl Core {
    /// Loads the library and opens the data directory. Blocks.
    pub(super) fn open(config: EngineConfig, runtime: tokio::runtime::Handle) -> Result<Arc<Self>, EngineError> {
        if !config.library.is_file() {
            return Err(EngineError::LibraryMissing(config.library));
        }
        let only = OnlyOne::claim()?;
        let lock = DirLock::acquire(&config.data_dir, "engine.lock")?;
        let api = Api::load(&config.library)
            .map_err(|source| EngineError::Library { path: config.library.clone(), source })?;
        let refused = || EngineError::Refused(config.data_dir.clone());
        let unusable = |source| EngineError::DataDir { path: config.data_dir.clone(), source };
        let data_dir = config.data_dir.canonicalize().map_err(unusable)?;
        interrupted::take_back(&data_dir).map_err(unusable)?;
        let args = arguments(&config, &data_dir).ok_or_else(refused)?;
        let mut anchor = api.connect(&args).ok_or_else(refused)?;
        let mut ask = |sql: &str| -> Result<String, EngineError> {
            let output = anchor.query(sql.as_bytes(), "TSV", &[]).map_err(|error| EngineError::Query(error.message))?;
            Ok(String::from_utf8_lossy(&output.data).into_owned())
        };
        let version = ask("SELECT version()")?.trim().to_owned();
        let known_settings = ask("SELECT name FROM system.settings")?.lines().map(str::to_owned).collect();
        static EXIT: Once = Once::new();
        EXIT.call_once(|| at_exit(close_at_exit));
        let core = Arc::new(Self {
            api,
            args,
            open: Mutex::new(Some(Open { _anchor: anchor, _lock: lock, _only: only })),
            slots: Arc::new(Semaphore::new(config.max_queries.max(1))),
            waiting: AtomicUsize::new(0),
            known_settings,
            version,
            config,
            tracker: TaskTracker::new(),
            runtime,
            closing: CancellationToken::new(),
        });
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&core);
        Ok(core)
    }

    /// A ticket for a new query.
    pub(super) fn ticket(&self) -> Arc<Ticket> {
        let tag = format!("{TAG}{}", Uuid::now_v7().simple());
        Arc::new(Ticket { tag, cancelled: self.closing.child_token(), done: AtomicBool::new(false) })
    }

    /// A place among the running queries; waits for one for a while.
    pub(super) async fn slot(&self) -> Result<OwnedSemaphorePermit, DbError> {
        if let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() {
            return Ok(permit);
        }
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::AcqRel);
            }
        }
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(&self.waiting);
        if before >= self.config.max_waiting {
            return Err(DbError::too_many_queries());
        }
        match tokio::time::timeout(self.config.queue_timeout, Arc::clone(&self.slots).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(DbError::too_many_queries()),
        }
    }

    /// A connection for one request: settings given here die with it. Blocks.
    pub(super) fn connect(&self, request: &Request, ticket: &Ticket, readonly: bool) -> Result<Connection, DbError> {
        if self.closing.is_cancelled() {
            return Err(DbError::new(236, "ABORTED", "The engine is closing"));
        }
        let mut args = self.args.clone();
        let mut comment = ticket.tag.clone();
        for (name, value) in &request.settings {
            if !self.known_settings.contains(name) {
                let text = format!("Setting {name} is neither a builtin setting nor started with the prefix 'SQL_'");
                return Err(DbError::new(115, "UNKNOWN_SETTING", &text));
            }
            if name == "log_comment" {
                comment = format!("{comment} {value}");
            } else {
                args.push(format!("--{name}={value}"));
            }
        }
        args.push(format!("--log_comment={comment}"));
        if readonly {
            args.push("--readonly=2".to_owned());
        }
        let mut connection = match self.api.connect(&args) {
            Some(connection) => connection,
            None => return Err(self.refusal(request)),
        };
        if let Some(database) = request.database.as_deref().filter(|name| !name.is_empty() && *name != "default") {
            connection.query(format!("USE {}", quoted(database, '`')).as_bytes(), "Null", &[])?;
        }
        Ok(connection)
    }

    /// Returns why the engine refused these settings: it says so only of a `SET`.
    fn refusal(&self, request: &Request) -> DbError {
        let Some(mut connection) = self.api.connect(&self.args) else {
            return DbError::internal("The engine opens no connection");
        };
        for (name, value) in &request.settings {
            let sql = format!("SET {name} = {}", quoted(value, '\''));
            if let Err(error) = connection.query(sql.as_bytes(), "Null", &[]) {
                return error;
            }
        }
        DbError::bad_arguments("The engine refused the settings of this query")
    }

    /// Cancels a query and repeats it until the query is gone: it may not have begun yet.
    fn cancel(self: &Arc<Self>, ticket: &Arc<Ticket>) {
        ticket.cancelled.cancel();
        let (core, ticket) = (Arc::clone(self), Arc::clone(ticket));
        self.tracker.spawn_on(
            async move {
                let mut pause = Duration::from_millis(5);
                while !ticket.done.load(Ordering::Acquire) {
                    let (killer, tag) = (Arc::clone(&core), ticket.tag.clone());
                    // A killer that fails is tried again; the query ends by itself at the latest.
                    let _ = core.runtime.spawn_blocking(move || killer.kill(&tag)).await;
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
            },
            &self.runtime,
        );
    }

    /// Cancels all queries, also those to come. Blocks.
    pub(super) fn kill_all(&self) {
        self.closing.cancel();
        self.kill(TAG);
    }

    fn kill(&self, tag: &str) {
        let sql = format!("KILL QUERY WHERE startsWith(Settings['log_comment'], {}) ASYNC", quoted(tag, '\''));
        if let Some(mut connection) = self.api.connect(&self.args)
            && let Err(error) = connection.query(sql.as_bytes(), "Null", &[])
        {
            tracing::warn!(%error, "cannot cancel a query");
        }
    }

    /// Closes the engine; no query may be running. Blocks.
    pub(super) fn close(&self) {
        drop(self.open.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Arguments of every connection: what concerns the engine as a whole is heeded by the first alone.
fn arguments(config: &EngineConfig, data_dir: &Path) -> Option<Vec<String>> {
    let path = data_dir.to_str()?;
    let mut args = vec![
        format!("--path={path}"),
        // Otherwise the engine would heed a config.xml of the working or the home directory.
        format!("--config-file={path}/engine.xml"),
        format!("--max_server_memory_usage={}", config.max_memory_bytes),
        format!("--background_pool_size={}", config.background_threads.max(1)),
        "--background_schedule_pool_size=4".to_owned(),
        "--background_common_pool_size=2".to_owned(),
        "--background_move_pool_size=1".to_owned(),
        "--background_fetches_pool_size=1".to_owned(),
        "--max_thread_pool_size=1000".to_owned(),
        // No thread waits for another query: it would be as nice as the one that it was made for ([`priority`]).
        "--max_thread_pool_free_size=0".to_owned(),
        "--max_io_thread_pool_size=16".to_owned(),
    ];
    for (name, share) in [("mark_cache_size", 8), ("uncompressed_cache_size", 16), ("primary_index_cache_size", 16)] {
        args.push(format!("--{name}={}", config.max_memory_bytes / share));
    }
    // Differences between the library's and a server's defaults; and async_insert, which a server would have on.
    for setting in ["async_insert=0", "implicit_select=0", "allow_introspection_functions=0", "session_timezone=UTC"] {
        args.push(format!("--{setting}"));
    }
    Some(args)
}

/// A name or a string as SQL.
fn quoted(text: &str, quote: char) -> String {
    let mut sql = String::with_capacity(text.len() + 2);
    sql.push(quote);
    for letter in text.chars() {
        if letter == quote || letter == '\\' {
            sql.push('\\');
        }
        sql.push(letter);
    }
    sql.push(quote);
    sql
}
