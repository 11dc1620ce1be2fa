//! What a batch takes from outside its records: per tenant, whether it is known, logs, and how long it keeps what.
//!
//! These facts decide where a row goes (which partition of the table, or the dead letter), so a retry must decide
//! alike: they are written into the batch's [`crate::ledger::Decision`], and a retry takes them from there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use detect::rules::RuleSet;
use runtime::settings::{Settings, Snapshot};
use schemas::catalogue::{Catalogue, Classification};
use schemas::event::{Category, Class, Event};
use schemas::settings::Tenant;
use serde::{Deserialize, Serialize};

use crate::rulebook::RuleBook;

/// How long after an event's receipt its tenant may still be on its way to us.
const SETTINGS_LAG: Duration = Duration::from_secs(2);

/// One tenant's facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whether settings know the tenant.
    #[serde(rename = "k")]
    pub known: bool,
    /// Whether its logging is switched on (L1).
    #[serde(rename = "l")]
    pub logging: bool,
    /// Days kept, in the order of [`Category::ALL`] (L2).
    #[serde(rename = "d")]
    pub retention_days: [u16; Category::ALL.len()],
    /// Category of those of the tenant's own event types that the batch has (J10).
    #[serde(rename = "c", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub own_types: BTreeMap<String, Category>,
}

/// A tenant's facts beside its catalogue and rules.
pub struct Facts {
    /// What is recorded with the decision.
    pub policy: Policy,
    /// Its rules.
    pub rules: Arc<RuleSet>,
    /// Zone of its working hours.
    pub zone: Tz,
    settings: Arc<Snapshot>,
    catalogue: Catalogue,
    shipped: Catalogue,
    pinned: bool,
}

impl Facts {
    /// Files an event, and remembers the category where it depends on the tenant's settings of the moment.
    pub fn classify<'a>(&'a mut self, event: &'a Event<'_>) -> Classification<'a> {
        let kind = event.kind.as_deref().unwrap_or_default();
        let class = event.class.as_deref().and_then(Class::parse);
        let mut filed = self.catalogue.classify(kind, class, event.action.as_deref());
        if let Some(category) = event.category.as_deref().and_then(Category::parse) {
            filed.category = category;
        } else if self.pinned {
            filed.category = self.policy.own_types.get(kind).copied().unwrap_or(filed.category);
        } else if filed.known && self.has_own_types() && self.shipped.get(kind).is_none() {
            self.policy.own_types.entry(kind.to_owned()).or_insert(filed.category);
        }
        filed
    }

    /// Whether the checks are switched off for a user at that time, milliseconds (K6).
    #[must_use]
    pub fn is_exempt(&self, tenant: &str, user: &str, at: i64) -> bool {
        self.settings.exemption(tenant, user).is_some_and(|exemption| exemption.holds_at(at))
    }

    fn has_own_types(&self) -> bool {
        self.catalogue.len() > self.shipped.len()
    }
}

/// The facts of every tenant in a batch, gathered as its events arrive.
pub struct Policies {
    settings: Settings,
    shipped: Catalogue,
    rules: RuleBook,
    tenants: Vec<(String, Facts)>,
    /// How long it may still wait for tenants.
    patience: Duration,
}

impl Policies {
    /// For a new batch: facts as the settings have them at a tenant's first event.
    #[must_use]
    pub fn gather(settings: &Settings, shipped: &Catalogue, rules: &RuleBook) -> Self {
        Self {
            settings: settings.clone(),
            shipped: shipped.clone(),
            rules: rules.clone(),
            tenants: Vec::new(),
            patience: SETTINGS_LAG,
        }
    }

    /// For a retry: facts as they were.
    #[must_use]
    pub fn pinned(
        settings: &Settings,
        shipped: &Catalogue,
        rules: &RuleBook,
        decided: &BTreeMap<String, Policy>,
    ) -> Self {
        let mut policies = Self::gather(settings, shipped, rules);
        for (tenant, policy) in decided {
            policies.add(tenant, policy.clone(), true);
        }
        policies
    }

    /// The facts of `tenant`, of which an event was received at `received_at` (milliseconds). The list is in the order of last use: neighbouring events are mostly of one tenant.
    pub fn of(&mut self, tenant: &str, received_at: i64) -> &mut Facts {
        match self.tenants.iter().rposition(|(known, _)| known == tenant) {
            Some(index) => {
                let last = self.tenants.len() - 1;
                self.tenants.swap(index, last);
            }
            None => {
                let policy = self.look_up(tenant, received_at).map_or_else(Policy::default, |found| Policy {
                    known: true,
                    logging: found.logging,
                    retention_days: std::array::from_fn(|index| found.retention.days(Category::ALL[index])),
                    own_types: BTreeMap::new(),
                });
                self.add(tenant, policy, false);
            }
        }
        let last = self.tenants.len() - 1;
        &mut self.tenants[last].1
    }

    /// A tenant made a moment ago may be known to ingest sooner than here: its first events are worth a short wait before
    /// they are taken for nobody's.
    fn look_up(&mut self, tenant: &str, received_at: i64) -> Option<Arc<Tenant>> {
        // Either clock may be wrong, or be set back meanwhile: all waits of a batch are no longer than one.
        let age = chrono::Utc::now().timestamp_millis().saturating_sub(received_at).max(0);
        let wait = SETTINGS_LAG.saturating_sub(Duration::from_millis(age.unsigned_abs())).min(self.patience);
        let begun = Instant::now();
        let found = loop {
            let found = self.settings.tenant(tenant);
            if found.is_some() || begun.elapsed() >= wait {
                break found;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        self.patience = self.patience.saturating_sub(begun.elapsed());
        found
    }

    /// What the decision records.
    #[must_use]
    pub fn decided(&self) -> BTreeMap<String, Policy> {
        self.tenants.iter().map(|(tenant, facts)| (tenant.clone(), facts.policy.clone())).collect()
    }

    fn add(&mut self, tenant: &str, policy: Policy, pinned: bool) {
        let settings = self.settings.snapshot();
        let known = settings.tenant(tenant);
        let catalogue = match known {
            Some(found) if !found.event_types.is_empty() => self.shipped.with_tenant_types(&found.event_types),
            _ => self.shipped.clone(),
        };
        let facts = Facts {
            policy,
            rules: self.rules.at(&settings, tenant),
            zone: known.map_or(Tz::UTC, |found| found.time_zone),
            catalogue,
            shipped: self.shipped.clone(),
            pinned,
            settings,
        };
        self.tenants.push((tenant.to_owned(), facts));
    }
}
