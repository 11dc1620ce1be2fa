//! Two versions of a list: which items came, went, moved, or are other than they were.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use schemas::bidi::seen;
use schemas::json::Value;

use crate::log::conditions::{condition, group, only, within_group};

/// How much of an item is compared with others, in values.
const MAX_ATOMS: usize = 64;

/// How the items of two versions belong together, by their positions: (before, after).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pairs {
    /// Positions before.
    pub(super) removed: Vec<usize>,
    /// Positions after.
    pub(super) added: Vec<usize>,
    /// Items that changed their order among those that stayed; as few as will do.
    pub(super) moved: Vec<(usize, usize)>,
    /// The same item with other contents, moved or not.
    pub(super) altered: Vec<(usize, usize)>,
}

/// Pairs equal items first, then those of one identity, then those that are most alike, within a budget of comparisons.
pub(super) fn pairs((old, new): (&[Value], &[Value]), conditions: bool, budget: &mut usize) -> Pairs {
    let mut pairing = Pairing { old, new, partners: vec![None; new.len()], free: vec![true; old.len()] };
    pairing.by(|item| Some(item.to_string()));
    // What reads the same would seem to have gone and come back.
    pairing.by(|item| match item {
        Value::String(text) => Some(seen(text).into_owned()),
        Value::Number(number) => Some(number.clone()),
        _ => None,
    });
    // In a group a field called `name` or `id` is what a condition is about.
    let bare = |item: &Value| conditions && condition(item).is_none() && within_group(item).is_some();
    let identity = |item: &Value| if bare(item) { None } else { identity(item) };
    pairing.by(identity);
    // Ids that none of the conditions kept are made anew each time, and identify nothing.
    let ids = |items: &[Value]| items.iter().filter_map(identity).collect::<HashSet<_>>();
    let ids_hold = !ids(old).is_disjoint(&ids(new));
    let kind = |item: &Value| kind(item, conditions, ids_hold);
    pairing.by_likeness(kind, budget);
    pairing.by_place(kind);

    let Pairing { partners, free, .. } = pairing;
    let kept: Vec<(usize, usize)> =
        partners.iter().enumerate().filter_map(|(to, from)| from.map(|from| (from, to))).collect();
    let in_order = longest_increasing(&kept);
    Pairs {
        removed: (0..old.len()).filter(|at| free[*at]).collect(),
        added: (0..new.len()).filter(|at| partners[*at].is_none()).collect(),
        moved: kept.iter().enumerate().filter(|(at, _)| !in_order[*at]).map(|(_, pair)| *pair).collect(),
        altered: kept.into_iter().filter(|(from, to)| old[*from] != new[*to]).collect(),
    }
}

struct Pairing<'a> {
    old: &'a [Value],
    new: &'a [Value],
    /// Of each item after, its place before.
    partners: Vec<Option<usize>>,
    /// Which items before have no partner.
    free: Vec<bool>,
}

impl Pairing<'_> {
    /// Pairs what has no partner yet by a key, in order.
    fn by(&mut self, key: impl Fn(&Value) -> Option<String>) {
        let mut waiting: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (at, item) in self.old.iter().enumerate().filter(|(at, _)| self.free[*at]) {
            if let Some(key) = key(item) {
                waiting.entry(key).or_default().push_back(at);
            }
        }
        for (partner, item) in self.partners.iter_mut().zip(self.new).filter(|(partner, _)| partner.is_none()) {
            *partner = key(item).and_then(|key| waiting.get_mut(&key)?.pop_front());
            if let Some(at) = *partner {
                self.free[at] = false;
            }
        }
    }

    /// Pairs what has no partner yet with what is most like it among its kind.
    fn by_likeness(&mut self, kind: impl Fn(&Value) -> Option<String>, budget: &mut usize) {
        let left = |item| Some((kind(item)?, atoms(item)));
        let old: Vec<_> = self.old.iter().enumerate().filter(|(at, _)| self.free[*at]).collect();
        let old: Vec<_> = old.into_iter().filter_map(|(at, item)| Some((at, left(item)?))).collect();
        let new = self.new.iter().enumerate().filter(|(at, _)| self.partners[*at].is_none());
        let new: Vec<_> = new.filter_map(|(at, item)| Some((at, left(item)?))).collect();
        let mut alike = Vec::new();
        for (from, (kind, before)) in &old {
            for (to, (_, after)) in new.iter().filter(|(_, (other, _))| other == kind) {
                let Some(rest) = budget.checked_sub(1) else { break };
                *budget = rest;
                let shared = shared(before, after);
                // A condition on the same field is the same condition.
                if kind.starts_with("on ") || shared * 2 >= before.len().min(after.len()) {
                    alike.push((Reverse(shared), from.abs_diff(*to), *from, *to));
                }
            }
        }
        alike.sort_unstable();
        for (_, _, from, to) in alike {
            self.pair(from, to);
        }
    }

    /// Pairs lists and groups that stand where another of their kind stood.
    fn by_place(&mut self, kind: impl Fn(&Value) -> Option<String>) {
        for at in 0..self.old.len().min(self.new.len()) {
            let (before, after) = (kind(&self.old[at]), kind(&self.new[at]));
            if before == after && before.is_some_and(|kind| kind == GROUP || kind == LIST) {
                self.pair(at, at);
            }
        }
    }

    fn pair(&mut self, from: usize, to: usize) {
        if self.free[from] && self.partners[to].is_none() {
            self.free[from] = false;
            self.partners[to] = Some(from);
        }
    }
}

/// Returns what identifies a record whatever else of it changes.
fn identity(item: &Value) -> Option<String> {
    let fields = item.as_object()?;
    let known = |name: &&str| fields.get(*name).is_some_and(|id| matches!(id, Value::String(_) | Value::Number(_)));
    let name = ["id", "key", "uuid", "name"].into_iter().find(known)?;
    Some(format!("{name}={}", fields.get(name)?))
}

const GROUP: &str = "a group";
const LIST: &str = "a list";

/// What an item may be paired with that is not the same; none for what is only itself.
fn kind(item: &Value, conditions: bool, ids_hold: bool) -> Option<String> {
    if conditions
        && condition(item).is_none()
        && group(item).is_empty()
        && let Some((name, _)) = only(item)
    {
        return Some(format!("on {name}"));
    }
    let named = identity(item).is_some();
    if let Some(condition) = condition(item) {
        return (!named || !ids_hold).then(|| format!("on {}", condition.field));
    }
    match item {
        Value::Object(_) | Value::Array(_) if !group(item).is_empty() => {
            (!named || !ids_hold).then(|| GROUP.to_owned())
        }
        Value::Object(_) => (!named).then(|| "a record".to_owned()),
        Value::Array(_) => Some(LIST.to_owned()),
        // A condition in words begins with what it is about.
        Value::String(text) if conditions => text.split_once(' ').map(|(field, _)| format!("on {field}")),
        _ => None,
    }
}

/// The first values within an item, each with its name, as sorted hashes.
fn atoms(item: &Value) -> Vec<u64> {
    fn collect(name: &str, value: &Value, atoms: &mut Vec<u64>) {
        match value {
            _ if atoms.len() >= MAX_ATOMS => {}
            Value::Array(items) => items.iter().for_each(|item| collect(name, item, atoms)),
            Value::Object(fields) => fields.iter().for_each(|(name, value)| collect(name, value, atoms)),
            value => {
                let mut hasher = DefaultHasher::new();
                (name, value).hash(&mut hasher);
                atoms.push(hasher.finish());
            }
        }
    }
    let mut atoms = Vec::new();
    collect("", item, &mut atoms);
    // Of two groups, the one that still has a condition of its own is more like it than one that has it within another.
    for own in group(item).into_iter().flat_map(|group| group.items).take(MAX_ATOMS) {
        let mut hasher = DefaultHasher::new();
        own.hash(&mut hasher);
        atoms.push(hasher.finish());
    }
    atoms.sort_unstable();
    atoms
}

/// How many of them two have in common.
fn shared(mut one: &[u64], mut other: &[u64]) -> usize {
    let mut shared = 0;
    while let ([a, one_rest @ ..], [b, other_rest @ ..]) = (one, other) {
        shared += usize::from(a == b);
        (one, other) = (if a <= b { one_rest } else { one }, if b <= a { other_rest } else { other });
    }
    shared
}

/// Which of the pairs are in the longest run that ascends on both sides: these stayed where they were.
fn longest_increasing(pairs: &[(usize, usize)]) -> Vec<bool> {
    // For each length, the pair that ends such a run with the least position; and of each pair, the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (from, _)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].0 < *from);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut stayed = vec![false; pairs.len()];
    let mut next = ends.last().copied();
    while let Some(at) = next {
        stayed[at] = true;
        next = before[at];
    }
    stayed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use proptest::prelude::*;

    fn pairs(old: &[Value], new: &[Value]) -> Pairs {
        crate::log::edits::lists::pairs((old, new), false, &mut 100)
    }

    fn list(items: &[u8]) -> Vec<Value> {
        items.iter().map(|item| json!(item)).collect()
    }

    #[test]
    fn one_move_is_one_move() {
        let moved = pairs(&list(&[1, 2, 3, 4]), &list(&[4, 1, 2, 3]));
        assert_eq!(moved, Pairs { moved: vec![(3, 0)], ..Pairs::default() });
    }

    #[test]
    fn records_are_told_by_their_ids() {
        let old = [json!({"id": 1, "name": "a"}), json!({"id": 2})];
        let new = [json!({"id": 2}), json!({"id": 1, "name": "b"})];
        let found = pairs(&old, &new);
        assert_eq!((found.removed.len(), found.added.len(), found.moved.len()), (0, 0, 1));
        assert_eq!(found.altered, [(0, 1)]);
    }

    proptest! {
        /// A8: without what went, and with what came, the old list has the items of the new; what neither came, went nor
        /// moved is in the same order.
        #[test]
        fn nothing_is_lost(old in prop::collection::vec(0_u8..8, 0..12), new in prop::collection::vec(0_u8..8, 0..12)) {
            let found = pairs(&list(&old), &list(&new));
            prop_assert_eq!(&found.altered, &[]);
            let stayed = |all: &[u8], gone: &[usize], moved: &[usize]| -> Vec<u8> {
                let kept = all.iter().enumerate().filter(|(at, _)| !gone.contains(at) && !moved.contains(at));
                kept.map(|(_, item)| *item).collect()
            };
            let (from, to): (Vec<usize>, Vec<usize>) = found.moved.iter().copied().unzip();
            prop_assert_eq!(stayed(&old, &found.removed, &from), stayed(&new, &found.added, &to));
            for (from, to) in found.moved {
                prop_assert_eq!(old[from], new[to]);
            }
            // What could stay is neither removed nor added.
            for at in found.removed {
                prop_assert!(!found.added.iter().any(|other| new[*other] == old[at]));
            }
        }
    }
}
