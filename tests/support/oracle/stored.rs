//! Events as they were stored.

use clickhouse::Row as Columns;
use serde::Deserialize;

/// One row of `events`.
#[derive(Columns, Deserialize, Clone, Debug)]
pub(crate) struct Row {
    pub(crate) tenant: String,
    pub(crate) event_id: String,
    pub(crate) kind: String,
    pub(crate) class: String,
    pub(crate) category: String,
    pub(crate) action: String,
    pub(crate) outcome: String,
    pub(crate) occurred_at: i64,
    pub(crate) received_at: i64,
    pub(crate) actor_kind: String,
    pub(crate) actor_id: String,
    pub(crate) actor_name: String,
    pub(crate) actor_email: String,
    pub(crate) actor_active: bool,
    pub(crate) object_type: String,
    pub(crate) changed: Vec<String>,
    pub(crate) records: u64,
    pub(crate) backfill: bool,
    pub(crate) address: String,
    pub(crate) session_id: String,
    pub(crate) country: String,
    pub(crate) latitude: f32,
    pub(crate) longitude: f32,
    pub(crate) accuracy_km: u16,
    pub(crate) asn: u32,
    pub(crate) as_org: String,
    pub(crate) ip_flags: String,
    pub(crate) device_kind: String,
    pub(crate) device_id: String,
    pub(crate) device_confidence: String,
    pub(crate) signals: Vec<String>,
    pub(crate) signal_values: Vec<f64>,
    pub(crate) session_key: String,
    pub(crate) session_started: i64,
    pub(crate) last_activity: i64,
    pub(crate) rules: Vec<String>,
    pub(crate) violation_ids: Vec<String>,
    pub(crate) windows: Vec<i64>,
    pub(crate) seen: Vec<f64>,
    pub(crate) limits: Vec<f64>,
    pub(crate) kafka_partition: u16,
    pub(crate) kafka_offset: u64,
}

/// All events, each partition's in the order of its offsets.
pub(crate) const QUERY: &str = "SELECT toString(tenant) AS tenant, event_id, toString(type) AS kind, toString(class) AS class, \
    toString(category) AS category, \
    toString(action) AS action, toString(outcome) AS outcome, toUnixTimestamp64Milli(events.occurred_at) AS occurred_at, \
    toUnixTimestamp64Milli(events.received_at) AS received_at, toString(actor_kind) AS actor_kind, actor_id, \
    toString(actor_name) AS actor_name, toString(actor_email) AS actor_email, actor_active, \
    toString(object_type) AS object_type, arrayMap(path -> toString(path), changes.path) AS changed, records, backfill, \
    toString(ip) AS address, session_id, toString(country) AS country, latitude, longitude, accuracy_km, asn, \
    toString(as_org) AS as_org, toString(ip_flags) AS ip_flags, toString(device_kind) AS device_kind, \
    toString(device_id) AS device_id, toString(device_confidence) AS device_confidence, arrayMap(name -> toString(name), signals.name) AS signals, \
    signals.value AS signal_values, session_key, toUnixTimestamp64Milli(session_started_at) AS session_started, \
    toUnixTimestamp64Milli(last_activity_at) AS last_activity, arrayMap(rule -> toString(rule), violations) AS rules, \
    violation_ids, arrayMap(at -> toUnixTimestamp64Milli(at), violation_windows) AS windows, violation_seen AS seen, \
    violation_limits AS limits, kafka_partition, kafka_offset \
    FROM events ORDER BY kafka_partition, kafka_offset";

impl Row {
    /// The time that detection goes by.
    pub(crate) fn at(&self) -> i64 {
        self.occurred_at.min(self.received_at)
    }

    /// Whose account it is about, if anybody's.
    pub(crate) fn account(&self) -> Option<&str> {
        [&self.actor_id, &self.actor_email, &self.actor_name]
            .into_iter()
            .map(String::as_str)
            .find(|text| !text.is_empty())
    }

    pub(crate) fn has_ip(&self) -> bool {
        self.address != "::"
    }

    /// The network: its number, or else the first three parts of an IPv4 address.
    pub(crate) fn network(&self) -> Option<String> {
        match (self.asn, self.has_ip()) {
            (0, false) => None,
            (0, true) => Some(self.address.rsplit_once('.').unwrap().0.to_owned()),
            (number, _) => Some(number.to_string()),
        }
    }

    /// Whether the network hides where its users are.
    pub(crate) fn is_masked(&self) -> bool {
        let holder = self.as_org.to_lowercase();
        self.flags().any(|flag| ["vpn", "proxy", "tor", "hosting", "anonymous"].contains(&flag))
            || ["mobile", "wireless", "cellular", "vodafone", "orange", "telenor", "roaming", "starlink"]
                .iter()
                .any(|word| holder.contains(word))
    }

    pub(crate) fn flags(&self) -> impl Iterator<Item = &str> {
        self.ip_flags.split(',')
    }

    pub(crate) fn is_located(&self) -> bool {
        self.latitude.is_finite() && self.longitude.is_finite()
    }
}
