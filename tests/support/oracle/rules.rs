//! The shipped rules, spelled out once more.

use std::collections::{BTreeMap, BTreeSet};

use super::stored::Row;
use super::{DAY, HOUR, NONE};

/// A broken rule: as a row has it.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(crate) struct Finding {
    pub(crate) rule: String,
    /// When the rule's window began, milliseconds.
    pub(crate) window: i64,
    pub(crate) seen: f64,
    pub(crate) limit: f64,
}

/// Rules that are spelled out here: of no others is a finding expected or looked at.
pub(crate) const SPELLED_OUT: &[&str] = &[
    "brute-force",
    "brute-force-success",
    "bulk-delete",
    "dormant-account",
    "export-by-api-key",
    "impossible-travel",
    "mass-delete",
    "mass-export",
    "mass-export-window",
    "mass-view",
    "new-device-new-country",
    "password-spraying",
    "privilege-change-then-export",
    "sign-in-anonymiser",
    "sign-in-automated",
    "sign-in-deactivated-user",
    "sign-in-failed",
    "sign-in-outside-hours",
    "too-many-countries",
    "too-many-devices",
    "too-many-ips",
    "too-many-sessions",
    "unlikely-travel",
];

pub(super) fn is_failed_sign_in(row: &Row) -> bool {
    row.action == "sign_in_failed" || (row.action == "sign_in" && row.outcome == "failure")
}

/// Whether somebody was there: what failed around a sign-in may be anybody's, as may a sign-in of which nobody knows.
pub(super) fn was_there(row: &Row) -> bool {
    let refused = row.category == "sign_ins" && row.outcome == "failure";
    !refused && !is_failed_sign_in(row) && (row.action != "sign_in" || signs_in(row))
}

pub(super) fn signs_in(row: &Row) -> bool {
    row.action == "sign_in" && row.outcome == "success"
}

pub(super) fn changes_rights(row: &Row) -> bool {
    let subject = ["user", "employee", "role", "api_key"].contains(&&*row.object_type);
    let words = ["role", "permission", "privilege", "group", "admin"];
    let rights = row.changed.iter().any(|path| words.iter().any(|word| path.to_lowercase().contains(word)));
    row.kind == "user.role_changed" || (subject && rights)
}

pub(super) fn exports(row: &Row) -> bool {
    row.action == "export" && row.records >= 1
}

/// What rules about single events, with their signals, find.
pub(super) fn detections(row: &Row, signals: &BTreeMap<&'static str, f64>) -> Vec<Finding> {
    let signal = |name: &str| signals.get(name).copied();
    let least = |name: &str, least: f64| signal(name).filter(|value| *value >= least);
    let above = |name: &str, limit: f64| signal(name).filter(|value| *value > limit);
    let any_sign_in = ["sign_in", "sign_in_failed"].contains(&&*row.action);
    let sign_in = signs_in(row);
    let machine = ["api_key", "system"].contains(&&*row.actor_kind);
    let mut found = Vec::new();
    let mut add = |rule: &str, length: i64, seen: Option<f64>, limit: f64| {
        if let Some(seen) = seen {
            let window = row.at().div_euclid(length) * length;
            found.push(Finding { rule: rule.to_owned(), window, seen, limit });
        }
    };
    let mark = |condition: bool| condition.then_some(NONE);
    if sign_in {
        add("brute-force-success", HOUR, least("failed_sign_ins_1h", 10.0), 10.0);
        add("dormant-account", DAY, least("days_since_seen", 90.0), 90.0);
        add("too-many-countries", DAY, above("countries_24h", 2.0), 2.0);
        add("too-many-devices", DAY, above("devices_24h", 5.0), 5.0);
        add("too-many-ips", DAY, above("ips_24h", 10.0), 10.0);
        add("too-many-sessions", DAY, above("sessions_active", 5.0), 5.0);
        let news =
            signal("new_device").is_some() && signal("new_country").is_some() && signal("first_sign_in").is_none();
        add("new-device-new-country", HOUR, mark(news), NONE);
        add("sign-in-deactivated-user", HOUR, mark(!row.actor_active), NONE);
        let fast = above("travel_kmh", 900.0).filter(|_| above("travel_km", 500.0).is_some());
        let sure = signal("travel_confidence") == Some(2.0);
        add("impossible-travel", DAY, fast.filter(|_| sure), 900.0);
        add("unlikely-travel", DAY, fast.filter(|_| !sure), 900.0);
        let hour = signal("local_hour");
        let odd = hour.is_some_and(|hour| !(7.0..20.0).contains(&hour)) || above("local_weekday", 5.0).is_some();
        add("sign-in-outside-hours", DAY, hour.filter(|_| odd), 7.0);
    }
    let anonymiser = row.flags().any(|flag| ["vpn", "proxy", "hosting", "anonymous"].contains(&flag));
    let automated = ["bot", "script"].contains(&&*row.device_kind) && !machine;
    let deletion = row.class == "delete";
    let export = row.action == "export";
    add("sign-in-anonymiser", HOUR, mark(any_sign_in && anonymiser), NONE);
    add("sign-in-automated", HOUR, mark(any_sign_in && automated), NONE);
    add("sign-in-failed", HOUR, mark(is_failed_sign_in(row)), NONE);
    add("mass-delete", HOUR, least("deleted_1h", 100.0).filter(|_| deletion), 100.0);
    let records = |least: u64| Some(row.records as f64).filter(|_| row.records >= least);
    add("bulk-delete", HOUR, records(100).filter(|_| deletion), 100.0);
    add("mass-export", HOUR, records(1000).filter(|_| export), 1000.0);
    add("mass-export-window", DAY, least("exported_24h", 5000.0).filter(|_| export), 5000.0);
    add("export-by-api-key", HOUR, mark(export && row.actor_kind == "api_key"), NONE);
    add("mass-view", HOUR, least("viewed_1h", 500.0).filter(|_| row.action == "view"), 500.0);
    found
}

/// What a correlation finds when `row` joins `events`: in every window with it that ends at one of them, the most that was
/// seen of those that fall into one hour.
pub(super) fn in_windows(
    rule: &str,
    row: &Row,
    events: &[&Row],
    timespan: i64,
    limit: f64,
    measure: impl Fn(&[&Row]) -> Option<f64>,
) -> Vec<Finding> {
    let ends: BTreeSet<_> = events.iter().map(|event| event.at()).collect();
    let mut best: BTreeMap<i64, f64> = BTreeMap::new();
    for &end in ends.range(row.at()..row.at() + timespan) {
        let window: Vec<_> =
            events.iter().copied().filter(|event| event.at() > end - timespan && event.at() <= end).collect();
        if let Some(seen) = measure(&window) {
            let most = best.entry(end.div_euclid(HOUR) * HOUR).or_insert(seen);
            *most = most.max(seen);
        }
    }
    best.into_iter().map(|(window, seen)| Finding { rule: rule.to_owned(), window, seen, limit }).collect()
}
