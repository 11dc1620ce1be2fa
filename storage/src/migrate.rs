//! Brings the tables to the shape of this program: [`crate::ddl`], applied in order and recorded.
//!
//! Every statement may run twice (`IF NOT EXISTS`), so there is no lock: two processes that migrate at once run the same
//! statements, and one that was killed half-way begins its file again. What another has applied meanwhile is not run again: an
//! older file would bring back what a newer one has dropped.

use std::collections::BTreeMap;

use clickhouse::Client;
use runtime::config::Config;

use crate::ddl::bi::BiUser;
use crate::ddl::{self, MIGRATIONS, Migration, UnknownPlaceholder};

/// Why the tables are not in the shape of this program.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The store refused a statement, or could not be asked.
    #[error("{what}: {source}")]
    Store {
        /// The file, or what was asked.
        what: &'static str,
        /// What the client said.
        source: clickhouse::error::Error,
    },
    /// A file was edited after it had been applied.
    #[error("{name} was changed after it had been applied: add a new file instead")]
    Changed {
        /// The file.
        name: &'static str,
    },
    /// A file of this program is malformed.
    #[error("{name}: {source}")]
    File {
        /// The file.
        name: &'static str,
        /// What is wrong.
        source: UnknownPlaceholder,
    },
}

/// Applies what has not been applied yet; returns the names of those files. Safe twice, and by two at once.
///
/// # Errors
/// [`MigrateError`]; trying again is always safe.
pub async fn migrate(config: &Config) -> Result<Vec<&'static str>, MigrateError> {
    let cluster = config.clickhouse.cluster.as_deref();
    let server = runtime::clickhouse::server(&config.clickhouse);
    let create = format!("CREATE DATABASE IF NOT EXISTS `{}` {{on_cluster}}", config.clickhouse.database);
    run(&server, "the database", &create, cluster).await?;
    let client = runtime::clickhouse::client(&config.clickhouse);
    run(&client, "schema_migrations", ddl::LEDGER_SQL, cluster).await?;

    let mut done = Vec::new();
    for migration in MIGRATIONS {
        let checksum = migration.checksum();
        match applied(&client).await?.get(&migration.version) {
            Some(known) if *known == checksum => {}
            Some(_) => return Err(MigrateError::Changed { name: migration.name }),
            None => {
                run(&client, migration.name, migration.sql, cluster).await?;
                record(&client, migration, &checksum).await?;
                tracing::info!(file = migration.name, "migration applied");
                done.push(migration.name);
            }
        }
    }
    if let Some(newest) = applied(&client).await?.keys().max().filter(|newest| **newest > MIGRATIONS.len() as u32) {
        tracing::warn!(newest, "a newer version of usertrail has migrated this database");
    }
    bi_user(config, &client).await?;
    Ok(done)
}

/// Makes the user that reads for BI tools, if one is configured: at every run, for it depends on the configuration.
async fn bi_user(config: &Config, client: &Client) -> Result<(), MigrateError> {
    let Some(name) = &config.sql.user else { return Ok(()) };
    let user = BiUser {
        name,
        password: config.sql.password.expose(),
        database: &config.clickhouse.database,
        cluster: config.clickhouse.cluster.as_deref(),
        max_seconds: config.sql.timeout_ms.div_ceil(1000),
        max_memory_bytes: config.sql.max_memory_bytes,
        max_rows_to_read: config.sql.max_rows_to_read,
    };
    for statement in user.statements() {
        let done = client.query_raw(&statement).execute().await;
        done.map_err(|source| MigrateError::Store { what: "the user for BI tools", source })?;
    }
    Ok(())
}

async fn run(client: &Client, what: &'static str, sql: &str, cluster: Option<&str>) -> Result<(), MigrateError> {
    let expanded = ddl::expand(sql, cluster).map_err(|source| MigrateError::File { name: what, source })?;
    for statement in ddl::split(&expanded) {
        client.query_raw(&statement).execute().await.map_err(|source| MigrateError::Store { what, source })?;
    }
    Ok(())
}

/// Versions that were applied, with their checksums; of two that differ, one is found changed.
async fn applied(client: &Client) -> Result<BTreeMap<u32, String>, MigrateError> {
    let rows = client
        .query_raw("SELECT version, min(checksum) FROM schema_migrations GROUP BY version")
        .fetch_all::<(u32, String)>()
        .await
        .map_err(|source| MigrateError::Store { what: "schema_migrations", source })?;
    Ok(rows.into_iter().collect())
}

async fn record(client: &Client, migration: &Migration, checksum: &str) -> Result<(), MigrateError> {
    // All three are ours: digits, a file name, hexadecimal digits.
    let sql = format!(
        "INSERT INTO schema_migrations (version, name, checksum) VALUES ({}, '{}', '{checksum}')",
        migration.version, migration.name
    );
    client.query_raw(&sql).execute().await.map_err(|source| MigrateError::Store { what: "schema_migrations", source })
}
