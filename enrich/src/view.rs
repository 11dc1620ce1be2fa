//! An enriched event as the rules see it, without a copy.

use std::borrow::Cow;

use detect::rules::{EventFields, FieldValue};
use detect::signals::Signals;
use schemas::address;
use schemas::catalogue::Classification;
use schemas::changes::changes;
use schemas::event::{Change, Event, Text};
use schemas::json::canonical;
use serde_json::value::RawValue;

use crate::device::Device;
use crate::geo::{Geo, IpKind};

/// The event and what the stages before the rules found.
pub(crate) struct View<'a> {
    pub(crate) event: &'a Event<'a>,
    pub(crate) filed: &'a Classification<'a>,
    pub(crate) outcome: &'a str,
    pub(crate) geo: &'a Geo,
    pub(crate) device: &'a Device,
    pub(crate) device_id: &'a str,
    pub(crate) signals: &'a Signals,
}

impl EventFields for View<'_> {
    fn field(&self, path: &str) -> Option<FieldValue<'_>> {
        match path.split_once('.') {
            None => self.top(path),
            Some(("actor", field)) => self.actor(field),
            Some(("object", field)) => self.object(field),
            Some(("context", field)) => self.context(field),
            Some(("geo", field)) => self.geo(field),
            Some(("device", field)) => self.device(field),
            Some(("changes", field)) => self.changes(field),
            Some(("signal", field)) => self.signals.field(field),
            Some(("session", "key")) => word(&self.signals.session_key),
            Some(_) => None,
        }
    }

    fn has(&self, path: &str) -> bool {
        // Without building the list: rules about changes ask this first.
        if path.starts_with("changes") {
            return changes(self.event, self.filed.class).next().is_some();
        }
        self.field(path).is_some()
    }
}

impl View<'_> {
    fn top(&self, field: &str) -> Option<FieldValue<'_>> {
        let event = self.event;
        match field {
            "type" => text(event.kind.as_ref()),
            "class" => word(self.filed.class.as_str()),
            "action" => word(self.filed.action),
            "category" => word(self.filed.category.as_str()),
            "outcome" => word(self.outcome),
            "reason" => text(event.reason.as_ref()),
            "location" => text(event.location.as_ref()),
            "channel" => text(event.channel.as_ref()).or_else(|| word(self.filed.channel)),
            "records" => event.records.map(number),
            "duration_ms" => event.duration_ms.map(number),
            "backfill" => Some(FieldValue::Bool(event.backfill.unwrap_or_default())),
            "changes" => self.each_change(|change| Some(FieldValue::Map(change_fields(change)))),
            _ => None,
        }
    }

    fn actor(&self, field: &str) -> Option<FieldValue<'_>> {
        let actor = self.event.actor.as_ref();
        match field {
            "kind" => word(crate::stages::actor_kind(self.event)),
            "id" => text(actor?.id.as_ref()),
            "email" => text(actor?.email.as_ref()),
            "name" => text(actor?.name.as_ref()),
            "account" => schemas::sign_ins::account(actor?).and_then(word),
            "active" => Some(FieldValue::Bool(actor?.active.unwrap_or(true))),
            _ => None,
        }
    }

    fn object(&self, field: &str) -> Option<FieldValue<'_>> {
        let object = self.event.object.as_ref();
        match field {
            "type" => object.and_then(|object| text(object.kind.as_ref())).or_else(|| word(self.filed.object_type)),
            "module" => object.and_then(|object| text(object.module.as_ref())).or_else(|| word(self.filed.module)),
            "id" => text(object?.id.as_ref()),
            _ => None,
        }
    }

    fn context(&self, field: &str) -> Option<FieldValue<'_>> {
        let context = self.event.context.as_ref()?;
        match field {
            "ip" => Some(FieldValue::Str(self.event.ip()?.to_string().into())),
            "ip_prefix" => Some(FieldValue::Str(address::prefix(self.event.ip()?).into())),
            "network" => Some(FieldValue::Str(address::network(self.event.ip()?, self.geo.asn).into())),
            "user_agent" => text(context.user_agent.as_ref()),
            "session_id" => text(context.session_id.as_ref()),
            _ => None,
        }
    }

    fn geo(&self, field: &str) -> Option<FieldValue<'_>> {
        let geo = self.geo;
        match field {
            "country" => word(&geo.country),
            "region" => word(&geo.region),
            "city" => word(&geo.city),
            "asn" if geo.asn != 0 => Some(number(u64::from(geo.asn))),
            "as_org" => word(&geo.as_org),
            "ip_kind" if geo.kind != IpKind::Unknown => word(geo.kind.as_str()),
            "anonymous" if !geo.anonymous.is_empty() => {
                Some(FieldValue::Array(geo.anonymous.names().filter_map(word).collect()))
            }
            _ => None,
        }
    }

    fn device(&self, field: &str) -> Option<FieldValue<'_>> {
        let agent = &self.device.agent;
        match field {
            "id" => word(self.device_id),
            "browser" => word(&agent.browser),
            "browser_version" => word(&agent.browser_version),
            "os" => word(&agent.os),
            "os_version" => word(&agent.os_version),
            "kind" => word(agent.kind.as_str()).filter(|_| agent.kind != crate::device::DeviceKind::Unknown),
            "bot" => Some(FieldValue::Bool(agent.bot)),
            "confidence" => word(self.device.confidence.as_str()),
            _ => None,
        }
    }

    fn changes(&self, field: &str) -> Option<FieldValue<'_>> {
        match field {
            "path" => self.each_change(|change| text(change.path.as_ref())),
            "op" => self.each_change(|change| Some(op(change))),
            "old" => self.each_change(|change| change.old.map(json)),
            "new" => self.each_change(|change| change.new.map(json)),
            _ => None,
        }
    }

    fn each_change<'s>(&'s self, value: impl Fn(&'s Change<'s>) -> Option<FieldValue<'s>>) -> Option<FieldValue<'s>> {
        let values: Vec<_> = changes(self.event, self.filed.class).filter_map(value).collect();
        (!values.is_empty()).then_some(FieldValue::Array(values))
    }
}

fn change_fields<'a>(change: &'a Change<'a>) -> Vec<(Cow<'a, str>, FieldValue<'a>)> {
    let mut fields = vec![("op".into(), op(change))];
    fields.extend(text(change.path.as_ref()).map(|path| ("path".into(), path)));
    fields.extend(change.old.map(|old| ("old".into(), json(old))));
    fields.extend(change.new.map(|new| ("new".into(), json(new))));
    fields
}

fn op<'a>(change: &'a Change<'a>) -> FieldValue<'a> {
    text(change.op.as_ref()).unwrap_or(FieldValue::Str("replace".into()))
}

/// The text of a JSON string, or else the JSON as it is stored.
fn json(value: &RawValue) -> FieldValue<'_> {
    FieldValue::Str(match canonical(value) {
        // What needn't be spelled anew has no escapes.
        Cow::Borrowed(json) => {
            Cow::Borrowed(json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(json))
        }
        Cow::Owned(json) => Cow::Owned(serde_json::from_str(&json).unwrap_or(json)),
    })
}

fn word(text: &str) -> Option<FieldValue<'_>> {
    (!text.is_empty()).then_some(FieldValue::Str(Cow::Borrowed(text)))
}

fn text<'a>(text: Option<&'a Text<'_>>) -> Option<FieldValue<'a>> {
    text.and_then(|text| word(text))
}

fn number(value: u64) -> FieldValue<'static> {
    FieldValue::Int(i64::try_from(value).unwrap_or(i64::MAX))
}
