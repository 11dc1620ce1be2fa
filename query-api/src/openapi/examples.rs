//! Examples in the document. They are plain JSON, as a caller sees it.

pub(crate) mod log;
pub(crate) mod restores;
mod statistics;
pub(crate) mod trace;

use serde_json::{Value, json};

pub(crate) use statistics::tenant_statistics;

fn event() -> Value {
    json!({
        "id": "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1",
        "type": "task.deadline_changed",
        "name": "Task deadline changed",
        "text": "Jana Nováková changed the deadline of the task “Call back” from “2026-03-05” to “2026-03-09”",
        "details": "Location: Brno",
        "restorable": false,
        "class": "change",
        "category": "changes",
        "action": "update",
        "module": "tasks",
        "outcome": "success",
        "occurred_at": "2026-03-02T08:15:30.125Z",
        "received_at": "2026-03-02T08:15:30.480Z",
        "actor": { "kind": "user", "id": "u-17", "label": "Jana Nováková", "name": "Jana Nováková", "active": true },
        "object": {
            "type": "task", "id": "4711", "name": "Call back", "url": "https://crm.acme.example/tasks/4711"
        },
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
    one(&event())
}

fn page(row: &Value) -> Value {
    json!({
        "data": [row],
        "has_more": false,
        "next_cursor": null,
        "period": { "from": null, "to": null },
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}

fn one(row: &Value) -> Value {
    json!({ "data": row, "complete_until": "2026-03-02T08:16:00Z", "complete": true })
}

fn violation() -> Value {
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

fn user() -> Value {
    json!({
        "id": "u-17",
        "name": "Jana Nováková",
        "email": "jana@acme.example",
        "active": true,
        "first_seen_at": "2025-11-03T07:58:02Z",
        "last_activity_at": "2026-03-02T08:15:30Z",
        "sign_ins": 212,
        "unreviewed_violations": 1
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

/// A page of sign-ins.
pub(crate) fn sign_ins() -> Value {
    let event = event();
    page(&json!({
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
    }))
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

/// A whole list of one.
pub(crate) fn whole(one: Value) -> Value {
    json!({ "data": [one], "complete_until": "2026-03-02T08:16:00Z", "complete": true })
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

/// The catalogue.
pub(crate) fn catalogue() -> Value {
    json!({
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true,
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
            "sentence": "{actor} changed the deadline of the task[ “{object}”][ from “{old}”][ to “{new}”]",
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

/// A decision about a device.
pub(crate) fn access() -> Value {
    json!({
        "user_id": "u-17",
        "device_id": "d-5",
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

/// A rule.
pub(crate) fn rule() -> Value {
    json!({
        "name": "bot-export",
        "origin": "own",
        "title": "Export by a bot",
        "description": "",
        "level": "high",
        "version": 2,
        "tags": ["attack.t1020"],
        "action": "flag",
        "limits": [],
        "enabled": true,
        "problem": null
    })
}

const RULE: &str = "title: Export by a bot\nid: 0b7f3c53-8f0e-4a55-9d68-5f6c8a3f1f0e\nstatus: stable\nversion: 1\n\
    logsource:\n  product: usertrail\ndetection:\n  export:\n    action: export\n    device.bot: true\n  condition: export\n\
    level: high\ntags:\n  - attack.t1020\n";

fn written() -> Value {
    json!({ "yaml": RULE, "written_by": "k3jq7xw2m5ab", "written_at": "2026-03-02T08:16:00Z" })
}

/// A rule with its text.
pub(crate) fn rule_text() -> Value {
    with(rule(), written())
}

/// A new rule.
pub(crate) fn new_rule() -> Value {
    json!({ "name": "bot-export", "yaml": RULE })
}

/// A version of a rule.
pub(crate) fn rule_version() -> Value {
    with(json!({ "version": 2, "deleted": false }), written())
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

/// What a trial of a rule finds.
pub fn trial() -> Value {
    json!({
        "rule": "mass-export",
        "from": "2026-11-01T00:00:00Z",
        "to": "2026-11-22T00:00:00Z",
        "events": 48210,
        "late": 12,
        "findings": 3,
        "violations": 2,
        "users": [{"user_id": "u-17", "findings": 3}],
        "days": {"2026-11-19": 3},
        "shown": [{
            "violation_id": "0a4f7b1c2d3e4f5061728394a5b6c7d8",
            "event_id": "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1",
            "user_id": "u-17",
            "at": "2026-11-19T09:12:44.120Z",
            "seen": 4321.0,
            "limit": 1000.0,
        }],
        "complete_until": "2026-11-22T10:00:04.120Z",
        "complete": true,
    })
}

fn explained() -> Value {
    json!({
        "event_id": "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1",
        "occurred_at": "2026-11-19T09:12:44.120Z",
        "matched": false,
        "text": "The rule is not broken; found: 7; limit: 10; still lacking: 3",
        "steps": [
            {"holds": true, "text": "Action: “sign_in_failed”; found: “sign_in_failed”"},
            {"holds": false, "text": "Events within 10 min: at least 10; found: 7"},
        ],
        "conditions": {"matched": false},
        "seen": 7.0,
        "limit": 10.0,
        "missing": 3.0,
        "window": {
            "group": {"actor.id": "u-17"},
            "timespan_ms": 600_000,
            "event_ids": ["0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1"],
            "standing": {"matched": false, "seen": 7.0, "needed": 10.0, "timespan_ms": 600_000, "events": 7},
        },
    })
}

/// How an event stands to a rule.
pub fn explained_event() -> Value {
    json!({
        "rule": "brute-force",
        "title": "Many failed sign-ins of one user",
        "rule_version": 1,
        "data": explained(),
        "complete_until": "2026-11-22T10:00:04.120Z",
        "complete": true,
    })
}

/// Why a rule fired.
pub fn explained_violation() -> Value {
    json!({
        "violation_id": "0a4f7b1c2d3e4f5061728394a5b6c7d8",
        "rule": "brute-force",
        "title": "Many failed sign-ins of one user",
        "rule_version": 1,
        "explained_by_version": 1,
        "events": [explained()],
        "notes": ["1 of 35 events are explained here"],
        "complete_until": "2026-11-22T10:00:04.120Z",
        "complete": true,
    })
}
