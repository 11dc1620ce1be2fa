//! The event decoder under arbitrary bytes with arbitrary attributes.
//!
//! What must hold: no panic; the same bytes decode alike; a refusal says where and why; an accepted event is within the
//! published bounds, and decodes to itself again when it is written down as plain JSON.

use schemas::decode::{self, Attributes, Rejection, Scratch, decode, unknown_fields};
use schemas::event::{ActorKind, Category, ChangeOp, Class, Event, Millis, Outcome, Text, Unknown};
use serde_json::value::RawValue;

/// Every code that the decoder refuses with.
const CODES: &[&str] = &[
    "duplicate_field",
    "invalid_id",
    "invalid_time",
    "invalid_type",
    "invalid_utf8",
    "invalid_value",
    "malformed_json",
    "missing_field",
    "too_deep",
    "too_large",
    "too_long",
    "too_many",
];

/// Every field of an event.
const FIELDS: &[&str] = &[
    "id",
    "source",
    "type",
    "occurred_at",
    "actor",
    "class",
    "action",
    "category",
    "outcome",
    "reason",
    "object",
    "location",
    "changes",
    "context",
    "channel",
    "started_at",
    "duration_ms",
    "records",
    "backfill",
    "payload",
    "tenant",
];

/// One input: a byte of switches, then lines of attributes for those switched on, then the event.
pub(crate) fn run(input: &[u8]) {
    let Some((&switches, mut rest)) = input.split_first() else { return };
    let mut line = |bit: u8| {
        if switches & (1 << bit) == 0 {
            return None;
        }
        let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let text = std::str::from_utf8(&rest[..end]).ok();
        rest = rest.get(end + 1..).unwrap_or_default();
        text
    };
    let mut attributes = Attributes { id: line(0), ip: line(1), content_type: line(5), ..Attributes::default() };
    for (bit, name) in [(2, "id"), (3, "type"), (4, "time")] {
        attributes.cloud_event.extend(line(bit).map(|value| (name.into(), value)));
    }
    if !attributes.cloud_event.is_empty() {
        attributes.cloud_event.extend([("specversion".into(), "1.0"), ("source".into(), "/fuzz")]);
    }
    if switches & 0x40 != 0 {
        attributes.content_type = Some(decode::CLOUD_EVENT);
    }
    check(rest, &attributes);
}

fn check(bytes: &[u8], attributes: &Attributes<'_>) {
    let scratches = [Scratch::default(), Scratch::default()];
    let [first, second] = scratches.each_ref().map(|scratch| decode(bytes, attributes, scratch));
    match (&first, &second) {
        (Ok(event), Ok(again)) => {
            assert_eq!(format!("{event:?}"), format!("{again:?}"));
            bounds_hold(bytes, event);
            decodes_again(event);
        }
        (Err(rejection), Err(again)) => {
            assert_eq!(rejection, again);
            is_well_formed(rejection);
        }
        _ => panic!("decoded differently the second time"),
    }
}

fn is_well_formed(rejection: &Rejection) {
    assert!(CODES.contains(&rejection.code), "{rejection}");
    assert!(rejection.pointer.is_empty() || rejection.pointer.starts_with('/'), "{rejection}");
    assert!(!rejection.detail.is_empty() && rejection.detail.len() <= 1024, "{rejection}");
    if rejection.code == "invalid_time" {
        let field = rejection.pointer.rsplit('/').next().unwrap_or_default();
        assert!(["occurred_at", "started_at", "time"].contains(&field), "{rejection}");
    }
}

fn within(text: &Option<Text<'_>>, most: usize) {
    assert!(text.as_deref().is_none_or(|text| text.len() <= most), "longer than {most} bytes: {text:?}");
}

fn bounds_hold(bytes: &[u8], event: &Event<'_>) {
    assert!(bytes.len() <= decode::MAX_EVENT_BYTES);
    assert!(event.kind.as_deref().is_some_and(|kind| !kind.is_empty()));
    within(&event.source, decode::MAX_SOURCE_BYTES);
    for text in [&event.id, &event.kind, &event.action, &event.channel] {
        within(text, decode::MAX_ID_BYTES);
    }
    within(&event.location, decode::MAX_NAME_BYTES);
    within(&event.reason, decode::MAX_REASON_BYTES);
    assert!(event.class.as_deref().is_none_or(|word| Class::parse(word).is_some()));
    assert!(event.outcome.as_deref().is_none_or(|word| Outcome::parse(word).is_some()));
    assert!(event.category.as_deref().is_none_or(|word| Category::parse(word).is_some()));
    for time in [event.occurred_at, event.started_at].into_iter().flatten() {
        assert!(time >= Millis(0) && time <= Millis::MAX);
    }
    if let Some(actor) = &event.actor {
        let kind = actor.kind.as_deref().map_or(Some(ActorKind::User), ActorKind::parse);
        assert!(kind.is_some());
        let has_id = actor.id.as_deref().is_some_and(|id| !id.is_empty());
        assert!(kind == Some(ActorKind::System) || has_id || schemas::sign_ins::says_failed(event));
        for text in [&actor.id, &actor.name, &actor.email] {
            within(text, decode::MAX_NAME_BYTES);
        }
    }
    if let Some(object) = &event.object {
        within(&object.kind, decode::MAX_ID_BYTES);
        within(&object.module, decode::MAX_ID_BYTES);
        within(&object.id, decode::MAX_NAME_BYTES);
        within(&object.name, decode::MAX_NAME_BYTES);
        within(&object.url, decode::MAX_URL_BYTES);
    }
    let changes = event.changes.as_deref().unwrap_or_default();
    assert!(changes.len() <= decode::MAX_CHANGES);
    for change in changes {
        assert!(change.path.as_deref().is_some_and(|path| !path.is_empty()));
        within(&change.path, decode::MAX_NAME_BYTES);
        assert!(change.op.as_deref().is_none_or(|op| ChangeOp::parse(op).is_some()));
    }
    if let Some(context) = &event.context {
        let ip = context.ip.as_ref().and_then(|ip| ip.ip);
        assert!(ip.is_none_or(|ip| ip == ip.to_canonical() && !ip.is_unspecified()));
        within(&context.user_agent, decode::MAX_REASON_BYTES);
        for text in [&context.session_id, &context.device_id, &context.request_id] {
            within(text, decode::MAX_NAME_BYTES);
        }
        if let Some(hints) = &context.client_hints {
            within(&hints.ua, decode::MAX_REASON_BYTES);
            within(&hints.full_version_list, decode::MAX_REASON_BYTES);
            for text in [&hints.model, &hints.platform, &hints.platform_version, &hints.mobile] {
                within(text, decode::MAX_NAME_BYTES);
            }
        }
    }
}

/// Writes the event down as plain JSON, decodes that, and expects the same event.
fn decodes_again(event: &Event<'_>) {
    let json = written(event);
    match decode(json.as_bytes(), &Attributes::default(), &Scratch::default()) {
        Ok(again) => {
            assert_eq!(written(&again), json);
            let paths = |event: &Event<'_>| unknown_fields(event).len();
            assert!(paths(&again) <= paths(event));
        }
        // What travelled beside the bytes is in them now.
        Err(rejection) => assert_eq!(rejection.code, "too_large", "{rejection} in {json}"),
    }
}

fn written(event: &Event<'_>) -> String {
    let mut json = Json::open();
    json.text("id", &event.id)
        .text("source", &event.source)
        .text("type", &event.kind)
        .time("occurred_at", event.occurred_at);
    if let Some(actor) = &event.actor {
        let mut inner = Json::open();
        inner.text("kind", &actor.kind).text("id", &actor.id).text("name", &actor.name).text("email", &actor.email);
        inner.plain("active", actor.active).unknown(&actor.unknown);
        json.raw("actor", Some(&inner.close()));
    }
    json.text("class", &event.class).text("action", &event.action).text("category", &event.category);
    json.text("outcome", &event.outcome).text("reason", &event.reason);
    if let Some(object) = &event.object {
        let mut inner = Json::open();
        inner.text("type", &object.kind).text("id", &object.id).text("name", &object.name).text("url", &object.url);
        inner.text("module", &object.module).unknown(&object.unknown);
        json.raw("object", Some(&inner.close()));
    }
    json.text("location", &event.location);
    if let Some(changes) = &event.changes {
        let all: Vec<String> = changes
            .iter()
            .map(|change| {
                let mut inner = Json::open();
                inner.text("path", &change.path).text("op", &change.op);
                inner.raw("old", change.old.map(RawValue::get)).raw("new", change.new.map(RawValue::get));
                inner.unknown(&change.unknown);
                inner.close()
            })
            .collect();
        json.raw("changes", Some(&format!("[{}]", all.join(","))));
    }
    if let Some(context) = &event.context {
        let mut inner = Json::open();
        if let Some(ip) = &context.ip {
            let read = ip.ip.map_or_else(|| "null".to_owned(), |ip| quoted(&ip.to_string()));
            inner.raw("ip", Some(ip.sent.map_or(&*read, RawValue::get)));
        }
        inner.text("user_agent", &context.user_agent);
        if let Some(hints) = &context.client_hints {
            let mut deep = Json::open();
            deep.text("ua", &hints.ua).text("mobile", &hints.mobile).text("platform", &hints.platform);
            deep.text("platform_version", &hints.platform_version).text("model", &hints.model);
            deep.text("full_version_list", &hints.full_version_list).unknown(&hints.unknown);
            inner.raw("client_hints", Some(&deep.close()));
        }
        inner.text("session_id", &context.session_id).text("device_id", &context.device_id);
        inner.text("request_id", &context.request_id).unknown(&context.unknown);
        json.raw("context", Some(&inner.close()));
    }
    json.text("channel", &event.channel).time("started_at", event.started_at);
    json.plain("duration_ms", event.duration_ms).plain("records", event.records).plain("backfill", event.backfill);
    json.raw("payload", event.payload.map(RawValue::get)).text("tenant", &event.tenant);
    // A CloudEvent's extension may bear the name of a field of ours; in plain JSON it would be that field.
    let mut unknown = event.unknown.clone();
    unknown.retain(|(name, _)| !FIELDS.contains(&&**name));
    json.unknown(&unknown);
    json.close()
}

/// A JSON object under construction.
struct Json {
    fields: Vec<String>,
}

impl Json {
    fn open() -> Self {
        Self { fields: Vec::new() }
    }

    fn raw(&mut self, name: &'static str, json: Option<&str>) -> &mut Self {
        self.fields.extend(json.map(|json| format!("\"{name}\":{json}")));
        self
    }

    fn text(&mut self, name: &'static str, text: &Option<Text<'_>>) -> &mut Self {
        let json = text.as_deref().map(quoted);
        self.raw(name, json.as_deref())
    }

    fn plain(&mut self, name: &'static str, value: Option<impl ToString>) -> &mut Self {
        let json = value.map(|value| value.to_string());
        self.raw(name, json.as_deref())
    }

    fn time(&mut self, name: &'static str, time: Option<Millis>) -> &mut Self {
        let json = time.and_then(|time| chrono::DateTime::from_timestamp_millis(time.0));
        let json = json.map(|time| quoted(&time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)));
        self.raw(name, json.as_deref())
    }

    fn unknown(&mut self, unknown: &Unknown<'_>) {
        self.fields.extend(unknown.iter().map(|(name, value)| format!("{}:{}", quoted(name), value.get())));
    }

    fn close(&self) -> String {
        format!("{{{}}}", self.fields.join(","))
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
