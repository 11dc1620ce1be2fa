//! By which of several comparisons a rule was broken, where that is another than of what it saw with the first of its limits: a rule of
//! alternatives is broken by any. Pure.

use detect::rules::{Asked, Explanation, Rule, Step, Test};

/// A comparison with a number that is asked for.
struct Comparison<'a> {
    step: &'a Step,
    field: &'a str,
    bound: f64,
    seen: Option<f64>,
    /// Whether it holds, and all that it is a part of.
    holds: bool,
}

/// Returns the comparisons that decided, given in the place of one number; none where that one did. The numbers of the explanation are
/// theirs then, and nothing is lacking of a number that is there.
pub(super) fn decided(rule: &Rule, explanation: &mut Explanation) -> Vec<Step> {
    let Some((field, limit)) = rule.seen_field.as_deref().zip(explanation.limit) else { return Vec::new() };
    let mut all = Vec::new();
    collect(&explanation.steps, true, &mut all);
    let is_own = |one: &&Comparison<'_>| one.field == field && (one.bound - limit).abs() < f64::EPSILON;
    let mut own = all.iter().filter(is_own).peekable();
    let matched = explanation.matched;
    if !matched && !explanation.steps.iter().any(|step| would_hold(step, field, limit)) {
        explanation.missing = None;
        return Vec::new();
    }
    let holds = |one: &Comparison<'_>| if matched { one.holds } else { one.step.holds };
    if own.peek().is_none() || own.any(holds) == matched {
        return Vec::new();
    }
    if !matched {
        explanation.missing = None;
        return Vec::new();
    }
    let holding: Vec<_> = all.iter().filter(|one| one.holds).collect();
    let reasons = holding.iter().map(|one| one.step.clone()).collect();
    if let Some((seen, limit)) = holding.first().map(|first| (first.seen, first.bound)) {
        (explanation.seen, explanation.limit) = (seen, Some(limit));
    }
    reasons
}

/// Whether a step would hold if the rule's own number were large enough.
fn would_hold(step: &Step, own: &str, limit: f64) -> bool {
    let would = |step: &Step| would_hold(step, own, limit);
    match &step.asked {
        Asked::All(steps) => steps.iter().all(would),
        Asked::AtLeast(most, steps) => steps.iter().filter(|step| would(step)).count() as u64 >= *most,
        Asked::Value { field: Some(field), test: Test::More(bound) | Test::AtLeast(bound), .. } => {
            step.holds || (field == own && (bound - limit).abs() < f64::EPSILON)
        }
        Asked::Not(_) | Asked::Members { .. } | Asked::Value { .. } => step.holds,
    }
}

fn collect<'a>(steps: &'a [Step], all_hold: bool, all: &mut Vec<Comparison<'a>>) {
    for step in steps {
        let holds = all_hold && step.holds;
        match &step.asked {
            Asked::All(steps) | Asked::AtLeast(_, steps) => collect(steps, holds, all),
            Asked::Value { field: Some(field), test, seen, .. } => {
                if let Test::More(bound) | Test::AtLeast(bound) | Test::Less(bound) | Test::AtMost(bound) = test {
                    let seen = seen.as_ref().and_then(serde_json::Value::as_f64);
                    all.push(Comparison { step, field, bound: *bound, seen, holds });
                }
            }
            // What must not be is no reason, and what is asked of members of a list no limit.
            Asked::Not(_) | Asked::Members { .. } | Asked::Value { .. } => {}
        }
    }
}
