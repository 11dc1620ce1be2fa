//! Restores and their endpoint.

use serde_json::{Value, json};

/// How a restore ended.
pub(crate) fn restore() -> Value {
    crate::openapi::examples::one(&json!({
        "status": "succeeded",
        "message_id": "msg_5f2b7c0e9d1a4b3f8e6d2c1b0a998877",
        "attempts": 2,
        "answer_status": 204,
        "at": "2026-03-02T08:15:31.480Z",
        "by": { "kind": "api_key", "id": "k3jq7xw2m5ab", "name": "Back office" },
        "requested_event_id": "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1",
        "event_id": "0199c1f2-7e51-7d02-9b1f-3f0a6c2e8d47"
    }))
}

/// The endpoint for restores.
pub(crate) fn restore_endpoint() -> Value {
    json!({
        "url": "https://crm.example.com/usertrail/restore",
        "secrets": 1,
        "updated_at": "2026-03-02T08:15:30.125Z"
    })
}

/// The endpoint, with or without a secret that was just made.
pub(crate) fn restore_secret(made: bool) -> Value {
    let mut endpoint = restore_endpoint();
    endpoint["secret"] = if made { "whsec_…".into() } else { Value::Null };
    endpoint
}
