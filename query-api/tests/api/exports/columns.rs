//! Columns and zone of files (P9).

use calamine::{Reader as _, Xlsx};
use chrono::TimeDelta;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use schemas::settings::Role;
use serde_json::{Value, json};

use super::{csv_column, file, pdf_text};
use crate::support::{Event, encoded, with_world};

/// P9: a file has the columns that it was asked to have, in their order, whatever its format; unknown ones are refused with those
/// that there are.
#[test]
fn a_file_has_the_columns_that_are_asked_for() {
    with_world("exports_columns", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let event = Event { location: "Brno", ..Event::sign_in("e1", "u1", TimeDelta::minutes(5)) };
        world.insert(&[event]).await;
        let get = async |query: &str| file(&world, &format!("/v1/events?{query}"), &key, "*/*").await.bytes;
        let columns = "columns=location,id&columns=actor.id";
        let csv = get(&format!("format=csv&{columns}")).await;
        assert_eq!(std::str::from_utf8(&csv).unwrap(), "\u{feff}location,id,actor.id\r\nBrno,e1,u1\r\n");
        let czech = get(&format!("format=csv&lang=cs&{columns}")).await;
        assert!(std::str::from_utf8(&czech).unwrap().starts_with("\u{feff}pobočka,id,kdo: id\r\n"));
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(get(&format!("format=xlsx&{columns}")).await)).unwrap();
        let sheet = book.worksheet_range("events").unwrap();
        let rows: Vec<Vec<String>> = sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        assert_eq!(rows, [["location", "id", "actor: id"], ["Brno", "e1", "u1"]]);
        let reader = SerializedFileReader::new(get(&format!("format=parquet&{columns}")).await).unwrap();
        let fields = reader.metadata().file_metadata().schema_descr().columns().to_vec();
        assert_eq!(fields.iter().map(|field| field.name()).collect::<Vec<_>>(), ["location", "id", "actor.id"]);
        // Paper has what is asked for, though it is nothing that it would have by itself.
        let pdf = pdf_text(&get(&format!("format=pdf&{columns}")).await);
        assert!(pdf.contains("e1") && pdf.contains("Brno") && !pdf.contains("signed in"), "{pdf}");
        // Of every list, whether its rows come from the store or are made in memory.
        let users = file(&world, "/v1/users?format=csv&columns=sign_ins,id", &key, "*/*").await.bytes;
        assert_eq!(
            (csv_column(&users, "sign_ins"), csv_column(&users, "id")),
            (vec!["1".to_owned()], vec!["u1".to_owned()])
        );
        let activities = "/v1/users/u1/activities?format=csv&columns=state";
        let admin = world.key(Some("acme"), Role::Admin).await;
        let activities = file(&world, activities, &admin, "*/*").await.bytes;
        assert_eq!(std::str::from_utf8(&activities).unwrap().lines().next(), Some("\u{feff}state"));

        for (path, pointer) in [
            ("/v1/events?format=csv&columns=id,colour", "columns"),
            ("/v1/events?format=csv&columns=id,id", "columns"),
            ("/v1/events?format=csv&columns=", "columns"),
            ("/v1/events?format=ndjson&columns=id", "columns"),
            ("/v1/events?columns=id", "columns"),
            ("/v1/users/u1/activities?format=csv&columns=colour", "columns"),
            ("/v1/statistics?format=csv&columns=events", "columns"),
            ("/v1/events?time_zone=Europe/Prague", "time_zone"),
            ("/v1/events?format=csv&time_zone=Mars/Olympus", "time_zone"),
        ] {
            for lang in ["en", "ru", "cs"] {
                let answer = world.get(&format!("{path}&lang={lang}"), &admin).await;
                let problem = (answer.status, &answer.json["code"], &answer.json["pointer"]);
                assert_eq!(problem, (400, &json!("invalid_parameter"), &json!(pointer)), "{path} {}", answer.json);
            }
        }
        let unknown = world.get("/v1/users?format=csv&columns=colour", &admin).await.json;
        let detail = unknown["detail"].as_str().unwrap();
        assert!(
            detail.starts_with(r#"parameter "columns": "colour" is no column; there are id, name, email"#),
            "{detail}"
        );
        let unknown = world.get("/v1/users?format=csv&columns=colour&lang=cs", &admin).await.json;
        assert_ne!(unknown.get("detail_en"), None::<&Value>, "{unknown}");
    });
}

/// P9: times are shown in the zone that is asked for; which events there are is decided by the tenant's calendar all the same.
#[test]
fn a_file_has_the_zone_that_is_asked_for() {
    with_world("exports_zone", async |world| {
        world.tenant("acme", |tenant| tenant.time_zone = "Europe/Prague".parse().unwrap()).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let occurred = "2026-07-01T22:30:00Z".parse().unwrap();
        let at = Event { occurred, received: occurred, ..Event::sign_in("e1", "u1", TimeDelta::zero()) };
        world.insert(&[at]).await;
        let zone = encoded("Asia/Tokyo");
        let path = format!("/v1/events?from=2026-07-02&to=2026-07-02&time_zone={zone}");
        let csv = file(&world, &format!("{path}&format=csv"), &key, "*/*").await;
        assert_eq!(csv_column(&csv.bytes, "occurred_at"), ["2026-07-02T07:30:00.000+09:00"]);
        assert!(csv.disposition.contains("2026-07-02--2026-07-03"), "{}", csv.disposition);
        let pdf = pdf_text(&file(&world, &format!("{path}&format=pdf"), &key, "*/*").await.bytes);
        assert!(pdf.contains("Asia/Tokyo") && pdf.contains("07:30"), "{pdf}");
        let report = format!("/v1/statistics?from=2026-07-02&to=2026-07-02&interval=hour&format=csv&time_zone={zone}");
        let report = file(&world, &report, &key, "*/*").await.bytes;
        assert_eq!(csv_column(&report, "start")[0], "2026-07-02T07:00:00.000+09:00");
    });
}
