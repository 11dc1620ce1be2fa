//! What a batch takes from outside its records: which tenants are known, and of each, whether it logs and how long it
//! keeps what.
//!
//! Each record is held to the settings that are in force when it is taken, also in the middle of a batch. Facts that decide
//! where a row goes (which partition of the table, or the dead letter) have to be the same for a retry: they are written into
//! the batch's [`crate::partition::ledger::Decision`], each with the offset from which it holds, and a retry takes them from there. See
//! `docs/decisions/0039-in-force.md`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use detect::rules::RuleSet;
use hashbrown::HashMap;
use runtime::settings::{Settings, Snapshot};
use schemas::catalogue::{Catalogue, Classification, Lang};
use schemas::event::{Category, Class, Event};
use schemas::settings::Tenant;
use schemas::sign_ins;
use schemas::zone::Zone;
use serde::{Deserialize, Serialize};

use crate::patience::Patience;
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
    /// Whether its logging is switched on.
    #[serde(rename = "l")]
    pub logging: bool,
    /// Days kept, in the order of [`Category::ALL`].
    #[serde(rename = "d")]
    pub retention_days: [u16; Category::ALL.len()],
    /// Category of those of the tenant's own event types that the batch has.
    #[serde(rename = "c", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub own_types: BTreeMap<String, Category>,
}

impl Policy {
    fn of(tenant: &Tenant) -> Self {
        Self {
            logging: tenant.logging,
            retention_days: std::array::from_fn(|index| tenant.retention.days(Category::ALL[index])),
            own_types: BTreeMap::new(),
        }
    }
}

/// One tenant's facts from an offset on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// First offset that they hold for.
    #[serde(rename = "o")]
    pub from: u64,
    /// The facts; none: nobody knows the tenant any more.
    #[serde(rename = "p")]
    pub policy: Option<Policy>,
}

/// Where and when a record was received.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrived {
    /// Its offset.
    pub offset: u64,
    /// When, milliseconds.
    pub received_at: i64,
    /// Whether it came through ingest.
    pub through_ingest: bool,
}

/// A tenant's facts beside its catalogue and rules.
pub struct Facts {
    /// What is recorded with the decision.
    pub policy: Policy,
    /// Its rules.
    pub rules: Arc<RuleSet>,
    /// Whether those are of the settings that the other facts are of.
    rules_are_current: bool,
    /// Zone of its working hours.
    pub zone: Zone,
    /// What findings are worded in: the first of its languages.
    pub lang: Lang,
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
        sign_ins::file_failure(&mut filed, event);
        filed
    }

    /// Whether the checks are switched off for a user at that time, milliseconds.
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
    /// The settings that records are held to.
    snapshot: Arc<Snapshot>,
    /// Looked up once for each event, so the cost must not grow with the tenants of a batch: whoever may write to Kafka may
    /// name as many as it likes.
    tenants: HashMap<String, Known>,
    /// Names that are no tenant's. They take no room in the decision: what it does not name, a retry takes for unknown.
    unknown: HashSet<String>,
    /// Whether the decision is made already.
    pinned: bool,
}

/// A tenant of the batch.
struct Known {
    /// What it was held to, one after the other.
    versions: Vec<Pinned>,
    /// Which of them the facts are of.
    at: usize,
    /// Those in force; none while nobody knows the tenant.
    facts: Option<Facts>,
    /// The settings that they were looked up in.
    snapshot: Arc<Snapshot>,
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
    /// For a new batch: facts as the settings have them when an event is taken.
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
        let snapshot = settings.snapshot();
        Self { sources, snapshot, tenants: HashMap::new(), unknown: HashSet::new(), pinned: false }
    }

    /// For a retry: facts as they were.
    #[must_use]
    pub fn pinned(
        settings: &Settings,
        shipped: &Catalogue,
        rules: &RuleBook,
        decided: &BTreeMap<String, Vec<Pinned>>,
    ) -> Self {
        let mut policies = Self { pinned: true, ..Self::gather(settings, shipped, rules) };
        for (tenant, versions) in decided {
            let known = Known { versions: versions.clone(), at: 0, facts: None, snapshot: Arc::default() };
            policies.tenants.insert(tenant.clone(), known);
        }
        policies
    }

    /// The facts of `tenant`, of which an event arrived; none when nobody knows it. Rules that are being compiled may be waited
    /// for, as long as there is patience.
    pub fn of(&mut self, tenant: &str, arrived: Arrived, patience: &mut Patience) -> Option<&mut Facts> {
        if !self.sources.settings.is_current(&self.snapshot) {
            self.snapshot = self.sources.settings.snapshot();
            self.unknown.clear();
        }
        if self.pinned {
            return self.pinned_facts(tenant, arrived.offset, patience);
        }
        if !self.tenants.contains_key(tenant) {
            self.meet(tenant, arrived)?;
        }
        let known = self.tenants.get_mut(tenant)?;
        if !Arc::ptr_eq(&known.snapshot, &self.snapshot) {
            self.sources.change(
                known,
                arrived.offset,
                (known.snapshot.clone().tenant(tenant), self.snapshot.tenant(tenant)),
            );
            known.snapshot = Arc::clone(&self.snapshot);
            self.sources.renew(known, &self.snapshot, tenant);
        }
        let facts = known.facts.as_mut()?;
        if !facts.rules_are_current {
            (facts.rules, facts.rules_are_current) = self.sources.rules.current(&self.snapshot, tenant, patience);
        }
        Some(facts)
    }

    /// The facts that the decision has for an offset; what decides nothing about places is as of now.
    fn pinned_facts(&mut self, tenant: &str, offset: u64, patience: &mut Patience) -> Option<&mut Facts> {
        let known = self.tenants.get_mut(tenant)?;
        let at = known.versions.partition_point(|version| version.from <= offset).checked_sub(1)?;
        if known.at != at || !Arc::ptr_eq(&known.snapshot, &self.snapshot) {
            known.at = at;
            known.snapshot = Arc::clone(&self.snapshot);
            self.sources.renew(known, &self.snapshot, tenant);
            known.facts.as_mut()?.pinned = true;
        }
        let facts = known.facts.as_mut()?;
        if !facts.rules_are_current {
            (facts.rules, facts.rules_are_current) = self.sources.rules.current(&self.snapshot, tenant, patience);
        }
        Some(facts)
    }

    /// Takes a tenant up that has no event in the batch yet.
    fn meet(&mut self, tenant: &str, arrived: Arrived) -> Option<()> {
        if self.unknown.contains(tenant) {
            return None;
        }
        let Some(found) = self.sources.look_up(tenant, arrived) else {
            // Until the settings change: the decision doesn't say from when on it is nobody's.
            self.unknown.insert(tenant.to_owned());
            return None;
        };
        // It may have become known while we waited for it.
        self.snapshot = self.sources.settings.snapshot();
        let mut known = Known { versions: Vec::new(), at: 0, facts: None, snapshot: Arc::clone(&self.snapshot) };
        self.sources.decision_bytes.fetch_add(json_bytes(&tenant), Ordering::Relaxed);
        self.sources.change(&mut known, arrived.offset, (None, Some(&found)));
        self.sources.renew(&mut known, &self.snapshot, tenant);
        self.tenants.insert(tenant.to_owned(), known);
        Some(())
    }

    /// Whether the decision takes no more: the batch has to end.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.sources.decision_bytes.load(Ordering::Relaxed) >= MAX_DECISION_BYTES
    }

    /// What the decision records.
    #[must_use]
    pub fn decided(&self) -> BTreeMap<String, Vec<Pinned>> {
        let versions = |known: &Known| {
            let mut versions = known.versions.clone();
            if let (Some(version), Some(facts)) = (versions.get_mut(known.at), &known.facts) {
                version.policy = Some(facts.policy.clone());
            }
            versions
        };
        self.tenants.iter().map(|(tenant, known)| (tenant.clone(), versions(known))).collect()
    }
}

impl Sources {
    /// A tenant made a moment ago may be known to ingest, or to whoever made it, sooner than here: its first events are
    /// worth a short wait before they are taken for nobody's.
    fn look_up(&mut self, tenant: &str, arrived: Arrived) -> Option<Arc<Tenant>> {
        let patience = if arrived.through_ingest { &mut self.patience_with_ingest } else { &mut self.patience };
        // Either clock may be wrong, or be set back meanwhile: all waits of a batch are no longer than one.
        let age = chrono::Utc::now().timestamp_millis().saturating_sub(arrived.received_at).max(0);
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

    /// Takes note of what holds from an offset on, unless it is what held before.
    fn change(&self, known: &mut Known, from: u64, (old, new): (Option<&Arc<Tenant>>, Option<&Arc<Tenant>>)) {
        let decides = |tenant: &Arc<Tenant>| (Policy::of(tenant), tenant.event_types.clone());
        if old.map(decides) == new.map(decides) {
            return;
        }
        let policy = new.map(|tenant| Policy::of(tenant));
        if let (Some(version), Some(facts)) = (known.versions.get_mut(known.at), &known.facts) {
            version.policy = Some(facts.policy.clone());
        }
        let version = Pinned { from, policy };
        self.decision_bytes.fetch_add(json_bytes(&version), Ordering::Relaxed);
        known.versions.push(version);
        known.at = known.versions.len() - 1;
        known.facts = None;
    }

    /// Looks up what the decision says nothing about. Rules are looked up when they are needed.
    fn renew(&self, known: &mut Known, settings: &Arc<Snapshot>, tenant: &str) {
        let policy = match (&known.facts, known.versions.get(known.at)) {
            (Some(facts), _) if !facts.pinned => Some(facts.policy.clone()),
            (_, version) => version.and_then(|version| version.policy.clone()),
        };
        let found = settings.tenant(tenant);
        let catalogue = match found {
            Some(found) if !found.event_types.is_empty() => self.shipped.with_tenant_types(&found.event_types),
            _ => self.shipped.clone(),
        };
        known.facts = policy.map(|policy| Facts {
            policy,
            rules: self.rules.shipped_rules(),
            rules_are_current: false,
            zone: found.map_or(Zone::utc(), |found| found.time_zone),
            lang: found.and_then(|found| found.languages.first().copied()).unwrap_or_default(),
            catalogue,
            shipped: self.shipped.clone(),
            pinned: false,
            decision_bytes: Arc::clone(&self.decision_bytes),
            settings: Arc::clone(settings),
        });
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
    use crate::partition::ledger::Decision;

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
        let mut patience = Patience::default();
        let mut is_known = |batch: &mut Policies, tenant: &str, through_ingest| {
            batch.of(tenant, Arrived { through_ingest, ..Arrived::default() }, &mut patience).is_some()
        };
        assert!(is_known(&mut batch, "acme", false));
        for number in 0..12_000 {
            assert!(!is_known(&mut batch, &format!("made-up-{number:055}"), false));
        }
        assert!(!batch.is_full());
        let decided = batch.decided();
        assert_eq!(decided.keys().collect::<Vec<_>>(), ["acme"]);

        settings.put_tenant(Tenant::new("late", "")).await.unwrap();
        let (catalogue, rules) = (Catalogue::shipped().unwrap(), RuleBook::empty());
        let mut retry = Policies::pinned(&settings, &catalogue, &rules, &decided);
        assert!(is_known(&mut retry, "acme", true) && !is_known(&mut retry, "late", true));
        assert!(is_known(&mut policies(&settings), "late", false));
    }

    /// L1, L2, K6: each record is held to the settings of its moment, in the middle of a batch as well, and a retry of the batch to
    /// the same, whatever was changed since.
    #[tokio::test]
    async fn changes_hold_in_the_middle_of_a_batch() {
        let limits = Limits { events_per_second: 1, burst: 1, queries_per_second: 1, query_burst: 1 };
        let settings = Settings::in_memory(limits);
        let put = async |logging: bool, views: u16| {
            let mut tenant = Tenant::new("acme", "Acme");
            tenant.version = settings.tenant("acme").map_or(0, |known| known.version);
            (tenant.logging, tenant.retention.views) = (logging, views);
            settings.put_tenant(tenant).await.unwrap();
        };
        let mut patience = Patience::default();
        let mut held = |batch: &mut Policies, offset: u64| {
            let facts = batch.of("acme", Arrived { offset, ..Arrived::default() }, &mut patience)?;
            Some((facts.policy.logging, facts.policy.retention_days[Category::Views as usize]))
        };
        let mut batch = policies(&settings);
        put(false, 90).await;
        assert_eq!(held(&mut batch, 3), Some((false, 90)));
        put(true, 30).await;
        assert_eq!(held(&mut batch, 5), Some((true, 30)));
        // What decides nothing about places is no new fact.
        put(true, 30).await;
        assert_eq!(held(&mut batch, 6), Some((true, 30)));
        settings.delete_tenant("acme").await.unwrap();
        assert_eq!(held(&mut batch, 7), None);
        put(true, 180).await;
        assert_eq!(held(&mut batch, 9), Some((true, 180)));

        let decided = batch.decided();
        assert_eq!(decided["acme"].iter().map(|pinned| pinned.from).collect::<Vec<_>>(), [3, 5, 7, 9]);
        put(false, 365).await;
        let mut retry = Policies::pinned(&settings, &Catalogue::shipped().unwrap(), &RuleBook::empty(), &decided);
        let again: Vec<_> = (2..11).map(|offset| held(&mut retry, offset)).collect();
        let (off, on) = (Some((false, 90)), Some((true, 30)));
        let last = Some((true, 180));
        assert_eq!(again, [None, off, off, on, on, None, None, last, last]);
        assert_eq!(retry.decided(), decided);
    }

    /// A2: a batch ends before its decision is larger than a record, however many tenants it has.
    #[tokio::test]
    async fn a_decision_is_bounded() {
        let limits = Limits { events_per_second: 1, burst: 1, queries_per_second: 1, query_burst: 1 };
        let settings = Settings::in_memory(limits);
        let mut batch = policies(&settings);
        let acme = settings.put_tenant(Tenant::new("acme", "Acme")).await.unwrap();
        for number in 0..50_000 {
            if batch.is_full() {
                break;
            }
            let mut known = Known { versions: Vec::new(), at: 0, facts: None, snapshot: Arc::default() };
            let name = format!("t{number:062}");
            batch.sources.decision_bytes.fetch_add(json_bytes(&name), Ordering::Relaxed);
            batch.sources.change(&mut known, number, (None, Some(&acme)));
            batch.tenants.insert(name, known);
        }
        assert!(batch.is_full());
        let decision = Decision { start: 0, end: 1, rows: 0, duplicates: 0, dead: 0, tenants: batch.decided() };
        let size = decision.to_bytes().unwrap().len();
        assert!((MAX_DECISION_BYTES / 2..schemas::topics::MAX_MESSAGE_BYTES * 3 / 4).contains(&size), "{size}");
    }
}
