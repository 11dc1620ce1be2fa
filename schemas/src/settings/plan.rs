//! What each plan allows (J3, J4). It is data: nobody else decides by the plan's name.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a tenant pays for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Nothing.
    #[default]
    Free,
    /// The ordinary plan.
    Standard,
    /// Everything, without look-back bounds.
    Unlimited,
}

/// What may be part of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// The event log and the histories of objects.
    Log,
    /// Exports to files (P9).
    Exports,
    /// The audit of the configuration (A1).
    ConfigurationAudit,
    /// Tracing of users (T1).
    Tracing,
    /// Restoring deleted objects (J15).
    Restore,
    /// Queries by SQL (P10).
    Sql,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 6] =
        [Self::Log, Self::Exports, Self::ConfigurationAudit, Self::Tracing, Self::Restore, Self::Sql];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Exports => "exports",
            Self::ConfigurationAudit => "configuration_audit",
            Self::Tracing => "tracing",
            Self::Restore => "restore",
            Self::Sql => "sql",
        }
    }
}

/// What a plan allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Features {
    /// The event log and the histories of objects.
    pub log: bool,
    /// How many days before today the log reaches back; none: as long as events are kept.
    #[schema(required = true)]
    pub look_back_days: Option<u16>,
    /// Whether `from` and `to` may be chosen, or named periods alone (J4).
    pub free_dates: bool,
    /// Exports to files (P9).
    pub exports: bool,
    /// The audit of the configuration (A1).
    pub configuration_audit: bool,
    /// Tracing of users (T1).
    pub tracing: bool,
    /// Restoring deleted objects (J15).
    pub restore: bool,
    /// Queries by SQL (P10).
    pub sql: bool,
}

impl Features {
    /// Whether a feature is part of it.
    #[must_use]
    pub const fn has(&self, feature: Feature) -> bool {
        match feature {
            Feature::Log => self.log,
            Feature::Exports => self.exports,
            Feature::ConfigurationAudit => self.configuration_audit,
            Feature::Tracing => self.tracing,
            Feature::Restore => self.restore,
            Feature::Sql => self.sql,
        }
    }
}

impl Plan {
    /// Every plan, the smallest first. Each allows what those before it do.
    pub const ALL: [Self; 3] = [Self::Free, Self::Standard, Self::Unlimited];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Standard => "standard",
            Self::Unlimited => "unlimited",
        }
    }

    /// What the plan allows.
    #[must_use]
    pub const fn features(self) -> Features {
        match self {
            Self::Free => Features {
                log: true,
                look_back_days: Some(30),
                free_dates: false,
                exports: false,
                configuration_audit: false,
                tracing: false,
                restore: false,
                sql: false,
            },
            Self::Standard => Features {
                log: true,
                look_back_days: Some(365),
                free_dates: true,
                exports: true,
                configuration_audit: true,
                tracing: true,
                restore: true,
                sql: false,
            },
            Self::Unlimited => Features {
                log: true,
                look_back_days: None,
                free_dates: true,
                exports: true,
                configuration_audit: true,
                tracing: true,
                restore: true,
                sql: true,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J3: a larger plan takes nothing away.
    #[test]
    fn each_plan_allows_what_those_before_it_do() {
        for pair in Plan::ALL.windows(2) {
            let (smaller, larger) = (pair[0].features(), pair[1].features());
            assert!(Feature::ALL.iter().all(|feature| larger.has(*feature) || !smaller.has(*feature)));
            assert!(larger.free_dates || !smaller.free_dates);
            let days = |features: Features| features.look_back_days.unwrap_or(u16::MAX);
            assert!(days(larger) >= days(smaller));
        }
    }

    #[test]
    fn words_are_those_of_the_settings() {
        for plan in Plan::ALL {
            assert_eq!(serde_json::to_value(plan).unwrap(), plan.as_str());
        }
        let shown = serde_json::to_value(Plan::Free.features()).unwrap();
        for feature in Feature::ALL {
            assert!(shown.get(feature.as_str()).is_some_and(serde_json::Value::is_boolean), "{}", feature.as_str());
        }
    }
}
