//! What ingest took and refused lately, by tenant and key, for whoever asks why nothing arrives: in memory, of this process, since it
//! began. What it holds is bounded, whoever sends and whatever is wrong with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Most keys that are counted; those beyond are not, until one has sent nothing for a day.
const MAX_KEYS: usize = 2_000;
/// Most codes of one key.
const MAX_CODES: usize = 16;
/// Longest pointer and detail, bytes.
const MAX_TEXT: usize = 256;

/// What was taken and refused lately. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Receipts(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    since: Option<DateTime<Utc>>,
    tenants: HashMap<String, HashMap<String, Key>>,
    keys: usize,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A word for programs.
    pub code: &'static str,
    /// What it is about: a JSON Pointer, or the name of a parameter or header; empty for all of it.
    pub pointer: String,
    /// For people, in English.
    pub detail: String,
}

/// What a key sent lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReceipts {
    /// The public part of the key.
    pub key_id: String,
    /// Events taken in the last hour.
    pub accepted_hour: u64,
    /// Events refused in the last hour; a request that was refused as a whole is one.
    pub rejected_hour: u64,
    /// Events taken in the last day.
    pub accepted_day: u64,
    /// Events refused in the last day; a request that was refused as a whole is one.
    pub rejected_day: u64,
    /// Why events were refused in the last day, the most frequent first.
    pub codes: Vec<CodeReceipts>,
}

/// How often events were refused with a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeReceipts {
    /// How often in the last day.
    pub count: u64,
    /// When last.
    pub at: DateTime<Utc>,
    /// Why last.
    pub last: Refusal,
}

/// Counts by slots of time, of which the last so many are kept.
#[derive(Clone, Debug)]
struct Ring<const N: usize> {
    width_ms: i64,
    slots: [(i64, u64); N],
}

impl<const N: usize> Ring<N> {
    fn new(width_ms: i64) -> Self {
        Self { width_ms, slots: [(i64::MIN, 0); N] }
    }

    fn add(&mut self, now: i64, count: u64) {
        let slot = now.div_euclid(self.width_ms);
        let at = usize::try_from(slot.unsigned_abs()).unwrap_or(0) % N;
        if let Some(found) = self.slots.get_mut(at) {
            let before = if found.0 == slot { found.1 } else { 0 };
            *found = (slot, before.saturating_add(count));
        }
    }

    fn sum(&self, now: i64) -> u64 {
        let slot = now.div_euclid(self.width_ms);
        let first = slot - i64::try_from(N).unwrap_or(i64::MAX) + 1;
        self.slots.iter().filter(|(of, _)| (first..=slot).contains(of)).map(|(_, count)| count).sum()
    }
}

/// By the minute and by the hour.
#[derive(Clone, Debug)]
struct Counts {
    hour: Ring<60>,
    day: Ring<24>,
}

impl Counts {
    fn new() -> Self {
        Self { hour: Ring::new(MINUTE_MS), day: Ring::new(HOUR_MS) }
    }

    fn add(&mut self, now: i64, count: u64) {
        self.hour.add(now, count);
        self.day.add(now, count);
    }
}

#[derive(Debug)]
struct Key {
    accepted: Counts,
    rejected: Counts,
    codes: HashMap<&'static str, (Ring<24>, CodeReceipts)>,
    last_accepted: Option<DateTime<Utc>>,
    last_sent: DateTime<Utc>,
}

impl Key {
    fn new(now: DateTime<Utc>) -> Self {
        let (accepted, rejected) = (Counts::new(), Counts::new());
        Self { accepted, rejected, codes: HashMap::new(), last_accepted: None, last_sent: now }
    }

    fn refuse(&mut self, now: DateTime<Utc>, mut last: Refusal) {
        for text in [&mut last.pointer, &mut last.detail] {
            text.truncate(text.floor_char_boundary(MAX_TEXT));
        }
        let (code, millis) = (last.code, now.timestamp_millis());
        if self.codes.len() >= MAX_CODES && !self.codes.contains_key(code) {
            return;
        }
        let new = || (Ring::new(HOUR_MS), CodeReceipts { count: 0, at: now, last: last.clone() });
        let (ring, found) = self.codes.entry(code).or_insert_with(new);
        ring.add(millis, 1);
        (found.at, found.last) = (now, last);
    }

    fn shown(&self, key_id: &str, now: i64) -> KeyReceipts {
        let code = |(ring, found): &(Ring<24>, CodeReceipts)| CodeReceipts { count: ring.sum(now), ..found.clone() };
        let mut codes: Vec<CodeReceipts> = self.codes.values().map(code).filter(|code| code.count > 0).collect();
        codes.sort_by(|one, other| (other.count, one.last.code).cmp(&(one.count, other.last.code)));
        KeyReceipts {
            key_id: key_id.to_owned(),
            accepted_hour: self.accepted.hour.sum(now),
            rejected_hour: self.rejected.hour.sum(now),
            accepted_day: self.accepted.day.sum(now),
            rejected_day: self.rejected.day.sum(now),
            codes,
        }
    }
}

impl Receipts {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to count what is taken and refused.
    pub fn begin(&self, now: DateTime<Utc>) {
        self.inner().since.get_or_insert(now);
    }

    /// Since when it counts; none where ingest is in other processes.
    #[must_use]
    pub fn since(&self) -> Option<DateTime<Utc>> {
        self.inner().since
    }

    /// Counts what became of a request: how many events were taken, and why others were not.
    pub fn count(&self, (tenant, key): (&str, &str), now: DateTime<Utc>, accepted: u64, refused: Vec<Refusal>) {
        let (mut inner, millis) = (self.inner(), now.timestamp_millis());
        let Some(found) = inner.key(tenant, key, now) else { return };
        found.last_sent = now;
        if accepted > 0 {
            found.accepted.add(millis, accepted);
            found.last_accepted = Some(now);
        }
        found.rejected.add(millis, refused.len() as u64);
        for refusal in refused {
            found.refuse(now, refusal);
        }
    }

    /// What a tenant's keys sent lately, by their ids, and when an event of the tenant was last taken.
    #[must_use]
    pub fn of(&self, tenant: &str, now: DateTime<Utc>) -> (Option<DateTime<Utc>>, Vec<KeyReceipts>) {
        let (inner, millis) = (self.inner(), now.timestamp_millis());
        let keys = || inner.tenants.get(tenant).into_iter().flatten();
        let mut shown: Vec<KeyReceipts> = keys().map(|(id, key)| key.shown(id, millis)).collect();
        shown.sort_by(|one, other| one.key_id.cmp(&other.key_id));
        (keys().filter_map(|(_, key)| key.last_accepted).max(), shown)
    }
}

impl Inner {
    fn key(&mut self, tenant: &str, key: &str, now: DateTime<Utc>) -> Option<&mut Key> {
        let is_known = self.tenants.get(tenant).is_some_and(|keys| keys.contains_key(key));
        if !is_known {
            if self.keys >= MAX_KEYS {
                self.forget(now);
            }
            if self.keys >= MAX_KEYS {
                return None;
            }
            self.keys += 1;
        }
        let keys = self.tenants.entry(tenant.to_owned()).or_default();
        Some(keys.entry(key.to_owned()).or_insert_with(|| Key::new(now)))
    }

    /// Forgets keys that have sent nothing for a day.
    fn forget(&mut self, now: DateTime<Utc>) {
        for keys in self.tenants.values_mut() {
            keys.retain(|_, key| (now - key.last_sent).num_milliseconds() < DAY_MS);
        }
        self.tenants.retain(|_, keys| !keys.is_empty());
        self.keys = self.tenants.values().map(HashMap::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_700_000_000_000 + millis).unwrap()
    }

    fn refusal(code: &'static str) -> Refusal {
        Refusal { code, pointer: "/type".to_owned(), detail: "é".repeat(MAX_TEXT) }
    }

    /// C4: what was refused is counted for an hour and a day, with the last reason of each kind.
    #[test]
    fn counts_are_of_the_last_hour_and_day() {
        let receipts = Receipts::default();
        let key = ("acme", "k1");
        receipts.count(key, at(0), 5, vec![refusal("missing_field"), refusal("missing_field"), refusal("conflict")]);
        receipts.count(key, at(30 * MINUTE_MS), 2, vec![]);
        receipts.count(("acme", "k0"), at(1), 0, vec![refusal("logging_off")]);
        let shown = |after: i64| receipts.of("acme", at(after));
        let (last, keys) = shown(31 * MINUTE_MS);
        assert_eq!(last, Some(at(30 * MINUTE_MS)));
        let ids: Vec<&str> = keys.iter().map(|key| key.key_id.as_str()).collect();
        assert_eq!(ids, ["k0", "k1"]);
        let of = |key: &KeyReceipts| [key.accepted_hour, key.rejected_hour, key.accepted_day, key.rejected_day];
        assert_eq!(of(&keys[1]), [7, 3, 7, 3]);
        let codes: Vec<_> = keys[1].codes.iter().map(|code| (code.last.code, code.count)).collect();
        assert_eq!(codes, [("missing_field", 2), ("conflict", 1)]);
        assert!(keys[1].codes[0].last.detail.len() <= MAX_TEXT);
        assert_eq!(of(&shown(80 * MINUTE_MS).1[1]), [2, 0, 7, 3]);
        let (last, keys) = shown(25 * HOUR_MS);
        assert_eq!((last, of(&keys[1]), keys[1].codes.len()), (Some(at(30 * MINUTE_MS)), [0; 4], 0));
        assert_eq!(receipts.of("other", at(0)), (None, Vec::new()));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let receipts = Receipts::default();
        for number in 0..MAX_KEYS + 10 {
            receipts.count((&format!("t{}", number % 7), &format!("k{number}")), at(0), 1, vec![]);
        }
        assert_eq!(receipts.inner().keys, MAX_KEYS);
        assert!(receipts.of("t0", at(0)).1.iter().all(|key| key.key_id != format!("k{}", MAX_KEYS + 7)));
        receipts.count(("late", "k"), at(2 * DAY_MS), 1, vec![]);
        assert_eq!((receipts.inner().keys, receipts.inner().tenants.len()), (1, 1));
    }
}
