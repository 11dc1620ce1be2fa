//! CloudEvents 1.0 → [`Event`]: structured and binary mode, with data in our shape, in anybody else's, or none.
//!
//! | of the CloudEvent | of the event |
//! |---|---|
//! | `id`, `source`, `type`, `time` | `id`, `source`, `type`, `occurred_at`; over those that data in our shape has |
//! | data in our shape: an object with `actor`, `object`, `context` or `changes`, or with nothing but fields of ours | the rest of it |
//! | any other data | `payload`; in `ce_data_base64` of the extra fields where it is neither JSON nor text |
//! | `subject` | the id of the object, unless data has one |
//! | `authid`, `authtype` | the actor, unless data has one |
//! | each attribute but those of the first line | `ce_` and its name among the extra fields, such as `ce_subject` |

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use super::{
    Attributes, CLOUD_EVENT, MAX_EVENT_BYTES, MAX_NAME_BYTES, Rejection, Scratch, check, check_depth, parse, readable,
};
use crate::event::{Actor, CloudEventAttributes, Event, Object, Text, clip, string};
use crate::ids;
use crate::json::well_formed;

/// What the names of attributes begin with among the extra fields.
pub const ATTRIBUTE_PREFIX: &str = "ce_";
/// Data that is neither JSON nor text, in base64, among the extra fields.
const DATA_BASE64: &str = "ce_data_base64";
/// The version of the specification, the last of the extra fields.
const VERSION: &str = "ce_specversion";
/// Attributes that an event of ours has no field for: what has one of them is meant as a CloudEvent.
const ONLY_IN_CLOUD_EVENTS: &[&str] =
    &["source", "data", "data_base64", "datacontenttype", "dataschema", "subject", "time"];

/// Whether a media type is that of one CloudEvent in JSON, whatever its case and parameters.
#[must_use]
pub fn is_structured(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case(CLOUD_EVENT)
}

fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Refuses what says that it is CloudEvents in another form than JSON, or several of them.
pub(super) fn unsupported(attributes: &Attributes<'_>) -> Result<(), Rejection> {
    const CLOUD_EVENTS: &str = "application/cloudevents";
    let Some(kind) = attributes.content_type.map(essence) else { return Ok(()) };
    let is_one = kind.get(..CLOUD_EVENTS.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(CLOUD_EVENTS));
    if !is_one || kind.eq_ignore_ascii_case(CLOUD_EVENT) {
        return Ok(());
    }
    let detail = format!("`{}` is not accepted for one event; send {CLOUD_EVENT}", clip(kind));
    Err(Rejection::new("invalid_value", "", detail))
}

/// Whether what was read as an event of ours is a CloudEvent.
pub(super) fn shows(event: &Event<'_>) -> bool {
    let has = |name: &str| event.unknown.iter().any(|(known, _)| &**known == name);
    has("specversion")
        && !(event.actor.is_some() || event.object.is_some() || event.context.is_some() || event.changes.is_some())
        && (event.source.is_some() || ONLY_IN_CLOUD_EVENTS.iter().any(|name| has(name)))
}

/// Whether what can't be read as an event of ours is a CloudEvent.
pub(super) fn may_be(text: &str) -> bool {
    if !text.contains("\"specversion\"") {
        return false;
    }
    let Ok(envelope) = serde_json::from_str::<CloudEventAttributes<'_>>(text) else { return false };
    let has = |name: &str| envelope.unknown.iter().any(|(known, _)| &**known == name);
    let is_ours = envelope.unknown.iter().any(|(name, value)| {
        matches!(&**name, "actor" | "object" | "context" | "changes") && value.get().starts_with(['{', '['])
    });
    let is_theirs = envelope.source.is_some() || envelope.data.is_some() || envelope.data_base64.is_some();
    envelope.specversion.is_some() && !is_ours && (is_theirs || ONLY_IN_CLOUD_EVENTS.iter().any(|name| has(name)))
}

/// What a CloudEvent holds.
enum Data<'a> {
    Nothing,
    /// JSON, and where it stands.
    Json(&'a RawValue, &'static str),
    /// Neither JSON nor text: a JSON string of base64.
    Bytes(&'a RawValue),
}

/// Structured mode: attributes and data in one JSON object.
pub(super) fn structured<'a>(text: &'a str, scratch: &'a Scratch) -> Result<Event<'a>, Rejection> {
    let envelope = parse::<CloudEventAttributes<'a>>(text, "")?;
    let data = match (envelope.data, envelope.data_base64) {
        (Some(_), Some(_)) => {
            let detail = "a CloudEvent has `data` or `data_base64`, not both";
            return Err(Rejection::new("duplicate_field", "/data_base64", detail));
        }
        (Some(data), None) => Data::Json(data, "/data"),
        (None, Some(encoded)) => decoded(encoded, scratch)?,
        (None, None) => Data::Nothing,
    };
    of(envelope, &data)
}

/// Whether an event came as a CloudEvent.
#[must_use]
pub fn is_cloud_event(event: &Event<'_>) -> bool {
    event.unknown.last().is_some_and(|(name, _)| &**name == VERSION)
}

/// `data_base64`: JSON that was encoded is data as any other; anything else is kept as it is.
fn decoded<'a>(encoded: &'a RawValue, scratch: &'a Scratch) -> Result<Data<'a>, Rejection> {
    let refused = |detail: &str| Rejection::new("invalid_value", "/data_base64", detail);
    let text = string(encoded).ok_or_else(|| refused("expected a string of base64"))?;
    let bytes = STANDARD.decode(text.as_bytes()).map_err(|_| refused("expected a string of base64"))?;
    let Ok(json) = String::from_utf8(bytes) else { return Ok(Data::Bytes(encoded)) };
    let json = json.trim_start_matches('\u{feff}');
    if json.trim().is_empty() {
        return Ok(Data::Nothing);
    }
    let json = scratch.data.get_or_init(|| well_formed(json).into_owned());
    check_depth(json.as_bytes())?;
    Ok(serde_json::from_str(json).map_or(Data::Bytes(encoded), |json| Data::Json(json, "/data_base64")))
}

/// Binary mode: attributes in headers, the bytes are the data.
pub(super) fn binary<'a>(
    bytes: &'a [u8],
    attributes: &Attributes<'a>,
    scratch: &'a Scratch,
) -> Result<Event<'a>, Rejection> {
    let envelope = envelope(bytes.len(), attributes, scratch)?;
    let of_type = attributes.content_type.map(essence).unwrap_or_default().to_ascii_lowercase();
    let says_json = of_type.ends_with("/json") || of_type.ends_with("+json");
    // What clients send when nobody set a type.
    let says_nothing = matches!(
        of_type.as_str(),
        "" | "text/plain" | "application/octet-stream" | "application/x-www-form-urlencoded"
    );
    let as_json = || {
        let text = readable(bytes, scratch)?;
        check_depth(bytes)?;
        parse::<&'a RawValue>(text, "")
    };
    let data = if bytes.trim_ascii().is_empty() {
        Data::Nothing
    } else if says_json {
        Data::Json(as_json()?, "")
    } else {
        match as_json().ok().filter(|_| says_nothing) {
            Some(json) => Data::Json(json, ""),
            None => other(bytes, scratch)?,
        }
    };
    of(envelope, &data)
}

/// The attributes as the JSON object that they are in structured mode, and read as that.
fn envelope<'a>(
    data_bytes: usize,
    attributes: &Attributes<'a>,
    scratch: &'a Scratch,
) -> Result<CloudEventAttributes<'a>, Rejection> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let of_data = attributes.content_type.map(|kind| (Cow::Borrowed("datacontenttype"), kind));
    let mut fields = Vec::with_capacity(attributes.cloud_event.len() + 1);
    for (name, value) in &attributes.cloud_event {
        match &**name {
            "data" | "data_base64" => {
                let detail = "no attribute may have this name";
                return Err(Rejection::new("invalid_value", format!("/{name}"), detail));
            }
            // The media type that travels beside the bytes is theirs.
            "datacontenttype" if of_data.is_some() => {}
            _ => fields.push(format!("{}:{}", quoted(name), quoted(value))),
        }
    }
    fields.extend(of_data.iter().map(|(name, value)| format!("{}:{}", quoted(name), quoted(value))));
    let json = scratch.attributes.get_or_init(|| format!("{{{}}}", fields.join(",")));
    if json.len() + data_bytes > MAX_EVENT_BYTES {
        let detail = format!("attributes and data have more than {MAX_EVENT_BYTES} bytes");
        return Err(Rejection::new("too_large", "", detail));
    }
    parse(json, "")
}

/// Data of another kind than JSON: text as a JSON string, anything else in base64.
fn other<'a>(bytes: &'a [u8], scratch: &'a Scratch) -> Result<Data<'a>, Rejection> {
    let text = std::str::from_utf8(bytes);
    let json = scratch.data.get_or_init(|| match text {
        Ok(text) => serde_json::Value::from(text).to_string(),
        Err(_) => serde_json::Value::from(STANDARD.encode(bytes)).to_string(),
    });
    let json = parse::<&RawValue>(json, "")?;
    Ok(if text.is_ok() { Data::Json(json, "") } else { Data::Bytes(json) })
}

fn of<'a>(envelope: CloudEventAttributes<'a>, data: &Data<'a>) -> Result<Event<'a>, Rejection> {
    required(&envelope)?;
    let mut event = match data {
        Data::Nothing => Event::default(),
        Data::Json(json, at) => of_json(json, &envelope, at)?,
        Data::Bytes(encoded) => Event { unknown: vec![(Text::from(DATA_BASE64), *encoded)], ..Event::default() },
    };
    event.id = envelope.id;
    event.kind = envelope.kind;
    event.source = envelope.source;
    event.occurred_at = envelope.time.or(event.occurred_at);
    let (mut actor, mut kind, of_data) = (None, None, event.unknown.len());
    for (name, value) in envelope.unknown.into_iter().filter(|(_, value)| value.get() != "null") {
        match &*name {
            // An object that data has no id of is the one that the attribute names.
            "subject" if !event.object.as_ref().is_some_and(has_id) => {
                if let Some(id) = id_of(value) {
                    event.object.get_or_insert_default().id = Some(id);
                }
            }
            "authid" => actor = id_of(value),
            "authtype" => kind = string(value).and_then(|kind| actor_kind(&kind)),
            _ => {}
        }
        let name = format!("{ATTRIBUTE_PREFIX}{}", &*name);
        if event.unknown[..of_data].iter().any(|(known, _)| **known == name) {
            let detail = format!("`{}` is an attribute of the CloudEvent and a field of its data", clip(&name));
            return Err(Rejection::new("duplicate_field", "", detail));
        }
        event.unknown.push((Text(Cow::Owned(name)), value));
    }
    if event.actor.is_none()
        && let Some(kind) = kind
        && (actor.is_some() || kind == "system")
    {
        event.actor = Some(Actor { kind: Some(Text::from(kind)), id: actor, ..Actor::default() });
    }
    let version = serde_json::from_str::<&'static RawValue>("\"1.0\"");
    event.unknown.extend(version.map(|version| (Text::from(VERSION), version)));
    Ok(event)
}

/// What every CloudEvent has.
fn required(envelope: &CloudEventAttributes<'_>) -> Result<(), Rejection> {
    let given = [
        ("/specversion", &envelope.specversion),
        ("/id", &envelope.id),
        ("/source", &envelope.source),
        ("/type", &envelope.kind),
    ];
    if let Some((pointer, _)) = given.iter().find(|(_, text)| text.as_deref().is_none_or(str::is_empty)) {
        let detail = format!("a CloudEvent has an attribute `{}`", &pointer[1..]);
        return Err(Rejection::new("missing_field", *pointer, detail));
    }
    if let Some(other) = envelope.specversion.as_deref().filter(|version| *version != "1.0") {
        let detail = format!("CloudEvents `{}` is not supported; 1.0 is", clip(other));
        return Err(Rejection::new("invalid_value", "/specversion", detail));
    }
    let is_reference = |source: &str| !source.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    if !envelope.source.as_deref().is_some_and(is_reference) {
        return Err(Rejection::new("invalid_value", "/source", "expected a URI reference, without white space"));
    }
    Ok(())
}

/// Data in our shape is the event; any other is its payload.
fn of_json<'a>(
    json: &'a RawValue,
    envelope: &CloudEventAttributes<'a>,
    at: &'static str,
) -> Result<Event<'a>, Rejection> {
    let foreign = || Ok(Event { payload: Some(json), ..Event::default() });
    if !json.get().starts_with('{') {
        return foreign();
    }
    match serde_json::from_str::<Event<'a>>(json.get()) {
        Ok(event) if is_marked(&event) => Ok(event),
        Ok(event) if is_plain(&event) => {
            let mut probe = Event { kind: envelope.kind.clone(), ..event.clone() };
            if check(&mut probe).is_ok() { Ok(event) } else { foreign() }
        }
        Err(_) if looks_marked(json) => parse(json.get(), at),
        Ok(_) | Err(_) => foreign(),
    }
}

/// Whether data says who, to what or from where in our words.
fn is_marked(event: &Event<'_>) -> bool {
    let actor = event.actor.as_ref().is_some_and(|actor| {
        actor.id.is_some() || actor.kind.is_some() || actor.name.is_some() || actor.email.is_some()
    });
    let object = event.object.as_ref().is_some_and(|object| object.id.is_some() || object.kind.is_some());
    let context = event.context.as_ref().is_some_and(|context| {
        let ids = [&context.session_id, &context.device_id, &context.request_id];
        context.ip.is_some() || context.user_agent.is_some() || ids.into_iter().any(Option::is_some)
    });
    actor || object || context || event.changes.as_ref().is_some_and(|changes| !changes.is_empty())
}

/// Whether data has nothing but fields of ours, and none that the attributes have as well.
fn is_plain(event: &Event<'_>) -> bool {
    let of_attributes =
        event.id.is_some() || event.kind.is_some() || event.source.is_some() || event.occurred_at.is_some();
    let nested = event.actor.is_some() || event.object.is_some() || event.context.is_some();
    event.unknown.is_empty() && !of_attributes && !nested && event.changes.is_none()
}

/// Whether data that can't be read was meant to be in our shape.
fn looks_marked(json: &RawValue) -> bool {
    #[derive(serde::Deserialize)]
    struct Shape<'a> {
        #[serde(borrow)]
        actor: Option<&'a RawValue>,
        #[serde(borrow)]
        object: Option<&'a RawValue>,
        #[serde(borrow)]
        context: Option<&'a RawValue>,
        #[serde(borrow)]
        changes: Option<&'a RawValue>,
    }
    serde_json::from_str::<Shape<'_>>(json.get()).is_ok_and(|shape| {
        let nested = [shape.actor, shape.object, shape.context, shape.changes];
        nested.into_iter().flatten().any(|value| value.get().starts_with(['{', '[']))
    })
}

fn has_id(object: &Object<'_>) -> bool {
    object.id.as_deref().is_some_and(|id| !id.trim().is_empty())
}

/// An attribute as an id, if it may be one.
fn id_of(value: &RawValue) -> Option<Text<'_>> {
    let id = string(value)?.trimmed();
    (id.len() <= MAX_NAME_BYTES && ids::nonsense(&id).is_none()).then_some(id)
}

/// The kind of actor that `authtype` means, of the extension «Auth Context».
fn actor_kind(auth_type: &str) -> Option<&'static str> {
    match auth_type {
        "user" | "app_user" => Some("user"),
        "api_key" | "service_account" => Some("api_key"),
        "system" => Some("system"),
        _ => None,
    }
}
