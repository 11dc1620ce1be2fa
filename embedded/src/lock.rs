//! A lock on a data directory, so that two processes never open one database.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Why a data directory can't be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process (or another part of this one) works in the directory.
    #[error("{} is in use by process {pid}", .dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// The owner's process id, or `?` where it has not written it yet.
        pid: String,
    },
    /// The directory or the lock file can't be created or written.
    #[error("cannot lock {}: {source}", .dir.display())]
    Io {
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Holds the lock until dropped. The kernel frees it when the process dies, however it dies, so a stale file never blocks
/// a start; the file itself stays, because removing it would let two later processes lock two different files.
#[derive(Debug)]
pub(crate) struct DirLock {
    _file: File,
}

impl DirLock {
    /// Creates `dir` where it is missing and locks `dir/name`.
    pub(crate) fn acquire(dir: &Path, name: &str) -> Result<Self, LockError> {
        let io_error = |source| LockError::Io { dir: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(io_error)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(dir.join(name))
            .map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // The owner may be between locking and writing; then the pid is unknown, and the error still right.
                let _ = file.read_to_string(&mut pid);
                let pid = pid.trim();
                let pid = if pid.is_empty() { "?" } else { pid };
                return Err(LockError::InUse { dir: dir.to_owned(), pid: pid.to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        file.set_len(0).map_err(io_error)?;
        file.rewind().map_err(io_error)?;
        writeln!(file, "{}", std::process::id()).map_err(io_error)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_the_owner_and_frees_on_drop() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let lock = DirLock::acquire(&data, "x.lock").unwrap();
        let error = DirLock::acquire(&data, "x.lock").unwrap_err();
        assert!(error.to_string().ends_with(&format!("is in use by process {}", std::process::id())), "{error}");
        drop(lock);
        DirLock::acquire(&data, "x.lock").unwrap();
    }
}
