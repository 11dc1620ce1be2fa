//! Two versions of a list: which items came, went, moved, or are other than they were.

use std::collections::{HashMap, VecDeque};

use schemas::json::Value;

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

/// Pairs equal items first, then those of one identity.
pub(super) fn pairs(old: &[Value], new: &[Value]) -> Pairs {
    let mut partners: Vec<Option<usize>> = vec![None; new.len()];
    let mut free = vec![true; old.len()];
    pair(old, new, (&mut partners, &mut free), |item| Some(item.to_string()));
    pair(old, new, (&mut partners, &mut free), identity);

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

/// Pairs what has no partner yet by a key, in order.
fn pair(
    old: &[Value],
    new: &[Value],
    (partners, free): (&mut [Option<usize>], &mut [bool]),
    key: impl Fn(&Value) -> Option<String>,
) {
    let mut waiting: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (at, item) in old.iter().enumerate().filter(|(at, _)| free[*at]) {
        if let Some(key) = key(item) {
            waiting.entry(key).or_default().push_back(at);
        }
    }
    for (partner, item) in partners.iter_mut().zip(new).filter(|(partner, _)| partner.is_none()) {
        *partner = key(item).and_then(|key| waiting.get_mut(&key)?.pop_front());
        if let Some(at) = *partner {
            free[at] = false;
        }
    }
}

/// What tells a record whatever else of it changes.
fn identity(item: &Value) -> Option<String> {
    let fields = item.as_object()?;
    let name = ["id", "key", "uuid", "name", "field", "attribute", "property"]
        .iter()
        .find(|name| fields.contains_key(**name))?;
    Some(format!("{name}={}", fields.get(*name)?))
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
