//! A violation and what staff said about it.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::log::view::{Place, address, json, known, measured};
use crate::violations::filter::level_name;
use crate::violations::rows::ViolationRow;

/// A broken rule: all findings of one rule about one user within one window of the rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Violation {
    /// Made of the rule, the user and the window, so a replay makes no second one.
    #[schema(example = "5f2b7c0e9d1a4b3f8e6d2c1b0a998877")]
    pub id: String,
    /// The rule.
    #[schema(example = "too-many-devices")]
    pub rule: String,
    /// What to call the rule; its name where it has no title.
    #[schema(example = "Too many devices")]
    pub title: String,
    /// The latest version of the rule that found it.
    pub rule_version: u32,
    /// How bad.
    #[schema(example = "high")]
    pub level: &'static str,
    /// What was done: `flag`, `block` or `ask`.
    #[schema(example = "flag")]
    pub action: String,
    /// Who; null for a rule that looks across users.
    #[schema(required = true)]
    pub user: Option<ViolationUser>,
    /// The device of the last event.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub device_id: String,
    /// How sure its id is: `high`, `medium` or `low`. Null without a device, and where it was not kept.
    #[schema(required = true, example = "high")]
    pub device_confidence: Option<String>,
    /// The session of the last event.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub session_key: String,
    /// Client address of the last event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "198.51.100.7")]
    pub ip: Option<IpAddr>,
    /// Where that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// When the window began; what the list is ordered by.
    pub window_at: DateTime<Utc>,
    /// When the first event of it occurred that the caller may read; null where there is none.
    #[schema(required = true)]
    pub first_at: Option<DateTime<Utc>>,
    /// When the last one did.
    #[schema(required = true)]
    pub last_at: Option<DateTime<Utc>>,
    /// How many events.
    pub count: u64,
    /// The most that was seen, where the rule has a number to compare.
    #[schema(required = true)]
    pub seen: Option<f64>,
    /// The limit in force.
    #[schema(required = true)]
    pub limit: Option<f64>,
    /// What a rule across users groups by, and the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub group: Option<Box<RawValue>>,
    /// Its events, at most 100.
    pub event_ids: Vec<String>,
    /// The review in force; null where nobody reviewed it, or it has grown since.
    #[schema(required = true)]
    pub review: Option<Review>,
    /// The last review, where the violation has grown since: it is unreviewed again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outgrown_review: Option<Review>,
}

/// Whose violation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ViolationUser {
    /// `user`, `system` or `api_key`.
    pub kind: String,
    /// Id.
    pub id: String,
    /// Display name.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub name: String,
}

/// What staff said.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Review {
    /// Whether it holds for all that the violation has come to.
    pub reviewed: bool,
    /// By which key.
    pub by: Reviewer,
    /// When.
    pub at: DateTime<Utc>,
    /// What was found out.
    pub note: String,
    /// How many events the violation had, of those that were looked at.
    pub count: u64,
}

/// Who reviewed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Reviewer {
    /// Id of the key.
    pub id: String,
    /// What people call it.
    pub name: String,
}

impl Violation {
    /// Shows a row under the title of its rule.
    pub fn new(row: ViolationRow, title: String) -> Self {
        let across_users = row.actor_id.is_empty() && !row.grouped_by.is_empty();
        let user = ViolationUser { kind: row.actor_kind, id: row.actor_id, name: row.actor_name };
        let by = Reviewer { id: row.reviewer_id, name: row.reviewer_name };
        let (reviewed, count) = (row.reviewed, row.reviewed_count);
        let review = Review { reviewed, by, at: row.reviewed_at, note: row.note, count };
        let (review, outgrown_review) = match (row.reviewed, row.outgrown) {
            (true, _) => (Some(review), None),
            (false, true) => (None, Some(review)),
            (false, false) => (None, None),
        };
        Self {
            id: row.violation_id,
            rule: row.rule,
            title,
            rule_version: row.rule_version,
            level: level_name(row.level),
            action: row.action,
            user: (!across_users).then_some(user),
            device_id: row.device_id,
            device_confidence: known(row.device_confidence),
            session_key: row.session_key,
            ip: address(row.ip),
            place: Place::new(row.country, row.city),
            window_at: row.window_at,
            first_at: row.first_at,
            last_at: row.last_at,
            count: row.count,
            seen: measured(row.seen),
            limit: measured(row.limit),
            group: json(&row.grouped_by),
            event_ids: row.event_ids,
            review,
            outgrown_review,
        }
    }
}
