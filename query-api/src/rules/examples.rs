//! Examples in the document.

use serde_json::{Value, json};

use crate::openapi::examples::with;

const RULE: &str = "title: Export by a bot\nid: 0b7f3c53-8f0e-4a55-9d68-5f6c8a3f1f0e\nstatus: stable\nversion: 1\n\
    logsource:\n  product: usertrail\ndetection:\n  export:\n    action: export\n    device.bot: true\n  condition: export\n\
    level: high\ntags:\n  - attack.t1020\n";

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

pub(crate) fn written() -> Value {
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

/// What a trial of a rule finds.
pub(crate) fn trial() -> Value {
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

pub(crate) fn explained() -> Value {
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
pub(crate) fn explained_event() -> Value {
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
pub(crate) fn explained_violation() -> Value {
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
