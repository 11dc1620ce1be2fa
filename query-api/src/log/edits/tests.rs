mod conditions;
mod groups;

use super::*;
use crate::json;
use proptest::prelude::*;

fn worded(changes: &[(&str, &str, Value, Value)], lang: Lang) -> Vec<Edit> {
    let mut found = Found::default();
    for (path, op, old, new) in changes {
        found.change(path, op, old.clone(), new.clone());
    }
    found.in_words(lang.into(), false)
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

/// A8: each edit sent by itself, in the manner of JSON Patch.
#[test]
fn edits_that_are_told_one_by_one() {
    let none = Value::Null;
    let country = json!({"field": "country", "operator": "is", "value": "CZ"});
    let city = json!({"field": "city", "operator": "is", "value": "Brno"});
    let got = told(&[
        ("conditions/2", "add", none.clone(), country.clone()),
        ("conditions/0", "remove", city, none.clone()),
        ("conditions/1/value", "replace", json!(5), json!(7)),
        ("conditions/operator", "replace", json!("AND"), json!("OR")),
        ("rotation/users/3", "add", none.clone(), json!("Petr Dvořák")),
        ("rotation.users.0", "remove", json!("Eva"), none.clone()),
        ("steps", "move", json!(3), json!(0)),
        ("enabled", "replace", json!(false), json!(true)),
        ("discount", "replace", none, json!(10)),
    ]);
    let wanted = [
        edit(EditKind::ConditionAdded, "conditions/2", "Condition added to “conditions”: country is CZ"),
        edit(EditKind::ConditionRemoved, "conditions/0", "Condition removed from “conditions”: city is Brno"),
        edit(EditKind::ConditionUpdated, "conditions/1/value", "Condition changed (conditions #2 › value): “5” → “7”"),
        edit(EditKind::OperatorSwitched, "conditions/operator", "conditions › operator: AND switched to OR"),
        edit(EditKind::ListItemAdded, "rotation/users/3", "rotation › users: added “Petr Dvořák” (position 4)"),
        edit(EditKind::ListItemRemoved, "rotation.users.0", "rotation › users: removed “Eva” (position 1)"),
        edit(EditKind::ListItemMoved, "steps", "steps: moved from position 4 to 1"),
        edit(EditKind::ValueChanged, "enabled", "enabled: “no” → “yes”"),
        edit(EditKind::ValueChanged, "discount", "discount: → “10”"),
    ];
    assert_eq!(got, wanted);
}

/// A8: values that read the same are shown as JSON where they aren't.
#[test]
fn values_that_read_the_same() {
    let text = |old: Value, new: Value, lang| {
        let edits = worded(&[("f", "replace", old, new)], lang);
        edits.into_iter().map(|edit| edit.text).collect::<Vec<_>>()
    };
    let long = |end: &str| Value::from("ř".repeat(300) + end);
    for (old, new, want) in [
        (json!("1"), json!(1), "f: \"1\" → 1"),
        (json!("yes"), json!(true), "f: \"yes\" → true"),
        (Value::Null, json!(""), "f: null → \"\""),
        (json!([]), json!({}), "f: [] → {}"),
        (json!(["a", "b"]), json!("a, b"), "f: [\"a\",\"b\"] → \"a, b\""),
        (json!({"x": null}), json!({}), "f: “x: ” → —"),
        (json!([null]), json!(null), "f: [null] → null"),
        (json!("[1]"), json!("[ 1]"), "f: “[1]” → “[ 1]”"),
        (json!("a\u{202e}b"), json!("ab"), "f: \"a\\u202eb\" → \"ab\""),
        (json!({"x": "a\u{a0}b"}), json!({"x": "a b"}), "f › x: \"a\\u00a0b\" → \"a b\""),
        (json!("a"), json!("\u{202e}"), "f: “a” → \"\\u202e\""),
        (json!(" "), json!("\t"), "f: \" \" → \"\\t\""),
        (json!(["x", "a\u{200b}"]), json!(["x", "a"]), "f #2: \"a\\u200b\" → \"a\""),
        (json!([1]), json!(["1"]), "f #1: 1 → \"1\""),
    ] {
        assert_eq!(text(old.clone(), new.clone(), Lang::En), [want], "{old} {new}");
    }
    assert_eq!(text(json!("да"), json!(true), Lang::Ru), ["f: \"да\" → true"]);
    let got = text(long("a"), long("b"), Lang::En);
    assert!(got[0].contains("řa\" → …ř") && got[0].ends_with("řb\""), "{got:?}");
}

/// A8: a list before and after.
#[test]
fn a_whole_list() {
    let got = told_one("rotation/users", "replace", json!(["a", "b", "c"]), json!(["c", "a", "d"]));
    let wanted = [
        edit(EditKind::ListItemRemoved, "rotation/users/1", "rotation › users: removed “b” (position 2)"),
        edit(EditKind::ListItemAdded, "rotation/users/2", "rotation › users: added “d” (position 3)"),
        edit(EditKind::ListItemMoved, "rotation/users", "rotation › users: “c” moved from position 3 to 1"),
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
        edit(
            EditKind::ConditionRemoved,
            "filter/conditions/1",
            "Condition removed from “filter › conditions”: orders > 3",
        ),
        edit(EditKind::ConditionAdded, "filter/conditions/1", "OR group added to “filter › conditions”: (visits > 9)"),
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

fn on(field: &str, value: impl Into<Value>) -> Value {
    json!({"field": field, "operator": "is", "value": value.into()})
}

/// A8: ids identify conditions where they are the same before and after.
#[test]
fn conditions_with_and_without_ids() {
    let with = |id: i32, field: &str, value: i32| json!({"id": id, "field": field, "operator": "is", "value": value});
    let kinds = |old: Value, new: Value| -> Vec<EditKind> {
        told_one("conditions", "replace", old, new).into_iter().map(|edit| edit.0).collect()
    };
    let old = json!([with(1, "a", 1), with(2, "b", 2)]);
    assert_eq!(kinds(old.clone(), json!([with(1, "a", 1), with(2, "b", 3)])), [EditKind::ConditionUpdated]);
    assert_eq!(kinds(old.clone(), json!([with(1, "a", 1), with(2, "c", 2)])), [EditKind::ConditionUpdated]);
    let another = json!([with(1, "a", 1), with(3, "b", 3)]);
    assert_eq!(kinds(old.clone(), another), [EditKind::ConditionRemoved, EditKind::ConditionAdded]);
    // Ids that are made anew each time.
    let anew = told_one("conditions", "replace", old, json!([with(8, "a", 1), with(9, "b", 3)]));
    assert!(anew.iter().all(|edit| edit.0 == EditKind::ConditionUpdated), "{anew:?}");
    // Of several on one field, that which is most alike.
    let old = json!([on("a", "x"), on("a", "y"), {"field": "a", "operator": "above", "value": 1}]);
    let new = json!([on("a", "x"), {"field": "a", "operator": "above", "value": 2}]);
    assert_eq!(kinds(old, new), [EditKind::ConditionRemoved, EditKind::ConditionUpdated]);
    // Conditions in words.
    assert_eq!(kinds(json!(["age > 18", "b"]), json!(["age > 21", "b"])), [EditKind::ConditionUpdated]);
    // Something else of a condition than what it says.
    let negated = |yes: bool| json!([{"field": "a", "operator": "is", "value": 1, "negated": yes}]);
    let got = told_one("conditions", "replace", negated(false), negated(true));
    assert_eq!(
        got,
        [edit(
            EditKind::ConditionUpdated,
            "conditions/0/negated",
            "Condition changed (conditions #1 › negated): “no” → “yes”"
        )]
    );
}

/// A8: lists in lists, and records without ids.
#[test]
fn lists_in_lists() {
    let got = told_one("days", "replace", json!([["mon", "tue"], ["sat"]]), json!([["mon", "tue", "wed"], ["sat"]]));
    assert_eq!(got, [edit(EditKind::ListItemAdded, "days/0/2", "days #1: added “wed” (position 3)")]);
    let step = |days: i32| json!([{"type": "email", "delay_days": 1}, {"type": "call", "delay_days": days}]);
    let got = told_one("steps", "replace", step(2), step(5));
    assert_eq!(got, [edit(EditKind::ValueChanged, "steps/1/delay_days", "steps #2 › delay days: “2” → “5”")]);
    let got =
        told_one("steps", "replace", json!([{"type": "email", "on": [1, 2]}]), json!([{"type": "call", "on": [7]}]));
    let texts: Vec<&str> = got.iter().map(|edit| edit.2.as_str()).collect();
    assert_eq!(
        texts,
        ["steps: removed “on: (1, 2), type: email” (position 1)", "steps: added “on: (7), type: call” (position 1)"]
    );
}

/// P16.
#[test]
fn three_languages() {
    let changes = [
        ("conditions/operator", "replace", json!("AND"), json!("OR")),
        ("users/0", "add", Value::Null, json!("Eva")),
        ("users", "replace", json!(["Eva", "Petr"]), json!(["Petr", "Eva"])),
        ("enabled", "replace", json!(true), json!(false)),
        ("x/rules/0", "remove", on("a", 1), Value::Null),
        ("y/rules/0", "add", Value::Null, on("a", 1)),
    ];
    let texts = |lang| worded(&changes, lang).into_iter().map(|edit| edit.text).collect::<Vec<_>>();
    assert_eq!(
        texts(Lang::Ru),
        [
            "conditions › operator: AND переключено на OR",
            "users: добавлено «Eva» (позиция 1)",
            "users: «Petr» перемещено с позиции 2 на 1",
            "enabled: «да» → «нет»",
            "Условие перемещено из «x › rules» в «y › rules»: a is 1",
        ]
    );
    assert_eq!(texts(Lang::Cs)[2], "users: „Petr“ přesunuto z pozice 2 na 1");
    assert_eq!(texts(Lang::Cs)[4], "Podmínka přesunuta z „x › rules“ do „y › rules“: a is 1");
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
        prop::sample::select(&["AND", "OR", "!", "not", "=", "a", "x", "1", "[1]", "[ 1]", "{\"a\":1}"])
            .prop_map(|value| json!(value))
    ];
    let names = prop::sample::select(&[
        "conditions",
        "operator",
        "field",
        "value",
        "id",
        "users",
        "any",
        "all",
        "not",
        "!",
        "bool",
        "must_not",
        "x",
    ]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let condition =
            (prop::sample::select(&["a", "b"]), 0..3_i32).prop_map(|(field, value)| json!([field, "=", value]));
        let word = prop::sample::select(&["!", "not", "and", "or"]);
        prop_oneof![
            condition,
            (word.clone(), inner.clone()).prop_map(|(word, value)| json!([word, value])),
            (inner.clone(), word, inner.clone()).prop_map(|(one, word, other)| json!([one, word, other])),
            prop::collection::vec(inner.clone(), 0..5).prop_map(|value| json!(value)),
            prop::collection::btree_map(names.clone(), inner, 0..5).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    /// What differs is shown, what doesn't is not, and there are never too many edits.
    #[test]
    fn whatever_differs_is_told(old in json_value(), new in json_value(), path in "[a-c0-9./~-]{1,8}") {
        let got = worded(&[(&path, "replace", old.clone(), new.clone())], Lang::Cs);
        prop_assert!(got.len() <= MAX_EDITS);
        prop_assert!(worded(&[(&path, "replace", old.clone(), old.clone())], Lang::En).is_empty());
        prop_assert!(!got.is_empty() || old == new);
        for op in ["add", "remove", "move"] {
            worded(&[(&path, op, old.clone(), new.clone())], Lang::Ru);
        }
    }
}
