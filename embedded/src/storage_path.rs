//! The URL under which Nisshi opens its database.

use std::io;
use std::path::{Path, PathBuf};

use url::Url;
use uuid::Uuid;

/// A database file as a `sqlite:` URL. Nisshi takes the URL's path as it stands, percent signs and all, so a directory whose
/// name a URL must escape (a space, an umlaut) is reached through a link with a plain name instead.
#[derive(Debug)]
pub(crate) struct StoragePath {
    url: Url,
    link: Option<PathBuf>,
}

impl StoragePath {
    /// The file `name` in `dir`, which must exist.
    pub(crate) fn of(dir: &Path, name: &str) -> io::Result<Self> {
        let dir = dir.canonicalize()?;
        if let Some(url) = plain_url(&dir.join(name)) {
            return Ok(Self { url, link: None });
        }
        let link = std::env::temp_dir().join(format!("usertrail-{}", Uuid::now_v7()));
        let url = plain_url(&link.join(name))
            .ok_or_else(|| io::Error::other(format!("{} has no name that fits a URL", link.display())))?;
        std::os::unix::fs::symlink(&dir, &link)?;
        Ok(Self { url, link: Some(link) })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }
}

impl Drop for StoragePath {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            let _ = std::fs::remove_file(link);
        }
    }
}

/// `None` where the URL would spell the path differently from the file system.
fn plain_url(path: &Path) -> Option<Url> {
    let path = path.to_str()?;
    // Four slashes: Nisshi takes one off and resolves the rest against the working directory.
    let url = Url::parse(&format!("sqlite:///{path}")).ok()?;
    (url.path() == format!("/{path}")).then_some(url)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_plain_directory_needs_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let path = StoragePath::of(dir.path(), "broker.db").unwrap();
        assert!(path.link.is_none());
        assert!(path.url().path().ends_with("/broker.db"));
    }

    #[test]
    fn any_other_gets_one_for_as_long_as_it_is_used() {
        for name in ["with space", "größe", "a?b", "a#b"] {
            let dir = tempfile::tempdir().unwrap();
            let odd = dir.path().join(name);
            std::fs::create_dir(&odd).unwrap();
            let path = StoragePath::of(&odd, "broker.db").unwrap();
            let link = path.link.clone().unwrap();
            assert_eq!(link.canonicalize().unwrap(), odd.canonicalize().unwrap(), "{name}");
            drop(path);
            assert!(!link.exists(), "{name}");
        }
    }
}
