//! Exports of lists and reports over the API (P9, T17, T18, L10, P13): the rows of all pages, whatever the format.

mod columns;
mod lasting;
mod pdf;
mod recorded;
mod statistics;
mod words;

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use calamine::{Reader as _, Xlsx};
use chrono::TimeDelta;
use http_body_util::BodyExt as _;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use schemas::settings::Role;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::export_files::keep;
use crate::export_files::unspaced;
use crate::support::{Event, World, ids, rng, with_configured, with_world};

/// A file with its type and name.
pub(crate) struct File {
    content_type: String,
    disposition: String,
    complete_until: Option<String>,
    pub(crate) bytes: axum::body::Bytes,
}

pub(crate) async fn file(world: &World, path: &str, key: &str, accept: &str) -> File {
    let request = Request::get(path).header("authorization", format!("Bearer {key}")).header("accept", accept);
    let response = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let text = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let (content_type, disposition) = (text("content-type"), text("content-disposition"));
    let complete_until = response.headers().get("complete-until").map(|until| until.to_str().unwrap().to_owned());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    File { content_type, disposition, complete_until, bytes }
}

pub(crate) fn csv_column(file: &[u8], name: &str) -> Vec<String> {
    let text = file.strip_prefix("\u{feff}".as_bytes()).unwrap();
    let mut reader = csv::Reader::from_reader(text);
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

/// All text of a PDF.
pub(crate) fn pdf_text(file: &[u8]) -> String {
    let document = lopdf::Document::load_mem(file).unwrap();
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    document.extract_text(&pages).unwrap()
}

/// Waits for what is recorded after an answer.
pub(crate) async fn recorded(world: &World, tenant: &str, kind: &str, count: usize) -> Vec<Value> {
    let found = async {
        loop {
            let mut events = world.audit.recorded(tenant);
            events.retain(|event| event["type"] == kind);
            if events.len() >= count {
                return events;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), found).await.expect("it is recorded")
}

fn events(count: usize) -> Vec<Event> {
    let mut rng = rng(7);
    let mut events: Vec<Event> =
        (0..count).map(|number| Event::random(&mut rng, "acme", number, TimeDelta::days(20))).collect();
    for event in &mut events {
        event.actor_name = "=Новáková".to_owned();
    }
    events
}

/// P9: in every format the rows of all pages, in their order.
#[test]
fn an_export_has_the_rows_of_all_pages() {
    with_world("exports_rows", async |world| {
        world.tenant("acme", |tenant| tenant.name = "Акме".to_owned()).await;
        let key = world.key(Some("acme"), Role::Security).await;
        world.insert(&events(600)).await;
        for query in ["?order=desc", "?order=asc&action=view&action=export", "?violations=true"] {
            let path = format!("/v1/events{query}");
            let paged = world.pages(&format!("{path}&limit=97"), &key).await;
            let expected = ids(&paged);
            assert!(!expected.is_empty());

            let csv = file(&world, &format!("{path}&format=csv"), &key, "*/*").await;
            assert_eq!(csv.content_type, "text/csv; header=present; charset=utf-8");
            assert_eq!(csv_column(&csv.bytes, "id"), expected);
            assert!(csv_column(&csv.bytes, "actor.name").iter().all(|name| name == "'=Новáková"));

            let ndjson = file(&world, &path, &key, "application/x-ndjson").await;
            let lines = std::str::from_utf8(&ndjson.bytes).unwrap().lines();
            let objects: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(objects, paged);

            let xlsx = file(&world, &format!("{path}&format=xlsx"), &key, "*/*").await;
            let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(xlsx.bytes)).unwrap();
            let sheet = book.worksheet_range("events").unwrap();
            let mut rows = sheet.rows();
            let at = rows.next().unwrap().iter().position(|cell| *cell == "id").unwrap();
            assert_eq!(rows.map(|row| row[at].to_string()).collect::<Vec<_>>(), expected);

            let parquet = file(&world, &format!("{path}&format=parquet"), &key, "*/*").await;
            let reader = SerializedFileReader::new(parquet.bytes).unwrap();
            let fields = reader.metadata().file_metadata().schema_descr().columns().to_vec();
            let at = fields.iter().position(|field| field.name() == "id").unwrap();
            let read = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().get_string(at).unwrap().clone());
            assert_eq!(read.collect::<Vec<_>>(), expected);

            let pdf = file(&world, &format!("{path}&format=pdf"), &key, "*/*").await;
            assert!(pdf.disposition.ends_with(".pdf\""), "{}", pdf.disposition);
            let document = lopdf::Document::load_mem(&pdf.bytes).unwrap();
            keep("events.pdf", &pdf.bytes);
            let text = document.extract_text(&[1]).unwrap();
            assert!(text.contains("Акме"), "{text}");
        }
    });
}

/// J13, J14, P9: what was sent as escapes, and what no machine holds, is in every file as the value that it was stored as; a file
/// is never broken by it.
#[test]
fn text_that_was_escaped_is_text_in_every_file() {
    with_world("exports_escaped", async |world| {
        world.tenant("acme", |_| ()).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let name = "Новая 😀 \u{fffd} \\u041d";
        let change = ["price", "replace", "[1,2]", "{\"a\":\"1e400\",\"b\":\"Ж\u{fffd}\"}"].map(str::to_owned);
        let mut events = events(2);
        (events[0].object_type, events[0].object_name, events[0].changes) = ("deal", name.to_owned(), vec![change]);
        world.insert(&events[..1]).await;
        let path = |format: &str| format!("/v1/events?format={format}");
        let csv = file(&world, &path("csv"), &key, "*/*").await;
        assert_eq!(csv_column(&csv.bytes, "object.name"), [name]);
        let ndjson = file(&world, &path("ndjson"), &key, "*/*").await;
        let line: Value = serde_json::from_slice(ndjson.bytes.trim_ascii_end()).unwrap();
        assert_eq!(line["object"]["name"], name);
        assert_eq!(line["changes"][0]["new"], json!({"a": "1e400", "b": "Ж\u{fffd}"}));
        let xlsx = file(&world, &path("xlsx"), &key, "*/*").await;
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(xlsx.bytes)).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let cells: Vec<String> = sheet.rows().flatten().map(ToString::to_string).collect();
        assert!(cells.iter().any(|cell| cell == name), "{cells:?}");
        assert!(cells.iter().any(|cell| cell.contains("1e400") && cell.contains("Ж\u{fffd}")), "{cells:?}");
        let parquet = SerializedFileReader::new(file(&world, &path("parquet"), &key, "*/*").await.bytes).unwrap();
        let row = parquet.get_row_iter(None).unwrap().next().unwrap().unwrap();
        let texts: Vec<String> = row.get_column_iter().map(|(_, field)| field.to_string()).collect();
        assert!(texts.iter().any(|text| text.trim_matches('"') == name), "{texts:?}");
        let pdf = unspaced(&pdf_text(&file(&world, &path("pdf"), &key, "*/*").await.bytes));
        assert!(pdf.contains("Новая") && pdf.contains("1e400"), "{pdf}");
    });
}

/// J5: a period that has not begun is that period, and nothing is in it.
#[test]
fn a_period_in_the_future_is_that_period() {
    with_world("exports_future", async |world| {
        world.tenant("acme", |_| ()).await;
        let key = world.key(Some("acme"), Role::Security).await;
        world.insert(&events(30)).await;
        for path in [
            "/v1/statistics?interval=day&by=action",
            "/v1/users/u1/statistics?by=day",
            "/v1/users/u1/activities?channel=call",
            "/v1/events?order=asc",
        ] {
            let closed = world.get(&format!("{path}&from=2100-01-01&to=2100-01-02"), &key).await.json;
            assert_eq!(
                closed["period"],
                json!({"from": "2100-01-01T00:00:00Z", "to": "2100-01-03T00:00:00Z"}),
                "{path}"
            );
            let open = world.get(&format!("{path}&from=2100-01-01"), &key).await.json;
            assert_eq!(open["period"], json!({"from": "2100-01-01T00:00:00Z", "to": null}), "{path}");
            for answer in [closed, open] {
                let empty = answer["totals"]["events"] == 0 || answer["data"] == json!([]);
                assert!(empty, "{path}: {answer}");
            }
            let csv = file(&world, &format!("{path}&from=2100-01-01&format=csv"), &key, "*/*").await;
            assert!(csv.disposition.contains("2100-01-01--2100-01-01.csv"), "{}", csv.disposition);
        }
    });
}

/// P9: every list and report is a file on demand, and the rows are those of its pages.
#[test]
fn every_list_and_report_is_exported() {
    with_world("exports_lists", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        world.insert(&events(400)).await;
        for (path, column, member) in [
            ("/v1/events?order=asc", "id", "id"),
            ("/v1/users", "id", "id"),
            ("/v1/sign-ins", "id", "id"),
            ("/v1/devices", "id", "id"),
            ("/v1/users/u1/sign-ins", "id", "id"),
            ("/v1/users/u1/devices", "id", "id"),
            ("/v1/users/u1/sessions", "key", "key"),
            ("/v1/users/u1/violations", "id", "id"),
            ("/v1/violations?order=asc", "id", "id"),
            ("/v1/alerts/deliveries", "message_id", "message_id"),
        ] {
            let paged = world.pages(path, &key).await;
            let expected: Vec<&str> = paged.iter().map(|row| row[member].as_str().unwrap()).collect();
            let csv = file(&world, path, &key, "text/csv").await;
            assert_eq!(csv_column(&csv.bytes, column), expected, "{path}");
            let ndjson = file(&world, path, &key, "application/x-ndjson").await;
            let lines = std::str::from_utf8(&ndjson.bytes).unwrap().lines();
            assert_eq!(
                lines.map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>(),
                paged,
                "{path}"
            );
        }
        let path = "/v1/users/u1/statistics?by=week";
        let report = world.ok(path, &key).await;
        let series = report["series"].as_array().unwrap();
        let csv = file(&world, path, &key, "text/csv").await;
        let expected: Vec<String> = series.iter().map(|bucket| bucket["events"].to_string()).collect();
        assert_eq!(csv_column(&csv.bytes, "events"), expected);
        let xlsx = file(&world, path, &key, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet").await;
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(xlsx.bytes)).unwrap();
        let sheets = book.sheet_names();
        assert_eq!(sheets[..3], ["totals", "figures", "over time"]);
        assert_eq!(book.worksheet_range("over time").unwrap().height(), series.len() + 1);
        let pdf = file(&world, path, &key, "application/pdf").await;
        keep("statistics.pdf", &pdf.bytes);
        assert!(lopdf::Document::load_mem(&pdf.bytes).unwrap().extract_text(&[1]).unwrap().contains("Totals"));
    });
}

/// L2, P11: an export shows what the list shows: the tenant's own rows, as far back as it keeps them.
#[test]
fn exports_are_the_tenants_own() {
    with_world("exports_tenants", async |world| {
        world.tenant("acme", |tenant| tenant.retention.views = 30).await;
        world.tenant("globex", |_| {}).await;
        let viewer = world.key(Some("acme"), Role::Viewer).await;
        let other = world.key(Some("globex"), Role::Security).await;
        let mut rng = rng(8);
        let old = |number| Event::random(&mut rng, "acme", number, TimeDelta::days(60));
        let events: Vec<Event> = (0..300).map(old).collect();
        world.insert(&events).await;
        let expected = ids(&world.pages("/v1/events?limit=50", &viewer).await);
        let csv = file(&world, "/v1/events", &viewer, "text/csv").await;
        assert_eq!(csv_column(&csv.bytes, "id"), expected);
        assert!(expected.len() < 300, "retention hides some");
        assert_eq!(csv.complete_until, None, "P15: it is not known");
        assert!(csv_column(&csv.bytes, "violations").iter().all(String::is_empty), "K16");
        let csv = file(&world, "/v1/events", &other, "text/csv").await;
        assert_eq!(csv_column(&csv.bytes, "id"), Vec::<String>::new());
        assert_eq!(world.get("/v1/events?format=csv&tenant=acme", &other).await.status, 403);
        assert_eq!(world.get("/v1/users/u1/sessions?format=csv", &viewer).await.status, 403);
    });
}

/// P9: what can't be answered is refused by name.
#[test]
fn what_is_no_export_is_refused() {
    let few = |config: &mut runtime::config::Config| config.query.export_max_rows = 20;
    with_configured("exports_refused", few, async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Viewer).await;
        world.insert(&events(30)).await;
        for (path, status, code) in [
            ("/v1/events?format=docx", 400, "invalid_parameter"),
            ("/v1/events?format=csv&limit=10", 400, "invalid_parameter"),
            ("/v1/events?format=csv&cursor=abc", 400, "invalid_parameter"),
            ("/v1/events?format=csv", 422, "export_too_large"),
            ("/v1/events?format=pdf", 422, "export_too_large"),
        ] {
            let answer = world.get(path, &key).await;
            assert_eq!((answer.status, answer.json["code"].as_str()), (status, Some(code)), "{path}: {}", answer.json);
            assert_eq!(answer.json["limit"].is_u64(), code == "export_too_large", "{path}: {}", answer.json);
        }
        let request = Request::get("/v1/events").header("authorization", format!("Bearer {key}"));
        let answer = world.answer(request.header("accept", "image/png").body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.json["pointer"].as_str()), (406, Some("Accept")), "{}", answer.json);
        assert_eq!(world.get("/v1/events?format=json&limit=3", &key).await.json["data"].as_array().unwrap().len(), 3);
    });
}

/// Rows made by the engine itself.
async fn many(world: &World, rows: u32) {
    let sql = format!(
        "INSERT INTO events (tenant, event_id, type, class, category, action, outcome, occurred_at, received_at, enriched_at, \
         actor_kind, actor_id, object_type, object_id, retention_days) \
         SELECT 'acme', concat('e', toString(number)), 'deal.viewed', 'other', 'views', 'view', 'success', \
         now64(3) - number / 1000, now64(3) - number / 1000, now64(3), 'user', 'u1', 'deal', toString(number), 365 \
         FROM numbers({rows})"
    );
    world.client.query_raw(&sql).execute().await.unwrap();
}
