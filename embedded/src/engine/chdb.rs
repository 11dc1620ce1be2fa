//! The C API of libchdb, loaded at run time.
//!
//! All unsafe code of the engine lives here. The rest of the crate sees [`Api`] (the loaded library),
//! [`Connection`], [`SelectStream`] and [`InsertStream`], which own their C handles and free them.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Mutex;

use libloading::Library;

use super::error::DbError;

type ConnRef = *mut c_void;
type ConnBox = *mut ConnRef;
type ResultRef = *mut c_void;
type InsertRef = *mut c_void;
type ParamQuery<R> = unsafe extern "C" fn(
    ConnRef,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    *const *const c_char,
    *const usize,
    usize,
) -> R;

/// `chdb_query_analysis_v1`.
#[repr(C)]
struct Analysis {
    struct_size: u32,
    statement_count: u32,
    flags: u32,
    query_class: u32,
}

/// The functions of one loaded libchdb. The library stays loaded until the process ends: its threads
/// and exit handlers can't be unloaded safely.
pub(super) struct Api {
    set_signal_handlers: unsafe extern "C" fn(c_int),
    connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> ConnBox,
    close: unsafe extern "C" fn(ConnBox),
    query: ParamQuery<ResultRef>,
    stream_query: ParamQuery<ResultRef>,
    stream_fetch: unsafe extern "C" fn(ConnRef, ResultRef) -> ResultRef,
    stream_cancel: unsafe extern "C" fn(ConnRef, ResultRef),
    destroy_result: unsafe extern "C" fn(ResultRef),
    insert: ParamQuery<InsertRef>,
    append: unsafe extern "C" fn(InsertRef, *const c_void, usize) -> c_int,
    done: unsafe extern "C" fn(InsertRef) -> ResultRef,
    insert_error: unsafe extern "C" fn(InsertRef) -> *const c_char,
    destroy_insert: unsafe extern "C" fn(InsertRef),
    buffer: unsafe extern "C" fn(ResultRef) -> *const u8,
    length: unsafe extern "C" fn(ResultRef) -> usize,
    error: unsafe extern "C" fn(ResultRef) -> *const c_char,
    result_rows: unsafe extern "C" fn(ResultRef) -> u64,
    result_bytes: unsafe extern "C" fn(ResultRef) -> u64,
    storage_rows: unsafe extern "C" fn(ResultRef) -> u64,
    storage_bytes: unsafe extern "C" fn(ResultRef) -> u64,
    rows_written: unsafe extern "C" fn(ResultRef) -> u64,
    bytes_written: unsafe extern "C" fn(ResultRef) -> u64,
    classify: unsafe extern "C" fn(ConnRef, *const c_char, usize, *const c_char, usize, *mut Analysis) -> c_int,
}

static LOADED: Mutex<Vec<(PathBuf, &'static Api)>> = Mutex::new(Vec::new());

impl Api {
    /// Loads the library, or answers with the one loaded before from the same path. Blocks for about a second.
    pub(super) fn load(path: &Path) -> Result<&'static Self, libloading::Error> {
        let mut loaded = LOADED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, api)) = loaded.iter().find(|(known, _)| known == path) {
            return Ok(api);
        }
        // SAFETY: the path names libchdb, whose initialisers only set up its own allocator and tables.
        let library = unsafe { Library::new(path)? };
        let library: &'static Library = Box::leak(Box::new(library));
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: the field it is assigned to has the type chdb.h declares for this symbol.
                unsafe { *library.get($name)? }
            };
        }
        let api = Self {
            set_signal_handlers: symbol!(b"chdb_set_signal_handlers_enabled\0"),
            connect: symbol!(b"chdb_connect\0"),
            close: symbol!(b"chdb_close_conn\0"),
            query: symbol!(b"chdb_query_with_params_n\0"),
            stream_query: symbol!(b"chdb_stream_query_with_params_n\0"),
            stream_fetch: symbol!(b"chdb_stream_fetch_result\0"),
            stream_cancel: symbol!(b"chdb_stream_cancel_query\0"),
            destroy_result: symbol!(b"chdb_destroy_query_result\0"),
            insert: symbol!(b"chdb_stream_insert_with_params_n\0"),
            append: symbol!(b"chdb_stream_append\0"),
            done: symbol!(b"chdb_stream_done\0"),
            insert_error: symbol!(b"chdb_stream_insert_error\0"),
            destroy_insert: symbol!(b"chdb_destroy_insert_stream\0"),
            buffer: symbol!(b"chdb_result_buffer\0"),
            length: symbol!(b"chdb_result_length\0"),
            error: symbol!(b"chdb_result_error\0"),
            result_rows: symbol!(b"chdb_result_rows_read\0"),
            result_bytes: symbol!(b"chdb_result_bytes_read\0"),
            storage_rows: symbol!(b"chdb_result_storage_rows_read\0"),
            storage_bytes: symbol!(b"chdb_result_storage_bytes_read\0"),
            rows_written: symbol!(b"chdb_result_rows_written\0"),
            bytes_written: symbol!(b"chdb_result_bytes_written\0"),
            classify: symbol!(b"chdb_classify_query_n\0"),
        };
        // SAFETY: called before the first connection, as chdb.h asks; the host keeps its own signal handlers.
        unsafe { (api.set_signal_handlers)(0) };
        let api: &'static Self = Box::leak(Box::new(api));
        loaded.push((path.to_owned(), api));
        Ok(api)
    }

    /// Opens a connection; the first one starts the engine, and closing the last one stops it.
    /// `None` if an argument holds a NUL byte or the engine refused (it prints why to stderr).
    pub(super) fn connect(&'static self, args: &[String]) -> Option<Connection> {
        let mut owned = Vec::with_capacity(args.len() + 1);
        owned.push(CString::new("usertrail").ok()?);
        for arg in args {
            owned.push(CString::new(arg.as_str()).ok()?);
        }
        let mut argv: Vec<*mut c_char> = owned.iter().map(|arg| arg.as_ptr().cast_mut()).collect();
        let argc = c_int::try_from(argv.len()).ok()?;
        argv.push(ptr::null_mut());
        // SAFETY: argv holds argc NUL-terminated strings that live until the call returns; the library copies them.
        let handle = unsafe { (self.connect)(argc, argv.as_mut_ptr()) };
        if handle.is_null() {
            return None;
        }
        Some(Connection { api: self, handle })
    }
}

/// What a query read and wrote.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stats {
    pub(super) read_rows: u64,
    pub(super) read_bytes: u64,
    pub(super) written_rows: u64,
    pub(super) written_bytes: u64,
    pub(super) result_rows: u64,
    pub(super) result_bytes: u64,
}

impl Stats {
    /// Adds another part of the same query.
    pub(super) fn add(&mut self, other: Self) {
        self.read_rows += other.read_rows;
        self.read_bytes += other.read_bytes;
        self.written_rows += other.written_rows;
        self.written_bytes += other.written_bytes;
        self.result_rows += other.result_rows;
        self.result_bytes += other.result_bytes;
    }
}

/// A result, or a part of one.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) data: Vec<u8>,
    pub(super) stats: Stats,
}

/// Values of `{name:Type}` placeholders.
pub(super) type Params = [(String, String)];

/// A connection: one statement at a time, settings of its own.
pub(super) struct Connection {
    api: &'static Api,
    handle: ConnBox,
}

// SAFETY: libchdb's connections are bound to no thread; all methods take `&mut self`, so that one thread at a time uses it.
unsafe impl Send for Connection {}

impl Connection {
    fn raw(&self) -> ConnRef {
        // SAFETY: `handle` came from chdb_connect, isn't null and is freed only by drop.
        unsafe { *self.handle }
    }

    fn call<R>(&self, function: ParamQuery<R>, sql: &[u8], format: &str, params: &Params) -> R {
        let names: Vec<*const c_char> = params.iter().map(|(name, _)| name.as_ptr().cast()).collect();
        let name_lens: Vec<usize> = params.iter().map(|(name, _)| name.len()).collect();
        let values: Vec<*const c_char> = params.iter().map(|(_, value)| value.as_ptr().cast()).collect();
        let value_lens: Vec<usize> = params.iter().map(|(_, value)| value.len()).collect();
        // SAFETY: every pointer comes with its length and outlives the call; the library copies what it keeps.
        unsafe {
            function(
                self.raw(),
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                names.as_ptr(),
                name_lens.as_ptr(),
                values.as_ptr(),
                value_lens.as_ptr(),
                params.len(),
            )
        }
    }

    /// Takes what a result holds and frees it.
    fn take(&self, result: ResultRef) -> Result<Output, DbError> {
        if result.is_null() {
            return Err(DbError::internal("the engine returned no result"));
        }
        let api = self.api;
        // SAFETY: `result` is live until destroyed below; buffer and length describe memory it owns.
        unsafe {
            let outcome = match message((api.error)(result)) {
                Some(text) => Err(DbError::parse(&text)),
                None => {
                    let (start, length) = ((api.buffer)(result), (api.length)(result));
                    let data = if start.is_null() || length == 0 {
                        Vec::new()
                    } else {
                        std::slice::from_raw_parts(start, length).to_vec()
                    };
                    Ok(Output {
                        data,
                        stats: Stats {
                            read_rows: (api.storage_rows)(result),
                            read_bytes: (api.storage_bytes)(result),
                            written_rows: (api.rows_written)(result),
                            written_bytes: (api.bytes_written)(result),
                            result_rows: (api.result_rows)(result),
                            result_bytes: (api.result_bytes)(result),
                        },
                    })
                }
            };
            (api.destroy_result)(result);
            outcome
        }
    }

    /// Runs a statement and answers with its whole result.
    pub(super) fn query(&mut self, sql: &[u8], format: &str, params: &Params) -> Result<Output, DbError> {
        let result = self.call(self.api.query, sql, format, params);
        self.take(result)
    }

    /// Runs a SELECT whose result is fetched block by block.
    pub(super) fn select(&mut self, sql: &[u8], format: &str, params: &Params) -> Result<SelectStream<'_>, DbError> {
        let handle = self.call(self.api.stream_query, sql, format, params);
        if handle.is_null() {
            return Err(DbError::internal("the engine returned no result"));
        }
        // SAFETY: `handle` is live.
        if let Some(text) = unsafe { message((self.api.error)(handle)) } {
            // SAFETY: `handle` is live and not used again.
            unsafe { (self.api.destroy_result)(handle) };
            return Err(DbError::parse(&text));
        }
        Ok(SelectStream { connection: self, handle, ended: false })
    }

    /// Starts an INSERT whose data is appended piece by piece. `sql` carries neither FORMAT nor data.
    pub(super) fn insert(&mut self, sql: &[u8], format: &str, params: &Params) -> Result<InsertStream<'_>, DbError> {
        let handle = self.call(self.api.insert, sql, format, params);
        let mut stream = InsertStream { connection: self, handle, _bound: PhantomData };
        match stream.error() {
            Some(error) => Err(error),
            None => Ok(stream),
        }
    }

    /// How many statements the text holds by the engine's own parser; 0 if it doesn't parse.
    pub(super) fn statement_count(&mut self, sql: &[u8]) -> u32 {
        let size = u32::try_from(size_of::<Analysis>()).unwrap_or_default();
        let mut out = Analysis { struct_size: size, statement_count: 0, flags: 0, query_class: 0 };
        // SAFETY: the text comes with its length, no target database is given, and `out` has the size it states.
        let state =
            unsafe { (self.api.classify)(self.raw(), sql.as_ptr().cast(), sql.len(), ptr::null(), 0, &raw mut out) };
        if state == 0 { out.statement_count } else { 0 }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: `handle` is closed once, here; streams borrow the connection, so none is left.
        unsafe { (self.api.close)(self.handle) };
    }
}

/// The result of a SELECT, block by block. Dropping it early cancels the query.
pub(super) struct SelectStream<'c> {
    connection: &'c mut Connection,
    handle: ResultRef,
    ended: bool,
}

impl SelectStream<'_> {
    /// The next block, formatted as a document of its own; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Output>, DbError> {
        if self.ended {
            return Ok(None);
        }
        // SAFETY: connection and stream handle are live, and `&mut self` serialises the calls.
        let result = unsafe { (self.connection.api.stream_fetch)(self.connection.raw(), self.handle) };
        match self.connection.take(result) {
            Ok(output) if output.data.is_empty() => {
                self.ended = true;
                Ok(None)
            }
            Ok(output) => Ok(Some(output)),
            Err(error) => {
                self.ended = true;
                Err(error)
            }
        }
    }
}

impl Drop for SelectStream<'_> {
    fn drop(&mut self) {
        let api = self.connection.api;
        // SAFETY: both handles are live; the stream's is not used again.
        unsafe {
            if !self.ended {
                (api.stream_cancel)(self.connection.raw(), self.handle);
            }
            (api.destroy_result)(self.handle);
        }
    }
}

/// A running INSERT. Dropping it before [`InsertStream::finish`] cancels it.
pub(super) struct InsertStream<'c> {
    connection: &'c mut Connection,
    handle: InsertRef,
    _bound: PhantomData<&'c ()>,
}

impl InsertStream<'_> {
    fn error(&mut self) -> Option<DbError> {
        if self.handle.is_null() {
            return Some(DbError::internal("the engine returned no insert stream"));
        }
        // SAFETY: `handle` is live.
        unsafe { message((self.connection.api.insert_error)(self.handle)) }.map(|text| DbError::parse(&text))
    }

    /// Appends data; blocks while the engine is behind. `false` once the insert has failed:
    /// [`InsertStream::finish`] then says why.
    pub(super) fn append(&mut self, data: &[u8]) -> bool {
        if data.is_empty() {
            return true;
        }
        // SAFETY: `handle` is live and the data, which the library copies, comes with its length.
        unsafe { (self.connection.api.append)(self.handle, data.as_ptr().cast(), data.len()) == 0 }
    }

    /// Ends the data and waits until the rows are in the table.
    pub(super) fn finish(self) -> Result<Stats, DbError> {
        // SAFETY: `handle` is live; drop frees it afterwards, as chdb.h asks.
        let result = unsafe { (self.connection.api.done)(self.handle) };
        self.connection.take(result).map(|output| output.stats)
    }
}

impl Drop for InsertStream<'_> {
    fn drop(&mut self) {
        if !self.handle.is_null() {
            // SAFETY: freed once, here; it cancels first unless finished.
            unsafe { (self.connection.api.destroy_insert)(self.handle) };
        }
    }
}

/// Has `hook` run when the process exits, before the exit handlers of a library whose engine was opened earlier.
pub(super) fn at_exit(hook: extern "C" fn()) {
    unsafe extern "C" {
        fn atexit(hook: extern "C" fn()) -> c_int;
    }
    // SAFETY: declared as the C standard does; `hook` is a function of this binary, which stays loaded.
    if unsafe { atexit(hook) } != 0 {
        tracing::warn!("the embedded ClickHouse cannot be closed when the process exits without stopping it");
    }
}

/// Ends the process at once, without any exit handlers: those of the library wait for what runs, or crash.
pub fn exit_now(code: u8) -> ! {
    unsafe extern "C" {
        fn _exit(code: c_int) -> !;
    }
    // SAFETY: declared as POSIX does; it does not return.
    unsafe { _exit(c_int::from(code)) }
}

/// Copies a message of the library's.
///
/// # Safety
/// `text` is null or NUL-terminated and live.
unsafe fn message(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    (!text.is_empty()).then(|| text.into_owned())
}
