//! What rules are made of, the index against a full scan, and what is refused.

mod limits;
mod shipped_rules;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn names(set: &RuleSet, event: &Value) -> Vec<String> {
    let mut out = Vec::new();
    set.evaluate(&JsonFields::new(event), &mut out);
    out.iter().map(|found| set.rule(*found).unwrap().name.to_string()).collect()
}

#[test]
fn rules_keep_what_the_log_shows() {
    let set = RuleSet::shipped().unwrap();
    let found = set.find("sign-in-tor").unwrap();
    let rule = set.rule(found).unwrap();
    assert_eq!(&*rule.title, "Sign-in through Tor");
    assert_eq!((rule.level, rule.level as u8, rule.version), (Level::High, 3, 1));
    assert!(rule.tags.contains(&"attack.t1090.003".to_owned()));
    assert_eq!(rule.uuid.len(), 36);
    assert!(!rule.description.is_empty());
    assert_eq!((rule.action, rule.window_ms, rule.hidden), (Action::Flag, 3_600_000, false));
    assert_eq!((rule.seen_field.as_deref(), rule.limit), (None, None));
    assert_eq!(set.find("no-such-rule"), None);
    assert!(set.rule(Match { rule: u16::MAX }).is_none());
}

/// P6: a rule can say why it did or didn't match.
#[test]
fn p6_rules_explain_themselves() {
    let set = RuleSet::shipped().unwrap();
    let found = set.find("mass-export").unwrap();
    let explain = |event: &Value| set.explain(found, &JsonFields::new(event)).unwrap();
    assert!(explain(&json!({"action": "export", "records": 5000})).matched);
    let not = explain(&json!({"action": "export", "records": 5}));
    assert!(!not.matched);
    assert!(serde_json::to_string(&not).unwrap().contains("records"));
}

#[test]
fn matches_come_once_each_and_after_what_is_there() {
    let set =
        compile([("tags", &*rule("    geo.anonymous: [vpn, tor]")), ("all", &*rule("    action|re: '.'"))]).unwrap();
    let mut out = vec![Match { rule: 9 }];
    set.evaluate(&JsonFields::new(&json!({"geo.anonymous": ["tor", "vpn"], "action": "x"})), &mut out);
    assert_eq!(out, [9, 0, 1].map(|rule| Match { rule }));
}

/// P4, D4: an address in a rule and in an event is the same in any spelling; its prefix and network are fields.
#[test]
fn addresses_are_compared_in_one_form() {
    for (selection, ip, want) in [
        ("context.ip: '2001:0DB8:0::1'", "2001:db8::1", true),
        ("context.ip: '2001:db8::1'", "2001:0db8:0:0::0001", true),
        ("context.ip: '::ffff:45.9.77.1'", "45.9.77.1", true),
        ("context.ip: ['8.8.8.8', '45.9.77.1']", "::ffff:45.9.77.1", true),
        ("context.ip: '45.9.*'", "::ffff:45.9.77.1", true),
        ("context.ip|cidr: '45.9.77.0/24'", "::ffff:45.9.77.1", true),
        ("context.ip: '2001:db8::1'", "2001:db8::2", false),
        ("context.ip_prefix: '2001:db8:0:0::/64'", "2001:db8::2", true),
        ("context.ip_prefix: '45.9.77.1'", "::ffff:45.9.77.1", true),
        ("context.ip_prefix: '45.9.77.1'", "2002:2d09:4d01::1", true),
        ("context.ip_prefix: '2001:db8::/64'", "2001:db8:0:1::2", false),
        ("context.ip|cidr: '::ffff:45.9.77.0/120'", "45.9.77.1", true),
        ("context.ip_prefix|cidr: '2001:db8::/64'", "2001:db8::1", true),
        ("context.ip_prefix|cidr: '2001:DB8:0::/32'", "2001:db8::1", true),
        ("context.ip_prefix|cidr: '2001:db8::7/128'", "2001:db8::1", true),
        ("context.ip_prefix|cidr: '2001:db8::/64'", "2001:db8:0:1::1", false),
        ("context.ip_prefix|cidr: ['10.0.0.0/8', '45.9.0.0/16']", "45.9.77.1", true),
        ("context.ip_prefix|cidr: '45.9.0.0/16'", "2002:2d09:4d01::1", true),
        ("context.network: '2001:0DB8:0::/48'", "2001:db8::1", true),
        ("context.network: '2001:db8::9'", "2001:db8::1", true),
        ("context.network: '45.9.77.0/24'", "45.9.77.1", true),
        ("context.network: '45.9.78.0/24'", "45.9.77.1", false),
        ("context.network|cidr: '45.9.0.0/16'", "45.9.77.1", true),
        ("context.network|cidr: '45.9.77.1/32'", "45.9.77.9", true),
        ("context.network|cidr: '2001:db8::/32'", "2001:db8::1", true),
        ("context.network|cidr: '45.10.0.0/16'", "45.9.77.1", false),
    ] {
        let set = compile([("r", rule(&format!("    {selection}")).as_str())]).unwrap();
        let event = json!({"context.ip": ip});
        assert_eq!(!names(&set, &event).is_empty(), want, "{selection} {ip}");
        assert_eq!(set.explain(Match { rule: 0 }, &JsonFields::new(&event)).unwrap().matched, want, "{selection} {ip}");
    }
}

fn compile<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<RuleSet, RuleError> {
    RuleSet::compile(sources, &BTreeMap::new())
}

/// More ways to match than the index keeps apart: what is left of them is the least number.
#[test]
fn many_ways_are_passed_by_together() {
    let ways: Vec<String> = (3..20).map(|least| format!("    - records|gte: {least}")).collect();
    let set = compile([("r", rule(&ways.join("\n")).as_str())]).unwrap();
    let breaks = |records: u32| names(&set, &json!({"records": records})).len();
    assert_eq!((breaks(2), breaks(3), breaks(19)), (0, 1, 1));
    let two = json!({"records": 2});
    assert!(!set.index.admits(Match { rule: 0 }, &JsonFields::new(&two)));
}

fn rule(selection: &str) -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let id = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!(
        "title: T\nsigma-version: 3\nid: 00000000-0000-0000-0000-{id:012}\nlevel: low\nversion: 1\nlogsource: {{product: usertrail}}\n\
         detection:\n  s:\n{selection}\n  condition: s\n"
    )
}

#[test]
fn broken_rules_are_refused_and_named() {
    let good = rule("    action: x");
    for (text, want) in [
        (good.replace("version: 1\n", ""), "`version` is missing"),
        (good.replace("version: 1", "version: 0"), "`version` is missing"),
        (good.replace("level: low\n", ""), "`level` is missing"),
        (good.replace("usertrail", "windows"), "`logsource.product` is missing"),
        (good.replace("condition: s", "condition: t"), "t"),
        (rule("    acton: x"), "no event has a field `acton`"),
        (rule("    path: x"), "no event has a field `path`"),
        (rule("    action|re: '('"), "regex"),
        (format!("{good}---\n{}", rule("    action: y")), "2 detection rules"),
        (String::new(), "not a mapping"),
        (good.replace("version: 1", "version: 1\naction: global"), "`action` is missing or not flag, block or ask"),
        (good.replace("version: 1", "version: 1\ngroup: 7h"), "`group` is missing or not a part of a day"),
        (good.replace("version: 1", "version: 1\ngroup: 2d"), "`group` is missing or not a part of a day"),
        (good.replace("version: 1", "version: 1\nseen: signal.device"), "no event has a field `signal.device`"),
        (good.replace("action: x", "action: '%some_limit%'"), "`%some_limit%` is none of its `limits`"),
        (
            format!("title: F\nfilter:\n  rules: any\n  s:\n    action: x\n  condition: s\n---\n{good}"),
            "not a Sigma rule",
        ),
        ("---\n{}\n".repeat(40), "more than 32 documents"),
        (aliases("[x]", 1000), "more than 32 documents, or 20000 values"),
        (aliases(&"x".repeat(30_000), 100), "more than 32 documents, or 20000 values"),
        ("[".repeat(1000), "not a Sigma rule"),
        (good.replace("action: x", "acton: !tag x"), "no event has a field `acton`"),
    ] {
        let error = compile([("some-rule", text.as_str())]).unwrap_err().to_string();
        assert!(error.starts_with("rule some-rule: ") && error.contains(want), "{error}\n{text}");
    }
    let twice = compile([("a", good.as_str()), ("a", &*rule("    action: y"))]).unwrap_err();
    assert!(matches!(twice.problem, RuleProblem::Twice("name")));
    let twice = compile([("a", good.as_str()), ("b", good.as_str())]).unwrap_err();
    assert!(matches!(twice.problem, RuleProblem::Twice("id")));
}

/// A short text that stands for a long one.
fn aliases(of: &str, times: usize) -> String {
    let copies = |name: &str| format!("[{}]", format!("*{name},").repeat(times));
    format!("x: &x {of}\na: &a {}\nb: &b {}\nc: {}\n", copies("x"), copies("a"), copies("b"))
}

/// All kinds of detection that the index reads something from, or must not.
const SHAPES: &[&str] = &[
    "    action: a",
    "    action: [A, b]",
    "    action|cased: A",
    "    action|contains: a",
    "    action|neq: a",
    "    action|re: '^[ab]$'",
    "    action: null",
    "    action: [a, null]",
    "    action: 'a*'",
    "    action: ''",
    "    action|exists: true",
    "    action|exists: false",
    "    - action: a\n    - outcome: b",
    "    - action: a\n    - action: b\n      outcome: a",
    "    action: a\n    outcome: b",
    "    geo.anonymous: [a, b]",
    "    geo.anonymous|contains|all: [a, b]",
    "    records: 1",
    "    records: '1'",
    "    records|gte: 1",
    "    records|gt: 1",
    "    records|gt: 0\n    geo.anonymous|gte: 1",
    "    records|lte: 2",
    "    records|gte: 1\n    records|gt: 2",
    "    records:\n      - 1\n      - 2.5",
    "    geo.anonymous|gt: 0",
    "    actor.active: true",
    "    actor.active: 'true'",
    "    actor.active: false",
    "    geo.anonymous[any]: a",
    "    geo.anonymous[none]: a",
    "    geo.anonymous[all]: a",
    "    - a\n    - b",
    "    action|fieldref: outcome",
    "    action: é",
];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!("a")),
        Just(json!("A")),
        Just(json!("b")),
        Just(json!("É")),
        Just(json!("")),
        Just(json!("true")),
        Just(json!("1")),
        Just(json!(1)),
        Just(json!(2.5)),
        Just(json!(true)),
        Just(json!(["a", "B"])),
        Just(json!(["b", 1, null])),
        Just(json!([])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    /// The index never passes by a rule that matches, whatever the rule and the event are made of.
    #[test]
    fn the_index_agrees_with_a_full_scan(
        fields in proptest::collection::btree_map(
            prop_oneof![Just("action"), Just("outcome"), Just("geo.anonymous"), Just("records"), Just("actor.active")],
            value(),
            0..5,
        ),
        first in 0..SHAPES.len(),
        second in 0..SHAPES.len(),
        condition in prop_oneof![
            Just("s"), Just("not s"), Just("s and t"), Just("s or t"), Just("s and not t"), Just("1 of them"),
            Just("all of them"), Just("2 of them"), Just("s and (s or t)"), Just("t and (s or not t)"),
        ],
    ) {
        let text = rule(&format!("{}\n  t:\n{}", SHAPES[first], SHAPES[second]))
            .replace("condition: s", &format!("condition: {condition}"));
        let set = compile([("r", text.as_str())]).unwrap();
        let event: Value = fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<serde_json::Map<_, _>>().into();
        let mut indexed = Vec::new();
        set.evaluate(&JsonFields::new(&event), &mut indexed);
        let scanned = evaluate_rule(set.rules[0].compiled.as_ref().unwrap(), &View(&JsonFields::new(&event))).is_some();
        prop_assert_eq!(!indexed.is_empty(), scanned, "{}\n{}", text, event);
    }
}
