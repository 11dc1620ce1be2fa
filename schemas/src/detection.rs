//! What a tenant decides about its rules: values of the compacted topic [`crate::topics::SETTINGS`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::settings::Invalid;
use crate::violation::Action;

/// Longest text of a rule, in bytes.
pub const MAX_RULE_BYTES: usize = 64 * 1024;
/// Most rules that a tenant may switch off, and most limits and actions it may set.
pub const MAX_ENTRIES: usize = 1000;
/// Longest name of a rule or limit that a tenant may mention, in bytes.
pub const MAX_NAME_BYTES: usize = 128;
/// No rule may have this name: it is where rules are tried.
const RESERVED: &str = "test";
/// Longest reason or note, in bytes.
pub const MAX_NOTE_BYTES: usize = 2000;

/// Where a tenant's restrictions start from; what it decides about single rules comes on top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// No rule but its own, until it switches one on.
    None,
    /// Every rule marks, and none does anything to a device.
    MarksOnly,
    /// Every rule, with what its author wants done.
    #[default]
    Recommended,
}

/// How a tenant wants the rules that apply to it. Names that no rule has (any more) do nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Detection {
    /// What it starts from: `recommended` where a new tenant says nothing. In a change: absent, it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Rules switched on that the profile has off, by name.
    pub enabled: Vec<String>,
    /// Rules switched off, by name.
    pub disabled: Vec<String>,
    /// Limits of rules, by the limit's name; the rule's own where absent.
    pub limits: BTreeMap<String, f64>,
    /// What becomes of the device when a rule is broken, by the rule's name; the rule's own where absent.
    pub actions: BTreeMap<String, Action>,
}

impl Detection {
    /// The profile in force.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile.unwrap_or_default()
    }

    /// Whether the rules that come along hold as they come.
    #[must_use]
    pub fn is_default(&self) -> bool {
        Self { profile: None, ..self.clone() } == Self::default() && self.profile() == Profile::Recommended
    }

    /// Returns whether a rule is on; `own` says whether it is the tenant's own.
    #[must_use]
    pub fn has_on(&self, rule: &str, own: bool) -> bool {
        let names = |names: &[String]| names.iter().any(|name| name == rule);
        !names(&self.disabled) && (own || self.profile() != Profile::None || names(&self.enabled))
    }

    /// Switches a rule on or off.
    pub fn switch(&mut self, rule: &str, own: bool, on: bool) {
        self.disabled.retain(|name| name != rule);
        self.enabled.retain(|name| name != rule);
        if self.has_on(rule, own) != on {
            let names = if on { &mut self.enabled } else { &mut self.disabled };
            names.push(rule.to_owned());
        }
    }

    /// What becomes of the device when a rule is broken whose author wants `of_rule`.
    #[must_use]
    pub fn action(&self, rule: &str, of_rule: Action) -> Action {
        let by_profile = if self.profile() == Profile::MarksOnly { Action::Flag } else { of_rule };
        self.actions.get(rule).copied().unwrap_or(by_profile)
    }

    /// Checks all of it; `at` is the pointer to it. That limits are in their rules' ranges is for whoever holds the rules.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(&self, at: &str) -> Result<(), Invalid> {
        let sizes = [
            ("disabled", self.disabled.len()),
            ("enabled", self.enabled.len()),
            ("limits", self.limits.len()),
            ("actions", self.actions.len()),
        ];
        if let Some((field, _)) = sizes.into_iter().find(|(_, size)| *size > MAX_ENTRIES) {
            return Err(Invalid { pointer: format!("{at}/{field}"), detail: format!("at most {MAX_ENTRIES}") });
        }
        let names = self.disabled.iter().chain(&self.enabled).chain(self.limits.keys()).chain(self.actions.keys());
        if names.into_iter().any(|name| name.len() > MAX_NAME_BYTES) {
            return Err(Invalid {
                pointer: at.to_owned(),
                detail: format!("names have at most {MAX_NAME_BYTES} bytes"),
            });
        }
        match self.limits.iter().find(|(_, limit)| !limit.is_finite() || **limit < 0.0) {
            None => Ok(()),
            Some((name, _)) => Err(Invalid {
                pointer: format!("{at}/limits/{}", name.replace('~', "~0").replace('/', "~1")),
                detail: "must be a number from 0".to_owned(),
            }),
        }
    }
}

/// One version of a rule of a tenant, or of one that all tenants share. The highest version is the one in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredRule {
    /// The tenant, or [`crate::topics::SHARED`].
    pub scope: String,
    /// `[a-z0-9][a-z0-9-]{0,62}`; no shipped rule's.
    pub name: String,
    /// From 1.
    pub version: u32,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// Its text: Sigma, YAML; empty in the version that deletes it.
    pub yaml: String,
    /// Who wrote this version: the id of a key.
    pub written_by: String,
    /// When.
    pub written_at: DateTime<Utc>,
}

impl StoredRule {
    /// Checks all but that the text is a rule.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.name.is_empty() || self.name.len() > 63 || !self.name.bytes().all(allowed) || self.name.starts_with('-')
        {
            return Err(Invalid { pointer: "/name".into(), detail: "must be 1 to 63 of a-z, 0-9 and -".into() });
        }
        if self.name == RESERVED {
            return Err(Invalid {
                pointer: "/name".into(),
                detail: format!("`{RESERVED}` is taken by the API's own path"),
            });
        }
        if self.yaml.len() > MAX_RULE_BYTES {
            return Err(Invalid { pointer: "/yaml".into(), detail: format!("at most {MAX_RULE_BYTES} bytes") });
        }
        if self.version == 0 {
            return Err(Invalid { pointer: "/version".into(), detail: "must be at least 1".into() });
        }
        Ok(())
    }

    /// Whether this version says that the rule is gone.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.yaml.is_empty()
    }
}

/// The checks switched off for one user: its events break no rule while this lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exemption {
    /// Whose user.
    pub tenant: String,
    /// Which.
    pub user_id: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// When it was granted.
    pub granted_at: DateTime<Utc>,
    /// When it ends by itself; never, when absent.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

impl Exemption {
    /// Whether it holds for what is received at `at`, milliseconds.
    #[must_use]
    pub fn holds_at(&self, at: i64) -> bool {
        at >= self.granted_at.timestamp_millis() && self.expires_at.is_none_or(|end| at < end.timestamp_millis())
    }

    /// Checks all of it.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        for (field, text) in [("owner", &self.owner), ("reason", &self.reason)] {
            if text.trim().is_empty() || text.len() > MAX_NOTE_BYTES {
                return Err(Invalid { pointer: format!("/{field}"), detail: format!("1 to {MAX_NOTE_BYTES} bytes") });
            }
        }
        if self.user_id.is_empty() {
            return Err(Invalid { pointer: "/user_id".into(), detail: "is required".into() });
        }
        match self.expires_at {
            Some(end) if end <= self.granted_at => {
                Err(Invalid { pointer: "/expires_at".into(), detail: "must lie in the future".into() })
            }
            _ => Ok(()),
        }
    }
}
