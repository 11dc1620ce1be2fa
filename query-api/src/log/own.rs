//! What the product itself recorded, in the reader's language: what staff changed of its settings, and its own warnings. What an
//! application calls its things stays as it was sent.

use std::borrow::Cow;

use schemas::catalogue::Lang;
use schemas::json::Value;
use schemas::problem_texts;
use schemas::settings::NamedQuota;

use crate::audit::KEY_ID;
use crate::export::{values, words};
use crate::log::object_state::position;
use crate::log::rows::EventRow;
use crate::rules::titles;

/// Whether the product recorded it.
pub(crate) fn is_own(row: &EventRow) -> bool {
    row.key_id == KEY_ID
}

/// What the object of an own event is called, where it is a thing of the product and not of the tenant.
pub(crate) fn object_name(row: &EventRow, lang: Lang) -> Option<String> {
    if !is_own(row) {
        return None;
    }
    match row.object_type.as_str() {
        "setting" | "event_log" => Some(key("", &row.object_name, lang)),
        "rule" => titles::shipped(&row.object_id, lang).map(str::to_owned),
        "violation" => titles::shipped_by_title(&row.object_name, lang).map(str::to_owned),
        "quota" => serde_json::from_str::<NamedQuota>(&row.payload).ok().map(|quota| quota.in_words(lang)),
        _ => None,
    }
}

/// Why: what the product says itself in words, and what people wrote as they wrote it.
pub(crate) fn reason(row: &EventRow, lang: Lang) -> Cow<'_, str> {
    let own = is_own(row).then(|| problem_texts::worded("", &row.reason, lang)).flatten();
    own.unwrap_or(Cow::Borrowed(&row.reason))
}

/// The keys of a path in words.
pub(crate) fn keys(path: &[String], lang: Lang) -> Vec<String> {
    let parents = std::iter::once("").chain(path.iter().map(String::as_str));
    path.iter().zip(parents).map(|(key, parent)| self::key(parent, key, lang)).collect()
}

/// A field by its name. What the tenant named itself, within a field, is called that.
fn key(parent: &str, name: &str, lang: Lang) -> String {
    match parent {
        "url_templates" => values::value("object_type", name, lang),
        "actions" => titles::shipped(name, lang).unwrap_or(name).to_owned(),
        // Of requests, or of rules.
        "limits" => words::known(name, lang).map(str::to_owned).unwrap_or_else(|| values::value("limits", name, lang)),
        _ => words::known(name, lang).unwrap_or(name).replace('_', " "),
    }
}

/// A value of the field that a path leads to: of what has a closed set of them in words, and so the fields and values within it.
pub(crate) fn value(path: &[String], value: Value, lang: Lang) -> Value {
    let field = path.iter().rev().find(|key| position(key).is_none()).map_or("", String::as_str);
    // Under `actions` the path goes on with the name of a rule; what is set there is an action.
    let field = if path.first().is_some_and(|first| first == "actions") { "actions" } else { field };
    in_words(field, value, lang)
}

fn in_words(field: &str, value: Value, lang: Lang) -> Value {
    match value {
        Value::String(text) => Value::String(values::value(field, &text, lang)),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| in_words(field, item, lang)).collect()),
        Value::Object(fields) => {
            let within = |name: &str| if field == "actions" { field.to_owned() } else { name.to_owned() };
            let fields = fields
                .into_iter()
                .map(|(name, value)| (key(field, &name, lang), in_words(&within(&name), value, lang)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use schemas::settings::{Limits, Quotas, Tenant};

    use super::*;

    /// Names of fields, but for those that the tenant gives.
    fn fields(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields_of) => {
                for (name, value) in fields_of {
                    found.push(name.clone());
                    fields(value, found);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
            _ => {}
        }
    }

    /// A8, P16: every setting of a tenant has a word; so has whatever else staff change, which the audit in memory asserts.
    #[test]
    fn every_own_field_has_words() {
        let own = serde_json::json!([{
            "type": "loyalty_card.issued", "class": "create", "category": "changes", "action": "create", "module": "m",
            "object_type": "loyalty_card", "restorable": false,
            "name": {"en": "a", "ru": "a", "cs": "a"}, "sentence": {"en": "a", "ru": "a", "cs": "a"},
            "not_restorable_reason": {"en": "a", "ru": "a", "cs": "a"}
        }]);
        let limits = Limits { events_per_second: 1, burst: 1, queries_per_second: 1, query_burst: 1 };
        let mut tenant = Tenant::new("acme", "Acme");
        tenant.event_types = serde_json::from_value(own).unwrap();
        (tenant.limits, tenant.quotas) = (Some(limits), Some(Quotas::default()));
        tenant.detection.profile = Some(tenant.detection.profile());
        let mut names = Vec::new();
        fields(&serde_json::to_value(&tenant).unwrap(), &mut names);
        // They are of no event.
        names.retain(|name| name != "updated_at");
        names.push("restore_endpoint".to_owned());
        assert!(names.len() > 40, "{names:?}");
        for name in names {
            for lang in Lang::ALL {
                let word = words::known(&name, lang);
                assert!(word.is_some_and(|word| !word.contains('_')), "the setting {name} has no word: {word:?}");
            }
        }
    }

    #[test]
    fn what_the_tenant_named_is_called_that() {
        let path = |path: &[&str]| path.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        let in_russian = |of: &[&str]| keys(&path(of), Lang::Ru).join("/");
        assert_eq!(in_russian(&["limits", "queries_per_second"]), "пределы/запросов в секунду");
        assert_eq!(in_russian(&["url_templates", "order"]), "шаблоны ссылок/заказ");
        assert_eq!(in_russian(&["actions", "order"]), "действия/order");
        assert_eq!(
            in_russian(&["actions", "brute-force"]),
            "действия/Много неудачных попыток входа одного пользователя"
        );
        assert_eq!(
            keys(&path(&["event_types", "0", "object_type"]), Lang::En),
            ["own types of events", "0", "object type"]
        );
        assert_eq!(keys(&path(&["limits", "impossible_kmh"]), Lang::Cs), ["limity", "nemožná rychlost, km/h"]);
        let given = |of: &[&str], value: &str| value_in_czech(&path(of), value);
        assert_eq!(given(&["role"], "\"security\""), "\"bezpečnost\"");
        assert_eq!(given(&["permissions"], "[\"query_sql\",\"x\"]"), "[\"dotazy SQL\",\"x\"]");
        assert_eq!(given(&["actions", "mass-export"], "\"block\""), "\"zablokovat zařízení\"");
        assert_eq!(given(&["quotas"], "{\"events_per_day\":5}"), "{\"událostí denně\":5}");
        assert_eq!(given(&["name"], "\"security\""), "\"security\"");
    }

    fn value_in_czech(path: &[String], json: &str) -> String {
        value(path, Value::parse(json).unwrap(), Lang::Cs).to_string()
    }
}
