//! Edits in words.

use schemas::catalogue::Lang;
use schemas::json::Value;

use crate::log::conditions::{Operator, group};
use crate::log::edits::moves::list_of;
use crate::log::edits::{Edit, EditKind, Origin, Plain, Whole, whole};
use crate::log::object_state::{keys, position};
use crate::log::own;
use crate::log::words::{ValueStyle, brief, disambiguated, field_name, in_group, is_unseen, of, quoted, shown};

/// An edit with its words.
pub(super) fn worded(plain: Plain, how: ValueStyle, own: bool) -> Edit {
    let lang = how.lang;
    let path = keys(&plain.at.was);
    let (label, text) = if own {
        let value = |value: &Value| own::value(&path, value.clone(), lang);
        let worded = Plain { old: value(&plain.old), new: value(&plain.new), ..plain.clone() };
        let label = label(&own::keys(&path, lang));
        let text = text(&worded, (&label, &self::label(&own::keys(&list_of(&plain.at.was), lang))), how);
        (label, text)
    } else {
        let label = label(&path);
        let text = text(&plain, (&label, &self::label(&list_of(&plain.at.was))), how);
        (label, text)
    };
    let Plain { kind, at, from_at, old, new, from, to } = plain;
    let some = |value: Value| Some(value).filter(|value| !value.is_null());
    let from_path = from_at.map(|origin| origin.at.path);
    Edit { kind, path: at.path, label, from_path, old: some(old), new: some(new), from, to, text }
}

/// A path for people: `conditions/2/value` is `conditions #3 › value`.
fn label(keys: &[String]) -> String {
    let mut label = String::new();
    for key in keys {
        match position(key) {
            Some(at) if !label.is_empty() => label.push_str(&format!(" #{}", at.saturating_add(1))),
            _ if key == "-" => {}
            _ => {
                let separator = if label.is_empty() { "" } else { " › " };
                label.push_str(separator);
                label.push_str(&field_name(key));
            }
        }
    }
    label
}

/// An edit in words, with the names of what it is about and of the list that this is in.
fn text(edit: &Plain, (label, list): (&str, &str), how: ValueStyle) -> String {
    let lang = how.lang;
    let brief = match edit.kind {
        EditKind::ConditionAdded | EditKind::ConditionRemoved | EditKind::ConditionMoved => in_group,
        EditKind::ConditionUpdated if edit.old.is_object() && edit.new.is_object() => in_group,
        _ => brief,
    };
    let (old, new) = (brief(&edit.old, how), brief(&edit.new, how));
    match edit.kind {
        EditKind::ConditionAdded => {
            let what = conditional(
                &edit.new,
                ["Condition added", "Добавлено условие", "Přidána podmínka"],
                ["group added", "Добавлена группа", "Přidána skupina"],
                lang,
            );
            format!("{what}{}: {new}", beside(["to", "в", "do"], list, lang))
        }
        EditKind::ConditionRemoved => {
            let what = conditional(
                &edit.old,
                ["Condition removed", "Удалено условие", "Odebrána podmínka"],
                ["group removed", "Удалена группа", "Odebrána skupina"],
                lang,
            );
            format!("{what}{}: {old}", beside(["from", "из", "z"], list, lang))
        }
        EditKind::ConditionUpdated => {
            let words = of(lang, ["Condition changed", "Изменено условие", "Změněna podmínka"]);
            format!("{words} ({label}): {}", from_to((&edit.old, &old), (&edit.new, &new), how))
        }
        EditKind::OperatorSwitched => {
            let words = of(lang, ["switched to", "переключено на", "přepnuto na"]);
            format!("{label}: {old} {words} {new}")
        }
        EditKind::ListItemAdded => {
            let words = of(lang, ["added", "добавлено", "přidáno"]);
            format!("{list}: {words} {}{}", item(&edit.new, how), place(edit.to, lang))
        }
        EditKind::ListItemRemoved => {
            let words = of(lang, ["removed", "удалено", "odebráno"]);
            format!("{list}: {words} {}{}", item(&edit.old, how), place(edit.from, lang))
        }
        EditKind::ConditionMoved | EditKind::ListItemMoved => match &edit.from_at {
            Some(origin) if edit.kind == EditKind::ConditionMoved => {
                let what = conditional(
                    &edit.new,
                    ["Condition moved", "Условие перемещено", "Podmínka přesunuta"],
                    ["group moved", "Перемещена группа", "Přesunuta skupina"],
                    lang,
                );
                format!("{what}{}: {new}", elsewhere(origin, list, lang))
            }
            Some(origin) => {
                let words = of(lang, ["Moved", "Перемещено", "Přesunuto"]);
                format!("{words}{}: {}", elsewhere(origin, list, lang), item(&edit.new, how))
            }
            None => moved(edit, label, how),
        },
        EditKind::ValueChanged => format!("{label}: {}", from_to((&edit.old, &old), (&edit.new, &new), how)),
    }
}

/// What was done to a condition, or to a group, which is named by its operator.
fn conditional(value: &Value, condition: [&str; 3], of_group: [&str; 3], lang: Lang) -> String {
    if group(value).is_empty() {
        return of(lang, condition).to_owned();
    }
    let words = of(lang, of_group);
    match (whole(value).0.map(operator), lang) {
        (Some(operator), Lang::En) => format!("{operator} {words}"),
        (Some(operator), _) => format!("{words} {operator}"),
        (None, Lang::En) => format!("Condition {words}"),
        (None, _) => format!("{words} {}", of(lang, ["", "условий", "podmínek"])),
    }
}

fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::And => "AND",
        Operator::Or => "OR",
        Operator::Xor => "XOR",
        Operator::Not => "NOT",
    }
}

/// The list that something is done to, if it has a name.
fn beside(preposition: [&str; 3], list: &str, lang: Lang) -> String {
    if list.is_empty() { String::new() } else { format!(" {} {}", of(lang, preposition), quoted(list, lang)) }
}

/// Two values, each with how it reads. What reads the same and isn't is shown as JSON.
fn from_to(old: (&Value, &str), new: (&Value, &str), how: ValueStyle) -> String {
    if let Some([old, new]) = disambiguated(old, new, how) {
        return format!("{old} → {new}");
    }
    let shown = |(value, text): (&Value, &str)| match text {
        "" => "—".to_owned(),
        text if is_unseen(value) => text.to_owned(),
        text => quoted(text, how.lang),
    };
    // What it was before is often unknown.
    if old.1.is_empty() { format!("→ {}", shown(new)) } else { format!("{} → {}", shown(old), shown(new)) }
}

/// An item of a list.
fn item(value: &Value, how: ValueStyle) -> String {
    quoted(&shown(value, how).unwrap_or_else(|| value.to_string()), how.lang)
}

fn place(at: Option<usize>, lang: Lang) -> String {
    let words = of(lang, ["position", "позиция", "pozice"]);
    at.map(|at| format!(" ({words} {})", at.saturating_add(1))).unwrap_or_default()
}

/// Returns the words for a move from one list to another. They name a group that came or went with the move, since nothing else
/// does.
fn elsewhere(origin: &Origin, list: &str, lang: Lang) -> String {
    let before = label(&list_of(&origin.at.was));
    let whole = |Whole(joins): Whole, words: [&str; 3]| match joins.map(operator) {
        Some(operator) => of(lang, words).replace('*', operator),
        None => of(lang, words).replace(" *", "").replace("* ", ""),
    };
    let from = match origin.gone {
        Some(gone) => whole(gone, ["from the removed * group", "из удалённой группы *", "ze zrušené skupiny *"]),
        None => of(lang, ["from", "из", "z"]).to_owned(),
    };
    let to = match origin.come {
        Some(come) => whole(come, ["to the new * group", "в новую группу *", "do nové skupiny *"]),
        None => of(lang, ["to", "в", "do"]).to_owned(),
    };
    format!(" {from} {} {to} {}", quoted(&before, lang), quoted(list, lang))
}

fn moved(edit: &Plain, list: &str, how: ValueStyle) -> String {
    let [what, from, to] = match how.lang {
        Lang::En => ["moved", "from position", "to"],
        Lang::Ru => ["перемещено", "с позиции", "на"],
        Lang::Cs => ["přesunuto", "z pozice", "na"],
    };
    let at = |place: Option<usize>| place.map_or_else(|| "—".to_owned(), |at| at.saturating_add(1).to_string());
    let item = if edit.old.is_null() { String::new() } else { format!(" {}", item(&edit.old, how)) };
    format!("{list}:{item} {what} {from} {} {to} {}", at(edit.from), at(edit.to))
}
