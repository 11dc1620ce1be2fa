//! What a batch takes from outside its records: per tenant, whether it is known, logs, and how long it keeps what.
//!
//! These facts decide where a row goes (which partition of the table, or the dead letter), so a retry must decide
//! alike: they are written into the batch's [`crate::ledger::Decision`], and a retry takes them from there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use detect::rules::RuleSet;
use hashbrown::HashMap;
use hashbrown::hash_map::EntryRef;
use runtime::settings::{Settings, Snapshot};
use schemas::catalogue::{Catalogue, Classification};
use schemas::event::{Category, Class, Event};
use schemas::settings::Tenant;
use schemas::sign_ins;
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
        sign_ins::file_failure(&mut filed, event.outcome.as_deref());
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
    sources: Sources,
    /// Looked up once for each event, so the cost must not grow with the tenants of a batch: whoever may write to Kafka may
    /// name as many as it likes.
    tenants: HashMap<String, Facts>,
}

/// Where facts come from.
struct Sources {
    settings: Settings,
    shipped: Catalogue,
    rules: RuleBook,
    /// How long it may still wait for tenants.
    patience: Duration,
}

impl Policies {
    /// For a new batch: facts as the settings have them at a tenant's first event.
    #[must_use]
    pub fn gather(settings: &Settings, shipped: &Catalogue, rules: &RuleBook) -> Self {
        let sources = Sources {
            settings: settings.clone(),
            shipped: shipped.clone(),
            rules: rules.clone(),
            patience: SETTINGS_LAG,
        };
        Self { sources, tenants: HashMap::new() }
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
            let facts = policies.sources.facts(tenant, policy.clone(), true);
            policies.tenants.insert(tenant.clone(), facts);
        }
        policies
    }

    /// The facts of `tenant`, of which an event was received at `received_at` (milliseconds).
    pub fn of(&mut self, tenant: &str, received_at: i64) -> &mut Facts {
        match self.tenants.entry_ref(tenant) {
            EntryRef::Occupied(known) => known.into_mut(),
            EntryRef::Vacant(unknown) => {
                let found = self.sources.look_up(tenant, received_at);
                let policy = found.map_or_else(Policy::default, |found| Policy {
                    known: true,
                    logging: found.logging,
                    retention_days: std::array::from_fn(|index| found.retention.days(Category::ALL[index])),
                    own_types: BTreeMap::new(),
                });
                unknown.insert(self.sources.facts(tenant, policy, false))
            }
        }
    }

    /// What the decision records.
    #[must_use]
    pub fn decided(&self) -> BTreeMap<String, Policy> {
        self.tenants.iter().map(|(tenant, facts)| (tenant.clone(), facts.policy.clone())).collect()
    }
}

impl Sources {
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

    fn facts(&self, tenant: &str, policy: Policy, pinned: bool) -> Facts {
        // Rules may be older than the settings, never newer: who knows of a rule knows of the exemptions before it.
        let rules = self.rules.at(&self.settings.snapshot(), tenant);
        let settings = self.settings.snapshot();
        let known = settings.tenant(tenant);
        let catalogue = match known {
            Some(found) if !found.event_types.is_empty() => self.shipped.with_tenant_types(&found.event_types),
            _ => self.shipped.clone(),
        };
        Facts {
            policy,
            rules,
            zone: known.map_or(Tz::UTC, |found| found.time_zone),
            catalogue,
            shipped: self.shipped.clone(),
            pinned,
            settings,
        }
    }
}
