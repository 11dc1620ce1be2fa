//! An enriched event as the rules see it, without a copy.

use std::net::IpAddr;

use detect::rules::{ChangeFacts, EventFacts, FieldValue};
use detect::signals::Signals;
use schemas::catalogue::Classification;
use schemas::changes::changes;
use schemas::event::{Actor, Context, Event, Object, Text};

use crate::device::{Device, DeviceKind};
use crate::geo::{Geo, IpKind};
use crate::stages::actor_kind;

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

impl<'a> View<'a> {
    fn actor(&self, text: impl Fn(&'a Actor<'a>) -> &'a Option<Text<'a>>) -> &'a str {
        self.event.actor.as_ref().map_or("", |actor| or_empty(text(actor)))
    }

    fn object(&self, text: impl Fn(&'a Object<'a>) -> &'a Option<Text<'a>>) -> &'a str {
        self.event.object.as_ref().map_or("", |object| or_empty(text(object)))
    }

    fn context(&self, text: impl Fn(&'a Context<'a>) -> &'a Option<Text<'a>>) -> &'a str {
        self.event.context.as_ref().map_or("", |context| or_empty(text(context)))
    }
}

impl EventFacts for View<'_> {
    fn event_type(&self) -> &str {
        or_empty(&self.event.kind)
    }

    fn class(&self) -> &str {
        self.filed.class.as_str()
    }

    fn action(&self) -> &str {
        self.filed.action
    }

    fn category(&self) -> &str {
        self.filed.category.as_str()
    }

    fn outcome(&self) -> &str {
        self.outcome
    }

    fn reason(&self) -> &str {
        or_empty(&self.event.reason)
    }

    fn location(&self) -> &str {
        or_empty(&self.event.location)
    }

    fn channel(&self) -> &str {
        first(or_empty(&self.event.channel), self.filed.channel)
    }

    fn records(&self) -> u64 {
        self.event.records.unwrap_or_default()
    }

    fn duration_ms(&self) -> u64 {
        self.event.duration_ms.unwrap_or_default()
    }

    fn backfill(&self) -> bool {
        self.event.backfill.unwrap_or_default()
    }

    fn actor_kind(&self) -> &str {
        actor_kind(self.event)
    }

    fn actor_id(&self) -> &str {
        self.actor(|actor| &actor.id)
    }

    fn actor_name(&self) -> &str {
        self.actor(|actor| &actor.name)
    }

    fn actor_email(&self) -> &str {
        self.actor(|actor| &actor.email)
    }

    fn actor_active(&self) -> Option<bool> {
        Some(self.event.actor.as_ref()?.active.unwrap_or(true))
    }

    fn object_type(&self) -> &str {
        first(self.object(|object| &object.kind), self.filed.object_type)
    }

    fn object_id(&self) -> &str {
        self.object(|object| &object.id)
    }

    fn module(&self) -> &str {
        first(self.object(|object| &object.module), self.filed.module)
    }

    fn ip(&self) -> Option<IpAddr> {
        self.event.ip()
    }

    fn user_agent(&self) -> &str {
        self.context(|context| &context.user_agent)
    }

    fn session_id(&self) -> &str {
        self.context(|context| &context.session_id)
    }

    fn session_key(&self) -> &str {
        &self.signals.session_key
    }

    fn country(&self) -> &str {
        &self.geo.country
    }

    fn region(&self) -> &str {
        &self.geo.region
    }

    fn city(&self) -> &str {
        &self.geo.city
    }

    fn asn(&self) -> u32 {
        self.geo.asn
    }

    fn as_org(&self) -> &str {
        &self.geo.as_org
    }

    fn anonymous(&self) -> impl Iterator<Item = &str> {
        // The names live for ever, the trait promises them for as long as the event: one is not the other until it is said.
        self.geo.anonymous.names().map(|name| -> &str { name })
    }

    fn ip_kind(&self) -> &str {
        if self.geo.kind == IpKind::Unknown { "" } else { self.geo.kind.as_str() }
    }

    fn device_id(&self) -> &str {
        self.device_id
    }

    fn browser(&self) -> &str {
        &self.device.agent.browser
    }

    fn browser_version(&self) -> &str {
        &self.device.agent.browser_version
    }

    fn os(&self) -> &str {
        &self.device.agent.os
    }

    fn os_version(&self) -> &str {
        &self.device.agent.os_version
    }

    fn device_kind(&self) -> &str {
        let kind = self.device.agent.kind;
        if kind == DeviceKind::Unknown { "" } else { kind.as_str() }
    }

    fn bot(&self) -> bool {
        self.device.agent.bot
    }

    fn device_confidence(&self) -> &str {
        self.device.confidence.as_str()
    }

    fn signal(&self, name: &str) -> Option<FieldValue<'_>> {
        self.signals.field(name)
    }

    fn changes(&self) -> impl Iterator<Item = ChangeFacts<'_>> {
        changes(self.event, self.filed.class).map(|change| ChangeFacts {
            op: first(or_empty(&change.op), "replace"),
            path: or_empty(&change.path),
            old: change.old,
            new: change.new,
        })
    }
}

fn or_empty<'a>(text: &'a Option<Text<'_>>) -> &'a str {
    text.as_ref().map_or("", |text| text)
}

fn first<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}
