//! Whom a finding is reported to.

use runtime::settings::Snapshot;
use schemas::alerts::AlertEndpoint;
use schemas::violation::Violation;

/// The endpoints that a finding is reported to: those of its tenant that are on and want it, unless a silence covers it.
/// A silence holds for what occurred in its time, however late it is read.
pub(crate) fn receivers<'a>(
    settings: &'a Snapshot,
    found: &'a Violation,
) -> impl Iterator<Item = &'a AlertEndpoint> + use<'a> {
    let covered =
        settings.silences(&found.tenant).any(|silence| silence.covers(&found.rule, &found.user_id, found.occurred_at));
    settings
        .endpoints(&found.tenant)
        .map(|endpoint| &**endpoint)
        .filter(move |endpoint| !covered && wants(endpoint, found))
}

fn wants(endpoint: &AlertEndpoint, found: &Violation) -> bool {
    endpoint.enabled
        && found.level >= endpoint.min_level
        && (endpoint.rules.is_empty() || endpoint.rules.contains(&found.rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{endpoint, violation};

    /// P5: a minimum level, rules by name, and the switch.
    #[test]
    fn an_endpoint_gets_what_it_wants() {
        let found = violation("u1", 3);
        let wanted = |change: fn(&mut AlertEndpoint)| {
            let mut endpoint = endpoint("http://example.com/");
            change(&mut endpoint);
            wants(&endpoint, &found)
        };
        assert!(wanted(|_| {}));
        assert!(wanted(|endpoint| endpoint.min_level = 3) && !wanted(|endpoint| endpoint.min_level = 4));
        assert!(wanted(|endpoint| endpoint.rules = vec!["dormant".into(), "impossible-travel".into()]));
        assert!(!wanted(|endpoint| endpoint.rules = vec!["dormant".into()]));
        assert!(!wanted(|endpoint| endpoint.enabled = false));
    }
}
