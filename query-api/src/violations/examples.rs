//! Examples in the document.

use serde_json::{Value, json};

use crate::openapi::examples::{one, page, with};

pub(crate) fn violation() -> Value {
    json!({
        "id": "5f2b7c0e9d1a4b3f8e6d2c1b0a998877",
        "rule": "too-many-devices",
        "title": "Too many devices",
        "rule_version": 2,
        "level": "high",
        "action": "flag",
        "user": { "kind": "user", "id": "u-17", "name": "Jana Nováková" },
        "device_id": "d-5",
        "device_confidence": "high",
        "session_key": "s-99",
        "ip": "203.0.113.9",
        "place": { "country": "NZ", "city": "Auckland" },
        "window_at": "2026-03-02T00:00:00Z",
        "first_at": "2026-03-02T07:02:11.000Z",
        "last_at": "2026-03-02T08:15:30.125Z",
        "count": 3,
        "seen": 6.0,
        "limit": 4.0,
        "event_ids": ["0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1"],
        "review": {
            "reviewed": true,
            "by": { "id": "k3jq7xw2m5ab", "name": "Security desk" },
            "at": "2026-03-02T08:15:59Z",
            "note": "A business trip, confirmed by phone",
            "count": 3
        }
    })
}

/// A page of violations.
pub(crate) fn violations() -> Value {
    page(&violation())
}

/// One violation.
pub(crate) fn one_violation() -> Value {
    one(&violation())
}

/// What became of a review.
pub(crate) fn review(applied: bool) -> Value {
    let mut shown = violation();
    if !applied {
        shown["review"] = Value::Null;
    }
    with(one(&shown), json!({ "applied": applied, "event_id": "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1" }))
}

/// Violations, counted.
pub(crate) fn summary() -> Value {
    let of = |value: &str, label: &str| json!({ "value": value, "label": label, "count": 30, "unreviewed": 7 });
    json!({
        "period": { "from": "2026-03-01T23:00:00Z", "to": "2026-03-08T23:00:00Z" },
        "total": { "value": 30, "exact": true },
        "unreviewed": 7,
        "level": [of("high", "high")],
        "rule": [of("too-many-devices", "Too many devices")],
        "user": [of("u-17", "Jana Nováková")],
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}

/// What became of several reviews.
pub(crate) fn reviews(applied: bool) -> Value {
    let data = json!({ "reviewed": 12, "already": 2, "missing": [], "failed": [], "more": false });
    with(one(&data), json!({ "applied": applied }))
}
