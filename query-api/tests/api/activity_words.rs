//! Activities in words: beside their codes, and in files (T17, T18).

use calamine::{Data, Reader as _, Xlsx};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use query_api::export::table::{Cell, Tabular};
use query_api::trace::figures::FIGURES;
use query_api::trace::view::{ActivityStyle, CountedActivity, TracedFigure, TracedInterval};
use schemas::settings::Role;
use serde_json::{Value, json};

use crate::activities::{DAY, text, time};
use crate::export_files::unspaced;
use crate::exports::{csv_column, file, pdf_text};
use crate::support::{Event, rng, with_world};
use crate::traces::event;

/// T1, T15, J1, P16: codes have words beside them in the reader's language, in the log, in activities, on timelines, in the audit, and
/// in what there is to filter by; types have their names, the tenant's own as well; what nobody has a word for is as it is.
#[test]
fn codes_have_words_beside_them() {
    with_world("activities_labels", async |world| {
        let own = json!({
            "type": "parcel.weighed", "name": { "en": "Parcel weighed", "ru": "Посылка взвешена", "cs": "Balík zvážen" },
            "sentence": { "en": "{actor} weighed", "ru": "{actor}: вес", "cs": "{actor}: váha" }, "class": "other",
            "category": "other", "action": "weigh_in", "module": "post", "object_type": "parcel", "restorable": false
        });
        world.tenant("acme", |tenant| tenant.event_types = vec![serde_json::from_value(own).unwrap()]).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let rng = &mut rng(78);
        let noon =
            Utc::now().date_naive().pred_opt().unwrap().and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(12);
        let at = noon.timestamp_millis();
        let kinds = [
            ("call.talked", "call", "talk", "call"),
            ("parcel.weighed", "", "weigh_in", "parcel"),
            ("nobody.knows", "", "frob_it", ""),
        ];
        let kinds = kinds.into_iter().zip(0..);
        let mut events: Vec<Event> =
            kinds.map(|(kind, number)| event(rng, "acme", number, kind, at + number as i64 * 60_000)).collect();
        (events[0].duration_ms, events[0].category, events[0].module) = (30_000, "other", "communication");
        (events[0].class, events[0].outcome, events[0].actor_kind) = ("other", "success", "user");
        events.push(Event {
            id: "set".to_owned(),
            event_type: "workflow.updated".to_owned(),
            class: "change",
            category: "configuration",
            action: "update",
            module: "workflows",
            object_type: "workflow",
            object_id: "1".to_owned(),
            ..events[0].clone()
        });
        world.insert(&events).await;
        let talk = events[0].id.clone();
        let of = |rows: &Value, id: &str| {
            let mut rows = rows.as_array().unwrap().iter();
            rows.find(|&row| row["id"] == id).cloned().unwrap_or_else(|| panic!("{id}"))
        };
        let period = format!("from={}&to={}", text(at - DAY / 4), text(at + DAY / 4));
        for (lang, name, log, lane) in [
            (
                "en",
                "Talk on a call",
                ["other", "other", "talk", "communication", "success", "user", "call", "call"],
                ["call", "talk", "success", "call"],
            ),
            (
                "ru",
                "Разговор по телефону",
                ["прочее", "прочее", "разговор", "общение", "успешно", "пользователь", "звонок", "звонок"],
                ["звонок", "разговор", "успешно", "звонок"],
            ),
            (
                "cs",
                "Telefonický rozhovor",
                ["ostatní", "ostatní", "rozhovor", "komunikace", "úspěch", "uživatel", "hovor", "hovor"],
                ["hovor", "rozhovor", "úspěch", "hovor"],
            ),
        ] {
            let fields = ["class", "category", "action", "module", "outcome", "actor_kind", "object_type", "channel"];
            let labels = |names: &[&str], words: &[&str]| -> Value {
                names
                    .iter()
                    .zip(words)
                    .map(|(name, word)| ((*name).to_owned(), json!(word)))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            };
            let (log, lane) = (labels(&fields, &log), labels(&["channel", "state", "outcome", "object_type"], &lane));
            let page = world.ok(&format!("/v1/events?{period}&lang={lang}"), &key).await;
            let one = world.ok(&format!("/v1/events/{talk}?lang={lang}"), &key).await;
            let lines =
                file(&world, &format!("/v1/events?{period}&format=ndjson&lang={lang}"), &key, "*/*").await.bytes;
            let lines: Vec<Value> =
                lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
            for event in [&of(&page["data"], &talk), &one["data"], &of(&json!(lines), &talk)] {
                assert_eq!((&event["name"], &event["labels"]), (&json!(name), &log), "{event}");
            }
            let list = world.ok(&format!("/v1/users/u1/activities?{period}&lang={lang}"), &key).await;
            let activity = of(&list["data"], &talk);
            assert_eq!((&activity["name"], &activity["labels"]), (&json!(name), &lane), "{activity}");
            // By a header as by a parameter.
            let path = format!("/v1/users/u1/timeline?date={}", noon.date_naive());
            let request = axum::http::Request::get(path).header("authorization", format!("Bearer {key}"));
            let request = request.header("accept-language", lang).body(axum::body::Body::empty()).unwrap();
            let timeline = world.answer(request).await;
            assert_eq!(timeline.headers["content-language"], lang);
            let found = &timeline.json["lanes"][0];
            assert_eq!((&found["labels"]["channel"], &found["labels"]["state"]), (&lane["channel"], &lane["state"]));
            assert_eq!((&found["intervals"][0]["name"], &found["intervals"][0]["labels"]), (&json!(name), &lane));
            let csv =
                file(&world, &format!("/v1/users/u1/activities?{period}&format=csv&lang={lang}"), &key, "*/*").await;
            assert!(String::from_utf8_lossy(&csv.bytes).contains(name), "{lang}");
        }
        // What the tenant or nobody has words for.
        let list = world.ok(&format!("/v1/users/u1/activities?{period}&lang=cs"), &key).await;
        let (own, odd) = (of(&list["data"], &events[1].id), of(&list["data"], &events[2].id));
        assert_eq!((&own["name"], &own["labels"]["state"]), (&json!("Balík zvážen"), &json!("weigh in")), "{own}");
        assert_eq!((&odd["name"], &odd["labels"]["state"]), (&json!("nobody.knows"), &json!("frob it")), "{odd}");
        assert!(odd["labels"].get("object_type").is_none() && odd["labels"].get("channel").is_none(), "{odd}");
        let points = world.ok(&format!("/v1/users/u1/timeline?date={}&lang=cs", noon.date_naive()), &key).await;
        assert_eq!(points["points"][0]["points"][0]["labels"], own["labels"], "{points}");
        let audit = world.ok(&format!("/v1/configuration?{period}&lang=ru"), &key).await;
        let labels = json!({
            "class": "изменение", "module": "бизнес-процессы", "outcome": "успешно", "actor_kind": "пользователь", "object_type": "бизнес-процесс"
        });
        assert_eq!(audit["data"][0]["labels"], labels);
        let catalogue = world.ok("/v1/catalogue?lang=ru", &key).await;
        let types = catalogue["types"].as_array().unwrap();
        let deadline = types.iter().find(|one| one["type"] == "task.deadline_changed").unwrap();
        let labels = json!({
            "class": "изменение", "category": "изменения", "action": "изменение", "module": "задачи", "object_type": "задача"
        });
        assert_eq!(deadline["labels"], labels);
    });
}

/// T17, T18, P16: people read times as hours, minutes and seconds, and what was done in their language; programs read milliseconds
/// and the values.
#[test]
fn files_tell_times_and_states_in_words() {
    with_world("activities_words", async |world| {
        world.tenant("acme", |_| {}).await;
        let key = world.key(Some("acme"), Role::Admin).await;
        let rng = &mut rng(77);
        let noon =
            Utc::now().date_naive().pred_opt().unwrap().and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(12);
        let (at, date) = (noon.timestamp_millis(), noon.date_naive());
        let mut talk = event(rng, "acme", 0, ("call.talked", "call", "talk", "call"), at);
        talk.duration_ms = 61_500;
        let mut call = event(rng, "acme", 1, ("call.incoming", "call", "call_in", "call"), at);
        call.duration_ms = 90_000;
        let done = [
            ("task.created", "", "create", "task"),
            ("order.updated", "", "update", "order"),
            ("order.viewed", "", "view", "order"),
            ("order.file_attached", "", "attach", "order"),
            ("user.signed_in", "", "sign_in", ""),
            ("user.signed_out", "", "sign_out", ""),
        ];
        let done = (2..).zip(done).map(|(number, kind)| event(rng, "acme", number, kind, at + number as i64 * 60_000));
        let events: Vec<Event> = [talk, call].into_iter().chain(done.collect::<Vec<_>>()).collect();
        world.insert(&events).await;
        let period = format!("from={}&to={}", text(at - DAY / 4), text(at + DAY / 4));
        let figures = format!("/v1/users/u1/statistics?by=hour&{period}");
        let counted = format!("/v1/users/u1/activities?figure=calls.talk_time&{period}");
        let timeline = format!("/v1/users/u1/timeline?date={date}&resolution=1h");
        let pdf = async |path: &str, lang: &str| {
            unspaced(&pdf_text(&file(&world, &format!("{path}&format=pdf&lang={lang}"), &key, "*/*").await.bytes))
        };
        for (lang, unit) in [("en", "h:mm:ss"), ("ru", "ч:мм:сс"), ("cs", "h:mm:ss")] {
            let told = pdf(&figures, lang).await;
            assert!(told.contains("0:01:01") && told.contains(unit) && !told.contains("61500"), "{told}");
            assert!(!pdf(&counted, lang).await.contains("61500"), "{lang}");
            let book = file(&world, &format!("{figures}&format=xlsx&lang={lang}"), &key, "*/*").await.bytes;
            let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(book)).unwrap();
            let sheets: Vec<_> = book.worksheets();
            let mut rows = sheets.iter().flat_map(|(_, sheet)| sheet.rows()).filter(|row| row.last().unwrap() == unit);
            let talk = rows.next().unwrap();
            assert!(matches!(&talk[1], Data::DateTime(time) if time.is_duration()), "{talk:?}");
        }
        for (lang, words, raw) in [
            (
                "ru",
                vec![
                    "сеанс",
                    "создание",
                    "просмотр",
                    "прикрепление",
                    "звонок",
                    "разговор",
                    "дорожка",
                    "разбиение: 1 ч",
                ],
                vec!["session", "create", "view", "attach", "track"],
            ),
            (
                "cs",
                vec!["relace", "vytvoření", "zobrazení", "přiložení", "hovor", "stopa", "dělení: 1 h"],
                vec!["session", "create", "view", "attach", "track"],
            ),
            (
                "en",
                vec!["session", "signed in", "create", "track", "resolution: 1 h", "Task created"],
                vec!["task.created", "signed_in", "clipped"],
            ),
        ] {
            let told = pdf(&timeline, lang).await;
            for word in words {
                assert!(told.contains(&unspaced(word)), "{lang} {word}: {told}");
            }
            for word in raw {
                assert!(!told.contains(word), "{lang} {word}: {told}");
            }
            // Types are called what they are called in the log.
            let path = format!("/v1/users/u1/activities?{period}");
            let all = pdf(&path, lang).await;
            let book = file(&world, &format!("{path}&format=xlsx&lang={lang}"), &key, "*/*").await.bytes;
            let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(book)).unwrap();
            let cells: Vec<String> = book
                .worksheets()
                .iter()
                .flat_map(|(_, sheet)| sheet.rows().flatten())
                .map(ToString::to_string)
                .collect();
            let log = world.ok(&format!("/v1/events?{period}&lang={lang}"), &key).await;
            // What ends a session is no row of its own.
            let rows = log["data"].as_array().unwrap().iter().filter(|event| event["type"] != "user.signed_out");
            for event in rows {
                let (name, code) = (event["name"].as_str().unwrap(), event["type"].as_str().unwrap());
                assert!(cells.iter().any(|cell| cell == name), "{cells:?}");
                assert!(all.contains(&unspaced(name)) && !all.contains(code), "{lang} {name}: {all}");
            }
            let csv = file(&world, &format!("{path}&format=csv&lang={lang}"), &key, "*/*").await.bytes;
            assert!(String::from_utf8(csv.to_vec()).unwrap().contains("task.created"), "programs read the types");
        }
        assert!(pdf(&figures, "ru").await.contains("группировка:час"));
        assert!(pdf(&figures, "cs").await.contains("seskupení:hodina"));
        let csv = file(&world, &format!("{counted}&format=csv&lang=en"), &key, "*/*").await.bytes;
        assert_eq!(csv_column(&csv, "counted"), ["61500"]);
        let csv = file(&world, &format!("{timeline}&format=csv&lang=cs"), &key, "*/*").await.bytes;
        assert_eq!(csv_column(&csv, "stopa").len(), 3);
        assert!(csv_column(&csv, "stav").contains(&"call".to_owned()), "programs read the values");
    });
}

/// T17, T18: as tables, every row has a cell for each column.
#[test]
fn tables_are_whole() {
    fn whole<T: Tabular>(row: &T) -> usize {
        let mut cells: Vec<Cell<'_>> = Vec::new();
        row.cells(&mut cells);
        assert_eq!(cells.len(), T::COLUMNS.len());
        cells.len()
    }
    use query_api::trace::rows::ActivityRow;
    use query_api::trace::timeline::lanes::lanes;
    use query_api::trace::{activities::activities, intervals::Interval};
    let row = ActivityRow {
        event_id: "e".to_owned(),
        key_id: String::new(),
        source: String::new(),
        event_type: "call.talked".to_owned(),
        channel: "call".to_owned(),
        action: "talk".to_owned(),
        outcome: "success".to_owned(),
        reason: String::new(),
        occurred_at: time(10 * DAY),
        started_at: DateTime::UNIX_EPOCH,
        duration_ms: 5000,
        object_type: String::new(),
        object_id: String::new(),
        object_name: String::new(),
        session_key: String::new(),
    };
    let style = ActivityStyle {
        zone: schemas::zone::Zone::utc(),
        lang: schemas::catalogue::Lang::En,
        catalogue: schemas::catalogue::Catalogue::shipped().unwrap(),
    };
    let lanes = lanes(&activities(vec![row], 0), Interval::new(0, 20 * DAY).unwrap(), &style);
    let interval: &TracedInterval = &lanes[0].intervals[0];
    let counted = CountedActivity { activity: interval.activity.clone(), counted: Some(5000), unit: FIGURES[0].unit() };
    let figure = TracedFigure { name: FIGURES[0].name, value: 1, unit: FIGURES[0].unit(), rows: String::new() };
    assert_eq!((whole(interval), whole(&counted), whole(&figure)), (17, 17, 3));
}
