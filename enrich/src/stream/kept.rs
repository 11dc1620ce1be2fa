//! Whether the tables still have what was stored, as far as that can be seen from here:
//!
//! - the latest decisions of each partition say how many rows are between two offsets (for `events` that were lost);
//! - `events` and its rollups count the same events, each by itself (for parts of either that were lost, of any age that
//!   retention has not reached);
//! - ClickHouse puts aside what it finds damaged when it opens a table.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clickhouse::{Client, Row};
use runtime::config::Config;
use serde::Deserialize;

use super::{Facts, run};
use crate::dead_letter;

/// Younger rows are still kept whatever the tenant's retention, of which the shortest is 30 days.
const KEPT: i64 = 28 * 86_400_000;
/// Views are filled a moment after the table, and shards of a cluster after that.
const AGAIN: Duration = Duration::from_millis(500);
const TRIES: usize = 4;
/// Tables in which views count the events, in the same partitions as the events'.
const ROLLUPS: [&str; 2] = ["user_hours", "tenant_quarters"];
/// Partitions that begin after this day are looked at as a whole: what is received on one day may be counted with another's.
const DAY: &str = "toYYYYMMDD(fromUnixTimestamp64Milli({since:Int64}, 'UTC'))";

/// What is missing, if anything is that was stored after `accepted_at` (milliseconds).
pub(super) async fn missing(
    config: &Config,
    client: &Client,
    facts: &Facts,
    accepted_at: i64,
) -> Result<Option<String>> {
    if let Some(detail) = damaged(client, accepted_at).await? {
        return Ok(Some(detail));
    }
    let since = accepted_at.max(chrono::Utc::now().timestamp_millis() - KEPT);
    let mut found = None;
    for _ in 0..TRIES {
        found = match undecided(config, client, facts, since).await? {
            Some(detail) => Some(detail),
            None => uncounted(client, facts, since).await?,
        };
        if found.is_none() {
            break;
        }
        tokio::time::sleep(AGAIN).await;
    }
    Ok(found)
}

#[derive(Row, Deserialize)]
struct Damaged {
    table: String,
    parts: u64,
}

async fn damaged(client: &Client, accepted_at: i64) -> Result<Option<String>> {
    let found = client
        .query(
            "SELECT table, count() AS parts FROM system.detached_parts \
             WHERE database = currentDatabase() AND startsWith(ifNull(reason, ''), 'broken') \
             AND modification_time >= toDateTime(intDiv({since:Int64}, 1000)) GROUP BY table ORDER BY table",
        )
        .param("since", accepted_at)
        .fetch_all::<Damaged>()
        .await
        .context("looking for damaged parts")?;
    let damage = found.iter().map(|one| format!("{} parts of {} are damaged", one.parts, one.table));
    let damage = damage.collect::<Vec<_>>().join(", ");
    Ok((!damage.is_empty()).then(|| format!("{damage}; ClickHouse has put them aside")))
}

#[derive(Row, Deserialize)]
struct Rows {
    partition: u16,
    rows: u64,
}

/// Compares the latest decisions with the rows of their offsets.
async fn undecided(config: &Config, client: &Client, facts: &Facts, since: i64) -> Result<Option<String>> {
    let mut expected = Vec::new();
    for position in &facts.positions {
        let committed = position.committed.unwrap_or_default();
        let tails: Vec<_> = facts
            .decided
            .iter()
            .filter(|tail| tail.partition == position.partition && tail.at >= since && tail.decision.end <= committed)
            .collect();
        let run = run(&tails);
        if let (Some(first), Some(last)) = (run.first(), run.last()) {
            let rows: u64 = run.iter().map(|decision| decision.rows).sum();
            expected.push((position.partition, first.start, last.end, rows));
        }
    }
    if expected.is_empty() {
        return Ok(None);
    }
    let ranges = expected.iter().map(|(partition, from, to, _)| {
        format!("(kafka_partition = {partition} AND kafka_offset >= {from} AND kafka_offset < {to})")
    });
    let ranges = ranges.collect::<Vec<_>>().join(" OR ");
    let sql =
        format!("SELECT kafka_partition AS partition, count() AS rows FROM events WHERE {ranges} GROUP BY partition");
    let found = client.query(&sql).fetch_all::<Rows>().await.context("counting the rows of the latest decisions")?;
    for (partition, from, to, rows) in expected {
        let there = found.iter().find(|one| i32::from(one.partition) == partition).map_or(0, |one| one.rows);
        if there < rows && there + refused(config, partition, from, to).await? < rows {
            let topic = &facts.topic;
            return Ok(Some(format!(
                "events has {there} rows of {topic}/{partition} from offset {from} to {to}, and {rows} were stored"
            )));
        }
    }
    Ok(None)
}

/// Rows that were decided and that the store refused: they are in the dead letter.
async fn refused(config: &Config, partition: i32, from: u64, to: u64) -> Result<u64> {
    let kafka = config.kafka.clone();
    let letters = tokio::task::spawn_blocking(move || dead_letter::list(&kafka)).await??;
    let within = |offset: i64| u64::try_from(offset).is_ok_and(|offset| (from..to).contains(&offset));
    Ok(letters.iter().filter(|letter| letter.partition == partition && within(letter.offset)).count() as u64)
}

#[derive(Row, Deserialize, PartialEq, Eq, Clone, Copy)]
struct Counts {
    rows: u64,
    committed: u64,
}

/// Compares what the table and its rollups count. Other enrichers that write meanwhile have compared them when they began.
async fn uncounted(client: &Client, facts: &Facts, since: i64) -> Result<Option<String>> {
    let before = count(client, facts, since).await?;
    let mut odd = None;
    for table in ROLLUPS {
        let rows = add_up(client, table, since).await?;
        // An insert that a crash tore apart is in the table and not yet in the rollups; its repetition brings it there.
        if !(before.committed..=before.rows).contains(&rows) {
            odd = Some(format!("events has {} rows of the last days, and {table} has counted {rows}", before.rows));
        }
    }
    let still = odd.is_some() && count(client, facts, since).await? == before;
    Ok(odd.filter(|_| still))
}

async fn count(client: &Client, facts: &Facts, since: i64) -> Result<Counts> {
    let open = facts.positions.iter().map(|at| {
        format!("(kafka_partition = {} AND kafka_offset >= {})", at.partition, at.committed.unwrap_or_default())
    });
    let open = open.collect::<Vec<_>>().join(" OR ");
    let sql = format!(
        "SELECT count() AS rows, countIf(NOT ({open})) AS committed FROM events WHERE multiIf( \
             retention_days <= 30, toYYYYMMDD(received_at), \
             retention_days <= 180, toYYYYMMDD(toMonday(received_at)), \
             toYYYYMM(received_at) * 100 + 1) > {DAY}"
    );
    client.query(&sql).param("since", since).fetch_one().await.context("counting the rows")
}

async fn add_up(client: &Client, table: &str, since: i64) -> Result<u64> {
    let sql = format!(
        "SELECT sum(events) FROM {table} WHERE if(retention_days <= 180, received_period, received_period * 100 + 1) > {DAY}"
    );
    client.query(&sql).param("since", since).fetch_one().await.with_context(|| format!("adding up {table}"))
}
