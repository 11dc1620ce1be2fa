//! What rules are called: those that come with the program, shared ones, and a tenant's own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use detect::rules::title_of;
use runtime::settings::Snapshot;
use schemas::catalogue::Lang;
use schemas::topics::SHARED;

use crate::QueryApi;

/// Titles of a tenant's rules in one language. Texts are read as they are asked for, once for an answer.
pub(crate) struct Titles {
    api: QueryApi,
    settings: Arc<Snapshot>,
    tenant: String,
    lang: Lang,
    read: Mutex<HashMap<String, String>>,
}

impl Titles {
    pub(crate) fn new(api: &QueryApi, tenant: &str, lang: Lang) -> Self {
        let settings = api.settings().snapshot();
        Self { api: api.clone(), settings, tenant: tenant.to_owned(), lang, read: Mutex::default() }
    }

    /// The title of a rule in the language, or else in the rule's own; its name where it has none any more.
    pub(crate) fn of(&self, rule: &str) -> String {
        if let Some(title) = self.api.shipped_title(rule, self.lang) {
            return title.to_owned();
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.entry(rule.to_owned()).or_insert_with(|| self.stored(rule).unwrap_or_else(|| rule.to_owned())).clone()
    }

    /// From the latest text of that name; a rule that is deleted keeps what it was called.
    fn stored(&self, rule: &str) -> Option<String> {
        [self.tenant.as_str(), SHARED].into_iter().find_map(|scope| {
            let texts = self.settings.rules(scope).filter(|stored| stored.name == rule && !stored.is_deleted());
            title_of(&texts.last()?.yaml, self.lang).filter(|title| !title.is_empty())
        })
    }
}
