//! The engine that all tests share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use embedded::cache::engine_library;
use embedded::engine::{Engine, EngineConfig};
use tokio::runtime::Runtime;

/// The engine, and the threads it is asked from. It is open while any test needs it, and closed in good order before the
/// process exits, which statics never are.
pub(super) struct Shared {
    pub(super) url: String,
    pub(super) runtime: Runtime,
    engine: Option<Engine>,
    dir: PathBuf,
}

impl Shared {
    fn open() -> Self {
        // An engine that is opened again in the same process must be given the same path.
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("query-api-{}", std::process::id()));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
        let engine = runtime.block_on(Engine::start(EngineConfig::new(engine_library(), &dir))).unwrap();
        Self { url: engine.url(), runtime, engine: Some(engine), dir }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            self.runtime.block_on(engine.stop()).unwrap();
        }
        std::fs::remove_dir_all(&self.dir).unwrap();
    }
}

static OPEN: Mutex<Weak<Shared>> = Mutex::new(Weak::new());

/// A test's share of the engine.
pub(super) struct Share(pub(super) Option<Arc<Shared>>);

impl Share {
    pub(super) fn take() -> Self {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = open.upgrade().unwrap_or_else(|| {
            let shared = Arc::new(Shared::open());
            *open = Arc::downgrade(&shared);
            shared
        });
        Self(Some(shared))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // Under the lock, so that nobody opens the engine while the last one closes it.
        let _open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.take());
    }
}
