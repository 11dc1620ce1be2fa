//! Examples of a user's trace and statistics.

use serde_json::{Value, json};

use crate::openapi::examples::{counts, with};

fn figure(name: &str, value: u64, unit: &str) -> Value {
    let rows =
        format!("/v1/users/u%2D17/activities?figure={name}&from=2026-03-01T23:00:00.000Z&to=2026-03-02T23:00:00.000Z");
    json!({ "name": name, "value": value, "unit": unit, "rows": rows })
}

/// Statistics of one user.
pub(crate) fn statistics() -> Value {
    let exact = |value: u64| json!({ "value": value, "estimate": false });
    let distinct = json!({
        "devices": exact(2), "ips": exact(3), "objects": { "value": 57, "estimate": true, "error": 0.016 }, "sessions": exact(2)
    });
    let share = |key: &str| with(json!({ "key": key }), counts());
    json!({
        "user_id": "u-17",
        "period": { "from": "2026-03-01T23:00:00Z", "to": "2026-03-02T23:00:00Z" },
        "time_zone": "Europe/Prague",
        "by": "day",
        "totals": counts(),
        "distinct": distinct,
        "actions": [share("update")],
        "classes": [share("change")],
        "channels": [share("call")],
        "object_types": [share("task")],
        "countries": [share("CZ")],
        "device_kinds": [share("desktop")],
        "series": [with(
            json!({ "start": "2026-03-02T00:00:00+01:00", "end": "2026-03-03T00:00:00+01:00", "distinct": distinct }),
            counts(),
        )],
        "figures": [
            figure("calls.talk_time", 1_260_000, "ms"),
            figure("calls.closed", 7, "count")
        ],
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}

fn talk() -> Value {
    json!({
        "id": "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1",
        "type": "call.talked",
        "name": "Talk on a call",
        "labels": { "channel": "call", "state": "talk", "outcome": "success", "object_type": "call" },
        "channel": "call",
        "state": "talk",
        "start": "2026-03-02T00:00:00+01:00",
        "end": "2026-03-02T00:03:20+01:00",
        "clipped_start": true,
        "occurred_at": "2026-03-02T00:03:20+01:00",
        "object": { "type": "call", "id": "4711", "name": "Jan Kovář" },
        "outcome": "success"
    })
}

fn closed() -> Value {
    json!({
        "id": "0199c1f2-8b10-7d02-9c41-2a7be0f53c18",
        "type": "call.closed",
        "name": "Call closed",
        "labels": { "channel": "call", "state": "closed", "outcome": "success", "object_type": "call" },
        "channel": "call",
        "state": "closed",
        "start": "2026-03-02T00:03:40+01:00",
        "end": null,
        "occurred_at": "2026-03-02T00:03:40+01:00",
        "object": { "type": "call", "id": "4711", "name": "Jan Kovář" },
        "outcome": "success"
    })
}

/// A page of activities behind a figure.
pub(crate) fn activities() -> Value {
    json!({
        "data": [with(talk(), json!({ "counted": 200_000 }))],
        "has_more": false,
        "next_cursor": null,
        "period": { "from": "2026-03-01T23:00:00Z", "to": "2026-03-02T23:00:00Z" },
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}

/// A day.
pub(crate) fn timeline() -> Value {
    let part = |state: &str, time: u64, count: u64| json!({ "channel": "call", "state": state, "time_ms": time, "count": count });
    json!({
        "user_id": "u-17",
        "period": { "from": "2026-03-01T23:00:00Z", "to": "2026-03-02T23:00:00Z" },
        "extent": "day",
        "time_zone": "Europe/Prague",
        "lanes": [{
            "channel": "call", "state": "talk", "labels": { "channel": "call", "state": "talk" },
            "time_ms": 200_000, "sum_ms": 200_000, "tracks": 1,
            "intervals": [with(talk(), json!({ "track": 0 }))]
        }],
        "points": [{ "channel": "call", "labels": { "channel": "call" }, "points": [closed()] }],
        "buckets": [{
            "start": "2026-03-02T00:00:00+01:00",
            "end": "2026-03-02T00:15:00+01:00",
            "parts": [part("closed", 0, 1), part("talk", 200_000, 1)]
        }],
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}
