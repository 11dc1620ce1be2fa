//! Inserts that a kill interrupted between their token and their part.
//!
//! A table without replicas keeps the tokens of its inserts in a log of its own (`deduplication_logs`). ClickHouse writes a
//! token there and then moves the part into the table, both under the table's lock; a process killed in between leaves a
//! token without rows, and the repetition of the insert would be dropped as known already. So before the engine opens the
//! data, the last line of each such log is compared with the table's parts, and taken back if there is no part of it: under
//! the lock no other insert can have come after it.
//!
//! A line is `operation \t part \t block`, a part's directory is `partition_first_last_level[_mutation]`:
//! <https://github.com/ClickHouse/ClickHouse/blob/master/src/Storages/MergeTree/MergeTreeDeduplicationLog.cpp>.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

const LOGS: &str = "deduplication_logs";
/// The operation of a line that remembers a token; others forget one.
const ADD: &str = "1";

/// Takes back what was interrupted in every table below `data_dir`, and says how many tokens that were.
///
/// # Errors
/// When the directory can't be read, or a log not be written.
pub(super) fn take_back(data_dir: &Path) -> io::Result<usize> {
    let mut taken = 0;
    for shard in directories(&data_dir.join("store"))? {
        for table in directories(&shard)? {
            if table.join(LOGS).is_dir() && take_back_of(&table)? {
                tracing::info!(table = %table.display(), "took back the token of an insert that was interrupted");
                taken += 1;
            }
        }
    }
    Ok(taken)
}

/// Whether the table's last token stood for no part.
fn take_back_of(table: &Path) -> io::Result<bool> {
    let Some((log, content)) = last_log(&table.join(LOGS))? else { return Ok(false) };
    let whole = content.rfind('\n').map_or(0, |end| end + 1);
    let start = content[..whole].trim_end_matches('\n').rfind('\n').map_or(0, |end| end + 1);
    let orphaned = match added(&content[start..whole]) {
        Some(part) => !directories(table)?.iter().any(|dir| Part::of(dir).is_some_and(|other| other.covers(&part))),
        None => false,
    };
    let keep = if orphaned { start } else { whole };
    if keep < content.len() {
        let file = OpenOptions::new().write(true).open(log)?;
        file.set_len(keep as u64)?;
        file.sync_all()?;
    }
    Ok(orphaned)
}

/// The newest log that has anything in it; logs are numbered, and a new one begins empty.
fn last_log(logs: &Path) -> io::Result<Option<(PathBuf, String)>> {
    let number = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix("deduplication_log_")?.strip_suffix(".txt")?.parse::<u64>().ok()
    };
    let paths = fs::read_dir(logs)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let mut numbered: Vec<_> = paths.into_iter().filter_map(|path| Some((number(&path)?, path))).collect();
    numbered.sort_unstable();
    for (_, path) in numbered.into_iter().rev() {
        let content = fs::read_to_string(&path)?;
        if !content.is_empty() {
            return Ok(Some((path, content)));
        }
    }
    Ok(None)
}

/// The part that a line of the log remembers.
fn added(line: &str) -> Option<Part> {
    let mut fields = line.trim_end().split('\t');
    (fields.next()? == ADD).then_some(())?;
    Part::read(fields.next()?)
}

/// Blocks of one partition.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    partition: String,
    first: u64,
    last: u64,
}

impl Part {
    fn of(dir: &Path) -> Option<Self> {
        Self::read(dir.file_name()?.to_str()?)
    }

    /// Reads a part's name; what is named otherwise is none.
    fn read(name: &str) -> Option<Self> {
        let mut fields = name.split('_');
        let partition = fields.next().filter(|partition| !partition.is_empty())?.to_owned();
        let (first, last) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        fields.all(|number| number.parse::<u64>().is_ok()).then_some(Self { partition, first, last })
    }

    fn covers(&self, part: &Self) -> bool {
        self.partition == part.partition && self.first <= part.first && part.last <= self.last
    }
}

fn directories(path: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.is_dir()).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const KNOWN: &str = "1\t20251101_1_1_0\t20251101_7_7\n";

    /// What is left of a table's last log, and of how many tokens nothing was stored.
    fn left(logs: &[&str], parts: &[&str]) -> (usize, String) {
        let dir = tempfile::tempdir().unwrap();
        let table = dir.path().join("store/0a1/0a1b2c3d");
        fs::create_dir_all(table.join(LOGS)).unwrap();
        for (number, log) in logs.iter().enumerate() {
            fs::write(table.join(LOGS).join(format!("deduplication_log_{}.txt", number + 1)), log).unwrap();
        }
        for part in parts {
            fs::create_dir(table.join(part)).unwrap();
        }
        let taken = take_back(dir.path()).unwrap();
        (taken, last_log(&table.join(LOGS)).unwrap().map(|(_, content)| content).unwrap_or_default())
    }

    #[test]
    fn a_token_without_its_part_is_taken_back() {
        let log = format!("{KNOWN}1\t20251102_2_2_0\t20251102_8_8\n");
        assert_eq!(left(&[&log], &["20251101_1_1_0"]), (1, KNOWN.to_owned()));
        assert_eq!(left(&[&log], &["20251101_1_1_0", "tmp_insert_20251102_2_2_0"]), (1, KNOWN.to_owned()));
        assert_eq!(left(&[KNOWN], &["20251102_1_1_0", "detached"]), (1, String::new()), "another partition's");
        assert_eq!(left(&[&log, ""], &[]), (1, KNOWN.to_owned()), "a new log had just begun");
    }

    #[test]
    fn a_token_with_its_part_stays() {
        for part in ["20251101_1_1_0", "20251101_1_1_0_5", "20251101_0_9_2"] {
            assert_eq!(left(&[KNOWN], &[part]), (0, KNOWN.to_owned()), "{part}");
        }
        let forgotten = format!("{KNOWN}2\t20251101_1_1_0\t20251101_7_7\n");
        assert_eq!(left(&[&forgotten], &[]), (0, forgotten.clone()), "retention took the part");
        assert_eq!(left(&[], &[]), (0, String::new()));
    }

    #[test]
    fn half_a_line_goes() {
        let torn = format!("{KNOWN}1\t20251102_2");
        assert_eq!(left(&[&torn], &["20251101_1_1_0"]), (0, KNOWN.to_owned()));
    }
}
