//! Reconciliation: offsets in = rows + retries + dead letters, for every partition.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clickhouse::{Client, Row};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};
use runtime::config::Config;
use schemas::topics;
use serde::{Deserialize, Serialize};

use crate::dead_letter;
use crate::partition::ledger;

const TIMEOUT: Duration = Duration::from_secs(20);

/// The books of one partition, over the offsets that the ledger still knows and the group has committed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Partition of `events.raw`.
    pub partition: i32,
    /// First offset looked at.
    pub from: u64,
    /// Committed offset.
    pub to: u64,
    /// Rows with an offset in between.
    pub rows: u64,
    /// Distinct offsets among them.
    pub distinct: u64,
    /// Retries of events stored already, as the ledger has them.
    pub duplicates: u64,
    /// Dead letters with an offset in between.
    pub dead: u64,
    /// Records not committed yet.
    pub lag: u64,
}

impl Account {
    /// Whether every offset went into exactly one place.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.rows == self.distinct && self.to - self.from == self.rows + self.duplicates + self.dead
    }
}

#[derive(Row, Deserialize)]
struct Count {
    rows: u64,
    distinct: u64,
}

/// Balances the books of every partition.
///
/// # Errors
/// When Kafka or ClickHouse can't be read.
pub async fn verify(config: &Config, client: &Client) -> Result<Vec<Account>> {
    let kafka = config.kafka.clone();
    let mut accounts = tokio::task::spawn_blocking(move || from_kafka(&kafka)).await??;
    for account in &mut accounts {
        let count: Count = client
            .query(
                "SELECT count() AS rows, uniqExact(kafka_offset) AS distinct FROM events \
                 WHERE kafka_partition = {partition:UInt16} AND kafka_offset >= {from:UInt64} AND kafka_offset < {to:UInt64}",
            )
            .param("partition", account.partition as u16)
            .param("from", account.from)
            .param("to", account.to)
            .fetch_one()
            .await
            .context("counting the rows")?;
        (account.rows, account.distinct) = (count.rows, count.distinct);
    }
    Ok(accounts)
}

fn from_kafka(kafka: &runtime::config::Kafka) -> Result<Vec<Account>> {
    let consumer: BaseConsumer = runtime::kafka::consumer_config(kafka, &kafka.group()).create()?;
    let topic = kafka.topic(topics::EVENTS_RAW);
    let metadata = consumer.fetch_metadata(Some(&topic), TIMEOUT).context("asking for events.raw")?;
    let mut asked = TopicPartitionList::new();
    for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
        asked.add_partition(&topic, partition.id());
    }
    let committed = consumer.committed_offsets(asked, TIMEOUT).context("asking for the committed offsets")?;
    let mut dead: BTreeMap<i32, Vec<u64>> = BTreeMap::new();
    for (partition, offset) in dead_letter::places(kafka, &topic)? {
        dead.entry(partition).or_default().push(offset as u64);
    }
    let mut accounts = Vec::new();
    for element in committed.elements() {
        let partition = element.partition();
        let (low, high) = consumer.fetch_watermarks(&topic, partition, TIMEOUT)?;
        let to = match element.offset() {
            Offset::Offset(offset) => offset,
            _ => low,
        };
        let chain = ledger::chain(kafka, partition)?;
        let from = chain.first().map_or(to as u64, |first| first.start).min(to as u64);
        let counted = chain.iter().filter(|decision| decision.end <= to as u64);
        let within = |offset: &&u64| (from..to as u64).contains(*offset);
        accounts.push(Account {
            partition,
            from,
            to: to as u64,
            duplicates: counted.map(|decision| decision.duplicates).sum(),
            dead: dead.get(&partition).map_or(0, |offsets| offsets.iter().filter(within).count() as u64),
            lag: (high - to).max(0) as u64,
            ..Account::default()
        });
    }
    accounts.sort_by_key(|account| account.partition);
    Ok(accounts)
}
