//! Conditions inside of groups, and groups themselves.

use super::*;

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
