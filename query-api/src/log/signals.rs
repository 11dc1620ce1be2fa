//! Signals as words and numbers: the table has numbers alone.

use detect::signals::Signals;
use serde_json::{Map, Value};

/// The signals of an event by name.
pub(crate) fn signals(names: &[String], values: &[f64]) -> Map<String, Value> {
    names.iter().zip(values).map(|(name, value)| (name.clone(), signal(name, *value))).collect()
}

fn signal(name: &str, value: f64) -> Value {
    Signals::stored(name, value).to_json()
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
