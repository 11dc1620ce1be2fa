//! What rules are called: those that come with the program, shared ones, and a tenant's own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use detect::rules::{RuleSet, title_of};
use runtime::settings::{Settings, Snapshot};
use schemas::catalogue::{Lang, Texts};
use schemas::topics::SHARED;

/// Titles of the rules that come with the program.
pub(crate) struct ShippedTitles(HashMap<Arc<str>, Texts>);

impl ShippedTitles {
    pub(crate) fn of(rules: &RuleSet) -> Self {
        let titles = rules.rules().iter().map(|rule| {
            let [en, ru, cs] = Lang::ALL.map(|lang| rule.title_in(lang).to_owned());
            (Arc::clone(&rule.name), Texts { en, ru, cs })
        });
        Self(titles.collect())
    }
}

/// Titles of a tenant's rules in one language. Texts are read as they are asked for, once for an answer.
pub(crate) struct Titles {
    shipped: Arc<ShippedTitles>,
    settings: Arc<Snapshot>,
    tenant: String,
    lang: Lang,
    read: Mutex<HashMap<String, String>>,
}

impl Titles {
    pub(crate) fn new(shipped: Arc<ShippedTitles>, settings: &Settings, tenant: &str, lang: Lang) -> Self {
        let settings = settings.snapshot();
        Self { shipped, settings, tenant: tenant.to_owned(), lang, read: Mutex::default() }
    }

    /// The title of a rule in the language, or else in the rule's own; its name where it has none any more.
    pub(crate) fn of(&self, rule: &str) -> String {
        if let Some(title) = self.shipped.0.get(rule) {
            return title.get(self.lang).to_owned();
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.entry(rule.to_owned()).or_insert_with(|| self.stored(rule).unwrap_or_else(|| rule.to_owned())).clone()
    }

    /// Whether there is a rule of this name, or was one that the tenant or the platform wrote.
    pub(crate) fn has(&self, rule: &str) -> bool {
        let is_stored = |scope| self.settings.rules(scope).any(|stored| stored.name == rule);
        self.shipped.0.contains_key(rule) || is_stored(self.tenant.as_str()) || is_stored(SHARED)
    }

    /// From the latest text of that name; a rule that is deleted keeps what it was called.
    fn stored(&self, rule: &str) -> Option<String> {
        [self.tenant.as_str(), SHARED].into_iter().find_map(|scope| {
            let texts = self.settings.rules(scope).filter(|stored| stored.name == rule && !stored.is_deleted());
            title_of(&texts.last()?.yaml, self.lang).filter(|title| !title.is_empty())
        })
    }
}
