//! Topics: their names, keys, headers and how they keep what they hold.
//!
//! | topic | key | value |
//! |---|---|---|
//! | [`EVENTS_RAW`] | `{tenant}/{actor.id}` | the event's JSON as it was sent |
//! | [`DEAD_LETTER`] | `{topic}/{partition}/{offset}` | the bytes that could not be decoded |
//! | [`SETTINGS`] | `tenant/{id}`, `api-key/{id}` …, each with `@{version}-{uuid}` | JSON of [`crate::settings`]; `null`: deleted |
//! | [`VIOLATIONS`] | `{tenant}/{actor.id}` | what the rules found: [`crate::violation::Violation`] |
//! | [`ACCESS`] | `["tenant","user","device"]` (JSON) | which device may in: [`crate::access::AccessDecision`] |
//! | [`LEDGER`] | partition of [`EVENTS_RAW`] | the enrichers' decisions on what goes into which insert |
//! | [`STATE`] | `{tenant}/{actor.id}` | what the enricher knows of a user, as of an offset of [`EVENTS_RAW`] |
//! | [`CROSS`] | `["tenant","rule","group"…]` (JSON) | events that a correlation across users counts |
//! | [`ALERTS`] | `["tenant","endpoint","violation"]` (JSON) | deliveries that are due; no value: done |

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

/// Which devices of which users may in; an application can follow it.
pub const ACCESS: &str = "access";
/// Changelog of the enrichers' state, one record a user.
pub const STATE: &str = "enrich.state";
/// Events that correlations across users look at, brought together by what the correlation groups by.
pub const CROSS: &str = "enrich.cross";
/// Deliveries of alerts that are not done yet.
pub const ALERTS: &str = "alerts.pending";

/// Largest record that this program sends, with its key, its headers and what the protocol adds, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 1_000_000;
/// `max.message.bytes` of every topic: the largest batch of records that the broker takes. Kafka's own default, and what the
/// embedded broker takes; a batch that holds one record of [`MAX_MESSAGE_BYTES`] is below it.
pub const MAX_BATCH_BYTES: usize = 1_048_588;

/// Header names. All values are UTF-8, but for [`DEAD_LETTER_KEY`](headers::DEAD_LETTER_KEY). Attributes of a CloudEvent in binary mode are
/// headers too, each after [`ATTRIBUTE_PREFIX`](crate::decode::ATTRIBUTE_PREFIX).
pub mod headers {
    /// Tenant of the event; required on [`EVENTS_RAW`](super::EVENTS_RAW).
    pub const TENANT: &str = "tenant";
    /// Id that ingest gave to an event that had none.
    pub const ID: &str = "id";
    /// Client address of the connection, in text form, IPv4 unmapped.
    pub const IP: &str = "ip";
    /// Id of the API key that sent the event.
    pub const KEY_ID: &str = "key-id";
    /// Set by the enricher alone, on findings of correlations across users that come back as events: what found it.
    pub const FOUND_BY: &str = "found-by";
    /// Media type of the value; JSON of an event when absent.
    pub const CONTENT_TYPE: &str = "content-type";
    /// Of a record that was sent again from the dead letter: when it was first written, milliseconds, decimal. An event that says
    /// no time of its own happened then.
    pub const WRITTEN_AT: &str = "written-at";
    /// W3C trace context.
    pub const TRACEPARENT: &str = "traceparent";
    /// Of a dead letter, always its first header: where the record stood and why it is here, as a JSON object. One header, because a
    /// broker may handle each by itself.
    pub const DEAD_LETTER: &str = "dead-letter";
    /// Of a dead letter, behind [`DEAD_LETTER`]: the record's key, as it was; absent where it had none.
    pub const DEAD_LETTER_KEY: &str = "dead-letter-key";
}

/// Key of the platform's own record on [`SETTINGS`].
pub const PLATFORM_KEY: &str = "platform";
const PLANS_KEY: &str = "plans";
const TENANT_PREFIX: &str = "tenant/";
const API_KEY_PREFIX: &str = "api-key/";
const EXEMPTION_PREFIX: &str = "exemption/";
const RULE_PREFIX: &str = "rule/";
const ENDPOINT_PREFIX: &str = "alert-endpoint/";
const SILENCE_PREFIX: &str = "silence/";
const RESTORE_PREFIX: &str = "restore-endpoint/";
const ENDED_SESSION_PREFIX: &str = "ended-session/";

/// Id of the key that events of the program itself carry. Ingest gives every event the id of its sender's key, and those are longer.
pub const OWN_KEY_ID: &str = "usertrail";

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

/// What a record of [`SETTINGS`] is about, read from its key. The version of the record follows in the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsKey<'a> {
    /// A tenant, by its id.
    Tenant(&'a str),
    /// An API key, by its id.
    ApiKey(&'a str),
    /// Checks switched off for one user: tenant and user.
    Exemption(&'a str, &'a str),
    /// A version of a rule: its tenant (or [`SHARED`] for all), name and version.
    Rule(&'a str, &'a str, u32),
    /// Where alerts go: tenant and id.
    AlertEndpoint(&'a str, &'a str),
    /// A silence of alerts: tenant and id.
    Silence(&'a str, &'a str),
    /// Where a tenant's application is asked to restore: the tenant.
    RestoreEndpoint(&'a str),
    /// A session of the console that was signed out of: its id.
    EndedSession(&'a str),
    /// The plans of the installation.
    Plans,
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
        } else if let Some((tenant, user)) = parts(key, EXEMPTION_PREFIX) {
            Self::Exemption(tenant, user)
        } else if let Some((scope, rule)) = parts(key, RULE_PREFIX)
            && let Some((name, version)) = rule.split_once('/')
            && let Ok(version) = version.parse()
        {
            Self::Rule(scope, name, version)
        } else if let Some((tenant, id)) = parts(key, ENDPOINT_PREFIX) {
            Self::AlertEndpoint(tenant, id)
        } else if let Some((tenant, id)) = parts(key, SILENCE_PREFIX) {
            Self::Silence(tenant, id)
        } else if let Some(tenant) = key.strip_prefix(RESTORE_PREFIX) {
            Self::RestoreEndpoint(tenant)
        } else if let Some(id) = key.strip_prefix(ENDED_SESSION_PREFIX) {
            Self::EndedSession(id)
        } else if key == PLANS_KEY {
            Self::Plans
        } else if key == PLATFORM_KEY {
            Self::Platform
        } else {
            Self::Other(key)
        }
    }
}

/// Scope of rules that all tenants share; no tenant's id, since those begin with a letter or digit.
pub const SHARED: &str = "_";

/// The tenant and the rest of a key that begins with `prefix`. Tenants' ids hold no `/`; users' ids may.
fn parts<'a>(key: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    key.strip_prefix(prefix)?.split_once('/')
}

impl std::fmt::Display for SettingsKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tenant(id) => write!(f, "{TENANT_PREFIX}{id}"),
            Self::ApiKey(id) => write!(f, "{API_KEY_PREFIX}{id}"),
            Self::Exemption(tenant, user) => write!(f, "{EXEMPTION_PREFIX}{tenant}/{user}"),
            Self::Rule(scope, name, version) => write!(f, "{RULE_PREFIX}{scope}/{name}/{version}"),
            Self::AlertEndpoint(tenant, id) => write!(f, "{ENDPOINT_PREFIX}{tenant}/{id}"),
            Self::Silence(tenant, id) => write!(f, "{SILENCE_PREFIX}{tenant}/{id}"),
            Self::RestoreEndpoint(tenant) => write!(f, "{RESTORE_PREFIX}{tenant}"),
            Self::EndedSession(id) => write!(f, "{ENDED_SESSION_PREFIX}{id}"),
            Self::Plans => f.write_str(PLANS_KEY),
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
}

/// Every topic.
pub const ALL: [Topic; 9] = [
    Topic { name: EVENTS_RAW, partitions: Partitions::AsEvents, cleanup: Cleanup::EventRetention },
    Topic { name: DEAD_LETTER, partitions: Partitions::AsEvents, cleanup: Cleanup::DeadLetterRetention },
    Topic { name: SETTINGS, partitions: Partitions::One, cleanup: Cleanup::Compact },
    Topic { name: VIOLATIONS, partitions: Partitions::AsEvents, cleanup: Cleanup::EventRetention },
    // Never compacted: of all decisions for an offset the first holds, and compaction keeps the last. A decision is younger
    // than the events it is about, so it outlives them under the same retention.
    Topic { name: LEDGER, partitions: Partitions::AsEvents, cleanup: Cleanup::EventRetention },
    Topic { name: ACCESS, partitions: Partitions::One, cleanup: Cleanup::Compact },
    Topic { name: STATE, partitions: Partitions::AsEvents, cleanup: Cleanup::Compact },
    Topic { name: CROSS, partitions: Partitions::AsEvents, cleanup: Cleanup::EventRetention },
    Topic { name: ALERTS, partitions: Partitions::One, cleanup: Cleanup::Compact },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_keys_are_read_as_they_are_written() {
        for key in [
            SettingsKey::Tenant("acme"),
            SettingsKey::ApiKey("abc"),
            SettingsKey::Exemption("acme", "users/7"),
            SettingsKey::Rule(SHARED, "too-much", 12),
            SettingsKey::Rule("acme", "too-much", 1),
            SettingsKey::AlertEndpoint("acme", "pager"),
            SettingsKey::Silence("acme", "holidays"),
            SettingsKey::RestoreEndpoint("acme"),
            SettingsKey::EndedSession("00112233445566778899aabbccddeeff"),
            SettingsKey::Platform,
            SettingsKey::Other("rule/x"),
        ] {
            let text = key.to_string();
            assert_eq!(SettingsKey::parse(&text), key);
        }
    }
}
