//! Checked changes of what tenants decide about their rules: exemptions, and rules of their own.

use std::sync::Arc;

use chrono::Utc;
use schemas::detection::{Exemption, MAX_ENTRIES, StoredRule};
use schemas::settings::Invalid;
use schemas::topics::SettingsKey;

use super::change::json;
use super::{PutError, Settings};

/// Most text of all versions of all rules of a scope, in bytes: every role holds them in memory.
const MAX_SCOPE_BYTES: usize = 8 * 1024 * 1024;
/// Most rules of a scope, deleted ones included.
const MAX_RULES: usize = 200;

impl Settings {
    /// Grants or changes the exemption of a user (K6). One that still holds keeps the time it was granted, so that events
    /// of that time stay exempt.
    ///
    /// # Errors
    /// [`PutError`]; [`PutError::NotFound`] when the tenant does not exist.
    pub async fn put_exemption(&self, mut exemption: Exemption) -> Result<Arc<Exemption>, PutError> {
        exemption.validate()?;
        let _one_at_a_time = self.0.writing.lock().await;
        let snapshot = self.snapshot();
        snapshot.tenant(&exemption.tenant).ok_or(PutError::NotFound)?;
        match snapshot.exemption(&exemption.tenant, &exemption.user_id) {
            Some(known) if known.holds_at(exemption.granted_at.timestamp_millis()) => {
                exemption.granted_at = known.granted_at;
            }
            Some(_) => {}
            None if snapshot.exemptions(&exemption.tenant).count() >= MAX_ENTRIES => {
                return Err(invalid("", format!("at most {MAX_ENTRIES} exemptions; end those that are over")));
            }
            None => {}
        }
        let value = json(&exemption)?;
        self.put(SettingsKey::Exemption(&exemption.tenant, &exemption.user_id), Some(&value)).await?;
        Ok(Arc::new(exemption))
    }

    /// Ends an exemption, and returns what it was.
    ///
    /// # Errors
    /// [`PutError`]; [`PutError::NotFound`] when there is none.
    pub async fn end_exemption(&self, tenant: &str, user: &str) -> Result<Arc<Exemption>, PutError> {
        let _one_at_a_time = self.0.writing.lock().await;
        let known = self.snapshot().exemption(tenant, user).cloned().ok_or(PutError::NotFound)?;
        self.put(SettingsKey::Exemption(tenant, user), None).await?;
        Ok(known)
    }

    /// Writes the next version of a rule; an empty text deletes it. `rule.version` must be the one in force (0: none).
    /// All versions are kept. That the text is a rule has been checked by the caller.
    ///
    /// # Errors
    /// [`PutError`].
    pub async fn put_rule(&self, mut rule: StoredRule) -> Result<Arc<StoredRule>, PutError> {
        let _one_at_a_time = self.0.writing.lock().await;
        let snapshot = self.snapshot();
        let (mut current, mut bytes, mut names) = (0, rule.yaml.len(), 0);
        for known in snapshot.rules(&rule.scope) {
            bytes += known.yaml.len();
            names += usize::from(known.version == 1);
            if known.name == rule.name {
                current = known.version;
            }
        }
        if rule.version != current {
            return Err(PutError::Conflict { current: current.into() });
        }
        if bytes > MAX_SCOPE_BYTES {
            return Err(invalid("/yaml", format!("all versions of all rules: at most {MAX_SCOPE_BYTES} bytes")));
        }
        if current == 0 && names >= MAX_RULES {
            return Err(invalid("/name", format!("at most {MAX_RULES} rules, deleted ones included")));
        }
        rule.version += 1;
        rule.written_at = Utc::now();
        rule.validate()?;
        let value = json(&rule)?;
        self.put(SettingsKey::Rule(&rule.scope, &rule.name, rule.version), Some(&value)).await?;
        Ok(Arc::new(rule))
    }
}

fn invalid(pointer: &str, detail: String) -> PutError {
    PutError::Invalid(Invalid { pointer: pointer.to_owned(), detail })
}
