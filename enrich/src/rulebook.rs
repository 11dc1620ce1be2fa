//! The compiled rules of every tenant, kept until what they are made of changes.
//!
//! Compiling takes a while: a task follows the settings ([`RuleBook::follow`]), compiles the rules of those tenants that changed,
//! one after the other, and publishes each set when it is done. Events of a tenant whose rules are under way wait for them, as
//! long as the worker has patience; after that they are held to the rules before. Only a tenant met for the first time is compiled where it is met, because the shipped
//! rules alone would find what it has switched off. See `docs/decisions/0030-compiled-rules.md`.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use detect::rules::{RuleError, RuleSet};
use detect::tenant_rules;
use runtime::settings::{Settings, Snapshot};
use runtime::shutdown::Shutdown;
use schemas::detection::{Detection, StoredRule};
use schemas::topics::SHARED;
use tokio::sync::Notify;

use crate::metrics::Metrics;
use crate::patience::Patience;

/// What a tenant's rules are compiled from. Two that are equal compile to the same set.
#[derive(Clone, PartialEq)]
struct Inputs {
    wanted: Detection,
    /// Shared rules and its own that are in force.
    stored: Vec<Arc<StoredRule>>,
}

impl Inputs {
    /// Of one tenant; nothing when the shipped rules hold as they come.
    fn of(snapshot: &Snapshot, tenant: &str) -> Option<Self> {
        let wanted = snapshot.tenant(tenant).map(|tenant| &tenant.detection);
        let stored = tenant_rules::in_force(snapshot.rules(SHARED).chain(snapshot.rules(tenant)));
        let is_default = stored.is_empty() && wanted.is_none_or(Detection::is_default);
        (!is_default).then(|| Self { wanted: wanted.cloned().unwrap_or_default(), stored })
    }
}

struct Compiled {
    inputs: Inputs,
    /// The settings' offset that those are of.
    as_of: i64,
    rules: Arc<RuleSet>,
}

type Tenants = HashMap<String, Arc<Compiled>>;

struct Compilations {
    shipped: Arc<RuleSet>,
    /// Tenants whose rules are not the shipped ones as they come. Replaced as a whole, so that readers never wait.
    tenants: ArcSwap<Tenants>,
    /// Settings up to this offset have been gone through for all tenants.
    as_of: AtomicI64,
    /// Asks the follower to go through the tenants once more.
    again: Notify,
}

/// Shared by all workers of a process.
#[derive(Clone)]
pub struct RuleBook(Arc<Compilations>);

impl RuleBook {
    /// With the rules that come with the program.
    ///
    /// # Errors
    /// Only if the build carries a broken rule.
    pub fn shipped() -> Result<Self, RuleError> {
        let (shipped, _) = tenant_rules::compile(&Detection::default(), &[])?;
        Ok(Self::with(shipped))
    }

    /// Without any rules, for measuring what they cost.
    #[must_use]
    pub fn empty() -> Self {
        Self::with(RuleSet::empty())
    }

    fn with(shipped: RuleSet) -> Self {
        let (shipped, as_of) = (Arc::new(shipped), AtomicI64::new(i64::MIN));
        Self(Arc::new(Compilations { shipped, tenants: ArcSwap::default(), as_of, again: Notify::new() }))
    }

    /// The rules of a tenant. Where these settings are newer than what was compiled last, the rules before hold until the
    /// new ones are ready.
    #[must_use]
    pub fn at(&self, snapshot: &Snapshot, tenant: &str) -> Arc<RuleSet> {
        if let Some(known) = self.0.tenants.load().get(tenant) {
            return Arc::clone(&known.rules);
        }
        if self.0.as_of.load(Ordering::Acquire) >= snapshot.rules_offset() {
            return Arc::clone(&self.0.shipped);
        }
        let Some(inputs) = Inputs::of(snapshot, tenant) else { return Arc::clone(&self.0.shipped) };
        let rules = self.compile(tenant, inputs, snapshot.rules_offset());
        // The follower may have passed this tenant by meanwhile, with settings that are newer.
        self.0.again.notify_one();
        rules
    }

    /// The rules of a tenant by these settings, which are waited for while they are compiled, as long as there is patience; then
    /// those before. Whether they are by these settings.
    pub(crate) fn current(&self, snapshot: &Snapshot, tenant: &str, patience: &mut Patience) -> (Arc<RuleSet>, bool) {
        let wanted = snapshot.rules_offset();
        let is_done = || self.0.as_of.load(Ordering::Acquire) >= wanted;
        let known = || self.0.tenants.load().get(tenant).cloned();
        if let Some(before) = known().filter(|_| !is_done())
            && before.as_of < wanted
        {
            let Some(inputs) = Inputs::of(snapshot, tenant) else { return (Arc::clone(&self.0.shipped), true) };
            let is_ready = || is_done() || known().is_none_or(|known| known.as_of >= wanted);
            if inputs != before.inputs && !patience.wait(is_ready) {
                return (Arc::clone(&before.rules), false);
            }
        }
        (self.at(snapshot, tenant), true)
    }

    /// Those that come with the program, as they come.
    pub(crate) fn shipped_rules(&self) -> Arc<RuleSet> {
        Arc::clone(&self.0.shipped)
    }

    /// Compiles what changes, from now on until the process stops.
    pub fn follow(&self, settings: Settings, metrics: Metrics, shutdown: &Shutdown) {
        let (book, stop) = (self.clone(), shutdown.token());
        shutdown.spawn(async move {
            let mut changes = settings.changes();
            loop {
                changes.mark_unchanged();
                let (pass, settings, metrics) = (book.clone(), settings.clone(), metrics.clone());
                let passed = tokio::task::spawn_blocking(move || pass.catch_up(&settings, &metrics)).await;
                match passed {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => tracing::error!(%error, "compiling rules"),
                }
                tokio::select! {
                    () = book.0.again.notified() => {}
                    changed = changes.changed() => if changed.is_err() { return },
                    () = stop.cancelled() => return,
                }
            }
        });
    }

    /// Goes through all tenants once; whether anything was compiled, so that there may be more to do. A tenant that keeps
    /// changing is compiled once a pass, as any other.
    fn catch_up(&self, settings: &Settings, metrics: &Metrics) -> bool {
        let snapshot = settings.snapshot();
        if snapshot.rules_offset() == self.0.as_of.load(Ordering::Acquire) {
            return false;
        }
        let known = self.0.tenants.load_full();
        let gone = known.keys().filter(|tenant| Inputs::of(&snapshot, tenant).is_none());
        let changed = snapshot.tenants().filter_map(|tenant| {
            let inputs = Inputs::of(&snapshot, &tenant.id)?;
            let is_known = known.get(&tenant.id).is_some_and(|known| known.inputs == inputs);
            (!is_known).then_some(&tenant.id)
        });
        let outdated: Vec<&String> = gone.chain(changed).collect();
        if outdated.is_empty() {
            self.0.as_of.store(snapshot.rules_offset(), Ordering::Release);
            return false;
        }
        for tenant in outdated {
            // As of now: the pass may have taken a while.
            let snapshot = settings.snapshot();
            match Inputs::of(&snapshot, tenant) {
                Some(inputs) => {
                    self.compile(tenant, inputs, snapshot.rules_offset());
                    metrics.rules_compiled();
                }
                None => self.change(|tenants| drop(tenants.remove(tenant.as_str()))),
            }
        }
        true
    }

    fn compile(&self, tenant: &str, inputs: Inputs, as_of: i64) -> Arc<RuleSet> {
        let rules = match tenant_rules::compile(&inputs.wanted, &inputs.stored) {
            Ok((rules, refused)) => {
                for error in refused {
                    tracing::error!(tenant, error = %error, "a stored rule is left out");
                }
                Arc::new(rules)
            }
            Err(error) => {
                tracing::error!(tenant, error = %error, "the tenant's rules don't compile; the shipped ones hold");
                Arc::clone(&self.0.shipped)
            }
        };
        let compiled = Arc::new(Compiled { inputs, as_of, rules: Arc::clone(&rules) });
        self.change(|tenants| drop(tenants.insert(tenant.to_owned(), Arc::clone(&compiled))));
        rules
    }

    fn change(&self, change: impl Fn(&mut Tenants)) {
        self.0.tenants.rcu(|tenants| {
            let mut tenants = Tenants::clone(tenants);
            change(&mut tenants);
            tenants
        });
    }
}
