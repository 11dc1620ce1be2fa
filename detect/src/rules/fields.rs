//! How rules see an event.

use std::borrow::Cow;
use std::net::IpAddr;

use rsigma_eval::{Event, EventValue, JsonEvent};
use schemas::address::{network, prefix};
use serde_json::Value;

use super::problem::RuleProblem;
use super::{FieldValue, addresses};

/// Every field a rule can ask for: the contract between events and rules. `changes` is a list of maps (for `changes[any]`
/// blocks, which look at one change at a time); `changes.path` and its siblings are lists of one member a change.
///
/// `context.ip` is in its one form (`45.9.77.1`, `2001:db8::1`); `context.ip_prefix` is what counts as one address
/// (`45.9.77.1`, `2001:db8:0:1::/64`), also where a correlation groups by `context.ip` or counts it; `context.network` is
/// `AS64500` where the number is known, or else the /24 or /48. With `|cidr` the prefix and the network are their first addresses:
/// the network is the /24 or /48 then, whatever its number.
///
/// `actor.account` is the actor's id, or else its e-mail address or its name: failed sign-ins may be of names that nobody has,
/// and have no id then.
///
/// Signals are what the event is in the light of the user's history. `signal.new_…`, `…_changed`, `first_sign_in` and `late`
/// are true or absent; `travel_km` and `travel_kmh` are since the last sign-in, `travel_confidence` is low, medium or high;
/// `days_since_seen` is there from 1; `local_hour` is 0 to 23 and `local_weekday` 1 (Monday) to 7 in the tenant's zone;
/// counts end with their window, and are on the events that they count (`failed_…` to `sessions_active`: on sign-ins and
/// failed ones); `device_access` is block or ask, or absent.
pub const FIELDS: &[&str] = &[
    "type",
    "class",
    "action",
    "category",
    "outcome",
    "reason",
    "actor.kind",
    "actor.id",
    "actor.name",
    "actor.email",
    "actor.account",
    "actor.active",
    "object.type",
    "object.id",
    "object.module",
    "location",
    "channel",
    "records",
    "duration_ms",
    "backfill",
    "context.ip",
    "context.ip_prefix",
    "context.network",
    "context.user_agent",
    "context.session_id",
    "session.key",
    "geo.country",
    "geo.region",
    "geo.city",
    "geo.asn",
    "geo.as_org",
    "geo.anonymous",
    "geo.ip_kind",
    "device.id",
    "device.browser",
    "device.browser_version",
    "device.os",
    "device.os_version",
    "device.kind",
    "device.bot",
    "device.confidence",
    "signal.first_sign_in",
    "signal.new_device",
    "signal.new_ip",
    "signal.new_network",
    "signal.new_country",
    "signal.travel_km",
    "signal.travel_kmh",
    "signal.travel_confidence",
    "signal.session_ip_changed",
    "signal.session_country_changed",
    "signal.days_since_seen",
    "signal.local_hour",
    "signal.local_weekday",
    "signal.failed_sign_ins_1h",
    "signal.devices_24h",
    "signal.ips_24h",
    "signal.countries_24h",
    "signal.sessions_24h",
    "signal.sessions_active",
    "signal.viewed_1h",
    "signal.viewed_24h",
    "signal.exported_1h",
    "signal.exported_24h",
    "signal.deleted_1h",
    "signal.device_access",
    "signal.late",
    "changes",
    "changes.path",
    "changes.op",
    "changes.old",
    "changes.new",
];

/// `name`, if events have a field of that name.
pub(crate) fn known_field(name: &str) -> Result<&str, RuleProblem> {
    FIELDS.contains(&name).then_some(name).ok_or_else(|| RuleProblem::Field(name.to_owned()))
}

/// An event that rules can look at, without a copy of it.
pub trait EventFields {
    /// The value at one of [`FIELDS`].
    ///
    /// Absent, empty and unknown values are `None`, so that a rule can ask for what is missing (`field: null`,
    /// `field|exists: false`) in one way. Of a change, `old` and `new` are the text of a JSON string, or else the JSON.
    fn field(&self, path: &str) -> Option<FieldValue<'_>>;

    /// Whether there is a value at `path`. Worth its own answer where a list would have to be built for [`Self::field`].
    fn has(&self, path: &str) -> bool {
        self.field(path).is_some()
    }
}

/// An event as a JSON tree, nested (`{"geo": {"country": …}}`) or flat (`{"geo.country": …}`): for rules tried on stored
/// history and for tests. The workers have a faster view.
#[derive(Debug)]
pub struct JsonFields<'a>(JsonEvent<'a>);

impl<'a> JsonFields<'a> {
    /// Looks at `event`.
    #[must_use]
    pub fn new(event: &'a Value) -> Self {
        Self(JsonEvent::borrow(event))
    }
}

impl EventFields for JsonFields<'_> {
    fn field(&self, path: &str) -> Option<FieldValue<'_>> {
        let found = self.0.get_field(path);
        match (path, found) {
            ("context.ip", Some(sent)) => Some(FieldValue::Str(read(&sent)?.to_string().into())),
            ("context.ip_prefix", None) => {
                Some(FieldValue::Str(prefix(read(&self.0.get_field("context.ip")?)?).into()))
            }
            ("context.network", None) => {
                let asn = self.0.get_field("geo.asn").and_then(|asn| asn.as_f64()).unwrap_or_default();
                Some(FieldValue::Str(network(read(&self.0.get_field("context.ip")?)?, asn as u32).into()))
            }
            ("actor.account", None) => {
                ["actor.id", "actor.email", "actor.name"].into_iter().find_map(|path| self.0.get_field(path))
            }
            (_, found) => found,
        }
    }
}

fn read(sent: &FieldValue<'_>) -> Option<IpAddr> {
    schemas::address::read(&sent.as_str()?)
}

/// Our view as rsigma's. The fields are known, so whatever walks all of an event walks [`FIELDS`].
pub(super) struct View<'a, E>(pub(super) &'a E);

impl<E: EventFields> Event for View<'_, E> {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        match addresses::first_address(path, || read(&self.0.field("context.ip")?)) {
            Some(first) => Some(FieldValue::Str(first?.to_string().into())),
            None => self.0.field(path),
        }
    }

    fn any_string_value(&self, pred: &dyn Fn(&str) -> bool) -> bool {
        FIELDS.iter().filter_map(|path| self.0.field(path)).any(|value| any_text(&value, pred))
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        let mut texts = Vec::new();
        for value in FIELDS.iter().filter_map(|path| self.0.field(path)) {
            collect_texts(value, &mut texts);
        }
        texts
    }

    fn to_json(&self) -> Value {
        FIELDS
            .iter()
            .filter_map(|path| Some(((*path).to_owned(), self.0.field(path)?.to_json())))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

fn any_text(value: &EventValue<'_>, pred: &dyn Fn(&str) -> bool) -> bool {
    match value {
        EventValue::Str(text) => pred(text),
        EventValue::Array(items) => items.iter().any(|item| any_text(item, pred)),
        EventValue::Map(entries) => entries.iter().any(|(_, item)| any_text(item, pred)),
        _ => false,
    }
}

fn collect_texts<'a>(value: EventValue<'a>, texts: &mut Vec<Cow<'a, str>>) {
    match value {
        EventValue::Str(text) => texts.push(text),
        EventValue::Array(items) => items.into_iter().for_each(|item| collect_texts(item, texts)),
        EventValue::Map(entries) => {
            entries.into_iter().for_each(|(_, item)| collect_texts(item, texts));
        }
        _ => {}
    }
}
