//! Words for what an event says, in the three languages: values, durations, channels, yes and no. Pure.

use schemas::catalogue::Lang;
use schemas::json::Value;

use crate::object_state::value;

/// Longest value in a sentence, in bytes.
const MAX_SHOWN: usize = 200;
/// What a record is called by, and conditions by what they are about.
const NAMES: &[&str] = &["name", "label", "title", "field", "id"];

/// One of three texts.
pub(crate) const fn of(lang: Lang, [en, ru, cs]: [&str; 3]) -> &str {
    match lang {
        Lang::En => en,
        Lang::Ru => ru,
        Lang::Cs => cs,
    }
}

/// A value of a change as people write it; none for null and for the empty text.
pub(crate) fn shown(json: &str, lang: Lang) -> Option<String> {
    Some(brief(&value(json), lang)).filter(|text| !text.is_empty())
}

/// A value in few words: a record by its name, a condition as `field operator value`, a list by its items.
pub(crate) fn brief(value: &Value, lang: Lang) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::Bool(true) => of(lang, ["yes", "да", "ano"]).to_owned(),
        Value::Bool(false) => of(lang, ["no", "нет", "ne"]).to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_array()) => {
            let items: Vec<String> = items.iter().map(|item| brief(item, lang)).collect();
            items.join(", ")
        }
        Value::Object(fields) => condition(value, lang)
            .or_else(|| NAMES.iter().find_map(|name| fields.get(*name)?.as_str().map(str::to_owned)))
            .unwrap_or_else(|| value.to_string()),
        other => other.to_string(),
    };
    clip(text)
}

/// A condition as `field operator value`.
fn condition(value: &Value, lang: Lang) -> Option<String> {
    let part = |names: &[&str]| names.iter().find_map(|name| value.get(name)).filter(|part| !part.is_object());
    let field = part(&["field", "attribute", "property"])?;
    let operator = part(&["operator", "op", "comparison"]);
    let operand = part(&["value", "values", "is_", "is"]);
    let parts = [Some(field), operator, operand].into_iter().flatten();
    let words: Vec<String> = parts.map(|part| brief(part, lang)).filter(|word| !word.is_empty()).collect();
    Some(words.join(" "))
}

fn clip(mut text: String) -> String {
    if text.len() > MAX_SHOWN {
        text.truncate(text.floor_char_boundary(MAX_SHOWN));
        text.push('…');
    }
    text
}

/// A duration, to the second; less than one is shown in tenths.
pub(crate) fn duration(millis: u64, lang: Lang) -> String {
    let units = |en: &'static str, ru: &'static str| of(lang, [en, ru, en]);
    let (hour, minute, second) = (units("h", "ч"), units("min", "мин"), units("s", "с"));
    let seconds = millis / 1000;
    let all = [(seconds / 3600, hour), (seconds / 60 % 60, minute), (seconds % 60, second)];
    let shown: Vec<String> =
        all.into_iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number} {unit}")).collect();
    if shown.is_empty() { format!("0.{} {second}", millis / 100) } else { shown.join(" ") }
}

/// What a channel or a state of presence is called; any other is called what it is.
pub(crate) fn channel(channel: &str, lang: Lang) -> &str {
    let words = match channel {
        "call" => ["call", "звонок", "hovor"],
        "email" => ["e-mail", "эл. почта", "e-mail"],
        "sms" => ["SMS", "SMS", "SMS"],
        "web_chat" => ["web chat", "чат на сайте", "webový chat"],
        "messenger" => ["Messenger", "Messenger", "Messenger"],
        "whatsapp" => ["WhatsApp", "WhatsApp", "WhatsApp"],
        "viber" => ["Viber", "Viber", "Viber"],
        "ticket" => ["ticket", "обращение", "tiket"],
        "pause" => ["pause", "перерыв", "pauza"],
        "ready" => ["ready", "готов", "připraven"],
        "free" => ["free", "свободен", "volný"],
        other => return other,
    };
    of(lang, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let all = [0, 250, 1000, 60_000, 184_000, 3_600_000, 93_784_000];
        let shown = all.map(|millis| duration(millis, Lang::En));
        assert_eq!(shown, ["0.0 s", "0.2 s", "1 s", "1 min", "3 min 4 s", "1 h", "26 h 3 min 4 s"]);
        assert_eq!(duration(184_000, Lang::Ru), "3 мин 4 с");
    }

    #[test]
    fn values() {
        let shown = |json: &str| shown(json, Lang::Cs);
        assert_eq!(shown("\"Bolt\"").as_deref(), Some("Bolt"));
        assert_eq!(shown("true").as_deref(), Some("ano"));
        assert_eq!(shown("10.50").as_deref(), Some("10.5"));
        assert_eq!(shown("{\"id\":\"u-1\",\"name\":\"Eva\"}").as_deref(), Some("Eva"));
        assert_eq!(shown("[\"a\",{\"name\":\"b\"}]").as_deref(), Some("a, b"));
        let condition = "{\"field\":\"country\",\"operator\":\"is\",\"value\":[\"CZ\",\"SK\"]}";
        assert_eq!(shown(condition).as_deref(), Some("country is CZ, SK"));
        for nothing in ["", "null", "\"\""] {
            assert_eq!(shown(nothing), None, "{nothing}");
        }
        assert_eq!(shown("no json").as_deref(), Some("no json"));
        assert!(shown(&format!("\"{}\"", "ř".repeat(500))).unwrap().len() <= MAX_SHOWN + "…".len());
    }
}
