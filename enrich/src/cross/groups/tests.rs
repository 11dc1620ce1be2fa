//! Bounds: by time, by bytes, and who pays.

use std::collections::BTreeMap;

use detect::rules::RuleSet;

use super::*;

const NOW: i64 = 1_800_000_000_000;
const MINUTE: i64 = 60_000;

fn spraying(set: &RuleSet) -> &Correlation {
    set.correlations().iter().find(|correlation| correlation.across_users()).unwrap()
}

fn counted(tenant: &str, rule: &str, ip: &str, number: u64, at: i64) -> (Vec<u8>, CorrelationInput) {
    let counted = CorrelationInput {
        tenant: tenant.to_owned(),
        rule: rule.to_owned(),
        group: BTreeMap::from([("context.ip".to_owned(), ip.to_owned())]),
        item: Item { at, event: number, base: 0, value: number },
        event_id: format!("event-{number}"),
    };
    (format!("{tenant}/{rule}/{ip}").into_bytes(), counted)
}

/// P4, P12: one tenant's flood of groups pushes out its own alone, the oldest first, and of its own rules the flooded one;
/// memory stays within its bound.
#[test]
fn a_flood_costs_only_who_makes_it() {
    let set = RuleSet::shipped().unwrap();
    let correlation = spraying(&set);
    let most = 64 * 1024;
    let mut groups = Groups::new(most);
    let mut send = |tenant: &str, rule: &str, ip: &str, number: u64| {
        let (key, counted) = counted(tenant, rule, ip, number, NOW + number as i64);
        let (fires, dropped) = groups.with((0, &key), &counted, (correlation, NOW + number as i64), |group| {
            group.push(&counted, correlation).len()
        });
        assert!(groups.bytes() <= most, "{}", groups.bytes());
        (fires, dropped)
    };
    let mut dropped = 0;
    // Nine of ten users, in two windows that a flood of others mustn't push out.
    for number in 0..9 {
        send("quiet", "spray", "192.0.2.1", number);
        send("loud", "spray", "192.0.2.2", number);
    }
    for number in 0..5000 {
        dropped += send("loud", "by-session", &format!("session-{number}"), 100 + number).1;
    }
    assert!(dropped > 4000, "{dropped}");
    assert_eq!(send("quiet", "spray", "192.0.2.1", 9).0, 1);
    assert_eq!(send("loud", "spray", "192.0.2.2", 9).0, 1);
}

/// A group is kept for its rule's timespan and the lateness after its last event arrived, and no longer.
#[test]
fn groups_go_when_their_time_is_over() {
    let set = RuleSet::shipped().unwrap();
    let correlation = spraying(&set);
    let mut groups = Groups::new(1 << 20);
    for partition in [0, 1] {
        let (key, counted) = counted("acme", "spray", "192.0.2.1", 1, NOW);
        groups.with((partition, &key), &counted, (correlation, NOW), |group| group.push(&counted, correlation));
    }
    let one = groups.bytes() / 2;
    groups.expire(0, NOW + 69 * MINUTE);
    assert_eq!(groups.bytes(), 2 * one);
    groups.expire(0, NOW + 71 * MINUTE);
    assert_eq!(groups.bytes(), one);
    groups.revoke(1);
    assert_eq!(groups.bytes(), 0);
}
