//! Findings as the row keeps them and as the topic `violations` reports them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::DateTime;
use detect::findings::{Finding, violation_of};
use detect::rules::{Rule, RuleSet};
use schemas::access::{Access, AccessDecision, BY_RULE};
use schemas::catalogue::Lang;
use schemas::topics;
use schemas::violation::{Action, Violation};

use crate::cross::CorrelationMatch;
use crate::device::Confidence;
use crate::outgoing::Outgoing;
use crate::rows::Rows;

/// In rows, for a number that there is none of.
const NONE: f64 = -1.0;

/// One finding about one event, whoever made it.
pub(crate) struct ViolationDraft<'a> {
    rule: &'a str,
    title: &'a str,
    version: u32,
    level: u8,
    action: Action,
    id: String,
    window_at: i64,
    seen: Option<f64>,
    limit: Option<f64>,
    group: Cow<'a, BTreeMap<String, String>>,
}

impl<'a> ViolationDraft<'a> {
    /// Of a rule about a user.
    pub(crate) fn of(finding: &Finding, (rules, lang): (&'a RuleSet, Lang), tenant: &str, user: &str) -> Option<Self> {
        let rule: &Rule = rules.rules().get(usize::from(finding.rule))?;
        let (id, window_at) = violation_of(tenant, rule, user, finding.at);
        Some(Self {
            rule: &rule.name,
            title: rule.title_in(lang),
            version: rule.version,
            level: rule.level as u8,
            action: rule.action,
            id,
            window_at,
            seen: finding.seen,
            limit: finding.limit,
            group: Cow::Owned(BTreeMap::new()),
        })
    }

    /// What the rule may do to the device: nothing blocks a device that is known only by what thousands have.
    pub(crate) fn about_device(self, confidence: Confidence) -> Self {
        let blocks = self.action == Action::Block && confidence < Confidence::FingerprintMedium;
        Self { action: if blocks { Action::Flag } else { self.action }, ..self }
    }

    /// Of a correlation across users.
    pub(crate) fn across_users(matched: &'a CorrelationMatch) -> Self {
        Self {
            rule: &matched.rule,
            title: &matched.title,
            version: matched.version,
            level: matched.level,
            // Whose device would it be?
            action: Action::Flag,
            id: matched.violation_id.clone(),
            window_at: matched.window_at,
            seen: matched.seen,
            limit: matched.limit,
            group: Cow::Borrowed(&matched.group),
        }
    }

    /// What a rule does to the device, if anything.
    pub(crate) fn access(&self) -> Option<Access> {
        match self.action {
            Action::Flag => None,
            Action::Block => Some(Access::Block),
            Action::Ask => Some(Access::Ask),
        }
    }

    /// Appends it to the row under construction.
    pub(crate) fn push(&self, rows: &mut Rows) {
        rows.violations.elements.push(self.rule);
        rows.violation_levels.elements.push(self.level);
        rows.violation_versions.elements.push(self.version);
        rows.violation_ids.elements.push(&self.id);
        rows.violation_windows.elements.push(self.window_at);
        rows.violation_seen.elements.push(self.seen.unwrap_or(NONE));
        rows.violation_limits.elements.push(self.limit.unwrap_or(NONE));
        rows.violation_actions.elements.push(self.action.as_str());
        let group = if self.group.is_empty() { String::new() } else { json(&*self.group) };
        rows.violation_groups.elements.push(&group);
    }

    /// The record on the topic `violations`.
    pub(crate) fn outgoing(&self, of: &EventSummary<'_>) -> Outgoing {
        let violation = Violation {
            id: self.id.clone(),
            tenant: of.tenant.to_owned(),
            rule: self.rule.to_owned(),
            title: self.title.to_owned(),
            rule_version: self.version,
            level: self.level,
            action: self.action,
            user_id: if self.group.is_empty() { of.user_id.to_owned() } else { String::new() },
            user_name: if self.group.is_empty() { of.user_name.to_owned() } else { String::new() },
            device_id: of.device_id.to_owned(),
            device_confidence: of.device_confidence.map(str::to_owned),
            session_id: of.session_id.to_owned(),
            ip: of.ip.map(|ip| ip.to_canonical().to_string()).unwrap_or_default(),
            country: of.country.to_owned(),
            city: of.city.to_owned(),
            event_id: of.event_id.to_owned(),
            event_type: of.event_type.to_owned(),
            occurred_at: DateTime::from_timestamp_millis(of.occurred_at).unwrap_or_default(),
            seen: self.seen,
            limit: self.limit,
            group: self.group.clone().into_owned(),
        };
        let key = topics::event_key(of.tenant, &violation.user_id);
        Outgoing { topic: topics::VIOLATIONS, partition: None, key, value: json(&violation).into_bytes() }
    }

    /// The decision about the device on the topic `access`, for a rule that makes one.
    pub(crate) fn decision(&self, of: &EventSummary<'_>) -> Option<Outgoing> {
        let access = self.access()?;
        if of.device_id.is_empty() || of.user_id.is_empty() {
            return None;
        }
        let decision = AccessDecision {
            tenant: of.tenant.to_owned(),
            user_id: of.user_id.to_owned(),
            device_id: of.device_id.to_owned(),
            device_confidence: of.device_confidence.map(str::to_owned),
            access,
            decided_by: format!("{BY_RULE}{}", self.rule),
            reason: self.title.to_owned(),
            violation_id: Some(self.id.clone()),
            decided_at: DateTime::from_timestamp_millis(of.occurred_at).unwrap_or_default(),
        };
        let value = json(&decision).into_bytes();
        Some(Outgoing { topic: topics::ACCESS, partition: None, key: decision.key(), value })
    }
}

/// What a finding is about.
pub(crate) struct EventSummary<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) user_name: &'a str,
    pub(crate) device_id: &'a str,
    pub(crate) device_confidence: Option<&'a str>,
    pub(crate) session_id: &'a str,
    pub(crate) ip: Option<std::net::IpAddr>,
    pub(crate) country: &'a str,
    pub(crate) city: &'a str,
    pub(crate) event_id: &'a str,
    pub(crate) event_type: &'a str,
    pub(crate) occurred_at: i64,
}

/// These values have text keys and finite numbers: this can't fail.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
