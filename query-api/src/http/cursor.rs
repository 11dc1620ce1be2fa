//! Opaque keyset cursors: a position in an order, bound to the tenant, the filter and the order it was
//! made for.
//!
//! A cursor names the last row that was read by the whole sort key (time, id), so ties are neither skipped nor
//! repeated however many rows arrive between two pages. The resolved period travels inside: the second page of
//! "today" asked after midnight is still the same today, and what goes on is as long on the last page as on the first.
//!
//! Layout before base64url: version, time, from, to, as of (`i64` milliseconds, `MIN` = open), id, and a hash over all of it and
//! over what it is bound to. The hash guards against mistakes, not against an adversary: a forged cursor could only
//! move within rows that its sender may read anyway, for tenant and filter are never read from a cursor.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::http::period::Period;

const VERSION: u8 = 2;
const HASH: usize = 12;
const FIXED: usize = 1 + 4 * 8;
const OPEN: i64 = i64::MIN;
/// Times that a cursor may hold, milliseconds: the years from 1900 to 2299, which the tables' own times can have. Events are of
/// 1970 to 2199, and periods reach a day beyond.
const TIMES: std::ops::Range<i64> = -2_208_988_800_000..10_413_792_000_000;

/// The cursor is not one of ours, or belongs to another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CursorError {
    /// Not a cursor at all, or altered.
    #[error("the cursor is not one that this API handed out for this filter, order and tenant")]
    Mismatch,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Time of the last row, in the order's own column.
    pub at: DateTime<Utc>,
    /// Id of the last row.
    pub id: String,
    /// The period that the first page resolved.
    pub period: Period,
    /// When the first page was asked for.
    pub as_of: DateTime<Utc>,
}

/// What a cursor is bound to.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// Whose rows.
    pub tenant: &'a str,
    /// Which list and order, e.g. `events/occurred/desc`.
    pub list: &'a str,
    /// The filter in its canonical form.
    pub filter: &'a str,
}

impl Binding<'_> {
    fn hash(&self, body: &[u8]) -> [u8; HASH] {
        let mut hash = Sha256::new();
        for part in [self.tenant.as_bytes(), self.list.as_bytes(), self.filter.as_bytes(), body] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut short = [0; HASH];
        for (to, from) in short.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        short
    }

    /// The cursor text.
    pub fn seal(&self, position: &Position) -> String {
        let mut bytes = Vec::with_capacity(FIXED + position.id.len() + HASH);
        bytes.push(VERSION);
        let millis = |time: Option<DateTime<Utc>>| time.map_or(OPEN, |time| time.timestamp_millis());
        for time in [Some(position.at), position.period.from, position.period.to, Some(position.as_of)].map(millis) {
            bytes.extend_from_slice(&time.to_le_bytes());
        }
        bytes.extend_from_slice(position.id.as_bytes());
        let hash = self.hash(&bytes);
        bytes.extend_from_slice(&hash);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor back, if it was sealed under the same binding.
    pub fn open(&self, text: &str) -> Result<Position, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Mismatch)?;
        let (body, hash) = bytes.split_last_chunk::<HASH>().ok_or(CursorError::Mismatch)?;
        if *hash != self.hash(body) {
            return Err(CursorError::Mismatch);
        }
        let (version, rest) = body.split_first().ok_or(CursorError::Mismatch)?;
        let (at, rest) = take_time(rest)?;
        let (from, rest) = take_time(rest)?;
        let (to, rest) = take_time(rest)?;
        let (as_of, id) = take_time(rest)?;
        let id = str::from_utf8(id).map_err(|_| CursorError::Mismatch)?;
        // No period ends before it begins.
        let is_period = from.zip(to).is_none_or(|(from, to)| from <= to);
        match (version, at, as_of) {
            (&VERSION, Some(at), Some(as_of)) if is_period => {
                Ok(Position { at, id: id.to_owned(), period: Period { from, to }, as_of })
            }
            _ => Err(CursorError::Mismatch),
        }
    }
}

fn take_time(bytes: &[u8]) -> Result<(Option<DateTime<Utc>>, &[u8]), CursorError> {
    let (head, rest) = bytes.split_first_chunk::<8>().ok_or(CursorError::Mismatch)?;
    match i64::from_le_bytes(*head) {
        OPEN => Ok((None, rest)),
        millis if !TIMES.contains(&millis) => Err(CursorError::Mismatch),
        millis => DateTime::from_timestamp_millis(millis).map(|time| (Some(time), rest)).ok_or(CursorError::Mismatch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;

    fn time() -> impl Strategy<Value = DateTime<Utc>> {
        (0i64..7_258_118_400_000).prop_map(|millis| DateTime::from_timestamp_millis(millis).unwrap())
    }

    const BINDING: Binding<'static> = Binding { tenant: "acme", list: "events/occurred/desc", filter: "{}" };

    proptest! {
        /// Pitfall 14: what was sealed comes back.
        #[test]
        fn round_trip(
            at in time(), as_of in time(), id in "\\PC{0,128}", from in prop::option::of(time()), to in prop::option::of(time()),
        ) {
            let (from, to) = match (from, to) {
                (Some(one), Some(other)) => (Some(one.min(other)), Some(one.max(other))),
                open => open,
            };
            let position = Position { at, id, period: Period { from, to }, as_of };
            prop_assert_eq!(BINDING.open(&BINDING.seal(&position)), Ok(position));
        }

        /// One changed character anywhere is noticed.
        #[test]
        fn tampering_is_noticed(at in time(), id in "[a-z0-9]{1,40}", place in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
            let sealed = BINDING.seal(&Position { at, id, period: Period::default(), as_of: at });
            let place = place.index(sealed.len());
            let mut altered = sealed.clone();
            altered.replace_range(place..=place, &to);
            prop_assume!(altered != sealed);
            prop_assert_eq!(BINDING.open(&altered), Err(CursorError::Mismatch));
        }

        #[test]
        fn never_panics(text in "\\PC{0,200}") {
            let _ = BINDING.open(&text);
        }
    }

    /// A cursor that somebody made up, with times that no table can hold, or a period that ends before it begins.
    #[test]
    fn impossible_times_are_refused() {
        let year = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc();
        let opens = |at: i32, from: Option<i32>, to: Option<i32>| {
            let period = Period { from: from.map(year), to: to.map(year) };
            BINDING
                .open(&BINDING.seal(&Position { at: year(at), id: String::new(), period, as_of: year(2000) }))
                .is_ok()
        };
        assert!(opens(1970, None, None) && opens(2199, Some(1900), Some(2299)) && opens(2000, Some(2000), Some(2000)));
        for bad in [-1, 1899, 2300, 10_000, 262_000] {
            assert!(!opens(bad, None, None) && !opens(2000, Some(bad), None) && !opens(2000, None, Some(bad)), "{bad}");
        }
        assert!(!opens(2000, Some(2001), Some(2000)));
    }

    #[test]
    fn bound_to_tenant_list_and_filter() {
        let position = Position {
            at: DateTime::UNIX_EPOCH,
            id: "e1".into(),
            period: Period::default(),
            as_of: DateTime::UNIX_EPOCH,
        };
        let sealed = BINDING.seal(&position);
        for other in [
            Binding { tenant: "acme2", ..BINDING },
            Binding { list: "events/occurred/asc", ..BINDING },
            Binding { filter: "{\"type\":[\"a\"]}", ..BINDING },
            // The boundary between two parts cannot be shifted.
            Binding { tenant: "acmee", list: "vents/occurred/desc", filter: "{}" },
        ] {
            assert_eq!(other.open(&sealed), Err(CursorError::Mismatch));
        }
    }
}
