//! Changes as people made them: a condition added, AND switched to OR, a user put into a rotation, a step moved, rather
//! than two blobs. Pure.
//!
//! An application may send each such edit by itself, in the manner of JSON Patch, or send the whole list or tree before and
//! after; then it is found out what differs.

pub(crate) mod lists;
pub(crate) mod moves;
pub(crate) mod sentence;

use schemas::catalogue::Lang;
use schemas::json::{Map, Value};
use serde::Serialize;
use utoipa::ToSchema;

use crate::log::conditions::{self, Sequence, condition, is_conditional};
use crate::log::object_state::{keys, position, value};
use crate::log::own::is_own;
use crate::log::rows::EventRow;
use crate::log::words::ValueStyle;

/// Most edits that the changes of one event are taken apart into. Beyond, each change is one.
const MAX_EDITS: usize = 256;
/// Longest list that is compared item by item.
const MAX_ITEMS: usize = 500;
/// Deepest value that is taken apart: as deep as an event may be nested.
const MAX_DEPTH: usize = schemas::decode::MAX_DEPTH;
/// How many pairs of items the lists of one event are searched for those that are most alike.
const MAX_COMPARED: usize = 20_000;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// A condition came.
    ConditionAdded,
    /// A condition went.
    ConditionRemoved,
    /// A condition is another.
    ConditionUpdated,
    /// A condition, or a group of them, is in another group.
    ConditionMoved,
    /// How conditions are joined: AND became OR.
    OperatorSwitched,
    /// An item came into a list.
    ListItemAdded,
    /// An item went out of a list.
    ListItemRemoved,
    /// An item is at another place of its list, or in another list.
    ListItemMoved,
    /// A value is another.
    ValueChanged,
}

/// One edit.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Edit {
    /// What was done.
    pub kind: EditKind,
    /// Where: the path of the change, or a path below it.
    #[schema(example = "conditions/2")]
    pub path: String,
    /// The path for people; positions count from 1, of lists and groups that stayed as they were counted before the change.
    #[schema(example = "conditions #3")]
    pub label: String,
    /// Where it was, of what is in another group or list now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "filter/conditions/1/conditions/0")]
    pub from_path: Option<String>,
    /// Before; absent where there was nothing, or where it isn't known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub old: Option<Value>,
    /// After.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub new: Option<Value>,
    /// Position in the list before, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<usize>,
    /// Position in the list after, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<usize>,
    /// All of it in words.
    #[schema(example = "Condition added to “conditions”: country is CZ")]
    pub text: String,
}

/// The edits of an event in full, in the order of its changes.
pub fn edits(row: &EventRow, lang: Lang) -> Vec<Edit> {
    edits_but(row, None, ValueStyle::in_full(lang))
}

/// The edits of an event, but for those of one change.
pub(super) fn edits_but(row: &EventRow, left_out: Option<usize>, how: ValueStyle) -> Vec<Edit> {
    let values = row.changes_old.iter().zip(&row.changes_new);
    let changes = row.changes_path.iter().zip(&row.changes_op).zip(values).enumerate();
    let mut found = Found::default();
    for (_, ((path, op), (old, new))) in changes.filter(|(at, _)| Some(*at) != left_out) {
        found.change(path, op, value(old), value(new));
    }
    found.in_words(how, is_own(row))
}

type Fields = Map;

/// Where something is: the path after the change, and the path as it was, by which people know it.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    path: String,
    was: String,
}

impl Place {
    fn new(path: &str) -> Self {
        Self { path: path.to_owned(), was: path.to_owned() }
    }

    fn below(&self, key: &str) -> Self {
        Self { path: below(&self.path, key), was: below(&self.was, key) }
    }

    /// An item that stayed in a list.
    fn item(&self, from: usize, to: usize) -> Self {
        Self { path: below(&self.path, &to.to_string()), was: below(&self.was, &from.to_string()) }
    }
}

/// An edit without words.
#[derive(Debug, Clone, PartialEq)]
struct Plain {
    kind: EditKind,
    at: Place,
    from_at: Option<Origin>,
    old: Value,
    new: Value,
    from: Option<usize>,
    to: Option<usize>,
}

/// Where something was that is elsewhere now.
#[derive(Debug, Clone, PartialEq)]
struct Origin {
    at: Place,
    /// The group that went when this went out of it.
    gone: Option<Whole>,
    /// The group that came when this came into it.
    come: Option<Whole>,
}

/// A group that came or went as a whole, and how it joins its conditions, where that is one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Whole(Option<conditions::Operator>);

#[derive(Debug)]
struct Found {
    edits: Vec<Plain>,
    /// Pairs of items that may still be compared.
    budget: usize,
}

impl Default for Found {
    fn default() -> Self {
        Self { edits: Vec::new(), budget: MAX_COMPARED }
    }
}

impl Found {
    /// `own`: of the product's own settings, whose names and values have words.
    fn in_words(self, how: ValueStyle, own: bool) -> Vec<Edit> {
        moves::found(self.edits).into_iter().map(|plain| sentence::worded(plain, how, own)).collect()
    }

    fn change(&mut self, path: &str, op: &str, old: Value, new: Value) {
        let (at, keys) = (Place::new(path), keys(path));
        let last = keys.last().map_or("", String::as_str);
        let listed = position(last).is_some() || last == "-";
        match op {
            "move" => {
                let place = |value: &Value| match value {
                    Value::String(text) => position(text),
                    number => number.as_u64().and_then(|number| usize::try_from(number).ok()),
                };
                let (from, to) = (place(&old), place(&new));
                self.push(EditKind::ListItemMoved, at, (Value::Null, Value::Null), (from, to));
            }
            "add" if listed || one_of_conditions(last, &new) => {
                self.added(at, in_conditions(&keys), new, position(last))
            }
            "remove" if listed || one_of_conditions(last, &old) => {
                self.removed(at, in_conditions(&keys), old, position(last))
            }
            _ => {
                let before = self.edits.len();
                self.replaced(&at, (old.clone(), new.clone()), 0);
                // Too much to be read: as it was sent.
                if self.edits.len() > MAX_EDITS {
                    self.edits.truncate(before);
                    self.push(EditKind::ValueChanged, at, (old, new), (None, None));
                }
            }
        }
    }

    fn replaced(&mut self, at: &Place, (old, new): (Value, Value), depth: usize) {
        if old == new || self.edits.len() > MAX_EDITS {
            return;
        }
        let before = self.edits.len();
        self.taken_apart(at, (old.clone(), new.clone()), depth);
        // Where its parts show no difference, the whole is one edit: no difference is passed over.
        if self.edits.len() == before {
            self.push(EditKind::ValueChanged, at.clone(), (old, new), (None, None));
        }
    }

    fn taken_apart(&mut self, at: &Place, (old, new): (Value, Value), depth: usize) {
        let keys = keys(&at.path);
        let last = keys.last().map_or("", String::as_str);
        if let (Some(before), Some(after)) = (conditions::operator(last, &old), conditions::operator(last, &new)) {
            let kind = if before == after { EditKind::ValueChanged } else { EditKind::OperatorSwitched };
            return self.push(kind, at.clone(), (old, new), (None, None));
        }
        let deep = depth >= MAX_DEPTH;
        match (old, new) {
            (old, new) if is_other_condition(&old, &new) => {
                self.push(EditKind::ConditionUpdated, at.clone(), (old, new), (None, None));
            }
            (old, new) if conditions::is_negation(last) && is_other_within(&old, &new) => {
                self.push(EditKind::ConditionUpdated, at.clone(), (old, new), (None, None));
            }
            (old, new) if is_other_kind(&old, &new) => {
                let place = position(last);
                self.removed(at.clone(), true, old, place);
                self.added(at.clone(), true, new, place);
            }
            (old, new) if !deep && is_joined(&old, &new) => self.sequence(at, (&old, &new), depth),
            (Value::Array(old), Value::Array(new)) if !deep && old.len().max(new.len()) <= MAX_ITEMS => {
                self.list(at, &old, &new, depth);
            }
            (Value::Object(mut old), Value::Object(mut new)) if !deep => {
                self.switched(at, &keys, (&mut old, &mut new), depth);
                for (name, new) in new {
                    let old = old.remove(&name).unwrap_or(Value::Null);
                    self.replaced(&at.below(&name), (old, new), depth + 1);
                }
                for (name, old) in old {
                    self.replaced(&at.below(&name), (old, Value::Null), depth + 1);
                }
            }
            (Value::String(old), Value::String(new)) if !deep && is_document(&old) && is_document(&new) => {
                self.replaced(at, (value(&old), value(&new)), depth + 1);
            }
            (old, new) => {
                let kind = if in_condition(&keys) { EditKind::ConditionUpdated } else { EditKind::ValueChanged };
                self.push(kind, at.clone(), (old, new), (None, None));
            }
        }
    }

    /// `{"all": […]}` that became `{"any": […]}`: the operator is the list's name.
    fn switched(&mut self, at: &Place, keys: &[String], (old, new): (&mut Fields, &mut Fields), depth: usize) {
        let name = |fields: &Fields| Some(conditions::by_operator(fields, keys)?.to_owned());
        let (Some(before), Some(after)) = (name(old), name(new)) else { return };
        if before == after {
            return;
        }
        let lists = (old.remove(&before).unwrap_or_default(), new.remove(&after).unwrap_or_default());
        let same = conditions::operator_of(&before) == conditions::operator_of(&after);
        let kind = if same { EditKind::ValueChanged } else { EditKind::OperatorSwitched };
        let list = Place { path: below(&at.path, &after), was: below(&at.was, &before) };
        self.push(kind, at.clone(), (before.into(), after.into()), (None, None));
        self.replaced(&list, lists, depth + 1);
    }

    /// `[a, "AND", b]`: the words that join, and what they join, which people count without the words.
    fn sequence(&mut self, at: &Place, (old, new): (&Value, &Value), depth: usize) {
        let (Some(before), Some(after)) = (joined(old, new), joined(new, old)) else { return };
        let word = |word: &str| Value::from(word);
        if let (Some(one), Some(other)) = (before.operator(), after.operator()) {
            if one != other {
                let words = (word(before.words[0]), word(after.words[0]));
                self.push(EditKind::OperatorSwitched, at.clone(), words, (None, None));
            }
        } else {
            for (place, (one, other)) in before.words.iter().zip(&after.words).enumerate() {
                if conditions::operator_of(one) != conditions::operator_of(other) {
                    let at = at.item(before.word_place(place), after.word_place(place));
                    self.push(EditKind::OperatorSwitched, at, (word(one), word(other)), (None, None));
                }
            }
        }
        let own = |items: &[&Value]| items.iter().map(|item| (*item).clone()).collect::<Vec<_>>();
        let places = (|item| before.place(item), |item| after.place(item));
        self.items(at, (&own(&before.items), &own(&after.items)), (&places.0, &places.1), (true, depth));
    }

    fn list(&mut self, at: &Place, old: &[Value], new: &[Value], depth: usize) {
        let conditions = conditions::holds_conditions(&keys(&at.path));
        self.items(at, (old, new), (&|item| item, &|item| item), (conditions, depth));
    }

    /// The items of two lists, each with its place there.
    fn items(
        &mut self,
        at: &Place,
        (old, new): (&[Value], &[Value]),
        (was, is): (&dyn Fn(usize) -> usize, &dyn Fn(usize) -> usize),
        (conditions, depth): (bool, usize),
    ) {
        let mut pairs = lists::pairs((old, new), conditions, &mut self.budget);
        // `["|", a, b]`: a word that joins what follows.
        let joins = |item: &Value| item.as_str().is_some_and(|word| conditions::operator_of(word).is_some());
        let removed = std::mem::take(&mut pairs.removed).into_iter();
        let (switched, removed): (Vec<_>, Vec<_>) =
            removed.partition(|at| pairs.added.contains(at) && joins(&old[*at]) && joins(&new[*at]));
        pairs.added.retain(|at| !switched.contains(at));
        for place in switched {
            let words = (old[place].clone(), new[place].clone());
            self.push(EditKind::OperatorSwitched, at.item(was(place), is(place)), words, (None, None));
        }
        for place in removed {
            let item = at.item(place, was(place));
            self.removed(item, conditions, old[place].clone(), Some(place));
        }
        for place in pairs.added {
            let item = at.item(place, is(place));
            self.added(item, conditions, new[place].clone(), Some(place));
        }
        for (from, to) in pairs.moved {
            self.push(
                EditKind::ListItemMoved,
                at.clone(),
                (old[from].clone(), new[to].clone()),
                (Some(from), Some(to)),
            );
        }
        for (from, to) in pairs.altered {
            let (item, values) = (at.item(from, is(to)), (old[from].clone(), new[to].clone()));
            if conditions && is_other_within(&values.0, &values.1) {
                self.push(EditKind::ConditionUpdated, item, values, (None, None));
            } else {
                self.replaced(&item, values, depth + 1);
            }
        }
    }

    fn added(&mut self, at: Place, conditions: bool, item: Value, place: Option<usize>) {
        let condition = is_condition(&at, conditions, &item);
        let kind = if condition { EditKind::ConditionAdded } else { EditKind::ListItemAdded };
        self.push(kind, at, (Value::Null, item), (None, place));
    }

    fn removed(&mut self, at: Place, conditions: bool, item: Value, place: Option<usize>) {
        let condition = is_condition(&at, conditions, &item);
        let kind = if condition { EditKind::ConditionRemoved } else { EditKind::ListItemRemoved };
        self.push(kind, at, (item, Value::Null), (place, None));
    }

    fn push(
        &mut self,
        kind: EditKind,
        at: Place,
        (old, new): (Value, Value),
        (from, to): (Option<usize>, Option<usize>),
    ) {
        self.edits.push(Plain { kind, at, from_at: None, old, new, from, to });
    }
}

/// A group by how it joins its conditions.
fn whole(group: &Value) -> Whole {
    match conditions::group(group).as_slice() {
        [only] => Whole(only.operator),
        _ => Whole(None),
    }
}

fn below(path: &str, key: &str) -> String {
    // A path with dots goes on with slashes only if it has any: `a.b` and `c` are `a.b.c`, unless `c` has one itself.
    if path.contains('.') && !path.contains('/') && !key.contains(['.', '/']) {
        return format!("{path}.{key}");
    }
    format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Whether both are conditions, and not the same one: what else a condition has is compared by itself.
fn is_other_condition(old: &Value, new: &Value) -> bool {
    condition(old).zip(condition(new)).is_some_and(|(old, new)| old != new)
}

/// The same of what stands in a group.
fn is_other_within(old: &Value, new: &Value) -> bool {
    conditions::within_group(old).zip(conditions::within_group(new)).is_some_and(|(old, new)| old != new)
}

/// Whether something that is added to or removed from a list by the list's own path is one of its conditions.
fn one_of_conditions(name: &str, item: &Value) -> bool {
    conditions::is_list(name) && is_conditional(item)
}

/// Whether both are conditions or groups, and one has more negations around it, or they are no two conditions and no two groups.
fn is_other_kind(old: &Value, new: &Value) -> bool {
    let (before, after) = (conditions::negations(old), conditions::negations(new));
    if before != after {
        let is_one = |value: &Value| is_conditional(value) || conditions::within_group(value).is_some();
        return is_one(old) && is_one(new) && !conditions::are_joined_alike(old, new);
    }
    let is_group = |value: &Value| !conditions::group(value).is_empty();
    (condition(old).is_some() && is_group(new) || is_group(old) && condition(new).is_some()) && !is_joined(old, new)
}

/// Whether one is conditions that words between or before them join, and the other is that, too, or a condition; or one is a
/// condition that is a list, and the other a list of them.
fn is_joined(old: &Value, new: &Value) -> bool {
    let sequence = |value: &Value| conditions::sequence(value).is_some();
    let one_of_them =
        |one: &Value, other: &Value| one.is_array() && condition(one).is_some() && condition(other).is_none();
    let any = sequence(old) || sequence(new) || one_of_them(old, new) || one_of_them(new, old);
    any && joined(old, new).and(joined(new, old)).is_some()
}

fn joined<'a>(value: &'a Value, beside: &Value) -> Option<Sequence<'a>> {
    let most = if condition(beside).is_some() { MAX_ITEMS } else { 1 };
    conditions::sequence(value).or_else(|| Sequence::of_list(value, most))
}

/// Whether something that came to a list or went is a condition. A text is one where the list is called that.
fn is_condition(at: &Place, conditions: bool, item: &Value) -> bool {
    let called = || moves::list_of(&at.path).last().is_some_and(|name| conditions::is_list(name));
    is_conditional(item) || conditions && (item.is_object() || item.is_array() || called())
}

/// Whether the list that a path's item is in holds conditions.
fn in_conditions(keys: &[String]) -> bool {
    let named = keys.iter().rposition(|key| position(key).is_none() && key != "-");
    named.is_some_and(|last| conditions::holds_conditions(&keys[..=last]))
}

/// Whether a path leads to a condition or into one.
fn in_condition(keys: &[String]) -> bool {
    (1..keys.len()).any(|at| position(&keys[at]).is_some() && conditions::holds_conditions(&keys[..at]))
}

/// A text that is itself JSON: a blob.
fn is_document(text: &str) -> bool {
    text.starts_with(['{', '[']) && Value::parse(text).is_some()
}

#[cfg(test)]
mod tests;
