//! Checked changes of the settings.

use std::sync::Arc;

use chrono::Utc;
use schemas::settings::{ApiKey, Invalid, KeyText, Limits, Permission, Plans, Quotas, Role, Tenant};
use schemas::topics::SettingsKey;
use serde::Serialize;

use super::{PutError, Settings, Snapshot};

/// A change that is wanted whatever else changed is made again this often.
const ATTEMPTS: u32 = 5;

/// What one key may send and ask, beside what its tenant may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// A second.
    pub limits: Option<Limits>,
    /// A day and a month.
    pub quotas: Option<Quotas>,
}

impl Settings {
    /// Creates or replaces a tenant. Its `version` must be the one in force (0: none); the result has the next one.
    /// Types of its own have been checked against the catalogue by the caller.
    ///
    /// # Errors
    /// [`PutError`].
    pub async fn put_tenant(&self, mut tenant: Tenant) -> Result<Arc<Tenant>, PutError> {
        tenant.validate()?;
        let _one_at_a_time = self.0.writing.lock().await;
        let snapshot = self.snapshot();
        if !self.plans().has(&tenant.plan) {
            let detail = "there is no such plan; GET /v1/plans lists them".to_owned();
            return Err(Invalid { pointer: "/plan".to_owned(), detail }.into());
        }
        let current = snapshot.tenant(&tenant.id).map_or(0, |known| known.version);
        if tenant.version != current {
            return Err(PutError::Conflict { current });
        }
        tenant.version += 1;
        tenant.updated_at = Utc::now();
        let value = json(&tenant)?;
        let key = SettingsKey::Tenant(&tenant.id);
        self.put(key, snapshot.version(key), Some(&value)).await.map_err(|error| match error {
            // By the tenant's own count, which began anew if it was deleted in between.
            PutError::Conflict { .. } => {
                PutError::Conflict { current: self.tenant(&tenant.id).map_or(0, |known| known.version) }
            }
            error => error,
        })?;
        Ok(Arc::new(tenant))
    }

    /// Deletes a tenant; its keys stop working with it.
    ///
    /// # Errors
    /// [`PutError`].
    pub async fn delete_tenant(&self, id: &str) -> Result<(), PutError> {
        let _one_at_a_time = self.0.writing.lock().await;
        let snapshot = self.snapshot();
        snapshot.tenant(id).ok_or(PutError::NotFound)?;
        let key = SettingsKey::Tenant(id);
        self.put(key, snapshot.version(key), None).await
    }

    /// Replaces the plans. Their `version` must be the one in force; the result has the next one. A plan that a tenant has stays.
    ///
    /// # Errors
    /// [`PutError`].
    pub async fn put_plans(&self, mut plans: Plans) -> Result<Arc<Plans>, PutError> {
        plans.validate()?;
        let _one_at_a_time = self.0.writing.lock().await;
        let snapshot = self.snapshot();
        let current = self.plans().version;
        if plans.version != current {
            return Err(PutError::Conflict { current });
        }
        if let Some(tenant) = snapshot.tenants().find(|tenant| !plans.has(&tenant.plan)) {
            let detail = format!("the plan {} is that of the tenant {}", tenant.plan.as_str(), tenant.id);
            return Err(Invalid { pointer: "/plans".to_owned(), detail }.into());
        }
        plans.version += 1;
        let key = SettingsKey::Plans;
        self.put(key, snapshot.version(key), Some(&json(&plans)?)).await?;
        Ok(Arc::new(plans))
    }

    /// Creates or replaces a key.
    ///
    /// # Errors
    /// [`PutError`]; [`PutError::NotFound`] when its tenant does not exist.
    pub async fn put_key(&self, key: ApiKey) -> Result<Arc<ApiKey>, PutError> {
        let snapshot = self.snapshot();
        self.put_key_from(&snapshot, key).await
    }

    async fn put_key_from(&self, snapshot: &Snapshot, key: ApiKey) -> Result<Arc<ApiKey>, PutError> {
        key.validate()?;
        if key.tenant.as_deref().is_some_and(|tenant| snapshot.tenant(tenant).is_none()) {
            return Err(PutError::NotFound);
        }
        let value = json(&key)?;
        let of = SettingsKey::ApiKey(&key.id);
        self.put(of, snapshot.version(of), Some(&value)).await?;
        Ok(Arc::new(key))
    }

    /// Makes a key with a new secret. The text is known to nobody else and is not kept.
    ///
    /// # Errors
    /// [`PutError`].
    pub async fn create_key(
        &self,
        tenant: Option<&str>,
        role: Role,
        name: &str,
    ) -> Result<(Arc<ApiKey>, KeyText), PutError> {
        self.create_key_permitting(tenant, role, &[], name).await
    }

    /// As [`create_key`](Self::create_key), with permissions beyond its role.
    ///
    /// # Errors
    /// [`PutError`].
    pub async fn create_key_permitting(
        &self,
        tenant: Option<&str>,
        role: Role,
        permissions: &[Permission],
        name: &str,
    ) -> Result<(Arc<ApiKey>, KeyText), PutError> {
        self.create_key_limited(tenant, role, permissions, name, Bounds::default()).await
    }

    /// As [`create_key_permitting`](Self::create_key_permitting), with limits and quotas of its own.
    ///
    /// # Errors
    /// [`PutError`].
    pub async fn create_key_limited(
        &self,
        tenant: Option<&str>,
        role: Role,
        permissions: &[Permission],
        name: &str,
        bounds: Bounds,
    ) -> Result<(Arc<ApiKey>, KeyText), PutError> {
        let mut random = [0_u8; 40];
        getrandom::fill(&mut random).map_err(|error| Invalid {
            pointer: String::new(),
            detail: format!("the system has no random numbers: {error}"),
        })?;
        let text = KeyText::from_random(&random);
        let mut key = ApiKey::new(&text, tenant.map(str::to_owned), role, name.to_owned(), Utc::now());
        key.permissions = permissions.to_vec();
        (key.limits, key.quotas) = (bounds.limits, bounds.quotas);
        Ok((self.put_key(key).await?, text))
    }

    /// Sets the limits and quotas of a tenant's key, beside those of its tenant; none: its tenant's alone. A revoked key has none to
    /// change. `seen` is what the change was made from.
    ///
    /// # Errors
    /// [`PutError`]; [`PutError::NotFound`] for a key of somebody else, too; [`PutError::Conflict`] when the key has changed since.
    pub async fn limit_key(
        &self,
        seen: &Snapshot,
        tenant: &str,
        id: &str,
        bounds: Bounds,
    ) -> Result<Arc<ApiKey>, PutError> {
        let known = seen.key(id).filter(|key| key.tenant.as_deref() == Some(tenant) && key.revoked_at.is_none());
        let Bounds { limits, quotas } = bounds;
        let key = ApiKey { limits, quotas, ..ApiKey::clone(known.ok_or(PutError::NotFound)?) };
        self.put_key_from(seen, key).await
    }

    /// Revokes a key of a tenant, or of the platform (`None`), for good. Once this returns, the key does not work here.
    ///
    /// # Errors
    /// [`PutError`]; [`PutError::NotFound`] for a key of somebody else, too.
    pub async fn revoke_key(&self, tenant: Option<&str>, id: &str) -> Result<Arc<ApiKey>, PutError> {
        let _one_at_a_time = self.0.writing.lock().await;
        let mut attempts = ATTEMPTS;
        loop {
            let snapshot = self.snapshot();
            let known = snapshot.key(id).filter(|key| key.tenant.as_deref() == tenant);
            let known = known.ok_or(PutError::NotFound)?;
            if known.revoked_at.is_some() {
                return Ok(Arc::clone(known));
            }
            let key = ApiKey { revoked_at: Some(Utc::now()), ..ApiKey::clone(known) };
            match self.put_key_from(&snapshot, key).await {
                // Whatever else became of it, it is to be revoked.
                Err(PutError::Conflict { .. }) if attempts > 1 => attempts -= 1,
                answer => return answer,
            }
        }
    }

    /// Sees to it that there is a key for the platform's administrator: the one given, or else, where there is none yet, a
    /// new one, which is returned to be shown once.
    ///
    /// # Errors
    /// [`PutError`]; [`PutError::Invalid`] when the text given can't be a key.
    pub async fn ensure_admin_key(&self, given: Option<&str>) -> Result<Option<KeyText>, PutError> {
        const NAME: &str = "administrator";
        match given {
            Some(text) => {
                let text = KeyText::parse(text).ok_or_else(|| Invalid {
                    pointer: String::new(),
                    detail: "an administrator's key must have 16 to 512 characters of ASCII without blanks".to_owned(),
                })?;
                let known = self.snapshot().key(text.id()).is_some_and(|key| {
                    key.hash == text.hash() && key.role == Role::Platform && key.revoked_at.is_none()
                });
                let key = ApiKey::new(&text, None, Role::Platform, NAME.to_owned(), Utc::now());
                match if known { None } else { Some(self.put_key(key).await) } {
                    // Another process had the same to do, and was first.
                    Some(Err(PutError::Conflict { .. })) | Some(Ok(_)) | None => Ok(None),
                    Some(Err(error)) => Err(error),
                }
            }
            None if self.keys(None).iter().any(|key| key.revoked_at.is_none()) => Ok(None),
            None => Ok(Some(self.create_key(None, Role::Platform, NAME).await?.1)),
        }
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<Vec<u8>, PutError> {
    serde_json::to_vec(value)
        .map_err(|error| PutError::Invalid(Invalid { pointer: String::new(), detail: error.to_string() }))
}
