//! What is known of every group of every correlation across users, in bounded memory.
//!
//! A group goes once nothing can fall into its window any more: that is the rule's own timespan and the lateness after its
//! last event arrived, by the clock of the records. Beyond the bound groups go before their time, of the tenant that has
//! most and of its rule that has most, those whose last events arrived longest ago: a flood costs only who makes it.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use detect::correlate::{Correlation, Fire, Item, Window};
use detect::signals::LATENESS_MS;

use super::{CorrelationInput, EVENTS};

/// What a group costs beside what it holds.
const OVERHEAD: usize = 256;
/// What an entry of a sorted map costs.
const ENTRY: usize = 32;
/// Most ends of windows that are remembered as reported. One that was forgotten is reported once more under the same id.
const MAX_FIRED: usize = 1000;

/// One group of one correlation.
#[derive(Default)]
pub(super) struct Group {
    window: Window,
    /// The latest events, for the finding.
    events: VecDeque<String>,
    /// Time of the latest event, milliseconds.
    latest: i64,
    /// When the last of its events arrived, milliseconds.
    arrived: i64,
    /// Ends of windows that fired, milliseconds.
    fired: BTreeSet<i64>,
    /// The most that was reported of each violation, by when its window began, milliseconds.
    reported: BTreeMap<i64, f64>,
}

impl Group {
    /// Counts an event.
    pub(super) fn push(&mut self, counted: &CorrelationInput, correlation: &Correlation) -> Vec<Fire> {
        let mut fires = Vec::new();
        self.latest = self.latest.max(counted.item.at);
        let before = self.latest - correlation.timespan_ms() - LATENESS_MS;
        self.window.forget(before);
        self.fired = self.fired.split_off(&before);
        self.reported = self.reported.split_off(&(before - DAY_MS));
        self.window.push(counted.item, correlation, &mut fires);
        if !self.events.contains(&counted.event_id) {
            if self.events.len() >= EVENTS {
                self.events.pop_front();
            }
            self.events.push_back(counted.event_id.clone());
        }
        fires
    }

    /// Whether an end of a window fires for the first time.
    pub(super) fn fires_anew(&mut self, at: i64) -> bool {
        let is_new = self.fired.insert(at);
        if self.fired.len() > MAX_FIRED {
            self.fired.pop_first();
        }
        is_new
    }

    /// Takes note of what was seen in the violation whose window began at `window_at`; whether it is more than before.
    pub(super) fn sees_more(&mut self, window_at: i64, seen: f64) -> bool {
        let reported = self.reported.entry(window_at).or_default();
        let more = seen > *reported;
        *reported = reported.max(seen);
        more
    }

    /// The latest events.
    pub(super) fn events(&self) -> impl Iterator<Item = &String> {
        self.events.iter()
    }

    fn bytes(&self, key: &[u8]) -> usize {
        OVERHEAD
            + key.len()
            + self.window.len() * size_of::<Item>()
            + self.events.iter().map(String::len).sum::<usize>()
            + (self.fired.len() + self.reported.len()) * ENTRY
    }
}

/// Windows of rules are a day at most.
const DAY_MS: i64 = 24 * 3_600_000;

/// Partition of the topic, and key there.
type Key = (i32, Box<[u8]>);

/// The groups of one rule of a tenant.
#[derive(Default)]
struct OfRule {
    groups: HashMap<Key, Group>,
    timespan_ms: i64,
    bytes: usize,
}

/// The groups of one tenant.
#[derive(Default)]
struct OfTenant {
    rules: HashMap<String, OfRule>,
    bytes: usize,
}

/// All of them.
pub(super) struct Groups {
    tenants: HashMap<String, OfTenant>,
    bytes: usize,
    most: usize,
}

impl Groups {
    /// None yet, and never more than `most` bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { tenants: HashMap::new(), bytes: 0, most }
    }

    /// Bytes of all groups.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Works on the group of an event that arrived at `arrived` on `partition` under `key`; returns what `work` makes of it,
    /// and how many groups had to go before their time.
    pub(super) fn with<T>(
        &mut self,
        (partition, key): (i32, &[u8]),
        counted: &CorrelationInput,
        (correlation, arrived): (&Correlation, i64),
        work: impl FnOnce(&mut Group) -> T,
    ) -> (T, usize) {
        let tenant = self.tenants.entry(counted.tenant.clone()).or_default();
        let rule = tenant.rules.entry(counted.rule.clone()).or_default();
        rule.timespan_ms = correlation.timespan_ms();
        let group = rule.groups.entry((partition, key.into())).or_default();
        let before = if group.arrived == 0 { 0 } else { group.bytes(key) };
        group.arrived = group.arrived.max(arrived).max(1);
        let done = work(group);
        let after = group.bytes(key);
        rule.bytes = rule.bytes + after - before;
        tenant.bytes = tenant.bytes + after - before;
        self.bytes = self.bytes + after - before;
        (done, self.make_room())
    }

    /// Drops the groups of a partition into whose windows nothing can fall any more; `clock` is the arrival of its latest
    /// record.
    pub(super) fn expire(&mut self, partition: i32, clock: i64) {
        self.retain(|(of, _), group, timespan_ms| {
            *of != partition || group.arrived + timespan_ms + LATENESS_MS > clock
        });
    }

    /// Drops all groups of a partition.
    pub(super) fn revoke(&mut self, partition: i32) {
        self.retain(|(of, _), _, _| *of != partition);
    }

    fn retain(&mut self, keep: impl Fn(&Key, &Group, i64) -> bool) {
        self.tenants.retain(|_, tenant| {
            tenant.rules.retain(|_, rule| {
                rule.groups.retain(|key, group| keep(key, group, rule.timespan_ms));
                rule.recount();
                !rule.groups.is_empty()
            });
            tenant.bytes = tenant.rules.values().map(|rule| rule.bytes).sum();
            !tenant.rules.is_empty()
        });
        self.bytes = self.tenants.values().map(|tenant| tenant.bytes).sum();
    }

    /// Down to well below the bound, so that it isn't looked through for every event.
    fn make_room(&mut self) -> usize {
        if self.bytes <= self.most {
            return 0;
        }
        let goal = self.most / 8 * 7;
        let mut dropped = 0;
        while self.bytes > goal {
            let Some(tenant) = self.tenants.values_mut().max_by_key(|tenant| tenant.bytes) else { break };
            let Some(rule) = tenant.rules.values_mut().max_by_key(|rule| rule.bytes) else { break };
            // A part of what it has at a time: meanwhile another may have become the one that has most.
            let freed = rule.drop_oldest((self.bytes - goal).min(rule.bytes / 8 + 1), &mut dropped);
            tenant.bytes -= freed;
            self.bytes -= freed;
            if freed == 0 {
                break;
            }
        }
        dropped
    }
}

impl OfRule {
    fn recount(&mut self) {
        self.bytes = self.groups.iter().map(|((_, key), group)| group.bytes(key)).sum();
    }

    /// Drops groups until `bytes` are free, those whose last events arrived longest ago first; how many bytes that were.
    fn drop_oldest(&mut self, bytes: usize, dropped: &mut usize) -> usize {
        let mut ages: Vec<(i64, &Key)> = self.groups.iter().map(|(key, group)| (group.arrived, key)).collect();
        ages.sort_unstable();
        let (mut freed, mut gone) = (0, Vec::new());
        for (_, key) in ages {
            if freed >= bytes {
                break;
            }
            freed += self.groups.get(key).map_or(0, |group| group.bytes(&key.1));
            gone.push(key.clone());
        }
        for key in &gone {
            self.groups.remove(key);
        }
        *dropped += gone.len();
        self.bytes -= freed;
        freed
    }
}
