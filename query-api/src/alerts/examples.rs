//! Examples in the document.

use serde_json::{Value, json};

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
        "period": { "from": null, "to": null },
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}
