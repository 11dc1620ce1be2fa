//! The enricher between a real broker and a real engine. One engine a process, so one test that walks through it all.

#![allow(clippy::unwrap_used, reason = "a test that can't go on should end")]

mod hostile;
mod support;

use clickhouse::Row;
use enrich::partition::changelog::is_committed;
use runtime::metrics::Metrics;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::detection::Exemption;
use schemas::settings::Tenant;
use schemas::topics;
use serde::Deserialize;
use support::World;

#[derive(Row, Deserialize)]
struct Described {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The builder's columns are the table's, in name, type and order: a column added to one alone fails here.
async fn columns_match_the_table(world: &World) {
    let sql = "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'events' \
               AND default_kind = '' ORDER BY position";
    let table: Vec<Described> = world.client.query(sql).fetch_all().await.unwrap();
    let table: Vec<_> = table.iter().map(|column| (column.name.as_str(), column.kind.as_str())).collect();
    assert_eq!(table, enrich::rows::Rows::COLUMNS);
}

/// P1, L7, L9: an event sent straight to Kafka arrives whole, once, however often it is sent; the rollups count it once.
async fn events_arrive_once(world: &World) {
    let enricher = world.enrich().await;
    for number in 0..50 {
        let event = format!(
            r#"{{"id":"e{number}","type":"task.deadline_changed","occurred_at":"2026-11-20T10:00:00Z",
               "actor":{{"kind":"user","id":"u{}","name":"Ann","department":"sales"}},
               "object":{{"type":"task","id":"{number}","name":"Call back"}},
               "changes":[{{"path":"deadline","old":"2026-11-21","new":"2026-11-22"}},{{"path":"tags","op":"add","new":["x",1]}}],
               "context":{{"ip":"8.8.8.8","user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"}}}}"#,
            number % 5
        );
        for _ in 0..2 {
            world.send(Some("acme"), &format!("acme/u{}", number % 5), event.as_bytes()).await;
        }
    }
    world.until("SELECT count() FROM events", 50).await;
    world.until("SELECT sum(events) FROM user_hours", 50).await;
    assert_eq!(world.number("SELECT uniqExact(event_id) FROM events").await, 50);
    let row = "SELECT count() FROM events WHERE actor_name = 'Ann' AND class = 'change' AND category = 'changes' \
               AND `changes.path` = ['deadline', 'tags'] AND `changes.op` = ['replace', 'add'] \
               AND `changes.new` = ['\"2026-11-22\"', '[\"x\",1]'] AND browser = 'Chrome' AND os = 'Windows' \
               AND extra = '{\"actor.department\":\"sales\"}' AND retention_days = 365 AND ip = toIPv6('::ffff:8.8.8.8')";
    assert_eq!(world.number(row).await, 50);
    assert!(enricher.drain(std::time::Duration::from_secs(20)).await);
}

/// T6, J17: who is deactivated, by the time of what was said, in whatever order and spelling it comes, live or as history; of users
/// whom only others speak of as well. What failed, or is not about a user, says nothing.
async fn users_are_deactivated_and_come_back(world: &World) {
    let enricher = world.enrich().await;
    let about = |id: &str, hour: u32, event_type: &str, more: &str| {
        format!(
            r#"{{"id":"{id}-{hour}","type":"{event_type}","occurred_at":"2026-11-19T{hour:02}:00:00Z",
               "actor":{{"kind":"user","id":"boss"}},"object":{{"type":"user","id":"{id}","name":"Of {id}"}}{more}}}"#
        )
    };
    let by = |id: &str, hour: u32, actor: &str| {
        format!(
            r#"{{"id":"by-{id}-{hour}","type":"task.created","occurred_at":"2026-11-19T{hour:02}:00:00Z","backfill":true,
               "actor":{{"kind":"user","id":"{id}"{actor}}}}}"#
        )
    };
    let history = r#","backfill":true"#;
    let events = [
        about("gone", 9, "user.deactivated", ""),
        by("gone", 8, ""),
        // An event that doesn't say so brings nobody back.
        by("gone", 10, ""),
        about("back", 11, "user.reactivated", ""),
        // It comes after it was undone.
        about("back", 10, "user.deactivated", ""),
        about("old", 5, "UserDeactivated", history),
        about("older", 5, "employee.suspended", history),
        about("older", 6, "com.example.user.reactivated.v1", history),
        about("tried", 9, "user.deactivated", r#","outcome":"failure""#),
        about("kept", 9, "user.two_factor_disabled", ""),
        by("left", 7, r#","active":false"#),
        by("left", 6, r#","active":true"#),
        by("kept", 7, ""),
        by("tried", 7, ""),
    ];
    for event in &events {
        world.send(Some("acme"), "acme/standing", event.as_bytes()).await;
    }
    let stored = "SELECT count() FROM events WHERE occurred_at < '2026-11-20' AND occurred_at >= '2026-11-19'";
    world.until(stored, events.len() as u64).await;
    let known = "('gone', 'back', 'old', 'older', 'tried', 'kept', 'left')";
    let of = |condition: &str| {
        format!(
            "SELECT count() FROM (SELECT actor_id, argMaxMerge(deactivated) AS off, argMaxMerge(name) AS called, \
             max(last_activity_at) AS last FROM users WHERE actor_id IN {known} GROUP BY actor_id) WHERE {condition}"
        )
    };
    // Views come after the table.
    world.until(&of("off = (actor_id IN ('gone', 'old', 'left'))"), 7).await;
    // Who did nothing was never active; what others did to a user is nothing that the user did.
    assert_eq!(world.number(&of("last = toDateTime64(0, 3, 'UTC') AND called = concat('Of ', actor_id)")).await, 3);
    assert_eq!(world.number(&of("actor_id = 'gone' AND toHour(last) = 10")).await, 1);
    assert!(enricher.drain(std::time::Duration::from_secs(20)).await);
}

/// Each of these ends in the dead letter with its reason, and nothing behind it is held up (pitfall 4).
async fn poison_goes_to_the_dead_letter(world: &World) {
    let before = world.number("SELECT count() FROM events").await;
    let deep = format!(r#"{{"type":"a.b","payload":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    let large = format!(r#"{{"type":"a.b","payload":"{}"}}"#, "x".repeat(70_000));
    let cases: &[(Option<&str>, &[u8], &str)] = &[
        (Some("acme"), b"\xff\xfe\x00", "invalid_utf8"),
        (Some("acme"), b"{\"type\":", "malformed_json"),
        (Some("acme"), br#"{"type":7}"#, "invalid_type"),
        (Some("acme"), br#"{"actor":{"id":"u"}}"#, "missing_field"),
        (Some("acme"), deep.as_bytes(), "too_deep"),
        (Some("acme"), large.as_bytes(), "too_large"),
        (Some("acme"), br#"{"type":"a.b","occurred_at":"3026-01-01T00:00:00Z"}"#, "invalid_time"),
        (Some("acme"), br#"{"type":"a.b","tenant":"other"}"#, "tenant_mismatch"),
        (Some("nobody"), br#"{"type":"a.b"}"#, "unknown_tenant"),
        (None, br#"{"type":"a.b"}"#, "missing_tenant"),
    ];
    let enricher = world.enrich().await;
    for (tenant, payload, _) in cases {
        world.send(*tenant, "acme/poison", payload).await;
    }
    world
        .send(Some("acme"), "acme/poison", br#"{"id":"after","type":"a.b","occurred_at":"2026-11-20T10:00:00Z"}"#)
        .await;
    world.until("SELECT count() FROM events WHERE event_id = 'after'", 1).await;
    assert_eq!(world.number("SELECT count() FROM events").await, before + 1);
    assert!(enricher.drain(std::time::Duration::from_secs(20)).await);
    let dead = world.dead().await;
    for (_, _, reason) in cases {
        assert_eq!(dead.get(*reason), Some(&1), "{reason} in {dead:?}");
    }
}

/// P1, P13: an id belongs to its sender and its source. Nobody's decoy is in the way of another's event, of the program's own
/// records, or of a record that is identified by its place; a successor knows as much.
async fn ids_are_their_senders(world: &World) {
    let topic = world.config.kafka.topic(topics::EVENTS_RAW);
    let send = async |key_id: &str, event: String| {
        let headers = [(topics::headers::TENANT, "acme"), (topics::headers::KEY_ID, key_id)];
        let headers = if key_id.is_empty() { &headers[..1] } else { &headers[..] };
        world.send_with(headers, "acme/ids", event.as_bytes()).await
    };
    let of = |source: &str, id: &str, records: u32| {
        format!(r#"{{"id":"{id}","source":"{source}","type":"ids.told","records":{records}}}"#)
    };
    let again = async || {
        send("k1", of("/shop-a", "7", 1)).await;
        send("k1", of("/shop-a", "7", 2)).await;
    };
    let enricher = world.enrich().await;
    for (key_id, source, id) in
        [("k1", "/shop-a", "7"), ("k1", "/shop-b", "7"), ("k2", "/shop-a", "7"), ("k1", "", "view"), ("", "", "view")]
    {
        send(key_id, of(source, id, 1)).await;
    }
    // The program's own record of one thing, twice: identified by the id alone, since the second one has another time.
    send("usertrail", of("", "view", 1)).await;
    send("usertrail", of("", "view", 2)).await;
    again().await;
    // The id of a record that is to come is refused: nobody sends ids of places.
    let (partition, last) = send("", r#"{"type":"ids.told","records":1}"#.to_owned()).await;
    send("", of("", &format!("{topic}-{partition}-{}", last + 2), 1)).await;
    send("", r#"{"type":"ids.told","records":1}"#.to_owned()).await;
    let stored = "SELECT count() FROM events WHERE type = 'ids.told' AND records = 1";
    world.until(stored, 8).await;
    assert!(enricher.drain(std::time::Duration::from_secs(20)).await);

    let enricher = world.enrich().await;
    again().await;
    send("k1", of("/shop-c", "7", 1)).await;
    world.until(stored, 9).await;
    assert!(enricher.drain(std::time::Duration::from_secs(20)).await);
    assert_eq!(world.number("SELECT count() FROM events WHERE type = 'ids.told'").await, 9);
    let dead = world.dead().await;
    assert_eq!((dead.get("conflict"), dead.get("invalid_id")), (Some(&2), Some(&1)), "{dead:?}");
}

/// P1: a CloudEvent is one on Kafka, too: by its headers in any case, by its media type, and by what it holds.
async fn cloud_events_are_told(world: &World) {
    let enricher = world.enrich().await;
    let structured = r#"{"specversion":"1.0","id":"1","source":"/ce","type":"ce.told","subject":"o-1","data":{"n":1}}"#;
    let tenant = ("tenant", "acme");
    let binary = [
        tenant,
        ("CE_SpecVersion", "1.0"),
        ("ce_id", "3"),
        ("ce-source", "/ce"),
        ("ce_type", "ce.told"),
        ("ce_subject", "o-1"),
        ("Content-Type", "Application/JSON; charset=utf-8"),
    ];
    world.send_with(&[tenant], "acme/ce", structured.as_bytes()).await;
    let media_type = ("CONTENT-TYPE", "APPLICATION/CLOUDEVENTS+JSON;charset=UTF-8");
    world.send_with(&[tenant, media_type], "acme/ce", structured.replace("\"1\"", "\"2\"").as_bytes()).await;
    world.send_with(&binary, "acme/ce", br#"{"n":1}"#).await;
    let told = "SELECT count() FROM events WHERE type = 'ce.told' AND source = '/ce' AND object_id = 'o-1' \
                AND payload = '{\"n\":1}' AND JSONExtractString(extra, 'ce_subject') = 'o-1'";
    world.until(told, 3).await;
    // The object that data has no id of; whose id data has is known by that.
    let data = r#"{"actor":{"id":"u"},"object":{"type":"deal"}}"#;
    let of = |id: &str, data: &str| {
        structured.replace("\"1\"", id).replace("ce.told", "ce.named").replace(r#"{"n":1}"#, data)
    };
    world.send_with(&[tenant], "acme/ce", of("\"4\"", data).as_bytes()).await;
    world.send_with(&[tenant], "acme/ce", of("\"5\"", &data.replace("\"deal\"", "\"deal\",\"id\":7")).as_bytes()).await;
    let named = binary.map(|(name, value)| if name == "ce_type" { (name, "ce.named") } else { (name, value) });
    let named = named.map(|(name, value)| if name == "ce_id" { (name, "6") } else { (name, value) });
    world.send_with(&named, "acme/ce", data.as_bytes()).await;
    let named = |id: &str| {
        format!("SELECT count() FROM events WHERE type = 'ce.named' AND object_type = 'deal' AND object_id = '{id}'")
    };
    world.until(&named("o-1"), 2).await;
    world.until(&named("7"), 1).await;
    assert!(enricher.drain(std::time::Duration::from_secs(20)).await);
}

/// J14, P1: what was sent as escapes, with white space, or as numbers that no machine holds is stored as the value that it is, in
/// every form that an event may come in.
async fn values_are_stored_in_one_spelling(world: &World) {
    let enricher = world.enrich().await;
    let data = r#"{"object": {"type":"deal","id":"7","name":"\u041d\u043e\u0432\u0430\u044f \ud83d"}, "changes":
        [{"path":"p","old":[1.0, 2],"new":{"b":"\u0416\ud83d\ude00\udc00","a": 1e400}}], "payload": {"n": "\u0416\/", "m": 1.0}, "odd": [ "\u0416" ]"#;
    let plain = format!("{data}, \"id\": \"s1\", \"type\": \"spelt\"}}");
    let structured = format!(
        r#"{{"specversion":"1.0","id":"s2","source":"/s","type":"spelt","data": {data}, "context": {{"session_id":"x"}}}}}}"#
    );
    let tenant = ("tenant", "acme");
    let binary = [tenant, ("ce_specversion", "1.0"), ("ce_id", "s3"), ("ce_source", "/s"), ("ce_type", "spelt")];
    world.send_with(&[tenant], "acme/s", plain.as_bytes()).await;
    world.send_with(&[tenant], "acme/s", structured.as_bytes()).await;
    world.send_with(&binary, "acme/s", format!("{data}}}").as_bytes()).await;
    let history =
        plain.replace("\"s1\"", "\"s4\"").replace("\"type\": \"spelt\"", "\"type\": \"spelt\", \"backfill\": true");
    world.send_with(&[tenant], "acme/s", history.as_bytes()).await;
    let spelt = "SELECT count() FROM events WHERE type = 'spelt' AND object_name = 'Новая \u{fffd}' \
                 AND `changes.old` = ['[1,2]'] AND `changes.new` = ['{\"a\":\"1e400\",\"b\":\"Ж😀\u{fffd}\"}'] \
                 AND payload = '{\"n\":\"Ж/\",\"m\":1.0}' AND position(extra, '\"odd\":[\"Ж\"]') > 0";
    world.until(spelt, 4).await;
    assert!(enricher.drain(std::time::Duration::from_secs(20)).await);
}

/// A row that ClickHouse refuses is singled out into the dead letter; its neighbours are stored.
async fn a_refused_row_stands_alone(world: &World) {
    world
        .client
        .query("ALTER TABLE events ADD CONSTRAINT no_trouble CHECK object_name != 'trouble'")
        .execute()
        .await
        .unwrap();
    let enricher = world.enrich().await;
    for number in 0..20 {
        let name = if number == 13 { "trouble" } else { "fine" };
        let event = format!(
            r#"{{"id":"r{number}","type":"task.created","actor":{{"id":"r"}},"object":{{"id":"1","name":"{name}"}}}}"#
        );
        world.send(Some("acme"), "acme/r", event.as_bytes()).await;
    }
    world.until("SELECT count() FROM events WHERE actor_id = 'r'", 19).await;
    assert!(enricher.drain(std::time::Duration::from_secs(20)).await);
    assert_eq!(world.dead().await.get("refused_by_store"), Some(&1));
    world.client.query("ALTER TABLE events DROP CONSTRAINT no_trouble").execute().await.unwrap();
}

/// Offsets in = rows + retries + dead letters, after all of the above.
async fn the_books_balance(world: &World) {
    let accounts = enrich::verify::verify(&world.config, &world.client).await.unwrap();
    assert_eq!(accounts.len(), 2);
    for account in &accounts {
        assert!(account.balances(), "{account:?}");
        assert_eq!(account.lag, 0, "{account:?}");
    }
    assert_eq!(accounts.iter().map(|account| account.duplicates).sum::<u64>(), 53);
}

/// A row too many is found.
async fn a_row_stored_twice_is_found(world: &World) {
    world
        .client
        .query("INSERT INTO events SELECT * FROM events WHERE event_id = 'after' SETTINGS insert_deduplicate = 0")
        .execute()
        .await
        .unwrap();
    let accounts = enrich::verify::verify(&world.config, &world.client).await.unwrap();
    assert!(accounts.iter().any(|account| !account.balances()), "a row stored twice went unnoticed");
}

/// A partition that is lost while its records are held back comes back with them flowing.
async fn a_partition_lost_while_paused_comes_back(world: &World) {
    let before = world.number("SELECT count() FROM events").await;
    let (door, waiting) = world.enrich_behind_a_closed_door().await;
    let send = async |from: u32| {
        for number in from..from + 20 {
            let event = format!(r#"{{"id":"p{number}","type":"task.created","actor":{{"id":"p{number}"}}}}"#);
            world.send(Some("acme"), &format!("acme/p{number}"), event.as_bytes()).await;
        }
    };
    send(0).await;
    door.knocked().await;
    // It can't take its partitions over, and holds them back; another gets one of them, and goes.
    let other = world.enrich().await;
    let sql = "SELECT uniqExact(kafka_partition) FROM events WHERE event_id LIKE 'p%'";
    world.until(sql, 1).await;
    assert!(other.drain(std::time::Duration::from_secs(20)).await);
    send(20).await;
    door.open();
    world.until("SELECT count() FROM events", before + 40).await;
    assert!(waiting.drain(std::time::Duration::from_secs(20)).await);
}

/// K6, K12, P4, L2: what is received after a change was answered is held to it, in whichever process the change was made, though a
/// batch is open: rules, exemptions, retention.
async fn changes_hold_from_their_answer(world: &World) {
    let mut config = world.config.clone();
    config.enrich.flush_ms = 2000;
    let followers = Shutdown::default();
    let settings = Settings::spawn(&config, &followers).unwrap();
    settings.ready().await;
    let metrics = Metrics::default();
    let enricher = world.enrich_by(&config, settings, &metrics).await;
    let change = async |disabled: &[&str], views: u16| {
        let mut tenant = Tenant::clone(&world.settings.tenant("acme").unwrap());
        tenant.detection.disabled = disabled.iter().map(|name| (*name).to_owned()).collect();
        tenant.retention.views = views;
        world.settings.put_tenant(tenant).await.unwrap();
    };
    let export = async |user: &str, number: usize| {
        let (id, key) = (format!("held-{number}-{user}"), format!("acme/{user}"));
        let event = format!(r#"{{"id":"{id}","type":"contacts.exported","actor":{{"id":"{user}"}},"records":5000}}"#);
        world.send(Some("acme"), &key, event.as_bytes()).await;
    };
    // Taken up, and in a batch that is still open.
    let taken = async |count: usize| {
        let line = format!("usertrail_enrich_records_total {count}\n");
        while !metrics.encode().unwrap().contains(&line) {
            tokio::task::yield_now().await;
        }
    };
    export("jana", 0).await;
    taken(1).await;
    for (number, (disabled, days)) in
        [(&["mass-export"][..], 30), (&["mass-view"], 180), (&["mass-export", "mass-view"], 30), (&[], 90)]
            .into_iter()
            .enumerate()
    {
        change(disabled, days).await;
        let user = format!("exempt-{number}");
        export("jana", number + 1).await;
        let exemption = Exemption {
            tenant: "acme".to_owned(),
            user_id: user.clone(),
            owner: "Jana".to_owned(),
            reason: "travels".to_owned(),
            granted_at: chrono::Utc::now(),
            expires_at: None,
        };
        world.settings.put_exemption(&world.settings.snapshot(), exemption).await.unwrap();
        export(&user, 10).await;
        taken(number * 3 + 3).await;
        world.settings.end_exemption(&world.settings.snapshot(), "acme", &user).await.unwrap();
        export(&user, 20).await;
        taken(number * 3 + 4).await;
    }
    world.until("SELECT count() FROM events WHERE event_id LIKE 'held-%'", 13).await;
    let told = "SELECT concat(event_id, ' ', toString(retention_days), if(has(violations, 'mass-export'), ' found', '')) \
                FROM events WHERE event_id LIKE 'held-%' ORDER BY event_id";
    let told: Vec<String> = world.client.query(told).fetch_all().await.unwrap();
    let mut expected = vec!["held-0-jana 90 found".to_owned()];
    for (number, days, found) in [(0, 30, ""), (1, 180, " found"), (2, 30, ""), (3, 90, " found")] {
        expected.push(format!("held-{}-jana {days}{found}", number + 1));
        expected.push(format!("held-10-exempt-{number} {days}"));
        expected.push(format!("held-20-exempt-{number} {days}{found}"));
    }
    expected.sort();
    assert_eq!(told, expected);
    assert!(enricher.drain(std::time::Duration::from_secs(20)).await);
    assert!(followers.drain(std::time::Duration::from_secs(20)).await);
}

/// Whoever stood still for long finds out whether a successor has finished the batch in hand.
async fn what_is_committed_is_known(world: &World) {
    for account in enrich::verify::verify(&world.config, &world.client).await.unwrap() {
        let end = world.end(topics::EVENTS_RAW, account.partition) as u64;
        let is_committed = |end| is_committed(&world.config.kafka, account.partition, end).unwrap();
        assert!(is_committed(end) && !is_committed(end + 1));
    }
}

/// The threads that follow Kafka end with the world alone, and a runtime waits for them: a story that fails would hang.
fn ends_when_it_fails() {
    use std::io::Write as _;
    std::panic::set_hook(Box::new(|info| {
        let _ = writeln!(std::io::stderr(), "{info}\n{}", std::backtrace::Backtrace::force_capture());
        std::process::exit(101);
    }));
}

#[tokio::test(flavor = "multi_thread")]
async fn from_kafka_into_clickhouse() {
    ends_when_it_fails();
    let world = World::new().await;
    columns_match_the_table(&world).await;
    events_arrive_once(&world).await;
    poison_goes_to_the_dead_letter(&world).await;
    ids_are_their_senders(&world).await;
    cloud_events_are_told(&world).await;
    values_are_stored_in_one_spelling(&world).await;
    a_refused_row_stands_alone(&world).await;
    hostile::garbage_in_our_own_topics(&world).await;
    hostile::records_that_fit_nowhere(&world).await;
    hostile::a_replay_is_the_same_record(&world).await;
    the_books_balance(&world).await;
    hostile::answers::what_was_not_done_is_begun_again(&world).await;
    hostile::answers::lost_answers_double_nothing(&world).await;
    a_row_stored_twice_is_found(&world).await;
    a_partition_lost_while_paused_comes_back(&world).await;
    changes_hold_from_their_answer(&world).await;
    what_is_committed_is_known(&world).await;
    hostile::a_cut_letter_outlives_its_record(&world).await;
    users_are_deactivated_and_come_back(&world).await;
    hostile::a_newer_decision_stops_the_enricher(&world).await;
    world.stop().await;
}
