//! The stages between a decoded event and its row, in the order of the event's path: geo → device → rules → row.
//! Pure and synchronous; each worker has its own caches, so nothing is locked.

use std::net::IpAddr;
use std::sync::Arc;

use schemas::catalogue::Classification;
use schemas::decode::unknown_fields;
use schemas::event::{ActorKind, Event, Outcome, Text};
use serde_json::value::RawValue;

use crate::device::{ClientHints, Device, DeviceCache, DeviceInput, DeviceParser};
use crate::geo::{Geo, GeoCache, GeoDatabase, GeoReader, IpKind};
use crate::metrics::Metrics;
use crate::policy::Facts;
use crate::rows::Rows;
use crate::view::View;
use detect::rules::{Match, RuleSet};

/// An occurrence later than its receipt by more than this is a wrong clock: the time of receipt is used, and the claimed
/// time kept beside it (pitfall 19).
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
}

/// What all workers of a process share.
#[derive(Clone)]
pub struct Shared {
    /// Places of addresses.
    pub geo: Arc<GeoReader>,
    /// Browsers and devices.
    pub parser: Arc<DeviceParser>,
    /// Sigma rules.
    pub rules: Arc<RuleSet>,
    /// Counters.
    pub metrics: Metrics,
}

/// One worker's stages.
pub struct Stages {
    shared: Shared,
    database: Arc<GeoDatabase>,
    geo_cache: GeoCache,
    device_cache: DeviceCache,
    matches: Vec<Match>,
}

impl Stages {
    /// Stages with empty caches.
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        let database = shared.geo.snapshot();
        Self {
            shared,
            database,
            geo_cache: GeoCache::new(GEO_CACHE),
            device_cache: DeviceCache::default(),
            matches: Vec::new(),
        }
    }

    /// Takes up a newer geo database, if one was loaded. Call between batches.
    pub fn refresh(&mut self) {
        self.database = self.shared.geo.snapshot();
    }

    /// Takes an event through the stages and appends its row.
    pub fn run(&mut self, event: &Event<'_>, id: &str, received: &Received<'_>, facts: &mut Facts, rows: &mut Rows) {
        let retention_days = facts.policy.retention_days;
        let filed = facts.classify(event);
        let ip = event.context.as_ref().and_then(|context| context.ip.as_deref()).and_then(|ip| ip.parse().ok());
        let geo = self.geo(ip);
        let device = self.device(event, received.tenant);
        self.matches.clear();
        device.id.with_str(|device_id| {
            let view =
                View { event, filed: &filed, outcome: outcome(event, &filed), geo: &geo, device: &device, device_id };
            self.shared.rules.evaluate(&view, &mut self.matches);
        });
        self.row(event, id, received, &filed, ip, &geo, &device, retention_days[filed.category as usize], rows);
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

    #[expect(clippy::too_many_arguments, reason = "one row is made of everything that the stages found")]
    fn row(
        &self,
        event: &Event<'_>,
        id: &str,
        received: &Received<'_>,
        filed: &Classification<'_>,
        ip: Option<IpAddr>,
        geo: &Geo,
        device: &Device,
        retention_days: u16,
        rows: &mut Rows,
    ) {
        let claimed = event.occurred_at.map_or(received.received_at, |time| time.0);
        let skewed = claimed > received.received_at + CLOCK_SKEW_MS;
        rows.tenant.push(received.tenant);
        rows.event_id.push(id);
        rows.kind.push(text(event.kind.as_ref()));
        rows.class.push(filed.class.as_str());
        rows.category.push(filed.category.as_str());
        rows.action.push(filed.action);
        rows.outcome.push(outcome(event, filed));
        rows.reason.push(text(event.reason.as_ref()));
        rows.occurred_at.push(if skewed { received.received_at } else { claimed });
        rows.claimed_at.push(if skewed { claimed } else { 0 });
        rows.received_at.push(received.received_at);
        rows.enriched_at.push(chrono::Utc::now().timestamp_millis());
        rows.location.push(text(event.location.as_ref()));
        rows.channel.push(or(text(event.channel.as_ref()), filed.channel));
        rows.started_at.push(event.started_at.map_or(0, |time| time.0));
        rows.duration_ms.push(event.duration_ms.unwrap_or_default());
        rows.records.push(event.records.unwrap_or_default());
        rows.backfill.push(event.backfill.unwrap_or_default().into());
        rows.key_id.push(received.key_id);
        rows.payload.push(event.payload.map_or("", RawValue::get));
        rows.retention_days.push(retention_days);
        rows.kafka_partition.push(received.partition);
        rows.kafka_offset.push(received.offset);
        actor(event, rows);
        object(event, filed, rows);
        changes(event, rows);
        context(event, ip, rows);
        place(geo, rows);
        machine(device, rows);
        self.extra(event, rows);
        let actor_id = text(event.actor.as_ref().and_then(|actor| actor.id.as_ref()));
        self.violations(received.tenant, actor_id, if skewed { received.received_at } else { claimed }, rows);
    }

    fn extra(&self, event: &Event<'_>, rows: &mut Rows) {
        let unknown = unknown_fields(event);
        if unknown.is_empty() {
            return rows.extra.push("");
        }
        self.shared.metrics.unknown_fields(unknown.len());
        let fields: std::collections::BTreeMap<&str, &RawValue> =
            unknown.iter().map(|(path, value)| (path.as_str(), *value)).collect();
        // Keys are strings and values JSON already: this can't fail.
        rows.extra.push(&serde_json::to_string(&fields).unwrap_or_default());
    }

    fn violations(&self, tenant: &str, actor_id: &str, at: i64, rows: &mut Rows) {
        for rule in self.matches.iter().filter_map(|&found| self.shared.rules.rule(found)) {
            rows.violations.elements.push(&rule.name);
            rows.violation_levels.elements.push(rule.level as u8);
            rows.violation_versions.elements.push(rule.version);
            rows.violation_ids.elements.push(&schemas::violation::id(tenant, &rule.name, actor_id, at, 3_600_000));
            rows.violation_windows.elements.push(at - at.rem_euclid(3_600_000));
            rows.violation_seen.elements.push(-1.0);
            rows.violation_limits.elements.push(-1.0);
            rows.violation_actions.elements.push("flag");
            rows.violation_groups.elements.push("");
        }
        rows.violations.end_row();
        rows.violation_levels.end_row();
        rows.violation_versions.end_row();
        rows.violation_ids.end_row();
        rows.violation_windows.end_row();
        rows.violation_seen.end_row();
        rows.violation_limits.end_row();
        rows.violation_actions.end_row();
        rows.violation_groups.end_row();
        rows.signals_name.end_row();
        rows.signals_value.end_row();
        rows.session_key.push("");
        rows.session_started_at.push(0);
        rows.last_activity_at.push(at);
    }
}

fn actor(event: &Event<'_>, rows: &mut Rows) {
    let actor = event.actor.as_ref();
    rows.actor_kind.push(actor_kind(event));
    rows.actor_id.push(text(actor.and_then(|actor| actor.id.as_ref())));
    rows.actor_name.push(text(actor.and_then(|actor| actor.name.as_ref())));
    rows.actor_email.push(text(actor.and_then(|actor| actor.email.as_ref())));
    rows.actor_active.push(actor.and_then(|actor| actor.active).unwrap_or(true).into());
}

fn object(event: &Event<'_>, filed: &Classification<'_>, rows: &mut Rows) {
    let object = event.object.as_ref();
    rows.module.push(or(text(object.and_then(|object| object.module.as_ref())), filed.module));
    rows.object_type.push(or(text(object.and_then(|object| object.kind.as_ref())), filed.object_type));
    rows.object_id.push(text(object.and_then(|object| object.id.as_ref())));
    rows.object_name.push(text(object.and_then(|object| object.name.as_ref())));
    rows.object_url.push(text(object.and_then(|object| object.url.as_ref())));
}

/// Old and new values are kept as the JSON they came in; one that is absent is empty (J14).
fn changes(event: &Event<'_>, rows: &mut Rows) {
    for change in event.changes.iter().flatten() {
        rows.changes_path.elements.push(text(change.path.as_ref()));
        rows.changes_op.elements.push(or(text(change.op.as_ref()), "replace"));
        rows.changes_old.elements.push(change.old.map_or("", RawValue::get));
        rows.changes_new.elements.push(change.new.map_or("", RawValue::get));
    }
    rows.changes_path.end_row();
    rows.changes_op.end_row();
    rows.changes_old.end_row();
    rows.changes_new.end_row();
}

fn context(event: &Event<'_>, ip: Option<IpAddr>, rows: &mut Rows) {
    let context = event.context.as_ref();
    rows.ip.push(ip);
    rows.user_agent.push(text(context.and_then(|context| context.user_agent.as_ref())));
    rows.session_id.push(text(context.and_then(|context| context.session_id.as_ref())));
    rows.request_id.push(text(context.and_then(|context| context.request_id.as_ref())));
}

fn place(geo: &Geo, rows: &mut Rows) {
    rows.country.push(&geo.country);
    rows.region.push(&geo.region);
    rows.city.push(&geo.city);
    rows.latitude.push(geo.latitude);
    rows.longitude.push(geo.longitude);
    rows.accuracy_km.push(geo.accuracy_km);
    rows.geo_time_zone.push(&geo.timezone);
    rows.asn.push(geo.asn);
    rows.as_org.push(&geo.as_org);
    rows.geo_build.push(geo.build_epoch);
    let ordinary = matches!(geo.kind, IpKind::Public | IpKind::Unknown) && geo.anonymous.is_empty();
    if ordinary {
        rows.ip_flags.push("");
    } else {
        let kind = (geo.kind != IpKind::Public).then(|| geo.kind.as_str());
        let flags: Vec<_> = kind.into_iter().chain(geo.anonymous.names()).collect();
        rows.ip_flags.push(&flags.join(","));
    }
}

fn machine(device: &Device, rows: &mut Rows) {
    let agent = &device.agent;
    rows.browser.push(&agent.browser);
    rows.browser_version.push(&agent.browser_version);
    rows.os.push(&agent.os);
    rows.os_version.push(&agent.os_version);
    rows.device_kind.push(agent.kind.as_str());
    rows.device_model.push(&agent.model);
    rows.bot.push(agent.bot.into());
    device.id.with_str(|id| rows.device_id.push(id));
    rows.device_confidence.push(device.confidence.as_str());
}

/// Without an actor it was the system (A5); an actor that doesn't say is a user.
pub(crate) fn actor_kind<'a>(event: &'a Event<'_>) -> &'a str {
    match &event.actor {
        None => ActorKind::System.as_str(),
        Some(actor) => or(text(actor.kind.as_ref()), ActorKind::User.as_str()),
    }
}

/// What an event reports has been done, unless it says otherwise or its action is a failure.
fn outcome<'a>(event: &'a Event<'_>, filed: &Classification<'_>) -> &'a str {
    let presumed = if filed.action.ends_with("_failed") { Outcome::Failure } else { Outcome::Success };
    or(text(event.outcome.as_ref()), presumed.as_str())
}

fn text<'a>(text: Option<&'a Text<'_>>) -> &'a str {
    text.map_or("", |text| &**text)
}

fn or<'a>(text: &'a str, fallback: &'a str) -> &'a str {
    if text.is_empty() { fallback } else { text }
}
