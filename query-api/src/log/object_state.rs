//! The last known state of an object, rebuilt from the changes of its history. Pure.
//!
//! A path is what an application made of it: a JSON Pointer (`/items/3/price`, RFC 6901), the same without its first slash
//! (`items/3/price`), or with dots (`items.3.price`). What the history doesn't say can't be in the state: a list whose
//! beginning was never sent has the items that were.

use clickhouse::Row;
use schemas::json::{Map, Value};
use serde::Deserialize;

/// Deepest path that is followed, as deep as an event may be nested.
const MAX_DEPTH: usize = schemas::decode::MAX_DEPTH;
/// Most items of a list.
const MAX_ITEMS: usize = 4096;
/// Largest state, in bytes by [`weight`]. Sixty times what one event may hold.
const MAX_WEIGHT: usize = 4 * 1024 * 1024;

/// The changes of one event, as the columns of `events` hold them: side by side, old and new as JSON, empty for none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Deserialize)]
pub struct Changes {
    /// Which fields.
    #[serde(rename = "changes.path")]
    pub path: Vec<String>,
    /// `add`, `remove`, `replace` or `move`.
    #[serde(rename = "changes.op")]
    pub op: Vec<String>,
    /// JSON before.
    #[serde(rename = "changes.old")]
    pub old: Vec<String>,
    /// JSON after.
    #[serde(rename = "changes.new")]
    pub new: Vec<String>,
}

impl Changes {
    /// Returns what the event of a deletion says of the object as it last was: each old value, as if it had just been set. Applied
    /// as they are, its changes would leave nothing.
    #[must_use]
    pub fn of_deletion(&self) -> Self {
        let mut last = Self::default();
        for (path, old) in self.path.iter().zip(&self.old).filter(|(_, old)| !old.is_empty()) {
            last.path.push(path.clone());
            last.op.push("replace".to_owned());
            last.old.push(String::new());
            last.new.push(old.clone());
        }
        last
    }

    fn each(&self) -> impl Iterator<Item = (&str, &str, &str, &str)> {
        let values = self.old.iter().zip(&self.new);
        let fields = self.path.iter().zip(&self.op).zip(values);
        fields.map(|((path, op), (old, new))| (path.as_str(), op.as_str(), old.as_str(), new.as_str()))
    }
}

/// The state after all the changes of `rows`, oldest first. A change that can't be applied (too deep, too large, an item
/// that isn't there) leaves the rest as it is.
pub fn state<'a>(rows: impl Iterator<Item = &'a Changes>) -> Map {
    let mut state = State { root: Value::Object(Map::new()), weight: 0 };
    for (path, op, old, new) in rows.flat_map(Changes::each) {
        let keys = keys(path);
        if let Some((last, parents)) = keys.split_last().filter(|_| keys.len() <= MAX_DEPTH) {
            state.apply(parents, last, op, old, new);
        }
    }
    match state.root {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A path as the keys it is made of.
pub(crate) fn keys(path: &str) -> Vec<String> {
    if path.contains('/') {
        let unescape = |key: &str| key.replace("~1", "/").replace("~0", "~");
        return path.strip_prefix('/').unwrap_or(path).split('/').map(unescape).collect();
    }
    // `a..b` or `.` is a name that has dots, not a path.
    let dotted = !path.split('.').any(str::is_empty);
    if dotted { path.split('.').map(str::to_owned).collect() } else { vec![path.to_owned()] }
}

/// A value of a change: JSON, or else the text it is. None was sent for null.
pub(crate) fn value(json: &str) -> Value {
    match json {
        "" => Value::Null,
        _ => Value::parse(json).unwrap_or_else(|| json.into()),
    }
}

/// A key as a position in a list.
pub(crate) fn position(key: &str) -> Option<usize> {
    let digits = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
    if digits { key.parse().ok() } else { None }
}

struct State {
    root: Value,
    /// No less than the weight of `root`.
    weight: usize,
}

impl State {
    fn apply(&mut self, parents: &[String], last: &str, op: &str, old: &str, new: &str) {
        match op {
            "remove" => self.remove(parents, last, &value(old)),
            "move" => {
                let (from, to) = (position(old.trim_matches('"')), position(new.trim_matches('"')));
                if let (Some(from), Some(to)) = (from, to) {
                    self.shift(parents, last, from, to);
                }
            }
            _ => self.set(parents, last, value(new), op == "add"),
        }
    }

    fn set(&mut self, parents: &[String], last: &str, new: Value, add: bool) {
        let path: usize = parents.iter().map(|key| NODE + key.len()).sum();
        if !self.has_room(path + NODE + last.len() + weight(&new)) {
            return;
        }
        let mut next = parents.iter().map(String::as_str).skip(1).chain([last]);
        let mut holder = &mut self.root;
        for key in parents {
            let Some(child) = child(holder, key) else { return };
            hold(child, next.next().unwrap_or(last));
            holder = child;
        }
        match holder {
            // An item is put in before those that follow; a value that is set stands in for the one before.
            Value::Array(items) if add => match position(last) {
                Some(at) if items.len() < MAX_ITEMS => items.insert(at.min(items.len()), new),
                _ if last == "-" && items.len() < MAX_ITEMS => items.push(new),
                _ => {}
            },
            Value::Object(fields) => match fields.get_mut(last) {
                // One value that is added to a list is an item of it.
                Some(Value::Array(items)) if add && !new.is_array() => {
                    if items.len() < MAX_ITEMS {
                        items.push(new);
                    }
                }
                _ => {
                    fields.insert(last.to_owned(), new);
                }
            },
            holder => {
                if let Some(child) = child(holder, last) {
                    *child = new;
                }
            }
        }
    }

    fn remove(&mut self, parents: &[String], last: &str, old: &Value) {
        match self.find(parents) {
            Some(Value::Array(items)) => {
                if let Some(at) = position(last).filter(|at| *at < items.len()) {
                    items.remove(at);
                }
            }
            Some(Value::Object(fields)) => match fields.get_mut(last) {
                // One value that is removed from a list is an item of it.
                Some(Value::Array(items)) if !old.is_array() && items.contains(old) => {
                    if let Some(at) = items.iter().position(|item| item == old) {
                        items.remove(at);
                    }
                }
                _ => {
                    fields.remove(last);
                }
            },
            _ => {}
        }
    }

    /// Moves an item of the list at the path, or of the list that the path's item is in.
    fn shift(&mut self, parents: &[String], last: &str, from: usize, to: usize) {
        let list = match self.find(parents) {
            Some(Value::Object(fields)) => fields.get_mut(last),
            Some(Value::Array(items)) if items.get(from).is_some_and(|item| !item.is_array()) => {
                move_item(items, from, to);
                return;
            }
            Some(Value::Array(items)) => position(last).and_then(|at| items.get_mut(at)),
            _ => None,
        };
        if let Some(Value::Array(items)) = list {
            move_item(items, from, to);
        }
    }

    fn find(&mut self, path: &[String]) -> Option<&mut Value> {
        path.iter().try_fold(&mut self.root, |value, key| match value {
            Value::Object(fields) => fields.get_mut(key),
            Value::Array(items) => position(key).and_then(|at| items.get_mut(at)),
            _ => None,
        })
    }

    /// Whether that much more may be held. What was replaced or removed is taken off only when it matters, so that a change
    /// costs what it says and not what is there.
    fn has_room(&mut self, more: usize) -> bool {
        if self.weight + more > MAX_WEIGHT {
            let now = weight(&self.root);
            // Nearly full is full: otherwise each further change would weigh everything again.
            if now > MAX_WEIGHT / 2 || now + more > MAX_WEIGHT {
                return false;
            }
            self.weight = now;
        }
        self.weight += more;
        true
    }
}

fn move_item(items: &mut Vec<Value>, from: usize, to: usize) {
    if from < items.len() {
        let item = items.remove(from);
        items.insert(to.min(items.len()), item);
    }
}

/// The value at a key, made if it is missing; none where there is no place for it.
fn child<'a>(holder: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    hold(holder, key);
    match holder {
        Value::Object(fields) => Some(fields.entry(key.to_owned()).or_insert(Value::Null)),
        Value::Array(items) => {
            let at = position(key).unwrap_or(items.len()).min(items.len());
            if at == items.len() {
                if at == MAX_ITEMS {
                    return None;
                }
                items.push(Value::Null);
            }
            items.get_mut(at)
        }
        _ => None,
    }
}

/// Makes a value one that can hold a key. A list that is given a name becomes an object by positions: trees of conditions
/// have `conditions/2` beside `conditions/operator`.
fn hold(holder: &mut Value, key: &str) {
    let in_list = position(key).is_some() || key == "-";
    match holder {
        Value::Object(_) => {}
        Value::Array(_) if in_list => {}
        Value::Array(items) => {
            let fields = std::mem::take(items).into_iter().enumerate();
            *holder = Value::Object(fields.map(|(at, item)| (at.to_string(), item)).collect());
        }
        _ if in_list => *holder = Value::Array(Vec::new()),
        _ => *holder = Value::Object(Map::new()),
    }
}

/// What a value costs beside its texts.
const NODE: usize = 32;

fn weight(value: &Value) -> usize {
    NODE + match value {
        Value::String(text) | Value::Number(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + weight(value)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
