use super::*;
use crate::json;
use proptest::prelude::*;

fn worded(changes: &[(&str, &str, Value, Value)], lang: Lang) -> Vec<Edit> {
    let mut found = Found::default();
    for (path, op, old, new) in changes {
        found.change(path, op, old.clone(), new.clone());
    }
    found.0.into_iter().map(|plain| sentence::worded(plain, lang)).collect()
}

fn told(changes: &[(&str, &str, Value, Value)]) -> Vec<(EditKind, String, String)> {
    worded(changes, Lang::En).into_iter().map(|edit| (edit.kind, edit.path, edit.text)).collect()
}

fn told_one(path: &str, op: &str, old: Value, new: Value) -> Vec<(EditKind, String, String)> {
    told(&[(path, op, old, new)])
}

fn edit(kind: EditKind, path: &str, text: &str) -> (EditKind, String, String) {
    (kind, path.to_owned(), text.to_owned())
}

/// A8: each edit told by itself, in the manner of JSON Patch.
#[test]
fn edits_that_are_told_one_by_one() {
    let none = Value::Null;
    let country = json!({"field": "country", "operator": "is", "value": "CZ"});
    let got = told(&[
        ("conditions/2", "add", none.clone(), country.clone()),
        ("conditions/0", "remove", country, none.clone()),
        ("conditions/1/value", "replace", json!(5), json!(7)),
        ("conditions/operator", "replace", json!("AND"), json!("OR")),
        ("rotation/users/3", "add", none.clone(), json!("Petr Dvořák")),
        ("rotation.users.0", "remove", json!("Eva"), none.clone()),
        ("steps", "move", json!(3), json!(0)),
        ("enabled", "replace", json!(false), json!(true)),
        ("discount", "replace", none, json!(10)),
    ]);
    let wanted = [
        edit(EditKind::ConditionAdded, "conditions/2", "Condition added: country is CZ"),
        edit(EditKind::ConditionRemoved, "conditions/0", "Condition removed: country is CZ"),
        edit(EditKind::ConditionUpdated, "conditions/1/value", "Condition changed (conditions #2 › value): “5” → “7”"),
        edit(EditKind::OperatorSwitched, "conditions/operator", "conditions › operator: AND switched to OR"),
        edit(EditKind::ListItemAdded, "rotation/users/3", "rotation › users: added Petr Dvořák (position 4)"),
        edit(EditKind::ListItemRemoved, "rotation.users.0", "rotation › users: removed Eva (position 1)"),
        edit(EditKind::ListItemMoved, "steps", "steps: moved from position 4 to 1"),
        edit(EditKind::ValueChanged, "enabled", "enabled: “no” → “yes”"),
        edit(EditKind::ValueChanged, "discount", "discount: → “10”"),
    ];
    assert_eq!(got, wanted);
}

/// A8: a list before and after.
#[test]
fn a_whole_list() {
    let got = told_one("rotation/users", "replace", json!(["a", "b", "c"]), json!(["c", "a", "d"]));
    let wanted = [
        edit(EditKind::ListItemRemoved, "rotation/users/1", "rotation › users: removed b (position 2)"),
        edit(EditKind::ListItemAdded, "rotation/users/2", "rotation › users: added d (position 3)"),
        edit(EditKind::ListItemMoved, "rotation/users", "rotation › users: c moved from position 3 to 1"),
    ];
    assert_eq!(got, wanted);
}

/// A8: a tree before and after, as values or as a text that holds them.
#[test]
fn a_whole_tree() {
    let condition = |field: &str, value: i32| json!({"field": field, "operator": ">", "value": value});
    let old = json!({"operator": "AND", "conditions": [condition("age", 18), condition("orders", 3)]});
    let group = json!({"operator": "ANY", "conditions": [condition("visits", 9)]});
    let new = json!({"operator": "OR", "conditions": [condition("age", 21), group]});
    let wanted = [
        edit(EditKind::ConditionRemoved, "filter/conditions/1", "Condition removed: orders > 3"),
        edit(EditKind::ConditionAdded, "filter/conditions/1", &format!("Condition added: {group}")),
        edit(
            EditKind::ConditionUpdated,
            "filter/conditions/0",
            "Condition changed (filter › conditions #1): “age > 18” → “age > 21”",
        ),
        edit(EditKind::OperatorSwitched, "filter/operator", "filter › operator: AND switched to OR"),
    ];
    assert_eq!(told_one("filter", "replace", old.clone(), new.clone()), wanted);
    let blobs = told_one("filter", "replace", json!(old.to_string()), json!(new.to_string()));
    assert_eq!(blobs, wanted);
}

/// P16.
#[test]
fn three_languages() {
    let changes = [
        ("conditions/operator", "replace", json!("AND"), json!("OR")),
        ("users/0", "add", Value::Null, json!("Eva")),
        ("users", "replace", json!(["Eva", "Petr"]), json!(["Petr", "Eva"])),
        ("enabled", "replace", json!(true), json!(false)),
    ];
    let texts = |lang| worded(&changes, lang).into_iter().map(|edit| edit.text).collect::<Vec<_>>();
    assert_eq!(
        texts(Lang::Ru),
        [
            "conditions › operator: AND переключено на OR",
            "users: добавлено Eva (позиция 1)",
            "users: Petr перемещено с позиции 2 на 1",
            "enabled: “да” → “нет”",
        ]
    );
    assert_eq!(texts(Lang::Cs)[2], "users: Petr přesunuto z pozice 2 na 1");
}

/// What is too much to be read is shown as it was sent.
#[test]
fn bounded() {
    let large: Vec<usize> = (0..MAX_ITEMS).collect();
    let got = worded(&[("a", "replace", json!([]), json!(large))], Lang::En);
    assert_eq!((got.len(), got[0].kind), (1, EditKind::ValueChanged));
    let (mut old, mut new) = (json!(1), json!(2));
    for _ in 0..40 {
        (old, new) = (json!({ "x": old }), json!({ "x": new }));
    }
    assert_eq!(worded(&[("a", "replace", old, new)], Lang::En).len(), 1);
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|value| json!(value)),
        (0..5_i32).prop_map(|value| json!(value)),
        prop::sample::select(&["AND", "OR", "x", "[1]", "{\"a\":1}"]).prop_map(|value| json!(value))
    ];
    let names = prop::sample::select(&["conditions", "operator", "field", "value", "id", "users", "x"]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|value| json!(value)),
            prop::collection::btree_map(names.clone(), inner, 0..5).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    /// What differs is told, what doesn't is not, and there are never too many edits.
    #[test]
    fn whatever_differs_is_told(old in json_value(), new in json_value(), path in "[a-c0-9./~-]{1,8}") {
        let got = worded(&[(&path, "replace", old.clone(), new.clone())], Lang::Cs);
        prop_assert!(got.len() <= MAX_EDITS);
        prop_assert!(worded(&[(&path, "replace", old.clone(), old.clone())], Lang::En).is_empty());
        prop_assert!(!got.is_empty() || tidy(&old) == tidy(&new));
        for op in ["add", "remove", "move"] {
            worded(&[(&path, op, old.clone(), new.clone())], Lang::Ru);
        }
    }
}

/// A field that is null is as one that isn't there.
fn tidy(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), tidy(value)));
            Value::Object(fields.filter(|(_, value)| !value.is_null()).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(tidy).collect()),
        other => other.clone(),
    }
}
