//! What the records of the topic add up to. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::alerts::{AlertEndpoint, Silence};
use schemas::detection::{Exemption, StoredRule};
use schemas::restore::RestoreEndpoint;
use schemas::settings::{ApiKey, Tenant};
use schemas::topics::SettingsKey;
use serde_json::value::RawValue;

use super::record::{Effect, RecordKey, Records};

/// All settings as of an offset. Cloning copies pointers only: a change clones it once, however many records came.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    tenants: BTreeMap<String, Arc<Tenant>>,
    keys: BTreeMap<String, Arc<ApiKey>>,
    exemptions: BTreeMap<(String, String), Arc<Exemption>>,
    rules: BTreeMap<(String, String, u32), Arc<StoredRule>>,
    endpoints: BTreeMap<(String, String), Arc<AlertEndpoint>>,
    silences: BTreeMap<(String, String), Arc<Silence>>,
    restore_endpoints: BTreeMap<String, Arc<RestoreEndpoint>>,
    /// The offset after the last record about rules or tenants: what compiled rules depend on.
    rules_offset: i64,
    others: BTreeMap<String, Arc<RawValue>>,
    records: Records,
    next_offset: i64,
}

impl Snapshot {
    /// The offset after the last record in it. Changes whenever a setting does, so it does as a version for caches.
    #[must_use]
    pub fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// A tenant.
    #[must_use]
    pub fn tenant(&self, id: &str) -> Option<&Arc<Tenant>> {
        self.tenants.get(id)
    }

    /// All tenants, by id.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.tenants.values()
    }

    /// A key, by the public part of its text.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&Arc<ApiKey>> {
        self.keys.get(id)
    }

    /// All keys, by id.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<ApiKey>> {
        self.keys.values()
    }

    /// The exemption of a user, whether it still holds or not.
    #[must_use]
    pub fn exemption(&self, tenant: &str, user: &str) -> Option<&Arc<Exemption>> {
        if self.exemptions.is_empty() {
            return None;
        }
        self.exemptions.get(&(tenant.to_owned(), user.to_owned()))
    }

    /// Every exemption of a tenant, by user.
    pub fn exemptions(&self, tenant: &str) -> impl Iterator<Item = &Arc<Exemption>> {
        of_tenant(&self.exemptions, tenant)
    }

    /// Every version of every rule of a scope (a tenant, or [`schemas::topics::SHARED`]), by name and version.
    pub fn rules(&self, scope: &str) -> impl Iterator<Item = &Arc<StoredRule>> {
        let scope = scope.to_owned();
        let from = (scope.clone(), String::new(), 0);
        self.rules.range(from..).take_while(move |((of, ..), _)| *of == scope).map(|(_, rule)| rule)
    }

    /// Changes whenever rules or tenants may have changed: a version for compiled rules.
    #[must_use]
    pub fn rules_offset(&self) -> i64 {
        self.rules_offset
    }

    /// Where a tenant's alerts go.
    pub fn endpoints(&self, tenant: &str) -> impl Iterator<Item = &Arc<AlertEndpoint>> {
        of_tenant(&self.endpoints, tenant)
    }

    /// Silences of a tenant, past ones too.
    pub fn silences(&self, tenant: &str) -> impl Iterator<Item = &Arc<Silence>> {
        of_tenant(&self.silences, tenant)
    }

    /// Where a tenant's application is asked to restore, if it has said so (J15).
    #[must_use]
    pub fn restore_endpoint(&self, tenant: &str) -> Option<&Arc<RestoreEndpoint>> {
        self.restore_endpoints.get(tenant)
    }

    /// The value of any other record, such as `platform`.
    #[must_use]
    pub fn other(&self, key: &str) -> Option<&RawValue> {
        self.others.get(key).map(|value| &**value)
    }

    /// The version of a setting, which a change of it has to be made from: see [`super::Settings::put`].
    #[must_use]
    pub fn version(&self, key: SettingsKey<'_>) -> u64 {
        self.records.version(&key.to_string())
    }

    /// Which record of each setting is in force.
    pub(super) fn records(&self) -> &Records {
        &self.records
    }

    /// Applies one record of the topic, unless another one is in force.
    pub(super) fn apply(&mut self, offset: i64, key: &str, value: Option<&[u8]>) {
        if offset < self.next_offset {
            // The topic began anew: what was there before is not in force any more.
            tracing::warn!(offset, expected = self.next_offset, "the topic of settings began anew");
            *self = Self::default();
        }
        self.next_offset = offset + 1;
        let Some(key) = RecordKey::parse(key) else {
            tracing::error!(offset, key, "a record's key names no version of a setting");
            return;
        };
        match self.records.take(&key, value) {
            Effect::Set(value) => self.set(offset, key.setting, Some(value)),
            Effect::Delete => self.set(offset, key.setting, None),
            Effect::Outdated => {}
        }
    }

    /// Puts a value in force. What can't be read is logged; then a tenant keeps the settings it had, while a key stops
    /// working, because it may have been revoked.
    fn set(&mut self, offset: i64, key: &str, value: Option<&[u8]>) {
        match SettingsKey::parse(key) {
            SettingsKey::Tenant(id) => {
                self.rules_offset = offset + 1;
                match read(offset, key, value, Tenant::validate) {
                    Read::Value(tenant) if tenant.id == id => {
                        self.tenants.insert(id.to_owned(), tenant);
                    }
                    Read::Value(_) => tracing::error!(offset, key, "the record is of another tenant than its key"),
                    Read::Bad => {}
                    Read::Deleted => {
                        self.tenants.remove(id);
                    }
                }
            }
            SettingsKey::ApiKey(id) => match read(offset, key, value, ApiKey::validate) {
                Read::Value(record) if record.id == id => {
                    self.keys.insert(id.to_owned(), record);
                }
                Read::Value(_) | Read::Bad | Read::Deleted => {
                    self.keys.remove(id);
                }
            },
            SettingsKey::Exemption(tenant, user) => {
                let at = (tenant.to_owned(), user.to_owned());
                put(&mut self.exemptions, at, read(offset, key, value, Exemption::validate));
            }
            SettingsKey::Rule(scope, name, version) => {
                self.rules_offset = offset + 1;
                let at = (scope.to_owned(), name.to_owned(), version);
                put(&mut self.rules, at, read(offset, key, value, StoredRule::validate));
            }
            SettingsKey::AlertEndpoint(tenant, id) => {
                let at = (tenant.to_owned(), id.to_owned());
                put(&mut self.endpoints, at, read(offset, key, value, AlertEndpoint::validate));
            }
            SettingsKey::Silence(tenant, id) => {
                let at = (tenant.to_owned(), id.to_owned());
                put(&mut self.silences, at, read(offset, key, value, Silence::validate));
            }
            SettingsKey::RestoreEndpoint(tenant) => {
                let read = read(offset, key, value, RestoreEndpoint::validate);
                put(&mut self.restore_endpoints, tenant.to_owned(), read);
            }
            SettingsKey::Platform | SettingsKey::Other(_) => {
                match read::<Box<RawValue>>(offset, key, value, |_| Ok(())) {
                    Read::Value(other) => {
                        self.others.insert(key.to_owned(), Arc::from((*other).clone()));
                    }
                    Read::Bad => {}
                    Read::Deleted => {
                        self.others.remove(key);
                    }
                }
            }
        }
    }

    /// Takes note of a record without a readable key.
    pub(super) fn skip(&mut self, offset: i64) {
        self.next_offset = offset + 1;
    }
}

fn of_tenant<'a, T>(
    all: &'a BTreeMap<(String, String), Arc<T>>,
    tenant: &str,
) -> impl Iterator<Item = &'a Arc<T>> + use<'a, T> {
    let tenant = tenant.to_owned();
    all.range((tenant.clone(), String::new())..).take_while(move |((of, _), _)| *of == tenant).map(|(_, value)| value)
}

/// What can't be read leaves what was in force.
fn put<K: Ord, T>(all: &mut BTreeMap<K, Arc<T>>, key: K, read: Read<T>) {
    match read {
        Read::Value(value) => drop(all.insert(key, value)),
        Read::Deleted => drop(all.remove(&key)),
        Read::Bad => {}
    }
}

enum Read<T> {
    Value(Arc<T>),
    Deleted,
    Bad,
}

fn read<'a, T: serde::Deserialize<'a>>(
    offset: i64,
    key: &str,
    value: Option<&'a [u8]>,
    validate: impl FnOnce(&T) -> Result<(), schemas::settings::Invalid>,
) -> Read<T> {
    let Some(bytes) = value else { return Read::Deleted };
    let checked = serde_json::from_slice::<T>(bytes).map_err(|error| error.to_string()).and_then(|value| {
        validate(&value).map_err(|error| error.to_string())?;
        Ok(value)
    });
    match checked {
        Ok(value) => Read::Value(Arc::new(value)),
        Err(error) => {
            tracing::error!(offset, key, %error, "a setting can't be read");
            Read::Bad
        }
    }
}
