//! Passes by the rules that can't match an event.
//!
//! Most rules insist on a value of some field (`action: sign_in`). From a compiled rule the index derives such
//! necessities, gates each rule by one of them, and gates as many rules as it can by the same field; so an ordinary event
//! costs a few look-ups, and no more however many rules ask for what it isn't.
//!
//! The derivation may only err one way: a rule that could match is never passed by. Whatever it doesn't understand
//! (negations, patterns) demands nothing, and a rule that demands nothing is evaluated for every event.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use rsigma_eval::matcher::GroupMode;
use rsigma_eval::{CompiledDetection, CompiledDetectionItem, CompiledMatcher, CompiledRule};
use rsigma_parser::{ArrayQuantifier, ConditionExpr, Quantifier};

use super::addresses::made_of;
use super::{EventFields, FieldValue, Match};

/// By which fields and values rules are gated.
#[derive(Debug, Default)]
pub(super) struct Index {
    always: Vec<Match>,
    gates: Vec<Gate>,
    /// Of each rule, all that each of its ways demands: an ordinary sign-in passes the gate of every rule about sign-ins,
    /// and breaks none.
    ways: Vec<Vec<Way>>,
}

/// Fields and what is needed of them. Values come first, the rarest before others, mere presence last.
type Way = Vec<(String, Need)>;

/// What is needed of a field.
#[derive(Debug, Clone, Default, PartialEq)]
enum Need {
    /// That it is there.
    #[default]
    Present,
    /// A number, at least this.
    AtLeast(f64),
    /// One of these values (lower case).
    OneOf(BTreeSet<String>),
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

/// What has to hold of an event for a rule to match.
#[derive(Debug, Clone, Default, PartialEq)]
struct Demands(BTreeMap<String, Need>);

/// The ways in which a rule can match: what has to hold in each. A rule is gated once for each of its ways.
#[derive(Debug, Clone, PartialEq)]
struct Ways(Vec<Demands>);

/// A rule of more ways than this is looked at as one that demands nothing, rather than gated everywhere.
const MAX_WAYS: usize = 16;

impl Index {
    /// Rules that are not detections (`None`) keep their number, and are never candidates.
    pub(super) fn build<'a>(rules: impl Iterator<Item = Option<&'a CompiledRule>>) -> Self {
        let rules: Vec<Ways> = rules.map(|rule| rule.map_or_else(Ways::never, ways_of_rule)).collect();
        // One gate for all ways of a rule where they demand values of a common field, or else one for each way.
        let gated: Vec<Vec<Demands>> = rules.iter().map(Ways::gates).collect();
        // A field that many rules share makes for few look-ups; values beat mere presence.
        let mut popularity: BTreeMap<&str, usize> = BTreeMap::new();
        for (field, need) in gated.iter().flatten().flat_map(|demands| &demands.0) {
            if need.is_values() {
                *popularity.entry(field).or_default() += 1;
            }
        }
        let score = |field: &str, need: &Need| (need.is_values(), popularity.get(field).copied());
        let mut index = Self::default();
        for (rule, demands) in (0_u16..).zip(&gated) {
            let rule = Match { rule };
            let best: Option<Vec<_>> =
                demands.iter().map(|demands| demands.0.iter().max_by_key(|(field, need)| score(field, need))).collect();
            match best {
                Some(best) => best.into_iter().for_each(|(field, need)| index.put(rule, field, need)),
                None => index.always.push(rule),
            }
        }
        index.ways = rules.iter().map(|ways| ways.0.iter().map(|way| way.in_order(&popularity)).collect()).collect();
        index
    }

    /// Whether `event` has all that one of the rule's ways demands; if not, the rule can't match.
    pub(super) fn admits<E: EventFields>(&self, rule: Match, event: &E) -> bool {
        let has = |(field, need): &(String, Need)| match need {
            Need::OneOf(values) => event.field(field).is_some_and(|value| is_one_of(&value, values)),
            Need::AtLeast(bound) => event.field(field).is_some_and(|value| is_at_least(&value, *bound)),
            Need::Present => event.has(field),
        };
        self.ways.get(usize::from(rule.rule)).is_none_or(|ways| ways.iter().any(|way| way.iter().all(has)))
    }

    fn put(&mut self, rule: Match, field: &str, need: &Need) {
        let gate = self.gate(field);
        match need {
            Need::Present | Need::AtLeast(_) => gate.present.push(rule),
            Need::OneOf(values) => {
                for value in values {
                    gate.by_value.entry_ref(value).or_default().push(rule);
                }
            }
        }
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

/// As [`Gate::select`] compares.
fn is_one_of(value: &FieldValue<'_>, values: &BTreeSet<String>) -> bool {
    match value {
        FieldValue::Array(items) => items.iter().any(|item| is_one_of(item, values)),
        other => other.as_str().is_some_and(|text| values.contains(folded(&text).as_ref())),
    }
}

/// By the forms in which matchers read a number.
fn is_at_least(value: &FieldValue<'_>, bound: f64) -> bool {
    match value {
        FieldValue::Array(items) => items.iter().any(|item| is_at_least(item, bound)),
        other => other.as_f64().is_some_and(|number| number >= bound),
    }
}

fn folded(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

impl Need {
    fn is_values(&self) -> bool {
        matches!(self, Self::OneOf(_))
    }

    /// Either of two needs that both have to hold: the one that fewer events meet. Of two lists, the shorter.
    fn stricter(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::OneOf(one), Self::OneOf(two)) => {
                if two.len() < one.len() {
                    other
                } else {
                    self
                }
            }
            (Self::OneOf(_), _) | (_, Self::Present) => self,
            (_, Self::OneOf(_)) | (Self::Present, _) => other,
            (Self::AtLeast(one), Self::AtLeast(two)) => Self::AtLeast(one.max(*two)),
        }
    }

    /// What is left of two needs of which either may hold.
    fn looser(self, other: Self) -> Self {
        match (self, other) {
            (Self::OneOf(mut one), Self::OneOf(two)) => {
                one.extend(two);
                Self::OneOf(one)
            }
            (Self::AtLeast(one), Self::AtLeast(two)) => Self::AtLeast(one.min(two)),
            _ => Self::Present,
        }
    }
}

impl Demands {
    fn in_order(&self, popularity: &BTreeMap<&str, usize>) -> Way {
        let mut way: Way = self.0.iter().map(|(field, need)| (field.clone(), need.clone())).collect();
        way.sort_by_key(|(field, need)| {
            (!need.is_values(), *need == Need::Present, popularity.get(field.as_str()).copied())
        });
        way
    }

    fn demands_values(&self) -> bool {
        self.0.values().any(Need::is_values)
    }

    fn one(field: &str, need: Need) -> Self {
        Self(BTreeMap::from([(field.to_owned(), need)]))
    }

    /// Demands of which all have to hold.
    fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut sum = Self::default();
        for (field, need) in parts.into_iter().flat_map(|part| part.0) {
            let known = sum.0.entry(field).or_default();
            *known = std::mem::take(known).stricter(need);
        }
        sum
    }

    /// Demands of which any may hold: only what all of them insist on is left.
    fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut parts = parts.into_iter();
        let Some(mut sum) = parts.next() else { return Self::default() };
        for mut part in parts {
            sum.0.retain(|field, known| {
                part.0.remove(field).is_some_and(|need| {
                    *known = std::mem::take(known).looser(need);
                    true
                })
            });
        }
        sum
    }
}

impl Ways {
    fn open() -> Self {
        Self(vec![Demands::default()])
    }

    fn never() -> Self {
        Self(Vec::new())
    }

    /// All parts have to hold: what the parts of one way demand, in each way of one of the others.
    fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let (single, several): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.0.len() == 1);
        let base = Demands::all(single.into_iter().flat_map(|part| part.0));
        match several.into_iter().min_by_key(|part| part.0.len()) {
            Some(ways) => Self(ways.0.into_iter().map(|way| Demands::all([base.clone(), way])).collect()),
            None => Self(vec![base]),
        }
    }

    /// Any part may hold.
    fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let ways: Vec<Demands> = parts.into_iter().flat_map(|part| part.0).collect();
        if ways.is_empty() || ways.len() > MAX_WAYS { Self(vec![Demands::any(ways)]) } else { Self(ways) }
    }

    fn gates(&self) -> Vec<Demands> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let common = Demands::any(self.0.iter().cloned());
        if common.demands_values() { vec![common] } else { self.0.clone() }
    }
}

type Detections = std::collections::HashMap<String, CompiledDetection>;

fn ways_of_rule(rule: &CompiledRule) -> Ways {
    Ways::any(rule.conditions.iter().map(|condition| of_condition(condition, &rule.detections)))
}

fn of_condition(condition: &ConditionExpr, detections: &Detections) -> Ways {
    match condition {
        ConditionExpr::Identifier(name) => detections.get(name).map_or_else(Ways::open, of_detection),
        ConditionExpr::And(parts) => Ways::all(parts.iter().map(|part| of_condition(part, detections))),
        ConditionExpr::Or(parts) => Ways::any(parts.iter().map(|part| of_condition(part, detections))),
        ConditionExpr::Not(_) => Ways::open(),
        ConditionExpr::Selector { quantifier, pattern } => {
            let chosen = detections
                .iter()
                .filter(|(name, _)| pattern.matches_detection_name(name))
                .map(|(_, detection)| of_detection(detection));
            match quantifier {
                Quantifier::Count(0) => Ways::open(),
                Quantifier::All => Ways::all(chosen),
                Quantifier::Any | Quantifier::Count(_) => Ways::any(chosen),
            }
        }
    }
}

fn of_detection(detection: &CompiledDetection) -> Ways {
    match detection {
        CompiledDetection::AllOf(items) => Ways(vec![Demands::all(items.iter().map(of_item))]),
        CompiledDetection::AnyOf(parts) => Ways::any(parts.iter().map(of_detection)),
        CompiledDetection::And(parts) => Ways::all(parts.iter().map(of_detection)),
        CompiledDetection::Conditional { named, condition } => of_condition(condition, named),
        CompiledDetection::ArrayMatch { field, quantifier, .. } => match quantifier {
            ArrayQuantifier::Any | ArrayQuantifier::All => Ways(vec![Demands::one(field, Need::Present)]),
            // An empty list, or none, will do.
            ArrayQuantifier::AllOrEmpty | ArrayQuantifier::None => Ways::open(),
        },
        CompiledDetection::Keywords(_) => Ways::open(),
    }
}

fn of_item(item: &CompiledDetectionItem) -> Demands {
    match (item.field.as_deref().map(made_of), item.exists) {
        (None, _) | (Some(_), Some(false)) => Demands::default(),
        (Some(field), Some(true)) => Demands::one(field, Need::Present),
        (Some(field), None) => match (values(&item.matcher), &item.matcher) {
            (Some(values), _) => Demands::one(field, Need::OneOf(values)),
            (None, CompiledMatcher::NumericGt(bound) | CompiledMatcher::NumericGte(bound)) => {
                Demands::one(field, Need::AtLeast(*bound))
            }
            // A matcher that may accept null may accept an absent field as well.
            (None, matcher) if may_accept_null(matcher) => Demands::default(),
            (None, _) => Demands::one(field, Need::Present),
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
        // The texts that rsigma takes for a truth value.
        CompiledMatcher::BoolEq(true) => Some(["true", "1", "yes"].map(str::to_owned).into()),
        CompiledMatcher::BoolEq(false) => Some(["false", "0", "no"].map(str::to_owned).into()),
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
