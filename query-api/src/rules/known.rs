//! The rules that apply to a tenant: those of the program, those that all tenants share, and its own.
//!
//! A stored rule has two versions: that of its record, which counts every change of its text, and the `version:` that Sigma
//! wants in the text. The record's is the one that holds; the text's need not grow.

use std::collections::BTreeMap;
use std::sync::Arc;

use detect::rules::{LimitSpec, Rule, RuleProblem, RuleSet, Source};
use runtime::problem::Problem;
use runtime::settings::Snapshot;
use schemas::detection::StoredRule;
use schemas::settings::Invalid;
use schemas::topics::SHARED;
use serde::Serialize;
use utoipa::ToSchema;

/// Who wrote a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It comes with the program.
    Shipped,
    /// The platform wrote it, for all tenants.
    Shared,
    /// The tenant wrote it.
    Own,
}

/// A rule that applies, or would if it could be used.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// Its record; none for a shipped rule.
    pub(crate) stored: Option<Arc<StoredRule>>,
    /// Why it can't be used, which a program of another version may have thought it could.
    pub(crate) problem: Option<String>,
    /// Whether the problem is that all rules of its origin would cost too much together.
    is_beyond_budget: bool,
    shipped: &'static str,
}

impl Entry {
    /// Its text.
    pub(crate) fn yaml(&self) -> &str {
        self.stored.as_ref().map_or(self.shipped, |stored| &stored.yaml)
    }

    fn stored(origin: Origin, rule: Arc<StoredRule>) -> Self {
        Self {
            name: rule.name.clone(),
            origin,
            stored: Some(rule),
            problem: None,
            is_beyond_budget: false,
            shipped: "",
        }
    }
}

/// All rules that apply.
#[derive(Debug)]
pub(crate) struct Rules {
    set: RuleSet,
    entries: Vec<Entry>,
}

impl Rules {
    /// The rules of a tenant, or of none: what all have in common. `candidate` takes the place of the rule of its name and
    /// scope. Compiles all of them, so not for a thread that has others to serve.
    pub(crate) fn of(
        snapshot: &Snapshot,
        tenant: Option<&str>,
        candidate: Option<&Arc<StoredRule>>,
    ) -> Result<Self, Problem> {
        let mut entries: Vec<Entry> = RuleSet::shipped_sources()
            .iter()
            .map(|(name, yaml)| {
                let (name, shipped) = ((*name).to_owned(), *yaml);
                Entry { name, origin: Origin::Shipped, stored: None, problem: None, is_beyond_budget: false, shipped }
            })
            .collect();
        let scopes = [(Some(SHARED), Origin::Shared), (tenant, Origin::Own)];
        for (scope, origin) in scopes.into_iter().filter_map(|(scope, origin)| Some((scope?, origin))) {
            let candidate = candidate.filter(|candidate| candidate.scope == scope);
            let others = in_force(snapshot, scope).filter(|rule| candidate.is_none_or(|one| one.name != rule.name));
            entries.extend(others.map(|rule| Entry::stored(origin, rule)));
            entries.extend(candidate.map(|rule| Entry::stored(origin, Arc::clone(rule))));
        }
        Ok(Self { set: compile(&mut entries)?, entries })
    }

    /// All of them: shipped ones, shared ones, own ones, each by name.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The rule of that name.
    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// A rule in its compiled form; none for one that can't be used.
    pub(crate) fn compiled(&self, entry: &Entry) -> Option<&Rule> {
        let found = entry.problem.is_none().then(|| self.set.find(&entry.name))??;
        self.set.rule(found)
    }

    /// What a tenant may choose about all of them.
    pub(crate) fn limits(&self) -> &[LimitSpec] {
        self.set.limits()
    }

    fn problems(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().filter_map(|entry| Some((entry.name.as_str(), entry.problem.as_deref()?)))
    }
}

/// Compiles what can be, each rule once; takes note of what can't. Of two with the same name the later is at fault.
fn compile(entries: &mut [Entry]) -> Result<RuleSet, Problem> {
    let sources = entries.iter().map(|entry| Source {
        name: &entry.name,
        yaml: entry.yaml(),
        origin: match entry.origin {
            Origin::Shipped => detect::rules::Origin::Shipped,
            Origin::Shared => detect::rules::Origin::Shared,
            Origin::Own => detect::rules::Origin::Own,
        },
    });
    // Limits that tenants choose stay in the rules' ranges, so they decide nothing here.
    let (set, refused) = RuleSet::compile_each(sources, &BTreeMap::new());
    for (at, error) in refused {
        match entries.get_mut(at) {
            Some(entry) if entry.origin != Origin::Shipped => {
                entry.is_beyond_budget = matches!(error.problem, RuleProblem::Budget(..));
                entry.problem = Some(error.problem.to_string());
            }
            _ => return Err(Problem::internal(error)),
        }
    }
    Ok(set)
}

/// The versions in force of the rules of a scope, by name; none for those that were deleted.
fn in_force(snapshot: &Snapshot, scope: &str) -> impl Iterator<Item = Arc<StoredRule>> {
    let mut last: Vec<Arc<StoredRule>> = Vec::new();
    for rule in snapshot.rules(scope) {
        match last.last_mut() {
            Some(known) if known.name == rule.name => *known = Arc::clone(rule),
            _ => last.push(Arc::clone(rule)),
        }
    }
    last.into_iter().filter(|rule| !rule.is_deleted())
}

/// The last version of a rule, also if that deletes it.
pub(crate) fn last_version(snapshot: &Snapshot, scope: &str, name: &str) -> Option<Arc<StoredRule>> {
    snapshot.rules(scope).filter(|rule| rule.name == name).last().cloned()
}

/// Refuses names that no rule of a tenant has, where `pointer` has one. What was said `before` of a rule that is gone by now may stay.
pub(crate) fn check_names<'a>(
    snapshot: &Snapshot,
    tenant: &str,
    names: impl IntoIterator<Item = (String, &'a str)>,
    before: &[String],
) -> Result<(), Invalid> {
    let is_shipped = |name: &str| RuleSet::shipped_sources().iter().any(|(shipped, _)| *shipped == name);
    let is_stored = |name: &str| {
        let mut last = [SHARED, tenant].into_iter().filter_map(|scope| last_version(snapshot, scope, name));
        last.any(|rule| !rule.is_deleted())
    };
    let is_known = |name: &str| before.iter().any(|known| known == name) || is_shipped(name) || is_stored(name);
    match names.into_iter().find(|(_, name)| !is_known(name)) {
        None => Ok(()),
        Some((pointer, name)) => Err(Invalid { pointer, detail: format!("there is no rule {name:?}") }),
    }
}

/// What would come of a text, were it written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It can be used.
    Good,
    /// It is no rule.
    Bad(String),
    /// There is no room for it beside the others: which budget it is beyond.
    TooMuch(String),
    /// It would take a rule of a tenant its place: its name or its id.
    Displaces {
        /// Whose.
        tenant: String,
        /// Which.
        rule: String,
    },
}

/// Tries a rule with all those that it would live with. Not for a thread that has others to serve.
pub(crate) fn check(snapshot: &Snapshot, candidate: &Arc<StoredRule>) -> Result<Verdict, Problem> {
    let own = (candidate.scope != SHARED).then_some(candidate.scope.as_str());
    let rules = Rules::of(snapshot, own, Some(candidate))?;
    let is_it = |entry: &&Entry| entry.stored.as_ref().is_some_and(|stored| Arc::ptr_eq(stored, candidate));
    if let Some(entry) = rules.entries().iter().find(is_it)
        && let Some(problem) = entry.problem.clone()
    {
        return Ok(if entry.is_beyond_budget { Verdict::TooMuch(problem) } else { Verdict::Bad(problem) });
    }
    if own.is_some() {
        return Ok(Verdict::Good);
    }
    for tenant in snapshot.tenants().filter(|tenant| snapshot.rules(&tenant.id).next().is_some()) {
        let before = Rules::of(snapshot, Some(&tenant.id), None)?;
        let after = Rules::of(snapshot, Some(&tenant.id), Some(candidate))?;
        let displaced = after.problems().find(|(name, _)| before.problems().all(|(known, _)| known != *name));
        if let Some((rule, _)) = displaced {
            return Ok(Verdict::Displaces { tenant: tenant.id.clone(), rule: rule.to_owned() });
        }
    }
    Ok(Verdict::Good)
}
