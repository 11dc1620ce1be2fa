//! Sigma correlations: what several events make together, within a time and a group.
//!
//! The engine is ours. State is a [`Window`] for each correlation and group: the times of the events that count, small
//! and serializable, so that it lives with the state of a user, or of a tenant for what goes across users. Rules decide
//! which events count (base rules of a [`RuleSet`](crate::rules::RuleSet)); here it is decided what they add up to.
//!
//! A window of time `t` holds what occurred in `(t - timespan, t]`. An event that comes late takes its place by time, and
//! every window that it belongs to is looked at again; so what fires doesn't depend on the order of arrival, as long as
//! more events can't undo a fire ([`Correlation::settles`]).

mod compile;
mod measure;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use hashbrown::HashSet;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::rules::comparison::Test as Bound;
use crate::rules::fields::EventFields;
pub(crate) use compile::{Base, compile};
use measure::{Measure, Test};

/// Most events that a window keeps: the newest; where values are counted, the latest of each value before any other. No
/// threshold asks for more.
pub const MAX_ITEMS: usize = 1000;

/// One event of a window.
#[derive(Clone, Copy, Serialize, Deserialize, PartialEq, Debug)]
pub struct Item {
    /// When it occurred, milliseconds.
    pub at: i64,
    /// A digest of its identity.
    pub event: u64,
    /// Which of the correlation's base rules it breaks.
    pub base: u8,
    /// xxh3 of the text for `value_count`, the bits of an `f64` for what adds values up, or 0.
    pub value: u64,
}

/// A window in which the condition holds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Fire {
    /// Its end, milliseconds: when one of its events occurred.
    pub at: i64,
    /// What was seen: the count, the sum, the average …
    pub seen: f64,
}

/// The events of one group that count, sorted by time: at most [`MAX_ITEMS`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window(Vec<Item>);

/// A compiled correlation.
#[derive(Debug, Clone)]
pub struct Correlation {
    /// Index into [`RuleSet::rules`](crate::rules::RuleSet::rules).
    pub rule: u16,
    /// The base rules, in the order of [`Item::base`].
    bases: Vec<u16>,
    group_by: Vec<GroupBy>,
    /// Whose value counts, for each base rule.
    fields: Vec<Vec<Arc<str>>>,
    timespan_ms: i64,
    test: Test,
}

/// A field by which events are grouped.
#[derive(Debug, Clone)]
struct GroupBy {
    /// As the rule names it: a field, or an alias.
    name: Arc<str>,
    /// The field of an event, for each base rule.
    fields: Vec<Arc<str>>,
}

/// Why a correlation fires, or how far it is from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CorrelationExplanation {
    /// Whether the condition holds.
    pub matched: bool,
    /// What was seen.
    pub seen: f64,
    /// What it is held against: the first bound of the condition that takes more, or how many base rules there are.
    pub needed: f64,
    /// How much more it takes, while that is not enough: of whole numbers one more than `needed` where more is asked for.
    pub missing: f64,
    /// Length of the window, milliseconds.
    pub timespan_ms: i64,
    /// Events in the window.
    pub events: usize,
}

/// What a correlation counts in its window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Counted {
    /// Events.
    Events,
    /// Different values.
    Distinct,
    /// Which of its base rules were broken.
    Kinds,
    /// How many of its base rules were broken one after the other.
    InOrder,
    /// The sum of values.
    Sum,
    /// Their average.
    Average,
    /// The value at this rank, 0 to 100.
    Percentile(f64),
}

impl Correlation {
    /// Whether groups have events of several users: then the state can't be the user's.
    #[must_use]
    pub fn across_users(&self) -> bool {
        !self.group_by.iter().any(|group| group.fields.iter().all(|field| &**field == "actor.id"))
    }

    /// Length of the window, milliseconds.
    #[must_use]
    pub fn timespan_ms(&self) -> i64 {
        self.timespan_ms
    }

    /// Whether more events never undo a fire. Where they may (`lt`, `eq`, an average, a `not`), a fire says what was
    /// known when it fired, and a late event may come too late to change it.
    #[must_use]
    pub fn settles(&self) -> bool {
        self.test.settles()
    }

    /// The group of an event that breaks the base rule `base` (index into the rules): fields as the rule names them, and
    /// their values. Nothing if a field is absent, or `base` is another correlation's.
    pub fn group<E: EventFields>(&self, base: u16, event: &E) -> Option<Vec<(Arc<str>, String)>> {
        let base = self.position(base)?;
        self.group_by
            .iter()
            .map(|group| {
                let value = event.field(group.fields.get(base)?)?;
                Some((Arc::clone(&group.name), value.as_str()?.into_owned()))
            })
            .collect()
    }

    /// Returns what the event counts as; nothing if it has no value where the correlation wants one. `identity` distinguishes it from any
    /// other event.
    pub fn item<E: EventFields>(&self, base: u16, event: &E, at: i64, identity: u64) -> Option<Item> {
        let base = self.position(base)?;
        let fields = self.fields.get(base).map_or(&[][..], Vec::as_slice);
        let value = if self.test.adds_up() {
            let value = event.field(fields.first()?)?.as_f64()?;
            // No field of an event is below zero, and so more events never make a sum less.
            (value.is_finite() && value >= 0.0).then_some(value.to_bits())?
        } else {
            text_hash(fields, event)?
        };
        Some(Item { at, event: identity, base: u8::try_from(base).ok()?, value })
    }

    /// What it counts, and what that has to come to; nothing where a condition over its base rules decides.
    #[must_use]
    pub fn asks(&self) -> (Counted, Vec<Bound>) {
        self.test.asks()
    }

    /// The number that what it counts is held against; nothing where a condition over its base rules decides.
    #[must_use]
    pub fn limit(&self) -> Option<f64> {
        (!self.test.asks().1.is_empty()).then(|| self.test.needed())
    }

    /// How the window that ends at `at` stands.
    #[must_use]
    pub fn explain(&self, window: &Window, at: i64) -> CorrelationExplanation {
        let mut measure = Measure::new(&self.test, &window.0);
        measure.slide(window.range(at, self.timespan_ms));
        let (seen, holds) = measure.verdict();
        let events = measure.events();
        CorrelationExplanation {
            matched: holds && events > 0,
            seen,
            needed: self.test.needed(),
            missing: self.test.missing(seen),
            timespan_ms: self.timespan_ms,
            events,
        }
    }

    fn position(&self, base: u16) -> Option<usize> {
        self.bases.iter().position(|known| *known == base)
    }
}

impl Window {
    /// Puts an event into its place by time, and appends to `fires` every window with it in which the condition holds, in
    /// the order of time. An event that is there already changes nothing.
    pub fn push(&mut self, item: Item, correlation: &Correlation, fires: &mut Vec<Fire>) {
        if self.0.iter().any(|known| (known.event, known.base) == (item.event, item.base)) {
            return;
        }
        let order = |item: &Item| (item.at, item.event, item.base);
        let place = self.0.partition_point(|known| order(known) < order(&item));
        self.0.insert(place, item);
        if self.0.len() > MAX_ITEMS {
            let dropped = self.least(&correlation.test);
            self.0.remove(dropped);
            if dropped == place {
                return;
            }
        }
        let until = item.at.saturating_add(correlation.timespan_ms);
        let mut measure = Measure::new(&correlation.test, &self.0);
        let mut next = self.0.partition_point(|known| known.at < item.at);
        while let Some(at) = self.0.get(next).map(|end| end.at).filter(|at| *at < until) {
            let range = self.range(at, correlation.timespan_ms);
            next = range.end;
            measure.slide(range);
            let (seen, holds) = measure.verdict();
            if holds {
                fires.push(Fire { at, seen });
            }
        }
    }

    /// The event that says least: the oldest of those whose value (or base rule) another event has later on, so that a flood
    /// of one value hides no other; or else the oldest. Which one it is doesn't depend on the order of arrival.
    fn least(&self, test: &Test) -> usize {
        let mut later = HashSet::new();
        let mut least = 0;
        for (at, item) in self.0.iter().enumerate().rev() {
            match test.apart(item) {
                Some(value) if !later.insert(value) => least = at,
                Some(_) => {}
                None => return 0,
            }
        }
        least
    }

    /// Time of the latest event, milliseconds.
    #[must_use]
    pub fn latest(&self) -> Option<i64> {
        self.0.last().map(|item| item.at)
    }

    /// Drops what occurred before `before`, milliseconds.
    pub fn forget(&mut self, before: i64) {
        self.0.drain(..self.0.partition_point(|item| item.at < before));
    }

    /// Whether there is nothing in it: nothing to keep, then.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Events in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What occurred in `(at - timespan_ms, at]`.
    fn range(&self, at: i64, timespan_ms: i64) -> std::ops::Range<usize> {
        let after = at.saturating_sub(timespan_ms);
        self.0.partition_point(|item| item.at <= after)..self.0.partition_point(|item| item.at <= at)
    }
}

/// Of the values of all fields together, which have to be there; 0 without fields.
fn text_hash<E: EventFields>(fields: &[Arc<str>], event: &E) -> Option<u64> {
    if fields.is_empty() {
        return Some(0);
    }
    let mut hash = Xxh3::new();
    for field in fields {
        let value = event.field(field)?;
        let text = value.as_str()?;
        // Lengths keep "a", "bc" apart from "ab", "c".
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    Some(hash.digest())
}
