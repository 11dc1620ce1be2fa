//! Correlations against a plain reference, in every order of arrival, and what is refused.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::rules::{JsonFields, Match, RuleSet};

/// A correlation over three base rules, `action: a` to `action: c`, of ten seconds.
fn text(correlation: &str) -> String {
    let mut text = format!(
        "title: T\nid: t\nlevel: low\nversion: 2\ncorrelation:\n  rules: [a, b, c]\n  group-by: [actor.id]\n  \
         timespan: 10s\n{correlation}\n"
    );
    for base in ["a", "b", "c"] {
        text += &format!(
            "---\ntitle: Base\nname: {base}\nlogsource: {{product: usertrail}}\ndetection:\n  s:\n    action: {base}\n  \
             condition: s\n"
        );
    }
    text
}

fn compile(text: &str) -> Result<RuleSet, String> {
    RuleSet::compile([("r", text)], &BTreeMap::new()).map_err(|error| error.to_string())
}

fn set(correlation: &str) -> RuleSet {
    compile(&text(correlation)).unwrap_or_else(|error| panic!("{error}\n{correlation}"))
}

/// An event: seconds, base rule, number.
type Plain = (i64, u8, u32);

/// What arrives, in this order, each with its place in `ids` for an id.
fn arrive(set: &RuleSet, events: &[(usize, Plain)]) -> (Window, Vec<Fire>) {
    let (mut window, mut fires) = (Window::default(), Vec::new());
    for (id, (seconds, base, number)) in events {
        let event = json!({"action": (["a", "b", "c"][usize::from(*base)]), "actor.id": "u", "records": number});
        let event = JsonFields::new(&event);
        let mut found = Vec::new();
        set.evaluate(&event, &mut found);
        for Match { rule } in found {
            for correlation in set.correlations_of(rule) {
                let item = correlation.item(rule, &event, seconds * 1000, *id as u64).unwrap();
                window.push(item, correlation, &mut fires);
            }
        }
    }
    (window, fires)
}

/// What is asked of a window, how, and by which plain means: what is seen, and whether it is enough.
type Case = (&'static str, fn(&[Plain]) -> f64, fn(f64) -> bool);

const CASES: &[Case] = &[
    ("  type: event_count\n  condition: {gte: 4}", |window| window.len() as f64, |seen| seen >= 4.0),
    (
        "  type: event_count\n  condition: {gt: 1, lt: 4}",
        |window| window.len() as f64,
        |seen| seen == 2.0 || seen == 3.0,
    ),
    ("  type: event_count\n  condition: {eq: 2}", |window| window.len() as f64, |seen| seen == 2.0),
    ("  type: value_count\n  condition: {field: records, gte: 3}", distinct, |seen| seen >= 3.0),
    ("  type: value_count\n  condition: {field: records, lte: 2}", distinct, |seen| seen <= 2.0),
    ("  type: value_sum\n  condition: {field: records, gt: 12}", sum, |seen| seen > 12.0),
    ("  type: value_avg\n  condition: {field: records, gte: 4}", |w| sum(w) / w.len() as f64, |seen| seen >= 4.0),
    ("  type: value_median\n  condition: {field: records, gte: 4}", |w| rank(w, 0.5), |seen| seen >= 4.0),
    ("  type: value_percentile\n  condition: {field: records, percentile: 90, neq: 5}", |w| rank(w, 0.9), |s| s != 5.0),
    ("  type: temporal", |window| bases(window).len() as f64, |seen| seen == 3.0),
    ("  type: temporal\n  condition: {gte: 2}", |window| bases(window).len() as f64, |seen| seen >= 2.0),
    // The expression decides; the plain means gives 1 where it holds.
    ("  type: temporal\n  condition: a and (b or c)", |w| both(has(w, 0), has(w, 1) || has(w, 2)), |seen| seen > 0.0),
    ("  type: temporal\n  condition: a and not b", |w| both(has(w, 0), !has(w, 1)), |seen| seen > 0.0),
    ("  type: temporal\n  condition: 2 of them", |w| both(bases(w).len() >= 2, true), |seen| seen > 0.0),
    ("  type: temporal_ordered", steps, |seen| seen == 3.0),
];

fn both(one: bool, two: bool) -> f64 {
    f64::from(u8::from(one && two))
}

fn distinct(window: &[Plain]) -> f64 {
    window.iter().map(|event| event.2).collect::<BTreeSet<_>>().len() as f64
}

fn sum(window: &[Plain]) -> f64 {
    window.iter().map(|event| f64::from(event.2)).sum()
}

fn rank(window: &[Plain], rank: f64) -> f64 {
    let mut numbers: Vec<f64> = window.iter().map(|event| f64::from(event.2)).collect();
    numbers.sort_by(f64::total_cmp);
    let place = rank * (numbers.len() - 1) as f64;
    let (below, above) = (numbers[place.floor() as usize], numbers[place.ceil() as usize]);
    below + (above - below) * (place - place.floor())
}

fn bases(window: &[Plain]) -> BTreeSet<u8> {
    window.iter().map(|event| event.1).collect()
}

fn has(window: &[Plain], base: u8) -> bool {
    bases(window).contains(&base)
}

/// Tries every a, every b not before it, and every c not before that.
fn steps(window: &[Plain]) -> f64 {
    let of = |base: u8, from: i64| window.iter().filter(move |e| e.1 == base && e.0 >= from).map(|e| e.0);
    let mut most = 0.0_f64;
    for a in of(0, i64::MIN) {
        most = most.max(1.0);
        for b in of(1, a) {
            most = most.max(if of(2, b).next().is_some() { 3.0 } else { 2.0 });
        }
    }
    most
}

/// Ends of windows (seconds) in which the condition holds, with what is seen there.
fn reference(events: &[Plain], (_, seen, enough): &Case) -> BTreeMap<i64, f64> {
    let ends: BTreeSet<i64> = events.iter().map(|event| event.0).collect();
    ends.into_iter()
        .filter_map(|end| {
            let window: Vec<Plain> = events.iter().copied().filter(|e| e.0 > end - 10 && e.0 <= end).collect();
            let seen = seen(&window);
            enough(seen).then_some((end, seen))
        })
        .collect()
}

fn arrivals(seconds: std::ops::Range<i64>) -> impl Strategy<Value = Vec<(usize, Plain)>> {
    let event = (seconds, 0..3_u8, 0..8_u32);
    proptest::collection::vec(event, 1..40)
        .prop_map(|events| events.into_iter().enumerate().collect::<Vec<_>>())
        .prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    /// P4: whatever the order of arrival, the same windows fire, and they are those of a plain recount.
    #[test]
    fn p4_the_order_of_arrival_decides_nothing(case in 0..CASES.len(), events in arrivals(0..45), again in 0..40_usize) {
        let case = &CASES[case];
        let set = set(case.0);
        let correlation = &set.correlations()[0];
        // One of them arrives twice.
        let mut events = events;
        events.push(events[again % events.len()]);
        let (window, fires) = arrive(&set, &events);
        events.pop();
        let plain: Vec<Plain> = events.iter().map(|(_, event)| *event).collect();
        let want = reference(&plain, case);
        prop_assert_eq!(window.len(), plain.len());
        // What is known in the end is the same for all conditions.
        for end in plain.iter().map(|event| event.0) {
            let explained = correlation.explain(&window, end * 1000);
            prop_assert_eq!(explained.matched, want.contains_key(&end), "{} at {}", case.0, end);
        }
        if correlation.settles() {
            let fired: BTreeSet<i64> = fires.iter().map(|fire| fire.at / 1000).collect();
            prop_assert_eq!(&fired, &want.keys().copied().collect(), "{}", case.0);
            if !case.0.contains(" a ") && !case.0.contains(" of ") {
                for (end, seen) in &want {
                    let most = fires.iter().filter(|f| f.at == end * 1000).map(|f| f.seen).fold(f64::MIN, f64::max);
                    prop_assert_eq!(most, *seen, "{} at {}", case.0, end);
                }
            }
        }
    }

    /// P4: in the order of time, every condition fires exactly where it holds, those that a later event may undo included.
    #[test]
    fn p4_events_in_order_fire_where_the_condition_holds(case in 0..CASES.len(), mut events in arrivals(0..45)) {
        let case = &CASES[case];
        events.sort_by_key(|(_, event)| event.0);
        events.dedup_by_key(|(_, event)| event.0);
        let plain: Vec<Plain> = events.iter().map(|(_, event)| *event).collect();
        let (_, fires) = arrive(&set(case.0), &events);
        let fired: Vec<i64> = fires.iter().map(|fire| fire.at / 1000).collect();
        prop_assert_eq!(fired, reference(&plain, case).into_keys().collect::<Vec<_>>(), "{}", case.0);
    }
}

#[test]
fn conditions_that_a_later_event_may_undo_are_told_apart() {
    let settles: Vec<bool> = CASES.iter().map(|case| set(case.0).correlations()[0].settles()).collect();
    let t = true;
    let f = false;
    assert_eq!(settles, [t, f, f, t, f, t, f, f, f, t, t, t, f, t, t]);
}

#[test]
fn a_window_keeps_the_newest_and_forgets() {
    let set = set("  type: event_count\n  condition: {gte: 1000}");
    let correlation = &set.correlations()[0];
    let (mut window, mut fires) = (Window::default(), Vec::new());
    assert!(window.is_empty());
    let item = |n: i64| Item { at: n, event: n as u64, base: 0, value: 0 };
    for n in 100..1200 {
        window.push(item(n), correlation, &mut fires);
    }
    assert_eq!((window.len(), fires.len()), (MAX_ITEMS, 101));
    assert_eq!(fires.last(), Some(&Fire { at: 1199, seen: 1000.0 }));
    // Older than all that it keeps.
    window.push(item(5), correlation, &mut fires);
    assert_eq!((window.len(), fires.len()), (MAX_ITEMS, 101));
    let json = serde_json::to_string(&window).unwrap();
    assert_eq!(serde_json::from_str::<Window>(&json).unwrap(), window);
    window.forget(1190);
    assert_eq!(window.len(), 10);
    let explained = correlation.explain(&window, 1199);
    let want = CorrelationExplanation {
        matched: false,
        seen: 10.0,
        needed: 1000.0,
        missing: 990.0,
        timespan_ms: 10_000,
        events: 10,
    };
    assert_eq!(explained, want);
    assert!(!correlation.explain(&window, 90_000).matched);
    window.forget(i64::MAX);
    assert!(window.is_empty());
}

/// P4: a flood of one value, or of one base rule, hides no other; and beyond the bound as well the order of arrival decides
/// nothing about what is kept.
#[test]
fn a_flood_hides_no_value() {
    let values = "  type: value_count\n  condition: {field: records, gte: 4}";
    let bases = "  type: temporal\n  condition: {gte: 3}";
    for (condition, by_value) in [(values, true), (bases, false)] {
        let of = |at: i64, n: i64, kind: u64| match by_value {
            true => Item { at, event: n as u64, base: 0, value: kind },
            false => Item { at, event: n as u64, base: kind as u8, value: 0 },
        };
        let set = set(condition);
        let correlation = &set.correlations()[0];
        let needed = correlation.explain(&Window::default(), 0).needed as i64;
        let (mut window, mut fires) = (Window::default(), Vec::new());
        // All that it takes but one, then the flood, then the last.
        (1..needed).for_each(|kind| window.push(of(kind, kind, kind as u64), correlation, &mut fires));
        (10..4000).for_each(|n| window.push(of(n, n, 1), correlation, &mut fires));
        assert_eq!((window.len(), fires.len()), (MAX_ITEMS, 0), "{condition}");
        window.push(of(4000, 4000, 0), correlation, &mut fires);
        assert_eq!(fires, [Fire { at: 4000, seen: needed as f64 }], "{condition}");
        let mut items: Vec<Item> = (0..1300).map(|n| of(n * 50, n, if n < 5 { n as u64 % 3 } else { 1 })).collect();
        let mut all = Vec::new();
        for factor in [3, 15, 23, 2599] {
            items.sort_by_key(|item| item.event.wrapping_mul(factor) % 1301);
            let mut window = Window::default();
            items.iter().for_each(|item| window.push(*item, correlation, &mut Vec::new()));
            all.push(window);
        }
        assert!(all.windows(2).all(|two| two[0] == two[1]), "{condition}");
    }
}

fn event(event: &Value) -> JsonFields<'_> {
    JsonFields::new(event)
}

#[test]
fn groups_follow_aliases() {
    let aliased = "  type: temporal\n  aliases:\n    who: {a: actor.id, b: object.id, c: actor.id}";
    let grouped = text(aliased).replace("[actor.id]", "[who, context.ip]");
    let set = compile(&grouped).unwrap();
    let correlation = &set.correlations()[0];
    assert!(correlation.across_users());
    let json = json!({"actor.id": "u1", "object.id": "u2", "context.ip": "192.0.2.1"});
    let values = |base: &str| {
        let base = set.find(base).unwrap().rule;
        correlation.group(base, &event(&json)).unwrap().into_iter().map(|(_, value)| value).collect::<Vec<_>>()
    };
    assert_eq!(
        (values("r/a"), values("r/b")),
        (vec!["u1".into(), "192.0.2.1".into()], vec!["u2".into(), "192.0.2.1".into()])
    );
    let base = set.find("r/a").unwrap().rule;
    assert_eq!(&*correlation.group(base, &event(&json)).unwrap()[0].0, "who");
    assert_eq!(correlation.group(base, &event(&json!({"actor.id": "u1"}))), None);
    assert_eq!(correlation.group(correlation.rule, &event(&json)), None);
    let own = grouped.replace("object.id", "actor.id");
    assert!(!compile(&own).unwrap().correlations()[0].across_users());
    assert!(compile(&grouped.replace("  group-by: [who, context.ip]\n", "")).unwrap().correlations()[0].across_users());
}

#[test]
fn events_without_the_value_do_not_count() {
    let item = |condition: &str, json: Value| {
        let set = set(condition);
        set.correlations()[0].item(set.find("r/a").unwrap().rule, &event(&json), 0, 1)
    };
    let sum = "  type: value_sum\n  condition: {field: records, gte: 1}";
    assert_eq!(item(sum, json!({"records": 7})).unwrap().value, 7.0_f64.to_bits());
    assert_eq!(item(sum, json!({"records": "x"})), None);
    assert_eq!(item(sum, json!({"records": -1})), None);
    assert_eq!(item(sum, json!({})), None);
    let two = "  type: value_count\n  condition: {field: [actor.id, object.id], gte: 1}";
    let value = |one: &str, two_: &str| item(two, json!({"actor.id": one, "object.id": two_})).unwrap().value;
    assert_ne!(value("a", "bc"), value("ab", "c"));
    assert_eq!(item(two, json!({"actor.id": "a"})), None);
}

/// Base rules count for their correlation alone, unless it says otherwise.
#[test]
fn base_rules_are_hidden_unless_generated() {
    let quiet = text("  type: temporal");
    let loud = format!("generate: true\n{quiet}");
    for (text, hidden) in [(quiet, true), (loud, false)] {
        let set = compile(&text).unwrap();
        let found: Vec<_> = set.rules().iter().map(|rule| (&*rule.name, rule.hidden, rule.version)).collect();
        assert_eq!(found, [("r", false, 2), ("r/a", hidden, 2), ("r/b", hidden, 2), ("r/c", hidden, 2)]);
        assert_eq!(set.correlations_of(0).count(), 0);
        assert_eq!(set.correlations_of(2).map(|correlation| correlation.rule).collect::<Vec<_>>(), [0]);
        assert_eq!(set.correlations()[0].timespan_ms(), 10_000);
        assert!(set.explain(Match { rule: 0 }, &event(&json!({"action": "a"}))).is_none());
    }
}

#[test]
fn broken_correlations_are_refused_and_named() {
    let good = text("  type: event_count\n  condition: {gte: 2}");
    let temporal = text("  type: temporal");
    for (text, want) in [
        (good.replace("timespan: 10s", "timespan: 10s\n  window: tumbling"), "`window` has to be sliding"),
        (good.replace("timespan: 10s", "timespan: 31d"), "`timespan` has to be"),
        (good.replace("timespan: 10s", "timespan: 0s"), "`timespan` has to be"),
        (good.replace("actor.id", "context.ip").replace("timespan: 10s", "timespan: 25h"), "at most 24h"),
        (good.replace("timespan: 10s\n", "\n"), "timeframe"),
        (good.replace("gte: 2", "gte: 1001"), "beyond 1000"),
        (good.replace("gte: 2", "gt: 1000"), "beyond 1000"),
        (good.replace("gte: 2", "gte: -2"), "beyond 1000"),
        (good.replace("gte: 2", "gte: 2, field: records"), "this type has no `condition.field`"),
        (good.replace("event_count", "value_count"), "needs one to eight fields"),
        (good.replace("event_count", "value_sum"), "values of one field"),
        (
            good.replace("event_count", "value_percentile")
                .replace("gte: 2", "gte: 2, field: records, percentile: 101"),
            "0 to 100",
        ),
        (
            good.replace("event_count", "value_count").replace("gte: 2", "gte: 2, field: record"),
            "no event has a field `record`",
        ),
        (good.replace("event_count", "temporal_ordered"), "`temporal_ordered` has no condition"),
        (good.replace("event_count", "temporal").replace("gte: 2", "gte: 4"), "beyond 3"),
        (good.replace("{gte: 2}", "a and b"), "only `temporal`"),
        (good.replace("event_count", "temporal").replace("{gte: 2}", "a and d"), "no rule `d`"),
        (good.replace("event_count", "temporal").replace("{gte: 2}", "4 of them"), "more rules than there are"),
        (good.replace("[actor.id]", "[actor]"), "no event has a field `actor`"),
        (good.replace("[a, b, c]", "[a, b, d]"), "no rule `d`"),
        (good.replace("[a, b, c]", "[a, b]"), "a base rule is not in `rules`"),
        (good.replace("[a, b, c]", "[a, b, c, a]"), "a rule twice"),
        (good.replace("[a, b, c]", "[a, b, c, t]"), "correlations of correlations"),
        (good.replace("[a, b, c]", "[]"), "`rules` is missing"),
        (good.replace("name: b\n", ""), "`name` is missing"),
        (good.replace("name: b\n", "name: a\n"), "another rule has the same name"),
        (good.replace("name: b\n", "name: b\naction: block\n"), "are the correlation's"),
        (good.replace("version: 2\n", "version: 2\nseen: records\n"), "a correlation sees what it counts"),
        (good.replace("level: low\n", ""), "`level` is missing"),
        (good.replace("id: t\n", ""), "`id` is missing"),
        (format!("{good}---\n{}", good.replace("id: t", "id: v")), "2 correlations"),
        (good.split("---").next().unwrap().to_owned(), "0 detection rules and 1 correlations"),
        (temporal.replace("temporal", "session"), "Unknown correlation type"),
    ] {
        let error = compile(&text).unwrap_err();
        assert!(error.starts_with("rule r: ") && error.contains(want), "{error}\n{text}");
    }
}
