//! Files of statistics.

use calamine::{Reader as _, Xlsx};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::export_files::unspaced;
use crate::exports::{csv_column, events, file, pdf_text};
use crate::support::with_world;

/// P8: a file of statistics adds up: what is not named is a row of its own, and events without a value have a word where people read it.
#[test]
fn a_file_of_statistics_adds_up() {
    with_world("exports_statistics", async |world| {
        world.tenant("acme", |_| ()).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let mut events = events(300);
        for (number, event) in events.iter_mut().enumerate() {
            event.channel = if number % 3 == 0 { "call" } else { "" };
        }
        world.insert(&events).await;
        let period = "period=last_90_days";
        let all = world.get(&format!("/v1/statistics?{period}"), &key).await.json["totals"]["events"].as_u64().unwrap();
        assert!(all > 100, "{all}");
        for query in
            ["by=country&top=1", "by=action,object_type&top=2", "by=action&top=1&interval=week", "by=user&top=2"]
        {
            let path = format!("/v1/statistics?{period}&{query}&format=csv");
            let csv = file(&world, &path, &key, "*/*").await;
            let sum: u64 = csv_column(&csv.bytes, "events").iter().map(|number| number.parse::<u64>().unwrap()).sum();
            assert_eq!(sum, all, "{query}");
            let (keys, other) = (csv_column(&csv.bytes, "key"), csv_column(&csv.bytes, "other"));
            for (key, other) in keys.iter().zip(&other) {
                assert!(key.is_empty() || other == "false", "{query}");
                assert!(!key.starts_with('('), "{query}");
            }
            assert!(other.contains(&"true".to_owned()), "{query}");
            let ndjson = file(&world, &path.replace("csv", "ndjson"), &key, "*/*").await;
            let lines = std::str::from_utf8(&ndjson.bytes).unwrap().lines();
            let rows: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(rows.iter().map(|row| row["events"].as_u64().unwrap()).sum::<u64>(), all, "{query}");
            assert!(rows.iter().any(|row| row["other"] == true), "{query}");
            let parquet = file(&world, &path.replace("csv", "parquet"), &key, "*/*").await;
            let reader = SerializedFileReader::new(parquet.bytes).unwrap();
            let schema = reader.metadata().file_metadata().schema_descr_ptr();
            let at = |name: &str| schema.columns().iter().position(|column| column.name() == name).unwrap();
            let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
            assert_eq!(rows.iter().map(|row| row.get_ulong(at("events")).unwrap()).sum::<u64>(), all, "{query}");
            for row in &rows {
                let (key, other) = (row.get_string(at("key")), row.get_bool(at("other")).unwrap());
                assert!(!other || key.map_or("", String::as_str).is_empty(), "{query}");
            }
            assert_eq!(rows.len(), keys.len(), "{query}");
            for (lang, word) in [("en", "(all others)"), ("ru", "(все остальные)"), ("cs", "(všechny ostatní)")]
            {
                let path = format!("{}&lang={lang}", path.replace("csv", "pdf"));
                let pdf = unspaced(&pdf_text(&file(&world, &path, &key, "*/*").await.bytes));
                assert!(pdf.contains(&unspaced(word)), "{query} {lang}: {pdf}");
            }
        }
        for (lang, word) in [("en", "(none)"), ("ru", "(не указано)"), ("cs", "(neuvedeno)")] {
            let path = format!("/v1/statistics?{period}&by=channel&format=csv&lang={lang}&separator=semicolon");
            // Programs have the value, which no word may stand for: somebody's channel may be called so.
            let csv = String::from_utf8(file(&world, &path, &key, "*/*").await.bytes.to_vec()).unwrap();
            assert!(csv.contains("\n;;") && !csv.contains(word), "{csv}");
            let xlsx =
                file(&world, &path.replace("csv", "xlsx").replace("&separator=semicolon", ""), &key, "*/*").await;
            let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(xlsx.bytes)).unwrap();
            // What sums them up stands first.
            let sheet = book.worksheet_range_at(1).unwrap().unwrap();
            assert!(sheet.rows().any(|row| row[0] == *word), "{lang}");
        }
        // One table has the buckets or the comparison; a workbook has both.
        let both = "/v1/statistics?period=yesterday&interval=hour&compare=previous&format=";
        for format in ["csv", "ndjson", "parquet"] {
            let refused = world.get(&format!("{both}{format}"), &key).await;
            assert_eq!((refused.status, &refused.json["pointer"]), (400, &json!("compare")), "{format}");
        }
        file(&world, &format!("{both}xlsx"), &key, "*/*").await;
        let refused = world.get("/v1/statistics?from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z", &key).await;
        let detail = refused.json["detail"].as_str().unwrap();
        assert!(refused.status == 400 && detail.ends_with("the period is empty"), "{detail}");
        let refused = world.get("/v1/statistics?format=xlsx&separator=semicolon", &key).await;
        assert_eq!((refused.status, &refused.json["pointer"]), (400, &json!("separator")));
    });
}
