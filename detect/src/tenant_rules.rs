//! The rules of one tenant: those that come with the program, those that all tenants share, and its own.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use schemas::detection::{Detection, StoredRule};
use schemas::topics::SHARED;

use crate::rules::{Origin, RuleError, RuleSet, Source};

/// Of all stored versions of a tenant's rules and of shared ones, the newest of each that is neither deleted nor switched off.
pub fn in_force<'a>(versions: impl IntoIterator<Item = &'a Arc<StoredRule>>) -> Vec<Arc<StoredRule>> {
    // Those that all tenants share come first: of two that clash the later is left out.
    let mut newest: BTreeMap<(bool, &str), &Arc<StoredRule>> = BTreeMap::new();
    for rule in versions {
        let known = newest.entry((rule.scope != SHARED, &rule.name)).or_insert(rule);
        if rule.version > known.version {
            *known = rule;
        }
    }
    newest.into_values().filter(|rule| rule.enabled && !rule.is_deleted()).cloned().collect()
}

/// Compiles a tenant's rules, each once. A stored rule that can't be used (any more), or that there is no room for in its
/// origin's budget, is left out and returned, so that one bad rule switches no other off.
///
/// # Errors
/// Only if the build carries a broken rule.
pub fn compile(wanted: &Detection, stored: &[Arc<StoredRule>]) -> Result<(RuleSet, Vec<RuleError>), RuleError> {
    let shipped = RuleSet::shipped_sources();
    let shipped = shipped.iter().map(|(name, yaml)| Source { name, yaml, origin: Origin::Shipped });
    let stored_sources = stored.iter().map(|rule| Source { name: &rule.name, yaml: &rule.yaml, origin: origin(rule) });
    let sources: Vec<Source<'_>> = shipped
        .chain(stored_sources)
        .filter(|source| wanted.has_on(source.name, source.origin == Origin::Own))
        .collect();
    let (mut set, refused) = RuleSet::compile_each(sources.iter().copied(), &wanted.limits);
    let is_shipped = |at: usize| sources.get(at).is_some_and(|source| source.origin == Origin::Shipped);
    let (broken, refused): (Vec<_>, Vec<_>) = refused.into_iter().partition(|(at, _)| is_shipped(*at));
    if let Some((_, error)) = broken.into_iter().next() {
        return Err(error);
    }
    let versions: HashMap<&str, u32> = stored.iter().map(|rule| (rule.name.as_str(), rule.version)).collect();
    for rule in set.rules_mut() {
        if let Some(version) = versions.get(&*rule.name) {
            rule.version = *version;
        }
        rule.action = wanted.action(&rule.name, rule.action);
    }
    Ok((set, refused.into_iter().map(|(_, error)| error).collect()))
}

fn origin(rule: &StoredRule) -> Origin {
    if rule.scope == SHARED { Origin::Shared } else { Origin::Own }
}
