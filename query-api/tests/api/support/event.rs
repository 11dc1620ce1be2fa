//! A model of events that can be inserted and recomputed naively.

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{Rng, RngExt as _};

use super::rng;

/// An event as the tests think of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) tenant: String,
    pub(crate) id: String,
    pub(crate) event_type: String,
    pub(crate) class: &'static str,
    pub(crate) category: &'static str,
    pub(crate) action: &'static str,
    pub(crate) module: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) actor_kind: &'static str,
    pub(crate) actor_id: String,
    pub(crate) actor_name: String,
    pub(crate) actor_email: String,
    pub(crate) actor_active: bool,
    pub(crate) object_type: &'static str,
    pub(crate) object_id: String,
    pub(crate) object_name: String,
    pub(crate) object_url: &'static str,
    /// Path, op, old and new, as JSON.
    pub(crate) changes: Vec<[String; 4]>,
    pub(crate) payload: String,
    pub(crate) location: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) occurred: DateTime<Utc>,
    pub(crate) received: DateTime<Utc>,
    pub(crate) started: Option<DateTime<Utc>>,
    pub(crate) duration_ms: u64,
    pub(crate) records: u64,
    pub(crate) ip: &'static str,
    pub(crate) device_id: String,
    /// How sure that id is, if there is one.
    pub(crate) device_confidence: &'static str,
    pub(crate) session_id: String,
    pub(crate) country: &'static str,
    pub(crate) device_kind: &'static str,
    /// Of the rules, in one window an hour.
    pub(crate) violations: Vec<&'static str>,
    pub(crate) level: u8,
    pub(crate) rule_version: u32,
    /// What was seen, and the limit; -1 for none.
    pub(crate) measured: (f64, f64),
    /// JSON, for rules across users.
    pub(crate) group: &'static str,
    pub(crate) signals: Vec<(&'static str, f64)>,
    pub(crate) reason: &'static str,
    pub(crate) key_id: &'static str,
    pub(crate) source: &'static str,
    pub(crate) backfill: bool,
    pub(crate) retention_days: u16,
}

/// What the event of a review says that it is of.
pub(crate) fn covering(count: u64, seen: f64) -> Vec<[String; 4]> {
    let add = |path: &str, new: String| [path, "add", "", &new].map(str::to_owned);
    vec![add("count", count.to_string()), add("seen", seen.to_string())]
}

pub(crate) fn pick<'a, T: ?Sized>(rng: &mut StdRng, all: &[&'a T]) -> &'a T {
    all[rng.random_range(0..all.len())]
}

pub(crate) const CATEGORIES: &[&str] = &["sign_ins", "changes", "views", "configuration", "other"];
pub(crate) const RULES: &[&str] = &["new-country", "mass-export", "dormant"];

impl Event {
    /// Its address as it is counted, in the form of the table.
    pub(crate) fn counted_ip(&self) -> std::net::Ipv6Addr {
        let ip: std::net::Ipv6Addr = schemas::address::mapped(self.ip.parse().unwrap());
        schemas::address::mapped(schemas::address::counted(ip.to_canonical()))
    }

    /// Something that happened `ago` before now, received a moment later.
    pub(crate) fn random(rng: &mut StdRng, tenant: &str, number: usize, longest_ago: TimeDelta) -> Self {
        let ago = rng.random_range(60_000..longest_ago.num_milliseconds());
        let occurred = millis(Utc::now()) - TimeDelta::milliseconds(ago);
        let object_type = pick(rng, &["task", "deal", "contact", ""]);
        Self {
            tenant: tenant.to_owned(),
            id: format!("e{number:05}-{:04x}", rng.next_u32() & 0xffff),
            event_type: pick(rng, &["task.created", "deal.viewed", "user.signed_in", "lead.odd"]).to_owned(),
            class: pick(rng, &["create", "delete", "change", "other"]),
            category: pick(rng, CATEGORIES),
            action: pick(rng, &["create", "view", "sign_in", "sign_in_failed", "export"]),
            module: pick(rng, &["crm", "billing", ""]),
            outcome: pick(rng, &["success", "failure", "unknown"]),
            actor_kind: pick(rng, &["user", "user", "system", "api_key"]),
            actor_id: format!("u{}", rng.random_range(0..6)),
            actor_name: String::new(),
            actor_email: String::new(),
            actor_active: true,
            object_type,
            object_id: if object_type.is_empty() { String::new() } else { format!("{}", rng.random_range(0..20)) },
            object_name: String::new(),
            object_url: "",
            changes: Vec::new(),
            payload: String::new(),
            location: pick(rng, &["Brno", "Praha", ""]),
            channel: pick(rng, &["call", "email", ""]),
            occurred,
            received: occurred + TimeDelta::milliseconds(rng.random_range(0..50_000)),
            started: None,
            duration_ms: rng.random_range(0..10_000),
            records: rng.random_range(0..100),
            ip: pick(rng, &["198.51.100.7", "2001:db8::1", "::"]),
            device_id: pick(rng, &["d1", "d2", "d3", ""]).to_owned(),
            device_confidence: "high",
            session_id: pick(rng, &["s1", "s2", ""]).to_owned(),
            country: pick(rng, &["CZ", "DE", ""]),
            device_kind: pick(rng, &["desktop", "mobile"]),
            violations: RULES.iter().copied().filter(|_| rng.random_bool(0.1)).collect(),
            level: 3,
            rule_version: 2,
            measured: (-1.0, -1.0),
            group: "",
            signals: Vec::new(),
            reason: "",
            key_id: "",
            source: "",
            backfill: false,
            retention_days: 1825,
        }
    }

    /// A sign-in of a user, `ago` before now.
    pub(crate) fn sign_in(id: &str, user: &str, ago: TimeDelta) -> Self {
        let occurred = millis(Utc::now()) - ago;
        Self {
            id: id.to_owned(),
            event_type: "user.signed_in".to_owned(),
            class: "other",
            category: "sign_ins",
            action: "sign_in",
            outcome: "success",
            actor_kind: "user",
            actor_id: user.to_owned(),
            object_type: "",
            object_id: String::new(),
            occurred,
            received: occurred,
            device_id: "d1".to_owned(),
            session_id: format!("s-{id}"),
            ip: "198.51.100.7",
            country: "CZ",
            device_kind: "desktop",
            violations: Vec::new(),
            ..Self::random(&mut rng(0), "acme", 0, TimeDelta::days(1))
        }
    }

    /// The event of staff that reviews a violation, or takes the review back.
    pub(crate) fn review(violation: &str, kind: &str, ago: TimeDelta) -> Self {
        Self {
            event_type: kind.to_owned(),
            category: "changes",
            action: "review",
            actor_kind: "api_key",
            actor_name: "Security desk".to_owned(),
            object_type: "violation",
            object_id: violation.to_owned(),
            reason: "known traveller",
            changes: covering(1000, 1000.0),
            key_id: "usertrail",
            session_id: String::new(),
            ..Self::sign_in(&format!("{kind}-{}", ago.num_seconds()), "k3jq7xw2m5ab", ago)
        }
    }

    /// The id of the violation that the event belongs to by a rule.
    pub(crate) fn violation_id(&self, rule: &str) -> String {
        let subject = if self.group.is_empty() { &self.actor_id } else { self.group };
        schemas::violation::id(&self.tenant, rule, subject, self.occurred.timestamp_millis(), HOUR_MS)
    }

    /// When the window of its violations began.
    pub(crate) fn window(&self) -> DateTime<Utc> {
        let at = self.occurred.timestamp_millis();
        DateTime::from_timestamp_millis(at - at.rem_euclid(HOUR_MS)).unwrap()
    }

    /// What it says of its object, as the enricher finds it.
    fn object_standing(&self) -> u8 {
        match self.event_type.as_str() {
            "user.reactivated" => 1,
            "user.deactivated" => 2,
            _ => 0,
        }
    }

    pub(super) fn columns(&self) -> Vec<(&'static str, String)> {
        let time = |time: DateTime<Utc>| format!("'{}'", time.format("%Y-%m-%d %H:%M:%S%.3f"));
        let list = |all: Vec<String>| format!("[{}]", all.join(","));
        let changed = |part: usize| list(self.changes.iter().map(|change| quoted(&change[part])).collect());
        let each = |value: String| list(vec![value; self.violations.len()]);
        let ids = self.violations.iter().map(|rule| quoted(&self.violation_id(rule))).collect();
        vec![
            ("tenant", quoted(&self.tenant)),
            ("event_id", quoted(&self.id)),
            ("type", quoted(&self.event_type)),
            ("class", quoted(self.class)),
            ("category", quoted(self.category)),
            ("action", quoted(self.action)),
            ("module", quoted(self.module)),
            ("outcome", quoted(self.outcome)),
            ("reason", quoted(self.reason)),
            ("occurred_at", time(self.occurred)),
            ("claimed_at", "0".to_owned()),
            ("received_at", time(self.received)),
            ("enriched_at", time(self.received)),
            ("actor_kind", quoted(self.actor_kind)),
            ("actor_id", quoted(&self.actor_id)),
            ("actor_name", quoted(&self.actor_name)),
            ("actor_email", quoted(&self.actor_email)),
            ("actor_active", self.actor_active.to_string()),
            ("actor_standing", if self.actor_active { "1" } else { "2" }.to_owned()),
            ("object_standing", self.object_standing().to_string()),
            ("object_type", quoted(self.object_type)),
            ("object_id", quoted(&self.object_id)),
            ("object_name", quoted(&self.object_name)),
            ("object_url", quoted(self.object_url)),
            ("changes.path", changed(0)),
            ("changes.op", changed(1)),
            ("changes.old", changed(2)),
            ("changes.new", changed(3)),
            ("payload", quoted(&self.payload)),
            ("location", quoted(self.location)),
            ("channel", quoted(self.channel)),
            ("started_at", self.started.map_or_else(|| "0".to_owned(), time)),
            ("duration_ms", self.duration_ms.to_string()),
            ("records", self.records.to_string()),
            ("backfill", self.backfill.to_string()),
            ("ip", format!("toIPv6('{}')", self.ip)),
            ("ip_prefix", format!("toIPv6('{}')", self.counted_ip())),
            ("key_id", quoted(self.key_id)),
            ("source", quoted(self.source)),
            ("device_id", quoted(&self.device_id)),
            ("device_confidence", quoted(if self.device_id.is_empty() { "none" } else { self.device_confidence })),
            ("session_id", quoted(&self.session_id)),
            ("country", quoted(self.country)),
            ("device_kind", quoted(self.device_kind)),
            ("signals.name", list(self.signals.iter().map(|(name, _)| quoted(name)).collect())),
            ("signals.value", list(self.signals.iter().map(|(_, value)| value.to_string()).collect())),
            ("session_key", quoted(&self.session_id)),
            ("session_started_at", time(self.occurred)),
            ("last_activity_at", time(self.occurred)),
            ("violations", list(self.violations.iter().map(|rule| quoted(rule)).collect())),
            ("violation_levels", each(self.level.to_string())),
            ("violation_versions", each(self.rule_version.to_string())),
            ("violation_ids", list(ids)),
            ("violation_windows", each(time(self.window()))),
            ("violation_seen", each(self.measured.0.to_string())),
            ("violation_limits", each(self.measured.1.to_string())),
            ("violation_actions", each("'flag'".to_owned())),
            ("violation_groups", each(quoted(self.group))),
            ("retention_days", self.retention_days.to_string()),
        ]
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

const HOUR_MS: i64 = 3_600_000;

/// Without what the tables don't keep.
pub(crate) fn millis(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap()
}
