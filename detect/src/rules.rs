//! Which rules an event breaks (P4): stateless Sigma detections over the event, its place and its device.
//!
//! A [`RuleSet`] is compiled once and immutable; a change of rules makes a new one. Sigma's semantics are rsigma's. What
//! is ours is the way there: an event is read through a borrowed view ([`EventFields`]) instead of a JSON tree, and an
//! index over the values that rules insist on (`action: sign_in`) passes by all rules that can't match.
//!
//! Nothing here keeps state between events: counting and sequences are for correlations.

mod index;
mod load;
mod nesting;
mod shipped;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use rsigma_eval::{CompiledRule, RuleExplanation, evaluate_rule, explain_rule};

pub use load::{RuleError, RuleProblem};
pub use rsigma_eval::EventValue as FieldValue;
pub use view::{EventFields, FIELDS, JsonFields};

use index::Index;
use view::View;

/// Names and texts of the rules that come with the program.
#[must_use]
pub fn shipped() -> &'static [(&'static str, &'static str)] {
    shipped::SOURCES
}

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
    /// Short name, unique in its set and stored with the events that break it: `sign-in-anonymiser`.
    pub name: Arc<str>,
    /// The rule's `id`, a UUID that stays when the rule is renamed.
    pub uuid: Arc<str>,
    /// What to call it on a page.
    pub title: Arc<str>,
    /// What it looks for, and why.
    pub description: Arc<str>,
    /// Its level.
    pub level: Level,
    /// Grows with every change of what the rule matches (1 or more), so that a stored match says which text matched.
    pub version: u32,
    /// Sigma's tags, such as `attack.t1078`.
    pub tags: Arc<[String]>,
    compiled: CompiledRule,
}

/// Compiled rules. Immutable; share it between workers.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    index: Index,
}

impl RuleSet {
    /// Compiles rules from pairs of a rule's name and its YAML text, one rule a text.
    ///
    /// # Errors
    /// At the first rule that doesn't parse, lacks what the log needs (`id`, `level`, `version`), or asks for a field
    /// that no event has: a typo would otherwise be a rule that silently never matches.
    pub fn compile<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, RuleError> {
        let rules = load::load(sources)?;
        let index = Index::build(rules.iter().map(|rule| &rule.compiled));
        Ok(Self { rules, index })
    }

    /// The rules that come with the program.
    ///
    /// # Errors
    /// Only if the build carries a broken rule.
    pub fn shipped() -> Result<Self, RuleError> {
        Self::compile(shipped::SOURCES.iter().copied())
    }

    /// A set of no rules.
    #[must_use]
    pub fn empty() -> Self {
        Self { rules: Vec::new(), index: Index::default() }
    }

    /// All rules, in the order of [`Match::rule`].
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
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

    /// Appends the rules that `event` breaks to `out`, in ascending order.
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
                && self.rule(candidate).is_some_and(|rule| evaluate_rule(&rule.compiled, &view).is_some());
            if breaks {
                candidates.swap(kept, at);
                kept += 1;
            }
        }
        out.truncate(start + kept);
    }

    /// Why a rule matches `event`, or doesn't: every branch with its verdict and the value seen (P6).
    pub fn explain<E: EventFields>(&self, found: Match, event: &E) -> Option<RuleExplanation> {
        let rule = self.rule(found)?;
        Some(explain_rule(&rule.compiled, &View(event)))
    }
}
