//! Violations → people (P5): the topic `violations` becomes webhooks, at least once.
//!
//! [`intake`] reads findings; [`policy`] says whom they are reported to; the [`book`] groups them, one report for each
//! violation and endpoint; [`records`] keeps the book in the topic `alerts.pending`, before an offset is committed; the
//! [`desk`] sends what is due with the [`sender`], in a [`format`], and again on [`schedule`]; the [`log`] tells
//! how each attempt ended.

mod book;
mod desk;
mod format;
mod intake;
mod log;
mod metrics;
mod policy;
mod records;
#[cfg(test)]
mod samples;
mod schedule;
mod sender;

use std::time::Duration;

use anyhow::Result;
use runtime::config::Config;
use runtime::ops::Gate;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use tokio::sync::mpsc;

use crate::book::{Book, Bounds};
use crate::desk::{Desk, Parts};
use crate::intake::Intake;
use crate::log::DeliveryLog;
use crate::metrics::Metrics;
use crate::records::Records;
use crate::schedule::Schedule;
use crate::sender::Sender;

/// Notes that wait for the desk.
const NOTES: usize = 16;

/// Starts alerting; it stops with `shutdown`, which waits for it. Several processes share the partitions of `violations`.
/// Settings must be ready. `gate` opens once this process has its share.
///
/// # Errors
/// When the consumer group can't be joined, or no client can be made.
pub fn start(
    config: &Config,
    settings: Settings,
    registry: &runtime::metrics::Metrics,
    gate: Gate,
    shutdown: &Shutdown,
) -> Result<()> {
    let metrics = Metrics::new(registry);
    let client = runtime::clickhouse::client(&config.clickhouse);
    let (notes, read) = mpsc::channel(NOTES);
    let intake = Intake::join(&config.kafka, notes, metrics.clone(), gate)?;
    let parts = Parts {
        settings,
        records: Records::new(&config.kafka)?,
        sender: Sender::new(&config.alert)?,
        schedule: Schedule::new(&config.alert),
        log: DeliveryLog::spawn(client, metrics.clone(), shutdown),
        metrics,
    };
    let bounds = Bounds { all: config.alert.max_concurrent, each: config.alert.max_concurrent_per_endpoint };
    // Sooner than the process gives up on its tasks, so that it ends well.
    let drain: Duration = config.drain() * 3 / 4;
    let stop = shutdown.clone();
    shutdown.spawn_blocking(move || intake.run(&stop));
    shutdown.spawn(Desk::new(parts, Book::new(bounds), read, shutdown.clone()).run(drain));
    Ok(())
}
