//! Examples in the document. They are plain JSON, as a caller sees it.

use serde_json::{Value, json};

pub(crate) fn page(row: &Value) -> Value {
    json!({
        "data": [row],
        "has_more": false,
        "next_cursor": null,
        "period": { "from": null, "to": null },
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}

pub(crate) fn one(row: &Value) -> Value {
    json!({ "data": row, "complete_until": "2026-03-02T08:16:00Z", "complete": true })
}

/// A whole list of one.
pub(crate) fn whole(one: Value) -> Value {
    json!({ "data": [one], "complete_until": "2026-03-02T08:16:00Z", "complete": true })
}

pub(crate) fn counts() -> Value {
    json!({ "events": 42, "duration_ms": 1_800_000, "records": 120, "sign_ins": 2, "failed_sign_ins": 1 })
}

pub(crate) fn with(mut target: Value, more: Value) -> Value {
    if let (Value::Object(target), Value::Object(more)) = (&mut target, more) {
        target.extend(more);
    }
    target
}

/// A problem by its status.
pub(crate) fn problem(status: u16) -> Value {
    let (title, code, detail) = match status {
        400 => ("Bad Request", "invalid_parameter", "unknown parameter \"colour\"; known here: limit, cursor"),
        401 => (
            "Unauthorized",
            "unauthorized",
            "send a valid API key (ut_…) or token of your identity provider: Authorization: Bearer …",
        ),
        403 => ("Forbidden", "forbidden", "this takes the role admin"),
        404 => ("Not Found", "not_found", "there is no such event, or not yet, or no longer"),
        406 => ("Not Acceptable", "not_acceptable", "Accept takes none of application/json, text/csv"),
        408 => ("Request Timeout", "too_slow", "the body was not received in time; nothing of it was accepted"),
        409 => ("Conflict", "version_conflict", "it was changed meanwhile: the version in force is 4"),
        413 => ("Payload Too Large", "body_too_large", "a body may have 1048576 bytes"),
        415 => ("Unsupported Media Type", "unsupported_media_type", "the body must be application/json"),
        422 => ("Unprocessable Entity", "invalid_setting", "must be one of [30, 90, 180, 365, 730, 1825] days"),
        429 => ("Too Many Requests", "rate_limited", "too many queries; wait as long as Retry-After says"),
        _ => ("Service Unavailable", "busy", "too many queries at the moment; try again"),
    };
    json!({
        "type": format!("urn:usertrail:problem:{code}"), "title": title, "status": status, "code": code, "detail": detail
    })
}
