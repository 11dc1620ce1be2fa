//! The same findings by other means: plain, slow code that looks through the whole history of a user again for every
//! event. It takes what was stored of an event, in the order in which Kafka had it, and shares no code with the detection.

// Each program that includes this file uses its own part of it.
#![allow(dead_code)]

mod past;
mod rules;
mod spraying;
pub(crate) mod stored;

use std::collections::{BTreeMap, HashMap};

use past::Past;
use stored::Row;

pub(crate) use rules::{Finding, SPELLED_OUT};
pub(crate) use spraying::{Sprayed, spraying};

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
/// In rows, for a number that there is none of.
pub(crate) const NONE: f64 = -1.0;

/// What should be in the row of an event.
pub(crate) struct Expected {
    pub(crate) signals: BTreeMap<&'static str, f64>,
    /// Number of the session among the user's, and when it began; nothing for no session.
    pub(crate) session: Option<(usize, i64)>,
    pub(crate) last_activity_at: i64,
    pub(crate) findings: Vec<Finding>,
    /// Whether it is a failed sign-in that counts for password spraying.
    pub(crate) sprays: bool,
}

/// Goes through all rows, which have to be sorted by partition and offset; `zones` are the tenants'.
pub(crate) fn recount(rows: &[Row], zones: &HashMap<String, schemas::zone::Zone>) -> Vec<Expected> {
    let mut users: HashMap<(&str, &str), Past<'_>> = HashMap::new();
    rows.iter()
        .map(|row| {
            let mut expected = Expected {
                signals: BTreeMap::new(),
                session: None,
                last_activity_at: row.occurred_at,
                findings: Vec::new(),
                sprays: false,
            };
            if row.kind == "rule.matched" {
                return expected;
            }
            let past = users.entry((&row.tenant, &row.actor_id)).or_default();
            if row.actor_kind == "user" && !row.actor_id.is_empty() {
                past.observe(row, zones[&row.tenant], &mut expected);
            }
            // History makes known who the user is, and breaks no rule.
            if row.backfill {
                return expected;
            }
            let late = expected.signals.contains_key("late");
            expected.findings = rules::detections(row, &expected.signals);
            if !late && !row.actor_id.is_empty() {
                expected.findings.extend(past.correlations(row));
            }
            expected.sprays = !late && rules::is_failed_sign_in(row) && row.has_ip() && row.account().is_some();
            expected
        })
        .collect()
}
