//! What rules are called: those that come with the program, shared ones, and a tenant's own.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use detect::rules::{RuleSet, title_of};
use runtime::settings::{Settings, Snapshot};
use schemas::catalogue::{Lang, Texts};
use schemas::topics::SHARED;

/// Titles of the rules that come with the program.
static SHIPPED: LazyLock<HashMap<&str, Texts>> = LazyLock::new(|| {
    let titles = RuleSet::shipped_sources().iter().map(|(name, yaml)| {
        let [en, ru, cs] = Lang::ALL.map(|lang| title_of(yaml, lang).unwrap_or_else(|| (*name).to_owned()));
        (*name, Texts { en, ru, cs })
    });
    titles.collect()
});

/// The title of a rule that comes with the program.
pub(crate) fn shipped(rule: &str, lang: Lang) -> Option<&'static str> {
    SHIPPED.get(rule).map(|title| title.get(lang))
}

/// The same by its English title, under which what is about a violation of it is recorded.
pub(crate) fn shipped_by_title(english: &str, lang: Lang) -> Option<&'static str> {
    SHIPPED.values().find(|title| title.en == english).map(|title| title.get(lang))
}

/// Titles of a tenant's rules in one language. Texts are read as they are asked for, once for an answer.
pub(crate) struct Titles {
    settings: Arc<Snapshot>,
    tenant: String,
    lang: Lang,
    read: Mutex<HashMap<String, String>>,
}

impl Titles {
    pub(crate) fn new(settings: &Settings, tenant: &str, lang: Lang) -> Self {
        let settings = settings.snapshot();
        Self { settings, tenant: tenant.to_owned(), lang, read: Mutex::default() }
    }

    /// The title of a rule in the language, or else in the rule's own; its name where it has none any more.
    pub(crate) fn of(&self, rule: &str) -> String {
        if let Some(title) = shipped(rule, self.lang) {
            return title.to_owned();
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.entry(rule.to_owned()).or_insert_with(|| self.stored(rule).unwrap_or_else(|| rule.to_owned())).clone()
    }

    /// Whether there is a rule of this name, or was one that the tenant or the platform wrote.
    pub(crate) fn has(&self, rule: &str) -> bool {
        let is_stored = |scope| self.settings.rules(scope).any(|stored| stored.name == rule);
        SHIPPED.contains_key(rule) || is_stored(self.tenant.as_str()) || is_stored(SHARED)
    }

    /// From the latest text of that name; a rule that is deleted keeps what it was called.
    fn stored(&self, rule: &str) -> Option<String> {
        [self.tenant.as_str(), SHARED].into_iter().find_map(|scope| {
            let texts = self.settings.rules(scope).filter(|stored| stored.name == rule && !stored.is_deleted());
            title_of(&texts.last()?.yaml, self.lang).filter(|title| !title.is_empty())
        })
    }
}
