//! What values must be beyond their types.

use std::ops::RangeInclusive;

use super::{BadValue, Config};
use crate::memory::LARGEST_REQUESTS;

/// Options that would break what exactly-once and the acknowledgement rest on, or that have a key of their own.
const FIXED_OPTIONS: [&str; 28] = [
    "bootstrap.servers",
    "group.id",
    "group.instance.id",
    "acks",
    "request.required.acks",
    "enable.idempotence",
    "enable.gapless.guarantee",
    "transactional.id",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "auto.offset.reset",
    "partition.assignment.strategy",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "max.poll.interval.ms",
    "partitioner",
    "delivery.timeout.ms",
    "message.timeout.ms",
    "request.timeout.ms",
    "message.max.bytes",
    "batch.size",
    "fetch.message.max.bytes",
    "max.partition.fetch.bytes",
    "fetch.max.bytes",
    "receive.message.max.bytes",
    // Other names of what is set: which of the two holds is a matter of chance.
    "compression.codec",
    "queue.buffering.max.ms",
    "enable.partition.eof",
];

pub(super) struct Check(Vec<BadValue>);

impl Check {
    pub(super) fn that(&mut self, holds: bool, key: impl Into<String>, why: impl Into<String>) {
        if !holds {
            self.0.push(BadValue { key: key.into(), why: why.into() });
        }
    }

    pub(super) fn within(&mut self, key: &str, value: impl TryInto<u64>, range: RangeInclusive<u64>) {
        let inside = value.try_into().is_ok_and(|value| range.contains(&value));
        self.that(inside, key, format!("must be {} to {}", range.start(), range.end()));
    }
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

pub(super) fn check(config: &Config) -> Result<(), Vec<BadValue>> {
    let mut check = Check(Vec::new());
    check.within("drain_seconds", config.drain_seconds, 1..=600);
    check.within("min_free_disk_mb", config.min_free_disk_mb, 0..=1_048_576);
    check.that(!config.data_dir.as_os_str().is_empty(), "data_dir", "must not be empty");
    http(&mut check, &config.http);
    kafka(&mut check, &config.kafka);
    clickhouse(&mut check, &config.clickhouse);
    ingest(&mut check, &config.ingest);
    enrich(&mut check, &config.enrich);
    check.within("query.max_rows", config.query.max_rows, 1..=10_000);
    check.within("query.timeout_ms", config.query.timeout_ms, 100..=600_000);
    check.within("query.max_concurrent", config.query.max_concurrent as u64, 0..=1000);
    let (each, all) = (config.query.max_concurrent_per_tenant, config.query.places());
    check.that(each <= all, "query.max_concurrent_per_tenant", "must be 0 to query.max_concurrent");
    check.within("query.max_waiting_per_tenant", config.query.max_waiting_per_tenant as u64, 0..=10_000);
    check.within("query.max_memory_bytes", config.query.max_memory_bytes, MIB..=1024 * GIB);
    check.within("query.export_max_rows", config.query.export_max_rows, 1..=1_000_000_000);
    check.within("query.export_timeout_ms", config.query.export_timeout_ms, 1000..=86_400_000);
    check.within("query.export_max_concurrent", config.query.export_max_concurrent as u64, 0..=100);
    sql(&mut check, &config.sql);
    alert(&mut check, &config.alert);
    super::console::check(&mut check, &config.console);
    super::oidc::check(&mut check, &config.oidc);
    if let Err(error) = config.limits.validate("limits") {
        check.that(false, error.pointer.replace('/', "."), error.detail);
    }
    let filter = config.telemetry.log.parse::<tracing_subscriber::filter::Targets>();
    check.that(filter.is_ok(), "telemetry.log", "must be a level, or module=level, separated by commas");
    if check.0.is_empty() { Ok(()) } else { Err(check.0) }
}

fn http(check: &mut Check, http: &super::Http) {
    let (all, each) = (http.max_connections, http.max_connections_per_address);
    check.that(all == 0 || (16..=1_000_000).contains(&all), "http.max_connections", "must be 0, or 16 to 1000000");
    let fits = if all == 0 { each <= 1_000_000 } else { each <= all };
    check.that(fits, "http.max_connections_per_address", "must be 0 to http.max_connections");
    check.within("http.header_timeout_ms", http.header_timeout_ms, 100..=600_000);
    check.within("http.idle_timeout_ms", http.idle_timeout_ms, 100..=86_400_000);
    check.within("http.body_timeout_ms", http.body_timeout_ms, 100..=600_000);
    check.within("http.stall_timeout_ms", http.stall_timeout_ms, 100..=600_000);
}

fn kafka(check: &mut Check, kafka: &super::Kafka) {
    let address = |broker: &str| {
        broker.trim().rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
    };
    check.that(kafka.brokers.split(',').all(address), "kafka.brokers", "must be host:port, separated by commas");
    check.within("kafka.partitions", kafka.partitions, 1..=1024);
    check.within("kafka.replication", kafka.replication, 1..=16);
    let name = |text: &str| {
        text.len() <= 100 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    let why = "must be at most 100 letters, digits, dots, _ and -";
    check.that(!kafka.group.is_empty() && name(&kafka.group), "kafka.group", why);
    check.that(name(&kafka.topic_prefix), "kafka.topic_prefix", why);
    check.within("kafka.event_retention_hours", kafka.event_retention_hours, 1..=8760);
    check.within("kafka.dead_letter_retention_days", kafka.dead_letter_retention_days, 1..=3650);
    check.within("kafka.session_timeout_ms", kafka.session_timeout_ms, 6000..=1_800_000);
    let instance = kafka.instance_id.as_deref().unwrap_or_default();
    check.that(name(instance), "kafka.instance_id", why);
    for option in kafka.options.keys() {
        let free = !FIXED_OPTIONS.contains(&option.as_str());
        check.that(free, format!("kafka.options.{option}"), "can't be set: usertrail sets it itself");
    }
}

fn clickhouse(check: &mut Check, clickhouse: &super::ClickHouse) {
    let url = &clickhouse.url;
    check.that(
        url.starts_with("http://") || url.starts_with("https://"),
        "clickhouse.url",
        "must begin with http:// or https://",
    );
    let name = |text: &str| {
        text.len() <= 64
            && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    check.that(name(&clickhouse.database), "clickhouse.database", "must be letters, digits and _, no digit first");
    if let Some(cluster) = &clickhouse.cluster {
        let known = cluster.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        check.that(known, "clickhouse.cluster", "must be letters, digits, dots, _ and -");
    }
}

fn ingest(check: &mut Check, ingest: &super::Ingest) {
    check.within("ingest.max_body_bytes", ingest.max_body_bytes as u64, KIB..=256 * MIB);
    check.within("ingest.max_expanded_bytes", ingest.max_expanded_bytes as u64, KIB..=GIB);
    check.within("ingest.max_events", ingest.max_events as u64, 1..=100_000);
    check.within("ingest.delivery_timeout_ms", ingest.delivery_timeout_ms, 1000..=600_000);
    let largest = ingest.max_body_bytes.saturating_add(ingest.max_expanded_bytes).saturating_mul(LARGEST_REQUESTS);
    let fits = ingest.max_in_flight_bytes >= largest && ingest.max_in_flight_bytes <= u32::MAX as usize;
    let why =
        format!("must be at least {largest}, so that the largest request fits into a key's part, and below 4 GiB");
    check.that(fits, "ingest.max_in_flight_bytes", why);
}

fn enrich(check: &mut Check, enrich: &super::Enrich) {
    check.within("enrich.flush_ms", enrich.flush_ms, 10..=60_000);
    check.within("enrich.max_batch_rows", enrich.max_batch_rows as u64, 1..=1_000_000);
    check.within("enrich.max_batch_bytes", enrich.max_batch_bytes as u64, 64 * KIB..=GIB);
    check.within("enrich.dedup_window", enrich.dedup_window as u64, 0..=100_000_000);
    check.within("enrich.state_memory_mb", enrich.state_memory_mb as u64, 1..=1_048_576);
    check.within("enrich.correlation_memory_mb", enrich.correlation_memory_mb as u64, 1..=1_048_576);
    check.within("enrich.workers", enrich.workers as u64, 0..=256);
    check.within("enrich.stall_seconds", enrich.stall_seconds, 5..=86_400);
    check.within("enrich.geo.reload_seconds", enrich.geo.reload_seconds, 1..=86_400);
}

fn sql(check: &mut Check, sql: &super::Sql) {
    check.within("sql.timeout_ms", sql.timeout_ms, 100..=3_600_000);
    check.within("sql.max_memory_bytes", sql.max_memory_bytes, MIB..=1024 * GIB);
    check.within("sql.max_rows_to_read", sql.max_rows_to_read, 1000..=1_000_000_000_000);
    check.within("sql.max_result_rows", sql.max_result_rows, 1000..=1_000_000_000);
    check.within("sql.max_result_bytes", sql.max_result_bytes, KIB..=1024 * GIB);
    check.within("sql.max_concurrent", sql.max_concurrent as u64, 0..=1000);
    let fits = sql.max_concurrent_per_tenant <= sql.places();
    check.that(fits, "sql.max_concurrent_per_tenant", "must be 0 to sql.max_concurrent");
    if let Some(user) = &sql.user {
        let name = user.len() <= 64 && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        check.that(name, "sql.user", "must be letters, digits and _");
        // Without one, whoever reaches the store could read as this user.
        check.that(!sql.password.expose().is_empty(), "sql.password", "must not be empty when there is a sql.user");
    }
}

fn alert(check: &mut Check, alert: &super::Alert) {
    check.within("alert.timeout_ms", alert.timeout_ms, 100..=60_000);
    check.within("alert.first_retry_ms", alert.first_retry_ms, 10..=600_000);
    check.within("alert.retry_for_hours", alert.retry_for_hours, 1..=720);
    check.within("alert.max_concurrent", alert.max_concurrent as u64, 1..=1000);
    let each = alert.max_concurrent_per_endpoint;
    let fits = each >= 1 && each <= alert.max_concurrent;
    check.that(fits, "alert.max_concurrent_per_endpoint", "must be 1 to alert.max_concurrent");
    let url = &alert.violation_url;
    let web = (url.starts_with("https://") || url.starts_with("http://")) && url.contains("{id}");
    check.that(
        url.is_empty() || (web && url.len() <= 2048),
        "alert.violation_url",
        "must be empty, or an http or https address of at most 2048 bytes that contains {id}",
    );
}
