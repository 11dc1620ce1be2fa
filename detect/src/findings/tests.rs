//! Windows of one user: whose goes first, and whose doesn't.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::rules::JsonFields;

const MINUTE: i64 = 60_000;

/// The shipped rules, and a tenant's own that counts by object.
fn rules() -> RuleSet {
    let own = "title: T\nid: own\nlevel: low\nversion: 1\ncorrelation:\n  type: event_count\n  rules: [seen]\n  \
        group-by: [actor.id, object.id]\n  timespan: 30m\n  condition: {gte: 3}\n---\ntitle: S\nname: seen\n\
        logsource: {product: usertrail}\ndetection:\n  s:\n    action: view\n  condition: s\n";
    let sources = RuleSet::shipped_sources().iter().copied().chain([("own", own)]);
    RuleSet::compile(sources, &BTreeMap::new()).unwrap()
}

struct Run {
    rules: RuleSet,
    user: User,
    findings: Findings,
    number: usize,
    dropped: usize,
}

impl Run {
    fn new() -> Self {
        Self { rules: rules(), user: User::default(), findings: Findings::default(), number: 0, dropped: 0 }
    }

    /// Names of the correlations that the event breaks.
    fn event(&mut self, at: i64, fields: Value) -> Vec<String> {
        self.number += 1;
        self.user.reach(at);
        let (id, fields) = (self.number.to_string(), JsonFields::new(&fields));
        let subject = Subject { event_id: &id, identity: self.number as u64, at, late: false };
        self.findings.find(&self.rules, &fields, subject, Some(&mut self.user));
        self.dropped += self.findings.dropped;
        let names =
            self.findings.broken.iter().map(|found| self.rules.rules()[usize::from(found.rule)].name.to_string());
        names.filter(|name| ["brute-force", "own"].contains(&&**name)).collect()
    }

    fn fail(&mut self, at: i64) -> Vec<String> {
        self.event(at, json!({"action": "sign_in_failed", "outcome": "failure", "actor.id": "u"}))
    }

    fn view(&mut self, at: i64, object: usize) -> Vec<String> {
        self.event(at, json!({"action": "view", "actor.id": "u", "object.id": format!("o{object}")}))
    }
}

/// P4: seventy objects viewed silence no other rule, which has windows of its own.
#[test]
fn rules_do_not_compete_for_windows() {
    let mut run = Run::new();
    (0..9).for_each(|n| assert!(run.fail(n).is_empty()));
    (0..70).for_each(|n| assert!(run.view(10 + n as i64, n).is_empty()));
    assert_eq!(run.dropped, 6);
    assert_eq!(run.fail(100), ["brute-force"]);
}

/// The window that goes is the one whose latest event is oldest, not the one that was made first.
#[test]
fn the_window_longest_silent_goes_first() {
    let mut run = Run::new();
    run.view(0, 0);
    (1..64).for_each(|n| drop(run.view(n, n as usize)));
    run.view(100, 0);
    (100..163).for_each(|n| drop(run.view(n + 1, n as usize)));
    assert_eq!(run.view(200, 0), ["own"]);
}

/// However many rules and events: what is kept of a user has a bound, and the rule that has most pays.
#[test]
fn what_is_kept_of_a_user_is_bounded() {
    let mut run = Run::new();
    (0..9).for_each(|n| drop(run.fail(n)));
    for n in 0..20_000_usize {
        run.view(10 + n as i64, n % 20);
    }
    let events: usize = run.user.windows.0.iter().map(RuleWindows::events).sum();
    assert!(events <= EVENTS_OF_USER && run.dropped > 0, "{events}");
    assert_eq!(run.fail(MINUTE), ["brute-force"]);
}

/// P6: a finding has what was seen and what that is held against, wherever the number stands: in the limits, in the rule itself, in a
/// correlation; and none where the rule compares nothing.
#[test]
fn a_finding_has_its_numbers() {
    let of =
        |text: &str| format!("title: T\nid: own\nlevel: low\nversion: 1\nlogsource: {{product: usertrail}}\n{text}");
    let own = of("detection:\n  s:\n    action: export\n    records|gte: 10\n  condition: s\n");
    let either = of(
        "detection:\n  s:\n    action: export\n  few:\n    records|lt: 3\n  many:\n    records|gt: 10\n  condition: s and (few or many)\n",
    );
    let plain = of("detection:\n  s:\n    action: export\n  condition: s\n");
    let limited = of(
        "limits:\n  most: {default: 10, min: 1, max: 100, unit: records}\nseen: records\ndetection:\n  s:\n    action: export\n    records|gte: '%most%'\n  condition: s\n",
    );
    let counted = "title: T\nid: own\nlevel: low\nversion: 1\ncorrelation:\n  type: event_count\n  rules: [seen]\n  \
        group-by: [actor.id]\n  timespan: 30m\n  condition: {gte: 1}\n---\ntitle: S\nname: seen\n\
        logsource: {product: usertrail}\ndetection:\n  s:\n    action: export\n    records|gte: 5\n  condition: s\n";
    for (text, expected) in [
        (own.as_str(), (Some(12.0), Some(10.0))),
        (&limited, (Some(12.0), Some(10.0))),
        (&plain, (None, None)),
        (counted, (Some(1.0), Some(1.0))),
        (&either, (Some(12.0), Some(10.0))),
    ] {
        let rules = RuleSet::compile([("own", text)], &BTreeMap::new()).unwrap();
        let event = json!({"action": "export", "actor.id": "u", "records": 12});
        let (mut user, mut findings) = (User::default(), Findings::default());
        user.reach(MINUTE);
        let subject = Subject { event_id: "1", identity: 1, at: MINUTE, late: false };
        findings.find(&rules, &JsonFields::new(&event), subject, Some(&mut user));
        let found: Vec<_> = findings.broken.iter().map(|found| (found.seen, found.limit)).collect();
        assert_eq!(found, [expected], "{text}");
    }
}
