//! The event as an application sends it (JSON; see `event.schema.json`), borrowed from the bytes it arrived in.
//!
//! Every level keeps the fields it doesn't know in `unknown`, so nothing an application sends is lost. What describes the
//! browser or the request (`user_agent`, `client_hints`, the ids of `context`) is kept there as well where it can't be
//! read: it costs the event nothing else.

mod fields;
mod hints;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

pub(crate) use self::fields::string;
use self::fields::{Count, IdText};
pub use self::hints::ClientHints;
use crate::ids;

/// A string borrowed from the event's bytes where it has no escapes, owned where it has.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Text<'_> {
    /// As ids are kept.
    #[must_use]
    pub(crate) fn trimmed(self) -> Self {
        let kept = ids::kept(&self);
        if kept.len() == self.len() {
            return self;
        }
        match self.0 {
            Cow::Borrowed(text) => Self(Cow::Borrowed(ids::kept(text))),
            Cow::Owned(text) => Self(Cow::Owned(ids::kept(&text).to_owned())),
        }
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// Milliseconds since 1970-01-01 UTC, from an RFC 3339 string with any offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub i64);

impl Millis {
    /// 2199-12-31T23:59:59.999Z: the last time accepted (`DateTime64(3)` ends in 2299).
    pub const MAX: Self = Self(7_258_118_399_999);

    /// Parses RFC 3339, e.g. `2026-11-22T10:00:00.123+01:00`.
    ///
    /// # Errors
    /// Says what was expected when `text` is not RFC 3339 or lies outside 1970-01-01 … 2199-12-31.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let time = chrono::DateTime::parse_from_rfc3339(text)
            .map_err(|_| "an RFC 3339 time, e.g. 2026-11-22T10:00:00.123Z")?;
        let millis = Self(time.timestamp_millis());
        if millis < Self(0) || millis > Self::MAX {
            return Err("a time from 1970-01-01 to 2199-12-31");
        }
        Ok(millis)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Self::parse(&text)
            .map_err(|expected| D::Error::custom(format_args!("expected {expected}, not `{}`", clip(&text))))
    }
}

/// An address as it was sent, and what was read of it.
#[derive(Clone, Debug, Default)]
pub struct SentAddress<'a> {
    /// In its one form; nothing if it isn't known, or can't be read ([`crate::address::read`]).
    pub ip: Option<IpAddr>,
    /// What was sent, where it is more than the address, or can't be read.
    pub sent: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for SentAddress<'a> {
    /// Never fails on JSON: whatever stands there, the event is kept.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        let text = match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0),
            // Proxies one by one, as some frameworks give `X-Forwarded-For`.
            Some(b'[') => {
                let list = serde_json::from_str::<Vec<Text<'_>>>(raw.get()).ok();
                list.map(|list| list.iter().map(|text| &**text).collect::<Vec<_>>().join(",").into())
            }
            _ => None,
        };
        let is_address = |text: &str| text.parse::<IpAddr>().is_ok_and(|ip| !ip.is_unspecified());
        let plain = text.as_ref().is_some_and(|text| text.trim().is_empty() || is_address(text));
        let ip = text.and_then(|text| crate::address::read(&text));
        Ok(Self { ip, sent: (!plain).then_some(raw) })
    }
}

/// At most 64 bytes of a value that somebody else sent, for a message.
pub(crate) fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(64)]
}

/// Unknown fields of one level: name and JSON as sent.
pub type Unknown<'a> = Vec<(Text<'a>, &'a RawValue)>;

/// A name that occurs twice among unknown fields of one level.
fn repeated<'u>(unknown: &'u Unknown<'_>) -> Option<&'u str> {
    const FEW: usize = 16;
    if unknown.len() <= FEW {
        let mut names = unknown.iter().enumerate();
        return names
            .find(|(index, (name, _))| unknown[..*index].iter().any(|(known, _)| known == name))
            .map(|(_, (name, _))| &**name);
    }
    let mut known = std::collections::HashSet::with_capacity(unknown.len());
    unknown.iter().map(|(name, _)| &**name).find(|name| !known.insert(*name))
}

/// Refuses an object in which an unknown field occurs twice: which of the two was meant, nobody knows.
fn refuse_repeated<E: Error>(unknown: &Unknown<'_>) -> Result<(), E> {
    match repeated(unknown) {
        Some(name) => Err(E::custom(format_args!("duplicate field `{}`", clip(name)))),
        None => Ok(()),
    }
}

/// Reads the value of a field: as its type says, through another type, or by a function whose refusal leaves the field
/// among the unknown ones.
macro_rules! read_value {
    ($map:ident, $key:ident, $unknown:ident) => {
        $map.next_value()?
    };
    ($map:ident, $key:ident, $unknown:ident via $via:ty) => {
        $map.next_value::<Option<$via>>()?.map(|read| read.0)
    };
    ($map:ident, $key:ident, $unknown:ident lenient $read:path) => {{
        let raw: &'de RawValue = $map.next_value()?;
        $read(raw).unwrap_or_else(|_| {
            $unknown.push(($key, raw));
            None
        })
    }};
}

/// Makes a struct that reads a JSON object, `null` as absent (or as what stands in `or`), unknown fields into `unknown`, and a
/// repeated field as an error.
macro_rules! json_object {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $key:literal $(via($via:ty))? $(lenient($read:path))? $(or($null:expr))?,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        pub struct $name<'a> {
            $($(#[$field_meta])* pub $field: Option<$type>,)*
            /// Fields this version doesn't know.
            pub unknown: Unknown<'a>,
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;
                impl<'de> Visitor<'de> for ObjectVisitor {
                    type Value = $name<'de>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        #[derive(Default)]
                        struct Seen {
                            $($field: bool,)*
                        }
                        let (mut value, mut seen) = ($name::default(), Seen::default());
                        let mut unknown = Unknown::new();
                        while let Some(key) = map.next_key::<Text<'de>>()? {
                            match &*key {
                                $($key => {
                                    if std::mem::replace(&mut seen.$field, true) {
                                        return Err(A::Error::duplicate_field($key));
                                    }
                                    value.$field =
                                        read_value!(map, key, unknown $(via $via)? $(lenient $read)?);
                                    $(value.$field.get_or_insert_with(|| $null);)?
                                })*
                                _ => unknown.push((key, map.next_value()?)),
                            }
                        }
                        refuse_repeated(&unknown)?;
                        value.unknown = unknown;
                        Ok(value)
                    }
                }
                deserializer.deserialize_map(ObjectVisitor)
            }
        }
    };
}

json_object! {
    /// Who did it: one user of the tenant, the system, or an API key.
    Actor {
        /// `user`, `system` or `api_key`.
        kind: Text<'a> = "kind",
        /// The tenant's id of the user or key.
        id: Text<'a> = "id" via(IdText<'_>),
        /// Name to show.
        name: Text<'a> = "name",
        /// E-mail address.
        email: Text<'a> = "email",
        /// False once deactivated.
        active: bool = "active",
    }
}

json_object! {
    /// What it was done to.
    Object {
        /// `deal`, `contact`, `order` …
        kind: Text<'a> = "type",
        /// The tenant's id or number of the object.
        id: Text<'a> = "id" via(IdText<'_>),
        /// Name to show.
        name: Text<'a> = "name",
        /// Where it lives in the tenant's application.
        url: Text<'a> = "url",
        /// The module it belongs to.
        module: Text<'a> = "module",
    }
}

json_object! {
    /// One changed field, in the manner of JSON Patch (RFC 6902), with the old value beside the new.
    Change {
        /// Which field: `deadline`, `items/3/price` …
        path: Text<'a> = "path",
        /// `add`, `remove`, `replace` or `move`.
        op: Text<'a> = "op",
        /// JSON before.
        old: &'a RawValue = "old",
        /// JSON after.
        new: &'a RawValue = "new",
    }
}

json_object! {
    /// Where from and with what.
    Context {
        /// Address of the user. `null`: not known, nor is the connection's the user's.
        ip: SentAddress<'a> = "ip" or(SentAddress::default()),
        /// `User-Agent`.
        user_agent: Text<'a> = "user_agent" lenient(fields::text),
        /// Client Hints.
        client_hints: ClientHints<'a> = "client_hints" lenient(hints::read),
        /// The application's session.
        session_id: Text<'a> = "session_id" lenient(fields::context_id),
        /// The device's cookie.
        device_id: Text<'a> = "device_id" lenient(fields::context_id),
        /// The application's request.
        request_id: Text<'a> = "request_id" lenient(fields::request_id),
    }
}

json_object! {
    /// One event.
    Event {
        /// Makes a retry the same event, together with `source`; at most 128 bytes.
        id: Text<'a> = "id" via(IdText<'_>),
        /// Which part of the application numbers its events by itself: ids of two sources have nothing to do with each other.
        source: Text<'a> = "source" lenient(fields::source),
        /// Entry of the catalogue, or a type of the tenant's own.
        kind: Text<'a> = "type",
        /// The application's clock.
        occurred_at: Millis = "occurred_at",
        /// Who.
        actor: Actor<'a> = "actor",
        /// `create`, `delete`, `change` or `other`.
        class: Text<'a> = "class",
        /// `view`, `update`, `export`, `sign_in` … (open set).
        action: Text<'a> = "action",
        /// Retention category; see [`Category`].
        category: Text<'a> = "category",
        /// `success`, `failure` or `unknown`.
        outcome: Text<'a> = "outcome",
        /// Why it failed, or was done.
        reason: Text<'a> = "reason",
        /// To what.
        object: Object<'a> = "object",
        /// Branch or office.
        location: Text<'a> = "location",
        /// What changed.
        changes: Vec<Change<'a>> = "changes",
        /// Where from and with what.
        context: Context<'a> = "context",
        /// `call`, `email`, `sms` or another.
        channel: Text<'a> = "channel",
        /// Start of an activity that lasts.
        started_at: Millis = "started_at",
        /// How long it lasted, in milliseconds.
        duration_ms: u64 = "duration_ms" via(Count),
        /// Number of records seen or exported.
        records: u64 = "records" via(Count),
        /// History sent in later.
        backfill: bool = "backfill",
        /// What the catalogue doesn't know.
        payload: &'a RawValue = "payload",
        /// The tenant the sender believes to be; checked against the credential, never trusted.
        tenant: Text<'a> = "tenant",
    }
}

impl Event<'_> {
    /// The user's address, if it is known.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.context.as_ref()?.ip.as_ref()?.ip
    }
}

json_object! {
    /// Attributes of a CloudEvent (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md>); those that
    /// an event has no field for are among the unknown ones.
    CloudEventAttributes {
        /// `1.0`.
        specversion: Text<'a> = "specversion",
        /// With `source`, unique.
        id: Text<'a> = "id" via(IdText<'_>),
        /// URI of the producer.
        source: Text<'a> = "source",
        /// Type of the event.
        kind: Text<'a> = "type",
        /// When it occurred.
        time: Millis = "time",
        /// What happened.
        data: &'a RawValue = "data",
        /// What happened, where it isn't JSON.
        data_base64: &'a RawValue = "data_base64",
    }
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)* }
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The word on the wire and in the table.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
            /// The value of a word, if it is one.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// Kind of actor.
    ActorKind {
        /// A user of the tenant.
        User = "user",
        /// The product itself.
        System = "system",
        /// An API key.
        ApiKey = "api_key",
    }
}

words! {
    /// Class of an event.
    Class {
        /// Something came to be.
        Create = "create",
        /// Something went.
        Delete = "delete",
        /// Something changed.
        Change = "change",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// Retention category: how long an event is kept is the tenant's choice by category.
    Category {
        /// Sign-ins, failed ones too, and sign-outs.
        SignIns = "sign_ins",
        /// Objects created, changed, deleted.
        Changes = "changes",
        /// Objects viewed and exported.
        Views = "views",
        /// Configuration changed.
        Configuration = "configuration",
        /// Calls, messages, pauses and everything else.
        Other = "other",
    }
}

words! {
    /// How it ended.
    Outcome {
        /// It was done.
        Success = "success",
        /// It was refused or failed.
        Failure = "failure",
        /// Not known.
        Unknown = "unknown",
    }
}

words! {
    /// What became of a field.
    ChangeOp {
        /// It is new.
        Add = "add",
        /// It is gone.
        Remove = "remove",
        /// It has another value.
        Replace = "replace",
        /// It is at another place.
        Move = "move",
    }
}
