//! Limits, explanations, and our attributes.

use super::*;

const LIMITED: &str = "title: T\nid: one\nlevel: low\nversion: 3\nlogsource: {product: usertrail}\naction: ask\ngroup: 1d\n\
    seen: signal.devices_24h\nlimits:\n  most: {default: 5, min: 2, max: 10, unit: devices}\n  \
    a_least: {default: 1, min: 0, max: 1, unit: x}\ndetection:\n  s:\n    action: sign_in\n    \
    signal.devices_24h|gt: '%most%'\n  condition: s\n";

fn limited(limits: &[(&str, f64)]) -> RuleSet {
    let limits = limits.iter().map(|(name, limit)| ((*name).to_owned(), *limit)).collect();
    RuleSet::compile([("r", LIMITED)], &limits).unwrap()
}

/// K12: a tenant's limits are in force, within the rule's bounds; the limit in force stands with the rule.
#[test]
fn k12_limits_are_put_in_and_kept() {
    for (chosen, want) in [
        (&[][..], 5.0),
        (&[("most", 7.0), ("no_such_limit", 1.0)], 7.0),
        (&[("most", 7.4)], 7.0),
        (&[("most", 99.0)], 10.0),
        (&[("most", 0.0)], 2.0),
        (&[("most", f64::NAN)], 5.0),
    ] {
        let set = limited(chosen);
        assert_eq!(set.rules()[0].limit, Some(want), "{chosen:?}");
        let event = |devices: f64| json!({"action": "sign_in", "signal.devices_24h": devices});
        assert!(names(&set, &event(want + 1.0)).contains(&"r".to_owned()), "{chosen:?}");
        assert_eq!(names(&set, &event(want)), Vec::<String>::new(), "{chosen:?}");
    }
    let set = limited(&[]);
    let found = |at: usize| (&*set.limits()[at].name, &*set.limits()[at].rule, &*set.limits()[at].unit);
    assert_eq!((found(0), found(1)), (("most", "r", "devices"), ("a_least", "r", "x")));
    assert_eq!((set.limits()[0].min, set.limits()[0].default, set.limits()[0].max), (2.0, 5.0, 10.0));
    let rule = &set.rules()[0];
    assert_eq!((rule.action, rule.window_ms), (Action::Ask, 86_400_000));
}

/// P6: an explanation says what was seen, and how far it is from the limit.
#[test]
fn p6_explanations_say_how_far_it_is() {
    let set = limited(&[]);
    let explain = |devices: Option<u32>, action: &str| {
        let mut event = json!({"action": action});
        if let Some(devices) = devices {
            event["signal.devices_24h"] = devices.into();
        }
        let explanation = set.explain(Match { rule: 0 }, &JsonFields::new(&event)).unwrap();
        let json = serde_json::to_value(&explanation).unwrap();
        assert_eq!(json["conditions"]["matched"], json["matched"]);
        (explanation.matched, explanation.seen, explanation.limit, explanation.missing)
    };
    assert_eq!(explain(Some(6), "sign_in"), (true, Some(6.0), Some(5.0), None));
    assert_eq!(explain(Some(3), "sign_in"), (false, Some(3.0), Some(5.0), Some(3.0)));
    // More than 5 is one more.
    assert_eq!(explain(Some(5), "sign_in"), (false, Some(5.0), Some(5.0), Some(1.0)));
    let least = LIMITED.replace("|gt: '%most%'", "|gte: '%most%'");
    let set = RuleSet::compile([("r", least.as_str())], &Default::default()).unwrap();
    let event = json!({ "action": "sign_in", "signal.devices_24h": 4 });
    assert_eq!(set.explain(Match { rule: 0 }, &JsonFields::new(&event)).unwrap().missing, Some(1.0));
    assert_eq!(explain(Some(6), "view"), (false, Some(6.0), Some(5.0), None));
    assert_eq!(explain(None, "sign_in"), (false, None, Some(5.0), None));
}

#[test]
fn broken_limits_are_refused() {
    for (from, to, want) in [
        ("min: 2", "min: 6", "whole numbers `min` <= `default` <= `max`"),
        ("max: 10", "max: 4", "whole numbers"),
        ("max: 10", "max: 10.5", "whole numbers"),
        ("min: 2", "min: -2", "whole numbers"),
        (", unit: devices", "", "a `unit`"),
        ("unit: devices", "unit: devices, more: 1", "a `unit`"),
        ("  most:", "  Most:", "names"),
        ("'%most%'", "'%mots%'", "`%mots%` is none of its `limits`"),
    ] {
        let text = LIMITED.replacen(from, to, 1);
        assert_ne!(text, LIMITED);
        let error = compile([("r", text.as_str())]).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }
    let twice = LIMITED.replace("id: one", "id: two");
    let error = compile([("a", LIMITED), ("b", twice.as_str())]).unwrap_err();
    assert!(matches!(error.problem, RuleProblem::LimitTwice(_)));
}
