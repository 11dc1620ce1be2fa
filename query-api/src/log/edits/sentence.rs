//! Edits in words.

use schemas::catalogue::Lang;
use schemas::json::Value;

use crate::log::edits::{Edit, EditKind, Plain};
use crate::log::object_state::{keys, position};
use crate::log::words::{brief, of, quoted};

/// An edit with its words.
pub(super) fn worded(plain: Plain, lang: Lang) -> Edit {
    let label = label(&plain.path);
    let text = text(&plain, &label, lang);
    let Plain { kind, path, from_path, old, new, from, to } = plain;
    let some = |value: Value| Some(value).filter(|value| !value.is_null());
    Edit { kind, path, label, from_path, old: some(old), new: some(new), from, to, text }
}

/// A path for people: `conditions/2/value` is `conditions #3 › value`.
fn label(path: &str) -> String {
    let mut label = String::new();
    for key in keys(path) {
        match position(&key) {
            Some(at) if !label.is_empty() => label.push_str(&format!(" #{}", at.saturating_add(1))),
            _ if key == "-" => {}
            _ => {
                let separator = if label.is_empty() { "" } else { " › " };
                label.push_str(separator);
                label.push_str(&key.replace('_', " "));
            }
        }
    }
    label
}

/// The list that an item's label is in.
fn list_of(label: &str) -> &str {
    label.rsplit_once(" #").filter(|(_, at)| position(at).is_some()).map_or(label, |(list, _)| list)
}

fn text(edit: &Plain, label: &str, lang: Lang) -> String {
    let (old, new) = (brief(&edit.old, lang), brief(&edit.new, lang));
    let list = list_of(label);
    match edit.kind {
        EditKind::ConditionAdded => {
            let words = of(lang, ["Condition added", "Добавлено условие", "Přidána podmínka"]);
            format!("{words}: {new}")
        }
        EditKind::ConditionRemoved => {
            let words = of(lang, ["Condition removed", "Удалено условие", "Odebrána podmínka"]);
            format!("{words}: {old}")
        }
        EditKind::ConditionUpdated => {
            let words = of(lang, ["Condition changed", "Изменено условие", "Změněna podmínka"]);
            format!("{words} ({label}): {}", from_to(&old, &new, lang))
        }
        EditKind::OperatorSwitched => {
            let words = of(lang, ["switched to", "переключено на", "přepnuto na"]);
            format!("{label}: {old} {words} {new}")
        }
        EditKind::ListItemAdded => {
            let words = of(lang, ["added", "добавлено", "přidáno"]);
            format!("{list}: {words} {new}{}", place(edit.to, lang))
        }
        EditKind::ListItemRemoved => {
            let words = of(lang, ["removed", "удалено", "odebráno"]);
            format!("{list}: {words} {old}{}", place(edit.from, lang))
        }
        EditKind::ConditionMoved => {
            let words = of(lang, ["Condition moved", "Условие перемещено", "Podmínka přesunuta"]);
            format!("{words} {}: {new}", elsewhere(edit, list, lang))
        }
        EditKind::ListItemMoved if edit.from_path.is_some() => {
            let words = of(lang, ["Moved", "Перемещено", "Přesunuto"]);
            format!("{words} {}: {new}", elsewhere(edit, list, lang))
        }
        EditKind::ListItemMoved => moved(edit, list, &new, lang),
        EditKind::ValueChanged => format!("{label}: {}", from_to(&old, &new, lang)),
    }
}

fn from_to(old: &str, new: &str, lang: Lang) -> String {
    let shown = |text: &str| if text.is_empty() { "—".to_owned() } else { quoted(text, lang) };
    // What it was before is often not told.
    if old.is_empty() { format!("→ {}", shown(new)) } else { format!("{} → {}", shown(old), shown(new)) }
}

fn place(at: Option<usize>, lang: Lang) -> String {
    let words = of(lang, ["position", "позиция", "pozice"]);
    at.map(|at| format!(" ({words} {})", at.saturating_add(1))).unwrap_or_default()
}

/// From one list to another.
fn elsewhere(edit: &Plain, list: &str, lang: Lang) -> String {
    let before = label(edit.from_path.as_deref().unwrap_or_default());
    let [from, to] = match lang {
        Lang::En => ["from", "to"],
        Lang::Ru => ["из", "в"],
        Lang::Cs => ["z", "do"],
    };
    format!("{from} {} {to} {}", quoted(list_of(&before), lang), quoted(list, lang))
}

fn moved(edit: &Plain, list: &str, item: &str, lang: Lang) -> String {
    let [what, from, to] = match lang {
        Lang::En => ["moved", "from position", "to"],
        Lang::Ru => ["перемещено", "с позиции", "на"],
        Lang::Cs => ["přesunuto", "z pozice", "na"],
    };
    let at = |place: Option<usize>| place.map_or_else(|| "—".to_owned(), |at| at.saturating_add(1).to_string());
    let item = if item.is_empty() { String::new() } else { format!(" {item}") };
    format!("{list}:{item} {what} {from} {} {to} {}", at(edit.from), at(edit.to))
}
