//! Which rules an event breaks: Sigma detections over the event, its place, its device and its signals.
//!
//! A [`RuleSet`] is compiled once and immutable; a change of rules makes a new one. Sigma's semantics are rsigma's. What
//! is ours is the way there: an event is read through a borrowed view ([`EventFields`]) instead of a JSON tree, and an
//! index over the values that rules insist on (`action: sign_in`) passes by all rules that can't match.
//!
//! Nothing here keeps state between events. What happened before is in the signals of an event; what several events make
//! together is for correlations ([`crate::correlate`]), whose base rules are detections of the set.

mod addresses;
mod bounded;
pub(crate) mod comparison;
mod cost;
pub(crate) mod fields;
mod index;
mod load;
mod nesting;
pub(crate) mod problem;
mod shipped;
mod steps;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use rsigma_eval::{CompiledRule, RuleExplanation, evaluate_rule, explain_rule};
use schemas::catalogue::Lang;
use schemas::violation::Action;
use serde::{Deserialize, Serialize};

use crate::correlate::Correlation;
pub use comparison::Test;
pub use fields::{ChangeFacts, EventFacts, EventFields, FIELDS, JsonFields};
pub use load::{Origin, Source};
pub use problem::{RuleError, RuleProblem};
pub use rsigma_eval::EventValue as FieldValue;
pub use steps::{Asked, Step};
pub use text::{LimitSpec, title_of};

use fields::View;
use index::Index;
use load::Loaded;

/// A rule that an event breaks: its place in the [`RuleSet`] that found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Match {
    /// Index into [`RuleSet::rules`].
    pub rule: u16,
}

/// How bad it is that an event breaks a rule, by Sigma's levels. As a number (`level as u8`) 0 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// 0: worth a mark, nothing more.
    Informational,
    /// 1: of note when it piles up.
    Low,
    /// 2: somebody should look at it.
    Medium,
    /// 3: somebody should look at it today.
    High,
    /// 4: somebody should look at it now.
    Critical,
}

impl Level {
    /// The word, as in the rules.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// One compiled rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Short name, unique in its set and stored with the events that break it: `sign-in-anonymiser`. A base rule has its
    /// correlation's before its own: `brute-force/failed`.
    pub name: Arc<str>,
    /// The rule's `id`, a UUID that stays when the rule is renamed. A base rule may have none: empty.
    pub uuid: Arc<str>,
    /// What to call it on a page.
    pub title: Arc<str>,
    /// What it looks for, and why.
    pub description: Arc<str>,
    /// Both in other languages than the rule's own.
    pub translations: Arc<BTreeMap<Lang, Words>>,
    /// Its level.
    pub level: Level,
    /// Grows with every change of what the rule matches (1 or more), so that a stored match says which text matched.
    pub version: u32,
    /// Sigma's tags, such as `attack.t1078`.
    pub tags: Arc<[String]>,
    /// What becomes of the device.
    pub action: Action,
    /// Findings of one user in one window of this length, milliseconds, are one violation. A whole number of them is a day.
    pub window_ms: i64,
    /// The field that says what was seen, for detections that compare a number.
    pub seen_field: Option<Arc<str>>,
    /// The limit in force: the first of the rule's limits.
    pub limit: Option<f64>,
    /// Whether what was seen has to be more than that, and not only as much.
    pub more_than_limit: bool,
    /// Whether it compares a field with a number.
    compares: bool,
    /// Whether it only counts for its correlation, and makes no violations of its own.
    pub hidden: bool,
    /// The correlation that this is a base rule of: index into the set's correlations.
    correlation: Option<u16>,
    /// Nothing for a correlation.
    compiled: Option<CompiledRule>,
}

/// What a rule is called and looks for, in a language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// What to call it on a page.
    pub title: Arc<str>,
    /// What it looks for, and why; in the rule's own language where absent.
    pub description: Option<Arc<str>>,
}

impl Rule {
    /// What to call it, in a language if it has it.
    #[must_use]
    pub fn title_in(&self, lang: Lang) -> &str {
        self.translations.get(&lang).map_or(&self.title, |words| &words.title)
    }

    /// What it looks for, in a language if it has it.
    #[must_use]
    pub fn description_in(&self, lang: Lang) -> &str {
        self.translations.get(&lang).and_then(|words| words.description.as_ref()).unwrap_or(&self.description)
    }
}

/// Why an event breaks a rule, or how far it is from it.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Whether it does.
    pub matched: bool,
    /// Every branch with its verdict and the value seen.
    pub conditions: RuleExplanation,
    /// The same as steps, one for each condition of the rule: it is broken where any holds.
    #[serde(skip)]
    pub steps: Vec<Step>,
    /// What was seen, where the rule names a number to compare.
    pub seen: Option<f64>,
    /// The limit in force.
    pub limit: Option<f64>,
    /// How much more would have had to be seen, where the event doesn't break the rule for that: of whole numbers one more than the
    /// limit where a rule asks for more.
    pub missing: Option<f64>,
}

/// The number that a rule sees of an event, the one that it is held against, and how far it is from there.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Numbers {
    /// What was seen.
    pub seen: Option<f64>,
    /// The limit in force, or the number that stands in the rule itself.
    pub limit: Option<f64>,
    /// As of [`Explanation::missing`].
    pub missing: Option<f64>,
}

/// Compiled rules. Immutable; share it between workers.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    correlations: Vec<Correlation>,
    limits: Vec<LimitSpec>,
    index: Index,
}

impl RuleSet {
    /// Compiles rules from pairs of a rule's name and its YAML text: one detection, or one correlation with its base rules.
    ///
    /// `limits` are those that a tenant chose, by name. Out of range they are moved into it; names that no rule has do
    /// nothing.
    ///
    /// # Errors
    /// At the first rule that doesn't parse, lacks what the log needs (`id`, `level`, `version`), or asks for a field
    /// that no event has: a typo would otherwise be a rule that silently never matches.
    pub fn compile<'a>(
        sources: impl IntoIterator<Item = (&'a str, &'a str)>,
        limits: &BTreeMap<String, f64>,
    ) -> Result<Self, RuleError> {
        let mut loaded = Loaded::default();
        for (name, yaml) in sources {
            loaded.add(Source { name, yaml, origin: Origin::Own }, limits)?;
        }
        Ok(Self::of(loaded))
    }

    /// Compiles what can be, each rule once: one that can't be used, alone or with those before it, is left out, and
    /// returned with its place among the sources.
    pub fn compile_each<'a>(
        sources: impl IntoIterator<Item = Source<'a>>,
        limits: &BTreeMap<String, f64>,
    ) -> (Self, Vec<(usize, RuleError)>) {
        let mut loaded = Loaded::default();
        let added = sources.into_iter().map(|source| loaded.add(source, limits));
        let refused = added.enumerate().filter_map(|(at, added)| Some((at, added.err()?))).collect();
        (Self::of(loaded), refused)
    }

    fn of(loaded: Loaded) -> Self {
        let Loaded { rules, correlations, limits, .. } = loaded;
        let index = Index::build(rules.iter().map(|rule| rule.compiled.as_ref()));
        Self { rules, correlations, limits, index }
    }

    /// The rules that come with the program, at their own limits.
    ///
    /// # Errors
    /// Only if the build carries a broken rule.
    pub fn shipped() -> Result<Self, RuleError> {
        Self::compile(Self::shipped_sources().iter().copied(), &BTreeMap::new())
    }

    /// Names and texts of the rules that come with the program.
    #[must_use]
    pub fn shipped_sources() -> &'static [(&'static str, &'static str)] {
        shipped::SOURCES
    }

    /// A set of no rules.
    #[must_use]
    pub fn empty() -> Self {
        Self { rules: Vec::new(), correlations: Vec::new(), limits: Vec::new(), index: Index::default() }
    }

    /// The rules, for what a tenant wants of them otherwise: another action, or the version they are stored under.
    pub fn rules_mut(&mut self) -> &mut [Rule] {
        &mut self.rules
    }

    /// All rules, in the order of [`Match::rule`].
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// All correlations.
    #[must_use]
    pub fn correlations(&self) -> &[Correlation] {
        &self.correlations
    }

    /// The correlations that an event counts for when it breaks the rule `base` (index into the rules).
    pub fn correlations_of(&self, base: u16) -> impl Iterator<Item = &Correlation> {
        let correlation = self.rules.get(usize::from(base)).and_then(|rule| rule.correlation);
        correlation.and_then(|at| self.correlations.get(usize::from(at))).into_iter()
    }

    /// What tenants may choose, in the order of the rules.
    #[must_use]
    pub fn limits(&self) -> &[LimitSpec] {
        &self.limits
    }

    /// The rule behind a match of this set; nothing for a match of a larger set.
    #[must_use]
    pub fn rule(&self, found: Match) -> Option<&Rule> {
        self.rules.get(usize::from(found.rule))
    }

    /// The rule of that name, as a match.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Match> {
        let at = self.rules.iter().position(|rule| &*rule.name == name)?;
        Some(Match { rule: u16::try_from(at).ok()? })
    }

    /// Appends the rules that `event` breaks to `out`, in ascending order: detections, and base rules of correlations, of
    /// which the hidden ones are no violations.
    pub fn evaluate<E: EventFields>(&self, event: &E, out: &mut Vec<Match>) {
        let start = out.len();
        self.index.candidates(event, out);
        let Some(candidates) = out.get_mut(start..) else { return };
        if candidates.is_empty() {
            return;
        }
        candidates.sort_unstable();
        let view = View(event);
        let mut kept = 0;
        let mut previous = None;
        for at in 0..candidates.len() {
            let Some(&candidate) = candidates.get(at) else { break };
            // An event can select one rule by several values of a list.
            if previous.replace(candidate) == Some(candidate) {
                continue;
            }
            let breaks = self.index.admits(candidate, event)
                && self.rule(candidate).and_then(|rule| evaluate_rule(rule.compiled.as_ref()?, &view)).is_some();
            if breaks {
                candidates.swap(kept, at);
                kept += 1;
            }
        }
        out.truncate(start + kept);
    }

    /// Why a rule matches `event`, or doesn't. Nothing for a correlation, which has an explanation of its own.
    pub fn explain<E: EventFields>(&self, found: Match, event: &E) -> Option<Explanation> {
        let rule = self.rule(found)?;
        let compiled = rule.compiled.as_ref()?;
        let conditions = explain_rule(compiled, &View(event));
        let matched = conditions.matched;
        let steps = steps_of(&conditions, compiled);
        let Numbers { seen, limit, missing } = rule.numbers(event, matched, &steps);
        Some(Explanation { matched, conditions, steps, seen, limit, missing })
    }

    /// The numbers by which `event` breaks a rule. Nothing for a correlation, which counts.
    pub fn numbers<E: EventFields>(&self, found: Match, event: &E) -> Numbers {
        let Some(rule) = self.rule(found) else { return Numbers::default() };
        let (seen, limit) = (rule.seen(event), rule.limit);
        // Only what compares numbers of its own is worth a look at each of its conditions.
        match &rule.compiled {
            Some(compiled) if rule.compares && (seen.is_none() || limit.is_none()) => {
                let conditions = explain_rule(compiled, &View(event));
                rule.numbers(event, conditions.matched, &steps_of(&conditions, compiled))
            }
            _ => Numbers { seen, limit, missing: None },
        }
    }

    /// What a rule is held against: its limit in force, or else the number that a correlation itself says.
    #[must_use]
    pub fn limit(&self, rule: u16) -> Option<f64> {
        let limit = || self.correlations.iter().find(|correlation| correlation.rule == rule)?.limit();
        self.rules.get(usize::from(rule))?.limit.or_else(limit)
    }
}

impl Rule {
    /// What the rule sees of an event, if it compares a number that the event has.
    pub fn seen<E: EventFields>(&self, event: &E) -> Option<f64> {
        event.field(self.seen_field.as_deref()?)?.as_f64()
    }

    /// What it saw of an event that matched or not, by its steps, and what that is held against.
    fn numbers<E: EventFields>(&self, event: &E, matched: bool, steps: &[Step]) -> Numbers {
        if let Some((seen, limit)) = self.seen(event).zip(self.limit) {
            let missing = (!matched && seen <= limit).then(|| comparison::short_of(seen, limit, self.more_than_limit));
            return Numbers { seen: Some(seen), limit: Some(limit), missing };
        }
        // Numbers that stand in the rule itself.
        let compared = steps::compared(steps, matched, &|field, bound| {
            self.seen_field.as_deref().is_none_or(|own| own == field)
                && self.limit.is_none_or(|own| (own - bound).abs() < f64::EPSILON)
        });
        let (seen, limit) = (self.seen(event), self.limit);
        match compared {
            Some(found) => {
                Numbers { seen: seen.or(found.seen), limit: limit.or(Some(found.bound)), missing: found.missing }
            }
            None => Numbers { seen, limit, missing: None },
        }
    }
}

fn steps_of(conditions: &RuleExplanation, compiled: &CompiledRule) -> Vec<Step> {
    conditions.conditions.iter().map(|trace| steps::condition(trace, &compiled.detections)).collect()
}
