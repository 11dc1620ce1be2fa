//! Golden events through every stage (design rule 6): each payload of `schemas/golden/` becomes the row that its snapshot
//! shows, each of `schemas/golden/bad/` a dead letter with its reason. The rows are read back out of the encoded block.
//!
//! In a snapshot, columns at their type's zero are left out, and so is what the clock says; `null` is a float that is NaN.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on should end")]

mod golden_payloads;
mod reader;
mod stories;
#[path = "../src/geo/testdb.rs"]
mod testdb;

use golden_payloads::{Golden, Pipeline, folder};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The rows of a block, as objects.
fn rows(block: &[u8]) -> Vec<Map<String, Value>> {
    let columns = reader::block(block);
    let declared: Vec<_> = columns.iter().map(|column| (column.name.as_str(), column.kind.as_str())).collect();
    assert_eq!(declared, enrich::rows::Rows::COLUMNS);
    let count = columns[0].rows.len();
    let mut rows = vec![Map::new(); count];
    for column in columns {
        assert_eq!(column.rows.len(), count, "{}", column.name);
        for (row, value) in rows.iter_mut().zip(column.rows) {
            row.insert(column.name.clone(), value);
        }
    }
    rows
}

/// Without the clock's part, and without the digest of the bytes.
fn timeless(mut row: Map<String, Value>) -> Map<String, Value> {
    assert!(row.remove("enriched_at").is_some());
    assert!(row.remove("content_hash").is_some_and(|digest| digest != 0));
    row
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty() || text == "::" || text == "1970-01-01T00:00:00.000Z",
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(items) => items.is_empty(),
        Value::Bool(yes) => !yes,
        Value::Null | Value::Object(_) => false,
    }
}

/// P1–P4: what the store is given for each golden payload.
#[tokio::test]
async fn golden_payloads_become_rows() {
    let mut pipeline = Pipeline::new().await;
    let all = folder("golden");
    assert!(all.len() >= 40, "{} golden payloads", all.len());
    for golden in all {
        let batch = pipeline.one(&golden);
        assert!(batch.dead.is_empty(), "{}: {:?}", golden.name, batch.dead);
        let mut row = rows(&batch.rows.encode()).pop().unwrap();
        row.retain(|_, value| !is_zero(value));
        let row = timeless(row);
        insta::with_settings!({ snapshot_path => "golden", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_json_snapshot!(golden.name, row);
        });
    }
}

/// Every snapshot is of a payload that there is.
#[test]
fn no_snapshot_is_left_over() {
    let names: Vec<_> = folder("golden").into_iter().map(|golden| format!("{}.snap", golden.name)).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "{name}");
    }
}

/// One block of all events has the rows of the blocks of each alone, in order, and any cut of it has its part of them.
#[tokio::test]
async fn a_batch_is_its_rows() {
    let mut pipeline = Pipeline::new().await;
    let all = folder("golden");
    let alone: Vec<_> = all.iter().map(|golden| read_alone(&mut pipeline, golden)).collect();
    let mut batch = pipeline.batch();
    for (index, golden) in all.iter().enumerate() {
        // Each has a window of its own: several payloads share an id, and are no retries here.
        let mut memory = golden_payloads::memory();
        batch.push(&golden.record(index as i64), &mut pipeline.stages, &mut memory).unwrap();
    }
    let together: Vec<_> = rows(&batch.rows.encode()).into_iter().map(|row| placeless(timeless(row))).collect();
    assert_eq!(together, alone);
    for start in (0..all.len()).step_by(5) {
        for end in start..=all.len() {
            let slice = batch.rows.slice(start..end).encode();
            let slice: Vec<_> = rows(&slice).into_iter().map(|row| placeless(timeless(row))).collect();
            assert_eq!(slice, alone[start..end], "{start}..{end}");
        }
    }
}

fn read_alone(pipeline: &mut Pipeline, golden: &Golden) -> Map<String, Value> {
    placeless(timeless(rows(&pipeline.one(golden).rows.encode()).pop().unwrap()))
}

/// Without the offset, and the id that is made of it.
fn placeless(mut row: Map<String, Value>) -> Map<String, Value> {
    assert!(row.remove("kafka_offset").is_some());
    if row["event_id"].as_str().unwrap().starts_with("events.raw-3-") {
        row.remove("event_id");
    }
    row
}

/// P5: events of several sources that share id and time are several to correlations.
#[tokio::test]
async fn correlations_count_each_source() {
    let mut pipeline = Pipeline::new().await;
    let (mut batch, mut memory) = (pipeline.batch(), golden_payloads::memory());
    for number in 0..10 {
        let failed = json!({
            "id": "7", "source": format!("/s-{number}"), "type": "user.sign_in_failed",
            "occurred_at": "2026-11-20T09:00:00Z", "actor": {"id": "u-1"},
        });
        batch.push(&Golden::new(&failed).record(number), &mut pipeline.stages, &mut memory).unwrap();
    }
    let last = rows(&batch.rows.encode()).pop().unwrap();
    let broken = last["violations"].as_array().unwrap();
    assert!(broken.iter().any(|rule| rule == "brute-force"), "{broken:?}");
}

/// K7: a session that the application names has its key in every row, in whatever order the events come and however late: what
/// is counted from a sign-in to its sign-out goes by it. Without a name, a late event has none.
#[tokio::test]
async fn a_named_session_is_known_of_late_events() {
    let mut pipeline = Pipeline::new().await;
    let (mut batch, mut memory) = (pipeline.batch(), golden_payloads::memory());
    let sent = [
        ("user.signed_out", "2026-11-19T16:00:00Z", "s-1", ""),
        ("user.signed_in", "2026-11-19T07:00:00Z", "s-1", ""),
        ("order.viewed", "2026-11-19T11:00:00Z", "s-1", ""),
        ("order.viewed", "2026-11-19T12:00:00Z", "", "d-1"),
    ];
    for (number, (kind, at, session, device)) in (0..).zip(sent) {
        let event = json!({
            "id": format!("{number}"), "type": kind, "occurred_at": at, "actor": {"id": "u-1"},
            "context": {"session_id": session, "device_id": device},
        });
        batch.push(&Golden::new(&event).record(number), &mut pipeline.stages, &mut memory).unwrap();
    }
    let rows = rows(&batch.rows.encode());
    let sessions: Vec<_> = rows.iter().map(|row| (&row["session_key"], &row["session_started_at"])).collect();
    let (four, seven) = (json!("2026-11-19T16:00:00.000Z"), json!("2026-11-19T07:00:00.000Z"));
    let (named, none, never) = (json!("s-1"), json!(""), json!("1970-01-01T00:00:00.000Z"));
    assert_eq!(sessions, [(&named, &four), (&named, &seven), (&named, &seven), (&none, &never)]);
}

#[derive(Deserialize)]
struct Expected {
    code: String,
    pointer: String,
}

/// P1, pitfall 4: each bad payload ends in the dead letter with its reason, its place and its bytes, and makes no row.
#[tokio::test]
async fn bad_payloads_become_dead_letters() {
    let mut pipeline = Pipeline::new().await;
    let all = folder("golden/bad");
    assert!(all.len() >= 40, "{} bad payloads", all.len());
    for golden in all {
        let expected: Expected =
            serde_json::from_slice(&std::fs::read(golden.path.with_extension("rejection.json")).unwrap()).unwrap();
        let batch = pipeline.one(&golden);
        assert!(batch.rows.is_empty(), "{}: stored", golden.name);
        let [letter] = batch.dead.as_slice() else { panic!("{}: {:?}", golden.name, batch.dead) };
        assert_eq!(letter.reason, expected.code, "{}", golden.name);
        let at = if expected.pointer.is_empty() { String::new() } else { format!("{}: ", expected.pointer) };
        assert!(
            letter.detail.starts_with(&at) && !letter.detail.starts_with(':'),
            "{}: {}",
            golden.name,
            letter.detail
        );
        assert_eq!((letter.partition, letter.offset), (3, 17), "{}", golden.name);
        assert_eq!(letter.payload.as_deref(), Some(std::fs::read(&golden.path).unwrap().as_slice()), "{}", golden.name);
        let decision = batch.decision();
        assert_eq!((decision.rows, decision.duplicates, decision.dead), (0, 0, 1), "{}", golden.name);
    }
}
