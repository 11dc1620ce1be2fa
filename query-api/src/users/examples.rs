//! Examples in the document.

use serde_json::{Value, json};

use crate::log::examples::event;
use crate::openapi::examples::{one, page, with};

pub(crate) fn user() -> Value {
    json!({
        "id": "u-17",
        "name": "Jana Nováková",
        "email": "jana@acme.example",
        "active": true,
        "first_seen_at": "2025-11-03T07:58:02Z",
        "last_activity_at": "2026-03-02T08:15:30Z",
        "sign_ins": 212,
        "unreviewed_violations": 1,
        "max_level": "high",
        "exempt": false
    })
}

/// A page of users.
pub(crate) fn users() -> Value {
    page(&user())
}

/// One user.
pub(crate) fn one_user() -> Value {
    one(&user())
}

fn sign_in() -> Value {
    let event = event();
    json!({
        "id": event["id"],
        "occurred_at": event["occurred_at"],
        "action": "sign_in",
        "outcome": "success",
        "session": { "key": "s-99", "last_activity_at": "2026-03-02T09:40:00Z", "signed_out_at": null },
        "device": event["device"],
        "ip": "198.51.100.7",
        "place": event["geo"],
        "signals": { "new_device": true, "travel_km": 240.0, "travel_confidence": "medium" },
        "violations": [{
            "id": "5f2b7c0e9d1a4b3f8e6d2c1b0a998877", "rule": "too-many-devices", "version": 2, "level": "high",
            "seen": 6.0, "limit": 4.0
        }]
    })
}

/// A page of sign-ins of a user.
pub(crate) fn sign_ins() -> Value {
    page(&sign_in())
}

/// A page of sign-ins of all users.
pub(crate) fn tenant_sign_ins() -> Value {
    let user = json!({ "user": { "id": "u-17", "name": "Jana Nováková", "email": "jana@acme.example" } });
    page(&with(user, sign_in()))
}

/// A page of devices.
pub(crate) fn devices() -> Value {
    page(&with(
        event()["device"].take(),
        json!({
            "first_seen_at": "2025-11-03T07:58:02Z",
            "last_seen_at": "2026-03-02T08:15:30.125Z",
            "sign_ins": 140,
            "failed_sign_ins": 2,
            "first_sign_in_at": "2025-11-03T07:58:02Z",
            "last_sign_in_at": "2026-03-02T08:15:30.125Z",
            "ip": "198.51.100.7",
            "place": { "country": "CZ", "city": "Brno" }
        }),
    ))
}

/// A page of sessions.
pub(crate) fn sessions() -> Value {
    page(&json!({
        "key": "s-99",
        "started_at": "2026-03-02T08:15:30.125Z",
        "last_activity_at": "2026-03-02T09:40:00Z",
        "signed_out_at": null,
        "events": 48,
        "device_id": "d-5",
        "device_confidence": "high",
        "device_kind": "desktop",
        "browser": "Firefox",
        "os": "Linux",
        "ip": "198.51.100.7",
        "place": { "country": "CZ", "city": "Brno" }
    }))
}
