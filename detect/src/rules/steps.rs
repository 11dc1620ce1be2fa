//! What a rule asks of an event, step by step and whether the event has it: a tree that can be put into words. rsigma's trace
//! says what was seen and what holds, the compiled rule what was asked.

use std::collections::HashMap;

use rsigma_eval::matcher::GroupMode;
use rsigma_eval::{
    CompiledDetection, CompiledDetectionItem, CompiledMatcher, ConditionTrace, DetectionTrace, ItemTrace, MatchReason,
};
use serde_json::Value;

use super::comparison::{Test, short_of};

/// One step of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Whether it holds.
    pub holds: bool,
    /// What it asks for.
    pub asked: Asked,
}

/// What a step asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// All of these.
    All(Vec<Step>),
    /// At least this many of these.
    AtLeast(u64, Vec<Step>),
    /// That this doesn't hold.
    Not(Box<Step>),
    /// That as many members of a list as `quantifier` says (`any`, `all`, `all_or_empty`, `none`) have all of `steps`. Each member
    /// that the trace keeps has steps of its own; without one there is what each would be asked.
    Members {
        /// The list.
        field: String,
        /// How many.
        quantifier: String,
        /// Members that have it, and members that there are.
        counts: (usize, usize),
        /// Members, each by its steps.
        steps: Vec<Step>,
    },
    /// Something of a value.
    Value {
        /// Whose; none for any field.
        field: Option<String>,
        /// What it has to be.
        test: Test,
        /// What it is.
        seen: Option<Value>,
        /// Whether it is right but for capitals.
        but_for_case: bool,
    },
}

/// A number that a rule compares a field with.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) bound: f64,
    /// What the event has.
    pub(super) seen: Option<f64>,
    /// How much more it would take, where more is asked for and that is not enough.
    pub(super) missing: Option<f64>,
    holds: bool,
}

/// The comparison that decides, of those that `is` says of a field and a number: the first that holds, where the rule is broken, or
/// else the first that doesn't. What is asked of members of a list is no limit.
pub(super) fn compared(steps: &[Step], matched: bool, is: &dyn Fn(&str, f64) -> bool) -> Option<Compared> {
    let mut all = Vec::new();
    collect(steps, false, is, &mut all);
    let decides = all.iter().position(|one| one.holds == matched).unwrap_or_default();
    (decides < all.len()).then(|| all.swap_remove(decides))
}

fn collect(steps: &[Step], negated: bool, is: &dyn Fn(&str, f64) -> bool, all: &mut Vec<Compared>) {
    for step in steps {
        match &step.asked {
            Asked::All(steps) | Asked::AtLeast(_, steps) => collect(steps, negated, is, all),
            Asked::Not(step) => collect(std::slice::from_ref(step), !negated, is, all),
            Asked::Value { field: Some(field), test, seen, .. } => {
                let seen = seen.as_ref().and_then(Value::as_f64);
                compare(test, negated, seen, &mut |found| {
                    if is(field, found.bound) {
                        all.push(found);
                    }
                });
            }
            Asked::Members { .. } | Asked::Value { .. } => {}
        }
    }
}

/// The comparisons of a test, or of its opposite.
fn compare(test: &Test, negated: bool, seen: Option<f64>, found: &mut dyn FnMut(Compared)) {
    // Whether the number has to be above the bound, and whether the bound itself will do.
    let (bound, above, reaches) = match test {
        Test::More(bound) => (*bound, !negated, negated),
        Test::AtLeast(bound) => (*bound, !negated, !negated),
        Test::Less(bound) => (*bound, negated, negated),
        Test::AtMost(bound) => (*bound, negated, !negated),
        Test::Not(test) => return compare(test, !negated, seen, found),
        Test::Any(tests) | Test::All(tests) => {
            return tests.iter().for_each(|test| compare(test, negated, seen, found));
        }
        _ => return,
    };
    let is_within = |seen: f64| if above { seen > bound } else { seen < bound };
    let holds = seen.is_some_and(|seen| is_within(seen) || reaches && (seen - bound).abs() < f64::EPSILON);
    let missing = seen.filter(|_| above && !holds).map(|seen| short_of(seen, bound, !reaches));
    found(Compared { bound, seen, missing, holds });
}

type Detections = HashMap<String, CompiledDetection>;

/// The step of a condition.
pub(super) fn condition(trace: &ConditionTrace, detections: &Detections) -> Step {
    let each = |children: &[ConditionTrace]| children.iter().map(|child| condition(child, detections)).collect();
    let named = |name: &str, trace| detections.get(name).map(|compiled| detection(Some(trace), compiled));
    let holds = trace.matched();
    match trace {
        ConditionTrace::Selection { name, detection, .. } => {
            named(name, detection).unwrap_or_else(|| all(holds, Vec::new()))
        }
        ConditionTrace::And { children, .. } => all(holds, each(children)),
        ConditionTrace::Or { children, .. } => at_least(holds, 1, each(children)),
        ConditionTrace::Not { child, .. } => Step { holds, asked: Asked::Not(Box::new(condition(child, detections))) },
        ConditionTrace::Quantified { need, branches, .. } => {
            let steps: Vec<Step> =
                branches.iter().filter_map(|branch| named(&branch.name, &branch.detection)).collect();
            at_least(holds, *need, steps)
        }
    }
}

/// The step of a detection; without a trace as it would be asked of anything.
fn detection(trace: Option<&DetectionTrace>, compiled: &CompiledDetection) -> Step {
    let holds = trace.is_some_and(DetectionTrace::matched);
    let each = |traces: Option<&[DetectionTrace]>, parts: &[CompiledDetection]| {
        let trace = |at: usize| traces.and_then(|traces| traces.get(at));
        parts.iter().enumerate().map(|(at, part)| detection(trace(at), part)).collect()
    };
    match compiled {
        CompiledDetection::AllOf(items) => {
            let traces: &[ItemTrace] = if let Some(DetectionTrace::AllOf { items, .. }) = trace { items } else { &[] };
            all(holds, items.iter().enumerate().map(|(at, own)| item(traces.get(at), own)).collect())
        }
        CompiledDetection::AnyOf(parts) => {
            let traces =
                if let Some(DetectionTrace::AnyOf { branches, .. }) = trace { Some(&**branches) } else { None };
            at_least(holds, 1, each(traces, parts))
        }
        CompiledDetection::And(parts) => {
            let traces = if let Some(DetectionTrace::And { branches, .. }) = trace { Some(&**branches) } else { None };
            all(holds, each(traces, parts))
        }
        CompiledDetection::Keywords(matcher) => {
            let asked = Asked::Value { field: None, test: test(matcher), seen: None, but_for_case: false };
            Step { holds, asked }
        }
        CompiledDetection::ArrayMatch { field, quantifier, body } => {
            let (counts, members) = match trace {
                Some(DetectionTrace::ArrayMatch { member_count, matched_count, members, .. }) => {
                    ((*matched_count, *member_count), members.as_slice())
                }
                _ => ((0, 0), &[][..]),
            };
            let mut steps: Vec<Step> = members.iter().map(|member| detection(Some(&member.detection), body)).collect();
            if steps.is_empty() {
                steps.push(detection(None, body));
            }
            let (field, quantifier) = (field.clone(), quantifier.to_string());
            Step { holds, asked: Asked::Members { field, quantifier, counts, steps } }
        }
        CompiledDetection::Conditional { named, .. } => match trace {
            Some(DetectionTrace::Conditional { condition: trace, .. }) => condition(trace, named),
            _ => {
                let mut parts: Vec<_> = named.iter().collect();
                parts.sort_by_key(|(name, _)| *name);
                all(holds, parts.into_iter().map(|(_, part)| detection(None, part)).collect())
            }
        },
    }
}

fn item(trace: Option<&ItemTrace>, compiled: &CompiledDetectionItem) -> Step {
    let asked = Asked::Value {
        field: compiled.field.clone(),
        test: compiled.exists.map_or_else(|| test(&compiled.matcher), Test::There),
        seen: trace.and_then(|trace| trace.actual.clone()).filter(|seen| !seen.is_null()),
        but_for_case: trace.is_some_and(|trace| trace.reason == MatchReason::CaseMismatch),
    };
    Step { holds: trace.is_some_and(|trace| trace.matched), asked }
}

/// All of the steps; one alone is that step.
fn all(holds: bool, mut steps: Vec<Step>) -> Step {
    match steps.pop() {
        Some(only) if steps.is_empty() => only,
        last => {
            steps.extend(last);
            Step { holds, asked: Asked::All(steps) }
        }
    }
}

fn at_least(holds: bool, need: u64, steps: Vec<Step>) -> Step {
    if need == steps.len() as u64 {
        return all(holds, steps);
    }
    Step { holds, asked: Asked::AtLeast(need, steps) }
}

fn test(matcher: &CompiledMatcher) -> Test {
    let each = |matchers: &[CompiledMatcher]| matchers.iter().map(test).collect();
    match matcher {
        CompiledMatcher::Exact { value, .. } => Test::Is(value.clone()),
        CompiledMatcher::Contains { value, .. } => Test::Contains(value.clone()),
        CompiledMatcher::StartsWith { value, .. } => Test::StartsWith(value.clone()),
        CompiledMatcher::EndsWith { value, .. } => Test::EndsWith(value.clone()),
        CompiledMatcher::Regex(pattern) => Test::Fits(pattern.as_str().to_owned()),
        CompiledMatcher::AhoCorasickSet { needles, .. } => {
            Test::Any(needles.iter().cloned().map(Test::Contains).collect())
        }
        CompiledMatcher::RegexSetMatch { set, mode } => {
            group(*mode, set.patterns().iter().cloned().map(Test::Fits).collect())
        }
        CompiledMatcher::Cidr(network) => Test::Within(network.to_string()),
        CompiledMatcher::NumericEq(number) => Test::Number(*number),
        CompiledMatcher::NumericGt(number) => Test::More(*number),
        CompiledMatcher::NumericGte(number) => Test::AtLeast(*number),
        CompiledMatcher::NumericLt(number) => Test::Less(*number),
        CompiledMatcher::NumericLte(number) => Test::AtMost(*number),
        CompiledMatcher::Exists(there) => Test::There(*there),
        CompiledMatcher::FieldRef { field, .. } => Test::Field(field.clone()),
        CompiledMatcher::Null => Test::There(false),
        CompiledMatcher::BoolEq(flag) => Test::Flag(*flag),
        CompiledMatcher::Expand { .. } => Test::Is(matcher.describe().pattern.unwrap_or_default()),
        CompiledMatcher::TimestampPart { inner, .. } => test(inner),
        CompiledMatcher::Not(inner) => match test(inner) {
            Test::There(there) => Test::There(!there),
            other => Test::Not(Box::new(other)),
        },
        CompiledMatcher::AnyOf(matchers) => group(GroupMode::Any, each(matchers)),
        CompiledMatcher::AllOf(matchers) => group(GroupMode::All, each(matchers)),
        CompiledMatcher::CaseInsensitiveGroup { children, mode } => group(*mode, each(children)),
    }
}

fn group(mode: GroupMode, mut tests: Vec<Test>) -> Test {
    match (tests.len(), mode) {
        (1, _) => tests.remove(0),
        (_, GroupMode::Any) => Test::Any(tests),
        (_, GroupMode::All) => Test::All(tests),
    }
}
