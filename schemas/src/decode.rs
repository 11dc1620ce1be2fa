//! Bytes → [`Event`], checked whole: the one decoder that ingest (to answer the sender) and the enricher (for events
//! that came straight to Kafka) both use, so that an event accepted once is never refused later.

mod array;
mod cloud_event;
mod unknown;

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::event::{ActorKind, Category, ChangeOp, Class, Event, Millis, Outcome, SentAddress, Text, clip};
use crate::ids;
use crate::json::well_formed;
use crate::sign_ins;

pub use self::array::split_array;
pub use self::cloud_event::{ATTRIBUTE_PREFIX, is_cloud_event, is_structured};
pub use self::unknown::unknown_fields;

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
/// Longest source, in bytes.
pub const MAX_SOURCE_BYTES: usize = 1024;
/// Most records of one event. Sums over all that a tenant may ever store stay far below what 64 bits hold.
pub const MAX_RECORDS: u64 = 1_000_000_000;
/// Longest activity, in milliseconds: ten years.
pub const MAX_DURATION_MS: u64 = 315_576_000_000;
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
#[derive(Clone, Debug, Default)]
pub struct Attributes<'a> {
    /// Id that ingest gave an event that had none.
    pub id: Option<&'a str>,
    /// Client address of the connection, for events that say nothing of theirs, history aside.
    pub ip: Option<&'a str>,
    /// When the record was first written, for events that say no time of their own, if that is not when it was received.
    pub written_at: Option<Millis>,
    /// Media type of the bytes; JSON of an event when absent.
    pub content_type: Option<&'a str>,
    /// CloudEvents binary mode: each attribute by its name (`id`, without `ce_`).
    pub cloud_event: Vec<(Cow<'a, str>, &'a str)>,
}

/// Room for what an event refers to and what isn't in its bytes as such: attributes from headers, decoded data. One for
/// each event.
#[derive(Debug, Default)]
pub struct Scratch {
    text: OnceCell<String>,
    attributes: OnceCell<String>,
    data: OnceCell<String>,
}

/// Decodes and checks one event.
///
/// # Errors
/// A [`Rejection`] with the first thing found wrong.
pub fn decode<'a>(bytes: &'a [u8], attributes: &Attributes<'a>, scratch: &'a Scratch) -> Result<Event<'a>, Rejection> {
    if bytes.len() > MAX_EVENT_BYTES {
        return Err(Rejection::new(
            "too_large",
            "",
            format!("the event has {} bytes; at most {MAX_EVENT_BYTES} are allowed", bytes.len()),
        ));
    }
    let bytes = without_bom(bytes);
    let mut event = if attributes.cloud_event.is_empty() {
        let text = readable(bytes, scratch)?;
        check_depth(bytes)?;
        cloud_event::unsupported(attributes)?;
        match attributes.content_type {
            Some(kind) if is_structured(kind) => cloud_event::structured(text, scratch)?,
            _ => either(text, scratch)?,
        }
    } else {
        cloud_event::binary(bytes, attributes, scratch)?
    };
    apply(&mut event, attributes);
    let in_data = attributes.cloud_event.is_empty() && is_cloud_event(&event);
    check(&mut event).map_err(|rejection| match rejection.pointer.as_str() {
        inner if in_data && !["", "/id", "/type", "/source"].contains(&inner) => {
            Rejection { pointer: format!("/data{inner}"), ..rejection }
        }
        _ => rejection,
    })?;
    Ok(event)
}

/// The bytes after a byte order mark, which editors and spreadsheets put before UTF-8.
#[must_use]
pub fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn utf8(bytes: &[u8]) -> Result<&str, Rejection> {
    std::str::from_utf8(bytes).map_err(|error| {
        let detail = match bytes {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16 is not accepted; send UTF-8".to_owned(),
            _ => format!("byte {} is not UTF-8", error.valid_up_to()),
        };
        Rejection::new("invalid_utf8", "", detail)
    })
}

/// The bytes as text that every field can be read from: half of a surrogate pair is U+FFFD in it.
fn readable<'a>(bytes: &'a [u8], scratch: &'a Scratch) -> Result<&'a str, Rejection> {
    Ok(match well_formed(utf8(bytes)?) {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => scratch.text.get_or_init(|| text),
    })
}

/// JSON that nothing is said about: an event, unless it shows that it is a CloudEvent.
fn either<'a>(text: &'a str, scratch: &'a Scratch) -> Result<Event<'a>, Rejection> {
    match parse::<Event<'a>>(text, "") {
        Ok(event) if cloud_event::shows(&event) => cloud_event::structured(text, scratch),
        Err(_) if cloud_event::may_be(text) => cloud_event::structured(text, scratch),
        outcome => outcome,
    }
}

/// What travelled beside the bytes stands in for what is not in them: ingest's id and address, a time.
fn apply<'a>(event: &mut Event<'a>, attributes: &Attributes<'a>) {
    if event.id.as_deref().is_none_or(str::is_empty) {
        event.id = attributes.id.map(Text::from);
    }
    event.occurred_at = event.occurred_at.or(attributes.written_at);
    // Whoever sends history in is not the user of it; and who says that no address is known is believed.
    if let Some(ip) = attributes.ip
        && !event.backfill.unwrap_or_default()
    {
        let context = event.context.get_or_insert_default();
        context.ip.get_or_insert_with(|| SentAddress { ip: crate::address::read(ip), sent: None });
    }
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
    // Recognised by how our own messages begin; further on, they quote the sender.
    let code = match error.is_data() {
        true if message.starts_with("expected a time") || message.starts_with("expected an RFC 3339") => "invalid_time",
        true if message.starts_with("duplicate field") => "duplicate_field",
        true => "invalid_type",
        false => "malformed_json",
    };
    Err(Rejection::new(code, pointer, message[..message.floor_char_boundary(300)].to_owned()))
}

/// The JSON Pointer to what serde was reading, behind `base`.
pub(crate) fn pointer(base: &str, path: &serde_path_to_error::Path) -> String {
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

/// The bounds of each field. A user agent that is too long is cut, and an address that can't be read is left out, neither refused:
/// the sender has no say in them.
fn check(event: &mut Event<'_>) -> Result<(), Rejection> {
    check_key(&mut event.kind, "/type", MAX_ID_BYTES)?;
    if event.kind.is_none() {
        return Err(Rejection::new("missing_field", "/type", "an event has a type"));
    }
    check_id(&mut event.id, "/id", MAX_ID_BYTES)?;
    if event.id.as_deref().is_some_and(ids::is_of_place) {
        let detail = "an id of this form is given to records that come without one; send another, or none";
        return Err(Rejection::new("invalid_id", "/id", detail));
    }
    bound(&event.source, "/source", MAX_SOURCE_BYTES)?;
    check_key(&mut event.action, "/action", MAX_ID_BYTES)?;
    check_key(&mut event.channel, "/channel", MAX_ID_BYTES)?;
    bound(&event.location, "/location", MAX_NAME_BYTES)?;
    bound(&event.reason, "/reason", MAX_REASON_BYTES)?;
    word(&event.class, "/class", Class::parse, "create, delete, change or other")?;
    word(&event.outcome, "/outcome", Outcome::parse, "success, failure or unknown")?;
    word(&event.category, "/category", Category::parse, "sign_ins, changes, views, configuration or other")?;
    check_actor(event)?;
    if let Some(object) = &mut event.object {
        check_key(&mut object.kind, "/object/type", MAX_ID_BYTES)?;
        check_id(&mut object.id, "/object/id", MAX_NAME_BYTES)?;
        bound(&object.name, "/object/name", MAX_NAME_BYTES)?;
        check_key(&mut object.module, "/object/module", MAX_ID_BYTES)?;
        bound(&object.url, "/object/url", MAX_URL_BYTES)?;
    }
    check_changes(event)?;
    check_numbers(event)?;
    check_context(event)?;
    unknown::check_paths(event)
}

/// What is summed up is bounded, so that no sum wraps.
fn check_numbers(event: &Event<'_>) -> Result<(), Rejection> {
    let numbers = [(event.records, "/records", MAX_RECORDS), (event.duration_ms, "/duration_ms", MAX_DURATION_MS)];
    match numbers.into_iter().find(|(number, _, most)| number.is_some_and(|number| number > *most)) {
        None => Ok(()),
        Some((_, pointer, most)) => Err(Rejection::new("invalid_value", pointer, format!("at most {most} is allowed"))),
    }
}

/// An id as it is kept: without white space around it, and one that names something.
fn check_id(id: &mut Option<Text<'_>>, pointer: &'static str, max: usize) -> Result<(), Rejection> {
    bound(id, pointer, max)?;
    let Some(given) = id.take_if(|id| !id.is_empty()) else { return Ok(()) };
    let given = given.trimmed();
    if let Some(why) = ids::nonsense(&given) {
        let detail = format!("`{}` names nothing: {why}", clip(&given).escape_default());
        return Err(Rejection::new("invalid_id", pointer, detail));
    }
    *id = Some(given);
    Ok(())
}

/// A key that events are grouped and asked for by, such as a type: without white space around it, and one that can be distinguished
/// from others by whoever sees it.
fn check_key(key: &mut Option<Text<'_>>, pointer: &'static str, max: usize) -> Result<(), Rejection> {
    bound(key, pointer, max)?;
    let Some(given) = key.take() else { return Ok(()) };
    let given = given.trimmed();
    if let Some(why) = ids::hidden(&given) {
        let detail = format!("`{}` names nothing: {why}", clip(&given).escape_default());
        return Err(Rejection::new("invalid_value", pointer, detail));
    }
    *key = Some(given).filter(|given| !given.is_empty());
    Ok(())
}

/// A name that names nothing is as one that wasn't sent: it must not take the place of the one that is known.
fn check_name(name: &mut Option<Text<'_>>, pointer: &'static str) -> Result<(), Rejection> {
    bound(name, pointer, MAX_NAME_BYTES)?;
    name.take_if(|name| ids::names_nothing(name));
    Ok(())
}

fn check_actor(event: &mut Event<'_>) -> Result<(), Rejection> {
    let Some(actor) = &mut event.actor else { return Ok(()) };
    word(&actor.kind, "/actor/kind", ActorKind::parse, "user, system or api_key")?;
    check_id(&mut actor.id, "/actor/id", MAX_NAME_BYTES)?;
    check_name(&mut actor.name, "/actor/name")?;
    check_name(&mut actor.email, "/actor/email")?;
    let is_system = actor.kind.as_deref() == Some(ActorKind::System.as_str());
    let is_named = is_system || actor.id.as_deref().is_some_and(|id| !id.is_empty());
    // A failed sign-in may be of a name that nobody has.
    if !is_named && !sign_ins::says_failed(event) {
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
    if let Some(agent) = &mut context.user_agent
        && agent.len() > MAX_REASON_BYTES
    {
        let cut = agent.floor_char_boundary(MAX_REASON_BYTES);
        agent.0 = Cow::Owned(agent[..cut].to_owned());
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
