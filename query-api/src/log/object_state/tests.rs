use super::*;
use crate::json;
use proptest::prelude::*;

fn changes(all: &[(&str, &str, Value, Value)]) -> Changes {
    let text = |value: &Value| if value.is_null() { String::new() } else { value.to_string() };
    Changes {
        path: all.iter().map(|change| change.0.to_owned()).collect(),
        op: all.iter().map(|change| change.1.to_owned()).collect(),
        old: all.iter().map(|change| text(&change.2)).collect(),
        new: all.iter().map(|change| text(&change.3)).collect(),
    }
}

fn after(all: &[(&str, &str, Value, Value)]) -> Value {
    // One event each: how changes are spread over events makes no difference.
    let rows: Vec<Changes> = all.iter().map(|change| changes(std::slice::from_ref(change))).collect();
    let apart = state(rows.iter());
    assert_eq!(apart, state([&changes(all)].into_iter()));
    Value::Object(apart)
}

/// L16: fields come, change and go; what was emptied is null.
#[test]
fn fields() {
    let none = Value::Null;
    let got = after(&[
        ("name", "add", none.clone(), json!("Bolt")),
        ("/price", "replace", none.clone(), json!(1)),
        ("price", "replace", json!(1), json!(2)),
        ("address/city", "add", none.clone(), json!("Brno")),
        ("address.street", "add", none.clone(), json!("Kozí")),
        ("executor", "replace", json!("u-1"), none.clone()),
        ("gone", "add", none.clone(), json!(1)),
        ("gone", "remove", json!(1), none.clone()),
        ("never", "remove", json!(1), none),
    ]);
    let wanted = json!({
        "name": "Bolt", "price": 2, "address": { "city": "Brno", "street": "Kozí" }, "executor": null,
    });
    assert_eq!(got, wanted);
}

/// A8: items of lists, by position or by value, and moves as applications write them.
#[test]
fn lists() {
    let none = Value::Null;
    let got = after(&[
        ("steps", "replace", none.clone(), json!(["a", "b", "c"])),
        ("steps", "move", json!(2), json!(0)),
        ("steps/1", "add", none.clone(), json!("x")),
        ("steps/1", "move", json!(1), json!(9)),
        ("steps/0", "remove", json!("c"), none.clone()),
        ("steps/-", "add", none.clone(), json!("last")),
        ("users", "add", none.clone(), json!(["u-1"])),
        ("users", "add", none.clone(), json!("u-2")),
        ("users", "remove", json!("u-1"), none),
    ]);
    assert_eq!(got, json!({ "steps": ["a", "b", "x", "last"], "users": ["u-2"] }));
}

/// A8: a tree whose conditions have positions, and whose operator has a name.
#[test]
fn trees() {
    let none = Value::Null;
    let got = after(&[
        ("conditions/0", "add", none.clone(), json!({ "field": "country" })),
        ("conditions/operator", "replace", json!("AND"), json!("OR")),
        ("conditions/0/value", "replace", none, json!("CZ")),
    ]);
    assert_eq!(got, json!({ "conditions": { "0": { "field": "country", "value": "CZ" }, "operator": "OR" } }));
}

/// J15: the event of a deletion says what was there.
#[test]
fn a_deletion_tells_the_last_state() {
    let created = changes(&[("name", "add", Value::Null, json!("Call")), ("note", "add", Value::Null, json!("x"))]);
    let deleted =
        changes(&[("name", "remove", json!("Call back"), Value::Null), ("id", "remove", Value::Null, Value::Null)]);
    assert_eq!(Value::Object(state([&created, &deleted].into_iter())), json!({ "note": "x" }));
    let last = Value::Object(state([&created, &deleted.of_deletion()].into_iter()));
    assert_eq!(last, json!({ "name": "Call back", "note": "x" }));
}

#[test]
fn what_is_no_json_is_text() {
    let mut odd = changes(&[("a", "replace", Value::Null, json!(1))]);
    odd.new = vec!["not json".to_owned()];
    assert_eq!(Value::Object(state([&odd].into_iter())), json!({ "a": "not json" }));
}

#[test]
fn bounded() {
    let deep = vec!["a"; MAX_DEPTH + 1].join("/");
    assert_eq!(after(&[(&deep, "add", Value::Null, json!(1))]), json!({}));

    let large = "x".repeat(64 * 1024);
    let paths: Vec<String> = (0..200).map(|at| format!("f{at}")).collect();
    let rows: Vec<Changes> =
        paths.iter().map(|path| changes(&[(path, "add", Value::Null, json!(large.clone()))])).collect();
    let full = Value::Object(state(rows.iter()));
    assert!(weight(&full) <= MAX_WEIGHT + NODE, "{}", weight(&full));

    // What is only replaced is never full.
    let again = changes(&[("note", "replace", Value::Null, json!(large.clone()))]);
    let last = changes(&[("note", "replace", Value::Null, json!("short"))]);
    let rows = std::iter::repeat_n(&again, 500).chain([&last]);
    assert_eq!(Value::Object(state(rows)), json!({ "note": "short" }));

    let item = changes(&[("items/-", "add", Value::Null, json!(1))]);
    let items = state(std::iter::repeat_n(&item, MAX_ITEMS + 10));
    assert!(matches!(&items["items"], Value::Array(items) if items.len() == MAX_ITEMS));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|value| json!(value)),
        any::<i32>().prop_map(|value| json!(value)),
        "[a-z/~.]{0,4}".prop_map(|value| json!(value))
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|value| json!(value)),
            prop::collection::btree_map("[a-z~/]{1,3}", inner, 1..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// The leaves of a value, each with its JSON Pointer.
fn leaves(at: &str, value: &Value, into: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(&format!("{at}/{index}"), item, into);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(&format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), value, into);
            }
        }
        leaf => into.push((at.to_owned(), leaf.clone())),
    }
}

proptest! {
    /// An object sent leaf by leaf is that object, and each leaf is what its pointer leads to.
    #[test]
    fn leaf_by_leaf(fields in prop::collection::btree_map("[a-z]{1,3}", json_value(), 0..5)) {
        let object = Value::Object(fields.into_iter().collect());
        let mut all = Vec::new();
        leaves("", &object, &mut all);
        let changes: Vec<_> = all.iter().map(|(path, leaf)| (path.as_str(), "replace", Value::Null, leaf.clone())).collect();
        prop_assert_eq!(after(&changes), object);
    }

    /// A list goes the way of a plain list.
    #[test]
    fn as_a_plain_list(steps in prop::collection::vec((0_u8..4, 0_usize..6, 0_usize..6, any::<i16>()), 0..40)) {
        let mut model: Vec<i16> = Vec::new();
        let mut all = vec![("l".to_owned(), "add", Value::Null, json!([]))];
        for (op, at, to, item) in steps {
            let path = format!("l/{at}");
            match op {
                0 => {
                    model.insert(at.min(model.len()), item);
                    all.push((path, "add", Value::Null, json!(item)));
                }
                1 if at < model.len() => {
                    let old = model.remove(at);
                    all.push((path, "remove", json!(old), Value::Null));
                }
                2 if at < model.len() => {
                    all.push((path, "replace", json!(model[at]), json!(item)));
                    model[at] = item;
                }
                3 if at < model.len() => {
                    let moved = model.remove(at);
                    model.insert(to.min(model.len()), moved);
                    all.push(("l".to_owned(), "move", json!(at), json!(to)));
                }
                _ => {}
            }
        }
        let all: Vec<_> = all.iter().map(|(path, op, old, new)| (path.as_str(), *op, old.clone(), new.clone())).collect();
        prop_assert_eq!(after(&all), json!({ "l": model }));
    }

    /// Whatever was stored, there is a state, and it is bounded.
    #[test]
    fn never_panics(
        all in prop::collection::vec(("([a-c0-2./~-]{0,6}|\\PC{0,5})", "(add|remove|replace|move|)", "\\PC{0,5}|[0-9]", "\\PC{0,5}|[0-9]|\\[[0-9]\\]"), 0..60),
    ) {
        let mut changes = Changes::default();
        for (path, op, old, new) in all {
            changes.path.push(path);
            changes.op.push(op);
            changes.old.push(old);
            changes.new.push(new);
        }
        let got = Value::Object(state([&changes].into_iter()));
        prop_assert!(weight(&got) <= MAX_WEIGHT);
    }
}
