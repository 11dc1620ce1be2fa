//! Checked changes of what tenants decide about their rules: exemptions, and rules of their own.

use std::sync::Arc;

use chrono::Utc;
use schemas::detection::{Exemption, MAX_ENTRIES, StoredRule};
use schemas::settings::Invalid;
use schemas::topics::SettingsKey;

use super::change::json;
use super::{PutError, Settings, Snapshot};

/// Most text of all versions of all rules of a scope, in bytes: every role holds them in memory.
const MAX_SCOPE_BYTES: usize = 8 * 1024 * 1024;
/// Most rules of a scope, deleted ones included.
const MAX_RULES: usize = 200;

impl Settings {
    /// Grants or changes the exemption of a user, as a change of what a snapshot says. One that still holds keeps the time
    /// it was granted, so that events of that time stay exempt.
    ///
    /// # Errors
    /// [`PutError`]; [`PutError::NotFound`] when the tenant does not exist.
    pub async fn put_exemption(
        &self,
        snapshot: &Snapshot,
        mut exemption: Exemption,
    ) -> Result<Arc<Exemption>, PutError> {
        exemption.validate()?;
        let _one_at_a_time = self.0.writing.lock().await;
        snapshot.tenant(&exemption.tenant).ok_or(PutError::NotFound)?;
        match snapshot.exemption(&exemption.tenant, &exemption.user_id) {
            Some(known) if known.holds_at(exemption.granted_at.timestamp_millis()) => {
                exemption.granted_at = known.granted_at;
            }
            Some(_) => {}
            None if self.snapshot().exemptions(&exemption.tenant).count() >= MAX_ENTRIES => {
                return Err(invalid("", format!("at most {MAX_ENTRIES} exemptions; end those that are over")));
            }
            None => {}
        }
        let value = json(&exemption)?;
        let key = SettingsKey::Exemption(&exemption.tenant, &exemption.user_id);
        self.put(key, snapshot.version(key), Some(&value)).await?;
        Ok(Arc::new(exemption))
    }

    /// Ends an exemption, as a change of what a snapshot says, and returns what it was.
    ///
    /// # Errors
    /// [`PutError`]; [`PutError::NotFound`] when there is none.
    pub async fn end_exemption(
        &self,
        snapshot: &Snapshot,
        tenant: &str,
        user: &str,
    ) -> Result<Arc<Exemption>, PutError> {
        let known = snapshot.exemption(tenant, user).cloned().ok_or(PutError::NotFound)?;
        let key = SettingsKey::Exemption(tenant, user);
        self.put(key, snapshot.version(key), None).await?;
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
        let key = SettingsKey::Rule(&rule.scope, &rule.name, rule.version);
        // Each version is a setting of its own, written once: whoever comes second has lost.
        self.put(key, 0, Some(&value)).await.map_err(|error| match error {
            PutError::Conflict { .. } => PutError::Conflict { current: rule.version.into() },
            error => error,
        })?;
        Ok(Arc::new(rule))
    }
}

fn invalid(pointer: &str, detail: String) -> PutError {
    PutError::Invalid(Invalid { pointer: pointer.to_owned(), detail })
}
