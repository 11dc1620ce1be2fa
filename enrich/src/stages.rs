//! The stages between a decoded event and its row, in the order of the event's path: geo → device → signals → rules → row.
//! Pure and synchronous; each worker has its own caches, so nothing is locked.

mod row;

use std::net::IpAddr;
use std::sync::Arc;

use anyhow::Result;
use detect::findings::{Findings, Subject};
use detect::rules::RuleSet;
use detect::signals::{ActionKind, Confidence, Observation, Signals, is_carrier};
use runtime::access::AccessList;
use schemas::access::{Access, BY_RULE};
use schemas::address;
use schemas::catalogue::Classification;
use schemas::event::{ActorKind, Event, Outcome, Text};
use schemas::sign_ins;
use schemas::zone::Zone;

use self::row::Enriched;
use crate::cross::{CorrelationInput, CorrelationMatch};
use crate::device::{ClientHints, Device, DeviceCache, DeviceInput, DeviceParser};
use crate::geo::{Geo, GeoCache, GeoDatabase, GeoReader};
use crate::metrics::Metrics;
use crate::outgoing::Outgoing;
use crate::patience::Patience;
use crate::policy::Facts;
use crate::rows::Rows;
use crate::rulebook::RuleBook;
use crate::state::State;
use crate::view::View;
use crate::violation_draft::{EventSummary, ViolationDraft};

/// An occurrence later than its receipt by more than this is a wrong clock: the time of receipt is used, and the claimed
/// time kept beside it.
const CLOCK_SKEW_MS: i64 = 24 * 3600 * 1000;
/// Networks whose place is remembered, each worker.
const GEO_CACHE: usize = 65_536;

/// What is known of a record beside the event in it.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Tenant, from the credential.
    pub tenant: &'a str,
    /// API key that sent it.
    pub key_id: &'a str,
    /// When, milliseconds.
    pub received_at: i64,
    /// Partition of `events.raw`.
    pub partition: u16,
    /// Offset in it.
    pub offset: u64,
    /// Whether it is an event of the program's own that carries a finding.
    pub found_by: bool,
    /// Digest of what it holds.
    pub content: u64,
    /// Digest of what distinguishes it from any other event.
    pub identity: u64,
}

/// What all workers of a process share.
#[derive(Clone)]
pub struct Shared {
    /// Places of addresses.
    pub geo: Arc<GeoReader>,
    /// Browsers and devices.
    pub parser: Arc<DeviceParser>,
    /// Sigma rules of every tenant.
    pub rules: RuleBook,
    /// Decisions about devices.
    pub access: AccessList,
    /// Counters.
    pub metrics: Metrics,
}

/// One worker's stages.
pub struct Stages {
    /// How long it waits for rules.
    pub(crate) patience: Patience,
    shared: Shared,
    database: Arc<GeoDatabase>,
    geo_cache: GeoCache,
    device_cache: DeviceCache,
    findings: Findings,
    /// Key of the user's state, reused from event to event.
    key: String,
}

/// Where an event's outcome goes.
pub struct Target<'a> {
    /// What is known of users.
    pub state: &'a mut State,
    /// Its row.
    pub rows: &'a mut Rows,
    /// What goes to topics once the row is stored.
    pub outgoing: &'a mut Vec<Outgoing>,
}

impl Stages {
    /// Stages with empty caches.
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        let database = shared.geo.snapshot();
        Self {
            patience: Patience::default(),
            shared,
            database,
            geo_cache: GeoCache::new(GEO_CACHE),
            device_cache: DeviceCache::default(),
            findings: Findings::default(),
            key: String::new(),
        }
    }

    /// Takes up a newer geo database, if one was loaded. Call between batches.
    pub fn refresh(&mut self) {
        self.database = self.shared.geo.snapshot();
    }

    /// Takes an event through the stages and appends its row.
    ///
    /// # Errors
    /// When the state of its user can't be read back from where it was put aside.
    pub fn run(
        &mut self,
        event: &Event<'_>,
        id: &str,
        received: &Received<'_>,
        facts: &mut Facts,
        target: &mut Target<'_>,
    ) -> Result<()> {
        let retention = facts.policy.retention_days;
        let (rules, zone, lang) = (Arc::clone(&facts.rules), facts.zone, facts.lang);
        let claimed = event.occurred_at.map_or(received.received_at, |time| time.0);
        let skewed = claimed > received.received_at + CLOCK_SKEW_MS;
        let occurred_at = if skewed { received.received_at } else { claimed };
        let user_id = text(event.actor.as_ref().and_then(|actor| actor.id.as_ref()));
        // By the time of receipt: whoever switches the checks off means what comes in from now on.
        let exempt = !user_id.is_empty() && facts.is_exempt(received.tenant, user_id, received.received_at);
        let filed = facts.classify(event);
        let ip = event.ip();
        let geo = self.geo(ip);
        let device = self.device(event, received.tenant);
        let mut signals = Signals::default();
        let matched = received.found_by.then(|| matched(event)).flatten();
        self.findings.clear();
        if matched.is_none() {
            device.id.with_str(|device_id| {
                let confidence = device.confidence.of_identity();
                let times = (occurred_at, received.received_at);
                let sighting = sighting(event, &filed, ip, &geo, (device_id, confidence), times);
                self.detect(event, id, &sighting, received, (&rules, zone), &filed, &geo, &device, &mut signals, target)
            })?;
        }
        let mut verdicts: Vec<ViolationDraft<'_>> = matched.iter().map(ViolationDraft::across_users).collect();
        if !exempt {
            let broken = self.findings.broken.iter();
            let verdict = |finding| ViolationDraft::of(finding, (&rules, lang), received.tenant, user_id);
            verdicts.extend(broken.filter_map(verdict).map(|verdict| verdict.about_device(device.confidence)));
        }
        self.publish(
            event,
            id,
            received.tenant,
            &device,
            &geo,
            &signals,
            (ip, occurred_at),
            &verdicts,
            target.outgoing,
        );
        if !exempt {
            for crossing in &self.findings.crossings {
                target.outgoing.extend(CorrelationInput::outgoing(received.tenant, id, crossing, &rules));
            }
        }
        let enriched = Enriched {
            filed: &filed,
            ip,
            geo: &geo,
            device: &device,
            signals: &signals,
            verdicts: &verdicts,
            retention_days: retention[filed.category as usize],
            occurred_at,
            claimed_at: if skewed { claimed } else { 0 },
        };
        enriched.push(event, id, received, &self.shared.metrics, target.rows);
        Ok(())
    }

    /// Signals, then rules over them.
    #[expect(clippy::too_many_arguments, reason = "rules look at everything that the stages before them found")]
    fn detect(
        &mut self,
        event: &Event<'_>,
        id: &str,
        sighting: &Observation<'_>,
        received: &Received<'_>,
        (rules, zone): (&RuleSet, Zone),
        filed: &Classification<'_>,
        geo: &Geo,
        device: &Device,
        signals: &mut Signals,
        target: &mut Target<'_>,
    ) -> Result<()> {
        let mut user = None;
        let actor_id = text(event.actor.as_ref().and_then(|actor| actor.id.as_ref()));
        if !actor_id.is_empty() {
            self.key.clear();
            self.key.extend([received.tenant, "/", actor_id]);
            let Some(known) = target.state.user(&self.key, received.offset)? else {
                // The state is from after this record: its row and its findings are stored and sent already.
                return Ok(());
            };
            if actor_kind(event) == ActorKind::User.as_str() {
                *signals = known.observe(sighting, zone);
                let decided = self.shared.access.get(received.tenant, actor_id, sighting.device);
                signals.device_access =
                    decided.filter(|_| !sighting.backfill).and_then(|decided| match decided.access {
                        Access::Allow => None,
                        Access::Block | Access::Ask => Some(decided.access.as_str()),
                    });
            }
            user = Some(known);
        }
        // History that is sent in later makes known who the user is; it breaks no rule now.
        if sighting.backfill {
            return Ok(());
        }
        let view =
            View { event, filed, outcome: outcome(event, filed), geo, device, device_id: sighting.device, signals };
        let subject = Subject { event_id: id, identity: received.identity, at: sighting.at(), late: signals.late };
        self.findings.find(rules, &view, subject, user);
        self.findings.merge(rules);
        self.shared.metrics.windows_dropped(self.findings.dropped);
        Ok(())
    }

    /// What goes to topics about the findings.
    #[expect(clippy::too_many_arguments, reason = "a finding states everything about its event")]
    fn publish(
        &self,
        event: &Event<'_>,
        id: &str,
        tenant: &str,
        device: &Device,
        geo: &Geo,
        signals: &Signals,
        (ip, occurred_at): (Option<IpAddr>, i64),
        verdicts: &[ViolationDraft<'_>],
        outgoing: &mut Vec<Outgoing>,
    ) {
        if verdicts.is_empty() {
            return;
        }
        let actor = event.actor.as_ref();
        device.id.with_str(|device_id| {
            let about = EventSummary {
                tenant,
                user_id: text(actor.and_then(|actor| actor.id.as_ref())),
                user_name: text(actor.and_then(|actor| actor.name.as_ref())),
                device_id,
                device_confidence: (!device.id.is_none()).then(|| device.confidence.as_str()),
                session_id: &signals.session_key,
                ip,
                country: &geo.country,
                city: &geo.city,
                event_id: id,
                event_type: text(event.kind.as_ref()),
                occurred_at,
            };
            // What staff decided about a device holds against rules.
            let decided = self.shared.access.get(tenant, about.user_id, device_id);
            let by_staff = decided.is_some_and(|decided| !decided.decided_by.starts_with(BY_RULE));
            for verdict in verdicts {
                outgoing.push(verdict.outgoing(&about));
                if !by_staff {
                    outgoing.extend(verdict.decision(&about));
                }
            }
        });
    }

    fn geo(&mut self, ip: Option<IpAddr>) -> Arc<Geo> {
        match ip {
            Some(ip) => self.database.lookup(&mut self.geo_cache, ip),
            None => self.database.unknown(),
        }
    }

    fn device(&mut self, event: &Event<'_>, tenant: &str) -> Device {
        let context = event.context.as_ref();
        let hints = context.and_then(|context| context.client_hints.as_ref());
        let input = DeviceInput {
            user_agent: text(context.and_then(|context| context.user_agent.as_ref())),
            hints: hints.map_or_else(ClientHints::default, |hints| ClientHints {
                ua: text(hints.ua.as_ref()),
                mobile: text(hints.mobile.as_ref()),
                platform: text(hints.platform.as_ref()),
                platform_version: text(hints.platform_version.as_ref()),
                model: text(hints.model.as_ref()),
                full_version_list: text(hints.full_version_list.as_ref()),
            }),
            accept_language: "",
            cookie_id: text(context.and_then(|context| context.device_id.as_ref())),
            tenant,
        };
        self.shared.parser.parse(&mut self.device_cache, &input)
    }
}

/// What signals look at.
fn sighting<'a>(
    event: &'a Event<'_>,
    filed: &'a Classification<'_>,
    ip: Option<IpAddr>,
    geo: &'a Geo,
    (device, device_confidence): (&'a str, Confidence),
    (occurred_at, received_at): (i64, i64),
) -> Observation<'a> {
    Observation {
        occurred_at,
        received_at,
        act: ActionKind::of(filed.action, filed.category.as_str(), outcome(event, filed)),
        records: event.records.unwrap_or_default(),
        device,
        device_confidence,
        ip: ip.map_or(0, |ip| address::mapped(address::counted(ip)).to_bits()),
        asn: geo.asn,
        country: &geo.country,
        position: geo.position(),
        accuracy_km: geo.accuracy_km,
        masked: !geo.anonymous.is_empty() || is_carrier(&geo.as_org),
        session_id: text(event.context.as_ref().and_then(|context| context.session_id.as_ref())),
        backfill: event.backfill.unwrap_or_default(),
    }
}

/// The finding that an event of our own carries.
fn matched(event: &Event<'_>) -> Option<CorrelationMatch> {
    serde_json::from_str(event.payload?.get()).ok()
}

/// Without an actor it was the system, but for a failed sign-in, which somebody tried; an actor that doesn't say is a
/// user.
pub(crate) fn actor_kind<'a>(event: &'a Event<'_>) -> &'a str {
    match &event.actor {
        None if sign_ins::says_failed(event) => ActorKind::User.as_str(),
        None => ActorKind::System.as_str(),
        Some(actor) => or(text(actor.kind.as_ref()), ActorKind::User.as_str()),
    }
}

/// What an event reports has been done, unless it or its name says otherwise, or its action is a failure. A failed sign-in is
/// one, whatever it says of its outcome.
fn outcome<'a>(event: &'a Event<'_>, filed: &Classification<'_>) -> &'a str {
    if filed.action == sign_ins::SIGN_IN_FAILED {
        return Outcome::Failure.as_str();
    }
    let presumed = if filed.action.ends_with("_failed") { Outcome::Failure } else { filed.presumed };
    or(text(event.outcome.as_ref()), presumed.as_str())
}

fn text<'a>(text: Option<&'a Text<'_>>) -> &'a str {
    text.map_or("", |text| &**text)
}

fn or<'a>(text: &'a str, fallback: &'a str) -> &'a str {
    if text.is_empty() { fallback } else { text }
}
