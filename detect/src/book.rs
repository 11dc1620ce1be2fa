//! The rules of one tenant: those that come with the program, those that all tenants share, and its own.

use std::collections::BTreeMap;

use schemas::detection::{Detection, StoredRule};
use schemas::topics::SHARED;

use crate::rules::{RuleError, RuleSet};

/// Whether a tenant's rules are just the shipped ones as they come, which then are compiled once for all such tenants.
#[must_use]
pub fn is_default(wanted: &Detection, stored: &[&StoredRule]) -> bool {
    stored.is_empty() && *wanted == Detection::default()
}

/// Of all stored versions of a tenant's rules and of shared ones, the newest of each that is neither deleted nor switched off.
pub fn in_force<'a>(versions: impl IntoIterator<Item = &'a StoredRule>) -> Vec<&'a StoredRule> {
    // Those that all tenants share come first: of two that clash the later is left out.
    let mut newest: BTreeMap<(bool, &str), &StoredRule> = BTreeMap::new();
    for rule in versions {
        let known = newest.entry((rule.scope != SHARED, &rule.name)).or_insert(rule);
        if rule.version > known.version {
            *known = rule;
        }
    }
    newest.into_values().filter(|rule| rule.enabled && !rule.is_deleted()).collect()
}

/// Compiles a tenant's rules. A stored rule that doesn't compile (any more) is left out and returned, so that one bad
/// rule switches no other off.
///
/// # Errors
/// Only if the build carries a broken rule.
pub fn compile(wanted: &Detection, stored: &[&StoredRule]) -> Result<(RuleSet, Vec<RuleError>), RuleError> {
    let mut refused = Vec::new();
    let mut sources: Vec<(&str, &str)> = RuleSet::shipped_sources()
        .iter()
        .copied()
        .filter(|(name, _)| !wanted.disabled.iter().any(|off| off == name))
        .collect();
    for rule in stored.iter().filter(|rule| !wanted.disabled.contains(&rule.name)) {
        sources.push((&rule.name, &rule.yaml));
        // Alone and with those before it: names and ids must not clash either.
        if let Err(error) = RuleSet::compile(sources.iter().copied(), &wanted.limits) {
            refused.push(error);
            sources.pop();
        }
    }
    let mut set = RuleSet::compile(sources, &wanted.limits)?;
    for rule in set.rules_mut() {
        if let Some(version) = stored.iter().find(|stored| stored.name == *rule.name).map(|stored| stored.version) {
            rule.version = version;
        }
        if let Some(action) = wanted.actions.get(&*rule.name) {
            rule.action = *action;
        }
    }
    Ok((set, refused))
}
