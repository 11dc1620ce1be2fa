//! Examples in the document, as a sender sees them; a test sends each body.

use serde_json::{Value, json};

fn data() -> Value {
    json!({
        "actor": { "id": "u-1042", "name": "Eva Nová", "email": "eva.nova@example.com" },
        "object": { "type": "deal", "id": "d-8", "name": "Website" },
        "changes": [{ "path": "stage", "op": "replace", "old": "new", "new": "won" }]
    })
}

/// One event of ours.
pub(crate) fn event(id: &str) -> Value {
    let mut event = json!({ "id": id, "type": "deal.stage_changed", "occurred_at": "2026-03-02T08:15:00Z" });
    if let (Value::Object(event), Value::Object(data)) = (&mut event, data()) {
        event.extend(data);
    }
    event
}

/// One event a line.
pub(crate) fn lines() -> String {
    [event("evt-1"), event("evt-2")].map(|event| event.to_string()).join("\n")
}

/// One event as CloudEvents have it.
pub(crate) fn cloud_event(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "https://crm.example.com", "type": "deal.stage_changed",
        "time": "2026-03-02T08:15:00Z", "datacontenttype": "application/json", "data": data()
    })
}

/// The answer to one event.
pub(crate) fn answer() -> Value {
    json!({ "accepted": 1, "repeated": 0, "rejected": 0, "events": [{ "index": 0, "status": "accepted", "id": "evt-1" }] })
}

/// The answer where the only event is refused.
pub(crate) fn all_rejected() -> Value {
    json!({
        "type": "urn:usertrail:problem:all_rejected", "title": "Unprocessable Entity", "status": 422, "code": "all_rejected",
        "detail": "the event was rejected", "accepted": 0, "repeated": 0, "rejected": 1,
        "events": [{
            "index": 0, "status": "rejected", "code": "missing_field", "pointer": "/type", "detail": "an event has a type"
        }]
    })
}
