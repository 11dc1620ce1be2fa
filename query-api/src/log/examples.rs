//! Examples of the event log, the audit of the configuration, and plans.

use serde_json::{Value, json};

use crate::openapi::examples::{one, page, with};

/// A page of an object's history.
pub(crate) fn history() -> Value {
    let object = json!({
        "state": { "name": "Call back", "deadline": "2026-03-09" },
        "deleted": false,
        "edits": 2,
        "whole": true
    });
    with(page(&event()), json!({ "object": object }))
}

/// A page of the audit.
pub(crate) fn configuration() -> Value {
    page(&json!({
        "id": "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1",
        "occurred_at": "2026-03-02T08:15:30.125Z",
        "received_at": "2026-03-02T08:15:30.480Z",
        "actor": { "kind": "user", "id": "u-3", "label": "Petr Dvořák", "name": "Petr Dvořák", "active": true },
        "type": "workflow.updated",
        "name": "Workflow changed",
        "text": "Petr Dvořák changed workflow “New lead” from “AND” to “OR”",
        "class": "change",
        "module": "workflows",
        "outcome": "success",
        "labels": {
            "class": "change", "module": "workflows", "outcome": "success", "actor_kind": "user", "object_type": "workflow"
        },
        "object": { "type": "workflow", "id": "12", "name": "New lead" },
        "edits": [
            {
                "kind": "operator_switched", "path": "conditions/operator", "label": "conditions › operator",
                "old": "AND", "new": "OR", "text": "conditions › operator: AND switched to OR"
            },
            {
                "kind": "condition_added", "path": "conditions/2", "label": "conditions #3",
                "new": { "field": "country", "operator": "is", "value": "CZ" }, "to": 2,
                "text": "Condition added to “conditions”: country is CZ"
            }
        ]
    }))
}

/// The smallest plan.
pub(crate) fn plan() -> Value {
    json!({
        "plan": "free",
        "features": {
            "log": true, "look_back_days": 30, "free_dates": false, "periods": ["last_30_days"], "exports": false, "configuration_audit": false,
            "tracing": false, "restore": false, "sql": false, "quotas": quotas()
        },
        "look_back_from": "2026-01-31T23:00:00Z",
        "usage": usage()
    })
}

/// Quotas, of the month alone.
fn quotas() -> Value {
    json!({ "events_per_day": null, "events_per_month": 2_000_000 })
}

fn usage() -> Value {
    json!({
        "day": { "limit": null, "used": 41_200, "remaining": null, "warning": null, "resets_at": "2026-03-03T00:00:00Z" },
        "month": { "limit": 2_000_000, "used": 1_683_100, "remaining": 316_900, "warning": 80, "resets_at": "2026-04-01T00:00:00Z" }
    })
}

/// What a tenant and its one key used.
pub(crate) fn tenant_usage() -> Value {
    let key = with(usage(), json!({ "key_id": "k3jq7xw2m5ab" }));
    with(usage(), json!({ "keys": [key], "complete_until": "2026-03-02T08:16:00Z" }))
}

/// Plans of a platform.
pub(crate) fn plans() -> Value {
    let all = |log: bool| {
        json!({
            "log": log, "look_back_days": 30, "free_dates": false, "periods": ["last_30_days"], "exports": false,
            "configuration_audit": false, "tracing": false, "restore": false, "sql": false, "quotas": quotas()
        })
    };
    json!({
        "plans": [{ "name": "none", "features": all(false) }, { "name": "free", "features": all(true) }],
        "version": 3
    })
}

/// Types that the catalogue doesn't know.
pub(crate) fn unknown_types() -> Value {
    json!({
        "data": [{
            "type": "com.example.order.deleted.v1",
            "events": 12,
            "first_at": "2026-11-20T09:30:00Z",
            "last_at": "2026-11-22T12:55:00Z",
            "class": "delete",
            "action": "delete"
        }],
        "has_more": false,
        "period": { "from": "2026-10-24T00:00:00Z", "to": "2026-11-23T00:00:00Z" },
        "complete_until": "2026-11-22T13:02:44.312Z",
        "complete": true
    })
}

/// What a log holds.
pub(crate) fn used_kinds() -> Value {
    let kind = |name: &str, events: u64| {
        json!({
            "name": name, "label": name, "events": events, "first_at": "2026-11-20T09:30:00Z", "last_at": "2026-11-22T12:55:00Z"
        })
    };
    let mut deadline = kind("task.deadline_changed", 41);
    deadline["label"] = "Task deadline changed".into();
    deadline["known"] = true.into();
    json!({
        "types": [deadline],
        "actions": [kind("update", 41)],
        "object_types": [kind("task", 41)],
        "has_more": false,
        "period": { "from": "2026-10-24T00:00:00Z", "to": "2026-11-23T00:00:00Z" },
        "complete_until": "2026-11-22T13:02:44.312Z",
        "complete": true
    })
}

pub(crate) fn event() -> Value {
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
        "labels": {
            "class": "change", "category": "changes", "action": "update", "module": "tasks", "outcome": "success",
            "actor_kind": "user", "object_type": "task"
        },
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
        "follow_cursor": "AQAAAAAAAAAB",
        "period": { "from": "2026-03-01T23:00:00Z", "to": "2026-03-08T23:00:00Z" },
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}

/// A list of events in figures.
pub(crate) fn summary() -> Value {
    let facet = |value: &str, label: &str| json!({ "values": [{ "value": value, "label": label, "count": 10 }], "exact": true, "more": false });
    json!({
        "period": { "from": "2026-03-01T23:00:00Z", "to": "2026-03-02T01:00:00Z" },
        "total": { "value": 10, "exact": true },
        "histogram": {
            "interval": "hour",
            "buckets": [
                { "from": "2026-03-02T00:00:00+01:00", "to": "2026-03-02T01:00:00+01:00", "create": 0, "change": 10, "delete": 0, "other": 0 },
                { "from": "2026-03-02T01:00:00+01:00", "to": "2026-03-02T02:00:00+01:00", "create": 0, "change": 0, "delete": 0, "other": 0 }
            ],
            "exact": true
        },
        "facets": { "class": facet("change", "change"), "action": facet("update", "change") },
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}

/// One event.
pub(crate) fn one_event() -> Value {
    one(&event())
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
            "labels": {
                "class": "change", "category": "changes", "action": "update", "module": "tasks", "object_type": "task"
            },
            "restorable": false,
            "sentence": "{actor} changed the deadline of the task[ “{object}”][ from “{old}”][ to “{new}”]",
            "own": false
        }]
    })
}
