//! From an event and its signals to findings: detections, then the correlations that they feed.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use schemas::violation::Violation;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::correlate::{Correlation, Fire, Item, Window};
use crate::rules::{EventFields, Match, Numbers, Rule, RuleSet};
use crate::signals::{LATENESS_MS, User};

/// Most windows of one rule that are kept of one user: those whose latest events are newest. Rules don't compete for them.
const WINDOWS_OF_RULE: usize = 64;
/// Most events in all windows of one user. Beyond that, the rule that has the most gives up its window whose latest event is
/// oldest.
const EVENTS_OF_USER: usize = 8000;

/// A rule that is broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Index into the set's rules.
    pub rule: u16,
    /// The time that decides into which window of the rule it falls, milliseconds.
    pub at: i64,
    /// What was seen, where the rule has a number to compare.
    pub seen: Option<f64>,
    /// What that was held against.
    pub limit: Option<f64>,
}

/// An event that a correlation across users has to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossing {
    /// Index of the correlation's rule.
    pub rule: u16,
    /// Index of the detection that matched, among the correlation's.
    pub base: u16,
    /// Fields and values that it groups by.
    pub group: Vec<(Arc<str>, String)>,
    /// What is counted.
    pub item: Item,
}

/// The windows of the correlations that group by user, rule by rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Windows(Vec<RuleWindows>);

/// The windows of one rule, each with the hash of its group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct RuleWindows {
    rule: u64,
    timespan_ms: i64,
    groups: Vec<(u64, Window)>,
}

impl RuleWindows {
    fn events(&self) -> usize {
        self.groups.iter().map(|(_, window)| window.len()).sum()
    }

    /// Drops the window whose latest event is oldest.
    fn drop_oldest(&mut self) {
        if let Some(oldest) = (0..self.groups.len()).min_by_key(|&at| self.groups[at].1.latest()) {
            self.groups.swap_remove(oldest);
        }
    }
}

impl Windows {
    /// Counts an event in the window of a rule's group; how many windows had to go for it, before their time.
    fn push(
        &mut self,
        (rule, group): (u64, u64),
        item: Item,
        correlation: &Correlation,
        clock: i64,
        fires: &mut Vec<Fire>,
    ) -> usize {
        let place = self.0.iter().position(|known| known.rule == rule).unwrap_or_else(|| {
            self.0.push(RuleWindows { rule, timespan_ms: correlation.timespan_ms(), groups: Vec::new() });
            self.0.len() - 1
        });
        let windows = &mut self.0[place];
        let index = windows.groups.iter().position(|(known, _)| *known == group).unwrap_or_else(|| {
            windows.groups.push((group, Window::default()));
            windows.groups.len() - 1
        });
        windows.groups[index].1.push(item, correlation, fires);
        self.forget(clock);
        self.make_room(rule)
    }

    fn forget(&mut self, clock: i64) {
        self.0.retain_mut(|windows| {
            let before = clock - LATENESS_MS - windows.timespan_ms;
            windows.groups.retain_mut(|(_, window)| {
                window.forget(before);
                !window.is_empty()
            });
            !windows.groups.is_empty()
        });
    }

    fn make_room(&mut self, rule: u64) -> usize {
        let mut dropped = 0;
        if let Some(windows) = self.0.iter_mut().find(|known| known.rule == rule)
            && windows.groups.len() > WINDOWS_OF_RULE
        {
            windows.drop_oldest();
            dropped += 1;
        }
        while self.0.iter().map(RuleWindows::events).sum::<usize>() > EVENTS_OF_USER {
            let Some(largest) = self.0.iter_mut().max_by_key(|windows| windows.events()) else { break };
            largest.drop_oldest();
            dropped += 1;
        }
        dropped
    }
}

/// Collects what one event breaks; reused from event to event.
#[derive(Debug, Default)]
pub struct Findings {
    /// Rules that are broken.
    pub broken: Vec<Finding>,
    /// What goes to correlations across users.
    pub crossings: Vec<Crossing>,
    /// Windows that were dropped before their time, to keep the user's state small.
    pub dropped: usize,
    matches: Vec<Match>,
    fires: Vec<Fire>,
}

/// What an event is to the rules, besides its fields.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its id.
    pub event_id: &'a str,
    /// What distinguishes it from any other event: an id may be of several, each sender's and source's own.
    pub identity: u64,
    /// Its time, milliseconds; see [`crate::signals::Observation::at`].
    pub at: i64,
    /// Whether it came too late for windows to count it.
    pub late: bool,
}

impl Findings {
    /// Finds what `event` breaks. `user` is its actor's state, in which correlations by user are kept; without one only
    /// detections are looked at.
    pub fn find<E: EventFields>(&mut self, rules: &RuleSet, event: &E, of: Subject<'_>, mut user: Option<&mut User>) {
        self.clear();
        rules.evaluate(event, &mut self.matches);
        for &found in &self.matches {
            let Some(rule) = rules.rule(found) else { continue };
            if !rule.hidden {
                let Numbers { seen, limit, .. } = rules.numbers(found, event);
                self.broken.push(Finding { rule: found.rule, at: of.at, seen, limit });
            }
            if of.late {
                continue;
            }
            for correlation in rules.correlations_of(found.rule) {
                let Some(item) = correlation.item(found.rule, event, of.at, of.identity) else { continue };
                let Some(group) = correlation.group(found.rule, event) else { continue };
                if correlation.across_users() {
                    self.crossings.push(Crossing { rule: correlation.rule, base: found.rule, group, item });
                } else if let (Some(user), Some(rule)) =
                    (user.as_deref_mut(), rules.rules().get(usize::from(correlation.rule)))
                {
                    self.fires.clear();
                    let clock = user.clock();
                    let key = (rule_key(rule), group_key(&group));
                    self.dropped += user.windows.push(key, item, correlation, clock, &mut self.fires);
                    let (rule, limit) = (correlation.rule, rules.limit(correlation.rule));
                    self.broken.extend(self.fires.iter().map(|fire| Finding {
                        rule,
                        at: fire.at,
                        seen: Some(fire.seen),
                        limit,
                    }));
                }
            }
        }
    }

    /// Forgets the last event.
    pub fn clear(&mut self) {
        self.broken.clear();
        self.crossings.clear();
        self.matches.clear();
        self.dropped = 0;
    }

    /// Several fires of one rule in one of its windows are one finding of the event: the one that saw most.
    pub fn merge(&mut self, rules: &RuleSet) {
        self.broken.sort_by(|a, b| {
            let window = |finding: &Finding| {
                let length = rules.rules().get(usize::from(finding.rule)).map_or(1, |rule| rule.window_ms.max(1));
                finding.at.div_euclid(length)
            };
            let seen = |finding: &Finding| finding.seen.unwrap_or(f64::NEG_INFINITY);
            (a.rule, window(a)).cmp(&(b.rule, window(b))).then(seen(b).total_cmp(&seen(a)))
        });
        self.broken.dedup_by(|next, kept| {
            let length = rules.rules().get(usize::from(kept.rule)).map_or(1, |rule| rule.window_ms.max(1));
            next.rule == kept.rule && next.at.div_euclid(length) == kept.at.div_euclid(length)
        });
    }
}

/// The id of the violation that a finding about `group` (a user's id, or the JSON of a group) belongs to, and when the
/// rule's window began, milliseconds.
#[must_use]
pub fn violation_of(tenant: &str, rule: &Rule, group: &str, at: i64) -> (String, i64) {
    let window = rule.window_ms.max(1);
    (schemas::violation::id(tenant, &rule.name, group, at, window), at - at.rem_euclid(window))
}

/// Fills what a violation says about its rule.
pub fn describe(violation: &mut Violation, rule: &Rule) {
    violation.rule = rule.name.to_string();
    violation.title = rule.title.to_string();
    violation.rule_version = rule.version;
    violation.level = rule.level as u8;
}

/// Another version counts from nothing.
fn rule_key(rule: &Rule) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(rule.uuid.as_bytes());
    hash.update(&rule.version.to_le_bytes());
    hash.digest()
}

fn group_key(group: &[(Arc<str>, String)]) -> u64 {
    let mut hash = Xxh3::new();
    for (field, value) in group {
        hash.update(field.as_bytes());
        hash.update(&(value.len() as u64).to_le_bytes());
        hash.update(value.as_bytes());
    }
    hash.digest()
}
