//! The last stage: an event and what was found about it, as values of the columns of `events`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use schemas::address::counted;
use schemas::catalogue::Classification;
use schemas::decode::{ATTRIBUTE_PREFIX, unknown_fields};
use schemas::event::{Class, Event};
use schemas::json::{canonical, kept, put_text};
use schemas::standing;
use serde_json::value::RawValue;

use detect::signals::Signals;

use super::{Received, actor_kind, or, outcome, text};
use crate::device::Device;
use crate::geo::{Geo, IpKind};
use crate::metrics::Metrics;
use crate::rows::Rows;
use crate::violation_draft::ViolationDraft;

/// What the stages before the row found.
pub(super) struct Enriched<'a> {
    pub(super) filed: &'a Classification<'a>,
    pub(super) ip: Option<IpAddr>,
    pub(super) geo: &'a Geo,
    pub(super) device: &'a Device,
    pub(super) signals: &'a Signals,
    pub(super) verdicts: &'a [ViolationDraft<'a>],
    pub(super) retention_days: u16,
    pub(super) occurred_at: i64,
    pub(super) claimed_at: i64,
}

impl Enriched<'_> {
    /// Appends the row.
    pub(super) fn push(
        &self,
        event: &Event<'_>,
        id: &str,
        received: &Received<'_>,
        metrics: &Metrics,
        rows: &mut Rows,
    ) {
        let filed = self.filed;
        rows.tenant.push(received.tenant);
        rows.event_id.push(id);
        rows.source.push(text(event.source.as_ref()));
        rows.kind.push(text(event.kind.as_ref()));
        rows.class.push(filed.class.as_str());
        rows.category.push(filed.category.as_str());
        rows.action.push(filed.action);
        rows.outcome.push(outcome(event, filed));
        rows.reason.push(text(event.reason.as_ref()));
        rows.occurred_at.push(self.occurred_at);
        rows.claimed_at.push(self.claimed_at);
        rows.received_at.push(received.received_at);
        rows.enriched_at.push(chrono::Utc::now().timestamp_millis());
        rows.location.push(text(event.location.as_ref()));
        rows.channel.push(or(text(event.channel.as_ref()), filed.channel));
        rows.started_at.push(event.started_at.map_or(0, |time| time.0));
        rows.duration_ms.push(event.duration_ms.unwrap_or_default());
        rows.records.push(event.records.unwrap_or_default());
        rows.backfill.push(event.backfill.unwrap_or_default().into());
        rows.key_id.push(received.key_id);
        rows.content_hash.push(received.content);
        rows.payload.push(&event.payload.map_or(Cow::Borrowed(""), kept));
        rows.retention_days.push(self.retention_days);
        rows.kafka_partition.push(received.partition);
        rows.kafka_offset.push(received.offset);
        let (of_actor, of_object) = standing::said(event, filed);
        rows.actor_standing.push(of_actor as u8);
        rows.object_standing.push(of_object as u8);
        actor(event, rows);
        object(event, filed, rows);
        changes(event, filed.class, rows);
        context(event, self.ip, rows);
        place(self.geo, rows);
        machine(self.device, rows);
        extra(event, metrics, rows);
        signals(self, rows);
        violations(self.verdicts, rows);
    }
}

fn extra(event: &Event<'_>, metrics: &Metrics, rows: &mut Rows) {
    let unknown = unknown_fields(event);
    if unknown.is_empty() {
        return rows.extra.push("");
    }
    metrics.unknown_fields(unknown.iter().filter(|(name, _)| !name.starts_with(ATTRIBUTE_PREFIX)).count());
    let fields: BTreeMap<&str, &RawValue> = unknown.iter().map(|(path, value)| (path.as_str(), *value)).collect();
    let mut json = String::new();
    for (path, value) in fields {
        json.push(if json.is_empty() { '{' } else { ',' });
        put_text(&mut json, path);
        json.push(':');
        json.push_str(&kept(value));
    }
    json.push('}');
    rows.extra.push(&json);
}

fn signals(found: &Enriched<'_>, rows: &mut Rows) {
    found.signals.each(|name, value| {
        rows.signals_name.elements.push(name);
        rows.signals_value.elements.push(value);
    });
    rows.signals_name.end_row();
    rows.signals_value.end_row();
    rows.session_key.push(&found.signals.session_key);
    rows.session_started_at.push(found.signals.session_started_at);
    let last = found.signals.last_activity_at;
    rows.last_activity_at.push(if last == 0 { found.occurred_at } else { last });
}

fn violations(verdicts: &[ViolationDraft<'_>], rows: &mut Rows) {
    for verdict in verdicts {
        verdict.push(rows);
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

/// Old and new values are kept in their one spelling, so that they can be compared; one that is absent is empty.
fn changes(event: &Event<'_>, class: Class, rows: &mut Rows) {
    for change in schemas::changes::changes(event, class) {
        rows.changes_path.elements.push(text(change.path.as_ref()));
        rows.changes_op.elements.push(or(text(change.op.as_ref()), "replace"));
        rows.changes_old.elements.push(&change.old.map_or(Cow::Borrowed(""), canonical));
        rows.changes_new.elements.push(&change.new.map_or(Cow::Borrowed(""), canonical));
    }
    rows.changes_path.end_row();
    rows.changes_op.end_row();
    rows.changes_old.end_row();
    rows.changes_new.end_row();
}

fn context(event: &Event<'_>, ip: Option<IpAddr>, rows: &mut Rows) {
    let context = event.context.as_ref();
    rows.ip.push(ip);
    rows.ip_prefix.push(ip.map(counted));
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
