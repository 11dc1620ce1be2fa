//! What the records of the topic add up to. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::settings::{ApiKey, Tenant};
use schemas::topics::SettingsKey;
use serde_json::value::RawValue;

/// All settings as of an offset. Cloning copies pointers only: a change clones it once, however many records came.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    tenants: BTreeMap<String, Arc<Tenant>>,
    keys: BTreeMap<String, Arc<ApiKey>>,
    others: BTreeMap<String, Arc<RawValue>>,
    next_offset: i64,
}

impl Snapshot {
    /// The offset after the last record in it. Changes exactly when a setting does, so it does as a version for caches.
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

    /// The value of any other record, such as `platform`.
    #[must_use]
    pub fn other(&self, key: &str) -> Option<&RawValue> {
        self.others.get(key).map(|value| &**value)
    }

    /// Applies one record. What can't be read is logged; then a tenant keeps the settings it had, while a key stops
    /// working, because it may have been revoked.
    pub(super) fn apply(&mut self, offset: i64, key: &str, value: Option<&[u8]>) {
        if offset < self.next_offset {
            // The topic began anew: what was there before is not in force any more.
            tracing::warn!(offset, expected = self.next_offset, "the topic of settings began anew");
            *self = Self::default();
        }
        self.next_offset = offset + 1;
        match SettingsKey::parse(key) {
            SettingsKey::Tenant(id) => match read(offset, key, value, Tenant::validate) {
                Read::Value(tenant) if tenant.id == id => {
                    self.tenants.insert(id.to_owned(), tenant);
                }
                Read::Value(_) => tracing::error!(offset, key, "the record is of another tenant than its key"),
                Read::Bad => {}
                Read::Deleted => {
                    self.tenants.remove(id);
                }
            },
            SettingsKey::ApiKey(id) => match read(offset, key, value, ApiKey::validate) {
                Read::Value(record) if record.id == id => {
                    self.keys.insert(id.to_owned(), record);
                }
                Read::Value(_) | Read::Bad | Read::Deleted => {
                    self.keys.remove(id);
                }
            },
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
        tracing::error!(offset, "a record of the topic of settings has no readable key");
        self.next_offset = offset + 1;
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
