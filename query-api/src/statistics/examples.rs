//! Statistics.

use serde_json::{Value, json};

use crate::openapi::examples::{counts, with};

/// Statistics of a tenant.
pub(crate) fn tenant_statistics() -> Value {
    let users = |value: u64| json!({ "users": { "value": value, "estimate": false } });
    let delta = |absolute: i64, relative: f64| json!({ "absolute": absolute, "relative": relative });
    let compared = json!({
        "previous": with(counts(), users(9)),
        "change": {
            "events": delta(0, 0.0), "duration_ms": delta(0, 0.0), "records": delta(0, 0.0), "sign_ins": delta(0, 0.0),
            "failed_sign_ins": delta(0, 0.0), "users": delta(3, 0.333)
        }
    });
    let totals = with(with(counts(), users(12)), compared);
    let point = with(
        json!({ "start": "2026-03-02T00:00:00+01:00", "end": "2026-03-03T00:00:00+01:00" }),
        with(counts(), users(12)),
    );
    json!({
        "period": { "from": "2026-03-01T23:00:00Z", "to": "2026-03-02T23:00:00Z" },
        "previous_period": { "from": "2026-02-28T23:00:00Z", "to": "2026-03-01T23:00:00Z" },
        "time_zone": "Europe/Prague",
        "by": ["action"],
        "interval": "day",
        "accuracy": { "counts_exact": true, "distinct_exact_up_to": 512, "distinct_error": 0.0081 },
        "totals": totals,
        "series": [point],
        "groups": [with(json!({ "keys": ["call"], "series": [point] }), totals.clone())],
        "other": with(json!({ "series": [point] }), totals.clone()),
        "complete_until": "2026-03-02T08:16:00Z",
        "complete": true
    })
}
