//! Which record of a setting is in force, decided by the log alone. Pure.
//!
//! A change is made from the version in force where it was made, and asks to be the next one. Of all records of a setting
//! the one with the highest version is in force; of several with the same version, the first in the log. So of two changes
//! that were made from the same version, whoever made them, the first wins and the other is outdated, in every process.
//!
//! Each record has a key of its own, so compaction never takes the winner away for the sake of a loser that came after it.
//! What is outdated is removed by tombstones; removing what is not in force changes nothing, in whatever order it happens.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

/// Outdated records of a setting that are remembered to be removed. What goes beyond stays in the topic until a restart.
const MAX_OUTDATED: usize = 256;
/// Winners of a setting that are remembered, for writers that wait to hear what became of their change.
const MAX_RECENT: usize = 8;
/// The value of a record that deletes its setting.
const DELETED: &[u8] = b"null";

/// The key of one record: `{setting}@{version}-{id}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordKey<'a> {
    /// What it is about, as [`schemas::topics::SettingsKey`] writes it.
    pub(super) setting: &'a str,
    /// From 1.
    pub(super) version: u64,
    /// Nobody else's. It also holds when the record was made.
    pub(super) id: Uuid,
}

impl<'a> RecordKey<'a> {
    /// The key of a change that was made from the version `made_from`.
    pub(super) fn after(setting: &'a str, made_from: u64) -> Self {
        Self { setting, version: made_from.saturating_add(1), id: Uuid::now_v7() }
    }

    pub(super) fn parse(key: &'a str) -> Option<Self> {
        // A setting's own key may hold anything, what follows it holds no `@`.
        let (setting, rest) = key.rsplit_once('@')?;
        let (version, id) = rest.split_once('-')?;
        let (version, id) = (version.parse().ok()?, Uuid::try_parse(id).ok()?);
        let key = Self { setting, version, id };
        (version > 0).then_some(key)
    }
}

impl fmt::Display for RecordKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}-{}", self.setting, self.version, self.id.simple())
    }
}

/// What a record means for its setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect<'a> {
    /// This value is in force from now on.
    Set(&'a [u8]),
    /// The setting is gone.
    Delete,
    /// Nothing: another record came first, or a later version is in force.
    Outdated,
}

/// The value of a change; none deletes the setting.
pub(super) fn value(value: Option<&[u8]>) -> &[u8] {
    value.unwrap_or(DELETED)
}

/// What is in force of each setting. Clones share what they have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Records(BTreeMap<Arc<str>, Arc<Held>>);

#[derive(Clone, Debug)]
struct Held {
    version: u64,
    id: Uuid,
    /// Whether the record in force deleted the setting.
    deleted: bool,
    /// Versions and ids that were in force lately, the last one last.
    recent: Vec<(u64, Uuid)>,
    /// Records of the topic that are not in force (any more).
    outdated: Vec<(u64, Uuid)>,
}

impl Held {
    fn outdate(&mut self, record: (u64, Uuid)) {
        if self.outdated.len() < MAX_OUTDATED {
            self.outdated.push(record);
        }
    }
}

impl Records {
    /// Takes in one record of the topic; no value: its key was removed.
    pub(super) fn take<'a>(&mut self, key: &RecordKey<'_>, value: Option<&'a [u8]>) -> Effect<'a> {
        let Some(value) = value else { return self.remove(key) };
        let record = (key.version, key.id);
        let deleted = value == DELETED;
        match self.0.get_mut(key.setting).map(Arc::make_mut) {
            None => {
                let held =
                    Held { version: key.version, id: key.id, deleted, recent: vec![record], outdated: Vec::new() };
                self.0.insert(Arc::from(key.setting), Arc::new(held));
            }
            Some(held) if key.version > held.version => {
                held.outdate((held.version, held.id));
                if held.recent.len() == MAX_RECENT {
                    held.recent.remove(0);
                }
                held.recent.push(record);
                (held.version, held.id, held.deleted) = (key.version, key.id, deleted);
            }
            // The record in force, read once more.
            Some(held) if held.id == key.id => {}
            Some(held) => {
                held.outdate(record);
                return Effect::Outdated;
            }
        }
        if deleted { Effect::Delete } else { Effect::Set(value) }
    }

    fn remove(&mut self, key: &RecordKey<'_>) -> Effect<'static> {
        match self.0.get_mut(key.setting) {
            Some(held) if held.id == key.id => {
                self.0.remove(key.setting);
                Effect::Delete
            }
            Some(held) => {
                Arc::make_mut(held).outdated.retain(|(_, id)| *id != key.id);
                Effect::Outdated
            }
            None => Effect::Outdated,
        }
    }

    /// The version in force, which a change has to be made from; 0 when there never was one.
    pub(super) fn version(&self, setting: &str) -> u64 {
        self.0.get(setting).map_or(0, |held| held.version)
    }

    /// The key of the record in force.
    pub(super) fn in_force(&self, setting: &str) -> Option<String> {
        self.0.get(setting).map(|held| RecordKey { setting, version: held.version, id: held.id }.to_string())
    }

    /// Whether a record that was taken in won; none: that is not remembered any more.
    pub(super) fn won(&self, key: &RecordKey<'_>) -> Option<bool> {
        let held = self.0.get(key.setting)?;
        held.recent.iter().find(|(version, _)| *version == key.version).map(|(_, id)| *id == key.id)
    }

    /// Keys of records that can be removed: those of a setting that are not in force, and up to `most` deletions that were
    /// made before `since` (milliseconds) and have outlived all that they outdated, wherever they are.
    ///
    /// A deletion is kept for a while, as Kafka does with tombstones: it outdates what a slow writer may still send.
    pub(super) fn removable(&self, setting: &str, since: u64, most: usize) -> Vec<String> {
        let key = |setting: &str, (version, id): (u64, Uuid)| RecordKey { setting, version, id }.to_string();
        let outdated = self.0.get(setting).into_iter().flat_map(|held| held.outdated.iter());
        let mut keys: Vec<_> = outdated.map(|record| key(setting, *record)).collect();
        let old =
            self.0.iter().filter(|(_, held)| held.deleted && held.outdated.is_empty() && made_at(held.id) < since);
        keys.extend(old.take(most).map(|(setting, held)| key(setting, (held.version, held.id))));
        keys
    }
}

/// Returns when an id was made, milliseconds; a record whose id doesn't say is kept for good.
fn made_at(id: Uuid) -> u64 {
    id.get_timestamp().map_or(u64::MAX, |time| {
        let (seconds, nanos) = time.to_unix();
        seconds.saturating_mul(1000).saturating_add(u64::from(nanos) / 1_000_000)
    })
}

#[cfg(test)]
mod tests;
