//! Violations → people: the topic `violations` becomes webhooks, at least once.
//!
//! [`consumer`] reads findings; [`policy`] says whom they are reported to; the [`queue`] groups them, one report for each
//! violation and endpoint; [`records`] keeps the queue in the topic `alerts.pending`, before an offset is committed; the
//! [`dispatcher`] sends what is due with the [`sender`], in a [`mod@format`], and again on [`schedule`]; the [`log`] says
//! how each attempt ended.

mod consumer;
mod dispatcher;
mod format;
mod log;
mod metrics;
mod policy;
mod queue;
mod records;
#[cfg(test)]
mod samples;
mod schedule;
mod sender;

use std::time::Duration;

use anyhow::Result;
use runtime::config::Config;
use runtime::ops::Readiness;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use tokio::sync::mpsc;

use crate::consumer::ViolationConsumer;
use crate::dispatcher::{Dispatcher, Parts};
use crate::log::DeliveryLog;
use crate::metrics::Metrics;
use crate::queue::{Bounds, DeliveryQueue};
use crate::records::Records;
use crate::schedule::Schedule;
use crate::sender::Sender;

/// How long a part may be silent until the process is not ready: longer than the dispatcher waits with nothing to do.
const SILENCE: Duration = Duration::from_secs(60);

/// Events that wait for the dispatcher.
const NOTES: usize = 16;

/// Starts alerting; it stops with `shutdown`, which waits for it. Several processes share the partitions of `violations`.
/// Settings must be ready. Conditions: this process has its share of the partitions (`alert`), reads it and sends what is due.
///
/// # Errors
/// When the consumer group can't be joined, or no client can be made.
pub fn start(
    config: &Config,
    settings: Settings,
    registry: &runtime::metrics::Metrics,
    readiness: &Readiness,
    shutdown: &Shutdown,
) -> Result<()> {
    let metrics = Metrics::new(registry);
    let client = runtime::clickhouse::client(&config.clickhouse);
    let (notes, read) = mpsc::channel(NOTES);
    let consumer =
        ViolationConsumer::join(&config.kafka, (notes, settings.clone()), metrics.clone(), readiness.gate("alert"))?;
    readiness.pulse("alert reading", consumer.pulse(), SILENCE);
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
    shutdown.supervise_blocking("alert consumer", move || consumer.run(&stop));
    let dispatcher = Dispatcher::new(parts, DeliveryQueue::new(bounds), read, shutdown.clone());
    readiness.pulse("alert sending", dispatcher.pulse(), SILENCE);
    shutdown.supervise("alert dispatcher", dispatcher.run(drain));
    Ok(())
}
