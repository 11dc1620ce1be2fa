//! The compiled rules of every tenant, kept until its settings change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use detect::book;
use detect::rules::{RuleError, RuleSet};
use runtime::settings::Snapshot;
use schemas::detection::Detection;
use schemas::topics::SHARED;

/// A tenant's rules as of an offset of the settings.
struct Compiled {
    as_of: i64,
    rules: Arc<RuleSet>,
}

/// Shared by all workers of a process.
#[derive(Clone)]
pub struct RuleBook {
    shipped: Arc<RuleSet>,
    tenants: Arc<Mutex<HashMap<String, Compiled>>>,
}

impl RuleBook {
    /// With the rules that come with the program.
    ///
    /// # Errors
    /// Only if the build carries a broken rule.
    pub fn shipped() -> Result<Self, RuleError> {
        let (shipped, _) = book::compile(&Detection::default(), &[])?;
        Ok(Self { shipped: Arc::new(shipped), tenants: Arc::default() })
    }

    /// Without any rules, for measuring what they cost.
    #[must_use]
    pub fn empty() -> Self {
        Self { shipped: Arc::new(RuleSet::empty()), tenants: Arc::default() }
    }

    /// The rules of a tenant as these settings have them.
    #[must_use]
    pub fn at(&self, snapshot: &Snapshot, tenant: &str) -> Arc<RuleSet> {
        let nothing = Detection::default();
        let wanted = snapshot.tenant(tenant).map_or(&nothing, |tenant| &tenant.detection);
        let stored =
            book::in_force(snapshot.rules(SHARED).chain(snapshot.rules(tenant)).map(std::convert::AsRef::as_ref));
        if book::is_default(wanted, &stored) {
            return Arc::clone(&self.shipped);
        }
        let as_of = snapshot.rules_offset();
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tenants.get(tenant)
            && known.as_of == as_of
        {
            return Arc::clone(&known.rules);
        }
        let rules = match book::compile(wanted, &stored) {
            Ok((rules, refused)) => {
                for error in refused {
                    tracing::error!(tenant, error = %error, "a stored rule is left out");
                }
                Arc::new(rules)
            }
            Err(error) => {
                tracing::error!(tenant, error = %error, "the tenant's rules don't compile; the shipped ones hold");
                Arc::clone(&self.shipped)
            }
        };
        tenants.insert(tenant.to_owned(), Compiled { as_of, rules: Arc::clone(&rules) });
        rules
    }
}
