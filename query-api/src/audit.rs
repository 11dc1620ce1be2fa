//! What staff do is an event of the tenant: recorded as any other, in the order of the person or key that did it.

pub mod read_log;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use chrono::{SecondsFormat, Utc};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::FutureRecord;
use runtime::config::Config;
use runtime::kafka::{ANSWERED, Producer, placed};
use runtime::problem::Problem;
use schemas::catalogue::Lang;
use schemas::decode::{Attributes, MAX_NAME_BYTES, MAX_REASON_BYTES, Scratch, decode};
use schemas::topics::{self, headers};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::export::words;
use crate::http::caller::Caller;

pub use schemas::topics::OWN_KEY_ID as KEY_ID;

/// Something that staff did.
#[derive(Debug, Clone, PartialEq)]
pub struct StaffEvent {
    /// Type of the catalogue.
    pub kind: &'static str,
    /// Type of what it was done to.
    pub object_type: &'static str,
    /// Id of what it was done to, up to 256 bytes.
    pub object_id: String,
    /// Its name; cut where it is longer than an event's.
    pub object_name: String,
    /// Why; cut where it is longer than an event's. Empty: not given.
    pub reason: String,
    /// What changed: field, before, after. Null: there was none, or is none any more.
    pub changes: Vec<(String, Value, Value)>,
}

/// What only some events of staff carry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// Records viewed or exported.
    pub records: u64,
    /// `success` or `failure`; empty: success.
    pub outcome: &'static str,
    /// What else there is to record.
    pub payload: Option<Value>,
}

/// Writes events of staff to the topic that all events go through.
#[derive(Debug)]
pub struct Audit(Sink);

/// Where the events go.
enum Sink {
    Topic {
        producer: Producer,
        topic: String,
    },
    /// Tenants, and bodies of their events.
    Memory(Mutex<Vec<(String, Value)>>),
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Topic { topic, .. } => f.debug_struct("Topic").field("topic", topic).finish_non_exhaustive(),
            Self::Memory(_) => f.debug_struct("Memory").finish_non_exhaustive(),
        }
    }
}

impl Audit {
    /// A producer of its own. The broker needs not be there yet.
    ///
    /// # Errors
    /// When the options of the configuration are not librdkafka's.
    pub fn new(config: &Config) -> Result<Self, KafkaError> {
        let producer =
            runtime::kafka::producer_config_within(&config.kafka, ANSWERED).set("linger.ms", "0").create()?;
        Ok(Self(Sink::Topic { producer, topic: config.kafka.topic(topics::EVENTS_RAW) }))
    }

    /// Keeps the events in this process, without a topic: for tests of who records what.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Sink::Memory(Mutex::default()))
    }

    /// Bodies of the events of a tenant that were kept in this process, oldest first.
    #[must_use]
    pub fn recorded(&self, tenant: &str) -> Vec<Value> {
        let Sink::Memory(events) = &self.0 else { return Vec::new() };
        let events = events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().filter(|(of, _)| of == tenant).map(|(_, body)| body.clone()).collect()
    }

    /// Records what a caller did in a tenant, and returns the event's id once all replicas have it.
    ///
    /// # Errors
    /// 422 for what is no event, such as an id that is too long; 503 when it is not known whether it is recorded.
    pub async fn record(&self, caller: &Caller, tenant: &str, event: StaffEvent) -> Result<String, Problem> {
        self.record_with(caller, tenant, event, Details::default()).await
    }

    /// Records an event as [`record`](Self::record) does, with more details.
    ///
    /// # Errors
    /// As there.
    pub async fn record_with(
        &self,
        caller: &Caller,
        tenant: &str,
        event: StaffEvent,
        details: Details,
    ) -> Result<String, Problem> {
        self.record_fields(caller, tenant, fields(&event, details)).await
    }

    /// Records an event as [`record`](Self::record) does, which is given by its own fields, but for time and actor, and for its id
    /// unless it has one.
    ///
    /// # Errors
    /// As of [`record`](Self::record).
    pub(crate) async fn record_fields(
        &self,
        caller: &Caller,
        tenant: &str,
        mut fields: Map<String, Value>,
    ) -> Result<String, Problem> {
        let id = match fields.remove("id") {
            Some(Value::String(id)) => id,
            _ => Uuid::now_v7().to_string(),
        };
        let body = body(&id, caller, fields);
        let payload = body.to_string();
        // By the decoder that reads it later: what is acknowledged is never a dead letter.
        decode(payload.as_bytes(), &Attributes::default(), &Scratch::default()).map_err(|rejection| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_event", rejection.detail)
                .with_pointer(rejection.pointer)
        })?;
        let (producer, topic) = match &self.0 {
            Sink::Topic { producer, topic } => (producer, topic),
            Sink::Memory(events) => {
                debug_assert!(is_worded(&body), "a field that has no word in `export::words`: {body}");
                events.lock().unwrap_or_else(PoisonError::into_inner).push((tenant.to_owned(), body));
                return Ok(id);
            }
        };
        let key = topics::event_key(tenant, caller.identity().id);
        let beside = OwnedHeaders::new_with_capacity(2)
            .insert(Header { key: headers::TENANT, value: Some(tenant) })
            .insert(Header { key: headers::KEY_ID, value: Some(KEY_ID) });
        let record = FutureRecord::to(topic).key(&key).payload(&payload).headers(beside);
        match placed(producer.send(record, Duration::ZERO).await) {
            Ok(_) => Ok(id),
            Err(error) => Err(Problem::unavailable(
                "broker_unreachable",
                "whether this is recorded is not known; sending it again is safe",
                Duration::from_secs(1),
            )
            .with_cause(error)),
        }
    }
}

/// Whether all that changed has a name in each language.
fn is_worded(body: &Value) -> bool {
    let paths = body["changes"].as_array().into_iter().flatten().filter_map(|change| change["path"].as_str());
    paths.filter_map(|path| path.split('/').next()).all(|field| words::known(field, Lang::Ru).is_some())
}

fn body(id: &str, caller: &Caller, mut fields: Map<String, Value>) -> Value {
    fields.insert("id".to_owned(), id.into());
    fields.insert("occurred_at".to_owned(), Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true).into());
    fields.insert("actor".to_owned(), actor(caller));
    fields.into()
}

/// A caller as the actor of an event.
pub(crate) fn actor(caller: &Caller) -> Value {
    let actor = caller.identity();
    let mut known = json!({ "kind": actor.kind, "id": actor.id, "name": clip(actor.name, MAX_NAME_BYTES) });
    if !actor.email.is_empty() {
        known["email"] = clip(actor.email, MAX_NAME_BYTES).into();
    }
    known
}

fn fields(event: &StaffEvent, details: Details) -> Map<String, Value> {
    let changes = event.changes.iter().map(|(path, old, new)| change(path, old, new)).collect();
    let object = json!({
        "type": event.object_type,
        "id": event.object_id,
        "name": clip(&event.object_name, MAX_NAME_BYTES),
    });
    let mut fields = Map::from_iter([
        ("type".to_owned(), event.kind.into()),
        ("object".to_owned(), object),
        ("changes".to_owned(), Value::Array(changes)),
    ]);
    if !event.reason.is_empty() {
        fields.insert("reason".to_owned(), clip(&event.reason, MAX_REASON_BYTES).into());
    }
    if details.records > 0 {
        fields.insert("records".to_owned(), details.records.into());
    }
    if !details.outcome.is_empty() {
        fields.insert("outcome".to_owned(), details.outcome.into());
    }
    if let Some(payload) = details.payload {
        fields.insert("payload".to_owned(), payload);
    }
    fields
}

fn change(path: &str, old: &Value, new: &Value) -> Value {
    match (old, new) {
        (Value::Null, new) => json!({ "path": path, "op": "add", "new": new }),
        (old, Value::Null) => json!({ "path": path, "op": "remove", "old": old }),
        (old, new) => json!({ "path": path, "op": "replace", "old": old, "new": new }),
    }
}

pub(crate) fn clip(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Returns the fields in which two states differ, as an event names them; a state that is not there has nothing in any.
pub fn differences(
    fields: &[&str],
    old: Option<&impl Serialize>,
    new: Option<&impl Serialize>,
) -> Vec<(String, Value, Value)> {
    fn state(of: Option<&impl Serialize>) -> Value {
        of.and_then(|of| serde_json::to_value(of).ok()).unwrap_or_default()
    }
    let (old, new) = (state(old), state(new));
    let both = |field: &&str| ((*field).to_owned(), old[*field].clone(), new[*field].clone());
    fields.iter().map(both).filter(|(_, old, new)| old != new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_what_became_of_the_field() {
        assert_eq!(change("a", &Value::Null, &json!(1)), json!({"path": "a", "op": "add", "new": 1}));
        assert_eq!(change("a", &json!(1), &Value::Null), json!({"path": "a", "op": "remove", "old": 1}));
        assert_eq!(change("a", &json!(1), &json!(2)), json!({"path": "a", "op": "replace", "old": 1, "new": 2}));
    }

    #[test]
    fn a_cut_text_ends_with_a_whole_character() {
        assert_eq!(clip("áá", 3), "á");
        assert_eq!(clip("áá", 9), "áá");
    }
}
