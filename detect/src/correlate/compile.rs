//! From Sigma's correlations to ours.

use std::sync::Arc;

use rsigma_parser::{
    ConditionExpr, ConditionOperator, CorrelationCondition, CorrelationRule, CorrelationType, Quantifier, WindowMode,
};

use super::measure::{Expression, Kind, Test};
use super::{Correlation, GroupBy, MAX_ITEMS};
use crate::rules::fields::known_field;
use crate::rules::problem::RuleProblem;

/// Longest window, milliseconds: 30 days.
const MAX_TIMESPAN_MS: i64 = 30 * 24 * 3_600_000;
/// Longest window across users, milliseconds: what is read again on a takeover covers it, with the lateness.
const MAX_ACROSS_USERS_MS: i64 = 24 * 3_600_000;
/// Base rules are bits of a `u32`.
const MAX_BASES: usize = 32;
/// Most fields of a group, and of a value.
const MAX_FIELDS: usize = 8;

/// A base rule that stands in the correlation's file.
#[derive(Debug)]
pub(crate) struct Base {
    /// Index into the set's rules.
    pub(crate) rule: u16,
    /// By what the correlation refers to it.
    pub(crate) name: String,
    /// Or by that.
    pub(crate) id: Option<String>,
}

impl Base {
    fn is(&self, reference: &str) -> bool {
        self.name == reference || self.id.as_deref() == Some(reference)
    }
}

/// Compiles the correlation at `rule` of the set, whose file has these base rules.
pub(crate) fn compile(sigma: &CorrelationRule, rule: u16, bases: &[Base]) -> Result<Correlation, RuleProblem> {
    let bases = in_order(sigma, bases)?;
    if sigma.window != WindowMode::Sliding {
        return Err(refused("`window` has to be sliding"));
    }
    let timespan_ms = i64::try_from(sigma.timespan.seconds).ok().and_then(|seconds| seconds.checked_mul(1000));
    let timespan_ms = timespan_ms
        .filter(|ms| (1..=MAX_TIMESPAN_MS).contains(ms))
        .ok_or_else(|| refused("`timespan` has to be 1s to 30d"))?;
    let group_by = sigma.group_by.iter().map(|name| {
        let fields = bases.iter().map(|base| field(sigma, name, base)).collect::<Result<_, _>>()?;
        Ok(GroupBy { name: name.as_str().into(), fields })
    });
    let group_by: Vec<GroupBy> = group_by.collect::<Result<_, RuleProblem>>()?;
    let test = test(sigma, &bases)?;
    let names = match &sigma.condition {
        CorrelationCondition::Threshold { field: Some(names), .. } => names.as_slice(),
        _ => &[],
    };
    check_fields(&test, names, group_by.len())?;
    let fields = bases.iter().map(|base| names.iter().map(|name| field(sigma, name, base)).collect());
    let fields = fields.collect::<Result<_, RuleProblem>>()?;
    let bases = bases.iter().map(|base| base.rule).collect();
    let correlation = Correlation { rule, bases, group_by, fields, timespan_ms, test };
    if correlation.across_users() && timespan_ms > MAX_ACROSS_USERS_MS {
        return Err(refused("across users (no `actor.id` in `group-by`), `timespan` is at most 24h"));
    }
    Ok(correlation)
}

fn refused(why: &'static str) -> RuleProblem {
    RuleProblem::Correlation(why)
}

/// The base rules as the correlation lists them; all of the file's have to be there, once.
fn in_order<'a>(sigma: &CorrelationRule, bases: &'a [Base]) -> Result<Vec<&'a Base>, RuleProblem> {
    let mut listed: Vec<&Base> = Vec::new();
    for reference in &sigma.rules {
        if [&sigma.name, &sigma.id].into_iter().flatten().any(|own| own == reference) {
            return Err(refused("correlations of correlations are not supported"));
        }
        let base = bases.iter().find(|base| base.is(reference));
        let base = base.ok_or_else(|| RuleProblem::NoBase(reference.clone()))?;
        if listed.iter().any(|known| known.rule == base.rule) {
            return Err(refused("`rules` has a rule twice"));
        }
        listed.push(base);
    }
    match listed.len() {
        0 => Err(refused("`rules` is missing")),
        count if count > MAX_BASES => Err(refused("more than 32 base rules")),
        count if count < bases.len() => Err(refused("a base rule is not in `rules`")),
        _ => Ok(listed),
    }
}

/// The field that `name` is for a base rule: an alias, or the field itself.
fn field(sigma: &CorrelationRule, name: &str, base: &Base) -> Result<Arc<str>, RuleProblem> {
    let alias = sigma.aliases.iter().find(|alias| alias.alias == name);
    let mapped = alias.and_then(|alias| alias.mapping.iter().find(|(rule, _)| base.is(rule)));
    Ok(match known_field(mapped.map_or(name, |(_, field)| field))? {
        // Whoever has an IPv6 address has a /64 of them.
        "context.ip" => "context.ip_prefix",
        known => known,
    }
    .into())
}

fn check_fields(test: &Test, names: &[String], groups: usize) -> Result<(), RuleProblem> {
    let (wanted, why) = match test.kind {
        Kind::Distinct => (1..=MAX_FIELDS, "a count of values needs one to eight fields (`condition.field`)"),
        Kind::Sum | Kind::Average | Kind::Percentile(_) => {
            (1..=1, "values of one field (`condition.field`) are needed")
        }
        Kind::Events | Kind::Bases(_) | Kind::Ordered(_) => (0..=0, "this type has no `condition.field`"),
    };
    if groups > MAX_FIELDS {
        return Err(refused("more than eight fields in `group-by`"));
    }
    if wanted.contains(&names.len()) { Ok(()) } else { Err(refused(why)) }
}

fn test(sigma: &CorrelationRule, bases: &[&Base]) -> Result<Test, RuleProblem> {
    use CorrelationType as Sigma;
    let (predicates, percentile) = match &sigma.condition {
        CorrelationCondition::Threshold { predicates, percentile, .. } => (predicates.as_slice(), *percentile),
        CorrelationCondition::Extended(condition) => {
            if sigma.correlation_type != Sigma::Temporal {
                return Err(refused("only `temporal` has a condition over rules"));
            }
            let expression = expression(condition, bases)?;
            let bounds = vec![(ConditionOperator::Gte, bases.len() as f64)];
            return Ok(Test { kind: Kind::Bases(Some(expression)), bounds });
        }
    };
    let mut bounds: Vec<_> = predicates.iter().map(|(op, bound)| (*op, *bound as f64)).collect();
    // Sigma's parser gives this where there is no condition: all of the rules.
    let all = matches!(predicates, [(ConditionOperator::Gte, 1)]);
    let kind = match sigma.correlation_type {
        Sigma::EventCount => Kind::Events,
        Sigma::ValueCount => Kind::Distinct,
        Sigma::ValueSum => Kind::Sum,
        Sigma::ValueAvg => Kind::Average,
        Sigma::ValueMedian => Kind::Percentile(50.0),
        Sigma::ValuePercentile => match percentile.unwrap_or(50) {
            rank @ 0..=100 => Kind::Percentile(rank as f64),
            _ => return Err(refused("`percentile` has to be 0 to 100")),
        },
        Sigma::Temporal => Kind::Bases(None),
        Sigma::TemporalOrdered if all => Kind::Ordered(u8::try_from(bases.len()).unwrap_or(u8::MAX)),
        Sigma::TemporalOrdered => return Err(refused("`temporal_ordered` has no condition")),
    };
    if matches!(kind, Kind::Ordered(_)) || (all && matches!(kind, Kind::Bases(_))) {
        bounds = vec![(ConditionOperator::Gte, bases.len() as f64)];
    }
    let most = match kind {
        Kind::Events | Kind::Distinct => MAX_ITEMS as f64,
        Kind::Bases(_) | Kind::Ordered(_) => bases.len() as f64,
        // What a number can say exactly.
        Kind::Sum | Kind::Average | Kind::Percentile(_) => 2_f64.powi(53),
    };
    let beyond =
        |(op, bound): &(ConditionOperator, f64)| *bound > most || (*op == ConditionOperator::Gt && *bound >= most);
    if bounds.iter().any(beyond) {
        return Err(RuleProblem::Threshold(most));
    }
    Ok(Test { kind, bounds })
}

fn expression(condition: &ConditionExpr, bases: &[&Base]) -> Result<Expression, RuleProblem> {
    let all = |parts: &[ConditionExpr]| parts.iter().map(|part| expression(part, bases)).collect::<Result<_, _>>();
    Ok(match condition {
        ConditionExpr::And(parts) => Expression::And(all(parts)?),
        ConditionExpr::Or(parts) => Expression::Or(all(parts)?),
        ConditionExpr::Not(part) => Expression::Not(Box::new(expression(part, bases)?)),
        ConditionExpr::Identifier(name) => match bits(bases, |base| base.is(name)) {
            0 => return Err(RuleProblem::NoBase(name.clone())),
            bit => Expression::AtLeast(1, bit),
        },
        ConditionExpr::Selector { quantifier, pattern } => {
            let chosen = bits(bases, |base| pattern.matches_detection_name(&base.name));
            let count = match quantifier {
                Quantifier::Any => 1,
                Quantifier::All => chosen.count_ones(),
                Quantifier::Count(count) => u32::try_from(*count).unwrap_or(u32::MAX),
            };
            if chosen == 0 || count == 0 || count > chosen.count_ones() {
                return Err(refused("`condition` asks for none, or for more rules than there are"));
            }
            Expression::AtLeast(count, chosen)
        }
    })
}

fn bits(bases: &[&Base], chosen: impl Fn(&Base) -> bool) -> u32 {
    (0_u32..).zip(bases).filter(|(_, base)| chosen(base)).fold(0, |bits, (at, _)| bits | 1 << at)
}
