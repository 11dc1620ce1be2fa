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

/// A8: one condition deep in groups is one condition changed, in whichever language of conditions an application has it.
#[test]
fn a_condition_in_each_dialect() {
    let logic = |limit: u8| json!({"and": [{"==": [{"var": "a"}, 1]}, {"or": [{"!": [{"==": [{"var": "b"}, 2]}]}, {">": [{"var": "c"}, limit]}]}]});
    let query =
        |limit: u8| json!({"$and": [{"a": {"$eq": 1}}, {"$or": [{"b": {"$gt": limit}}, {"c": {"$in": [3, 4]}}]}]});
    let search = |limit: u8| json!({"bool": {"must": [{"term": {"a": 1}}, {"bool": {"should": [{"range": {"b": {"gte": limit}}}, {"term": {"c": 2}}]}}]}});
    let elements = |limit: u8| {
        json!({"matchType": "ALL", "elements": [{"name": "x", "op": "eq", "values": [1]},
            {"matchType": "ANY", "elements": [{"name": "y", "op": "gt", "values": [limit]}]}]})
    };
    let sides = |limit: u8| json!({"all": [{"left": "a", "operator": ">", "right": limit}, {"left": "b", "operator": "<", "right": 1}]});
    for (old, new, path, text) in [
        (logic(3), logic(5), "f/and/1/or/1", "“c > 3” → “c > 5”"),
        (query(3), query(5), "f/$and/1/$or/0", "“b gt 3” → “b gt 5”"),
        (search(3), search(5), "f/bool/must/1/bool/should/0", "“b range gte: 3” → “b range gte: 5”"),
        (elements(3), elements(5), "f/elements/1/elements/0", "“y gt 3” → “y gt 5”"),
        (sides(3), sides(5), "f/all/0", "“a > 3” → “a > 5”"),
    ] {
        let got = told_one("f", "replace", old, new);
        assert_eq!(got.len(), 1, "{got:?}");
        assert_eq!((got[0].0, got[0].1.as_str()), (EditKind::ConditionUpdated, path));
        assert!(got[0].2.ends_with(text), "{}", got[0].2);
    }
}

/// A8: the same where conditions have no form of their own: a field with what it is equal to, words between conditions or before them.
#[test]
fn conditions_as_groups_have_them() {
    let equal = |stage: &str| json!({"$or": [{"stage": stage}, {"name": "Bob", "amount": {"$gt": 5}}, {"$and": [{"id": 1}, {"a": {"$gt": 1, "$lt": 5}}]}]});
    let id = |id: u8| json!({"$or": [{"stage": "x"}, {"$and": [{"id": id}, {"a": {"$gt": 1, "$lt": 5}}]}]});
    let several = |most: u8| json!({"$and": [{"stage": "x"}, {"a": {"$gt": 1, "$lt": most}}]});
    let not = |stage: &str| json!({"not": {"stage": stage}});
    let infix = |stage: &str| json!([["stage", "=", stage], "and", [["owner", "=", "Eva"], "OR", ["amount", ">", 5]]]);
    let deep = |amount: u8| json!([["stage", "=", "x"], "and", [["owner", "=", "Eva"], "or", ["amount", ">", amount]]]);
    let records =
        |value: &str| json!([{"field": "stage", "operator": "is", "value": value}, "AND", on("owner", "Eva")]);
    let prefix =
        |amount: u8| json!(["all", ["==", "stage", "x"], ["any", [">", "amount", amount], ["==", "owner", "Eva"]]]);
    let mixed = |amount: u8| json!([["stage", "=", "x"], "and", ["owner", "=", "Eva"], "or", ["amount", ">", amount]]);
    let within = |amount: u8| json!({"enabled": true, "filter": [["stage", "=", "x"], "and", ["amount", ">", amount]]});
    let logic = |stage: &str| json!({"and": [{"==": [{"var": "stage"}, stage]}]});
    let turned = |stage: &str| json!({"and": [{"==": [stage, {"var": "stage"}]}, {"<": [{"var": "amount"}, 5]}]});
    let engine = |value: &str| json!({"all": [{"any": [{"fact": "stage", "operator": "equal", "value": value}]}]});
    let bool_one = |stage: &str| json!({"bool": {"filter": [{"bool": {"should": [{"term": {"stage": stage}}]}}]}});
    let bool_must = |stage: &str| json!({"bool": {"must": {"term": {"stage": stage}}, "must_not": [{"exists": {"field": "gone"}}]}});
    let query = |stage: &str| json!({"query": {"bool": {"must": [{"match": {"stage": stage}}]}}});
    let named = |by: &str, stage: &str| json!({"OR": [{"stage": {by: stage}}, {"NOT": {"a": 1}}]});
    let between = |most: u8| json!({"and": [{"<": [1, {"var": "a"}, most]}]});
    let text = |query: &str| json!({"bool": {"must": [{"query_string": {"query": query}}]}});
    for (old, new, path, text) in [
        (named("equals", "x"), named("equals", "y"), "f/OR/0", "“stage equals: x” → “stage equals: y”"),
        (named("_eq", "x"), named("_eq", "y"), "f/OR/0", "“stage eq: x” → “stage eq: y”"),
        (between(5), between(9), "f/and/0", "“< 1, var: a, 5” → “< 1, var: a, 9”"),
        (text("x"), text("y"), "f/bool/must/0/query_string/query", "“x” → “y”"),
        (equal("x"), equal("y"), "f/$or/0", "(f › $or #1): “stage = x” → “stage = y”"),
        (id(1), id(2), "f/$or/1/$and/0", "“id = 1” → “id = 2”"),
        (several(5), several(9), "f/$and/1", "“a $gt: 1, $lt: 5” → “a $gt: 1, $lt: 9”"),
        (not("x"), not("y"), "f/not", "“stage = x” → “stage = y”"),
        (infix("x"), infix("y"), "f/0", "(f #1): “stage = x” → “stage = y”"),
        (deep(5), deep(9), "f/2/2", "(f #2 #2): “amount > 5” → “amount > 9”"),
        (records("x"), records("y"), "f/0", "“stage is x” → “stage is y”"),
        (prefix(5), prefix(9), "f/2/1", "“amount > 5” → “amount > 9”"),
        (mixed(5), mixed(9), "f/4", "(f #3): “amount > 5” → “amount > 9”"),
        (within(5), within(9), "f/filter/2", "(f › filter #2): “amount > 5” → “amount > 9”"),
        (logic("x"), logic("y"), "f/and/0", "“stage == x” → “stage == y”"),
        (turned("x"), turned("y"), "f/and/0", "“stage == x” → “stage == y”"),
        (engine("x"), engine("y"), "f/all/0/any/0", "“stage equal x” → “stage equal y”"),
        (bool_one("x"), bool_one("y"), "f/bool/filter/0/bool/should/0", "“stage term x” → “stage term y”"),
        (bool_must("x"), bool_must("y"), "f/bool/must", "“stage term x” → “stage term y”"),
        (query("x"), query("y"), "f/query/bool/must/0", "“stage match x” → “stage match y”"),
    ] {
        let got = told_one("f", "replace", old, new);
        assert_eq!(got.len(), 1, "{got:?}");
        assert_eq!((got[0].0, got[0].1.as_str()), (EditKind::ConditionUpdated, path), "{got:?}");
        assert!(got[0].2.ends_with(text), "{}", got[0].2);
    }
}

/// A8: how they are joined, and what comes and goes, in the same forms.
#[test]
fn groups_as_their_operators_have_them() {
    let (a, b, c) = (json!(["a", "=", 1]), json!(["b", "=", 2]), json!(["c", "=", 3]));
    let joined = |word: &str| json!([a, word, b]);
    let texts = |old: &Value, new: &Value| {
        told_one("f", "replace", old.clone(), new.clone()).into_iter().map(|edit| (edit.0, edit.2)).collect::<Vec<_>>()
    };
    let of = |kind: EditKind, text: &str| (kind, text.to_owned());
    for (old, new, want) in [
        (joined("and"), joined("or"), of(EditKind::OperatorSwitched, "f: and switched to or")),
        (json!(["all", a, b]), json!(["any", a, b]), of(EditKind::OperatorSwitched, "f: all switched to any")),
        (
            json!([a, "and", b, "and", c]),
            json!([a, "and", b, "or", c]),
            of(EditKind::OperatorSwitched, "f #4: and switched to or"),
        ),
        (
            json!({"$or": [{"x": 1}, {"y": 2}]}),
            json!({"$and": [{"x": 1}, {"y": 2}]}),
            of(EditKind::OperatorSwitched, "f: $or switched to $and"),
        ),
        (
            json!({"bool": {"filter": [{"term": {"x": 1}}]}}),
            json!({"bool": {"should": [{"term": {"x": 1}}]}}),
            of(EditKind::OperatorSwitched, "f › bool: filter switched to should"),
        ),
        (
            json!(["&", a, "|", b, c]),
            json!(["&", a, "&", b, c]),
            of(EditKind::OperatorSwitched, "f #3: | switched to &"),
        ),
        (joined("and"), json!([a, "and", b, "and", c]), of(EditKind::ConditionAdded, "Condition added to “f”: c = 3")),
        (a.clone(), joined("and"), of(EditKind::ConditionAdded, "Condition added to “f”: b = 2")),
        (json!([]), json!([a, "and", [b, "or", c]]), of(EditKind::ConditionAdded, "")),
        (joined("and"), b.clone(), of(EditKind::ConditionRemoved, "Condition removed from “f”: a = 1")),
        (
            joined("and"),
            json!([a, "and", b, "and", [a, "or", c]]),
            of(EditKind::ConditionAdded, "OR group added to “f”: (a = 1 OR c = 3)"),
        ),
        (
            json!({"$or": [{"x": 1}]}),
            json!({"$or": [{"x": 1}, {"name": "Bob"}]}),
            of(EditKind::ConditionAdded, "Condition added to “f › $or”: name = Bob"),
        ),
        (
            json!({"$or": [{"x": 1}, {"name": "Bob"}]}),
            json!({"$or": [{"x": 1}]}),
            of(EditKind::ConditionRemoved, "Condition removed from “f › $or”: name = Bob"),
        ),
        (
            json!({"$and": [{"x": 1}, {"$or": [{"y": 2}, {"z": 3}]}]}),
            json!({"$and": [{"$or": [{"y": 2}, {"z": 3}, {"x": 1}]}]}),
            of(EditKind::ConditionMoved, "Condition moved from “f › $and” to “f › $and #2 › $or”: x = 1"),
        ),
        (json!([a, "and", [b, "or", c]]), json!([[b, "or", c, "or", a]]), of(EditKind::ConditionMoved, "")),
        (
            json!({"bool": {"must": [{"term": {"x": 1}}]}}),
            json!({"bool": {"must": [{"term": {"x": 1}}, {"bool": {"should": [{"term": {"y": 1}}, {"term": {"z": 1}}]}}]}}),
            of(EditKind::ConditionAdded, "OR group added to “f › bool › must”: (y term 1 OR z term 1)"),
        ),
    ] {
        let got = texts(&old, &new);
        if want.1.is_empty() {
            assert!(!got.is_empty() && got.iter().all(|edit| edit.0 == want.0), "{got:?}");
        } else {
            assert_eq!(got, [want], "{old} {new}");
        }
    }
    let words = |lang| worded(&[("f", "replace", joined("and"), json!([a, "and", [b, "or", c]]))], lang);
    assert_eq!(words(Lang::Ru).len(), words(Lang::Cs).len());
    // Plain lists stay what they are.
    let got = told_one("tags", "replace", json!(["a", "and", "b"]), json!(["a", "and", "c"]));
    assert!(got.iter().all(|edit| matches!(edit.0, EditKind::ListItemAdded | EditKind::ListItemRemoved)), "{got:?}");
    let got = told_one("tags", "replace", json!({"any": ["red", "x"]}), json!({"any": ["red", "y"]}));
    assert!(got.iter().all(|edit| matches!(edit.0, EditKind::ListItemAdded | EditKind::ListItemRemoved)), "{got:?}");
    let got = told_one("steps", "replace", json!([{"name": "A"}, {"name": "B"}]), json!([{"name": "A"}]));
    assert_eq!(got[0].0, EditKind::ListItemRemoved, "{got:?}");
    // Nothing takes long, however deep.
    let (mut old, mut new) = (json!({"stage": "x"}), json!({"stage": "y"}));
    for _ in 0..60 {
        (old, new) = (json!({"not": old}), json!({"not": new}));
    }
    assert!(!told_one("f", "replace", old, new).is_empty());
}

/// A8: what is negated, and what isn't any more, is shown as a group that came or went, in each form.
#[test]
fn negations() {
    let (a, b) = (json!(["a", "=", 1]), json!(["b", "=", 2]));
    let (logic_a, logic_b) = (json!({"==": [{"var": "a"}, 1]}), json!({"==": [{"var": "b"}, 2]}));
    let (term_a, term_b) = (json!({"term": {"a": 1}}), json!({"term": {"b": 2}}));
    let both = json!([a, "and", b]);
    let logic = json!({"and": [logic_a, logic_b]});
    let texts = |old: &Value, new: &Value| {
        told_one("f", "replace", old.clone(), new.clone()).into_iter().map(|edit| edit.2).collect::<Vec<_>>()
    };
    for (old, new, gone, come) in [
        (
            json!(["!", a]),
            a.clone(),
            "Condition moved from the removed NOT group “f” to “f”: a = 1",
            "Condition moved from “f” to the new NOT group “f”: a = 1",
        ),
        (
            json!(["!", ["not", a]]),
            json!(["not", a]),
            "NOT group moved from the removed NOT group “f” to “f”: NOT (a = 1)",
            "NOT group moved from “f” to the new NOT group “f”: NOT (a = 1)",
        ),
        (
            json!([["!", a], "and", b]),
            both.clone(),
            "Condition moved from the removed NOT group “f #1” to “f”: a = 1",
            "Condition moved from “f” to the new NOT group “f #1”: a = 1",
        ),
        (
            json!(["!", both]),
            both.clone(),
            "AND group moved from the removed NOT group “f” to “f”: (a = 1 AND b = 2)",
            "AND group moved from “f” to the new NOT group “f”: (a = 1 AND b = 2)",
        ),
        (
            json!({"!": logic}),
            logic,
            "AND group moved from the removed NOT group “f › !” to “f”: (a == 1 AND b == 2)",
            "AND group moved from “f” to the new NOT group “f › !”: (a == 1 AND b == 2)",
        ),
        (
            json!({"!": logic_a}),
            logic_a,
            "Condition moved from the removed NOT group “f › !” to “f”: a == 1",
            "Condition moved from “f” to the new NOT group “f › !”: a == 1",
        ),
        (
            json!({"not": {"stage": "x"}}),
            json!({"stage": "x"}),
            "Condition moved from the removed NOT group “f › not” to “f”: stage = x",
            "Condition moved from “f” to the new NOT group “f › not”: stage = x",
        ),
        (
            json!({"bool": {"must": [{"bool": {"must_not": [term_a]}}, term_b]}}),
            json!({"bool": {"must": [term_a, term_b]}}),
            "Condition moved from the removed NOT group “f › bool › must #1 › bool › must not” to “f › bool › must”: a term 1",
            "Condition moved from “f › bool › must” to the new NOT group “f › bool › must #1 › bool › must not”: a term 1",
        ),
    ] {
        assert_eq!(texts(&old, &new), [gone], "{old} {new}");
        assert_eq!(texts(&new, &old), [come], "{new} {old}");
    }
    // Around a group whose parts all went elsewhere.
    let got = texts(&json!(["!", both]), &json!([a, "or", b]));
    assert!(got.contains(&"NOT group removed from “f”: NOT ((a = 1 AND b = 2))".to_owned()), "{got:?}");
    // What is left of a group is shown, in whichever form.
    let got = texts(&json!([["x", "=", 1], "and", ["!", [a, "and", b]]]), &json!([["x", "=", 1], "and", a]));
    assert!(got.contains(&"NOT group removed from “f”: NOT ((b = 2))".to_owned()), "{got:?}");
    assert_eq!(texts(&json!([a]), &a), ["f: “(a = 1)” → “a = 1”"]);
    assert_eq!(texts(&json!([a, b]), &a), ["Condition removed from “f”: b = 2"]);
    assert_eq!(texts(&json!([]), &json!([[]])), ["f: added “[]” (position 1)"]);
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

/// A8: what changes inside a group is shown as such, however deep the group is.
#[test]
fn inside_of_groups() {
    let group = |items: &[Value]| json!({"operator": "OR", "conditions": items});
    let tree = |items: &[Value]| json!({"operator": "AND", "conditions": items});
    let (a, b, c) = (on("a", 1), on("b", 2), on("c", 3));
    let old = tree(&[a.clone(), group(&[b.clone(), c.clone()])]);
    let one = |new: Value| told_one("filters", "replace", old.clone(), new);
    let inner = "filters › conditions #2 › conditions";
    let inner_path = "filters/conditions/1/conditions";

    let changed = edit(
        EditKind::ConditionUpdated,
        &format!("{inner_path}/1"),
        &format!("Condition changed ({inner} #2): “c is 3” → “c is 4”"),
    );
    assert_eq!(one(tree(&[a.clone(), group(&[b.clone(), on("c", 4)])])), [changed]);
    let added =
        edit(EditKind::ConditionAdded, &format!("{inner_path}/2"), &format!("Condition added to “{inner}”: d is 4"));
    assert_eq!(one(tree(&[a.clone(), group(&[b.clone(), c.clone(), on("d", 4)])])), [added]);
    let removed = edit(
        EditKind::ConditionRemoved,
        &format!("{inner_path}/0"),
        &format!("Condition removed from “{inner}”: b is 2"),
    );
    assert_eq!(one(tree(&[a.clone(), group(std::slice::from_ref(&c))])), [removed]);
    let moved = edit(EditKind::ListItemMoved, inner_path, &format!("{inner}: “c is 3” moved from position 2 to 1"));
    assert_eq!(one(tree(&[a.clone(), group(&[c.clone(), b.clone()])])), [moved]);
    let switched = edit(
        EditKind::OperatorSwitched,
        "filters/conditions/1/operator",
        "filters › conditions #2 › operator: OR switched to AND",
    );
    assert_eq!(one(tree(&[a.clone(), tree(&[b.clone(), c.clone()])])), [switched]);
    let whole = edit(
        EditKind::ConditionRemoved,
        "filters/conditions/1",
        "OR group removed from “filters › conditions”: (b is 2 OR c is 3)",
    );
    assert_eq!(one(tree(&[a])), [whole]);

    // As deep as an event may be, as a value or as a text that holds it.
    let (mut old, mut new) = (on("x", 1), on("x", 2));
    for _ in 0..14 {
        (old, new) = (group(&[b.clone(), old]), group(&[b.clone(), new]));
    }
    for (old, new) in [(old.clone(), new.clone()), (json!(old.to_string()), json!(new.to_string()))] {
        let got = told_one("f", "replace", old, new);
        assert_eq!(got.len(), 1, "{got:?}");
        assert_eq!(got[0].0, EditKind::ConditionUpdated);
        assert!(got[0].2.ends_with("“x is 1” → “x is 2”"), "{}", got[0].2);
    }
}

/// A8: what goes from one group to another has moved, at any depth, alone or with others.
#[test]
fn conditions_between_groups() {
    let group = |items: &[Value]| json!({"operator": "OR", "conditions": items});
    let tree = |items: &[Value]| json!({"operator": "AND", "conditions": items});
    let (a, b, c, d) = (on("a", 1), on("b", 2), on("c", 3), on("d", 4));
    let one = |old: Value, new: Value| told_one("filters", "replace", old, new);
    let outer = "filters/conditions";
    let inner = "filters › conditions #2 › conditions";

    let old = tree(&[a.clone(), group(&[b.clone(), c.clone()])]);
    let out = edit(
        EditKind::ConditionMoved,
        &format!("{outer}/2"),
        &format!("Condition moved from “{inner}” to “filters › conditions”: c is 3"),
    );
    assert_eq!(one(old.clone(), tree(&[a.clone(), group(std::slice::from_ref(&b)), c.clone()])), [out]);
    let into = edit(
        EditKind::ConditionMoved,
        &format!("{outer}/0/conditions/2"),
        "Condition moved from “filters › conditions” to “filters › conditions #2 › conditions”: a is 1",
    );
    assert_eq!(one(old.clone(), tree(&[group(&[b.clone(), c.clone(), a.clone()])])), [into]);

    // From group to group, two levels apart.
    let deep = |inner: &[Value], left: &[Value]| tree(&[group(left), group(&[tree(&[a.clone(), group(inner)])])]);
    let got = one(
        deep(&[b.clone(), c.clone()], std::slice::from_ref(&d)),
        deep(std::slice::from_ref(&b), &[d.clone(), c.clone()]),
    );
    let kinds: Vec<EditKind> = got.iter().map(|edit| edit.0).collect();
    assert_eq!(kinds, [EditKind::ConditionMoved], "{got:?}");
    assert!(got[0].2.contains("#2 › conditions #1 › conditions #2 › conditions” to"), "{got:?}");

    // A group of its own is made for what was there, beside something new; and is taken apart again.
    let apart = tree(&[a.clone(), b.clone()]);
    let together = tree(&[a.clone(), group(&[b.clone(), c.clone()])]);
    let texts =
        |edits: Vec<(EditKind, String, String)>| -> Vec<String> { edits.into_iter().map(|edit| edit.2).collect() };
    assert_eq!(
        texts(one(apart.clone(), together.clone())),
        [
            &format!("Condition moved from “filters › conditions” to the new OR group “{inner}”: b is 2"),
            "OR group added to “filters › conditions”: (c is 3)"
        ]
    );
    assert_eq!(
        texts(one(together, apart)),
        [
            "OR group removed from “filters › conditions”: (c is 3)",
            &format!("Condition moved from the removed OR group “{inner}” to “filters › conditions”: b is 2")
        ]
    );
    // A whole group into another.
    let alone = tree(&[group(&[b.clone(), c.clone()]), group(&[a.clone(), d.clone()])]);
    let within = tree(&[group(&[a.clone(), d.clone(), group(&[b.clone(), c.clone()])])]);
    let got = one(alone, within);
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].0 == EditKind::ConditionMoved && got[0].2.ends_with(": (b is 2 OR c is 3)"), "{got:?}");
    // Twice the same: as many as went.
    let got =
        one(tree(&[group(&[a.clone(), b.clone()])]), tree(&[group(std::slice::from_ref(&b)), a.clone(), a.clone()]));
    let kinds: Vec<EditKind> = got.iter().map(|edit| edit.0).collect();
    assert_eq!(kinds, [EditKind::ConditionMoved, EditKind::ConditionAdded], "{got:?}");

    // Sent one by one, and within one list; a record from list to list.
    let none = Value::Null;
    let got = told(&[("x/rules/0", "remove", a.clone(), none.clone()), ("y/rules/3", "add", none.clone(), a.clone())]);
    assert_eq!(
        got,
        [edit(EditKind::ConditionMoved, "y/rules/3", "Condition moved from “x › rules” to “y › rules”: a is 1")]
    );
    let got = told(&[("x/rules/0", "remove", a.clone(), none.clone()), ("x/rules/3", "add", none.clone(), a)]);
    assert_eq!(got, [edit(EditKind::ListItemMoved, "x/rules", "x › rules: “a is 1” moved from position 1 to 4")]);
    let step = json!({"id": 7, "type": "call"});
    let got = told(&[("morning/0", "remove", step.clone(), none.clone()), ("evening/0", "add", none.clone(), step)]);
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(
        got[0].0 == EditKind::ListItemMoved && got[0].2.starts_with("Moved from “morning” to “evening”: "),
        "{got:?}"
    );
    // A word that stands in two lists is two words.
    let got = told(&[("blocked/0", "remove", json!("CZ"), none.clone()), ("allowed/0", "add", none, json!("CZ"))]);
    assert_eq!(got.len(), 2, "{got:?}");
}

/// A8: a group is known by its place before the change, however deep, in each language; a new one by being new.
#[test]
fn groups_are_named() {
    let group = |items: &[Value]| json!({"operator": "OR", "conditions": items});
    let tree = |items: &[Value]| json!({"operator": "AND", "conditions": items});
    let (a, b, c, d, e) = (on("a", 1), on("b", 2), on("c", 3), on("d", 4), on("e", 5));
    let texts = |old: &Value, new: &Value, lang| -> Vec<String> {
        let edits = worded(&[("filters", "replace", old.clone(), new.clone())], lang);
        edits.into_iter().map(|edit| edit.text).collect()
    };
    // The first condition goes, so that the group is the first; in it another one comes and its value changes.
    let old = tree(&[a.clone(), tree(&[d.clone(), group(&[b.clone(), c.clone()])])]);
    let new = tree(&[tree(&[group(&[b.clone(), on("c", 9), e.clone()]), d.clone()])]);
    let within = "filters › conditions #2 › conditions";
    let deep = format!("{within} #2 › conditions");
    assert_eq!(
        texts(&old, &new, Lang::En),
        [
            "Condition removed from “filters › conditions”: a is 1",
            &format!("{within}: “(b is 2 OR c is 3)” moved from position 2 to 1"),
            &format!("Condition added to “{deep}”: e is 5"),
            &format!("Condition changed ({deep} #2): “c is 3” → “c is 9”"),
        ]
    );
    assert_eq!(texts(&old, &new, Lang::Ru)[2], format!("Добавлено условие в «{deep}»: e is 5"));
    assert_eq!(texts(&old, &new, Lang::Cs)[2], format!("Přidána podmínka do „{deep}“: e is 5"));
    assert_eq!(texts(&old, &new, Lang::Ru)[0], "Удалено условие из «filters › conditions»: a is 1");
    assert_eq!(texts(&old, &new, Lang::Cs)[0], "Odebrána podmínka z „filters › conditions“: a is 1");

    // A group that is new; and one that is made of what was there, within a group that is new as well.
    let (old, new) = (tree(std::slice::from_ref(&a)), tree(&[a.clone(), group(&[b.clone(), c.clone()])]));
    for (lang, text) in [
        (Lang::En, "OR group added to “filters › conditions”: (b is 2 OR c is 3)"),
        (Lang::Ru, "Добавлена группа OR в «filters › conditions»: (b is 2 OR c is 3)"),
        (Lang::Cs, "Přidána skupina OR do „filters › conditions“: (b is 2 OR c is 3)"),
    ] {
        assert_eq!(texts(&old, &new, lang), [text]);
    }
    let nested = tree(&[group(&[tree(std::slice::from_ref(&a)), b.clone()])]);
    let to = "filters › conditions #1 › conditions #1 › conditions";
    for (lang, text, back) in [
        (
            Lang::En,
            format!("Condition moved from “filters › conditions” to the new AND group “{to}”: a is 1"),
            format!("Condition moved from the removed AND group “{to}” to “filters › conditions”: a is 1"),
        ),
        (
            Lang::Ru,
            format!("Условие перемещено из «filters › conditions» в новую группу AND «{to}»: a is 1"),
            format!("Условие перемещено из удалённой группы AND «{to}» в «filters › conditions»: a is 1"),
        ),
        (
            Lang::Cs,
            format!("Podmínka přesunuta z „filters › conditions“ do nové skupiny AND „{to}“: a is 1"),
            format!("Podmínka přesunuta ze zrušené skupiny AND „{to}“ do „filters › conditions“: a is 1"),
        ),
    ] {
        assert_eq!(texts(&old, &nested, lang)[0], text);
        assert_eq!(texts(&nested, &old, lang).last(), Some(&back));
    }
    // A whole group to another place, past what went; and one that joins in several ways at once.
    let (old, new) = (
        tree(&[d.clone(), group(&[b.clone(), c.clone()]), tree(&[a.clone(), e.clone()])]),
        tree(&[tree(&[a.clone(), e.clone(), group(&[b.clone(), c.clone()])])]),
    );
    let moved =
        "OR group moved from “filters › conditions” to “filters › conditions #3 › conditions”: (b is 2 OR c is 3)";
    assert_eq!(texts(&old, &new, Lang::En)[1], moved);
    let both = json!({"must": [b], "should": [c]});
    let got = told(&[("conditions/0", "add", Value::Null, both)]);
    assert_eq!(got[0].2, "Condition group added to “conditions”: (b is 2) AND (c is 3)");
    // A list that is the whole value has no name.
    let got = told(&[("0", "add", Value::Null, a)]);
    assert_eq!(got[0].2, "Condition added: a is 1");
}

/// A8: groups are spelled in many ways; a change within each is one change.
#[test]
fn groups_in_other_spellings() {
    let kinds = |old: Value, new: Value| -> Vec<EditKind> {
        told_one("filter", "replace", old, new).into_iter().map(|edit| edit.0).collect()
    };
    let within: &[fn(Value) -> Value] = &[
        |c| json!({"op": "and", "rules": [on("a", 1), {"op": "or", "rules": [on("b", 2), c]}]}),
        |c| json!({"condition": "AND", "rules": [on("a", 1), {"condition": "OR", "rules": [on("b", 2), c]}]}),
        |c| json!({"combinator": "and", "rules": [on("a", 1), {"combinator": "or", "not": false, "rules": [c]}]}),
        |c| json!({"all": [on("a", 1), {"any": [on("b", 2), c]}]}),
        |c| json!({"$and": [on("a", 1), {"$or": [on("b", 2), c]}]}),
        |c| json!({"all": [on("a", 1), {"not": {"any": [on("b", 2), c]}}]}),
        |c| json!({"filterBranchType": "OR", "filterBranches": [{"filterBranchType": "AND", "filters": [on("b", 2), c]}]}),
        |c| json!({"type": "all", "children": [on("a", 1), {"type": "any", "children": [on("b", 2), c]}]}),
        |c| json!([[on("a", 1), on("b", 2)], [on("b", 3), c]]),
        |c| json!({"id": 1, "operator": "AND", "conditions": [{"id": 2, "operator": "OR", "conditions": [on("b", 2), c]}]}),
    ];
    for spelled in within {
        assert_eq!(
            kinds(spelled(on("c", 3)), spelled(on("c", 4))),
            [EditKind::ConditionUpdated],
            "{}",
            spelled(json!(0))
        );
        let words = (json!(["c", "=", 3]), json!(["c", "=", 4]));
        assert_eq!(kinds(spelled(words.0), spelled(words.1)), [EditKind::ConditionUpdated], "{}", spelled(json!(0)));
    }
    for (from, to) in [("all", "any"), ("and", "or"), ("$or", "$and"), ("must", "should")] {
        let with = |operator: &str| json!({"all": [on("a", 1), {operator: [on("b", 2), on("c", 3)]}]});
        assert_eq!(kinds(with(from), with(to)), [EditKind::OperatorSwitched], "{from} to {to}");
        let grown = json!({"all": [on("a", 1), {to: [on("b", 2), on("c", 3), on("d", 4)]}]});
        assert_eq!(kinds(with(from), grown), [EditKind::OperatorSwitched, EditKind::ConditionAdded]);
    }
    // The same operator by another word is no switch.
    let with = |operator: &str| json!({"operator": operator, "conditions": [on("b", 2)]});
    assert_eq!(kinds(with("AND"), with("all")), [EditKind::ValueChanged]);
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
