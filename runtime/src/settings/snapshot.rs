//! What the records of the topic add up to. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemas::alerts::{AlertEndpoint, Silence};
use schemas::detection::{Exemption, StoredRule};
use schemas::restore::RestoreEndpoint;
use schemas::settings::{ApiKey, EndedSession, Invalid, Plans, Tenant};
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
    ended_sessions: BTreeMap<String, Arc<EndedSession>>,
    plans: BTreeMap<(), Arc<Plans>>,
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

    /// Where a tenant's application is asked to restore, if it has said so.
    #[must_use]
    pub fn restore_endpoint(&self, tenant: &str) -> Option<&Arc<RestoreEndpoint>> {
        self.restore_endpoints.get(tenant)
    }

    /// Whether a session of the console was signed out of.
    #[must_use]
    pub fn has_ended(&self, session: &str) -> bool {
        self.ended_sessions.contains_key(session)
    }

    /// Ids of sessions that were signed out of, and would have ended by themselves before a time.
    pub(super) fn over(&self, before: DateTime<Utc>) -> impl Iterator<Item = &str> {
        self.ended_sessions.iter().filter(move |(_, ended)| ended.until < before).map(|(id, _)| id.as_str())
    }

    /// The plans, where the platform has defined any.
    #[must_use]
    pub fn plans(&self) -> Option<&Arc<Plans>> {
        self.plans.get(&())
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

    /// Applies one record of the topic, unless another one is in force. Of what can't be read it says why.
    pub(super) fn apply(&mut self, offset: i64, key: &str, value: Option<&[u8]>) -> Result<(), String> {
        if offset < self.next_offset {
            // The topic began anew: what was there before is not in force any more.
            tracing::warn!(offset, expected = self.next_offset, "the topic of settings began anew");
            *self = Self::default();
        }
        self.next_offset = offset + 1;
        let Some(key) = RecordKey::parse(key) else {
            return Err("its key names no version of a setting".to_owned());
        };
        match self.records.take(&key, value) {
            Effect::Set(value) => self.set(offset, key.setting, Some(value)),
            Effect::Delete => self.set(offset, key.setting, None),
            Effect::Outdated => Ok(()),
        }
    }

    /// Puts a value in force. Of what can't be read it says why; then a tenant keeps the settings it had, while a key stops
    /// working, because it may have been revoked.
    fn set(&mut self, offset: i64, key: &str, value: Option<&[u8]>) -> Result<(), String> {
        match SettingsKey::parse(key) {
            SettingsKey::Tenant(id) => {
                self.rules_offset = offset + 1;
                let of_key = |tenant: &Tenant| if tenant.id == id { tenant.validate() } else { Err(not_of_its_key()) };
                put(&mut self.tenants, id.to_owned(), read(value, of_key))
            }
            SettingsKey::ApiKey(id) => {
                let of_key = |record: &ApiKey| if record.id == id { record.validate() } else { Err(not_of_its_key()) };
                let read = read(value, of_key);
                if read.is_err() {
                    self.keys.remove(id);
                }
                put(&mut self.keys, id.to_owned(), read)
            }
            SettingsKey::Exemption(tenant, user) => {
                let at = (tenant.to_owned(), user.to_owned());
                put(&mut self.exemptions, at, read(value, Exemption::validate))
            }
            SettingsKey::Rule(scope, name, version) => {
                self.rules_offset = offset + 1;
                let at = (scope.to_owned(), name.to_owned(), version);
                put(&mut self.rules, at, read(value, StoredRule::validate))
            }
            SettingsKey::AlertEndpoint(tenant, id) => {
                let at = (tenant.to_owned(), id.to_owned());
                put(&mut self.endpoints, at, read(value, AlertEndpoint::validate))
            }
            SettingsKey::Silence(tenant, id) => {
                let at = (tenant.to_owned(), id.to_owned());
                put(&mut self.silences, at, read(value, Silence::validate))
            }
            SettingsKey::RestoreEndpoint(tenant) => {
                put(&mut self.restore_endpoints, tenant.to_owned(), read(value, RestoreEndpoint::validate))
            }
            SettingsKey::EndedSession(id) => put(&mut self.ended_sessions, id.to_owned(), read(value, |_| Ok(()))),
            SettingsKey::Plans => put(&mut self.plans, (), read(value, Plans::validate)),
            SettingsKey::Platform | SettingsKey::Other(_) => {
                let read = read::<Box<RawValue>>(value, |_| Ok(()));
                put(&mut self.others, key.to_owned(), read.map(|read| read.map(|value| Arc::from((*value).clone()))))
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
fn put<K: Ord, T: ?Sized>(
    all: &mut BTreeMap<K, Arc<T>>,
    key: K,
    read: Result<Option<Arc<T>>, String>,
) -> Result<(), String> {
    match read? {
        Some(value) => drop(all.insert(key, value)),
        None => drop(all.remove(&key)),
    }
    Ok(())
}

/// The value of a record; none: it is deleted.
fn read<'a, T: serde::Deserialize<'a>>(
    value: Option<&'a [u8]>,
    validate: impl FnOnce(&T) -> Result<(), Invalid>,
) -> Result<Option<Arc<T>>, String> {
    let Some(bytes) = value else { return Ok(None) };
    let value = serde_json::from_slice::<T>(bytes).map_err(|error| error.to_string())?;
    validate(&value).map_err(|error| error.to_string())?;
    Ok(Some(Arc::new(value)))
}

fn not_of_its_key() -> Invalid {
    Invalid { pointer: String::new(), detail: "the record is about something else than its key says".to_owned() }
}
