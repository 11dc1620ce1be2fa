//! What the events of a window add up to, and whether that is enough.

use std::ops::Range;

use hashbrown::HashMap;
use rsigma_parser::ConditionOperator;

use super::{Counted, Item};
use crate::rules::comparison::{Test as Bound, short_of};

/// What a correlation asks of a window.
#[derive(Debug, Clone)]
pub(super) struct Test {
    pub(super) kind: Kind,
    /// Bounds on what was seen; all have to hold.
    pub(super) bounds: Vec<(ConditionOperator, f64)>,
}

/// What is seen of a window.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// How many events.
    Events,
    /// How many different values.
    Distinct,
    /// How many of the base rules; where there is an expression, it decides.
    Bases(Option<Expression>),
    /// How many of the base rules (this many), each no earlier than the one before.
    Ordered(u8),
    /// The sum of values.
    Sum,
    /// Their average.
    Average,
    /// The value at this rank, 0 to 100, between neighbours if need be.
    Percentile(f64),
}

/// A condition over base rules, as bits: `1 << Item::base`.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    /// At least this many of these bits.
    AtLeast(u32, u32),
    /// All of them.
    And(Vec<Self>),
    /// Any of them.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
}

impl Expression {
    fn holds(&self, bases: u32) -> bool {
        match self {
            Self::AtLeast(count, bits) => (bases & bits).count_ones() >= *count,
            Self::And(parts) => parts.iter().all(|part| part.holds(bases)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(bases)),
            Self::Not(part) => !part.holds(bases),
        }
    }

    fn settles(&self) -> bool {
        match self {
            Self::AtLeast(..) => true,
            Self::And(parts) | Self::Or(parts) => parts.iter().all(Self::settles),
            Self::Not(_) => false,
        }
    }
}

impl Test {
    /// Whether items carry numbers.
    pub(super) fn adds_up(&self) -> bool {
        matches!(self.kind, Kind::Sum | Kind::Average | Kind::Percentile(_))
    }

    /// Returns what distinguishes events, where it matters how different they are.
    pub(super) fn apart(&self, item: &Item) -> Option<u64> {
        match self.kind {
            Kind::Distinct => Some(item.value),
            Kind::Bases(_) | Kind::Ordered(_) => Some(item.base.into()),
            Kind::Events | Kind::Sum | Kind::Average | Kind::Percentile(_) => None,
        }
    }

    pub(super) fn settles(&self) -> bool {
        let grows = match &self.kind {
            Kind::Events | Kind::Distinct | Kind::Ordered(_) | Kind::Sum | Kind::Bases(None) => true,
            Kind::Bases(Some(expression)) => expression.settles(),
            Kind::Average | Kind::Percentile(_) => false,
        };
        grows && self.bounds.iter().all(|(op, _)| matches!(op, ConditionOperator::Gt | ConditionOperator::Gte))
    }

    pub(super) fn needed(&self) -> f64 {
        self.first().map_or(0.0, |(_, bound)| *bound)
    }

    /// The first bound that takes more, or else the first.
    fn first(&self) -> Option<&(ConditionOperator, f64)> {
        let takes_more = |(op, _): &&(ConditionOperator, f64)| {
            matches!(op, ConditionOperator::Gt | ConditionOperator::Gte | ConditionOperator::Eq)
        };
        self.bounds.iter().find(takes_more).or_else(|| self.bounds.first())
    }

    /// How much more than what was seen it takes to get within that bound from below.
    pub(super) fn missing(&self, seen: f64) -> f64 {
        let more = |(op, bound): &(ConditionOperator, f64)| match op {
            ConditionOperator::Lt | ConditionOperator::Lte | ConditionOperator::Neq => 0.0,
            ConditionOperator::Gt => short_of(seen, *bound, true),
            ConditionOperator::Gte | ConditionOperator::Eq => short_of(seen, *bound, false),
        };
        self.first().map_or(0.0, more)
    }

    /// What is counted, and what the count has to be; nothing where an expression decides.
    pub(super) fn asks(&self) -> (Counted, Vec<Bound>) {
        let bound = |(op, bound): &(ConditionOperator, f64)| match op {
            ConditionOperator::Lt => Bound::Less(*bound),
            ConditionOperator::Lte => Bound::AtMost(*bound),
            ConditionOperator::Gt => Bound::More(*bound),
            ConditionOperator::Gte => Bound::AtLeast(*bound),
            ConditionOperator::Eq => Bound::Number(*bound),
            ConditionOperator::Neq => Bound::Not(Box::new(Bound::Number(*bound))),
        };
        let bounds = || self.bounds.iter().map(bound).collect();
        match self.kind {
            Kind::Events => (Counted::Events, bounds()),
            Kind::Distinct => (Counted::Distinct, bounds()),
            Kind::Bases(None) => (Counted::Kinds, bounds()),
            Kind::Bases(Some(_)) => (Counted::Kinds, Vec::new()),
            Kind::Ordered(_) => (Counted::InOrder, bounds()),
            Kind::Sum => (Counted::Sum, bounds()),
            Kind::Average => (Counted::Average, bounds()),
            Kind::Percentile(rank) => (Counted::Percentile(rank), bounds()),
        }
    }

    fn in_bounds(&self, seen: f64) -> bool {
        self.bounds.iter().all(|(op, bound)| match op {
            ConditionOperator::Lt => seen < *bound,
            ConditionOperator::Lte => seen <= *bound,
            ConditionOperator::Gt => seen > *bound,
            ConditionOperator::Gte => seen >= *bound,
            ConditionOperator::Eq => (seen - bound).abs() < f64::EPSILON,
            ConditionOperator::Neq => (seen - bound).abs() >= f64::EPSILON,
        })
    }
}

/// Looks at one window after another, each later than the one before.
pub(super) struct Measure<'a> {
    test: &'a Test,
    items: &'a [Item],
    range: Range<usize>,
    /// How often each value is in the range, where values are counted.
    values: HashMap<u64, u32>,
}

impl<'a> Measure<'a> {
    pub(super) fn new(test: &'a Test, items: &'a [Item]) -> Self {
        Self { test, items, range: 0..0, values: HashMap::new() }
    }

    /// Goes on to the items of `range`, whose ends are no earlier than those of the last.
    pub(super) fn slide(&mut self, range: Range<usize>) {
        let last = std::mem::replace(&mut self.range, range);
        if !matches!(self.test.kind, Kind::Distinct) {
            return;
        }
        let gone = last.start..self.range.start.min(last.end);
        let come = last.end.max(self.range.start)..self.range.end;
        for item in self.items.get(come).unwrap_or_default() {
            *self.values.entry(item.value).or_default() += 1;
        }
        for item in self.items.get(gone).unwrap_or_default() {
            if let Some(count) = self.values.get_mut(&item.value) {
                *count -= 1;
                if *count == 0 {
                    self.values.remove(&item.value);
                }
            }
        }
    }

    pub(super) fn events(&self) -> usize {
        self.range.len()
    }

    /// What is seen, and whether the condition holds.
    pub(super) fn verdict(&self) -> (f64, bool) {
        let items = self.items.get(self.range.clone()).unwrap_or_default();
        let values = || items.iter().map(|item| f64::from_bits(item.value));
        let seen = match &self.test.kind {
            Kind::Events => items.len() as f64,
            Kind::Distinct => self.values.len() as f64,
            Kind::Bases(expression) => {
                let bases =
                    items.iter().fold(0, |bases, item| bases | 1_u32.checked_shl(item.base.into()).unwrap_or_default());
                let seen = f64::from(bases.count_ones());
                if let Some(expression) = expression {
                    return (seen, expression.holds(bases));
                }
                seen
            }
            Kind::Ordered(steps) => f64::from(in_order(items, *steps)),
            Kind::Sum => values().sum(),
            Kind::Average => values().sum::<f64>() / items.len().max(1) as f64,
            Kind::Percentile(rank) => percentile(values().collect(), *rank),
        };
        (seen, self.test.in_bounds(seen))
    }
}

/// How many of the steps occurred one after the other. Events of one time count as being in order.
fn in_order(items: &[Item], steps: u8) -> u8 {
    let mut from = i64::MIN;
    for step in 0..steps {
        let start = items.partition_point(|item| item.at < from);
        match items.iter().skip(start).find(|item| item.base == step) {
            Some(item) => from = item.at,
            None => return step,
        }
    }
    steps
}

/// With a rank between two values, the point between them.
fn percentile(mut values: Vec<f64>, rank: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = rank / 100.0 * values.len().saturating_sub(1) as f64;
    let value = |at: f64| values.get(at as usize).copied().unwrap_or_default();
    let (below, above) = (value(place.floor()), value(place.ceil()));
    below + (above - below) * place.fract()
}
