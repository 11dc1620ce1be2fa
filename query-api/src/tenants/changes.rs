//! What staff changed of a tenant's settings, as events of the tenant: whichever way the change came, the same events.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use runtime::problem::Problem;
use schemas::decode::MAX_CHANGES;
use schemas::detection::Detection;
use schemas::settings::Tenant;
use serde_json::{Map, Value, json};

use crate::audit::{Audit, StaffEvent};
use crate::http::caller::Caller;

/// Longest value shown in an event, in bytes of JSON; several must fit into one.
const MAX_SHOWN: usize = 8 * 1024;

type Changes = Vec<(String, Value, Value)>;

/// Records what a caller changed. The change is in force already.
///
/// # Errors
/// As [`crate::audit::Audit::record`].
pub(crate) async fn record(audit: &Audit, caller: &Caller, old: &Tenant, new: &Tenant) -> Result<(), Problem> {
    let events = events(old, new)?.into_iter();
    try_join_all(events.map(|event| audit.record(caller, &new.id, event))).await?;
    Ok(())
}

fn events(old: &Tenant, new: &Tenant) -> Result<Vec<StaffEvent>, Problem> {
    let mut events = Vec::new();
    for (field, old_value, new_value) in differences(&fields(old)?, &fields(new)?) {
        match field.as_str() {
            // They change with every other.
            "version" | "updated_at" => {}
            "logging" => {
                let kind = if new.logging { "logging.enabled" } else { "logging.disabled" };
                events.push(setting(kind, &field, vec![(field.clone(), old_value, new_value)]));
            }
            "retention" => {
                let changes = differences(&object(old_value), &object(new_value));
                events.push(setting("retention.changed", &field, changes));
            }
            "detection" => events.extend(detection(&old.detection, &new.detection)),
            _ => {
                let change = (field.clone(), shown(old_value), shown(new_value));
                events.push(setting("setting.changed", &field, vec![change]));
            }
        }
    }
    Ok(events)
}

/// Rules switched on and off are events of the rules; profile, limits and actions are settings.
fn detection(old: &Detection, new: &Detection) -> Vec<StaffEvent> {
    let only = |some: &[String], others: &[String]| -> BTreeSet<String> {
        some.iter().filter(|name| !others.contains(name)).cloned().collect()
    };
    let switched = |kind, names: BTreeSet<String>, enabled: bool| {
        let rule = move |name: String| StaffEvent {
            kind,
            object_type: "rule",
            object_id: name.clone(),
            object_name: name,
            reason: String::new(),
            changes: vec![("enabled".to_owned(), json!(!enabled), json!(enabled))],
        };
        names.into_iter().map(rule).collect::<Vec<_>>()
    };
    let (off, no_more_off) = (only(&new.disabled, &old.disabled), only(&old.disabled, &new.disabled));
    let (on, no_more_on) = (only(&new.enabled, &old.enabled), only(&old.enabled, &new.enabled));
    let mut events = switched("rule.enabled", &no_more_off | &on, true);
    events.extend(switched("rule.disabled", &off | &no_more_on, false));
    if old.profile() != new.profile() {
        let change = ("profile".to_owned(), json!(old.profile()), json!(new.profile()));
        events.push(setting("setting.changed", "detection", vec![change]));
    }
    let (limits, actions) = ((json!(old.limits), json!(new.limits)), (json!(old.actions), json!(new.actions)));
    for (field, (old, new)) in [("limits", limits), ("actions", actions)] {
        let mut changes = differences(&object(old), &object(new));
        for change in &mut changes {
            change.0 = format!("{field}/{}", change.0);
        }
        events.extend(changes.chunks(MAX_CHANGES).map(|some| setting("setting.changed", "detection", some.to_vec())));
    }
    events
}

fn setting(kind: &'static str, name: &str, changes: Changes) -> StaffEvent {
    StaffEvent {
        kind,
        object_type: "setting",
        object_id: name.to_owned(),
        object_name: name.to_owned(),
        reason: String::new(),
        changes,
    }
}

fn fields(tenant: &Tenant) -> Result<Map<String, Value>, Problem> {
    serde_json::to_value(tenant).map(object).map_err(Problem::internal)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Fields that differ, with null for one that is missing.
fn differences(old: &Map<String, Value>, new: &Map<String, Value>) -> Changes {
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    let of = |fields: &Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
    names.map(|name| (name.clone(), of(old, name), of(new, name))).filter(|(_, old, new)| old != new).collect()
}

/// A value as it is, or the beginning of its text where it is too long for an event.
pub(crate) fn shown(value: Value) -> Value {
    let text = match &value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.len() <= MAX_SHOWN {
        return value;
    }
    Value::String(format!("{}…", &text[..text.floor_char_boundary(MAX_SHOWN)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(set: impl FnOnce(&mut Tenant)) -> Vec<(&'static str, String, Changes)> {
        let old = Tenant::new("acme", "Acme");
        let mut new = Tenant { version: 1, ..old.clone() };
        set(&mut new);
        let events = events(&old, &new).unwrap();
        events.into_iter().map(|event| (event.kind, event.object_id, event.changes)).collect()
    }

    #[test]
    fn each_subject_is_an_event_of_its_own() {
        let found = kinds(|tenant| {
            tenant.logging = true;
            tenant.retention.views = 30;
            tenant.name = "Acme s.r.o.".to_owned();
        });
        assert_eq!(
            found,
            [
                ("logging.enabled", "logging".to_owned(), vec![("logging".to_owned(), json!(false), json!(true))]),
                ("setting.changed", "name".to_owned(), vec![("name".to_owned(), json!("Acme"), json!("Acme s.r.o."))]),
                ("retention.changed", "retention".to_owned(), vec![("views".to_owned(), json!(90), json!(30))]),
            ]
        );
        assert_eq!(kinds(|_| {}), []);
    }

    #[test]
    fn rules_switched_off_are_told_one_by_one() {
        let found = kinds(|tenant| {
            tenant.detection.disabled = vec!["dormant".to_owned(), "mass-export".to_owned()];
            tenant.detection.limits = (0..300).map(|number| (format!("limit-{number}"), 1.0)).collect();
        });
        let kinds: Vec<_> =
            found.iter().map(|(kind, object, changes)| (*kind, object.as_str(), changes.len())).collect();
        assert_eq!(
            kinds,
            [
                ("rule.disabled", "dormant", 1),
                ("rule.disabled", "mass-export", 1),
                ("setting.changed", "detection", 256),
                ("setting.changed", "detection", 44),
            ]
        );
    }

    #[test]
    fn a_long_value_is_cut() {
        let long = shown(json!("č".repeat(MAX_SHOWN)));
        assert!(long.as_str().is_some_and(|text| text.len() <= MAX_SHOWN + 3 && text.ends_with("č…")));
        assert_eq!(shown(json!({"a": 1})), json!({"a": 1}));
    }
}
