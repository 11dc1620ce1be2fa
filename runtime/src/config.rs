//! Configuration: `config.toml` (the defaults, inside the program) < a file < the environment < flags. Read and checked
//! whole before anything binds.

mod console;
mod oidc;
mod sources;
mod validate;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;

pub use console::Console;
pub use oidc::Oidc;
pub(crate) use oidc::is_loopback;
pub use schemas::settings::{Limits, ProxyHeader};

/// The documented defaults.
pub const DEFAULTS: &str = include_str!("../../config.toml");
/// Exit code of the program for a [`ConfigError`]: `EX_USAGE` of sysexits.h.
pub const EXIT_CODE: u8 = 64;

/// Why the configuration can't be used; says which keys.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file given can't be read.
    #[error("configuration file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Malformed, an unknown key, or a value of the wrong type.
    #[error("configuration: {0}")]
    Shape(String),
    /// Values that can't be.
    #[error("configuration: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Values(Vec<BadValue>),
}

/// One value that can't be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` {why}")]
pub struct BadValue {
    /// Dotted path of the key.
    pub key: String,
    /// What it has to be.
    pub why: String,
}

/// The whole configuration. Field docs are in `config.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address of the HTTP interface.
    pub listen: SocketAddr,
    /// Directory of the embedded parts' data.
    pub data_dir: PathBuf,
    /// Time to stop, in seconds; see [`Config::drain`] and [`Config::deadline`].
    pub drain_seconds: u64,
    /// Least free space where `data_dir` is, MiB.
    pub min_free_disk_mb: u64,
    /// Newer time zone data, if there are.
    #[serde(deserialize_with = "none_if_empty")]
    pub time_zones: Option<PathBuf>,
    /// Connections of clients.
    pub http: Http,
    /// The broker.
    pub kafka: Kafka,
    /// The store.
    pub clickhouse: ClickHouse,
    /// HTTP → Kafka.
    pub ingest: Ingest,
    /// Kafka → ClickHouse.
    pub enrich: Enrich,
    /// ClickHouse → HTTP.
    pub query: Query,
    /// ClickHouse → BI tools.
    pub sql: Sql,
    /// Violations → people.
    pub alert: Alert,
    /// The web console.
    pub console: Console,
    /// Identity providers.
    pub oidc: Vec<Oidc>,
    /// Limits of tenants that have none of their own.
    pub limits: Limits,
    /// Logs.
    pub telemetry: Telemetry,
}

/// Connections of clients.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Connections to one listener; 0: as files allow.
    pub max_connections: usize,
    /// Connections from one address; 0: half of all.
    pub max_connections_per_address: usize,
    /// Longest time of a header, milliseconds.
    pub header_timeout_ms: u64,
    /// Longest wait for a request, milliseconds.
    pub idle_timeout_ms: u64,
    /// Longest time of a body, milliseconds.
    pub body_timeout_ms: u64,
    /// Longest time without progress, milliseconds.
    pub stall_timeout_ms: u64,
}

/// The broker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// `host:port`, separated by commas.
    pub brokers: String,
    /// Partitions of `events.raw` when it is created.
    pub partitions: i32,
    /// Copies of each partition.
    pub replication: i32,
    /// Consumer group of the enrichers, without the prefix; see [`Kafka::group`].
    pub group: String,
    /// Put before every name; see [`Kafka::topic`].
    pub topic_prefix: String,
    /// Retention of `events.raw`, hours.
    pub event_retention_hours: u32,
    /// Retention of dead letters, days.
    pub dead_letter_retention_days: u32,
    /// Session timeout of the enrichers, milliseconds.
    pub session_timeout_ms: u32,
    /// Name of this process in consumer groups, if it has one that outlives it.
    #[serde(deserialize_with = "none_if_empty")]
    pub instance_id: Option<String>,
    /// Further options of librdkafka.
    pub options: BTreeMap<String, Secret>,
    /// The broker is the embedded one of this process: see [`crate::kafka::producer_config`].
    #[serde(skip)]
    pub is_embedded: bool,
}

impl Kafka {
    /// The name of a topic of [`schemas::topics`] in this installation.
    #[must_use]
    pub fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.topic_prefix)
    }

    /// The consumer group of the enrichers in this installation.
    #[must_use]
    pub fn group(&self) -> String {
        format!("{}{}", self.topic_prefix, self.group)
    }
}

/// The store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClickHouse {
    /// HTTP interface.
    pub url: String,
    /// Database of the tables.
    pub database: String,
    /// User.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// Cluster, if any.
    #[serde(deserialize_with = "none_if_empty")]
    pub cluster: Option<String>,
}

/// HTTP → Kafka.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ingest {
    /// Largest body as sent, bytes.
    pub max_body_bytes: usize,
    /// Largest body after decompression, bytes.
    pub max_expanded_bytes: usize,
    /// Most events of a request.
    pub max_events: usize,
    /// Bytes of all requests at work.
    pub max_in_flight_bytes: usize,
    /// Longest wait for the acknowledgement, milliseconds.
    pub delivery_timeout_ms: u64,
    /// Networks of believed proxies, or their addresses.
    #[serde(deserialize_with = "schemas::address::networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they say where a request came from.
    pub proxy_header: ProxyHeader,
}

/// Kafka → ClickHouse.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrich {
    /// Longest wait before a batch is written, milliseconds.
    pub flush_ms: u64,
    /// Largest batch, rows.
    pub max_batch_rows: usize,
    /// Largest batch, bytes of events.
    pub max_batch_bytes: usize,
    /// Remembered event ids of a partition.
    pub dedup_window: usize,
    /// Threads; 0: one for each core.
    pub workers: usize,
    /// How long a partition may stand with records to be stored, seconds.
    pub stall_seconds: u64,
    /// Memory for the state of users, MiB; what doesn't fit goes to a file.
    pub state_memory_mb: usize,
    /// Memory for the groups of correlations across users, in MiB.
    pub correlation_memory_mb: usize,
    /// Places and networks of addresses.
    pub geo: Geo,
}

/// Places and networks of addresses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geo {
    /// City databases.
    pub city: Vec<PathBuf>,
    /// Database of autonomous systems.
    #[serde(deserialize_with = "none_if_empty")]
    pub asn: Option<PathBuf>,
    /// Database of anonymising networks.
    #[serde(deserialize_with = "none_if_empty")]
    pub anonymous: Option<PathBuf>,
    /// Time between checks for newer files, seconds.
    pub reload_seconds: u64,
}

/// ClickHouse → HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Most rows of a page.
    pub max_rows: u64,
    /// Longest run of a query, milliseconds.
    pub timeout_ms: u64,
    /// Queries at the same time; 0: see [`Query::places`].
    pub max_concurrent: usize,
    /// Queries of one tenant at the same time; 0: half of all. See [`Query::places_of_a_tenant`].
    pub max_concurrent_per_tenant: usize,
    /// Queries of one tenant that wait; and so many exports.
    pub max_waiting_per_tenant: usize,
    /// Most memory of a query, bytes.
    pub max_memory_bytes: u64,
    /// Most rows of an export.
    pub export_max_rows: u32,
    /// Longest export, milliseconds.
    pub export_timeout_ms: u64,
    /// Exports at the same time, half of them of one tenant; 0: see [`Query::export_places`].
    pub export_max_concurrent: usize,
}

impl Query {
    /// How many queries may run at the same time: 8 of a store of its own, unless set.
    #[must_use]
    pub fn places(&self) -> usize {
        set_or(self.max_concurrent, 8)
    }

    /// How many queries of one tenant may run at the same time.
    #[must_use]
    pub fn places_of_a_tenant(&self) -> usize {
        set_or(self.max_concurrent_per_tenant, half(self.places()))
    }

    /// How many exports may run at the same time: 4 of a store of its own, unless set.
    #[must_use]
    pub fn export_places(&self) -> usize {
        set_or(self.export_max_concurrent, 4)
    }

    /// How many exports of one tenant may run at the same time: half of all, so that one tenant's can't be all.
    #[must_use]
    pub fn export_places_of_a_tenant(&self) -> usize {
        half(self.export_places())
    }
}

/// A number of places that was set, or that which stands for 0.
fn set_or(set: usize, otherwise: usize) -> usize {
    if set == 0 { otherwise } else { set }
}

/// Half of the places, and at least one.
fn half(places: usize) -> usize {
    (places / 2).max(1)
}

/// ClickHouse → BI tools.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sql {
    /// Address of ClickHouse's HTTP interface for BI tools, if any.
    #[serde(deserialize_with = "address_if_any")]
    pub listen: Option<SocketAddr>,
    /// User of the store that reads for them, made by `migrate`; none: the one of [`ClickHouse`].
    #[serde(deserialize_with = "none_if_empty")]
    pub user: Option<String>,
    /// Password of that user.
    pub password: Secret,
    /// Longest run of a query, milliseconds.
    pub timeout_ms: u64,
    /// Most memory of a query, bytes.
    pub max_memory_bytes: u64,
    /// Most rows that a query reads.
    pub max_rows_to_read: u64,
    /// Most rows of a result.
    pub max_result_rows: u64,
    /// Largest result, bytes.
    pub max_result_bytes: u64,
    /// Queries at the same time; 0: see [`Sql::places`].
    pub max_concurrent: usize,
    /// Queries of one tenant at the same time; 0: half of all. See [`Sql::places_of_a_tenant`].
    pub max_concurrent_per_tenant: usize,
}

impl Sql {
    /// How many queries may run at the same time: 8 of a store of its own, unless set.
    #[must_use]
    pub fn places(&self) -> usize {
        set_or(self.max_concurrent, 8)
    }

    /// How many queries of one tenant may run at the same time.
    #[must_use]
    pub fn places_of_a_tenant(&self) -> usize {
        set_or(self.max_concurrent_per_tenant, half(self.places()))
    }
}

/// Violations → people.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Whether receivers may be at private addresses.
    pub allow_private: bool,
    /// Longest time of one attempt, milliseconds.
    pub timeout_ms: u64,
    /// Wait after the first failure, milliseconds.
    pub first_retry_ms: u64,
    /// How long failures are repeated, hours.
    pub retry_for_hours: u64,
    /// Attempts at the same time.
    pub max_concurrent: usize,
    /// Attempts at the same time to one endpoint.
    pub max_concurrent_per_endpoint: usize,
    /// Address of a violation for people, with `{id}`.
    pub violation_url: String,
}

/// Logs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// Filter by level and module.
    pub log: String,
    /// Shape of the lines.
    pub format: LogFormat,
}

/// Shape of the log's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// A text that must not appear in logs: `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "\"\"" } else { "\"***\"" })
    }
}

impl Config {
    /// Gives readers the places that a store on the same machine has for them, where none were set: it shares its
    /// processors with whoever records, and each query takes as many threads as there are processors.
    pub fn share_processors(&mut self, processors: usize) {
        let query = &mut self.query;
        query.max_concurrent = set_or(query.max_concurrent, (2 * processors).clamp(4, 32));
        query.export_max_concurrent = set_or(query.export_max_concurrent, processors.clamp(2, 8));
        self.sql.max_concurrent = set_or(self.sql.max_concurrent, processors.clamp(2, 16));
    }

    /// Reads and checks the configuration. `flags` are pairs of a dotted key and a value.
    ///
    /// # Errors
    /// [`ConfigError`]; every bad value is named, not the first alone.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        let mut config: Self = sources::merge(file, environment, flags)?;
        config.read_files().map_err(ConfigError::Values)?;
        validate::check(&config).map_err(ConfigError::Values)?;
        Ok(config)
    }

    /// Reads the secrets that stand in files of their own.
    fn read_files(&mut self) -> Result<(), Vec<BadValue>> {
        let console = [self.console.read_files()];
        let providers = self.oidc.iter_mut().enumerate().map(|(at, one)| one.read_files(at));
        let bad: Vec<BadValue> = providers.chain(console).filter_map(Result::err).collect();
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }

    /// The defaults alone.
    ///
    /// # Errors
    /// Never, as long as the tests pass.
    pub fn defaults() -> Result<Self, ConfigError> {
        Self::load(None, [], &[])
    }

    /// Time for tasks to finish what they began when stopping. What is left until the [`deadline`](Self::deadline) is for
    /// closing what they worked with.
    #[must_use]
    pub fn drain(&self) -> Duration {
        self.deadline().mul_f64(0.7)
    }

    /// When stopping, the process has ended after this time, whatever hangs.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

/// TOML has no null: an empty text says "none".
fn none_if_empty<'de, D: serde::Deserializer<'de>, T: From<String>>(from: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    Ok(if text.is_empty() { None } else { Some(T::from(text)) })
}

/// As [`none_if_empty`], for an address.
fn address_if_any<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(serde::de::Error::custom) }
}

#[cfg(test)]
mod tests;
