//! A small bounded cache for one worker thread: no locks, no clock, no list to keep in order.
//!
//! Two generations of entries: a hit in the old one moves the entry to the young one; when the young one is full it
//! becomes the old one and what nobody asked for since is dropped. That approximates "least recently used" at the
//! price of one hash look-up on the usual path.

use std::hash::Hash;

use hashbrown::HashMap;

/// Bounded map of values that are cheap to clone (`Arc`s).
#[derive(Debug)]
pub(crate) struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    /// Entries in one generation; the whole cache holds at most twice as many.
    half: usize,
}

impl<K: Eq + Hash, V: Clone> Generations<K, V> {
    /// A cache of at most `capacity` entries (never fewer than two).
    pub(crate) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half: (capacity / 2).max(1) }
    }

    /// The value of `key`, if it was put in and has not aged out.
    pub(crate) fn get(&mut self, key: &K) -> Option<V>
    where
        K: Clone,
    {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let value = self.old.remove(key)?;
        self.insert(key.clone(), value.clone());
        Some(value)
    }

    /// Puts `value` under `key`, ageing the cache when it is full.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(key, value);
    }

    /// Forgets everything, keeping the memory.
    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    /// Entries held now.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_bound_and_keeps_what_is_used() {
        let mut cache = Generations::new(10);
        cache.insert(0_u32, 0_u32);
        for i in 1..1000 {
            cache.insert(i, i);
            assert_eq!(cache.get(&0), Some(0), "an entry in constant use stays");
            assert!(cache.len() <= 10);
        }
        assert_eq!(cache.get(&1), None);
        cache.clear();
        assert_eq!(cache.len(), 0);
        assert_eq!(cache.get(&0), None);
    }

    #[test]
    fn an_overwritten_key_counts_once() {
        let mut cache = Generations::new(4);
        for _ in 0..100 {
            cache.insert("k", 1);
        }
        assert_eq!(cache.len(), 1);
    }
}
