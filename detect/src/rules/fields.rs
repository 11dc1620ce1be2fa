//! How rules see an event.

use std::borrow::Cow;
use std::net::IpAddr;

use rsigma_eval::{Event, EventValue, JsonEvent};
use schemas::address::{network, prefix};
use schemas::json::canonical;
use serde_json::Value;
use serde_json::value::RawValue;

use super::problem::RuleProblem;
use super::{FieldValue, addresses};

/// What is known of an event before rules look at it, as plain values: the source of every field. An empty text, 0 and a list
/// without members mean that the value is absent.
#[expect(missing_docs, reason = "named as the fields that are made of them; see FIELDS")]
pub trait EventFacts {
    fn event_type(&self) -> &str;
    fn class(&self) -> &str;
    fn action(&self) -> &str;
    fn category(&self) -> &str;
    fn outcome(&self) -> &str;
    fn reason(&self) -> &str;
    fn location(&self) -> &str;
    fn channel(&self) -> &str;
    fn records(&self) -> u64;
    /// Milliseconds.
    fn duration_ms(&self) -> u64;
    fn backfill(&self) -> bool;
    fn actor_kind(&self) -> &str;
    fn actor_id(&self) -> &str;
    fn actor_name(&self) -> &str;
    fn actor_email(&self) -> &str;
    /// Whether the actor's account is active; absent where there is no actor.
    fn actor_active(&self) -> Option<bool>;
    fn object_type(&self) -> &str;
    fn object_id(&self) -> &str;
    fn module(&self) -> &str;
    fn ip(&self) -> Option<IpAddr>;
    fn user_agent(&self) -> &str;
    fn session_id(&self) -> &str;
    fn session_key(&self) -> &str;
    fn country(&self) -> &str;
    fn region(&self) -> &str;
    fn city(&self) -> &str;
    fn asn(&self) -> u32;
    fn as_org(&self) -> &str;
    /// Kinds of anonymisers that the address belongs to.
    fn anonymous(&self) -> impl Iterator<Item = &str>;
    fn ip_kind(&self) -> &str;
    fn device_id(&self) -> &str;
    fn browser(&self) -> &str;
    fn browser_version(&self) -> &str;
    fn os(&self) -> &str;
    fn os_version(&self) -> &str;
    fn device_kind(&self) -> &str;
    fn bot(&self) -> bool;
    fn device_confidence(&self) -> &str;
    /// A signal, by its name without `signal.`.
    fn signal(&self, name: &str) -> Option<FieldValue<'_>>;
    fn changes(&self) -> impl Iterator<Item = ChangeFacts<'_>>;
}

/// A change of an event.
#[derive(Clone, Copy, Debug)]
pub struct ChangeFacts<'a> {
    /// What was done to the field.
    pub op: &'a str,
    /// The field.
    pub path: &'a str,
    /// Its value before, if it is known.
    pub old: Option<&'a RawValue>,
    /// Its value after, if it is known.
    pub new: Option<&'a RawValue>,
}

/// Makes the one table of fields: their names, by group, and how each is made of an event's facts.
macro_rules! table {
    ($event:ident; $($name:literal => $value:expr,)+ $($group:ident { $($field:literal => $of:expr,)+ })+; signal { $($signal:literal,)+ }) => {
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
            $($name,)+
            $($(concat!(stringify!($group), ".", $field),)+)+
            $(concat!("signal.", $signal),)+
        ];

        impl<E: EventFacts> EventFields for E {
            fn field(&self, path: &str) -> Option<FieldValue<'_>> {
                let $event = self;
                // By group first: a path is compared with the fields of its group alone.
                match path.split_once('.') {
                    None => match path { $($name => $value,)+ _ => None },
                    $(Some((stringify!($group), field)) => match field { $($field => $of,)+ _ => None },)+
                    Some(("signal", field)) => $event.signal(field),
                    Some(_) => None,
                }
            }

            fn has(&self, path: &str) -> bool {
                // Without building the list: rules about changes ask this first.
                if path.starts_with("changes") {
                    return self.changes().next().is_some();
                }
                self.field(path).is_some()
            }
        }
    };
}

table! {
    event;
    "type" => word(event.event_type()),
    "class" => word(event.class()),
    "action" => word(event.action()),
    "category" => word(event.category()),
    "outcome" => word(event.outcome()),
    "reason" => word(event.reason()),
    "location" => word(event.location()),
    "channel" => word(event.channel()),
    "records" => positive(event.records()),
    "duration_ms" => positive(event.duration_ms()),
    "backfill" => Some(FieldValue::Bool(event.backfill())),
    "changes" => list(event.changes().map(members)),
    actor {
        "kind" => word(event.actor_kind()),
        "id" => word(event.actor_id()),
        "name" => word(event.actor_name()),
        "email" => word(event.actor_email()),
        "account" => [event.actor_id(), event.actor_email(), event.actor_name()].into_iter().find_map(word),
        "active" => event.actor_active().map(FieldValue::Bool),
    }
    object {
        "type" => word(event.object_type()),
        "id" => word(event.object_id()),
        "module" => word(event.module()),
    }
    context {
        "ip" => owned(event.ip()?.to_string()),
        "ip_prefix" => owned(prefix(event.ip()?)),
        "network" => owned(network(event.ip()?, event.asn())),
        "user_agent" => word(event.user_agent()),
        "session_id" => word(event.session_id()),
    }
    session {
        "key" => word(event.session_key()),
    }
    geo {
        "country" => word(event.country()),
        "region" => word(event.region()),
        "city" => word(event.city()),
        "asn" => positive(event.asn().into()),
        "as_org" => word(event.as_org()),
        "anonymous" => list(event.anonymous().filter_map(word)),
        "ip_kind" => word(event.ip_kind()),
    }
    device {
        "id" => word(event.device_id()),
        "browser" => word(event.browser()),
        "browser_version" => word(event.browser_version()),
        "os" => word(event.os()),
        "os_version" => word(event.os_version()),
        "kind" => word(event.device_kind()),
        "bot" => Some(FieldValue::Bool(event.bot())),
        "confidence" => word(event.device_confidence()),
    }
    changes {
        "path" => list(event.changes().filter_map(|change| word(change.path))),
        "op" => list(event.changes().filter_map(|change| word(change.op))),
        "old" => list(event.changes().filter_map(|change| change.old.map(json))),
        "new" => list(event.changes().filter_map(|change| change.new.map(json))),
    };
    signal {
        "first_sign_in",
        "new_device",
        "new_ip",
        "new_network",
        "new_country",
        "travel_km",
        "travel_kmh",
        "travel_confidence",
        "session_ip_changed",
        "session_country_changed",
        "days_since_seen",
        "local_hour",
        "local_weekday",
        "failed_sign_ins_1h",
        "devices_24h",
        "ips_24h",
        "countries_24h",
        "sessions_24h",
        "sessions_active",
        "viewed_1h",
        "viewed_24h",
        "exported_1h",
        "exported_24h",
        "deleted_1h",
        "device_access",
        "late",
    }
}

fn word(text: &str) -> Option<FieldValue<'_>> {
    (!text.is_empty()).then_some(FieldValue::Str(Cow::Borrowed(text)))
}

fn owned(text: String) -> Option<FieldValue<'static>> {
    Some(FieldValue::Str(text.into()))
}

/// Stored events don't distinguish 0 from a number that was not sent, so rules don't either.
fn positive(number: u64) -> Option<FieldValue<'static>> {
    (number != 0).then(|| FieldValue::Int(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn list<'a>(values: impl Iterator<Item = FieldValue<'a>>) -> Option<FieldValue<'a>> {
    let values: Vec<_> = values.collect();
    (!values.is_empty()).then_some(FieldValue::Array(values))
}

fn members(change: ChangeFacts<'_>) -> FieldValue<'_> {
    let ChangeFacts { op, path, old, new } = change;
    let members = [("op", word(op)), ("path", word(path)), ("old", old.map(json)), ("new", new.map(json))];
    FieldValue::Map(members.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect())
}

/// The text of a JSON string, or else the JSON in its one spelling.
fn json(value: &RawValue) -> FieldValue<'_> {
    FieldValue::Str(match canonical(value) {
        // What needn't be spelled anew has no escapes.
        Cow::Borrowed(json) => {
            Cow::Borrowed(json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(json))
        }
        Cow::Owned(json) => Cow::Owned(serde_json::from_str(&json).unwrap_or(json)),
    })
}

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
/// tests of rules. Whatever is an [`EventFacts`] is read without a tree.
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
