//! Examples in the document. They are plain JSON, as a caller sees it.

use serde_json::{Value, json};

fn event() -> Value {
    json!({
        "id": "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1",
        "type": "task.deadline_changed",
        "class": "change",
        "category": "changes",
        "action": "update",
        "module": "tasks",
        "outcome": "success",
        "occurred_at": "2026-03-02T08:15:30.125Z",
        "received_at": "2026-03-02T08:15:30.480Z",
        "actor": { "kind": "user", "id": "u-17", "name": "Jana Nováková", "active": true },
        "object": { "type": "task", "id": "4711", "name": "Call back" },
        "location": "Brno",
        "changes": [{ "path": "/deadline", "op": "replace", "old": "2026-03-05", "new": "2026-03-09" }],
        "backfill": false,
        "context": { "ip": "198.51.100.7", "session_id": "s-99" },
        "geo": {
            "country": "CZ", "city": "Brno", "latitude": 49.2, "longitude": 16.6, "accuracy_km": 20,
            "build": "2026-03-01T00:00:00Z"
        },
        "device": {
            "id": "d-5", "confidence": "high", "kind": "desktop", "browser": "Firefox", "browser_version": "148",
            "os": "Linux", "os_version": "", "bot": false
        }
    })
}

/// A page of events.
pub(crate) fn events() -> Value {
    json!({
        "data": [event()],
        "has_more": true,
        "next_cursor": "AQAAAAAAAAAA",
        "period": { "from": "2026-03-01T23:00:00Z", "to": "2026-03-08T23:00:00Z" },
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}

/// One event.
pub(crate) fn one_event() -> Value {
    json!({ "data": event(), "complete_until": "2026-03-02T08:16:00Z", "complete": true })
}

/// A page of violations.
pub(crate) fn violations() -> Value {
    json!({
        "data": [{
            "id": "5f2b7c0e9d1a4b3f8e6d2c1b0a998877",
            "rule": "new-country",
            "version": 2,
            "level": "high",
            "occurred_at": "2026-03-02T08:15:30.125Z",
            "received_at": "2026-03-02T08:15:30.480Z",
            "actor": { "kind": "user", "id": "u-17", "name": "Jana Nováková" },
            "event_id": "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1",
            "event_type": "user.signed_in",
            "ip": "203.0.113.9",
            "country": "NZ"
        }],
        "has_more": false,
        "next_cursor": null,
        "period": { "from": null, "to": null },
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}

/// An endpoint of alerts.
pub(crate) fn endpoint() -> Value {
    json!({
        "id": "pager",
        "url": "https://hooks.example.com/usertrail",
        "format": "standard",
        "min_level": 3,
        "rules": [],
        "repeat_seconds": 3600,
        "enabled": true,
        "disabled_reason": "",
        "secrets": 1,
        "updated_at": "2026-03-02T08:15:30.125Z"
    })
}

/// An endpoint that was just made.
pub(crate) fn new_endpoint() -> Value {
    let mut endpoint = endpoint();
    endpoint["secret"] = "whsec_…".into();
    endpoint
}

/// A silence.
pub(crate) fn silence() -> Value {
    json!({
        "tenant": "acme",
        "id": "0f3c5a7e9b1d2c4e",
        "rule": "mass-export",
        "user_id": null,
        "owner": "jana",
        "reason": "Yearly export",
        "starts_at": "2026-03-02T08:00:00Z",
        "ends_at": "2026-03-03T00:00:00Z"
    })
}

/// A page of the log of deliveries.
pub(crate) fn deliveries() -> Value {
    json!({
        "data": [{
            "at": "2026-03-02T08:15:31.125Z",
            "message_id": "msg_5f2b7c0e9d1a4b3f8e6d2c1b0a998877_pager_1772439330480",
            "attempt": 1,
            "endpoint": "pager",
            "violation_id": "5f2b7c0e9d1a4b3f8e6d2c1b0a998877",
            "outcome": "failed",
            "status": 503,
            "reason": "503 Service Unavailable: later please",
            "duration_ms": 74
        }],
        "has_more": false,
        "next_cursor": null,
        "period": { "from": null, "to": null }
    })
}

/// The catalogue.
pub(crate) fn catalogue() -> Value {
    json!({
        "language": "en",
        "types": [{
            "type": "task.deadline_changed",
            "name": "Task deadline changed",
            "class": "change",
            "category": "changes",
            "action": "update",
            "module": "tasks",
            "object_type": "task",
            "restorable": false,
            "sentence": "{actor} changed the deadline of task {object}[ from “{old}”][ to “{new}”]",
            "own": false
        }]
    })
}

fn counts() -> Value {
    json!({ "events": 42, "duration_ms": 1_800_000, "records": 120, "sign_ins": 2, "failed_sign_ins": 1 })
}

fn with(mut target: Value, more: Value) -> Value {
    if let (Value::Object(target), Value::Object(more)) = (&mut target, more) {
        target.extend(more);
    }
    target
}

/// Statistics of one user.
pub(crate) fn statistics() -> Value {
    let exact = |value: u64| json!({ "value": value, "estimate": false });
    let distinct = json!({
        "devices": exact(2), "ips": exact(3), "objects": { "value": 57, "estimate": true, "error": 0.016 }, "sessions": exact(2)
    });
    let share = |key: &str| with(json!({ "key": key }), counts());
    json!({
        "user_id": "u-17",
        "period": { "from": "2026-03-01T23:00:00Z", "to": "2026-03-02T23:00:00Z" },
        "time_zone": "Europe/Prague",
        "by": "day",
        "totals": counts(),
        "distinct": distinct,
        "actions": [share("update")],
        "classes": [share("change")],
        "channels": [share("call")],
        "object_types": [share("task")],
        "countries": [share("CZ")],
        "device_kinds": [share("desktop")],
        "series": [with(
            json!({ "start": "2026-03-02T00:00:00+01:00", "end": "2026-03-03T00:00:00+01:00", "distinct": distinct }),
            counts(),
        )],
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}

/// A tenant.
pub(crate) fn tenant() -> Value {
    json!({
        "id": "acme",
        "name": "Acme s.r.o.",
        "logging": true,
        "retention": { "sign_ins": 365, "changes": 365, "views": 90, "configuration": 730, "other": 180 },
        "plan": "standard",
        "time_zone": "Europe/Prague",
        "week_start": "monday",
        "languages": ["cs", "en"],
        "event_types": [],
        "trusted_proxies": ["192.0.2.0/24"],
        "limits": null,
        "url_templates": { "task": "https://crm.example/tasks/{id}" },
        "version": 3,
        "updated_at": "2026-03-02T08:16:00Z"
    })
}

/// A key.
pub(crate) fn key() -> Value {
    json!({
        "id": "k3jq7xw2m5ab",
        "role": "ingest",
        "name": "CRM production",
        "limits": null,
        "created_at": "2026-03-02T08:16:00Z",
        "revoked_at": null
    })
}

/// A key that was just made.
pub(crate) fn new_key() -> Value {
    with(key(), json!({ "secret": "ut_k3jq7xw2m5ab_8Zr0Vq1y6mB2w9cX4dE7fG3hJ5kL0nP8qR2sT6uW1xY" }))
}

/// A problem by its status.
pub(crate) fn problem(status: u16) -> Value {
    let (title, code, detail) = match status {
        400 => ("Bad Request", "invalid_parameter", "unknown parameter \"colour\"; known here: limit, cursor"),
        401 => ("Unauthorized", "unauthorized", "send a valid API key: Authorization: Bearer ut_…"),
        403 => ("Forbidden", "forbidden", "this takes the role admin"),
        404 => ("Not Found", "not_found", "there is no such event, or not yet, or no longer"),
        409 => ("Conflict", "version_conflict", "it was changed meanwhile: the version in force is 4"),
        413 => ("Payload Too Large", "body_too_large", "the body is larger than 1048576 bytes, or broke off"),
        415 => ("Unsupported Media Type", "unsupported_media_type", "the body must be application/json"),
        422 => ("Unprocessable Entity", "invalid_setting", "must be one of [30, 90, 180, 365, 730, 1825] days"),
        429 => ("Too Many Requests", "rate_limited", "too many queries; wait as long as Retry-After says"),
        _ => ("Service Unavailable", "busy", "too many queries at the moment; try again"),
    };
    json!({
        "type": format!("urn:usertrail:problem:{code}"), "title": title, "status": status, "code": code, "detail": detail
    })
}
