//! What went in one place and came in another, the same as it was, moved: a condition from one group to the next, a group
//! into another, a record from list to list. Pure.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use schemas::json::Value;

use crate::log::conditions::{
    condition, group, holds_conditions, is_conditional, is_negation, operator_of, sequence, within_group,
};
use crate::log::edits::{self, EditKind, Origin, Plain, Whole, whole};
use crate::log::object_state::{keys, position};

/// Most conditions and records, within all that came and went, that are looked at.
const MAX_PARTS: usize = 2_000;

/// Something that came or went, by itself or within a group: the edit it is of, and the keys that lead to it there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    edit: usize,
    within: Vec<String>,
}

impl Place {
    fn at(&self, edits: &[Plain]) -> edits::Place {
        self.within.iter().fold(edits[self.edit].at.clone(), |place, key| place.below(key))
    }

    /// The group that it is in, where that came or went as a whole: the keys that lead to it.
    fn group(&self, value: &Value) -> Option<&[String]> {
        let list = |key: &String| position(key).is_some() || key == "-";
        let (last, outer) = self.within.split_last()?;
        // A list with its words is the group, any other one is in it.
        let named = list(last) && sequence(at(value, outer)).is_none();
        Some(if named { outer.split_last()?.1 } else { outer })
    }

    /// How that group joins its conditions.
    fn whole(&self, value: &Value) -> Option<Whole> {
        Some(whole(at(value, self.group(value)?)))
    }

    /// Returns whether the group is what came or went itself, so that its name says all.
    fn is_named(&self, value: &Value) -> bool {
        self.group(value).is_some_and(|keys| keys.is_empty() || keys == ["bool"])
    }

    /// Whether it lies within one of these.
    fn is_within(&self, others: &HashSet<Self>) -> bool {
        let mut outer = self.clone();
        loop {
            if others.contains(&outer) {
                return true;
            }
            if outer.within.pop().is_none() {
                return false;
            }
        }
    }
}

/// Returns the edits, with what moved shown as a move rather than as a removal and an addition.
pub(super) fn found(edits: Vec<Plain>) -> Vec<Plain> {
    let gone = parts(&edits, |edit| {
        matches!(edit.kind, EditKind::ConditionRemoved | EditKind::ListItemRemoved).then_some(&edit.old)
    });
    let come = parts(&edits, |edit| {
        matches!(edit.kind, EditKind::ConditionAdded | EditKind::ListItemAdded).then_some(&edit.new)
    });
    if gone.is_empty() || come.is_empty() || gone.len() + come.len() > MAX_PARTS {
        return edits;
    }
    let mut waiting: HashMap<String, Vec<Place>> = HashMap::new();
    for (text, place) in come.into_iter().rev() {
        waiting.entry(text).or_default().push(place);
    }
    let (mut taken, mut moved) = (HashSet::new(), HashMap::new());
    for (text, from) in gone {
        if from.is_within(&taken) {
            continue;
        }
        let Some(places) = waiting.get_mut(&text) else { continue };
        // The nearest place to be shown comes first; what has gone along with a group has moved already.
        while let Some(to) = places.pop() {
            if !to.is_within(&taken) {
                taken.extend([from.clone(), to.clone()]);
                moved.insert(to, from);
                break;
            }
        }
    }
    with_moves(edits, &taken, moved)
}

/// All that came or went, the largest first.
fn parts<'e>(edits: &'e [Plain], of: impl Fn(&'e Plain) -> Option<&'e Value>) -> Vec<(String, Place)> {
    let mut parts = Vec::new();
    for (at, edit) in edits.iter().enumerate() {
        let Some(value) = of(edit) else { continue };
        // A text or a number is nothing by itself: the same may stand in many lists.
        if value.is_object() || is_conditional(value) {
            collect(value, Place { edit: at, within: Vec::new() }, &mut parts);
        }
    }
    parts.sort_by_key(|(text, _)| Reverse(text.len()));
    parts
}

fn collect(value: &Value, place: Place, parts: &mut Vec<(String, Place)>) {
    if parts.len() > MAX_PARTS {
        return;
    }
    for (within, item) in conditions_of(value) {
        collect(item, Place { within: [place.within.as_slice(), &within].concat(), ..place }, parts);
    }
    parts.push((value.to_string(), place));
}

/// The conditions and groups of a group, with the keys that lead to each.
fn conditions_of(value: &Value) -> Vec<(Vec<String>, &Value)> {
    if condition(value).is_some() || group(value).is_empty() {
        return Vec::new();
    }
    if let Some(sequence) = sequence(value) {
        let items = sequence.items.iter().enumerate();
        return items.map(|(at, item)| (vec![sequence.place(at).to_string()], *item)).collect();
    }
    let mut found = Vec::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) => {
                let joined = operator_of(name).is_some();
                let is_one = |item: &Value| is_conditional(item) || joined && within_group(item).is_some();
                let items = items.iter().enumerate().filter(|(_, item)| is_one(item));
                found.extend(items.map(|(at, item)| (vec![name.clone(), at.to_string()], item)));
            }
            value if is_conditional(value) || is_negation(name) && within_group(value).is_some() => {
                found.push((vec![name.clone()], value))
            }
            _ => {}
        }
    }
    found
}

fn with_moves(edits: Vec<Plain>, taken: &HashSet<Place>, mut moved: HashMap<Place, Place>) -> Vec<Plain> {
    let mut shown = Vec::new();
    let from: Vec<Place> = moved.values().cloned().collect();
    for (at, edit) in edits.iter().enumerate() {
        let mut here: Vec<(Place, Place)> = moved.extract_if(|to, _| to.edit == at).collect();
        here.sort_unstable_by(|(one, _), (other, _)| one.within.cmp(&other.within));
        shown.extend(here.iter().map(|(to, from)| move_of(&edits, to, from)));
        let own = Place { edit: at, within: Vec::new() };
        if taken.contains(&own) {
            continue;
        }
        if !taken.iter().any(|place| place.edit == at) {
            shown.push(edit.clone());
            continue;
        }
        let (old, new) = (without(&edit.old, &own, taken), without(&edit.new, &own, taken));
        let named = from.iter().any(|from| from.edit == at && from.is_named(&edit.old))
            || here.iter().any(|(to, _)| to.is_named(&edit.new));
        if [&old, &new].into_iter().any(holds) {
            shown.push(Plain { old, new, ..edit.clone() });
        // A group of which nothing is left was there for what moved, which names it, but for one around that.
        } else if !named {
            shown.push(edit.clone());
        }
    }
    shown
}

/// Whether there is a condition in what is left of a group.
fn holds(value: &Value) -> bool {
    let groups = group(value);
    if groups.is_empty() {
        return match value {
            Value::Null => false,
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            _ => true,
        };
    }
    groups.iter().flat_map(|group| &group.items).any(|item| holds(item))
}

fn move_of(edits: &[Plain], to: &Place, from: &Place) -> Plain {
    let value = at(&edits[to.edit].new, &to.within).clone();
    let (now, before) = (to.at(edits), from.at(edits));
    let (gone, come) = (from.whole(&edits[from.edit].old), to.whole(&edits[to.edit].new));
    let last = |path: &str| keys(path).last().and_then(|key| position(key));
    let (from, to) = (last(&before.path), last(&now.path));
    if gone.is_none() && come.is_none() && list_of(&before.path) == list_of(&now.path) {
        let list = |path: String| path.rsplit_once(['/', '.']).map_or(path.clone(), |(list, _)| list.to_owned());
        return Plain {
            kind: EditKind::ListItemMoved,
            at: edits::Place { path: list(now.path), was: list(now.was) },
            from_at: None,
            old: value.clone(),
            new: value,
            from,
            to,
        };
    }
    let grouped = gone.or(come).is_some() || holds_conditions(&list_of(&now.path));
    let in_group = grouped && within_group(&value).is_some();
    let kind = if in_group || is_conditional(&value) { EditKind::ConditionMoved } else { EditKind::ListItemMoved };
    let origin = Origin { at: before, gone, come };
    Plain { kind, at: now, from_at: Some(origin), old: value.clone(), new: value, from, to }
}

/// The keys of the list that an item is in.
pub(super) fn list_of(path: &str) -> Vec<String> {
    let mut keys = keys(path);
    if keys.last().is_some_and(|key| position(key).is_some() || key == "-") {
        keys.pop();
    }
    keys
}

fn at<'v>(value: &'v Value, within: &[String]) -> &'v Value {
    within.iter().fold(value, |value, key| match value {
        Value::Array(items) => position(key).and_then(|at| items.get(at)).unwrap_or(&Value::Null),
        value => value.as_object().and_then(|fields| fields.get(key)).unwrap_or(&Value::Null),
    })
}

/// A value without what moved out of it, or into it.
fn without(value: &Value, place: &Place, taken: &HashSet<Place>) -> Value {
    let next = |key: String| Place { edit: place.edit, within: [place.within.as_slice(), &[key]].concat() };
    if let Some(sequence) = sequence(value) {
        let items = sequence.items.iter().enumerate();
        let items = items.map(|(at, item)| (next(sequence.place(at).to_string()), *item));
        let kept = items.filter(|(place, _)| !taken.contains(place)).map(|(place, item)| without(item, &place, taken));
        return sequence.of(kept.collect());
    }
    match value {
        Value::Array(items) => {
            let items = items.iter().enumerate().map(|(at, item)| (next(at.to_string()), item));
            let kept = items.filter(|(place, _)| !taken.contains(place));
            Value::Array(kept.map(|(place, item)| without(item, &place, taken)).collect())
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name, next(name.clone()), value));
            let kept = fields.filter(|(_, place, _)| !taken.contains(place));
            Value::Object(kept.map(|(name, place, value)| (name.clone(), without(value, &place, taken))).collect())
        }
        value => value.clone(),
    }
}
