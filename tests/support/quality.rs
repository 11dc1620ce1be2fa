//! How well the shipped rules distinguish attacks from ordinary life: a generated month goes through the enricher's stages in this
//! process, and what they find is held against the labels.

// Each program that includes this file uses its own part of it.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use detect::correlate::Window;
use detect::rules::RuleSet;
use enrich::batch::Batch;
use enrich::cross::CorrelationInput;
use enrich::device::DeviceParser;
use enrich::geo::{GeoPaths, GeoReader};
use enrich::outgoing::Outgoing;
use enrich::partition::memory::Memory;
use enrich::policy::Policies;
use enrich::rulebook::RuleBook;
use enrich::stages::{Shared, Stages};
use enrich::state::Budget;
use rdkafka::Timestamp;
use rdkafka::message::{Header, OwnedHeaders, OwnedMessage};
use runtime::access::AccessList;
use runtime::config::Config;
use runtime::settings::Settings;
use schemas::catalogue::Catalogue;
use schemas::settings::Tenant;
use schemas::topics::{self, headers};
use schemas::violation::Violation;

use crate::life::world::Databases;
use crate::life::{Attack, DAY, Life, Sent, TENANTS};

/// Events of one batch.
const BATCH: usize = 5000;
/// What an attack sets off later is still the attack's, for so long.
const AFTERMATH: i64 = DAY;

/// One violation: what was found of one rule about one user, or one group, in one window.
pub(crate) struct Found {
    pub(crate) tenant: String,
    pub(crate) rule: String,
    pub(crate) level: u8,
    /// Empty for rules across users.
    pub(crate) user: String,
    pub(crate) events: BTreeSet<String>,
    /// Time of the first event, milliseconds.
    pub(crate) at: i64,
}

/// How one rule did.
#[derive(Clone, Copy, Default)]
pub(crate) struct Score {
    pub(crate) level: u8,
    /// Attacks that it should have found, and those that it found.
    pub(crate) attacks: usize,
    pub(crate) caught: usize,
    /// Violations on account of an attack, and others.
    pub(crate) justified: usize,
    pub(crate) unjustified: usize,
}

impl Score {
    /// Of the attacks, the part that was found; nothing without attacks.
    pub(crate) fn recall(&self) -> Option<f64> {
        (self.attacks > 0).then(|| self.caught as f64 / self.attacks as f64)
    }

    /// Of the violations, the part that was on account of attacks; nothing without violations.
    pub(crate) fn precision(&self) -> Option<f64> {
        let all = self.justified + self.unjustified;
        (all > 0).then(|| self.justified as f64 / all as f64)
    }

    /// Adds another month's.
    pub(crate) fn add(&mut self, other: &Self) {
        self.level = self.level.max(other.level);
        self.attacks += other.attacks;
        self.caught += other.caught;
        self.justified += other.justified;
        self.unjustified += other.unjustified;
    }
}

/// Everything that the rules find in a month.
pub(crate) async fn detect(life: &Life) -> Vec<Found> {
    let mut findings = Findings::new();
    run(life, |outgoing| findings.take(outgoing)).await;
    findings.found.into_values().collect()
}

/// The packed state of each user as the month leaves it, by key.
pub(crate) async fn states(life: &Life) -> Vec<(String, Vec<u8>)> {
    let mut states = BTreeMap::new();
    run(life, |outgoing| {
        if outgoing.topic == topics::STATE {
            states.insert(outgoing.key.clone(), outgoing.value.clone());
        }
    })
    .await;
    states.into_iter().collect()
}

/// Sends the month through the stages; `take` gets what they give out.
async fn run(life: &Life, mut take: impl FnMut(&Outgoing)) {
    let files = tempfile::tempdir().unwrap();
    let Databases { city, asn, anonymous } = Databases::write(files.path());
    let settings = Settings::in_memory(Config::defaults().unwrap().limits);
    for (tenant, zone, _) in TENANTS {
        let mut tenant = Tenant::new(tenant, tenant);
        (tenant.logging, tenant.time_zone) = (true, zone.parse().unwrap());
        settings.put_tenant(tenant).await.unwrap();
    }
    let (catalogue, rules) = (Catalogue::shipped().unwrap(), RuleBook::shipped().unwrap());
    let mut stages = Stages::new(Shared {
        geo: Arc::new(
            GeoReader::open(GeoPaths { city: vec![city], asn: Some(asn), anonymous: Some(anonymous) }).unwrap(),
        ),
        parser: Arc::new(DeviceParser::new().unwrap()),
        rules: rules.clone(),
        access: AccessList::in_memory(),
        metrics: enrich::metrics::Metrics::new(&runtime::metrics::Metrics::default()),
    });
    let mut memory = Memory::new(1_000_000, Budget::new(512 << 20));
    for (number, events) in life.events.chunks(BATCH).enumerate() {
        let mut batch = Batch::new((number * BATCH) as u64, Policies::gather(&settings, &catalogue, &rules));
        for (offset, event) in (number * BATCH..).zip(events) {
            batch.push(&record(event, offset), &mut stages, &mut memory).unwrap();
        }
        batch.seal(0, &mut memory).unwrap();
        assert!(batch.dead.is_empty(), "{:?}", batch.dead);
        batch.findings.iter().for_each(&mut take);
    }
}

fn record(event: &Sent, offset: usize) -> OwnedMessage {
    let header = OwnedHeaders::new().insert(Header { key: headers::TENANT, value: Some(event.tenant) });
    let payload = event.body.to_string().into_bytes();
    let received = Timestamp::LogAppendTime(event.at);
    OwnedMessage::new(Some(payload), None, topics::EVENTS_RAW.to_owned(), received, 0, offset as i64, Some(header))
}

/// What batches send out, brought together.
struct Findings {
    found: BTreeMap<String, Found>,
    rules: RuleSet,
    /// Windows of correlations across users, by group.
    windows: HashMap<String, Window>,
}

impl Findings {
    fn new() -> Self {
        Self { found: BTreeMap::new(), rules: RuleSet::shipped().unwrap(), windows: HashMap::new() }
    }

    fn take(&mut self, outgoing: &Outgoing) {
        match outgoing.topic {
            topics::VIOLATIONS => {
                let violation: Violation = serde_json::from_slice(&outgoing.value).unwrap();
                let at = violation.occurred_at.timestamp_millis();
                let found = self.found.entry(violation.id).or_insert_with(|| Found {
                    tenant: violation.tenant,
                    rule: violation.rule,
                    level: violation.level,
                    user: violation.user_id,
                    events: BTreeSet::new(),
                    at,
                });
                found.events.insert(violation.event_id);
                found.at = found.at.min(at);
            }
            topics::CROSS => self.count(&outgoing.key, serde_json::from_slice(&outgoing.value).unwrap()),
            _ => {}
        }
    }

    /// As the correlator does it.
    fn count(&mut self, key: &str, counted: CorrelationInput) {
        let named = |rule: &detect::rules::Rule| *rule.name == counted.rule;
        let correlation =
            self.rules.correlations().iter().find(|found| named(&self.rules.rules()[usize::from(found.rule)])).unwrap();
        let rule = &self.rules.rules()[usize::from(correlation.rule)];
        let mut fires = Vec::new();
        self.windows.entry(key.to_owned()).or_default().push(counted.item, correlation, &mut fires);
        for fire in fires {
            let (id, _) = detect::findings::violation_of(&counted.tenant, rule, key, fire.at);
            let found = self.found.entry(id).or_insert_with(|| Found {
                tenant: counted.tenant.clone(),
                rule: counted.rule.clone(),
                level: rule.level as u8,
                user: String::new(),
                events: BTreeSet::new(),
                at: fire.at,
            });
            found.events.insert(counted.event_id.clone());
        }
    }
}

/// How each rule did that found anything, or should have.
pub(crate) fn scores(life: &Life, found: &[Found]) -> BTreeMap<String, Score> {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for violation in found {
        let score = scores.entry(violation.rule.clone()).or_default();
        score.level = violation.level;
        if life.attacks.iter().any(|attack| is_of(violation, attack)) {
            score.justified += 1;
        } else {
            score.unjustified += 1;
        }
    }
    for attack in &life.attacks {
        for rule in attack.expected {
            let score = scores.entry((*rule).to_owned()).or_default();
            score.attacks += 1;
            score.caught += usize::from(catches(rule, attack, found));
        }
    }
    scores
}

/// Whether the rule found the attack.
pub(crate) fn catches(rule: &str, attack: &Attack, found: &[Found]) -> bool {
    found.iter().any(|violation| violation.rule == rule && !violation.events.is_disjoint(&attack.events))
}

/// Whether a violation is on account of the attack: its events, or what the user's own look like after them.
pub(crate) fn is_of(violation: &Found, attack: &Attack) -> bool {
    let same_user =
        !violation.user.is_empty() && (&*violation.tenant, &violation.user) == (attack.tenant, &attack.user);
    let after = (attack.at..attack.at + AFTERMATH).contains(&violation.at);
    !violation.events.is_disjoint(&attack.events) || (same_user && after)
}
