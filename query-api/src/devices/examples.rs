//! Examples in the document.

use serde_json::{Value, json};

use crate::openapi::examples::with;

/// A decision about a device.
pub(crate) fn access() -> Value {
    json!({
        "user_id": "u-17",
        "device_id": "7e330e3789463b61",
        "device_confidence": "high",
        "access": "block",
        "reason": "Reported as stolen",
        "decided_by": "k3jq7xw2m5ab",
        "decided_at": "2026-03-02T08:16:00Z",
        "violation_id": null
    })
}

/// A device about which nothing was decided.
pub(crate) fn no_access() -> Value {
    let none = json!({
        "access": "allow", "reason": "no decision", "decided_by": null, "decided_at": null, "violation_id": null
    });
    with(access(), none)
}

/// An exemption.
pub(crate) fn exemption() -> Value {
    json!({
        "user_id": "u-17",
        "owner": "Jana Nováková",
        "reason": "Travels with a sales team",
        "granted_at": "2026-03-02T08:16:00Z",
        "expires_at": "2026-04-01T00:00:00Z",
        "holds": true
    })
}
