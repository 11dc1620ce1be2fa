//! The tables: numbered SQL files, and what their placeholders become on one server or on a cluster. Pure; applied by
//! `usertrail migrate`.
//!
//! | placeholder | one server | cluster `x` |
//! |---|---|---|
//! | `{local}` | nothing | `_local` |
//! | `{on_cluster}` | nothing | `ON CLUSTER 'x'` |
//! | `{engine:MergeTree}` | `MergeTree` | `ReplicatedMergeTree` |
//! | `{deduplication_window}` | the setting for plain tables | the settings for replicated tables |
//! | `{distributed:t}` | nothing | `CREATE TABLE t … ENGINE = Distributed(…)`, a user on one shard |
//! | `{distributed_by_tenant:t}` | nothing | the same, a tenant on one shard |
//! | `{distributed_at_random:t}` | nothing | the same, a row on any shard |

pub mod bi;

use sha2::{Digest, Sha256};

/// How many inserted blocks a table remembers to drop their repetition.
const DEDUPLICATED_BLOCKS: u32 = 100_000;
/// How long a replicated table remembers them, in seconds: a week.
const DEDUPLICATED_SECONDS: u32 = 604_800;

/// One numbered file of `storage/clickhouse/`.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number; files are applied in this order.
    pub version: u32,
    /// Its file name.
    pub name: &'static str,
    /// Its text, placeholders included.
    pub sql: &'static str,
}

/// Every migration, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "0001_events.sql", sql: include_str!("../clickhouse/0001_events.sql") },
    Migration { version: 2, name: "0002_violations.sql", sql: include_str!("../clickhouse/0002_violations.sql") },
    Migration { version: 3, name: "0003_rollups.sql", sql: include_str!("../clickhouse/0003_rollups.sql") },
    Migration { version: 4, name: "0004_users.sql", sql: include_str!("../clickhouse/0004_users.sql") },
    Migration { version: 5, name: "0005_alerts.sql", sql: include_str!("../clickhouse/0005_alerts.sql") },
    Migration {
        version: 6,
        name: "0006_tenant_rollups.sql",
        sql: include_str!("../clickhouse/0006_tenant_rollups.sql"),
    },
    Migration { version: 7, name: "0007_log_by_time.sql", sql: include_str!("../clickhouse/0007_log_by_time.sql") },
    Migration { version: 8, name: "0008_lengthening.sql", sql: include_str!("../clickhouse/0008_lengthening.sql") },
    Migration { version: 9, name: "0009_usage.sql", sql: include_str!("../clickhouse/0009_usage.sql") },
    Migration {
        version: 10,
        name: "0010_device_confidence.sql",
        sql: include_str!("../clickhouse/0010_device_confidence.sql"),
    },
    Migration {
        version: 11,
        name: "0011_device_sign_ins.sql",
        sql: include_str!("../clickhouse/0011_device_sign_ins.sql"),
    },
];

/// The table in which `migrate` records what it applied. A plain table: two processes that migrate at once both write
/// the same rows, and the reader groups them.
pub const LEDGER_SQL: &str = "CREATE TABLE IF NOT EXISTS schema_migrations {on_cluster}
(
    `version` UInt32,
    `name` String,
    `checksum` String,
    `applied_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = {engine:MergeTree}
ORDER BY version;
";

/// A placeholder that this version doesn't know, or one that is not closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown placeholder `{0}`")]
pub struct UnknownPlaceholder(pub String);

impl Migration {
    /// Hex SHA-256 of the file as written, so that an edit of an applied file is noticed.
    #[must_use]
    pub fn checksum(&self) -> String {
        schemas::settings::hex(&Sha256::digest(self.sql.as_bytes()))
    }

    /// Its statements, ready to run, for one server (`None`) or for a cluster.
    ///
    /// # Errors
    /// [`UnknownPlaceholder`].
    pub fn statements(&self, cluster: Option<&str>) -> Result<Vec<String>, UnknownPlaceholder> {
        Ok(split(&expand(self.sql, cluster)?))
    }
}

/// Replaces the placeholders.
///
/// # Errors
/// [`UnknownPlaceholder`].
pub fn expand(sql: &str, cluster: Option<&str>) -> Result<String, UnknownPlaceholder> {
    let mut out = String::with_capacity(sql.len() + 1024);
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (inner, tail) = after.split_once('}').ok_or_else(|| UnknownPlaceholder(after.to_owned()))?;
        out.push_str(&replacement(inner, cluster).ok_or_else(|| UnknownPlaceholder(inner.to_owned()))?);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn replacement(placeholder: &str, cluster: Option<&str>) -> Option<String> {
    let quoted = cluster.map(quote);
    Some(match (placeholder.split_once(':'), placeholder, quoted) {
        (None, "local", None)
        | (None, "on_cluster", None)
        | (Some(("distributed" | "distributed_by_tenant" | "distributed_at_random", _)), _, None) => String::new(),
        (None, "local", Some(_)) => "_local".to_owned(),
        (None, "on_cluster", Some(cluster)) => format!("ON CLUSTER {cluster}"),
        (None, "deduplication_window", None) => {
            format!("non_replicated_deduplication_window = {DEDUPLICATED_BLOCKS}")
        }
        (None, "deduplication_window", Some(_)) => format!(
            "replicated_deduplication_window = {DEDUPLICATED_BLOCKS}, \
             replicated_deduplication_window_seconds = {DEDUPLICATED_SECONDS}"
        ),
        (Some(("engine", engine)), _, None) => engine.to_owned(),
        (Some(("engine", engine)), _, Some(_)) => format!("Replicated{engine}"),
        // Events of one user live on one shard, so that a user's page asks one and joins nothing.
        (Some(("distributed", table)), _, Some(cluster)) => distributed(table, &cluster, "sipHash64(tenant, actor_id)"),
        (Some(("distributed_by_tenant", table)), _, Some(cluster)) => distributed(table, &cluster, "sipHash64(tenant)"),
        (Some(("distributed_at_random", table)), _, Some(cluster)) => distributed(table, &cluster, "rand()"),
        _ => return None,
    })
}

fn distributed(table: &str, cluster: &str, key: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {table} ON CLUSTER {cluster} AS {table}_local\n\
         ENGINE = Distributed({cluster}, currentDatabase(), '{table}_local', {key});"
    )
}

/// A text as a string literal of SQL.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Splits at each `;` that ends a line; statements of comments only are dropped.
#[must_use]
pub fn split(sql: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut current = String::new();
    for line in sql.lines() {
        let line = line.trim_end();
        if line.trim_start().starts_with("--") {
            continue;
        }
        match line.strip_suffix(';') {
            Some(last) => {
                current.push_str(last);
                statements.push(std::mem::take(&mut current));
            }
            None => {
                current.push_str(line);
                current.push('\n');
            }
        }
    }
    statements.push(current);
    statements.iter().map(|statement| statement.trim().to_owned()).filter(|statement| !statement.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_directory_is_listed_in_order() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("clickhouse");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        files.sort();
        let listed: Vec<&str> = MIGRATIONS.iter().map(|migration| migration.name).collect();
        assert_eq!(listed, files);
        for (at, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version as usize, at + 1, "{}", migration.name);
            assert!(migration.name.starts_with(&format!("{:04}_", migration.version)));
        }
    }

    /// The users' last activity leaves out the same actions as the enricher does.
    #[test]
    fn passive_actions_are_those_of_the_schemas() {
        let listed = format!("action IN ('{}')", schemas::passive::ACTIONS.join("', '"));
        assert!(include_str!("../clickhouse/0004_users.sql").contains(&listed), "{listed}");
    }

    fn all(cluster: Option<&str>) -> String {
        let mut text = String::new();
        for migration in MIGRATIONS {
            text.push_str(&format!("-- {}\n", migration.name));
            for statement in migration.statements(cluster).unwrap() {
                text.push_str(&statement);
                text.push_str(";\n\n");
            }
        }
        text
    }

    #[test]
    fn form_for_one_server() {
        insta::assert_snapshot!(all(None));
    }

    #[test]
    fn form_for_a_cluster() {
        insta::assert_snapshot!(all(Some("main")));
    }

    #[test]
    fn the_cluster_name_is_quoted() {
        assert_eq!(expand("{on_cluster}", Some("a'b\\")).unwrap(), "ON CLUSTER 'a\\'b\\\\'");
    }

    #[test]
    fn unknown_placeholders_are_errors() {
        for sql in ["{nope}", "{engine}", "{local", "{local:x}"] {
            assert!(expand(sql, None).is_err(), "{sql}");
        }
    }

    #[test]
    fn splits_only_at_line_ends() {
        assert_eq!(split("-- a;\nSELECT ';' AS x;\n\nSELECT 2\n"), ["SELECT ';' AS x", "SELECT 2"]);
    }
}
