//! What an event changed: a value that is reported to have become itself did not change.

use serde_json::value::RawValue;

use crate::event::{Change, ChangeOp, Class, Event};
use crate::json::{Value, canonical};

/// Keeps the changes of an event that change something. Values are compared, not spellings. What a deletion reports is what
/// there was, and stays whole; so does a change that names its field alone.
pub fn changes<'e>(event: &'e Event<'e>, class: Class) -> impl Iterator<Item = &'e Change<'e>> {
    event.changes.iter().flatten().filter(move |change| class == Class::Delete || !is_idle(change))
}

fn is_idle(change: &Change<'_>) -> bool {
    // What is added or removed may be one of several that are the same.
    let op = change.op.as_deref().and_then(ChangeOp::parse);
    let is_one_of_many = matches!(op, Some(ChangeOp::Add | ChangeOp::Remove));
    matches!((change.old, change.new), (Some(old), Some(new)) if !is_one_of_many && is_same(old, new))
}

fn is_same(old: &RawValue, new: &RawValue) -> bool {
    if old.get() == new.get() {
        return true;
    }
    let (old, new) = (canonical(old), canonical(new));
    old == new || document(&old).zip(document(&new)).is_some_and(|(old, new)| old == new)
}

/// The value of a text that is itself an object or a list as JSON.
fn document(text: &str) -> Option<Value> {
    let is_document = text.strip_prefix('"')?.starts_with(['{', '[']);
    if is_document { Value::parse(Value::parse(text)?.as_str()?) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A8: what is reported to have changed into itself is no change, however the two are spelled; the order of a list is part of it.
    #[test]
    fn values_are_compared_as_values() {
        for (change, left) in [
            (r#"{"path":"p","old":{"b":1,"a":2},"new":{"a":2,"b":1}}"#, false),
            (r#"{"path":"p","old":[{"x":{"b":[],"a":"\u0061"}}],"new":[ {"x" : {"a":"a","b":[ ]}} ]}"#, false),
            (r#"{"path":"p","op":"replace","old":1,"new":1.0}"#, false),
            (r#"{"path":"p","old":1e2,"new":100}"#, false),
            (r#"{"path":"p","old":"\u0061","new":"a"}"#, false),
            (r#"{"path":"p","old":{"a":1,"a":2},"new":{"a":2}}"#, false),
            (r#"{"path":"p","old":"{\"a\":1, \"b\":2}","new":"{\"b\":2,\"a\":1.0}"}"#, false),
            (r#"{"path":"p","op":"move","old":2,"new":2}"#, false),
            (r#"{"path":"p","old":[1,2],"new":[2,1]}"#, true),
            (r#"{"path":"p","old":1,"new":"1"}"#, true),
            (r#"{"path":"p","old":"a ","new":"a"}"#, true),
            (r#"{"path":"p","old":{"a":null},"new":{}}"#, true),
            (r#"{"path":"p"}"#, true),
            (r#"{"path":"p","old":null,"new":null}"#, true),
            (r#"{"path":"p","new":1}"#, true),
            (r#"{"path":"p","op":"add","old":1,"new":1}"#, true),
            (r#"{"path":"p","op":"remove","old":1,"new":1}"#, true),
        ] {
            let json = format!(r#"{{"changes":[{change}]}}"#);
            let event: Event<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(changes(&event, Class::Change).count(), usize::from(left), "{change}");
            assert_eq!(changes(&event, Class::Delete).count(), 1, "{change}");
        }
    }
}
