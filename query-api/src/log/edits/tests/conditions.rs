//! Conditions in the dialects of those who write them.

use super::*;

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
