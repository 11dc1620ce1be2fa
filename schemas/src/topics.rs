//! Topics: their names, keys, headers and how they keep what they hold.
//!
//! | topic | key | value |
//! |---|---|---|
//! | [`EVENTS_RAW`] | `{tenant}/{actor.id}` | the event's JSON as it was sent |
//! | [`DEAD_LETTER`] | `{topic}/{partition}/{offset}` | the bytes that could not be decoded |
//! | [`SETTINGS`] | `tenant/{id}`, `api-key/{id}`, `platform` | JSON of [`crate::settings`]; no value: deleted |
//! | [`VIOLATIONS`] | `{tenant}/{actor.id}` | what the rules found |
//! | [`LEDGER`] | partition of [`EVENTS_RAW`] | the enrichers' decisions on what goes into which insert |

/// Events as they were sent, before anything was done to them.
pub const EVENTS_RAW: &str = "events.raw";
/// Records of [`EVENTS_RAW`] that could not be decoded, with the reason.
pub const DEAD_LETTER: &str = "events.dead-letter";
/// Settings of tenants and keys: the only source of truth for them.
pub const SETTINGS: &str = "settings";
/// Findings of the rules, for alerting.
pub const VIOLATIONS: &str = "violations";
/// Decisions of the enrichers: which offsets form an insert.
pub const LEDGER: &str = "enrich.ledger";

/// Header names. All values are UTF-8.
pub mod headers {
    /// Tenant of the event; required on [`EVENTS_RAW`](super::EVENTS_RAW).
    pub const TENANT: &str = "tenant";
    /// Id that ingest gave to an event that had none.
    pub const ID: &str = "id";
    /// Client address of the connection, in text form, IPv4 unmapped.
    pub const IP: &str = "ip";
    /// Id of the API key that sent the event.
    pub const KEY_ID: &str = "key-id";
    /// Media type of the value; JSON of an event when absent.
    pub const CONTENT_TYPE: &str = "content-type";
    /// W3C trace context.
    pub const TRACEPARENT: &str = "traceparent";
    /// CloudEvents binary mode: prefix of every attribute.
    pub const CE_PREFIX: &str = "ce_";
    /// CloudEvents binary mode: version of the specification, `1.0`.
    pub const CE_SPECVERSION: &str = "ce_specversion";
    /// CloudEvents binary mode: the event's id.
    pub const CE_ID: &str = "ce_id";
    /// CloudEvents binary mode: the event's type.
    pub const CE_TYPE: &str = "ce_type";
    /// CloudEvents binary mode: when it occurred.
    pub const CE_TIME: &str = "ce_time";
    /// CloudEvents binary mode: what sent it.
    pub const CE_SOURCE: &str = "ce_source";
    /// Dead letter: topic the record came from.
    pub const DL_TOPIC: &str = "dl-topic";
    /// Dead letter: its partition, decimal.
    pub const DL_PARTITION: &str = "dl-partition";
    /// Dead letter: its offset, decimal.
    pub const DL_OFFSET: &str = "dl-offset";
    /// Dead letter: its Kafka timestamp, milliseconds since the epoch, decimal.
    pub const DL_TIMESTAMP: &str = "dl-timestamp";
    /// Dead letter: why, one word for programs.
    pub const DL_REASON: &str = "dl-reason";
    /// Dead letter: why, for people.
    pub const DL_DETAIL: &str = "dl-detail";
}

/// Key of the platform's own record on [`SETTINGS`].
pub const PLATFORM_KEY: &str = "platform";
const TENANT_PREFIX: &str = "tenant/";
const API_KEY_PREFIX: &str = "api-key/";

/// Key on [`EVENTS_RAW`] and [`VIOLATIONS`]: events of one user stay in one partition, in order.
#[must_use]
pub fn event_key(tenant: &str, actor_id: &str) -> String {
    format!("{tenant}/{actor_id}")
}

/// Key on [`DEAD_LETTER`]: where the record came from, so that a replayed failure has the same key.
#[must_use]
pub fn dead_letter_key(topic: &str, partition: i32, offset: i64) -> String {
    format!("{topic}/{partition}/{offset}")
}

/// What a record of [`SETTINGS`] is about, told by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsKey<'a> {
    /// A tenant, by its id.
    Tenant(&'a str),
    /// An API key, by its id.
    ApiKey(&'a str),
    /// The installation as a whole.
    Platform,
    /// Anything a newer version may have put there.
    Other(&'a str),
}

impl<'a> SettingsKey<'a> {
    /// Reads a record's key. Never fails: what is unknown is [`SettingsKey::Other`].
    #[must_use]
    pub fn parse(key: &'a str) -> Self {
        if let Some(id) = key.strip_prefix(TENANT_PREFIX) {
            Self::Tenant(id)
        } else if let Some(id) = key.strip_prefix(API_KEY_PREFIX) {
            Self::ApiKey(id)
        } else if key == PLATFORM_KEY {
            Self::Platform
        } else {
            Self::Other(key)
        }
    }
}

impl std::fmt::Display for SettingsKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tenant(id) => write!(f, "{TENANT_PREFIX}{id}"),
            Self::ApiKey(id) => write!(f, "{API_KEY_PREFIX}{id}"),
            Self::Platform => f.write_str(PLATFORM_KEY),
            Self::Other(key) => f.write_str(key),
        }
    }
}

/// How many partitions a topic has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partitions {
    /// One, for good: the order of all its records matters.
    One,
    /// As many as [`EVENTS_RAW`], which the configuration decides.
    AsEvents,
}

/// What a topic does with old records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleanup {
    /// Keeps the last record of each key.
    Compact,
    /// Drops events after the configured time.
    EventRetention,
    /// Drops dead letters after the configured time.
    DeadLetterRetention,
}

/// One topic, as it should exist.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// Its name, without the prefix of the installation.
    pub name: &'static str,
    /// Its number of partitions.
    pub partitions: Partitions,
    /// Its cleanup policy.
    pub cleanup: Cleanup,
    /// Whether the broker stamps records with its own clock: where it does, a sender can't choose its time of receipt.
    pub log_append_time: bool,
}

/// Every topic.
pub const ALL: [Topic; 5] = [
    Topic {
        name: EVENTS_RAW,
        partitions: Partitions::AsEvents,
        cleanup: Cleanup::EventRetention,
        log_append_time: true,
    },
    Topic {
        name: DEAD_LETTER,
        partitions: Partitions::AsEvents,
        cleanup: Cleanup::DeadLetterRetention,
        log_append_time: false,
    },
    Topic { name: SETTINGS, partitions: Partitions::One, cleanup: Cleanup::Compact, log_append_time: false },
    Topic {
        name: VIOLATIONS,
        partitions: Partitions::AsEvents,
        cleanup: Cleanup::EventRetention,
        log_append_time: false,
    },
    // Never compacted: of all decisions for an offset the first holds, and compaction keeps the last. A decision is younger
    // than the events it is about, so it outlives them under the same retention.
    Topic { name: LEDGER, partitions: Partitions::AsEvents, cleanup: Cleanup::EventRetention, log_append_time: true },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_keys_are_read_as_they_are_written() {
        for key in [
            SettingsKey::Tenant("acme"),
            SettingsKey::ApiKey("abc"),
            SettingsKey::Platform,
            SettingsKey::Other("rule/x"),
        ] {
            let text = key.to_string();
            assert_eq!(SettingsKey::parse(&text), key);
        }
    }
}
