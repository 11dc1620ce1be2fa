//! Correlations across users, such as password spraying: one address, many users.
//!
//! The stream is partitioned by user, so no worker sees all events of such a group. Events that a correlation of that
//! kind counts go on, once stored, to the topic `enrich.cross`, keyed by the group: each group is in one partition there.
//! One [`Correlator`] a process works on some of them. Its windows are made of the topic alone: whoever takes a partition
//! over reads the last [`HORIZON_MS`] before the committed offset again, without reporting. What it finds becomes an event
//! of the tenant, `rule.matched`, and takes the way of all events into the table, once: its id is made of the finding.
//! See `docs/decisions/0012-across-users.md`.

mod correlator;
mod groups;

use std::collections::BTreeMap;

use detect::correlate::Item;
use detect::findings::Crossing;
use detect::rules::RuleSet;
use schemas::topics;
use schemas::violation::Action;
use serde::{Deserialize, Serialize};

use crate::outgoing::Outgoing;
pub use schemas::topics::OWN_KEY_ID;

pub(crate) use correlator::{Correlator, Parts as CorrelatorParts};

/// Type of the event that a finding becomes.
pub const MATCHED: &str = "rule.matched";
/// Longest timespan of a correlation across users that is honoured, and lateness, milliseconds.
pub const HORIZON_MS: i64 = 25 * 3_600_000;
/// Most ids of events that a finding names.
const EVENTS: usize = 20;

/// One event that a correlation across users counts: the value on the topic `enrich.cross`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorrelationInput {
    /// Whose.
    pub tenant: String,
    /// The correlation's rule, by name.
    pub rule: String,
    /// Fields that it groups by, and their values.
    pub group: BTreeMap<String, String>,
    /// What is counted.
    pub item: Item,
    /// The event.
    pub event_id: String,
}

impl CorrelationInput {
    /// The record for an event that crosses.
    pub(crate) fn outgoing(tenant: &str, event_id: &str, crossing: &Crossing, rules: &RuleSet) -> Option<Outgoing> {
        let rule = rules.rules().get(usize::from(crossing.rule))?;
        let group = crossing.group.iter().map(|(field, value)| (field.to_string(), value.clone())).collect();
        let counted = Self {
            tenant: tenant.to_owned(),
            rule: rule.name.to_string(),
            group,
            item: crossing.item,
            event_id: event_id.to_owned(),
        };
        let value = serde_json::to_vec(&counted).ok()?;
        Some(Outgoing { topic: topics::CROSS, partition: None, key: counted.key(), value })
    }

    /// Reads a record that was received at `received_at`, milliseconds.
    ///
    /// # Errors
    /// Why it is none. A time far ahead would push everything else out of its partition's windows.
    pub(crate) fn read(value: Option<&[u8]>, received_at: i64) -> Result<Self, String> {
        let counted: Self = serde_json::from_slice(value.unwrap_or_default()).map_err(|error| error.to_string())?;
        if counted.item.at > received_at + HORIZON_MS || counted.item.at < 0 {
            return Err(format!("an event of {} received at {received_at}", counted.item.at));
        }
        Ok(counted)
    }

    fn key(&self) -> String {
        serde_json::json!([self.tenant, self.rule, self.group]).to_string()
    }
}

/// What was found: the payload of the event [`MATCHED`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorrelationMatch {
    /// The rule.
    pub rule: String,
    /// What to call it.
    pub title: String,
    /// Its version.
    pub version: u32,
    /// 0 to 4.
    pub level: u8,
    /// What the rule would do to a device.
    pub action: Action,
    /// What was seen.
    pub seen: Option<f64>,
    /// The limit in force.
    pub limit: Option<f64>,
    /// The violation that it belongs to.
    pub violation_id: String,
    /// When the rule's window began, milliseconds.
    pub window_at: i64,
    /// What the rule groups by, and the values.
    pub group: BTreeMap<String, String>,
    /// Events that led to it, the latest ones.
    pub events: Vec<String>,
}
