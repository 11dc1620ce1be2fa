//! Bytes → [`Event`], checked whole: the one decoder that ingest (to answer the sender) and the enricher (for events
//! that came straight to Kafka) both use, so that an event accepted once is never refused later.

use std::borrow::Cow;
use std::net::IpAddr;

use serde_json::value::RawValue;

use crate::event::{
    ActorKind, Category, ChangeOp, Class, CloudEventAttributes, Event, Millis, Outcome, Text, Unknown, clip,
};
use crate::sign_ins;

/// Largest event, in bytes.
pub const MAX_EVENT_BYTES: usize = 64 * 1024;
/// Deepest nesting of objects and arrays.
pub const MAX_DEPTH: usize = 32;
/// Most changed fields in one event.
pub const MAX_CHANGES: usize = 256;
/// Longest event id and type, in bytes.
pub const MAX_ID_BYTES: usize = 128;
/// Longest name, id of an actor or object, channel … in bytes.
pub const MAX_NAME_BYTES: usize = 256;
/// Longest reason, in bytes.
pub const MAX_REASON_BYTES: usize = 1024;
/// Longest URL, in bytes.
pub const MAX_URL_BYTES: usize = 2048;
/// Media type of one CloudEvent in structured mode.
pub const CLOUD_EVENT: &str = "application/cloudevents+json";

/// Why an event was refused: one field, one reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} at `{pointer}`: {detail}")]
pub struct Rejection {
    /// Stable word for programs, e.g. `missing_field`.
    pub code: &'static str,
    /// JSON Pointer (RFC 6901) to the field; empty for the event as a whole.
    pub pointer: String,
    /// For people.
    pub detail: String,
}

impl Rejection {
    /// A rejection of the field at `pointer`.
    pub fn new(code: &'static str, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code, pointer: pointer.into(), detail: detail.into() }
    }
}

/// What travels beside the event's bytes: Kafka headers, or HTTP's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes<'a> {
    /// Id that ingest gave an event that had none.
    pub id: Option<&'a str>,
    /// Client address of the connection, for events that carry none.
    pub ip: Option<&'a str>,
    /// Media type of the bytes; JSON of an event when absent.
    pub content_type: Option<&'a str>,
    /// CloudEvents binary mode: `ce_id`.
    pub ce_id: Option<&'a str>,
    /// CloudEvents binary mode: `ce_type`.
    pub ce_type: Option<&'a str>,
    /// CloudEvents binary mode: `ce_time`.
    pub ce_time: Option<&'a str>,
}

/// Decodes and checks one event.
///
/// # Errors
/// A [`Rejection`] with the first thing found wrong.
pub fn decode<'a>(bytes: &'a [u8], attributes: &Attributes<'a>) -> Result<Event<'a>, Rejection> {
    if bytes.len() > MAX_EVENT_BYTES {
        return Err(Rejection::new(
            "too_large",
            "",
            format!("the event has {} bytes; at most {MAX_EVENT_BYTES} are allowed", bytes.len()),
        ));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Rejection::new("invalid_utf8", "", format!("byte {} is not UTF-8", error.valid_up_to())))?;
    check_depth(bytes)?;
    let structured = attributes.content_type.is_some_and(|kind| kind.starts_with(CLOUD_EVENT));
    let mut event = if structured { from_cloud_event(text)? } else { parse::<Event<'a>>(text, "")? };
    apply(&mut event, attributes)?;
    check(&mut event)?;
    Ok(event)
}

/// CloudEvents structured mode: the attributes over the event in `data`; extensions are kept.
fn from_cloud_event(text: &str) -> Result<Event<'_>, Rejection> {
    let envelope = parse::<CloudEventAttributes<'_>>(text, "")?;
    match envelope.specversion.as_deref() {
        Some("1.0") => {}
        Some(other) => {
            let detail = format!("CloudEvents `{}` is not supported; 1.0 is", clip(other));
            return Err(Rejection::new("invalid_value", "/specversion", detail));
        }
        None => return Err(Rejection::new("missing_field", "/specversion", "a CloudEvent has a specversion")),
    }
    let mut event = match envelope.data {
        Some(data) => parse::<Event<'_>>(data.get(), "/data")?,
        None => Event::default(),
    };
    event.id = envelope.id.or(event.id);
    event.kind = envelope.kind.or(event.kind);
    event.occurred_at = envelope.time.or(event.occurred_at);
    event.unknown.extend(envelope.unknown);
    Ok(event)
}

/// What travelled beside the bytes goes over (binary CloudEvents) or under (ingest's id and address) what is in them.
fn apply<'a>(event: &mut Event<'a>, attributes: &Attributes<'a>) -> Result<(), Rejection> {
    if let Some(id) = attributes.ce_id {
        event.id = Some(Text::from(id));
    }
    if let Some(kind) = attributes.ce_type {
        event.kind = Some(Text::from(kind));
    }
    if let Some(time) = attributes.ce_time {
        let time = Millis::parse(time)
            .map_err(|expected| Rejection::new("invalid_time", "/time", format!("expected {expected}")))?;
        event.occurred_at = Some(time);
    }
    if event.id.as_deref().is_none_or(str::is_empty) {
        event.id = attributes.id.map(Text::from);
    }
    if let Some(ip) = attributes.ip {
        let context = event.context.get_or_insert_default();
        if context.ip.as_deref().is_none_or(str::is_empty) {
            context.ip = Some(Text::from(ip));
        }
    }
    Ok(())
}

/// Parses, and on failure parses once more to say where: the slow path pays for the pointer, the fast one doesn't.
fn parse<'a, T: serde::Deserialize<'a>>(text: &'a str, base: &str) -> Result<T, Rejection> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let outcome: Result<T, _> = serde_path_to_error::deserialize(&mut deserializer);
    let (pointer, error) = match outcome {
        Err(error) => (pointer(base, error.path()), error.into_inner()),
        Ok(_) => match deserializer.end() {
            Err(error) => (base.to_owned(), error),
            Ok(()) => return Err(Rejection::new("malformed_json", base, "not JSON")),
        },
    };
    let message = error.to_string();
    // Told by how our own messages begin; further on, they quote the sender.
    let code = match error.is_data() {
        true if message.starts_with("expected a time") || message.starts_with("expected an RFC 3339") => "invalid_time",
        true if message.starts_with("duplicate field") => "duplicate_field",
        true => "invalid_type",
        false => "malformed_json",
    };
    Err(Rejection::new(code, pointer, message[..message.floor_char_boundary(300)].to_owned()))
}

fn pointer(base: &str, path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = base.to_owned();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// One pass over the bytes that counts open brackets outside strings: a depth bomb is refused before anything recurses.
fn check_depth(bytes: &[u8]) -> Result<(), Rejection> {
    // What has no more brackets than allowed levels, those in strings included, is done with at a fraction of the cost:
    // nearly every event.
    if open_brackets(bytes) <= MAX_DEPTH {
        return Ok(());
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for &byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    let detail = format!("nested deeper than {MAX_DEPTH} levels");
                    return Err(Rejection::new("too_deep", "", detail));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// How many `{` and `[` there are, anywhere. The two differ in one bit, and a chunk's count fits a byte: so the compiler
/// counts 16 or more at a time.
fn open_brackets(bytes: &[u8]) -> usize {
    let chunks = bytes.chunks(usize::from(u8::MAX));
    chunks.map(|chunk| usize::from(chunk.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>())).sum()
}

/// The bounds of each field. A user agent that is too long is cut, not refused: the sender has no say in it.
fn check(event: &mut Event<'_>) -> Result<(), Rejection> {
    match event.kind.as_deref() {
        None | Some("") => return Err(Rejection::new("missing_field", "/type", "an event has a type")),
        Some(_) => bound(&event.kind, "/type", MAX_ID_BYTES)?,
    }
    bound(&event.id, "/id", MAX_ID_BYTES)?;
    bound(&event.action, "/action", MAX_ID_BYTES)?;
    bound(&event.channel, "/channel", MAX_ID_BYTES)?;
    bound(&event.location, "/location", MAX_NAME_BYTES)?;
    bound(&event.reason, "/reason", MAX_REASON_BYTES)?;
    word(&event.class, "/class", Class::parse, "create, delete, change or other")?;
    word(&event.outcome, "/outcome", Outcome::parse, "success, failure or unknown")?;
    word(&event.category, "/category", Category::parse, "sign_ins, changes, views, configuration or other")?;
    check_actor(event)?;
    if let Some(object) = &event.object {
        bound(&object.kind, "/object/type", MAX_ID_BYTES)?;
        bound(&object.id, "/object/id", MAX_NAME_BYTES)?;
        bound(&object.name, "/object/name", MAX_NAME_BYTES)?;
        bound(&object.module, "/object/module", MAX_ID_BYTES)?;
        bound(&object.url, "/object/url", MAX_URL_BYTES)?;
    }
    check_changes(event)?;
    check_context(event)
}

fn check_actor(event: &Event<'_>) -> Result<(), Rejection> {
    let Some(actor) = &event.actor else { return Ok(()) };
    word(&actor.kind, "/actor/kind", ActorKind::parse, "user, system or api_key")?;
    bound(&actor.id, "/actor/id", MAX_NAME_BYTES)?;
    bound(&actor.name, "/actor/name", MAX_NAME_BYTES)?;
    bound(&actor.email, "/actor/email", MAX_NAME_BYTES)?;
    let is_system = actor.kind.as_deref() == Some(ActorKind::System.as_str());
    // A failed sign-in may be of a name that nobody has.
    if !is_system && actor.id.as_deref().is_none_or(str::is_empty) && !sign_ins::says_failed(event) {
        return Err(Rejection::new("missing_field", "/actor/id", "an actor that is not the system has an id"));
    }
    Ok(())
}

fn check_changes(event: &Event<'_>) -> Result<(), Rejection> {
    let changes = event.changes.as_deref().unwrap_or_default();
    if changes.len() > MAX_CHANGES {
        let detail = format!("{} changes; at most {MAX_CHANGES} are allowed", changes.len());
        return Err(Rejection::new("too_many", "/changes", detail));
    }
    for (index, change) in changes.iter().enumerate() {
        if change.path.as_deref().is_none_or(str::is_empty) {
            let pointer = format!("/changes/{index}/path");
            return Err(Rejection::new("missing_field", pointer, "a change has a path"));
        }
        if change.path.as_deref().is_some_and(|path| path.len() > MAX_NAME_BYTES) {
            let pointer = format!("/changes/{index}/path");
            return Err(Rejection::new("too_long", pointer, format!("at most {MAX_NAME_BYTES} bytes are allowed")));
        }
        if change.op.as_deref().is_some_and(|op| ChangeOp::parse(op).is_none()) {
            let pointer = format!("/changes/{index}/op");
            return Err(Rejection::new("invalid_value", pointer, "expected add, remove, replace or move"));
        }
    }
    Ok(())
}

fn check_context(event: &mut Event<'_>) -> Result<(), Rejection> {
    let Some(context) = &mut event.context else { return Ok(()) };
    bound(&context.session_id, "/context/session_id", MAX_NAME_BYTES)?;
    bound(&context.device_id, "/context/device_id", MAX_NAME_BYTES)?;
    bound(&context.request_id, "/context/request_id", MAX_NAME_BYTES)?;
    if let Some(ip) = context.ip.as_deref().filter(|ip| !ip.is_empty())
        && ip.parse::<IpAddr>().is_err()
    {
        let detail = format!("`{}` is not an IPv4 or IPv6 address", clip(ip));
        return Err(Rejection::new("invalid_ip", "/context/ip", detail));
    }
    if let Some(agent) = &mut context.user_agent
        && agent.len() > MAX_REASON_BYTES
    {
        let cut = agent.floor_char_boundary(MAX_REASON_BYTES);
        agent.0 = Cow::Owned(agent[..cut].to_owned());
    }
    if let Some(hints) = &context.client_hints {
        bound(&hints.ua, "/context/client_hints/ua", MAX_REASON_BYTES)?;
        bound(&hints.full_version_list, "/context/client_hints/full_version_list", MAX_REASON_BYTES)?;
        bound(&hints.model, "/context/client_hints/model", MAX_NAME_BYTES)?;
        bound(&hints.platform, "/context/client_hints/platform", MAX_NAME_BYTES)?;
        bound(&hints.platform_version, "/context/client_hints/platform_version", MAX_NAME_BYTES)?;
        bound(&hints.mobile, "/context/client_hints/mobile", MAX_NAME_BYTES)?;
    }
    Ok(())
}

fn bound(text: &Option<Text<'_>>, pointer: &'static str, max: usize) -> Result<(), Rejection> {
    match text {
        Some(text) if text.len() > max => {
            let detail = format!("{} bytes; at most {max} are allowed", text.len());
            Err(Rejection::new("too_long", pointer, detail))
        }
        _ => Ok(()),
    }
}

fn word<T>(
    text: &Option<Text<'_>>,
    pointer: &'static str,
    parse: fn(&str) -> Option<T>,
    expected: &'static str,
) -> Result<(), Rejection> {
    match text.as_deref() {
        Some(word) if parse(word).is_none() => {
            Err(Rejection::new("invalid_value", pointer, format!("expected {expected}, not `{}`", clip(word))))
        }
        _ => Ok(()),
    }
}

/// Splits a JSON array into its elements, unparsed; at most `max` of them.
///
/// # Errors
/// `malformed_json`, or `too_many` with the number allowed.
pub fn split_array(text: &str, max: usize) -> Result<Vec<&RawValue>, Rejection> {
    struct Elements(usize);
    impl<'de> serde::de::DeserializeSeed<'de> for Elements {
        type Value = Option<Vec<&'de RawValue>>;
        fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_seq(self)
        }
    }
    impl<'de> serde::de::Visitor<'de> for Elements {
        type Value = Option<Vec<&'de RawValue>>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an array of events")
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            while let Some(element) = seq.next_element()? {
                if elements.len() == self.0 {
                    while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                    return Ok(None);
                }
                elements.push(element);
            }
            Ok(Some(elements))
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let elements = serde::de::DeserializeSeed::deserialize(Elements(max), &mut deserializer)
        .and_then(|elements| deserializer.end().map(|()| elements))
        .map_err(|error| Rejection::new("malformed_json", "", error.to_string()))?;
    elements.ok_or_else(|| Rejection::new("too_many", "", format!("at most {max} events are allowed in one request")))
}

/// Every unknown field of the event with its dotted path, e.g. `actor.department`.
#[must_use]
pub fn unknown_fields<'a>(event: &Event<'a>) -> Vec<(String, &'a RawValue)> {
    fn add<'a>(fields: &mut Vec<(String, &'a RawValue)>, prefix: &str, unknown: &Unknown<'a>) {
        fields.extend(unknown.iter().map(|(name, value)| (format!("{prefix}{}", &**name), *value)));
    }
    let mut fields = Vec::new();
    add(&mut fields, "", &event.unknown);
    if let Some(actor) = &event.actor {
        add(&mut fields, "actor.", &actor.unknown);
    }
    if let Some(object) = &event.object {
        add(&mut fields, "object.", &object.unknown);
    }
    if let Some(context) = &event.context {
        add(&mut fields, "context.", &context.unknown);
        if let Some(hints) = &context.client_hints {
            add(&mut fields, "context.client_hints.", &hints.unknown);
        }
    }
    for (index, change) in event.changes.iter().flatten().enumerate() {
        add(&mut fields, &format!("changes.{index}."), &change.unknown);
    }
    fields
}
