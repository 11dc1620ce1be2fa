//! Properties: what a column holds is what a reader finds in its block, a slice is its rows, and the window of event ids
//! behaves as a plain list of them does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on should end")]

mod reader;

use std::net::IpAddr;
use std::ops::Range;

use enrich::native::{Array, Column, F32, Ip, Low, Str, Time, U8, U16, U32, U64, put_column, put_varuint};
use enrich::partition::dedup_window::{Arrival, DedupWindow, WINDOW_MS};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// What a reader finds in a block of this column alone.
fn read<C: Column>(column: &C) -> Vec<Value> {
    let mut bytes = Vec::new();
    put_varuint(&mut bytes, 1);
    put_varuint(&mut bytes, column.len() as u64);
    put_column(&mut bytes, "column", column);
    let read = reader::block(&bytes).pop().unwrap();
    assert_eq!((read.name.as_str(), read.kind.as_str()), ("column", C::TYPE));
    read.rows
}

/// The whole comes back, and so does each of the slices.
fn check<C: Column>(column: &C, expected: &[Value], cuts: &[(Index, Index)]) {
    assert_eq!(read(column), expected);
    for (one, other) in cuts {
        let (one, other) = (one.index(expected.len() + 1), other.index(expected.len() + 1));
        let range: Range<usize> = one.min(other)..one.max(other);
        let slice = column.slice(range.clone());
        assert_eq!(slice.len(), range.len());
        assert_eq!(read(&slice), expected[range]);
    }
}

fn cuts() -> impl Strategy<Value = Vec<(Index, Index)>> {
    prop::collection::vec(any::<(Index, Index)>(), 4)
}

/// Texts of every kind, with some that come again.
fn texts() -> impl Strategy<Value = Vec<String>> {
    let text = prop_oneof![3 => "[abc]{0,2}", 2 => "(?s).{0,40}", 1 => "x{120,300}"];
    prop::collection::vec(text, 0..80)
}

fn lists() -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec("[ab]{0,2}|(?s).{0,12}", 0..5), 0..30)
}

fn values<T: Into<Value> + Clone>(items: &[T]) -> Vec<Value> {
    items.iter().cloned().map(Into::into).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn texts_come_back(texts in texts(), cuts in cuts()) {
        let (mut low, mut plain) = (Low::default(), Str::default());
        for text in &texts {
            low.push(text);
            plain.push(text);
        }
        check(&low, &values(&texts), &cuts);
        check(&plain, &values(&texts), &cuts);
    }

    #[test]
    fn lists_come_back(lists in lists(), cuts in cuts()) {
        let (mut low, mut plain) = (Array::<Low>::default(), Array::<Str>::default());
        let (mut bytes, mut numbers) = (Array::<U8>::default(), Array::<U32>::default());
        for list in &lists {
            for text in list {
                low.elements.push(text);
                plain.elements.push(text);
                bytes.elements.push(text.len() as u8);
                numbers.elements.push(text.len() as u32 * 70_000);
            }
            low.end_row();
            plain.end_row();
            bytes.end_row();
            numbers.end_row();
        }
        check(&low, &values(&lists), &cuts);
        check(&plain, &values(&lists), &cuts);
        let of = |number: fn(&String) -> u64| -> Vec<Value> {
            lists.iter().map(|list| Value::from(list.iter().map(number).collect::<Vec<_>>())).collect()
        };
        check(&bytes, &of(|text| text.len() as u64), &cuts);
        check(&numbers, &of(|text| text.len() as u64 * 70_000), &cuts);
    }

    #[test]
    fn numbers_come_back(
        numbers in prop::collection::vec(any::<u64>(), 0..40),
        addresses in prop::collection::vec(prop::option::of(any::<IpAddr>()), 0..20),
        cuts in cuts(),
    ) {
        let (mut large, mut small, mut real, mut time, mut ip) =
            (U64::default(), U16::default(), F32::default(), Time::default(), Ip::default());
        let millis = |number: u64| (number % 7_258_118_400_000) as i64;
        for &number in &numbers {
            large.push(number);
            small.push(number as u16);
            real.push(number as f32);
            time.push(millis(number));
        }
        addresses.iter().for_each(|&address| ip.push(address));
        check(&large, &values(&numbers), &cuts);
        check(&small, &numbers.iter().map(|&number| json!(number as u16)).collect::<Vec<_>>(), &cuts);
        check(&real, &numbers.iter().map(|&number| json!(number as f32)).collect::<Vec<_>>(), &cuts);
        let times = numbers.iter().map(|&number| {
            let time = chrono::DateTime::from_timestamp_millis(millis(number)).unwrap();
            json!(time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
        });
        check(&time, &times.collect::<Vec<_>>(), &cuts);
        let mapped = addresses.iter().map(|address| match address {
            Some(IpAddr::V4(v4)) => json!(v4.to_ipv6_mapped().to_string()),
            Some(IpAddr::V6(v6)) => json!(v6.to_string()),
            None => json!("::"),
        });
        check(&ip, &mapped.collect::<Vec<_>>(), &cuts);
    }

    /// Lengths are LEB128 of any size.
    #[test]
    fn lengths_come_back(length in any::<u64>()) {
        let mut bytes = Vec::new();
        put_varuint(&mut bytes, length);
        let read = bytes.iter().rev().fold(0_u64, |value, byte| value << 7 | u64::from(byte & 0x7f));
        prop_assert_eq!(read, length);
        prop_assert!(bytes.iter().rev().skip(1).all(|byte| byte & 0x80 != 0) && bytes[bytes.len() - 1] < 0x80);
        prop_assert!(bytes.len() <= 10);
    }

    /// An event is a retry when one of its identity, itself neither a retry nor a conflict, came within the window before
    /// it with the same content; with other content it is a conflict.
    #[test]
    fn the_window_is_a_list_of_what_came(
        window in 0_u64..12,
        arrivals in prop::collection::vec((0_u128..12, 0_u64..2, 1_u64..4, 0_i64..WINDOW_MS / 3), 1..120),
    ) {
        let mut seen = DedupWindow::new(window);
        let mut model: Vec<(u128, u64, u64, i64)> = Vec::new();
        let (mut offset, mut now) = (0, 0);
        for (identity, content, gap, wait) in arrivals {
            (offset, now) = (offset + gap, now + wait);
            let known = model.iter().find(|(other, _, at, time)| {
                *other == identity && at + window >= offset && time + WINDOW_MS >= now
            });
            let expected = match known {
                None => Arrival::New,
                Some((_, first, ..)) if *first == content => Arrival::Repeated,
                Some(_) => Arrival::Conflict,
            };
            prop_assert_eq!(seen.insert(identity, content, offset, now), expected, "{} at {}", identity, offset);
            if expected == Arrival::New {
                model.push((identity, content, offset, now));
            }
            let held =
                model.iter().filter(|(_, _, at, time)| at + window >= offset && time + WINDOW_MS >= now).count();
            prop_assert_eq!(seen.len(), held);
        }
    }

    /// A successor that is given the rows of the window, as the table has them, decides as its predecessor would have.
    #[test]
    fn a_restored_window_decides_alike(
        window in 1_u64..12,
        arrivals in prop::collection::vec((0_u128..6, 0_u64..2, 1_u64..4, 0_i64..WINDOW_MS / 3), 2..80),
        cut in any::<Index>(),
    ) {
        let cut = cut.index(arrivals.len());
        let mut seen = DedupWindow::new(window);
        let (mut table, mut rest) = (Vec::new(), Vec::new());
        let (mut offset, mut now) = (0, 0);
        for (index, (identity, content, gap, wait)) in arrivals.into_iter().enumerate() {
            (offset, now) = (offset + gap, now + wait);
            let arrival = seen.insert(identity, content, offset, now);
            if index >= cut {
                rest.push((identity, content, offset, now, arrival));
            } else if arrival == Arrival::New {
                table.push((identity, content, offset, now));
            }
        }
        let &(_, _, start, received_at, _) = &rest[0];
        let mut successor = DedupWindow::new(window);
        for (identity, content, offset, at) in table {
            if offset + window >= start && at >= received_at - WINDOW_MS {
                successor.insert(identity, content, offset, at);
            }
        }
        for (identity, content, offset, at, was) in rest {
            prop_assert_eq!(successor.insert(identity, content, offset, at), was, "{} at {}", identity, offset);
        }
    }
}

/// The width of a dictionary's indexes grows with its keys; each side of each border.
#[test]
fn dictionaries_of_every_width_come_back() {
    for keys in [1, 255, 256, 257, 65_535, 65_536, 65_537] {
        let mut column = Low::default();
        let mut expected = Vec::new();
        for row in (0..keys).chain([0, keys - 1, keys / 2]) {
            let text = format!("key {row}");
            column.push(&text);
            expected.push(Value::from(text));
        }
        assert_eq!(read(&column), expected, "{keys} keys");
        let tail = keys.min(300);
        assert_eq!(read(&column.slice(expected.len() - tail..expected.len())), expected[expected.len() - tail..]);
    }
}

/// Nothing is written for the data of a column without rows.
#[test]
fn an_empty_column_is_its_name_and_type() {
    assert!(read(&Low::default()).is_empty());
    assert!(read(&Array::<Low>::default()).is_empty());
    let mut rows_without_elements = Array::<Low>::default();
    rows_without_elements.end_row();
    rows_without_elements.end_row();
    assert_eq!(read(&rows_without_elements), [json!([]), json!([])]);
}
