//! Examples in the document.

use serde_json::{Value, json};

use crate::openapi::examples::{one, with};

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
        "proxy_header": "x-forwarded-for",
        "limits": null,
        "quotas": null,
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
        "permissions": [],
        "name": "CRM production",
        "limits": null,
        "quotas": null,
        "created_at": "2026-03-02T08:16:00Z",
        "revoked_at": null
    })
}

/// A key that was just made.
pub(crate) fn new_key() -> Value {
    with(key(), json!({ "secret": "ut_k3jq7xw2m5ab_8Zr0Vq1y6mB2w9cX4dE7fG3hJ5kL0nP8qR2sT6uW1xY" }))
}

/// What was taken and refused lately.
pub(crate) fn ingest_status() -> Value {
    let last = json!({ "at": "2026-03-02T08:15:59Z", "pointer": "/type", "detail": "an event has a type" });
    one(&json!({
        "since": "2026-03-01T06:00:00Z",
        "last_received": "2026-03-02T08:15:58Z",
        "keys": [{
            "key_id": "k3jq7xw2m5ab",
            "label": "CRM production",
            "accepted_hour": 1200,
            "rejected_hour": 3,
            "accepted_day": 41_200,
            "rejected_day": 3,
            "codes": [{ "code": "missing_field", "count": 3, "last": last }]
        }]
    }))
}
