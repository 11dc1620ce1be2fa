//! Signals as words and numbers: the table has numbers alone.

use serde_json::{Map, Value};

/// Signals that say that something is so; they are there or not.
const FACTS: &[&str] = &[
    "first_sign_in",
    "new_device",
    "new_ip",
    "new_network",
    "new_country",
    "session_ip_changed",
    "session_country_changed",
    "late",
];
/// Words of `travel_confidence`, from 0.
const CONFIDENCE: &[&str] = &["low", "medium", "high"];

/// The signals of an event by name.
pub(super) fn signals(names: &[String], values: &[f64]) -> Map<String, Value> {
    names.iter().zip(values).map(|(name, value)| (name.clone(), signal(name, *value))).collect()
}

fn signal(name: &str, value: f64) -> Value {
    match name {
        _ if FACTS.contains(&name) => Value::Bool(value != 0.0),
        "travel_confidence" => {
            let word = CONFIDENCE.iter().zip([0.0, 1.0, 2.0]).find(|(_, rank)| value <= *rank);
            word.map_or("high", |(word, _)| word).into()
        }
        _ => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_are_true_and_confidence_is_a_word() {
        let names = ["new_device", "travel_km", "travel_confidence"].map(str::to_owned);
        let shown = Value::Object(signals(&names, &[1.0, 240.5, 1.0]));
        assert_eq!(shown, json!({"new_device": true, "travel_km": 240.5, "travel_confidence": "medium"}));
    }
}
