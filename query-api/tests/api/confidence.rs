//! K10: wherever a device is named, so is how sure its id is: in the document, in answers, in files.

use std::collections::BTreeSet;

use calamine::{Reader as _, Xlsx};
use chrono::TimeDelta;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::export_files::unspaced;
use crate::exports::{csv_column, file, pdf_text};
use crate::support::{Event, World, ids, rng, with_world};

/// The document of all roles.
const DOCUMENT: &str = include_str!("../../../schemas/openapi.json");
/// A device that is known by its cookie, and one that thousands share.
const SURE: &str = "7e330e3789463b61";
const UNSURE: &str = "7ea478c03ceec115";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Lists that name devices.
const LISTS: [&str; 6] = [
    "/v1/events",
    "/v1/users/u1/sign-ins",
    "/v1/users/u1/devices",
    "/v1/users/u1/sessions",
    "/v1/users/u1/violations",
    "/v1/violations",
];

/// Names beside which there has to be another: a device by its id, or the description of one.
fn confidence_of(name: &str, has: impl Fn(&str) -> bool) -> Option<String> {
    match name {
        "id" if has("browser") => Some("confidence".to_owned()),
        _ => name.strip_suffix("device_id").map(|prefix| format!("{prefix}device_confidence")),
    }
}

/// Looks at every object of a document: how many name a device, and which of them don't say how sure its id is.
fn look(value: &Value, at: &str, named: &mut usize, silent: &mut Vec<String>) {
    let fields = value.as_object().into_iter().flatten();
    for name in fields.clone().map(|(name, _)| name) {
        if let Some(wanted) = confidence_of(name, |other| value.get(other).is_some()) {
            *named += 1;
            if value.get(&wanted).is_none() {
                silent.push(format!("{at}: {name}, and no {wanted}"));
            }
        }
    }
    let elements = value.as_array().into_iter().flatten().enumerate().map(|(index, one)| (index.to_string(), one));
    for (name, one) in fields.map(|(name, one)| (name.clone(), one)).chain(elements) {
        look(one, &format!("{at}/{name}"), named, silent);
    }
}

/// How many devices are named; each with its confidence.
fn named(value: &Value, at: &str) -> usize {
    let (mut named, mut silent) = (0, Vec::new());
    look(value, at, &mut named, &mut silent);
    assert!(silent.is_empty(), "{silent:#?}");
    named
}

/// K10: a schema, an example or a heading that names a device and forgets its confidence fails here.
#[test]
fn whatever_names_a_device_says_how_sure_its_id_is() {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let names = named(schema, name);
        let must = ["AccessView", "Device", "Session", "Violation"].contains(&name.as_str());
        assert!(names > 0 || !must, "{name} names no device any more: is the test blind?");
    }
    for (path, operations) in document["paths"].as_object().unwrap() {
        named(operations, path);
    }
    with_world("confidence_names", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        world.insert(&both()).await;
        for path in LISTS {
            let page = world.ok(path, &key).await;
            assert!(named(&page, path) > 0, "{path} names no device");
            let file = file(&world, path, &key, "text/csv").await;
            let mut reader = csv::Reader::from_reader(file.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap());
            let heads: BTreeSet<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
            let of_heads = |head: &str| match head {
                "device.id" => Some("device.confidence".to_owned()),
                _ => confidence_of(head, |other| heads.contains(other)),
            };
            let wanted: Vec<String> = heads.iter().filter_map(|head| of_heads(head)).collect();
            assert!(!wanted.is_empty() && wanted.iter().all(|head| heads.contains(head)), "{path}: {heads:?}");
        }
    });
}

/// A sign-in on each of the two devices, in a session of its own, against a rule.
fn both() -> [Event; 2] {
    let on = |device: &str, device_confidence, hours| Event {
        device_id: device.to_owned(),
        device_confidence,
        violations: vec!["dormant"],
        ..Event::sign_in(device, "u1", TimeDelta::hours(hours))
    };
    [on(SURE, "high", 5), on(UNSURE, "low", 3)]
}

/// The devices that an answer's rows name, with their confidences, in their order.
async fn told(world: &World, path: &str, key: &str) -> Vec<(Value, Value)> {
    let rows = world.pages(path, key).await;
    rows.iter().map(|row| (row["device_id"].clone(), row["device_confidence"].clone())).collect()
}

/// K10, P9: sessions and violations state the confidence of the device that they name, which is that of the last event, whatever comes when;
/// so do their files.
#[test]
fn sessions_and_violations_tell_it() {
    with_world("confidence_rows", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let [sure, unsure] = both();
        world.insert(&[sure.clone(), unsure.clone()]).await;
        // A session over both, whose first event comes last; one without any device; one that ends without one.
        let moved = |id: &str, of: &Event, minutes: i64| {
            let occurred = sure.window() - TimeDelta::hours(20) + TimeDelta::minutes(minutes);
            let rule = if id == "none" { "mass-export" } else { "new-country" };
            let (id, session_id, violations) = (format!("{id}-{minutes}"), id.to_owned(), vec![rule]);
            Event { id, session_id, occurred, violations, ..of.clone() }
        };
        let nowhere = Event { device_id: String::new(), ..sure.clone() };
        world.insert(&[moved("both", &unsure, 1), moved("none", &nowhere, 2)]).await;
        world.insert(&[moved("both", &sure, 0), moved("left", &sure, 3)]).await;
        world.insert(&[Event { violations: Vec::new(), ..moved("left", &nowhere, 4) }]).await;

        let (high, low) = ((json!(SURE), json!("high")), (json!(UNSURE), json!("low")));
        let none = (Value::Null, Value::Null);
        let sessions = told(&world, "/v1/users/u1/sessions", &key).await;
        assert_eq!(sessions, [low.clone(), high.clone(), high.clone(), none.clone(), low.clone()]);
        let rows = world.pages("/v1/users/u1/sessions", &key).await;
        let of_none = rows.iter().find(|row| row["key"] == "none").unwrap();
        assert_eq!(of_none.get("device_confidence"), Some(&Value::Null), "{of_none}");
        for path in ["/v1/violations?order=asc", "/v1/users/u1/violations?order=asc"] {
            let mut found = told(&world, path, &key).await;
            found.sort_by_key(|(device, confidence)| format!("{device}{confidence}"));
            assert_eq!(found, [high.clone(), high.clone(), low.clone(), none.clone()], "{path}");
        }
        let id = unsure.violation_id("dormant");
        assert_eq!(world.ok(&format!("/v1/violations/{id}"), &key).await["data"]["device_confidence"], "low");

        for path in ["/v1/users/u1/sessions", "/v1/violations"] {
            let expected: Vec<String> = told(&world, path, &key)
                .await
                .iter()
                .map(|(_, confidence)| confidence.as_str().unwrap_or_default().to_owned())
                .collect();
            let bytes = async |accept: &str| file(&world, path, &key, accept).await.bytes;
            assert_eq!(csv_column(&bytes("text/csv").await, "device_confidence"), expected, "{path}");
            let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes(XLSX).await)).unwrap();
            let sheet = book.worksheet_range_at(0).unwrap().unwrap();
            let mut rows = sheet.rows();
            let at = rows.next().unwrap().iter().position(|head| *head == "confidence in the device").unwrap();
            assert_eq!(rows.map(|row| row[at].to_string()).collect::<Vec<_>>(), expected, "{path}");
            let parquet = SerializedFileReader::new(bytes("application/vnd.apache.parquet").await).unwrap();
            let cell = |row: parquet::record::Row| {
                let found = row.get_column_iter().find(|(name, _)| *name == "device_confidence").map(|(_, cell)| cell);
                match found.unwrap() {
                    Field::Str(text) => text.clone(),
                    _ => String::new(),
                }
            };
            let column = parquet.get_row_iter(None).unwrap().map(|row| cell(row.unwrap()));
            assert_eq!(column.collect::<Vec<_>>(), expected, "{path}");
        }
        // A page of violations has no room for devices.
        let printed = pdf_text(&file(&world, "/v1/users/u1/sessions", &key, "application/pdf").await.bytes);
        assert!(unspaced(&printed).contains("confidenceinthedevice"), "{printed}");
        assert!(printed.contains("high") && printed.contains("low"), "{printed}");
        for path in ["/v1/events?order=asc&actor_id=u1", "/v1/users/u1/sign-ins?order=asc"] {
            let found = csv_column(&file(&world, path, &key, "text/csv").await.bytes, "device.confidence");
            assert_eq!(found, ["high", "low", "none", "high", "none", "high", "low"], "{path}");
        }
    });
}

/// K10, K12: a violation keeps the device of its latest event that names one, whatever comes after it and whenever it comes: in lists,
/// filters, files and by itself.
#[test]
fn a_violation_keeps_its_device() {
    with_world("confidence_kept", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let [sure, unsure] = both();
        let at = |id: &str, of: &Event, seconds: i64| {
            let occurred = sure.window() + TimeDelta::seconds(seconds);
            Event { id: id.to_owned(), occurred, violations: vec!["dormant"], ..of.clone() }
        };
        let nowhere = Event { device_id: String::new(), ..sure.clone() };
        for part in [at("last", &nowhere, 30), at("named", &sure, 20), at("first", &unsure, 10)] {
            world.insert(&[part]).await;
        }
        let id = at("", &sure, 0).violation_id("dormant");
        let kept = (json!(SURE), json!("high"));
        for path in ["/v1/violations", "/v1/users/u1/violations"] {
            assert_eq!(told(&world, path, &key).await, std::slice::from_ref(&kept), "{path}");
            assert_eq!(ids(&world.pages(&format!("{path}?device_id={SURE}"), &key).await), std::slice::from_ref(&id));
            assert!(world.pages(&format!("{path}?device_id={UNSURE}"), &key).await.is_empty(), "{path}");
        }
        let one = world.ok(&format!("/v1/violations/{id}"), &key).await;
        assert_eq!((&one["data"]["device_id"], &one["data"]["count"]), (&json!(SURE), &json!(3)), "{one}");
        let csv = file(&world, "/v1/violations", &key, "text/csv").await.bytes;
        assert_eq!(csv_column(&csv, "device_id"), [SURE]);
    });
}

/// K10: of events of the same time, and in whatever parts they come, the confidence is that of the device which is named.
#[test]
fn it_is_of_the_device_that_is_named() {
    with_world("confidence_ties", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let of = |device: &str| match device {
            "" => json!(null),
            "d1" => json!("high"),
            "d2" => json!("medium"),
            _ => json!("low"),
        };
        let mut rng = rng(71);
        let mut events: Vec<Event> =
            (0..600).map(|number| Event::random(&mut rng, "acme", number, TimeDelta::hours(30))).collect();
        for (at, event) in events.iter_mut().enumerate() {
            (event.actor_kind, event.actor_id) = ("user", format!("u{}", at % 3));
            event.session_id = format!("s{}", at % 40);
            event.violations = vec!["dormant"];
            event.occurred -= TimeDelta::milliseconds(event.occurred.timestamp_millis() % 7_200_000);
            event.device_confidence = match event.device_id.as_str() {
                "d1" => "high",
                "d2" => "medium",
                _ => "low",
            };
        }
        let (id, session_id) = ("nowhere".to_owned(), "nowhere".to_owned());
        events.push(Event { id, session_id, device_id: String::new(), category: "views", ..events[0].clone() });
        for part in events.chunks(75) {
            world.insert(part).await;
        }
        let mut seen = BTreeSet::new();
        for path in ["/v1/violations?limit=50", "/v1/users/u0/sessions", "/v1/users/u1/sessions"] {
            for (device, confidence) in told(&world, path, &key).await {
                assert_eq!(confidence, of(device.as_str().unwrap_or_default()), "{path}: {device}");
                seen.insert(confidence.to_string());
            }
        }
        // The session that no device was named in is the one without.
        assert_eq!(seen.len(), 4, "{seen:?}");
    });
}

/// K10: rows of before the confidence was kept have a device and no confidence, and borrow none of another device.
#[test]
fn rows_of_before_say_nothing() {
    with_world("confidence_before", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Security).await;
        let [sure, unsure] = both();
        world.insert(&[sure.clone(), unsure.clone()]).await;
        for (table, id) in [("user_sessions", "session_key"), ("violations", "violation_id")] {
            let before = format!(
                "INSERT INTO {table} (* EXCEPT (device)) SELECT * EXCEPT (device) REPLACE (concat('old-', {id}) AS {id}) \
                 FROM {table}"
            );
            world.client.query_raw(&before).execute().await.unwrap();
        }
        let rows = world.pages("/v1/users/u1/sessions", &key).await;
        let of = |key: String| rows.iter().find(|row| row["key"] == key.as_str()).unwrap();
        for (event, confidence) in [(&sure, "high"), (&unsure, "low")] {
            let device = json!(event.device_id);
            let new = of(event.session_id.clone());
            assert_eq!((&new["device_id"], &new["device_confidence"]), (&device, &json!(confidence)), "{new}");
            let old = of(format!("old-{}", event.session_id));
            assert_eq!((&old["device_id"], old.get("device_confidence")), (&device, Some(&Value::Null)), "{old}");
            let old = world.ok(&format!("/v1/violations/old-{}", event.violation_id("dormant")), &key).await;
            let old = &old["data"];
            assert_eq!((&old["device_id"], old.get("device_confidence")), (&device, Some(&Value::Null)), "{old}");
        }
        // What came in late on another device is not what the session was last on.
        let mut late = Event { session_id: format!("old-{}", unsure.session_id), ..sure.clone() };
        late.occurred = unsure.occurred - TimeDelta::minutes(1);
        world.insert(&[late.clone()]).await;
        let rows = world.pages("/v1/users/u1/sessions", &key).await;
        let old = rows.iter().find(|row| row["key"] == late.session_id.as_str()).unwrap();
        assert_eq!((&old["device_id"], &old["device_confidence"]), (&json!(UNSURE), &Value::Null), "{old}");
        late.occurred += TimeDelta::minutes(2);
        world.insert(&[late.clone()]).await;
        let rows = world.pages("/v1/users/u1/sessions", &key).await;
        let old = rows.iter().find(|row| row["key"] == late.session_id.as_str()).unwrap();
        assert_eq!((&old["device_id"], &old["device_confidence"]), (&json!(SURE), &json!("high")), "{old}");
    });
}

/// K10, K11: so does whatever is said of whether a device may in: by its events, or by its cookie, or else not at all.
#[test]
fn access_is_told_with_it() {
    with_world("confidence_access", async |world| {
        world.tenant("acme", |_| {}).await;
        let staff = world.key(Some("acme"), Role::Security).await;
        let app = world.key(Some("acme"), Role::Ingest).await;
        world.insert(&both()).await;
        let check = async |device: &str| {
            let told = world.ok(&format!("/v1/access/check?user_id=u1&device_id={device}"), &app).await;
            told.get("device_confidence").cloned()
        };
        let never = "0000000000000001";
        for (device, confidence) in [(SURE, json!("high")), (UNSURE, json!("low")), (never, Value::Null)] {
            let path = format!("/v1/users/u1/devices/{device}/access");
            assert_eq!(world.ok(&path, &staff).await.get("device_confidence"), Some(&confidence), "{device}");
            // Nothing was decided that a memory could hold.
            assert_eq!(check(device).await, Some(Value::Null), "{device}");
            let put = world.send("PUT", &path, &staff, Some(json!({ "access": "block" }))).await;
            assert_eq!(put.json.get("device_confidence"), Some(&confidence), "{device}");
            assert_eq!(world.ok(&path, &staff).await, put.json);
            assert_eq!(check(device).await, Some(confidence.clone()), "{device}");
            let kept = world.access.get("acme", "u1", device).unwrap();
            assert_eq!(json!(kept.device_confidence), confidence, "the topic tells it, too");
            let reset = world.send("DELETE", &path, &staff, None).await;
            assert_eq!(reset.json.get("device_confidence"), Some(&confidence), "{device}");
        }
        assert_eq!(check("a-cookie").await, Some(json!("high")), "a cookie is sure, whatever was decided");
        assert_eq!(
            world.ok("/v1/users/u2/devices/7e330e3789463b61/access", &staff).await["device_confidence"],
            json!(null)
        );
    });
}
