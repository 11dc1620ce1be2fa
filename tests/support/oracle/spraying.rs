//! Password spraying, over all users of a tenant at once.

use std::collections::{BTreeMap, BTreeSet};

use super::stored::Row;
use super::{Expected, HOUR, MINUTE};

const TIMESPAN: i64 = 10 * MINUTE;
const USERS: usize = 10;

/// One violation that is to be found.
#[derive(Debug, PartialEq)]
pub(crate) struct Sprayed {
    /// Ends of windows in which it held: each is a finding.
    pub(crate) count: u64,
    /// Most users in one of them, once all events were there.
    pub(crate) most: f64,
}

/// By tenant, address and hour.
pub(crate) fn spraying(rows: &[Row], expected: &[Expected]) -> BTreeMap<(String, String, i64), Sprayed> {
    let mut by_address: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    for (row, expected) in rows.iter().zip(expected) {
        if expected.sprays {
            by_address.entry((&row.tenant, &row.address)).or_default().push(row);
        }
    }
    let mut found = BTreeMap::new();
    for ((tenant, address), failed) in by_address {
        let ends: BTreeSet<_> = failed.iter().map(|row| row.at()).collect();
        for end in ends {
            let window = failed.iter().filter(|row| row.at() > end - TIMESPAN && row.at() <= end);
            let users = window.map(|row| row.account()).collect::<BTreeSet<_>>().len();
            if users >= USERS {
                let address = address.trim_start_matches("::ffff:").to_owned();
                let key = (tenant.to_owned(), address, end.div_euclid(HOUR) * HOUR);
                let sprayed = found.entry(key).or_insert(Sprayed { count: 0, most: 0.0 });
                sprayed.count += 1;
                sprayed.most = f64::max(sprayed.most, users as f64);
            }
        }
    }
    found
}
