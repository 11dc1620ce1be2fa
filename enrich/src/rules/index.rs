//! Passes by the rules that can't match an event.
//!
//! Most rules insist on a value of some field (`action: sign_in`). From a compiled rule the index derives such
//! necessities, gates each rule by one of them, and gates as many rules as it can by the same field; so an ordinary event
//! costs a few look-ups, and no more however many rules ask for what it isn't.
//!
//! The derivation may only err one way: a rule that could match is never passed by. Whatever it doesn't understand
//! (negations, patterns, numbers) demands nothing, and a rule that demands nothing is evaluated for every event.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use rsigma_eval::matcher::GroupMode;
use rsigma_eval::{CompiledDetection, CompiledDetectionItem, CompiledMatcher, CompiledRule};
use rsigma_parser::{ConditionExpr, Quantifier};

use super::{EventFields, FieldValue, Match};

/// By which fields and values rules are gated.
#[derive(Debug, Default)]
pub(super) struct Index {
    always: Vec<Match>,
    gates: Vec<Gate>,
}

/// The rules that insist on one field.
#[derive(Debug, Default)]
struct Gate {
    field: String,
    /// On one of these values (lower case) …
    by_value: HashMap<String, Vec<Match>>,
    /// … or just on the field being there.
    present: Vec<Match>,
}

/// What has to hold of an event for a rule to match: for each field, one of these values (lower case), or, where there is
/// no list of them, any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Demands(BTreeMap<String, Option<BTreeSet<String>>>);

impl Index {
    pub(super) fn build<'a>(rules: impl Iterator<Item = &'a CompiledRule>) -> Self {
        let demands: Vec<Demands> = rules.map(demands_of_rule).collect();
        // A field that many rules share makes for few look-ups; values beat mere presence.
        let mut popularity: BTreeMap<&str, usize> = BTreeMap::new();
        for (field, values) in demands.iter().flat_map(|demands| &demands.0) {
            if values.is_some() {
                *popularity.entry(field).or_default() += 1;
            }
        }
        let mut index = Self::default();
        for (rule, demands) in (0_u16..).zip(&demands) {
            let rule = Match { rule };
            let best =
                demands.0.iter().max_by_key(|(field, values)| (values.is_some(), popularity.get(field.as_str())));
            let Some((field, values)) = best else {
                index.always.push(rule);
                continue;
            };
            let gate = index.gate(field);
            match values {
                None => gate.present.push(rule),
                Some(values) => {
                    for value in values {
                        gate.by_value.entry_ref(value).or_default().push(rule);
                    }
                }
            }
        }
        index
    }

    fn gate(&mut self, field: &str) -> &mut Gate {
        let at = match self.gates.iter().position(|gate| gate.field == field) {
            Some(at) => at,
            None => {
                self.gates.push(Gate { field: field.to_owned(), ..Gate::default() });
                self.gates.len() - 1
            }
        };
        &mut self.gates[at]
    }

    /// Appends the rules that may match, some of them perhaps twice.
    pub(super) fn candidates<E: EventFields>(&self, event: &E, out: &mut Vec<Match>) {
        out.extend_from_slice(&self.always);
        for gate in &self.gates {
            let Some(value) = event.field(&gate.field) else { continue };
            out.extend_from_slice(&gate.present);
            if !gate.by_value.is_empty() {
                gate.select(&value, out);
            }
        }
    }

    /// Fields looked up for each event.
    #[cfg(test)]
    pub(super) fn fields(&self) -> Vec<&str> {
        self.gates.iter().map(|gate| gate.field.as_str()).collect()
    }

    /// Rules evaluated for each event.
    #[cfg(test)]
    pub(super) fn always(&self) -> &[Match] {
        &self.always
    }
}

impl Gate {
    /// By the forms in which matchers compare a value: text, numbers as text, list members one by one.
    fn select(&self, value: &FieldValue<'_>, out: &mut Vec<Match>) {
        if let FieldValue::Array(items) = value {
            for item in items {
                self.select(item, out);
            }
        } else if let Some(text) = value.as_str()
            && let Some(rules) = self.by_value.get(folded(&text).as_ref())
        {
            out.extend_from_slice(rules);
        }
    }
}

fn folded(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

impl Demands {
    fn one(field: &str, values: Option<BTreeSet<String>>) -> Self {
        Self(BTreeMap::from([(field.to_owned(), values)]))
    }

    /// Demands of which all have to hold. Of two lists of values for one field either is a necessity; the shorter serves.
    fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut sum = Self::default();
        for (field, values) in parts.into_iter().flat_map(|part| part.0) {
            let known = sum.0.entry(field).or_default();
            let better = match (&known, &values) {
                (None, Some(_)) => true,
                (Some(known), Some(values)) => values.len() < known.len(),
                (_, None) => false,
            };
            if better {
                *known = values;
            }
        }
        sum
    }

    /// Demands of which any may hold: only what all of them insist on is left.
    fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut parts = parts.into_iter();
        let Some(mut sum) = parts.next() else { return Self::default() };
        for mut part in parts {
            sum.0.retain(|field, known| match (known.as_mut(), part.0.remove(field)) {
                (_, None) => false,
                (Some(known), Some(Some(values))) => {
                    known.extend(values);
                    true
                }
                (_, Some(_)) => {
                    *known = None;
                    true
                }
            });
        }
        sum
    }
}

type Detections = std::collections::HashMap<String, CompiledDetection>;

fn demands_of_rule(rule: &CompiledRule) -> Demands {
    Demands::any(rule.conditions.iter().map(|condition| of_condition(condition, &rule.detections)))
}

fn of_condition(condition: &ConditionExpr, detections: &Detections) -> Demands {
    match condition {
        ConditionExpr::Identifier(name) => detections.get(name).map_or_else(Demands::default, of_detection),
        ConditionExpr::And(parts) => Demands::all(parts.iter().map(|part| of_condition(part, detections))),
        ConditionExpr::Or(parts) => Demands::any(parts.iter().map(|part| of_condition(part, detections))),
        ConditionExpr::Not(_) => Demands::default(),
        ConditionExpr::Selector { quantifier, pattern } => {
            let chosen = detections
                .iter()
                .filter(|(name, _)| pattern.matches_detection_name(name))
                .map(|(_, detection)| of_detection(detection));
            match quantifier {
                Quantifier::Count(0) => Demands::default(),
                Quantifier::All => Demands::all(chosen),
                Quantifier::Any | Quantifier::Count(_) => Demands::any(chosen),
            }
        }
    }
}

fn of_detection(detection: &CompiledDetection) -> Demands {
    match detection {
        CompiledDetection::AllOf(items) => Demands::all(items.iter().map(of_item)),
        CompiledDetection::AnyOf(parts) => Demands::any(parts.iter().map(of_detection)),
        CompiledDetection::And(parts) => Demands::all(parts.iter().map(of_detection)),
        CompiledDetection::Conditional { named, condition } => of_condition(condition, named),
        CompiledDetection::Keywords(_) | CompiledDetection::ArrayMatch { .. } => Demands::default(),
    }
}

fn of_item(item: &CompiledDetectionItem) -> Demands {
    match (&item.field, item.exists) {
        (None, _) | (Some(_), Some(false)) => Demands::default(),
        (Some(field), Some(true)) => Demands::one(field, None),
        (Some(field), None) => match values(&item.matcher) {
            Some(values) => Demands::one(field, Some(values)),
            // A matcher that may accept null may accept an absent field as well.
            None if may_accept_null(&item.matcher) => Demands::default(),
            None => Demands::one(field, None),
        },
    }
}

/// The only values (lower case) that a matcher accepts, if it is one that lists them.
fn values(matcher: &CompiledMatcher) -> Option<BTreeSet<String>> {
    let any = |parts: &[CompiledMatcher]| {
        parts.iter().try_fold(BTreeSet::new(), |mut sum, part| {
            sum.extend(values(part)?);
            Some(sum)
        })
    };
    let all = |parts: &[CompiledMatcher]| parts.iter().filter_map(values).min_by_key(BTreeSet::len);
    match matcher {
        // Lower-casing is exact only for ASCII when the matcher itself minds the case.
        CompiledMatcher::Exact { value, case_insensitive } => {
            (*case_insensitive || value.is_ascii()).then(|| BTreeSet::from([value.to_lowercase()]))
        }
        CompiledMatcher::AnyOf(parts)
        | CompiledMatcher::CaseInsensitiveGroup { children: parts, mode: GroupMode::Any } => any(parts),
        CompiledMatcher::AllOf(parts)
        | CompiledMatcher::CaseInsensitiveGroup { children: parts, mode: GroupMode::All } => all(parts),
        _ => None,
    }
}

fn may_accept_null(matcher: &CompiledMatcher) -> bool {
    match matcher {
        CompiledMatcher::Null | CompiledMatcher::Not(_) | CompiledMatcher::Exists(_) => true,
        CompiledMatcher::AnyOf(parts)
        | CompiledMatcher::AllOf(parts)
        | CompiledMatcher::CaseInsensitiveGroup { children: parts, .. } => parts.iter().any(may_accept_null),
        _ => false,
    }
}
