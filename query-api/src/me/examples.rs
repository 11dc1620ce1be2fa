//! Examples in the document.

use serde_json::{Value, json};

use crate::openapi::examples::one;

/// Somebody of a tenant.
pub(crate) fn me() -> Value {
    let mut plan = crate::log::examples::plan();
    plan["usage"] = Value::Null;
    let look_back_from = plan["look_back_from"].clone();
    one(&json!({
        "who": { "kind": "key", "id": "k3jq7xw2m5ab", "name": "Security desk" },
        "permissions": ["read_log", "see_violations", "manage_access"],
        "tenant": {
            "id": "acme",
            "name": "Acme s.r.o.",
            "time_zone": "Europe/Prague",
            "week_start": "monday",
            "languages": ["cs", "en"],
            "logging": true,
            "plan": plan,
            "look_back_from": look_back_from
        },
        "unreviewed_violations": 3,
        "version": "0.1.0"
    }))
}
