//! What each plan allows. It is data of the platform, which may define others at any time: nobody decides by a plan's name.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Invalid, Quotas, validate_tenant_id};

/// Most plans of an installation.
const MAX_PLANS: usize = 50;
/// Periods that can be asked for by name, apart from one's own dates.
pub const NAMED_PERIODS: [&str; 8] =
    ["today", "yesterday", "this_week", "last_week", "this_month", "last_month", "last_30_days", "last_90_days"];

/// The name of a tenant's plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "standard")]
pub struct Plan(Cow<'static, str>);

impl Plan {
    /// Has no log.
    pub const NONE: Self = Self(Cow::Borrowed("none"));
    /// The smallest one that has the log, of the last 30 days.
    pub const FREE: Self = Self(Cow::Borrowed("free"));
    /// The ordinary one.
    pub const STANDARD: Self = Self(Cow::Borrowed("standard"));
    /// Everything, without look-back bounds.
    pub const UNLIMITED: Self = Self(Cow::Borrowed("unlimited"));

    /// The plan of a name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(Cow::Owned(name.to_owned()))
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self::FREE
    }
}

/// What may be part of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// The event log, and whatever is read or made of it: histories of objects, statistics, users, sign-ins, violations and the rest.
    Log,
    /// Exports to files.
    Exports,
    /// The audit of the configuration.
    ConfigurationAudit,
    /// Tracing of users.
    Tracing,
    /// Restoring deleted objects.
    Restore,
    /// Queries by SQL.
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Features {
    /// The event log, and whatever is read or made of it: histories of objects, statistics, users, sign-ins, violations and the rest.
    /// Without it no other feature shows anything.
    pub log: bool,
    /// How many days before today answers reach back; none: as long as events are kept.
    #[schema(required = true)]
    pub look_back_days: Option<u16>,
    /// Whether `from` and `to` may be chosen, or named periods alone.
    pub free_dates: bool,
    /// The named periods that may be asked for, the one that is meant where none is first; empty for all.
    #[schema(example = json!(["last_30_days"]))]
    pub periods: Vec<String>,
    /// Exports to files.
    pub exports: bool,
    /// The audit of the configuration.
    pub configuration_audit: bool,
    /// Tracing of users.
    pub tracing: bool,
    /// Restoring deleted objects.
    pub restore: bool,
    /// Queries by SQL.
    pub sql: bool,
    /// How many events may be sent in a day and a month; a tenant's own, where it has any, stand in their place.
    pub quotas: Quotas,
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

/// A plan, and what it allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanDefinition {
    /// Its name, of the form of a tenant's id.
    pub name: Plan,
    /// What it allows.
    pub features: Features,
}

/// The plans of an installation, the smallest first. Replaced as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plans {
    /// All of them.
    pub plans: Vec<PlanDefinition>,
    /// Counts changes from 1; 0 while nobody has changed what comes with the program. A change must name the version it was made
    /// from.
    #[serde(default)]
    pub version: u64,
}

impl Plans {
    /// Those that come with the program.
    #[must_use]
    pub fn shipped() -> Self {
        let free = Features {
            log: true,
            look_back_days: Some(30),
            periods: vec!["last_30_days".to_owned()],
            ..Features::default()
        };
        let standard = Features {
            log: true,
            look_back_days: Some(365),
            free_dates: true,
            periods: Vec::new(),
            exports: true,
            configuration_audit: true,
            tracing: true,
            restore: true,
            sql: false,
            quotas: Quotas::default(),
        };
        let unlimited = Features { look_back_days: None, sql: true, ..standard.clone() };
        let none = Features { look_back_days: Some(30), ..Features::default() };
        let plans = [(Plan::NONE, none), (Plan::FREE, free), (Plan::STANDARD, standard), (Plan::UNLIMITED, unlimited)];
        let plans = plans.into_iter().map(|(name, features)| PlanDefinition { name, features }).collect();
        Self { plans, version: 0 }
    }

    /// What a plan allows. One that is not there any more allows what the smallest does.
    #[must_use]
    pub fn features(&self, plan: &Plan) -> Features {
        let found = self.plans.iter().find(|known| known.name == *plan).or(self.plans.first());
        found.map(|found| found.features.clone()).unwrap_or_default()
    }

    /// Whether there is such a plan.
    #[must_use]
    pub fn has(&self, plan: &Plan) -> bool {
        self.plans.iter().any(|known| known.name == *plan)
    }

    /// The smallest plan that has a feature.
    #[must_use]
    pub fn least(&self, feature: Feature) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.features.has(feature)).map(|plan| &plan.name)
    }

    /// Checks all of it.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        if self.plans.is_empty() || self.plans.len() > MAX_PLANS {
            return Err(Invalid::new("/plans", format!("1 to {MAX_PLANS}")));
        }
        for (at, plan) in self.plans.iter().enumerate() {
            let field = |name: &str| format!("/plans/{at}/{name}");
            validate_tenant_id(plan.name.as_str()).map_err(|error| Invalid::new(field("name"), error.detail))?;
            if self.plans[..at].iter().any(|before| before.name == plan.name) {
                return Err(Invalid::new(field("name"), "another plan has this name"));
            }
            if plan.features.look_back_days.is_some_and(|days| !(1..=3650).contains(&days)) {
                return Err(Invalid::new(field("features/look_back_days"), "1 to 3650 days, or null for no bound"));
            }
            plan.features.quotas.validate(&field("features/quotas"))?;
            let periods = &plan.features.periods;
            if let Some(at) = periods.iter().position(|name| !NAMED_PERIODS.contains(&name.as_str())) {
                let known = NAMED_PERIODS.join(", ");
                return Err(Invalid::new(field(&format!("features/periods/{at}")), format!("one of {known}")));
            }
            if plan.features.free_dates && !periods.is_empty() {
                return Err(Invalid::new(field("features/periods"), "must be empty where dates may be chosen"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J3: a larger plan takes nothing away.
    #[test]
    fn each_shipped_plan_allows_what_those_before_it_do() {
        let plans = Plans::shipped();
        plans.validate().unwrap();
        for pair in plans.plans.windows(2) {
            let (smaller, larger) = (&pair[0].features, &pair[1].features);
            assert!(Feature::ALL.iter().all(|feature| larger.has(*feature) || !smaller.has(*feature)));
            assert!(larger.free_dates || !smaller.free_dates);
            let days = |features: &Features| features.look_back_days.unwrap_or(u16::MAX);
            assert!(days(larger) >= days(smaller));
        }
        assert!(plans.has(&Plan::default()));
    }

    #[test]
    fn words_are_those_of_the_settings() {
        let shown = serde_json::to_value(Features::default()).unwrap();
        for feature in Feature::ALL {
            assert!(shown.get(feature.as_str()).is_some_and(serde_json::Value::is_boolean), "{}", feature.as_str());
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let with = |change: fn(&mut Plans)| {
            let mut plans = Plans::shipped();
            change(&mut plans);
            plans.validate().unwrap_err().pointer
        };
        for (pointer, expected) in [
            (with(|plans| plans.plans.clear()), "/plans"),
            (with(|plans| plans.plans[0].name = Plan::FREE), "/plans/1/name"),
            (with(|plans| plans.plans[0].name = Plan::named("A b")), "/plans/0/name"),
            (with(|plans| plans.plans[1].features.look_back_days = Some(0)), "/plans/1/features/look_back_days"),
            (with(|plans| plans.plans[1].features.periods = vec!["ever".to_owned()]), "/plans/1/features/periods/0"),
            (
                with(|plans| plans.plans[1].features.quotas.events_per_day = Some(0)),
                "/plans/1/features/quotas/events_per_day",
            ),
            (with(|plans| plans.plans[1].features.free_dates = true), "/plans/1/features/periods"),
        ] {
            assert_eq!(pointer, expected);
        }
    }
}
