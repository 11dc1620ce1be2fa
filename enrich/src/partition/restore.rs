//! Taking over a partition: what was decided there already, and which events were stored lately.

use std::collections::VecDeque;

use anyhow::{Context as _, Result};
use clickhouse::{Client, Row};
use runtime::config::Kafka;
use runtime::unreadable::Unreadable;
use schemas::identity::identity;
use schemas::ids::is_of_place;
use serde::Deserialize;

use super::changelog;
use super::dedup_window::{DedupWindow, WINDOW_MS};
use super::ledger::{Decision, Ledger};
use super::memory::Memory;
use crate::state::State;

/// Where work on a partition goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// Partition of `events.raw`.
    pub(crate) partition: i32,
    /// The first record not yet known to be stored.
    pub(crate) offset: u64,
    /// When it was received, milliseconds.
    pub(crate) received_at: i64,
}

/// A partition's state as of its start.
pub(crate) struct Restored {
    /// Ids of events stored lately, and what is known of users.
    pub(crate) memory: Memory,
    /// The ledger, read up to now.
    pub(crate) ledger: Ledger,
    /// Inserts decided before, in order, to be done first.
    pub(crate) decided: VecDeque<Decision>,
}

#[derive(Row, Deserialize)]
struct Stored {
    tenant: String,
    key_id: String,
    source: String,
    event_id: String,
    content_hash: u64,
    kafka_offset: u64,
    received_at: i64,
}

/// Restores a partition: its users into `state`, and the ids of the last `window` offsets.
///
/// # Errors
/// When Kafka or ClickHouse can't be read; try again. A [`crate::record_error::RecordError`] stays: a newer version is at
/// work.
pub(crate) async fn restore(
    kafka: &Kafka,
    client: &Client,
    start: Start,
    window: u64,
    mut state: State,
) -> Result<Restored> {
    let (config, Start { partition, offset, received_at }) = (kafka.clone(), start);
    let unreadable: Unreadable = state.unreadable().clone();
    let (ledger, decided, state) = tokio::task::spawn_blocking(move || {
        let (ledger, decided) = Ledger::open(&config, partition, offset, &unreadable)?;
        changelog::read(&config, partition, &mut state)?;
        anyhow::Ok((ledger, decided, state))
    })
    .await??;
    let mut memory = Memory { seen: DedupWindow::new(window), state };
    let mut rows = client
        .query(
            "SELECT toString(tenant) AS tenant, toString(key_id) AS key_id, toString(source) AS source, event_id, \
             content_hash, kafka_offset, toUnixTimestamp64Milli(received_at) AS received_at \
             FROM events \
             WHERE kafka_partition = {partition:UInt16} AND kafka_offset >= {from:UInt64} AND kafka_offset < {to:UInt64} \
             AND events.received_at >= fromUnixTimestamp64Milli({since:Int64}) \
             ORDER BY kafka_offset",
        )
        .param("partition", partition as u16)
        .param("from", offset.saturating_sub(window))
        .param("to", offset)
        .param("since", (received_at - WINDOW_MS).max(0))
        .fetch::<Stored>()
        .context("reading the ids of stored events")?;
    while let Some(row) = rows.next().await.context("reading the ids of stored events")? {
        if !is_of_place(&row.event_id) {
            let identity = identity(&row.tenant, &row.key_id, &row.source, &row.event_id);
            memory.seen.insert(identity, row.content_hash, row.kafka_offset, row.received_at);
        }
    }
    let (ids, users) = (memory.seen.len(), memory.state.in_memory());
    tracing::info!(partition, offset, ids, users, decided = decided.len(), "took over a partition");
    Ok(Restored { memory, ledger, decided })
}
