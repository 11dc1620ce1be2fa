//! What a batch takes from outside its records: which tenants are known, and of each, whether it logs and how long it
//! keeps what.
//!
//! These facts decide where a row goes (which partition of the table, or the dead letter), so a retry must decide
//! alike: they are written into the batch's [`crate::ledger::Decision`], and a retry takes them from there.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use detect::rules::RuleSet;
use hashbrown::HashMap;
use runtime::settings::{Settings, Snapshot};
use schemas::catalogue::{Catalogue, Classification};
use schemas::event::{Category, Class, Event};
use schemas::settings::Tenant;
use schemas::sign_ins;
use schemas::zone::Zone;
use serde::{Deserialize, Serialize};

use crate::rulebook::RuleBook;

/// How long after an event's receipt its tenant may still be on its way to us.
const SETTINGS_LAG: Duration = Duration::from_secs(2);
/// Longest wait, over a whole batch, for tenants that records name which did not come through ingest: those may be
/// anything.
const PATIENCE_WITH_OTHERS: Duration = Duration::from_millis(250);
/// A decision takes no more facts beyond this size, bytes: with those of one more record it fits into a record of Kafka.
pub const MAX_DECISION_BYTES: usize = 512 * 1024;

/// One tenant's facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
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
    pub zone: Zone,
    settings: Arc<Snapshot>,
    catalogue: Catalogue,
    shipped: Catalogue,
    pinned: bool,
    decision_bytes: Arc<AtomicUsize>,
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
        } else if filed.known
            && self.has_own_types()
            && self.shipped.get(kind).is_none()
            && !self.policy.own_types.contains_key(kind)
        {
            self.decision_bytes.fetch_add(json_bytes(&(kind, filed.category)), Ordering::Relaxed);
            self.policy.own_types.insert(kind.to_owned(), filed.category);
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
    /// Names that are no tenant's. They take no room in the decision: what it does not name, a retry takes for unknown.
    unknown: HashSet<String>,
    /// Whether the decision is made already.
    pinned: bool,
}

/// Where facts come from.
struct Sources {
    settings: Settings,
    shipped: Catalogue,
    rules: RuleBook,
    /// How long it may still wait for tenants of records that came through ingest, and of others.
    patience_with_ingest: Duration,
    patience: Duration,
    /// Size of what the decision records.
    decision_bytes: Arc<AtomicUsize>,
}

impl Policies {
    /// For a new batch: facts as the settings have them at a tenant's first event.
    #[must_use]
    pub fn gather(settings: &Settings, shipped: &Catalogue, rules: &RuleBook) -> Self {
        let sources = Sources {
            settings: settings.clone(),
            shipped: shipped.clone(),
            rules: rules.clone(),
            patience_with_ingest: SETTINGS_LAG,
            patience: PATIENCE_WITH_OTHERS,
            decision_bytes: Arc::default(),
        };
        Self { sources, tenants: HashMap::new(), unknown: HashSet::new(), pinned: false }
    }

    /// For a retry: facts as they were.
    #[must_use]
    pub fn pinned(
        settings: &Settings,
        shipped: &Catalogue,
        rules: &RuleBook,
        decided: &BTreeMap<String, Policy>,
    ) -> Self {
        let mut policies = Self { pinned: true, ..Self::gather(settings, shipped, rules) };
        for (tenant, policy) in decided {
            policies.add(tenant, policy.clone());
        }
        policies
    }

    /// The facts of `tenant`, of which an event was received at `received_at` (milliseconds), through ingest or not; none
    /// when nobody knows it.
    pub fn of(&mut self, tenant: &str, received_at: i64, through_ingest: bool) -> Option<&mut Facts> {
        if !self.tenants.contains_key(tenant) {
            if self.pinned || self.unknown.contains(tenant) {
                return None;
            }
            let Some(found) = self.sources.look_up(tenant, received_at, through_ingest) else {
                // To the batch's end, whoever makes it meanwhile: the decision must hold for each of its records.
                self.unknown.insert(tenant.to_owned());
                return None;
            };
            let policy = Policy {
                logging: found.logging,
                retention_days: std::array::from_fn(|index| found.retention.days(Category::ALL[index])),
                own_types: BTreeMap::new(),
            };
            self.add(tenant, policy);
        }
        self.tenants.get_mut(tenant)
    }

    fn add(&mut self, tenant: &str, policy: Policy) {
        self.sources.decision_bytes.fetch_add(json_bytes(&(tenant, &policy)), Ordering::Relaxed);
        let facts = self.sources.facts(tenant, policy, self.pinned);
        self.tenants.insert(tenant.to_owned(), facts);
    }

    /// Whether the decision takes no more: the batch has to end.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.sources.decision_bytes.load(Ordering::Relaxed) >= MAX_DECISION_BYTES
    }

    /// What the decision records.
    #[must_use]
    pub fn decided(&self) -> BTreeMap<String, Policy> {
        self.tenants.iter().map(|(tenant, facts)| (tenant.clone(), facts.policy.clone())).collect()
    }
}

impl Sources {
    /// A tenant made a moment ago may be known to ingest, or to whoever made it, sooner than here: its first events are
    /// worth a short wait before they are taken for nobody's.
    fn look_up(&mut self, tenant: &str, received_at: i64, through_ingest: bool) -> Option<Arc<Tenant>> {
        let patience = if through_ingest { &mut self.patience_with_ingest } else { &mut self.patience };
        // Either clock may be wrong, or be set back meanwhile: all waits of a batch are no longer than one.
        let age = chrono::Utc::now().timestamp_millis().saturating_sub(received_at).max(0);
        let wait = SETTINGS_LAG.saturating_sub(Duration::from_millis(age.unsigned_abs())).min(*patience);
        let begun = Instant::now();
        let found = loop {
            let found = self.settings.tenant(tenant);
            if found.is_some() || begun.elapsed() >= wait {
                break found;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        *patience = patience.saturating_sub(begun.elapsed());
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
            zone: known.map_or(Zone::utc(), |found| found.time_zone),
            catalogue,
            shipped: self.shipped.clone(),
            pinned,
            decision_bytes: Arc::clone(&self.decision_bytes),
            settings,
        }
    }
}

/// Bytes that a value takes in the decision, escapes included.
fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use runtime::settings::Settings;
    use schemas::settings::Limits;

    use super::*;
    use crate::ledger::Decision;

    fn policies(settings: &Settings) -> Policies {
        Policies::gather(settings, &Catalogue::shipped().unwrap(), &RuleBook::empty())
    }

    /// A2: names that are nobody's take no room in a decision, and a retry takes them for nobody's whoever they are then.
    #[tokio::test]
    async fn tenants_that_are_none_are_not_in_the_decision() {
        let limits = Limits { events_per_second: 1, burst: 1, queries_per_second: 1, query_burst: 1 };
        let settings = Settings::in_memory(limits);
        settings.put_tenant(Tenant::new("acme", "Acme")).await.unwrap();
        let mut batch = policies(&settings);
        assert!(batch.of("acme", 0, false).is_some());
        for number in 0..12_000 {
            assert!(batch.of(&format!("made-up-{number:055}"), 0, false).is_none());
        }
        assert!(!batch.is_full());
        let decided = batch.decided();
        assert_eq!(decided.keys().collect::<Vec<_>>(), ["acme"]);

        settings.put_tenant(Tenant::new("late", "")).await.unwrap();
        let (catalogue, rules) = (Catalogue::shipped().unwrap(), RuleBook::empty());
        let mut retry = Policies::pinned(&settings, &catalogue, &rules, &decided);
        assert!(retry.of("acme", 0, true).is_some() && retry.of("late", 0, true).is_none());
        assert!(policies(&settings).of("late", 0, false).is_some());
    }

    /// A2: a batch ends before its decision is larger than a record, however many tenants it has.
    #[tokio::test]
    async fn a_decision_is_bounded() {
        let limits = Limits { events_per_second: 1, burst: 1, queries_per_second: 1, query_burst: 1 };
        let settings = Settings::in_memory(limits);
        let mut batch = policies(&settings);
        for number in 0..50_000 {
            if batch.is_full() {
                break;
            }
            batch.add(&format!("t{number:062}"), Policy::default());
        }
        assert!(batch.is_full());
        let decision = Decision { start: 0, end: 1, rows: 0, duplicates: 0, dead: 0, tenants: batch.decided() };
        let size = decision.to_bytes().unwrap().len();
        assert!((MAX_DECISION_BYTES / 2..schemas::topics::MAX_MESSAGE_BYTES * 3 / 4).contains(&size), "{size}");
    }
}
