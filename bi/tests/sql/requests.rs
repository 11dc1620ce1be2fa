//! Requests as ClickHouse's clients send them: where keys, statements and values are, and what comes back.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use runtime::http::{Counts, Limits, Server};
use schemas::settings::{Permission, Plan, Plans, Role, Tenant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

use crate::support::{with_config, with_world};

/// P10, P11: the key is the password, wherever the client puts it; the tenant is the key's.
#[test]
fn the_key_says_who_asks() {
    with_world("bi_keys", async |world| {
        let sql = "SELECT count() FROM events";
        let get = |uri: String| Request::get(uri).body(Body::empty()).unwrap();
        let text = format!("/?user=any&password={}&query=SELECT%20count()%20FROM%20events", world.key);
        assert_eq!(world.send(get(text)).await.text, "3\n");
        let bearer = Request::post("/").header("authorization", format!("Bearer {}", world.key));
        assert_eq!(world.send(bearer.body(Body::from(sql)).unwrap()).await.text, "3\n");
        let other = world.key_of(Some("globex")).await;
        let request = Request::post("/").header("x-clickhouse-key", other).header("x-clickhouse-user", "acme");
        assert_eq!(world.send(request.body(Body::from(sql)).unwrap()).await.text, "57\n");

        let without = world.settings.create_key(Some("acme"), Role::Admin, "x").await.unwrap().1.expose();
        let platform = world.key_of(None).await;
        let refused = [("", 401, "194"), ("nonsense", 403, "516"), (&without, 403, "497"), (&platform, 403, "497")];
        for (key, status, code) in refused {
            let request = Request::post("/").header("x-clickhouse-key", key).body(Body::from(sql)).unwrap();
            let answer = world.send(request).await;
            assert_eq!(
                (answer.status, answer.header("x-clickhouse-exception-code")),
                (status, code),
                "{}",
                answer.text
            );
        }
        let stronger = world.settings.create_key_permitting(Some("acme"), Role::Admin, &[Permission::QuerySql], "x");
        assert!(stronger.await.is_ok());
    });
}

/// P13, J3: a statement that was answered is an event of the tenant, once in a while; without SQL in the plan there is none.
#[test]
fn what_is_read_is_recorded() {
    with_world("bi_reads", async |world| {
        let statements = ["SELECT count() FROM users", "SELECT count() FROM users", "SELECT max(actor_id) FROM events"];
        let of_nobody = ["SELECT nope FROM events", "SELECT 1", "SELECT version()", "SELECT name FROM system.tables"];
        for statement in of_nobody.into_iter().chain(statements) {
            world.post("", statement).await;
        }
        let recorded = async {
            loop {
                let events = world.audit.recorded("acme");
                if events.len() >= statements.len() {
                    return events;
                }
                tokio::task::yield_now().await;
            }
        };
        let events = tokio::time::timeout(Duration::from_secs(30), recorded).await.unwrap();
        let told: BTreeSet<_> =
            events.iter().map(|event| event["payload"]["statement"].as_str().unwrap().to_owned()).collect();
        assert_eq!(told, BTreeSet::from(statements.map(str::to_owned)));
        assert!(events.iter().all(|event| event["type"] == "event_log.viewed" && event["actor"]["kind"] == "api_key"));
        assert!(world.audit.recorded("globex").is_empty());

        let mut tenant = Tenant::clone(&world.settings.tenant("acme").unwrap());
        tenant.plan = Plan::STANDARD;
        world.settings.put_tenant(tenant.clone()).await.unwrap();
        let refused = world.post("", "SELECT 1").await;
        assert_eq!((refused.status, refused.header("x-clickhouse-exception-code")), (403, "497"), "{}", refused.text);
        // What the log holds is read by no other door.
        let mut plans = Plans::clone(&world.settings.plans());
        plans.plans[0].features.sql = true;
        world.settings.put_plans(plans).await.unwrap();
        let version = world.settings.tenant("acme").unwrap().version;
        world.settings.put_tenant(Tenant { plan: Plan::NONE, version, ..tenant }).await.unwrap();
        let refused = world.post("", "SELECT count() FROM events").await;
        assert_eq!((refused.status, refused.header("x-clickhouse-exception-code")), (403, "497"), "{}", refused.text);
        assert!(refused.text.contains("the event log"), "{}", refused.text);
    });
}

/// P10, P13: a statement that fails on a value discloses none, and is recorded: what it read, it has read.
#[test]
fn failed_statements_tell_no_values_and_are_recorded() {
    with_world("bi_failures", async |world| {
        // Made in the engine: as it stands, the text is nowhere in the statement.
        let value = "concat('hid', 'den-', actor_name)";
        let mut failing: Vec<String> =
            ["toUInt8", "toInt64", "toFloat64", "toDate", "toDateTime", "toUUID", "toIPv4", "toIPv6"]
                .iter()
                .map(|function| format!("SELECT {function}({value}) FROM events"))
                .collect();
        failing.extend([
            format!("SELECT toDecimal32({value}, 2) FROM events"),
            format!("SELECT CAST({value} AS UInt16) FROM events"),
            format!("SELECT match('a', concat({value}, '(')) FROM events"),
            format!("SELECT count() FROM events WHERE toUInt8({value}) = 1"),
            format!("SELECT toUInt8(assumeNotNull((SELECT max({value}) FROM events)))"),
            format!("SELECT count() FROM events WHERE action = toString(toUInt8(assumeNotNull((SELECT max({value}) FROM events))))"),
            format!("SELECT toUInt8(max({value})) FROM events GROUP BY action ORDER BY toInt32(max({value}))"),
        ]);
        for statement in &failing {
            let answer = world.post("", statement).await;
            assert!(answer.status >= 400, "{statement}: {}", answer.text);
            assert!(!answer.text.contains("hidden"), "{statement}: {}", answer.text);
            let code = answer.header("x-clickhouse-exception-code");
            assert!(answer.text.starts_with(&format!("Code: {code}. DB::Exception: ")), "{statement}: {}", answer.text);
        }
        let recorded = async {
            loop {
                let events = world.audit.recorded("acme");
                if events.len() >= failing.len() {
                    return events;
                }
                tokio::task::yield_now().await;
            }
        };
        let events = tokio::time::timeout(Duration::from_secs(30), recorded).await.unwrap();
        let told: BTreeSet<_> =
            events.iter().map(|event| event["payload"]["statement"].as_str().unwrap().to_owned()).collect();
        assert_eq!(told, failing.into_iter().collect());
        assert!(events.iter().all(|event| event["outcome"] == "failure"));
        // Values of parameters are part of what was read.
        for actor in ["0", "1"] {
            world.post(&format!("param_a={actor}"), "SELECT count() FROM events WHERE actor_id = {a:String}").await;
        }
        let recorded = async {
            loop {
                let events = world.audit.recorded("acme").into_iter();
                let given: BTreeSet<_> =
                    events.filter_map(|event| Some(event["payload"].get("parameters")?.to_string())).collect();
                if given.len() == 2 {
                    return given;
                }
                tokio::task::yield_now().await;
            }
        };
        let given = tokio::time::timeout(Duration::from_secs(30), recorded).await.unwrap();
        assert_eq!(given, BTreeSet::from([r#"{"a":"0"}"#.to_owned(), r#"{"a":"1"}"#.to_owned()]));
    });
}

#[test]
fn clients_find_what_they_look_for() {
    with_world("bi_headers", async |world| {
        // As Superset 6.1 and its sqlglot write them.
        for (sql, answer) in [
            ("SELECT count(*) FROM usertrail.events WHERE bot IS FALSE", "3"),
            ("SELECT countIf(bot IS TRUE), countIf(bot IS NOT TRUE) FROM events", "0\t3"),
            ("SELECT DATE_DIFF(DAY, toDate('2026-01-01'), DATE_ADD(DAY, 2, toDate('2026-01-31')))", "32"),
            ("SELECT DATE_SUB(toDate('2026-01-01'), INTERVAL '1' DAY)", "2025-12-31"),
            ("SELECT count(), min(v = w) FROM events ARRAY JOIN violations AS v, violations AS w", "3\t1"),
            ("SELECT name FROM system.table_functions", ""),
            ("SELECT value FROM system.build_options WHERE name = 'VERSION_INTEGER'", ""),
            ("SELECT uniqExact(table) = count() AND countIf(table != name) = 0 FROM system.tables", "1"),
            ("SELECT DISTINCT compression_codec, codec_expression FROM system.columns", ""),
        ] {
            assert_eq!(world.rows(sql).await.trim_end(), answer, "{sql}");
        }
        let ping = world.send(Request::get("/ping").body(Body::empty()).unwrap()).await;
        assert_eq!((ping.status, ping.text.as_str()), (200, "Ok.\n"));
        let answer =
            world.post("default_format=JSONEachRow&query_id=mine&session_id=s&extremes=0", "SELECT 1 AS x").await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{\"x\":1}\n"));
        assert_eq!(answer.header("x-clickhouse-format"), "JSONEachRow");
        assert_eq!(answer.header("x-clickhouse-query-id"), "mine");
        assert_eq!(answer.header("x-clickhouse-timezone"), "UTC");
        assert_eq!(answer.header("x-clickhouse-server-display-name"), "usertrail");
        assert!(answer.header("x-clickhouse-summary").contains("read_rows"));
        assert_eq!(world.post("query=SELECT+1", "+ 1").await.text, "2\n");
        assert_eq!(world.post("param_a=1&param_unused=2", "SELECT {a:UInt8} + 1").await.text, "2\n");
        assert_eq!(world.post("param_a=it%27s", "SELECT {a:String}").await.text, "it\\'s\n");
        for (value, kind, answer) in [
            ("2026-03-02", "Date", "2026-03-02"),
            ("2026-03-02+08:15:30", "DateTime", "2026-03-02 08:15:30"),
            ("1772439330", "DateTime", "2026-03-02 08:15:30"),
            ("2026-03-02+08:15:30.125", "DateTime64(3)", "2026-03-02 08:15:30.125"),
            ("['2026-03-02']", "Array(Date)", "['2026-03-02']"),
            ("[1,NULL]", "Array(Nullable(UInt8))", "[1,NULL]"),
            ("%5CN", "Nullable(UInt8)", "\\N"),
            ("255", "UInt8", "255"),
            ("-1.5", "Float64", "-1.5"),
        ] {
            let given = world.post(&format!("param_a={value}"), &format!("SELECT {{a:{kind}}}")).await;
            assert_eq!((given.status, given.text.trim_end()), (200, answer), "{kind} {value}");
        }
        let missing = world.post("", "SELECT {a:UInt8}").await;
        assert_eq!((missing.status, missing.header("x-clickhouse-exception-code")), (400, "456"));
        let wrong = world.post("", "SELECT nope FROM events").await;
        assert_eq!((wrong.status, wrong.header("x-clickhouse-exception-code")), (404, "47"));
        assert!(
            wrong.text.starts_with("Code: 47. DB::Exception:") && wrong.text.contains("(UNKNOWN_IDENTIFIER)"),
            "{}",
            wrong.text
        );
        assert!(!wrong.text.contains("bi_headers"), "{}", wrong.text);
        assert_eq!(world.send(Request::get("/other").body(Body::empty()).unwrap()).await.status, 404);
        for (method, status) in [("PUT", 405), ("OPTIONS", 204)] {
            let answer = world.send(Request::builder().method(method).uri("/").body(Body::empty()).unwrap()).await;
            assert_eq!((answer.status, answer.header("allow")), (status, "GET, HEAD, OPTIONS, POST"));
        }
    });
}

/// Results and reads are bounded, and a caller may ask for less, never for more.
#[test]
fn statements_are_bounded() {
    let set = |config: &mut runtime::config::Config| {
        config.sql.max_result_rows = 1000;
        config.sql.timeout_ms = 2000;
        config.sql.max_memory_bytes = 200 << 20;
    };
    with_config("bi_bounds", set, async |world| {
        let many = "SELECT a.type FROM events a, events b, events c, events d, events e, events f, events g";
        for parameters in ["", "max_result_rows=100000", "max_result_rows=0"] {
            let answer = world.post(parameters, many).await;
            assert_eq!(answer.header("x-clickhouse-exception-code"), "396", "{parameters}: {}", answer.text);
        }
        assert_eq!(
            world
                .post("max_result_rows=1&result_overflow_mode=throw", "SELECT event_id FROM events LIMIT 2")
                .await
                .header("x-clickhouse-exception-code"),
            "396"
        );
        // A time bomb ends, by time or by memory.
        let bomb = "SELECT sum(length(arrayJoin(range(1000000)) AS x) ) FROM events AS a, events AS b, events AS c";
        assert!(world.post("", bomb).await.status >= 400);
        let bomb = "SELECT max(arraySum(arrayMap(x -> cityHash64(toString(x)), range(toUInt64(a.records + 5000000))))) \
                    FROM events AS a, events AS b, events AS c";
        let answer = world.post("", bomb).await;
        assert!(["159", "241"].contains(&answer.header("x-clickhouse-exception-code")), "{}", answer.text);
    });
}

/// P12: in the same buckets as all queries.
#[test]
fn queries_are_counted() {
    let set = |config: &mut runtime::config::Config| {
        config.limits.queries_per_second = 1;
        config.limits.query_burst = 2;
    };
    with_config("bi_rates", set, async |world| {
        let mut last = 200;
        for _ in 0..4 {
            last = world.post("", "SELECT 1").await.status;
        }
        assert_eq!(last, 429);
    });
}

/// P12: a statement is read when its turn comes, not before: what waits costs its text, and few of a tenant wait.
#[test]
fn statements_are_read_in_their_turn() {
    let one_at_a_time = |config: &mut runtime::config::Config| {
        (config.sql.max_concurrent, config.sql.max_concurrent_per_tenant) = (1, 1);
        config.query.max_waiting_per_tenant = 3;
    };
    with_config("bi_turns", one_at_a_time, async |world| {
        let request = |sql: &str| {
            let request = Request::post("/").header("x-clickhouse-key", &world.key);
            request.body(Body::from(sql.to_owned())).unwrap()
        };
        let running = world.router.clone().oneshot(request("SELECT 1")).await.unwrap();
        // Its result has not been taken, so its place is taken still.
        let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(world.send(request("SELECT (((")))).collect();
        for one in &mut waiting {
            assert!(futures::poll!(one).is_pending());
        }
        let refused = world.send(request("SELECT (((")).await;
        assert_eq!((refused.status, refused.header("x-clickhouse-exception-code")), (503, "202"), "{}", refused.text);
        drop(running);
        for one in waiting {
            assert_eq!(one.await.header("x-clickhouse-exception-code"), "62");
        }
    });
}

/// P12: the place is the thread's that reads the statement, also when whoever asked has gone.
#[tokio::test]
async fn who_goes_away_does_not_give_the_place_to_others() {
    let context = bi::rewrite::RewriteContext { database: "usertrail".to_owned(), version: "1".to_owned() };
    let place = std::sync::Arc::new(());
    let long = format!("SELECT {} 1", "1 + ".repeat(10_000));
    let mut reading = Box::pin(bi::rewrite::rewrite_at(long, Vec::new(), context, std::sync::Arc::clone(&place)));
    let _ = futures::poll!(&mut reading);
    drop(reading);
    while std::sync::Arc::strong_count(&place) > 1 {
        tokio::task::yield_now().await;
    }
}

/// P12: half a statement is answered in time, and its connection closed.
#[test]
fn half_a_statement_ends_in_time() {
    with_config(
        "bi_half",
        |config| config.http.stall_timeout_ms = 300,
        async |world| {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = Server::new("sql", Limits::from(&world.config.http), Counts::default());
            tokio::spawn(server.serve(listener, world.router.clone(), std::future::pending()));
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let head =
                format!("POST / HTTP/1.1\r\nHost: x\r\nX-ClickHouse-Key: {}\r\nContent-Length: 9\r\n\r\n", world.key);
            stream.write_all(format!("{head}SELECT").as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("TIMEOUT_EXCEEDED"), "{answer}");
        },
    );
}

/// A2, K16, T19, J4: by SQL a key reads and counts what it may read elsewhere, and no further back than the tenant's plan.
#[test]
fn sql_shows_what_may_be_read() {
    with_world("bi_permissions", async |world| {
        let sql = "INSERT INTO events (tenant, event_id, type, category, action, occurred_at, received_at, actor_kind, \
                   actor_id, device_id, session_key, session_started_at, last_activity_at, violations, violation_ids, \
                   violation_windows, violation_levels, violation_versions, violation_actions, violation_seen, violation_limits, \
                   violation_groups, retention_days) \
                   SELECT 'acme', e, t, c, 'x', now64(3) - toIntervalDay(d), now64(3) - 60, 'user', '0', '0', '0', \
                   now64(3) - 60, now64(3) - toIntervalDay(d), ['r'], [e], [toDateTime64(0, 3)], [1], [1], ['flag'], [1], [1], [''], \
                   1825 FROM values('e String, t String, c String, d UInt16', ('changed', 'plan.changed', 'configuration', 1), \
                   ('said', 'violation.reviewed', 'changes', 2), ('old', 'old.done', 'other', 800))";
        world.client.query_raw(sql).execute().await.unwrap();
        let permissions =
            [Permission::ReadConfiguration, Permission::SeeViolations, Permission::TraceUsers, Permission::QuerySql];
        for set in 8..16_u8 {
            let given: Vec<_> = (0..4).filter(|at| set >> at & 1 == 1).map(|at| permissions[at]).collect();
            let made = world.settings.create_key_permitting(Some("acme"), Role::Viewer, &given, "x").await;
            let key = made.unwrap().1.expose();
            let may = |permission| given.contains(&permission);
            let hidden = [Permission::ReadConfiguration, Permission::SeeViolations];
            let readable = 6 - hidden.into_iter().filter(|permission| !may(*permission)).count();
            let ask = async |sql: &str| {
                let request = Request::post("/").header("x-clickhouse-key", &key);
                world.send(request.body(Body::from(sql.to_owned())).unwrap()).await
            };
            assert_eq!(ask("SELECT count() FROM events").await.text, format!("{readable}\n"), "{given:?}");
            assert_eq!(ask("SELECT sum(events) FROM users").await.text, format!("{readable}\n"), "{given:?}");
            // When somebody was there, and on what, is counted from what may be read.
            for (column, edge) in [("last_activity_at", "max"), ("first_seen_at", "min")] {
                let of_user = "event_id IN ('changed', 'said', 'old')";
                let wanted = ask(&format!("SELECT {edge}(occurred_at) FROM events WHERE {of_user}")).await.text;
                let told = ask(&format!("SELECT {column} FROM users WHERE actor_id = '0'")).await.text;
                assert_eq!(told, wanted, "{given:?} {column}");
            }
            let violations = if may(Permission::SeeViolations) { readable } else { 0 };
            let flags = ask("SELECT sum(length(violations)) FROM events").await.text;
            assert_eq!(flags, format!("{violations}\n"), "{given:?}");
            for (sql, permission, expected) in [
                ("SELECT sum(events) FROM user_hours", Permission::TraceUsers, readable),
                ("SELECT sum(violations) FROM user_hours", Permission::TraceUsers, violations),
                ("SELECT sum(events) FROM sessions", Permission::SeeViolations, readable),
                ("SELECT count() FROM devices", Permission::SeeViolations, 3),
                ("SELECT sum(events) FROM violations", Permission::SeeViolations, 6),
                // What was found in what may not be read has no time that is shown.
                (
                    "SELECT countIf(first_at IS NULL AND last_at IS NULL) FROM violations",
                    Permission::SeeViolations,
                    usize::from(!may(Permission::ReadConfiguration)),
                ),
            ] {
                let answer = ask(sql).await;
                let told = (answer.status, answer.header("x-clickhouse-exception-code").to_owned());
                if may(permission) {
                    assert_eq!((told.0, answer.text), (200, format!("{expected}\n")), "{given:?} {sql}");
                } else {
                    assert_eq!(told, (403, "497".to_owned()), "{given:?} {sql}: {}", answer.text);
                }
            }
            // In whatever it stands.
            for sql in ["SELECT 1 WHERE 1 IN (SELECT count() FROM violations)", "DESCRIBE (SELECT * FROM violations)"] {
                let status = if may(Permission::SeeViolations) { 200 } else { 403 };
                assert_eq!(ask(sql).await.status, status, "{given:?} {sql}");
            }
        }

        // J4: the platform gives SQL to a plan that looks back a year.
        let mut plans = Plans::clone(&world.settings.plans());
        for plan in &mut plans.plans {
            plan.features.sql = true;
        }
        world.settings.put_plans(plans).await.unwrap();
        let mut tenant = (*world.settings.tenant("acme").unwrap()).clone();
        tenant.plan = Plan::STANDARD;
        world.settings.put_tenant(tenant).await.unwrap();
        assert_eq!(world.rows("SELECT count() FROM events").await, "5\n");
        assert_eq!(world.rows("SELECT sum(events) FROM user_hours").await, "5\n");
        assert_eq!(world.rows("SELECT countIf(violation_id = 'old') FROM violations").await, "0\n");
        assert_eq!(world.rows("SELECT countIf(first_seen_at < now() - INTERVAL 366 DAY) FROM users").await, "0\n");
        // What lasts counts no more than what is in the look-back, and says of no later time that it was the first.
        for nulls in ["", " SETTINGS join_use_nulls = 1"] {
            assert_eq!(world.rows(&format!("SELECT sum(events), sum(sign_ins) FROM users{nulls}")).await, "5\t0\n");
            assert_eq!(world.rows(&format!("SELECT sum(events) FROM sessions{nulls}")).await, "5\n");
            let before = "SELECT groupArray(actor_id), groupArray(isNull(first_seen_at)) FROM (SELECT * FROM users \
                          WHERE first_seen_at IS NULL)";
            assert_eq!(world.rows(&format!("{before}{nulls}")).await, "['0']\t[1]\n");
            let devices = "SELECT count(), countIf(first_seen_at IS NULL), sum(sign_ins) FROM devices";
            assert_eq!(world.rows(&format!("{devices}{nulls}")).await, "3\t1\t0\n");
        }
        // The year begins where the API's does: today is one of its days.
        let edge = "INSERT INTO events (tenant, event_id, type, category, action, occurred_at, received_at, actor_kind, actor_id, \
                    retention_days) SELECT 'acme', e, 't', 'other', 'x', toDateTime64(toStartOfDay(now('UTC')), 3, 'UTC') \
                    - INTERVAL 364 DAY - toIntervalMillisecond(m), now64(3) - 60, 'user', 'edge', 1825 \
                    FROM values('e String, m UInt8', ('first', 0), ('before', 1))";
        world.client.query_raw(edge).execute().await.unwrap();
        let kept = "SELECT groupArray(event_id) FROM events WHERE actor_id = 'edge'";
        assert_eq!(world.rows(kept).await, "['first']\n");
        // J3: what a plan doesn't include is closed by SQL, too.
        let mut plans = Plans::clone(&world.settings.plans());
        for plan in &mut plans.plans {
            (plan.features.configuration_audit, plan.features.tracing) = (false, false);
        }
        world.settings.put_plans(plans).await.unwrap();
        assert_eq!(world.rows("SELECT count() FROM events WHERE category = 'configuration'").await, "0\n");
        assert_eq!(world.post("", "SELECT count() FROM user_hours").await.status, 403);
        // The columns keep their types.
        let types = "SELECT DISTINCT toTypeName(events), toTypeName(sign_ins), toTypeName(first_seen_at) FROM users";
        assert_eq!(world.rows(types).await, "UInt64\tUInt64\tNullable(DateTime64(3, \\'UTC\\'))\n");
    });
}
