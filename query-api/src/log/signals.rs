//! Signals as words and numbers: the table has numbers alone.

use detect::signals::Signals;
use schemas::catalogue::Lang;
use serde_json::{Map, Value};

use crate::export::values;
use crate::log::field_names;
use crate::log::words::of;

/// The signals of an event by name.
pub(crate) fn signals(names: &[String], values: &[f64]) -> Map<String, Value> {
    names.iter().zip(values).map(|(name, value)| (name.clone(), signal(name, *value))).collect()
}

fn signal(name: &str, value: f64) -> Value {
    Signals::stored(name, value).to_json()
}

/// `name: value`; what is only true by its name alone. In a language in its words, or else as programs read them.
pub(crate) fn rendered(signals: &Map<String, Value>, lang: Option<Lang>) -> String {
    let one = |(name, value): (&String, &Value)| {
        let name = lang.map_or_else(|| name.clone(), |lang| called(name, lang));
        match (value, lang) {
            (Value::Bool(true), _) => name,
            (Value::String(word), None) => format!("{name}: {word}"),
            (Value::String(word), Some(lang)) => format!("{name}: {}", in_words(word, lang)),
            (Value::Number(number), Some(Lang::Ru | Lang::Cs)) => {
                format!("{name}: {}", number.to_string().replace('.', ","))
            }
            (Value::Bool(false), Some(lang)) => format!("{name}: {}", of(lang, ["no", "нет", "ne"])),
            (value, _) => format!("{name}: {value}"),
        }
    };
    signals.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// What rules call a signal.
fn called(name: &str, lang: Lang) -> String {
    let field = format!("signal.{name}");
    let called = field_names::name(&field, lang);
    if called == field { name.to_owned() } else { called.to_owned() }
}

/// The word for how sure a distance is, or for what a device may.
fn in_words(word: &str, lang: Lang) -> String {
    let known = ["confidence", "access"].into_iter().find_map(|of| values::known(of, word, lang));
    known.unwrap_or_else(|| word.to_owned())
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
        let signals = shown.as_object().unwrap();
        for (lang, want) in [
            (None, "new_device; travel_confidence: medium; travel_km: 240.5"),
            (
                Some(Lang::En),
                "New device; Confidence in the distance: medium; Distance from the last sign-in, km: 240.5",
            ),
            (
                Some(Lang::Ru),
                "Новое устройство; Уверенность в расстоянии: средняя; Расстояние от прошлого входа, км: 240,5",
            ),
            (
                Some(Lang::Cs),
                "Nové zařízení; Jistota vzdálenosti: střední; Vzdálenost od minulého přihlášení, km: 240,5",
            ),
        ] {
            assert_eq!(rendered(signals, lang), want);
        }
    }

    /// P16: each signal that there is has words.
    #[test]
    fn every_signal_has_words() {
        for name in Signals::names() {
            for lang in Lang::ALL {
                assert_ne!(called(name, lang), name);
            }
        }
        assert_eq!(called("unheard_of", Lang::Cs), "unheard_of");
        assert_eq!(in_words("block", Lang::Ru), "запрещён");
    }
}
