//! Time zone data from a directory: newer ones than the program's own, without another release of it.
//!
//! The directory is as systems have it in `/usr/share/zoneinfo`: a TZif file (RFC 9636) for each zone, and the version of
//! the database in `tzdata.zi` or `+VERSION`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use schemas::zone::{self, BadZones};

/// What a file begins with that holds a zone.
const MAGIC: &[u8] = b"TZif";
/// Largest file that is a zone's; those of the database have a few KiB.
const MAX_BYTES: u64 = 64 * 1024;
/// Most files; the database has some 600, and systems keep them in up to three forms.
const MAX_FILES: usize = 5000;
/// Deepest folder, as in `America/Argentina/`.
const MAX_DEPTH: usize = 3;
/// Other forms of the same zones: with leap seconds, and without.
const OTHER_FORMS: [&str; 2] = ["posix", "right"];

/// Why the data can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ZonesError {
    /// Not readable.
    #[error("time zones of {path}: {source}")]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not what such a directory has.
    #[error("time zones of {path}: {why}")]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
}

/// Takes the zones of a directory, before any zone is asked for; of none: those of the program. Returns the version.
///
/// # Errors
/// [`ZonesError`]: nothing was taken.
pub fn bring(directory: Option<&Path>) -> Result<&'static str, ZonesError> {
    let Some(directory) = directory else { return Ok(zone::version()) };
    let unusable = |why: String| ZonesError::Unusable { path: directory.to_owned(), why };
    let version = version(directory)
        .ok_or_else(|| unusable("neither tzdata.zi nor +VERSION states the version, such as 2026f".to_owned()))?;
    let mut files = Vec::new();
    let mut looked_at = 0;
    gather(directory, &mut Vec::new(), &mut looked_at, &mut files)?;
    if looked_at > MAX_FILES {
        return Err(unusable(format!("there are more than {MAX_FILES} files")));
    }
    if files.is_empty() {
        return Err(unusable("there is no zone".to_owned()));
    }
    zone::bring(version, files).map_err(|error: BadZones| unusable(error.to_string()))?;
    Ok(zone::version())
}

/// The zones of a folder and of those below it, by their names.
fn gather(
    folder: &Path,
    below: &mut Vec<String>,
    looked_at: &mut usize,
    files: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), ZonesError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| ZonesError::Unreadable { path, source }
    };
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        *looked_at += 1;
        if *looked_at > MAX_FILES {
            return Ok(());
        }
        let path = entry.path();
        // Links are followed: many zones are another name of one.
        let about = fs::metadata(&path).map_err(unreadable(&path))?;
        if about.is_dir() {
            if below.len() < MAX_DEPTH && !(below.is_empty() && OTHER_FORMS.contains(&name.as_str())) {
                below.push(name);
                gather(&path, below, looked_at, files)?;
                below.pop();
            }
        } else if about.is_file() && about.len() <= MAX_BYTES {
            let mut data = Vec::new();
            let file = fs::File::open(&path).map_err(unreadable(&path))?;
            file.take(MAX_BYTES).read_to_end(&mut data).map_err(unreadable(&path))?;
            if data.starts_with(MAGIC) {
                let parts: Vec<&str> = below.iter().map(String::as_str).chain([name.as_str()]).collect();
                files.push((parts.join("/"), data));
            }
        }
    }
    Ok(())
}

/// `2026f` of a file's first line, which is that or `# version 2026f`.
fn version(directory: &Path) -> Option<String> {
    ["tzdata.zi", "+VERSION"].into_iter().find_map(|name| {
        let mut head = Vec::new();
        fs::File::open(directory.join(name)).ok()?.take(100).read_to_end(&mut head).ok()?;
        let head = String::from_utf8_lossy(&head);
        let line = head.lines().next()?;
        let version = line.strip_prefix("# version ").unwrap_or(line).trim();
        let plain =
            |text: &str| text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (version.starts_with("20") && plain(version)).then(|| version.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A zone of which the database knows nothing: an hour east of Greenwich, in the least that RFC 9636 asks for.
    fn an_hour_east() -> Vec<u8> {
        let header = |version: u8| {
            let mut header = [MAGIC, &[version], &[0; 15]].concat();
            for count in [0_u32, 0, 0, 0, 1, 4] {
                header.extend(count.to_be_bytes());
            }
            header
        };
        let body = |offset: i32| [&offset.to_be_bytes()[..], &[0, 0], b"MTC\0"].concat();
        [header(b'2'), body(3600), header(b'2'), body(3600), b"\nMTC-1\n".to_vec()].concat()
    }

    /// J5: newer zones come without another program; what they lack is as before, and older ones are refused.
    #[test]
    fn newer_zones_are_brought() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let refused = || bring(Some(folder.path())).unwrap_err().to_string();
        assert!(bring(Some(&at("nowhere"))).is_err());
        assert!(refused().contains("states the version"));
        fs::write(at("tzdata.zi"), "# version 2025b\n# more").unwrap();
        assert!(refused().contains("there is no zone"));
        fs::create_dir_all(at("Mars/Olympus")).unwrap();
        fs::write(at("Mars/Olympus/Base"), an_hour_east()).unwrap();
        assert!(refused().contains("older"), "{}", refused());
        fs::write(at("tzdata.zi"), "# version 2099a\n# more").unwrap();
        fs::write(at("Mars/Broken"), "TZif and nothing more").unwrap();
        assert!(refused().contains("Mars/Broken"));
        fs::remove_file(at("Mars/Broken")).unwrap();
        fs::write(at("zone.tab"), "no zone").unwrap();
        assert_eq!(bring(Some(folder.path())).unwrap(), "2099a");
        let noon: chrono::DateTime<chrono::Utc> = "2026-11-28T12:00:00Z".parse().unwrap();
        for (name, shown) in [("Mars/Olympus/Base", "13:00"), ("America/Vancouver", "05:00")] {
            let zone: zone::Zone = name.parse().unwrap();
            assert_eq!(noon.with_timezone(&zone).format("%H:%M").to_string(), shown, "{name}");
        }
        assert!(refused().contains("already"));
    }
}
