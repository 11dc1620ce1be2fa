//! Words for what an event says, in the three languages: values, durations, channels, yes and no. Pure.

use std::borrow::Cow;

use schemas::bidi::{escaped, plain, seen};
use schemas::catalogue::Lang;
use schemas::ids::is_blank;
use schemas::json::{Map, Value};

use crate::log::conditions::{self, Condition, Group, Operator, condition};

/// Longest value in a sentence, in bytes.
const MAX_IN_SENTENCE: usize = 200;
/// Longest value that is shown in full, in bytes.
const MAX_IN_FULL: usize = 4096;
/// How much stands before the first difference of two long values, in bytes.
const MAX_BEFORE: usize = 40;
/// What a record is called by.
const NAMES: &[&str] = &["name", "label", "title", "id"];

/// One of three texts.
pub(crate) const fn of(lang: Lang, [en, ru, cs]: [&str; 3]) -> &str {
    match lang {
        Lang::En => en,
        Lang::Ru => ru,
        Lang::Cs => cs,
    }
}

/// In which language values are shown, and how much of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ValueStyle {
    pub(crate) lang: Lang,
    longest: usize,
}

impl ValueStyle {
    /// In full, where what changed is what is asked for.
    pub(crate) const fn in_full(lang: Lang) -> Self {
        Self { lang, longest: MAX_IN_FULL }
    }

    /// Cuts a text that is too long, and says so.
    pub(crate) fn clip(self, text: String) -> String {
        if text.len() <= self.longest {
            return text;
        }
        let kept = &text[..text.floor_char_boundary(self.longest)];
        let cut = if self.longest > MAX_IN_SENTENCE { format!(" {}", cut(self.lang)) } else { String::new() };
        format!("{kept}…{cut}")
    }
}

/// As in a sentence.
impl From<Lang> for ValueStyle {
    fn from(lang: Lang) -> Self {
        Self { lang, longest: MAX_IN_SENTENCE }
    }
}

/// That the rest of a text is left out.
pub(crate) const fn cut(lang: Lang) -> &'static str {
    of(lang, ["(shortened)", "(сокращено)", "(zkráceno)"])
}

/// A value of a change as people write it; none for null and for the empty text.
pub(crate) fn shown(value: &Value, how: impl Into<ValueStyle>) -> Option<String> {
    Some(brief(value, how.into())).filter(|text| !text.is_empty())
}

/// A value in few words: a condition as `field operator value`, a group of conditions by these, a record by its name or its
/// fields, a list by its items.
pub(crate) fn brief(value: &Value, how: ValueStyle) -> String {
    let lang = how.lang;
    let text = match value {
        Value::Null => String::new(),
        Value::Bool(true) => of(lang, ["yes", "да", "ano"]).to_owned(),
        Value::Bool(false) => of(lang, ["no", "нет", "ne"]).to_owned(),
        Value::String(text) => legible(text).into_owned(),
        // The point of a number is a comma in Russian and Czech.
        Value::Number(number) if lang != Lang::En => number.replace('.', ","),
        Value::Number(number) => number.clone(),
        Value::Array(_) | Value::Object(_) => condition_in_words(value, how)
            .or_else(|| group_in_words(value, how))
            .unwrap_or_else(|| composed(value, how)),
    };
    how.clip(text)
}

/// Returns a text as people write it. What shows nothing and isn't empty is written as JSON.
pub(crate) fn legible(text: &str) -> Cow<'_, str> {
    if shows_nothing(text) { in_json(text).into() } else { plain(text) }
}

fn shows_nothing(text: &str) -> bool {
    !text.is_empty() && is_blank(text)
}

fn in_json(text: &str) -> String {
    escaped(&Value::from(text).to_string())
}

/// Returns whether a value is a text that is written as JSON.
pub(crate) fn is_unseen(value: &Value) -> bool {
    value.as_str().is_some_and(shows_nothing)
}

/// Returns the name of a field as people write it. A name that shows nothing is written as JSON.
pub(crate) fn field_name(name: &str) -> String {
    if is_blank(name) {
        return in_json(name);
    }
    let words = plain(name).replace('_', " ");
    match words.trim() {
        "" => name.to_owned(),
        words => words.to_owned(),
    }
}

/// Returns two values that read the same and aren't, as JSON, from a little before they differ; nothing where they can be
/// distinguished.
pub(crate) fn disambiguated(old: (&Value, &str), new: (&Value, &str), how: ValueStyle) -> Option<[String; 2]> {
    if old.0 == new.0 || seen(old.1) != seen(new.1) {
        return None;
    }
    let [old, new] = [old.0, new.0].map(|value| escaped(&value.to_string()));
    let same = old.bytes().zip(new.bytes()).take_while(|(one, other)| one == other).count();
    let from = if same < MAX_BEFORE * 2 { 0 } else { old.floor_char_boundary(same - MAX_BEFORE) };
    let before = if from == 0 { "" } else { "…" };
    Some([old, new].map(|json| format!("{before}{}", how.clip(json[from..].to_owned()))))
}

/// A list by its items, a record by its name or its fields.
fn composed(value: &Value, how: ValueStyle) -> String {
    let lang = how.lang;
    match value {
        Value::Array(items) => {
            let item =
                |item: &Value| if item.is_array() { format!("({})", brief(item, how)) } else { brief(item, how) };
            let decimal = |item: &Value| matches!(item, Value::Number(number) if number.contains('.'));
            // Where the point of a number is a comma, a comma is no separator.
            let between = if lang != Lang::En && items.iter().any(decimal) { "; " } else { ", " };
            items.iter().map(item).collect::<Vec<_>>().join(between)
        }
        Value::Object(fields) => name(fields).unwrap_or_else(|| {
            let field = |(name, value): (&String, &Value)| {
                let text = brief(value, how);
                let text = if value.is_array() || value.is_object() { format!("({text})") } else { text };
                format!("{}: {text}", field_name(name))
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }),
        other => other.to_string(),
    }
}

fn name(fields: &Map) -> Option<String> {
    let id = |value: &Value| match value {
        Value::String(text) if !is_blank(text) => Some(plain(text).into_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    NAMES.iter().find_map(|name| fields.get(*name).and_then(id))
}

/// What stands in a group in few words.
pub(crate) fn in_group(value: &Value, how: ValueStyle) -> String {
    match conditions::within_group(value) {
        Some(condition) => how.clip(condition_text(condition, how)),
        None => brief(value, how),
    }
}

/// A condition as `field operator value`.
fn condition_in_words(value: &Value, how: ValueStyle) -> Option<String> {
    Some(condition_text(condition(value)?, how))
}

fn condition_text(Condition { field, comparison, operand }: Condition<'_>, how: ValueStyle) -> String {
    let parts = [Some(&*field), comparison.as_deref(), operand].into_iter().flatten();
    let words: Vec<String> = parts.map(|part| brief(part, how)).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// A group of conditions as `(a OR b)`.
fn group_in_words(value: &Value, how: ValueStyle) -> Option<String> {
    let named =
        value.as_object().and_then(|fields| ["name", "label", "title"].iter().find_map(|name| fields.get(*name)));
    let groups = conditions::group(value);
    if groups.is_empty() || named.is_some_and(|name| name.as_str().is_some_and(|name| !name.is_empty())) {
        return None;
    }
    let group = |group: &Group<'_>| {
        let items: Vec<String> = group.items.iter().map(|item| in_group(item, how)).collect();
        match group.operator {
            Some(Operator::Or) => format!("({})", items.join(" OR ")),
            Some(Operator::Xor) => format!("({})", items.join(" XOR ")),
            Some(Operator::Not) => format!("NOT ({})", items.join(" OR ")),
            Some(Operator::And) | None => format!("({})", items.join(" AND ")),
        }
    };
    Some(groups.iter().map(group).collect::<Vec<_>>().join(" AND "))
}

/// A text in the quotation marks of the language.
pub(crate) fn quoted(text: &str, lang: Lang) -> String {
    let [open, close] = match lang {
        Lang::En => ['“', '”'],
        Lang::Ru => ['«', '»'],
        Lang::Cs => ['„', '“'],
    };
    format!("{open}{}{close}", plain(text))
}

/// A text as in a sentence.
pub(crate) fn clip(text: String) -> String {
    ValueStyle::from(Lang::default()).clip(text)
}

/// A duration, to the second; below ten seconds to a tenth. Half is rounded up.
pub(crate) fn duration(millis: u64, lang: Lang) -> String {
    let units = |en: &'static str, ru: &'static str| of(lang, [en, ru, en]);
    let (hour, minute, second) = (units("h", "ч"), units("min", "мин"), units("s", "с"));
    let point = of(lang, [".", ",", ","]);
    let tenths = millis.saturating_add(50) / 100;
    if tenths < 100 {
        let part =
            if tenths.is_multiple_of(10) && tenths > 0 { String::new() } else { format!("{point}{}", tenths % 10) };
        return format!("{}{part} {second}", tenths / 10);
    }
    let seconds = millis.saturating_add(500) / 1000;
    let all = [(seconds / 3600, hour), (seconds / 60 % 60, minute), (seconds % 60, second)];
    let shown: Vec<String> =
        all.into_iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number} {unit}")).collect();
    shown.join(" ")
}

/// What a channel or a state of presence is called; none for what is an application's own.
pub(crate) fn channel(channel: &str, lang: Lang) -> Option<&'static str> {
    let words = match channel {
        "call" => ["call", "звонок", "hovor"],
        "email" => ["e-mail", "эл. почта", "e-mail"],
        "sms" => ["SMS", "SMS", "SMS"],
        "web_chat" => ["web chat", "чат на сайте", "webový chat"],
        "messenger" => ["Messenger", "Messenger", "Messenger"],
        "whatsapp" => ["WhatsApp", "WhatsApp", "WhatsApp"],
        "viber" => ["Viber", "Viber", "Viber"],
        "ticket" => ["ticket", "тикет", "tiket"],
        "pause" => ["pause", "перерыв", "pauza"],
        "ready" => ["ready", "готовность", "připravenost"],
        "free" => ["free", "свободное время", "volný čas"],
        "session" => ["session", "сеанс", "relace"],
        _ => return None,
    };
    Some(of(lang, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let all = [0, 49, 250, 949, 950, 999, 1000, 1500, 1999, 9_949, 9_950, 10_499, 10_500, 59_500];
        let shown = all.map(|millis| duration(millis, Lang::En));
        let wanted = [
            "0.0 s", "0.0 s", "0.3 s", "0.9 s", "1 s", "1 s", "1 s", "1.5 s", "2 s", "9.9 s", "10 s", "10 s", "11 s",
            "1 min",
        ];
        assert_eq!(shown, wanted);
        let all = [60_000, 184_000, 3_600_000, 93_784_000];
        let shown = all.map(|millis| duration(millis, Lang::En));
        assert_eq!(shown, ["1 min", "3 min 4 s", "1 h", "26 h 3 min 4 s"]);
        assert_eq!(duration(184_000, Lang::Ru), "3 мин 4 с");
        assert_eq!([Lang::Ru, Lang::Cs].map(|lang| duration(250, lang)), ["0,3 с", "0,3 s"]);
    }

    #[test]
    fn values() {
        let shown = |json: &str| shown(&crate::log::object_state::value(json), Lang::Cs);
        assert_eq!(shown("\"Bolt\"").as_deref(), Some("Bolt"));
        assert_eq!(shown("true").as_deref(), Some("ano"));
        assert_eq!(shown("10.50").as_deref(), Some("10,5"));
        assert_eq!(shown("{\"id\":\"u-1\",\"name\":\"Eva\"}").as_deref(), Some("Eva"));
        assert_eq!(shown("[\"a\",{\"name\":\"b\"}]").as_deref(), Some("a, b"));
        assert_eq!(
            shown("[[1,2.5],{\"max_size\":3,\"on\":[true]}]").as_deref(),
            Some("(1; 2,5), max size: 3, on: (ano)")
        );
        let group = "{\"op\":\"any\",\"rules\":[{\"field\":\"a\",\"value\":1},{\"not\":[[\"b\",\">\",2]]}]}";
        assert_eq!(shown(group).as_deref(), Some("(a 1 OR NOT (b > 2))"));
        let condition = "{\"field\":\"country\",\"operator\":\"is\",\"value\":[\"CZ\",\"SK\"]}";
        assert_eq!(shown(condition).as_deref(), Some("country is CZ, SK"));
        for nothing in ["", "null", "\"\""] {
            assert_eq!(shown(nothing), None, "{nothing}");
        }
        assert_eq!(shown("no json").as_deref(), Some("no json"));
        let long = Value::from("ř".repeat(500));
        assert!(brief(&long, Lang::Cs.into()).len() <= MAX_IN_SENTENCE + "…".len());
        assert_eq!(brief(&long, ValueStyle::in_full(Lang::Cs)), "ř".repeat(500));
        let longer = brief(&Value::from("ř".repeat(5000)), ValueStyle::in_full(Lang::Cs));
        assert!(longer.ends_with("ř… (zkráceno)") && longer.len() < 4200, "{longer}");
        assert_eq!(brief(&Value::from("a\u{202e}b"), Lang::En.into()), "ab");
        assert_eq!(brief(&Value::from("\u{202e}"), Lang::En.into()), "\"\\u202e\"");
        assert_eq!(shown("{\"name\":\" \",\"id\":7}").as_deref(), Some("7"));
        assert_eq!(shown("{\"\u{200b}\":1,\"_\":2}").as_deref(), Some("_: 2, \"\\u200b\": 1"));
    }

    #[test]
    fn fields_have_names() {
        for (name, text) in [("a_b", "a b"), ("_", "_"), ("", "\"\""), (" ", "\" \""), ("a\u{202e}b", "ab")] {
            assert_eq!(field_name(name), text);
        }
    }
}
