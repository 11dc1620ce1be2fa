//! Whether the tables and the topics still belong together: asked before the first record is taken.
//!
//! Offsets are what exactly-once rests on. When the broker's data is lost, replaced or older than the tables, offsets begin
//! anew and would be taken for those of before; when rows are lost, everything goes on and nobody would know. Both are
//! refused, with a code under which an operator can accept it once ([`Loss`]). What retention takes is no loss: rows are kept
//! for 30 days at least, and only what is younger is looked at.
//!
//! The table `streams` says which cluster and topic the rows are of. An accepted loss is a row there; where offsets begin
//! anew it is also a new *epoch*, which goes into the tokens of inserts, and the rows of before are put aside: their
//! `kafka_partition` is raised by [`FORMER`], so that nothing that goes by offsets meets them again.

mod kept;

use std::time::Duration;

use anyhow::{Context as _, Result};
use clickhouse::{Client, Row};
use rdkafka::consumer::Consumer as _;
use runtime::backoff::Backoff;
use runtime::config::Config;
use schemas::topics;
use serde::{Deserialize, Serialize};
use storage::ddl;
use xxhash_rust::xxh3::xxh3_64;

use crate::lag::{self, Position};
use crate::partition::ledger::{self, Decision};

/// Partitions of rows of a former epoch begin here: more than a topic may have.
const FORMER: u16 = 1024;
/// Decisions looked at, the latest of each partition.
const DECISIONS: i64 = 64;
/// How long Kafka and ClickHouse may be away at the start.
const PATIENCE: Duration = Duration::from_secs(120);
const TIMEOUT: Duration = Duration::from_secs(10);

/// The stream of records that this process works on, for the tokens of its inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream(String);

impl Stream {
    pub(crate) fn new(cluster_id: &str, epoch: u32) -> Self {
        Self(if epoch == 0 { cluster_id.to_owned() } else { format!("{cluster_id}.{epoch}") })
    }

    /// Returns the name that distinguishes its offsets from those of every other stream.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What was lost. Accepted by its code, which holds for this loss alone.
#[derive(Debug, thiserror::Error)]
pub enum Loss {
    /// The topic is another one than the rows are of, or ends before them.
    #[error(
        "the tables have rows that the broker does not know of: {detail}. Its data was lost, replaced or put back from an \
         older copy, and with it settings and keys, what is known of users, and events not yet stored. Put the data back; or \
         start once with --accept-loss {code}: offsets begin anew, and the rows are kept as those of a former broker"
    )]
    Broker {
        /// What was found.
        detail: String,
        /// Under which it can be accepted.
        code: String,
    },
    /// Rows are gone.
    #[error(
        "the tables have lost rows: {detail}. Put the data back, or start once with --accept-loss {code} to go on without \
         them"
    )]
    Rows {
        /// What was found.
        detail: String,
        /// Under which it can be accepted.
        code: String,
    },
    /// The topics contradict one another.
    #[error(
        "events.raw was made anew or cut off: {detail}. What the enrichers keep by its offsets is of the former one: delete \
         all topics of this installation, or take another kafka.topic_prefix"
    )]
    Topics {
        /// What was found.
        detail: String,
    },
}

/// A row of `streams`.
#[derive(Clone, Debug, Row, Serialize, Deserialize)]
struct Known {
    epoch: u32,
    cluster_id: String,
    topic: String,
    /// Milliseconds.
    accepted_at: i64,
}

/// What Kafka says.
struct Facts {
    cluster_id: String,
    topic: String,
    positions: Vec<Position>,
    decided: Vec<ledger::Tail>,
}

/// Compares tables and topics, and returns the stream to go on with. `accept` is the code of a loss that is accepted.
///
/// # Errors
/// [`Loss`]; or Kafka or ClickHouse doesn't answer for two minutes.
pub async fn check(config: &Config, accept: Option<&str>) -> Result<Stream> {
    let begun = tokio::time::Instant::now();
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
    loop {
        match try_check(config, accept).await {
            Err(error) if error.downcast_ref::<Loss>().is_none() && begun.elapsed() < PATIENCE => {
                tracing::warn!(error = format!("{error:#}"), "tables and topics can't be compared yet; trying again");
                tokio::time::sleep(backoff.next_wait()).await;
            }
            outcome => return outcome,
        }
    }
}

async fn try_check(config: &Config, accept: Option<&str>) -> Result<Stream> {
    let kafka = config.kafka.clone();
    let facts = tokio::task::spawn_blocking(move || facts(&kafka)).await??;
    let client = runtime::clickhouse::client(&config.clickhouse);
    let all = client.query(
        "SELECT epoch, cluster_id, topic, toUnixTimestamp64Milli(accepted_at) AS accepted_at FROM streams \
         ORDER BY epoch, accepted_at",
    );
    let known = all.fetch_all::<Known>().await.context("reading the table streams")?;
    let Some(latest) = known.last().cloned() else {
        return first(&client, &facts, accept).await;
    };
    if let Some(detail) = contradiction(&facts) {
        return Err(Loss::Topics { detail }.into());
    }
    // After the row before, whatever the clock says.
    let later = now().max(latest.accepted_at + 1);
    let code = |kind: &str| {
        code(&[kind, &facts.cluster_id, &facts.topic, &latest.epoch.to_string(), &latest.accepted_at.to_string()])
    };
    if let Some(detail) = foreign(config, &client, &facts, &latest).await? {
        let code = code("broker");
        if accept != Some(&code) {
            return Err(Loss::Broker { detail, code }.into());
        }
        tracing::warn!(detail, "accepted: offsets begin anew");
        put_aside(config, &client).await?;
        return record(&client, &facts, latest.epoch + 1, later).await;
    }
    if latest.cluster_id != facts.cluster_id || latest.topic != facts.topic {
        // Nothing was stored yet.
        return record(&client, &facts, latest.epoch + 1, later).await;
    }
    // The first row accepts nothing.
    let accepted_at = if known.len() > 1 { latest.accepted_at } else { 0 };
    if let Some(detail) = kept::missing(config, &client, &facts, accepted_at).await? {
        let code = code("rows");
        if accept != Some(&code) {
            return Err(Loss::Rows { detail, code }.into());
        }
        tracing::warn!(detail, "accepted: going on without the rows");
        return record(&client, &facts, latest.epoch, later).await;
    }
    Ok(Stream::new(&facts.cluster_id, latest.epoch))
}

/// Tables that were never enriched into. If the group has committed, others were.
async fn first(client: &Client, facts: &Facts, accept: Option<&str>) -> Result<Stream> {
    let stored: u64 = facts.positions.iter().filter_map(|position| position.committed).sum();
    let code = code(&["tables", &facts.cluster_id, &facts.topic]);
    if stored > 0 && accept != Some(&code) {
        let detail = format!(
            "{stored} records of {} are stored by what the enrichers committed, and the tables are new",
            facts.topic
        );
        return Err(Loss::Rows { detail, code }.into());
    }
    let stream = record(client, facts, 0, now()).await?;
    // The first row accepts nothing, a second one does.
    if stored > 0 { record(client, facts, 0, now() + 1).await } else { Ok(stream) }
}

fn now() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

fn facts(kafka: &runtime::config::Kafka) -> Result<Facts> {
    let asker = lag::asker(kafka)?;
    let partitions = lag::positions(&asker, kafka)?.len();
    anyhow::ensure!(partitions <= usize::from(FORMER), "events.raw has more than {FORMER} partitions");
    let cluster_id = asker.client().fetch_cluster_id(TIMEOUT).context("Kafka did not say which cluster it is")?;
    let decided = ledger::tail(kafka, partitions, DECISIONS)?;
    // After the decisions: what others decide meanwhile lies before the ends.
    let positions = lag::positions(&asker, kafka)?;
    Ok(Facts { cluster_id, topic: kafka.topic(topics::EVENTS_RAW), positions, decided })
}

/// What the enrichers keep by offsets goes beyond the partition's end.
fn contradiction(facts: &Facts) -> Option<String> {
    facts.positions.iter().find_map(|position| {
        let Position { partition, high, .. } = *position;
        let decided =
            facts.decided.iter().filter(|tail| tail.partition == partition).map(|tail| tail.decision.end).max();
        let reached = decided.max(position.committed)?;
        (reached > high)
            .then(|| format!("{}/{partition} ends at {high}, and was enriched up to {reached}", facts.topic))
    })
}

#[derive(Row, Deserialize)]
struct Beyond {
    partition: u16,
    offset: u64,
}

/// Rows that are of no record of the topic.
async fn foreign(config: &Config, client: &Client, facts: &Facts, latest: &Known) -> Result<Option<String>> {
    let Facts { cluster_id, topic, positions, .. } = facts;
    if latest.cluster_id != *cluster_id || latest.topic != *topic {
        let any = client.query("SELECT count() FROM (SELECT 1 FROM events LIMIT 1)").fetch_one::<u64>().await;
        return Ok((any.context("looking for rows")? > 0).then(|| {
            format!(
                "they are of {} in the cluster {}, and this is {topic} in {cluster_id}",
                latest.topic, latest.cluster_id
            )
        }));
    }
    // All numbers: the skip index on offsets answers this without reading rows.
    let ends =
        positions.iter().map(|at| format!("(kafka_partition = {} AND kafka_offset >= {})", at.partition, at.high));
    let ends = ends.collect::<Vec<_>>().join(" OR ");
    let sql = format!(
        "SELECT kafka_partition AS partition, max(kafka_offset) AS offset FROM events WHERE {ends} GROUP BY partition ORDER BY partition"
    );
    let beyond = client.query(&sql).fetch_all::<Beyond>().await.context("looking for rows beyond the topic's end")?;
    if beyond.is_empty() {
        return Ok(None);
    }
    // Others go on sending and storing meanwhile: the ends count as they are after the rows were looked at.
    let kafka = config.kafka.clone();
    let positions = tokio::task::spawn_blocking(move || lag::positions(&lag::asker(&kafka)?, &kafka)).await??;
    Ok(beyond.iter().find_map(|row| {
        let high = positions.iter().find(|at| at.partition == i32::from(row.partition)).map_or(0, |at| at.high);
        (row.offset >= high)
            .then(|| format!("a row is of offset {} of {topic}/{}, which ends at {high}", row.offset, row.partition))
    }))
}

/// Moves the rows of before to partitions of their own, since the rows to come will have the same offsets.
async fn put_aside(config: &Config, client: &Client) -> Result<()> {
    let sql = format!(
        "ALTER TABLE events{{local}} {{on_cluster}} UPDATE kafka_partition = kafka_partition + {FORMER} WHERE 1"
    );
    let sql = ddl::expand(&sql, config.clickhouse.cluster.as_deref())?;
    let client = client.clone().with_setting("mutations_sync", "2");
    client.query_raw(&sql).execute().await.context("putting the rows of the former broker aside")
}

async fn record(client: &Client, facts: &Facts, epoch: u32, accepted_at: i64) -> Result<Stream> {
    client
        .query(
            "INSERT INTO streams (epoch, cluster_id, topic, accepted_at) SETTINGS distributed_foreground_insert = 1 \
             SELECT {epoch:UInt32}, {cluster:String}, {topic:String}, fromUnixTimestamp64Milli({at:Int64}, 'UTC')",
        )
        .param("epoch", epoch)
        .param("cluster", &facts.cluster_id)
        .param("topic", &facts.topic)
        .param("at", accepted_at)
        .execute()
        .await
        .context("writing to the table streams")?;
    Ok(Stream::new(&facts.cluster_id, epoch))
}

/// Short enough to be typed, and of nothing but the state of things: a code that stays in somebody's unit file accepts no
/// later loss.
fn code(parts: &[&str]) -> String {
    format!("{:08x}", xxh3_64(parts.join("\0").as_bytes()) >> 32)
}

/// The decisions that hold, of the latest of one partition, as one run without a gap: of what stands before a gap nobody
/// knows here whether it came second.
fn run(tails: &[&ledger::Tail]) -> Vec<Decision> {
    let mut run: Vec<Decision> = Vec::new();
    for decision in tails.iter().map(|tail| &tail.decision) {
        match run.last().map(|last| last.end) {
            Some(end) if decision.start < end => {}
            Some(end) if decision.start > end => run = vec![decision.clone()],
            _ => run.push(decision.clone()),
        }
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn tail(start: u64, end: u64) -> ledger::Tail {
        let decision = Decision { start, end, rows: 1, duplicates: 0, dead: 0, tenants: BTreeMap::new() };
        ledger::Tail { partition: 0, at: 0, decision }
    }

    fn facts(high: u64, committed: Option<u64>, decided: Vec<ledger::Tail>) -> Facts {
        let positions = vec![Position { partition: 0, low: 0, high, committed }];
        Facts { cluster_id: "c".to_owned(), topic: "events.raw".to_owned(), positions, decided }
    }

    #[test]
    fn what_came_second_is_not_in_the_run() {
        let ends = |tails: &[ledger::Tail]| {
            run(&tails.iter().collect::<Vec<_>>()).iter().map(|one| one.end).collect::<Vec<_>>()
        };
        assert_eq!(ends(&[tail(0, 10), tail(10, 20), tail(10, 15), tail(20, 30)]), [10, 20, 30]);
        assert_eq!(ends(&[tail(10, 25), tail(20, 30), tail(30, 40)]), [40], "the first may have come second");
        assert_eq!(ends(&[]), [0; 0]);
    }

    #[test]
    fn a_topic_that_ends_before_what_was_enriched_of_it_is_another_one() {
        assert_eq!(contradiction(&facts(10, None, vec![])), None);
        assert_eq!(contradiction(&facts(10, Some(10), vec![tail(0, 10)])), None);
        assert!(contradiction(&facts(10, Some(11), vec![])).is_some());
        assert!(contradiction(&facts(10, Some(3), vec![tail(3, 12)])).is_some());
    }

    #[test]
    fn an_epoch_has_tokens_of_its_own() {
        assert_eq!(Stream::new("c", 0).as_str(), "c");
        assert_eq!(Stream::new("c", 2).as_str(), "c.2");
        assert_ne!(code(&["rows", "a", "b"]), code(&["rows", "ab", ""]));
    }
}
