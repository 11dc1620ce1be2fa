//! What a caller sees of a row: the event in the shape it was sent, plus what enrichment added. Empty is left out.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, Utc};
use schemas::bidi::{escaped, plain, seen};
use schemas::catalogue::Lang;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::log::rows::EventRow;
use crate::violations::filter::level_name;

use crate::export::values;
use crate::log::labels::Labels;
use crate::log::object_state::{keys, value};
use crate::log::own::{self, is_own, object_name};
use crate::log::signals::signals;
use crate::log::wording::{EventRenderer, Words};
use crate::log::words::{is_unseen, legible};

/// An event as stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Event {
    /// Unique in its tenant.
    #[schema(example = "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1")]
    pub id: String,
    /// The part of the application that numbers its events by itself: with the id, what the sender knows it by.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "/shop-a")]
    pub source: String,
    /// Type of the catalogue, or any other that was sent.
    #[serde(rename = "type")]
    #[schema(example = "task.deadline_changed")]
    pub event_type: String,
    /// The event in words.
    #[serde(flatten)]
    pub words: Words,
    /// `create`, `delete`, `change` or `other`.
    #[schema(example = "change")]
    pub class: String,
    /// What decides how long it is kept.
    #[schema(example = "changes")]
    pub category: String,
    /// What was done.
    #[schema(example = "update")]
    pub action: String,
    /// What these, and the other codes of the event, are called.
    pub labels: Labels,
    /// Part of the application.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub module: String,
    /// `success`, `failure` or `unknown`.
    #[schema(example = "success")]
    pub outcome: String,
    /// Why, for a failure.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub reason: String,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When the sender said it happened, where that was too far off to be believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_at: Option<DateTime<Utc>>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// To what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<EventObject>,
    /// Branch or office.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub location: String,
    /// What changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub changes: Vec<Change>,
    /// Channel of communication.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub channel: String,
    /// When it began, for what lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// How long it lasted.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub duration_ms: u64,
    /// Records viewed or exported.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub records: u64,
    /// Brought in later.
    pub backfill: bool,
    /// From where it was sent.
    pub context: Context,
    /// Where that is, by the geolocation database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
    /// On what, by the user agent and client hints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// Rules it broke. Shown from the role security on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violations: Option<Vec<Flag>>,
    /// What was new, far, fast or much about it for this user: numbers, words, or `true`. Shown from the role security on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, example = json!({"new_device": true, "travel_km": 240.0}))]
    pub signals: Option<Map<String, Value>>,
    /// What the catalogue doesn't know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Box<RawValue>>,
    /// Fields that were sent and are not part of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub extra: Option<Box<RawValue>>,
}

/// Who did it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Actor {
    /// `user`, `system` or `api_key`.
    #[schema(example = "user")]
    pub kind: String,
    /// Empty for the system.
    #[schema(example = "u-17")]
    pub id: String,
    /// What to call the actor: the name, or else the e-mail address or id; "System" for the product itself, in the
    /// language of the answer.
    #[schema(example = "Jana Nováková")]
    pub label: String,
    /// Display name.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "Jana Nováková")]
    pub name: String,
    /// E-mail address.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub email: String,
    /// False for a deactivated user.
    pub active: bool,
}

/// What it was done to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventObject {
    /// Type.
    #[serde(rename = "type")]
    #[schema(example = "task")]
    pub object_type: String,
    /// Number or id in the application.
    #[schema(example = "4711")]
    pub id: String,
    /// Display name.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub name: String,
    /// Link into the application: the event's own, or else by the tenant's template for the type.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub url: String,
}

/// One changed field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Change {
    /// Which field.
    #[schema(example = "/deadline")]
    pub path: String,
    /// All of it in files, as `field: old → new`: in words where it is a setting of the product.
    #[serde(skip)]
    pub text: String,
    /// `add`, `remove`, `replace` or `move`.
    #[schema(example = "replace")]
    pub op: String,
    /// Before; absent if it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub old: Option<Box<RawValue>>,
    /// After.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub new: Option<Box<RawValue>>,
}

/// From where an event was sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Context {
    /// Client address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "198.51.100.7")]
    pub ip: Option<IpAddr>,
    /// User agent as sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub user_agent: String,
    /// Session in the application.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub session_id: String,
    /// The session that it was counted to, by the application's or by pauses.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub session_key: String,
    /// Request in the application.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub request_id: String,
    /// API key that sent it; empty for what came straight over Kafka.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub key_id: String,
}

/// A place, as sure as the database is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Geo {
    /// ISO 3166-1 code.
    #[schema(example = "CZ")]
    pub country: String,
    /// First-level subdivision.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub region: String,
    /// City.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "Brno")]
    pub city: String,
    /// Degrees north; absent where nobody knows, as for an address of a private network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f32>,
    /// Degrees east; absent where nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f32>,
    /// Radius of uncertainty; 0 where the database has none.
    pub accuracy_km: u16,
    /// Time zone there.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub time_zone: String,
    /// Autonomous system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// Whose that is.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub as_org: String,
    /// Anonymiser, hosting and the like.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub flags: String,
    /// Build of the database; absent for what needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<DateTime<Utc>>,
}

/// A place by its names alone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Place {
    /// ISO 3166-1 code.
    #[schema(example = "CZ")]
    pub country: String,
    /// City.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "Brno")]
    pub city: String,
}

impl Place {
    /// None where neither is known.
    pub fn new(country: String, city: String) -> Option<Self> {
        (!country.is_empty() || !city.is_empty()).then_some(Self { country, city })
    }
}

/// A device.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Device {
    /// Made from the cookie, or else from the fingerprint.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub id: String,
    /// How sure the id is: `high` by a cookie, `medium` by a fingerprint that includes a model, `low` by one that thousands
    /// have, `none` without an id.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "high")]
    pub confidence: String,
    /// `desktop`, `mobile`, `tablet`, `tv`, `console`, `wearable`, `bot`, `script` or `unknown`.
    #[schema(example = "desktop")]
    pub kind: String,
    /// Browser or application.
    #[schema(example = "Firefox")]
    pub browser: String,
    /// Its version.
    pub browser_version: String,
    /// Operating system.
    #[schema(example = "Linux")]
    pub os: String,
    /// Its version.
    pub os_version: String,
    /// Model of the device.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub model: String,
    /// Not a person.
    pub bot: bool,
}

/// A rule that an event broke.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Flag {
    /// The violation that it belongs to.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "5f2b7c0e9d1a4b3f8e6d2c1b0a998877")]
    pub id: String,
    /// The rule.
    #[schema(example = "new-country")]
    pub rule: String,
    /// What to call it in files, in the reader's language; its name where it has no title.
    #[serde(skip)]
    pub title: String,
    /// Its version at the time.
    pub version: u32,
    /// How bad.
    #[schema(example = "high")]
    pub level: &'static str,
    /// What was seen, where the rule has a number to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<f64>,
    /// The limit in force at the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
}

impl Event {
    /// Shows a row; violations only to those who may see them.
    pub fn new(row: EventRow, renderer: &EventRenderer) -> Self {
        let (words, url, label) = (renderer.words(&row), renderer.url(&row), renderer.actor(&row).to_owned());
        let labels = labels(&row, renderer.lang);
        let (changes, name) = (changes(&row, renderer.lang), object_name(&row, renderer.lang));
        let violations = renderer.violations.then(|| flags(&row, |rule| renderer.title(rule)));
        let signals = renderer.violations.then(|| signals(&row.signals_name, &row.signals_value));
        let (geo, device) = (geo(&row), device(&row));
        let ip = address(row.ip);
        let object = (!row.object_type.is_empty() || !row.object_id.is_empty()).then_some(EventObject {
            object_type: row.object_type,
            id: row.object_id,
            name: name.unwrap_or(row.object_name),
            url,
        });
        Self {
            id: row.event_id,
            source: row.source,
            event_type: row.event_type,
            words,
            class: row.class,
            category: row.category,
            action: row.action,
            labels,
            module: row.module,
            outcome: row.outcome,
            reason: row.reason,
            occurred_at: row.occurred_at,
            claimed_at: Some(row.claimed_at).filter(|claimed| *claimed != row.occurred_at && !is_epoch(claimed)),
            received_at: row.received_at,
            actor: Actor {
                kind: row.actor_kind,
                id: row.actor_id,
                label,
                name: row.actor_name,
                email: row.actor_email,
                active: row.actor_active,
            },
            object,
            location: row.location,
            changes,
            channel: row.channel,
            started_at: Some(row.started_at).filter(|started| !is_epoch(started)),
            duration_ms: row.duration_ms,
            records: row.records,
            backfill: row.backfill,
            context: Context {
                ip,
                user_agent: row.user_agent,
                session_id: row.session_id,
                session_key: row.session_key,
                request_id: row.request_id,
                key_id: row.key_id,
            },
            geo,
            device,
            violations,
            signals,
            payload: json(&row.payload),
            extra: json(&row.extra),
        }
    }
}

fn labels(row: &EventRow, lang: Lang) -> Labels {
    let label = |name, value| values::label(name, value, lang);
    Labels {
        class: label("class", &row.class),
        category: label("category", &row.category),
        action: label("action", &row.action),
        module: label("module", &row.module),
        outcome: label("outcome", &row.outcome),
        actor_kind: label("actor_kind", &row.actor_kind),
        object_type: label("object_type", &row.object_type),
        channel: label("channel", &row.channel),
        state: String::new(),
    }
}

pub(crate) fn geo(row: &EventRow) -> Option<Geo> {
    let located = !row.country.is_empty() || row.asn != 0 || !row.ip_flags.is_empty();
    located.then(|| Geo {
        country: row.country.clone(),
        region: row.region.clone(),
        city: row.city.clone(),
        latitude: Some(row.latitude).filter(|degrees| degrees.is_finite()),
        longitude: Some(row.longitude).filter(|degrees| degrees.is_finite()),
        accuracy_km: row.accuracy_km,
        time_zone: row.geo_time_zone.clone(),
        asn: Some(row.asn).filter(|asn| *asn != 0),
        as_org: row.as_org.clone(),
        flags: row.ip_flags.clone(),
        build: Some(row.geo_build).filter(|build| !is_epoch(build)),
    })
}

pub(crate) fn device(row: &EventRow) -> Option<Device> {
    let seen = !row.device_id.is_empty() || !row.user_agent.is_empty() || !row.device_kind.is_empty();
    seen.then(|| Device {
        id: row.device_id.clone(),
        confidence: row.device_confidence.clone(),
        kind: row.device_kind.clone(),
        browser: row.browser.clone(),
        browser_version: row.browser_version.clone(),
        os: row.os.clone(),
        os_version: row.os_version.clone(),
        model: row.device_model.clone(),
        bot: row.bot,
    })
}

pub(crate) fn changes(row: &EventRow, lang: Lang) -> Vec<Change> {
    let is_own = is_own(row);
    let text = |path: &str, values: [&str; 2]| {
        let path_of = keys(path);
        let label = if is_own { own::keys(&path_of, lang).join(" › ").into() } else { legible(path) };
        let texts = values.map(|json| match json {
            "" => "—".to_owned(),
            json if is_own => own::value(&path_of, value(json), lang).to_string(),
            json => json.to_owned(),
        });
        let read_the_same = texts[0] != texts[1] && seen(&texts[0]) == seen(&texts[1]);
        let [old, new] = texts.map(|json| {
            if read_the_same || is_unseen(&value(&json)) { escaped(&json) } else { plain(&json).into_owned() }
        });
        format!("{}: {old} → {new}", plain(&label))
    };
    let before_and_after = row.changes_old.iter().zip(&row.changes_new);
    row.changes_path
        .iter()
        .zip(&row.changes_op)
        .zip(before_and_after)
        .map(|((path, op), (old, new))| Change {
            path: path.clone(),
            text: text(path, [old, new]),
            op: op.clone(),
            old: json(old),
            new: json(new),
        })
        .collect()
}

pub(crate) fn flags(row: &EventRow, title: impl Fn(&str) -> String) -> Vec<Flag> {
    let broken = row.violations.iter().enumerate().map(|(at, rule)| Flag {
        id: row.violation_ids.get(at).cloned().unwrap_or_default(),
        rule: rule.clone(),
        title: title(rule),
        version: row.violation_versions.get(at).copied().unwrap_or_default(),
        level: level_name(row.violation_levels.get(at).copied().unwrap_or_default()),
        seen: row.violation_seen.get(at).copied().and_then(measured),
        limit: row.violation_limits.get(at).copied().and_then(measured),
    });
    broken.collect()
}

/// The columns have an empty text where there is none.
pub(crate) fn known(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The columns have -1 where there is no number.
pub(crate) fn measured(number: f64) -> Option<f64> {
    Some(number).filter(|number| *number >= 0.0)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

/// The column has every address as IPv6; `::` is none.
pub(crate) fn address(ip: Ipv6Addr) -> Option<IpAddr> {
    (!ip.is_unspecified()).then(|| ip.to_canonical())
}

/// A JSON column; empty is none. What is no JSON after all is shown as the text it is, rather than lost.
pub(crate) fn json(text: &str) -> Option<Box<RawValue>> {
    if text.is_empty() {
        return None;
    }
    match serde_json::from_str::<Box<RawValue>>(text) {
        Ok(raw) => Some(raw),
        Err(_) => serde_json::value::to_raw_value(text).ok(),
    }
}

pub(crate) fn is_epoch(time: &DateTime<Utc>) -> bool {
    *time == DateTime::UNIX_EPOCH
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}
