//! Loads the files, and loads them again when they change.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;

use super::database::Mmdb;
use super::{GeoDatabase, GeoError, GeoPaths};

/// Holds the current snapshot and follows the files on disk.
#[derive(Debug)]
pub struct GeoReader {
    paths: GeoPaths,
    current: ArcSwap<GeoDatabase>,
    loaded: Mutex<Loaded>,
}

/// What a check of the files came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// No file has changed since the last check.
    Unchanged,
    /// A new snapshot is in use.
    Replaced,
}

/// What a file looked like when it was last read. A replaced file differs in at least one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

#[derive(Debug, Clone)]
struct File {
    path: PathBuf,
    stamp: Stamp,
    reader: Arc<Mmdb>,
}

#[derive(Debug, Default)]
struct Loaded {
    /// The files behind the current snapshot, so that only the changed ones are read again.
    files: Vec<File>,
    /// The stamps last tried, good or bad: a broken file is reported once, not at every check.
    tried: Vec<Result<Stamp, std::io::ErrorKind>>,
}

impl GeoReader {
    /// Reads every file.
    ///
    /// # Errors
    /// When a file can't be read or is no database; the whole is refused, so that a typo in a path is noticed.
    pub fn open(paths: GeoPaths) -> Result<Self, GeoError> {
        let tried = stamps(&paths);
        let (database, files) = load(&paths, &[])?;
        Ok(Self { paths, current: ArcSwap::from_pointee(database), loaded: Mutex::new(Loaded { files, tried }) })
    }

    /// A reader of no files.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            paths: GeoPaths::default(),
            current: ArcSwap::from_pointee(GeoDatabase::empty()),
            loaded: Mutex::new(Loaded::default()),
        }
    }

    /// The snapshot in use now. Take it once a batch; it stays valid however long it is held.
    #[must_use]
    pub fn snapshot(&self) -> Arc<GeoDatabase> {
        self.current.load_full()
    }

    /// Reads the files that changed since the last check and swaps the snapshot. Blocks on the disk: call it from a
    /// timer, not from a worker.
    ///
    /// # Errors
    /// When a changed file is broken. The snapshot in use stays; the same broken file is not reported again.
    pub fn reload_if_changed(&self) -> Result<Reload, GeoError> {
        // A poisoned lock only means that an earlier check panicked; what it guards is replaced whole, never half.
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken before the files are read: whatever is written in between shows as a change at the next check.
        let now = stamps(&self.paths);
        if now == loaded.tried {
            return Ok(Reload::Unchanged);
        }
        loaded.tried = now;
        let (database, files) = load(&self.paths, &loaded.files)?;
        loaded.files = files;
        self.current.store(Arc::new(database));
        Ok(Reload::Replaced)
    }
}

impl GeoPaths {
    fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.city.iter().chain(&self.asn).chain(&self.anonymous)
    }
}

fn stamps(paths: &GeoPaths) -> Vec<Result<Stamp, std::io::ErrorKind>> {
    paths.all().map(|path| stamp(path).map_err(|error| error.kind())).collect()
}

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let meta = std::fs::metadata(path)?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&meta);
    #[cfg(not(unix))]
    let inode = 0;
    Ok(Stamp { bytes: meta.len(), modified: meta.modified().ok(), inode })
}

fn load(paths: &GeoPaths, known: &[File]) -> Result<(GeoDatabase, Vec<File>), GeoError> {
    let mut files = Vec::new();
    let mut open = |path: &PathBuf| -> Result<Arc<Mmdb>, GeoError> {
        let file = open(path, known)?;
        let reader = Arc::clone(&file.reader);
        files.push(file);
        Ok(reader)
    };
    let city = paths.city.iter().map(&mut open).collect::<Result<Vec<_>, _>>()?;
    let asn = paths.asn.as_ref().map(&mut open).transpose()?;
    let anonymous = paths.anonymous.as_ref().map(&mut open).transpose()?;
    Ok((GeoDatabase::new(city, asn, anonymous), files))
}

fn open(path: &Path, known: &[File]) -> Result<File, GeoError> {
    let read_error = |source| GeoError::Read { path: path.to_owned(), source };
    let stamp = stamp(path).map_err(read_error)?;
    if let Some(file) = known.iter().find(|f| f.path == path && f.stamp == stamp) {
        return Ok(file.clone());
    }
    let bytes = std::fs::read(path).map_err(read_error)?;
    let reader = Mmdb::from_source(bytes).map_err(|source| GeoError::Format { path: path.to_owned(), source })?;
    Ok(File { path: path.to_owned(), stamp, reader: Arc::new(reader) })
}
