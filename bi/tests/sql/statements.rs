//! Statements (P10): what tools generate, as data; numbers; and what is refused, with what to write instead.

use std::path::Path;

use crate::support::with_world;

/// The files of `tests/statements`: blocks with a line `-- 3 rows: what it is`, then the statement. The first block says which
/// tool in which version sends them.
#[test]
fn what_tools_generate_is_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/statements");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    with_world("bi_generated", async |world| {
        let (mut wrong, mut asked) = (Vec::new(), 0);
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for block in text.trim_end().split("\n\n").skip(1) {
                let (head, sql) = block.split_once('\n').unwrap();
                let rows = head.strip_prefix("-- ").and_then(|head| head.split_once(" row")).unwrap().0;
                let answer = world.post("default_format=JSONEachRow", sql).await;
                asked += 1;
                if answer.status != 200 || answer.text.lines().count() != rows.parse::<usize>().unwrap() {
                    wrong.push(format!("{}: {head}\n  {} {}", file.display(), answer.status, answer.text));
                }
            }
        }
        assert!(asked > 50, "{asked}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

/// A number is what ClickHouse takes it for, or it is refused.
#[test]
fn numbers_are_right_or_refused() {
    with_world("bi_numbers", async |world| {
        for (sql, answer) in [
            ("SELECT 0b101, 0B11, -0b1, 0xff, 0XfF, 0xffffffffffffffff", "5\t3\t-1\t255\t255\t18446744073709551615"),
            ("SELECT 1_000, 1_0.2_5, 1e3, 1E-3, .5, 5., 007", "1000\t10.25\t1000\t0.001\t0.5\t5\t7"),
            ("SELECT 0x1.8p3, 0x1p-2, 0xAp0, 0x1p-1074", "12\t0.25\t10\t5e-324"),
            ("SELECT inf, -inf, nan, INF, NaN", "inf\t-inf\tnan\tinf\tnan"),
            ("SELECT 18446744073709551616, toTypeName(18446744073709551616)", "18446744073709552000\tFloat64"),
            ("SELECT toTypeName(0b101), toTypeName(0xFFFF), toTypeName(-0b1)", "UInt8\tUInt16\tInt8"),
            ("SELECT 1+0b1, [0b1,0x2][0b10], tuple(0b1,0x2).2 LIMIT 0b1", "2\t2\t2"),
            ("SELECT x'41', X'c5be'", "A\tž"),
        ] {
            assert_eq!(world.rows(sql).await.trim_end(), answer, "{sql}");
        }
        let refused = [
            "0b",
            "0b2",
            "0b12",
            "0x",
            "0xg",
            "0x1ffffffffffffffff",
            "0x1p",
            "1_",
            "1__0",
            "1L",
            "1e",
            "1abc",
            "1.2.3",
            "0o17",
            "b'101'",
            "B'101'",
            "x'4'",
            "x'zz'",
            "1e400",
            "'a' 'b'",
            "0 'b101'",
            "$1",
            "0b101b",
            "12e5e5",
            "1__",
        ];
        for number in refused {
            let answer = world.post("", &format!("SELECT {number}")).await;
            assert!([400, 501].contains(&answer.status), "{number}: {} {}", answer.status, answer.text);
        }
    });
}

/// docs/bi.md: each of these is refused, and what it advises instead works.
#[test]
fn what_is_advised_works() {
    with_world("bi_advice", async |world| {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/bi.md")).unwrap();
        let rows: Vec<Vec<&str>> = text
            .lines()
            .skip_while(|line| !line.starts_with("| refused |"))
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect())
            .collect();
        assert!(rows.len() > 20, "{rows:?}");
        for row in rows {
            let [refused, advised] = row.as_slice() else { panic!("{row:?}") };
            let (refused, advised) = (refused.replace("\\|", "|"), advised.replace("\\|", "|"));
            let answer = world.post("", &refused).await;
            assert!((400..=501).contains(&answer.status) && answer.status != 500, "{refused}: {}", answer.text);
            let answer = world.post("", &advised).await;
            assert_eq!(answer.status, 200, "{advised}: {}", answer.text);
        }
    });
}

/// `client_protocol_version` says how Native blocks are written; without one, or in other formats, nothing changes.
#[test]
fn native_blocks_are_of_the_clients_version() {
    with_world("bi_native", async |world| {
        let plain = b"\x01\x01\x05check\x05UInt8\x01";
        for (parameters, begins) in [
            ("", [&plain[..]].concat()),
            ("client_protocol_version=0", [&plain[..]].concat()),
            ("client_protocol_version=54405", [b"\x01\x00\x02\xff\xff\xff\xff\x00", &plain[..]].concat()),
            (
                "client_protocol_version=54460",
                b"\x01\x00\x02\xff\xff\xff\xff\x00\x01\x01\x05check\x05UInt8\x00\x01".to_vec(),
            ),
        ] {
            let answer = world.post(&format!("default_format=Native&{parameters}"), "SELECT 1 AS check").await;
            assert_eq!(answer.text, String::from_utf8_lossy(&begins), "{parameters}");
        }
        let answer = world.post("client_protocol_version=54460", "SELECT 1").await;
        assert_eq!(answer.text, "1\n");
        // A type whose layout isn't known is refused before anything is sent.
        let answer = world.post("default_format=Native&client_protocol_version=54460", "SELECT 1, tuple()").await;
        assert_eq!((answer.status, answer.header("x-clickhouse-exception-code")), (501, "48"), "{}", answer.text);
    });
}

/// J5: the engine's own data of time zones are older than the program's. A statement that would be an hour off is refused,
/// however it names the zone; those that are the same go on.
#[test]
fn zones_that_the_engine_has_otherwise_are_refused() {
    with_world("bi_zones", async |world| {
        for zone in ["America/Vancouver", "America/Edmonton", "America/Havana", "Africa/Casablanca"] {
            for sql in [
                format!("SELECT toHour(toTimeZone(now(), '{zone}'))"),
                format!("SELECT now() AT TIME ZONE '{zone}'"),
                format!("SELECT toStartOfDay(now(), '{zone}')"),
                format!("SELECT date_trunc('day', now(), '{zone}')"),
                format!("SELECT toStartOfInterval(now(), INTERVAL 1 DAY, '{zone}')"),
                format!("SELECT dateDiff('day', now(), now(), '{zone}')"),
                format!("SELECT dateDiff(DAY, now(), now(), '{zone}')"),
                format!("SELECT formatDateTime(now(), '%F %T', '{zone}')"),
                format!("SELECT now('{zone}')"),
                format!("SELECT CAST(now(), 'Nullable(DateTime64(3, \\'{zone}\\'))')"),
                format!("SELECT 1 SETTINGS session_timezone = '{zone}'"),
            ] {
                let answer = world.post("", &sql).await;
                assert_eq!(answer.status, 501, "{sql}: {}", answer.text);
                assert!(answer.text.contains(zone) && answer.text.contains("2026"), "{sql}: {}", answer.text);
            }
            let name = zone.replace('/', "%2F");
            for (settings, sql) in [
                (format!("param_z={name}"), "SELECT toHour(now(), {z:String})"),
                (format!("session_timezone={name}"), "SELECT toHour(now())"),
            ] {
                assert_eq!(world.post(&settings, sql).await.status, 501, "{sql} {settings}");
            }
            // A zone that is a value is one like any other.
            assert_eq!(
                world.rows(&format!("SELECT count() FROM events WHERE country = '{zone}'")).await.trim_end(),
                "0"
            );
        }
        for (sql, answer) in [
            ("SELECT toDateTime('2026-10-25 00:30:00', 'UTC') AT TIME ZONE 'Europe/Prague'", "2026-10-25 02:30:00"),
            ("SELECT toHour(toDateTime(1795000000, 'UTC'), 'Asia/Kathmandu')", "16"),
            ("SELECT toMinute(toDateTime(1795000000), 'Australia/Lord_Howe')", "6"),
            ("SELECT toDateTime64('2026-10-25 00:30:00', 0, 'Asia/Kolkata')", "2026-10-25 00:30:00"),
            ("SELECT toStartOfInterval(toDateTime(100), INTERVAL 1 HOUR, toDateTime(10))", "1970-01-01 00:00:10"),
        ] {
            assert_eq!(world.rows(sql).await.trim_end(), answer, "{sql}");
        }
        for sql in [
            "SELECT toTimeZone(now(), 'file:/usr/share/zoneinfo/America/Vancouver')",
            "SELECT toTimeZone(now(), concat('America/', 'Vancouver'))",
            "WITH 'America/Vancouver' AS z SELECT toTimeZone(now(), z)",
            "SELECT toTimeZone(now(), 'Nowhere')",
            "SELECT CAST(now(), 'DateTime(\\'Nowhere\\')')",
        ] {
            assert_eq!(world.post("", sql).await.status, 400, "{sql}");
        }
    });
}

/// K15: what has grown since its review is not reviewed, in SQL as elsewhere.
#[test]
fn what_grew_after_its_review_is_not_reviewed() {
    with_world("bi_reviews", async |world| {
        let reviewed = "SELECT violation_id, reviewed, reviewed_events, events, reviewer_name, isNull(reviewed_at), note FROM violations \
                        ORDER BY violation_id";
        let review = "INSERT INTO events (tenant, event_id, type, category, action, occurred_at, received_at, actor_kind, \
                      actor_id, actor_name, reason, object_id, key_id, `changes.path`, `changes.op`, `changes.old`, `changes.new`, \
                      retention_days) SELECT 'acme', concat('r', v), 'violation.reviewed', 'changes', 'review', \
                      now64(3), now64(3), 'api_key', 'k', 'Eva', 'known', v, 'usertrail', ['count', 'seen'], ['add', 'add'], ['', ''], \
                      ['1', '1.0'], 1825 FROM (SELECT arrayJoin(['v0', 'v1']) AS v)";
        world.client.query_raw(review).execute().await.unwrap();
        let (v0, v2) = ("v0\ttrue\t1\t1\tEva\t0\tknown\n", "v2\tfalse\t0\t1\t\t1\t\n");
        assert_eq!(world.rows(reviewed).await, format!("{v0}v1\ttrue\t1\t1\tEva\t0\tknown\n{v2}"));
        let again = "INSERT INTO events SELECT * REPLACE ('again' AS event_id) FROM events WHERE object_name = '1'";
        world.client.query_raw(again).execute().await.unwrap();
        assert_eq!(world.rows(reviewed).await, format!("{v0}v1\tfalse\t0\t2\t\t1\t\n{v2}"));
        let withdrawn = "INSERT INTO events (tenant, event_id, type, category, action, occurred_at, received_at, actor_kind, actor_id, \
                         actor_name, object_id, key_id, retention_days) SELECT 'acme', 'w', 'violation.review_withdrawn', 'changes', \
                         'review', now64(3) + 1, now64(3), 'api_key', 'k', 'Eva', 'v0', 'usertrail', 1825";
        world.client.query_raw(withdrawn).execute().await.unwrap();
        assert_eq!(world.rows(reviewed).await, format!("v0\tfalse\t0\t1\t\t1\t\nv1\tfalse\t0\t2\t\t1\t\n{v2}"));
    });
}

/// K10: SQL shows of each device how sure its id is: of the last event that has one, and nothing where no device is.
#[test]
fn devices_are_told_with_how_sure_they_are() {
    with_world("bi_confidence", async |world| {
        let insert = "INSERT INTO events (tenant, event_id, type, category, action, occurred_at, received_at, actor_kind, \
                      actor_id, device_id, device_confidence, session_key, session_started_at, violations, violation_ids, \
                      violation_windows, violation_levels, violation_versions, violation_actions, violation_seen, \
                      violation_limits, violation_groups, retention_days) \
                      SELECT 'acme', e, 't', 'other', 'x', now64(3) - at, now64(3), 'user', 'u', d, c, s, now64(3) - 900, \
                      ['r'], [s], [toDateTime64(0, 3)], [1], [1], ['flag'], [1], [1], [''], 1825 FROM values(\
                      'e String, at UInt16, d String, c String, s String', ('1', 9, 'sure', 'high', 'a'), \
                      ('2', 8, 'shared', 'low', 'b'), ('3', 7, 'sure', 'high', 'c'), ('4', 6, 'shared', 'low', 'c'), \
                      ('5', 5, '', 'none', 'd'), ('6', 4, '', 'none', 'c'))";
        world.client.query_raw(insert).execute().await.unwrap();
        for (view, id, expected) in [
            (
                "events",
                "event_id",
                "1\tsure\thigh\n2\tshared\tlow\n3\tsure\thigh\n4\tshared\tlow\n5\t\tnone\n6\t\tnone\n",
            ),
            ("sessions", "session_id", "a\tsure\thigh\nb\tshared\tlow\nc\tshared\tlow\nd\t\t\n"),
            ("violations", "violation_id", "a\tsure\thigh\nb\tshared\tlow\nc\tshared\tlow\nd\t\t\n"),
        ] {
            let sql =
                format!("SELECT {id}, device_id, device_confidence FROM {view} WHERE actor_id = 'u' ORDER BY {id}");
            assert_eq!(world.rows(&sql).await, expected, "{view}");
        }
        let devices = "SELECT device_id, device_confidence FROM devices WHERE actor_id = 'u' ORDER BY device_id";
        assert_eq!(world.rows(devices).await, "shared\tlow\nsure\thigh\n");
        // Rows of before it was kept.
        let before = "INSERT INTO user_sessions (* EXCEPT (device)) SELECT * EXCEPT (device) REPLACE ('z' AS session_key) \
                      FROM user_sessions AS t WHERE t.session_key = 'a'";
        world.client.query_raw(before).execute().await.unwrap();
        let old = "SELECT device_id, device_confidence FROM sessions WHERE session_id = 'z'";
        assert_eq!(world.rows(old).await, "sure\t\n");
    });
}
