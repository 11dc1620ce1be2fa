//! Every shipped rule against its own events.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::*;
use crate::correlate::{Fire, Window};

/// `<rule>.tests.yml`: flat events beside the rule; for correlations, sequences of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    #[serde(default)]
    r#match: Vec<Value>,
    #[serde(default)]
    ignore: Vec<Value>,
    #[serde(default)]
    scenarios: Vec<Scenario>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Scenario {
    fires: bool,
    events: Vec<Timed>,
}

#[derive(Deserialize, Debug)]
struct Timed {
    /// After the start: `+90s`, `+5m`.
    at: String,
    #[serde(flatten)]
    event: serde_json::Map<String, Value>,
}

impl Timed {
    fn ms(&self) -> i64 {
        let after = rsigma_parser::Timespan::parse(self.at.strip_prefix('+').unwrap()).unwrap();
        i64::try_from(after.seconds).unwrap() * 1000
    }
}

fn directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

fn examples(name: &str) -> Examples {
    let path = directory().join(format!("{name}.tests.yml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn check_fields<'a>(rule: &str, fields: impl Iterator<Item = &'a String>) {
    for field in fields {
        assert!(FIELDS.contains(&field.as_str()), "{rule}: an example has no real field `{field}`");
    }
}

/// P4: every rule matches the events it is meant to, and not those that come close.
#[test]
fn p4_shipped_rules_match_their_examples() {
    let set = RuleSet::shipped().unwrap();
    assert!(set.rules().len() >= 40);
    for rule in set.rules().iter().filter(|rule| rule.compiled.is_some() && !rule.hidden) {
        let examples = examples(&rule.name);
        assert!(!examples.r#match.is_empty() && !examples.ignore.is_empty(), "{}", rule.name);
        for event in &examples.r#match {
            assert!(names(&set, event).contains(&rule.name.to_string()), "{} should match {event}", rule.name);
        }
        for event in &examples.ignore {
            assert!(!names(&set, event).contains(&rule.name.to_string()), "{} should ignore {event}", rule.name);
        }
        for event in examples.r#match.iter().chain(&examples.ignore) {
            check_fields(&rule.name, event.as_object().unwrap().keys());
        }
    }
}

/// P4: what was only tried breaks no rule that says it was done.
#[test]
fn p4_failures_break_the_rules_about_failures_alone() {
    let set = RuleSet::shipped().unwrap();
    let of_attempts = |name: &str| name.starts_with("sign-in-") || name == "blocked-device";
    for rule in set.rules().iter().filter(|rule| rule.compiled.is_some() && !rule.hidden && !of_attempts(&rule.name)) {
        for mut event in examples(&rule.name).r#match {
            event["outcome"] = "failure".into();
            assert!(!names(&set, &event).contains(&rule.name.to_string()), "{} should ignore {event}", rule.name);
        }
    }
}

/// P4: every correlation fires where it is meant to, in whatever order its events arrive.
#[test]
fn p4_shipped_correlations_play_their_scenarios() {
    let set = RuleSet::shipped().unwrap();
    assert!(set.correlations().len() >= 3);
    for correlation in set.correlations() {
        let rule = &set.rules()[usize::from(correlation.rule)];
        let scenarios = examples(&rule.name).scenarios;
        assert!(scenarios.iter().any(|scenario| scenario.fires), "{}", rule.name);
        assert!(scenarios.iter().any(|scenario| !scenario.fires), "{}", rule.name);
        for scenario in &scenarios {
            let in_order: Vec<(usize, &Timed)> = scenario.events.iter().enumerate().collect();
            let backwards: Vec<_> = in_order.iter().rev().copied().collect();
            for events in [in_order, backwards] {
                let fires = play(&set, correlation.rule, &events);
                assert_eq!(!fires.is_empty(), scenario.fires, "{}: {scenario:?}", rule.name);
            }
            scenario.events.iter().for_each(|timed| check_fields(&rule.name, timed.event.keys()));
        }
    }
}

/// What fires of a correlation when these events (with their numbers for ids) arrive one after the other.
fn play(set: &RuleSet, rule: u16, events: &[(usize, &Timed)]) -> Vec<Fire> {
    let mut windows: BTreeMap<_, Window> = BTreeMap::new();
    let mut fires = Vec::new();
    for (id, timed) in events {
        let event = Value::from(timed.event.clone());
        let event = JsonFields::new(&event);
        let mut found = Vec::new();
        set.evaluate(&event, &mut found);
        for base in found.iter().map(|found| found.rule) {
            for correlation in set.correlations_of(base).filter(|correlation| correlation.rule == rule) {
                let Some(group) = correlation.group(base, &event) else { continue };
                let Some(item) = correlation.item(base, &event, timed.ms(), *id as u64) else { continue };
                windows.entry(group).or_default().push(item, correlation, &mut fires);
            }
        }
    }
    fires
}

#[test]
fn the_list_of_shipped_rules_is_the_directory() {
    let files: BTreeSet<String> = std::fs::read_dir(directory())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter_map(|file| Some(file.strip_suffix(".yml")?.to_owned()))
        .filter(|name| !name.ends_with(".tests"))
        .collect();
    let listed: BTreeSet<String> = shipped::SOURCES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, listed);
}

/// An ordinary event must not cost more with more rules: no rule is evaluated for it, whatever its signals count.
#[test]
fn ordinary_events_pass_by_every_shipped_rule() {
    let set = RuleSet::shipped().unwrap();
    assert_eq!(set.index.always(), []);
    assert!(set.index.fields().len() <= 6, "{:?}", set.index.fields());
    let candidates = |event: &Value| {
        let event = JsonFields::new(event);
        let mut candidates = Vec::new();
        set.index.candidates(&event, &mut candidates);
        let evaluated = candidates.iter().filter(|found| set.index.admits(**found, &event)).count();
        (candidates.iter().map(|found| &*set.rule(*found).unwrap().name).collect::<Vec<_>>().join(" "), evaluated)
    };
    let mut view = json!({"type": "deal.viewed", "class": "other", "action": "view", "category": "views",
        "outcome": "success", "object.type": "deal", "signal.viewed_1h": 12, "signal.viewed_24h": 90,
        "signal.local_hour": 3, "signal.local_weekday": 6});
    // The rule that counts views looks at one number, and is not evaluated.
    assert_eq!(candidates(&view), ("mass-view".to_owned(), 0));
    view["action"] = "update".into();
    view["class"] = "change".into();
    assert_eq!(candidates(&view).1, 0);
}

/// K12: what is at most done at once is a limit of the tenant, as what is done within a time is.
#[test]
fn k12_what_is_done_at_once_is_limited() {
    let exported = json!({"action": "export", "records": 1200});
    let deleted = json!({"class": "delete", "records": 120});
    for (limit, rule, event, chosen) in
        [("exported_at_once", "mass-export", &exported, 1201.0), ("deleted_at_once", "bulk-delete", &deleted, 121.0)]
    {
        for (chosen, breaks) in [(None, true), (Some(chosen), false), (Some(chosen - 1.0), true)] {
            let limits = chosen.map(|chosen| (limit.to_owned(), chosen)).into_iter().collect();
            let set = RuleSet::compile(RuleSet::shipped_sources().iter().copied(), &limits).unwrap();
            assert_eq!(names(&set, event).contains(&rule.to_owned()), breaks, "{rule} {chosen:?}");
        }
    }
}

/// K12: whatever a tenant may choose compiles.
#[test]
fn k12_shipped_rules_compile_at_the_ends_of_their_limits() {
    let limits = RuleSet::shipped().unwrap().limits().to_vec();
    assert!(limits.len() >= 15);
    for at in [f64::MIN, f64::MAX] {
        let chosen = limits.iter().map(|limit| (limit.name.to_string(), at)).collect();
        let set = RuleSet::compile(RuleSet::shipped_sources().iter().copied(), &chosen).unwrap();
        for limit in &limits {
            let first = limits.iter().find(|first| first.rule == limit.rule).unwrap();
            let rule = set.rule(set.find(&limit.rule).unwrap()).unwrap();
            assert_eq!(rule.limit, Some(if at < 0.0 { first.min } else { first.max }), "{}", limit.name);
        }
    }
}
