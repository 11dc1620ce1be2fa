//! Values of parameters, and what is answered where they are none of their type.

use axum::body::Body;
use axum::http::Request;
use schemas::settings::{Permission, Role};

use crate::support::with_world;

/// A2: what is not there is `NULL`, as the API says null, and no day in 1970.
#[test]
fn what_is_not_there_is_null() {
    with_world("bi_nulls", async |world| {
        let sql = "INSERT INTO events (tenant, event_id, type, category, action, occurred_at, received_at, actor_kind, actor_id, \
                   session_key, session_started_at, last_activity_at, violations, violation_ids, violation_windows, \
                   violation_levels, violation_versions, violation_actions, violation_seen, violation_limits, violation_groups, \
                   retention_days) \
                   SELECT 'acme', e, t, c, 'x', now64(3) - 60, now64(3) - 60, 'user', u, 's', now64(3) - 60, now64(3) - 60, v, \
                   arrayMap(r -> e, v), arrayMap(r -> toDateTime64(0, 3), v), arrayMap(r -> 1, v), arrayMap(r -> 1, v), \
                   arrayMap(r -> 'flag', v), arrayMap(r -> -1, v), arrayMap(r -> -1, v), arrayMap(r -> '', v), 1825 \
                   FROM values('e String, t String, c String, u String, v Array(String)', \
                   ('changed', 'plan.changed', 'configuration', 'n5', []), ('done', 'task.done', 'changes', 'n6', ['r']))";
        world.client.query_raw(sql).execute().await.unwrap();
        let given = [Permission::SeeViolations, Permission::QuerySql, Permission::ReadLog];
        let key =
            world.settings.create_key_permitting(Some("acme"), Role::Viewer, &given, "x").await.unwrap().1.expose();
        for (sql, expected) in [
            ("SELECT first_seen_at, last_activity_at FROM users WHERE actor_id = 'n5'", "\\N\t\\N\n"),
            ("SELECT isNull(last_activity_at) FROM users WHERE actor_id = 'n6'", "0\n"),
            ("SELECT isNull(signed_out_at), isNull(last_activity_at) FROM sessions WHERE actor_id = 'n6'", "1\t0\n"),
            ("SELECT reviewed, reviewed_at FROM violations WHERE actor_id = 'n6'", "false\t\\N\n"),
            ("SELECT seen, limit_value FROM violations WHERE actor_id = 'n6'", "\\N\t\\N\n"),
        ] {
            let request = Request::post("/").header("x-clickhouse-key", &key);
            let answer = world.send(request.body(Body::from(sql)).unwrap()).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, expected), "{sql}");
        }
    });
}

/// One more than 256 bits hold.
const GREAT: &str = "param_x=115792089237316195423570985008687907853269984665640564039457584007913129639936";

/// A2: what is wrong with a statement, a parameter or a value is the caller's, with the engine's code and without the value.
#[test]
fn errors_of_values_are_the_callers() {
    with_world("bi_values", async |world| {
        let mut faults = Vec::new();
        for (query, sql, name) in [
            ("param_x=abc", "SELECT {x:UInt8}", "BAD_QUERY_PARAMETER"),
            ("param_x=", "SELECT {x:UInt8}", "BAD_QUERY_PARAMETER"),
            ("param_x=never", "SELECT {x:Date}", "BAD_QUERY_PARAMETER"),
            ("param_x=[1,", "SELECT {x:Array(UInt8)}", "BAD_QUERY_PARAMETER"),
            ("param_x=2026-13-99", "SELECT {x:Date}", "BAD_QUERY_PARAMETER"),
            ("param_x=2026-02-30", "SELECT {x:Date32}", "BAD_QUERY_PARAMETER"),
            ("param_x=2026-13-99+00:00:00", "SELECT {x:DateTime}", "BAD_QUERY_PARAMETER"),
            ("param_x=2026-03-02+08:61:00", "SELECT {x:DateTime64(3)}", "BAD_QUERY_PARAMETER"),
            ("param_x=256", "SELECT {x:UInt8}", "BAD_QUERY_PARAMETER"),
            ("param_x=-129", "SELECT {x:Int8}", "BAD_QUERY_PARAMETER"),
            ("param_x=%2B5", "SELECT {x:Int8}", "BAD_QUERY_PARAMETER"),
            ("param_x=2026-03-02T08:15:30Z", "SELECT {x:DateTime64(3)}", "BAD_QUERY_PARAMETER"),
            ("param_x=NULL", "SELECT {x:Nullable(UInt8)}", "BAD_QUERY_PARAMETER"),
            ("param_x=2", "SELECT {x:Bool}", "BAD_QUERY_PARAMETER"),
            ("param_x=[2]", "SELECT {x:Array(Bool)}", "BAD_QUERY_PARAMETER"),
            ("param_x=12345.6", "SELECT {x:Decimal(5,2)}", "BAD_QUERY_PARAMETER"),
            ("param_x=1.234", "SELECT {x:Decimal(5, 2)}", "BAD_QUERY_PARAMETER"),
            ("param_x=abcd", "SELECT {x:FixedString(3)}", "BAD_QUERY_PARAMETER"),
            ("param_x=%5C", "SELECT {x:String}", "BAD_QUERY_PARAMETER"),
            ("param_x=[a]", "SELECT {x:Array(String)}", "BAD_QUERY_PARAMETER"),
            ("param_x=08:61:00", "SELECT {x:Time}", "BAD_QUERY_PARAMETER"),
            ("param_x=never", "SELECT {x:Time}", "BAD_QUERY_PARAMETER"),
            ("param_x=['08:15:30','x']", "SELECT {x:Array(Time)}", "BAD_QUERY_PARAMETER"),
            ("param_x=x", "SELECT {x:Nothing}", "BAD_QUERY_PARAMETER"),
            ("param_x=x", "SELECT {x:Nullable(Nothing)}", "BAD_QUERY_PARAMETER"),
            ("param_x=x", "SELECT {x:UInt256}", "BAD_QUERY_PARAMETER"),
            (GREAT, "SELECT {x:UInt256}", "BAD_QUERY_PARAMETER"),
            (GREAT, "SELECT {x:Int256}", "BAD_QUERY_PARAMETER"),
            ("param_x=x", "SELECT {x:UUID}", "BAD_QUERY_PARAMETER"),
            ("param_x=1.2.3", "SELECT {x:IPv4}", "BAD_QUERY_PARAMETER"),
            ("param_x=1::2::3", "SELECT {x:IPv6}", "BAD_QUERY_PARAMETER"),
            ("param_x=x", "SELECT {x:Decimal256(3)}", "BAD_QUERY_PARAMETER"),
            ("param_x={'a':x}", "SELECT {x:Map(String, UInt8)}", "BAD_QUERY_PARAMETER"),
            ("param_x=(1,'x')", "SELECT {x:Tuple(UInt8, Date)}", "BAD_QUERY_PARAMETER"),
            // A type that no parameter has is refused as such, whatever the value.
            ("param_x=zz", "SELECT {x:Enum8('a' = 1)}", "UNKNOWN_TYPE"),
            ("param_x=a", "SELECT {x:Enum8('a' = 1)}", "UNKNOWN_TYPE"),
            ("param_x={}", "SELECT {x:JSON}", "UNKNOWN_TYPE"),
            ("param_x=x", "SELECT {x:Point}", "UNKNOWN_TYPE"),
            ("param_x=x", "SELECT {x:Float64}", "BAD_QUERY_PARAMETER"),
            ("param_x=['2026-03-02','2026-13-99']", "SELECT {x:Array(Date)}", "BAD_QUERY_PARAMETER"),
            ("param_x=2026-13-99", "SELECT {x:Nullable(Date)}", "BAD_QUERY_PARAMETER"),
            ("param_x=2026-13-99", "SELECT 1 FROM events WHERE occurred_at >= {x:DateTime}", "BAD_QUERY_PARAMETER"),
            ("", "SELECT throwIf(1)", "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
            ("", "SELECT range(1000000000)", "ARGUMENT_OUT_OF_BOUND"),
            ("", "SELECT toUInt8('abc')", "CANNOT_PARSE_TEXT"),
            ("", "SELECT toDate('abc')", "*"),
            ("", "SELECT toIPv4('abc')", "*"),
            ("", "SELECT toUUID('abc')", "*"),
            ("", "SELECT intDiv(1, 0)", "ILLEGAL_DIVISION"),
            ("", "SELECT match('a', '[')", "*"),
            ("", "SELECT toDecimal32(1, 9) * 100", "*"),
            ("", "SELECT repeat('a', 10000000000)", "*"),
            ("", "SELECT arrayMap((x, y) -> x + y, [1], [1, 2])", "*"),
            ("", "SELECT (SELECT arrayJoin([1, 2]))", "INCORRECT_RESULT_OF_SCALAR_SUBQUERY"),
            ("", "SELECT 1 LIMIT 'x'", "*"),
            ("", "SELECT 1 LIMIT 1.5", "*"),
            ("param_x=a", "SELECT 1 LIMIT {x:String}", "*"),
            ("param_x=1.5", "SELECT 1 LIMIT 1 OFFSET {x:Float64}", "*"),
            ("param_x=2026-01-01", "SELECT user_id FROM users LIMIT {x:Date} BY user_id", "*"),
            ("", "SELECT arrayJoin([1, 3]) AS n ORDER BY n WITH FILL STEP 0", "*"),
            ("param_x=a", "SELECT arrayJoin([1, 3]) AS n ORDER BY n WITH FILL FROM {x:String}", "*"),
            ("", "SELECT sum(1)(2)", "*"),
            ("", "SELECT quantile(events)(0.5) FROM users", "*"),
            ("", "SELECT arrayJoin([1, 3]) AS n LIMIT 1 WITH TIES", "*"),
            ("", "SELECT replaceAll('a')", "*"),
            ("", "SELECT nope FROM users", "UNKNOWN_IDENTIFIER"),
            ("", "SELECT length(1)", "ILLEGAL_TYPE_OF_ARGUMENT"),
            ("", "SELECT length()", "*"),
        ] {
            let answer = world.post(query, sql).await;
            let is_named = name == "*" || answer.text.contains(&format!("({name})"));
            if !is_named || !(400..500).contains(&answer.status) {
                faults.push(format!("{sql}: {} {}", answer.status, answer.text));
            }
        }
        assert!(faults.is_empty(), "{faults:#?}");
        for (query, sql, value) in [
            ("param_x=-100:00:01", "SELECT {x:Time}", "-100:00:01\n"),
            ("param_x=['08:15:30']", "SELECT {x:Array(Time)}[1]", "08:15:30\n"),
            ("param_x=%5CN", "SELECT {x:Nullable(Nothing)}", "\\N\n"),
            ("param_x=-7", "SELECT {x:Int256}", "-7\n"),
        ] {
            let answer = world.post(query, sql).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, value), "{sql}");
        }
    });
}

/// A2, P10: what is no value of its parameter's type is one kind of error, whatever the type, and however deep it lies in others.
#[test]
fn a_value_of_another_type_has_one_code() {
    with_world("bi_values_of_types", async |world| {
        let kinds = [
            "Bool",
            "Date",
            "Date32",
            "DateTime",
            "DateTime64(3)",
            "Decimal(5, 2)",
            "Decimal256(3)",
            "FixedString(3)",
            "Float32",
            "Float64",
            "IPv4",
            "IPv6",
            "Int8",
            "Int128",
            "Int256",
            "Nothing",
            "String",
            "Time",
            "UInt8",
            "UInt64",
            "UInt256",
            "UUID",
        ];
        let values = [
            "",
            "0",
            "1",
            "-1",
            "1.5",
            "300",
            "1e3",
            "inf",
            "nan",
            "true",
            "NULL",
            "\\N",
            "x",
            "abcd",
            "it's",
            "[1]",
            "(1)",
            "2026-03-02",
            "2026-13-99",
            "2026-03-02 08:15:30",
            "08:15:30",
            "08:61:00",
            "1.2.3.4",
            "1.2.3",
            "::1",
            "1::2::3",
            "00000000-0000-0000-0000-000000000000",
            "99999999999999999999999999999999999999999999999999999999999999999999999999999999",
        ];
        let (mut faults, mut refused) = (Vec::new(), 0);
        for kind in kinds {
            for value in values {
                let quoted = format!("'{}'", value.replace('\'', "\\'"));
                let nested = [
                    (kind.to_owned(), value.to_owned()),
                    (format!("Nullable({kind})"), value.to_owned()),
                    (format!("Array({kind})"), format!("[{value}]")),
                    (format!("Array({kind})"), format!("[{quoted}]")),
                    (format!("Array(Nullable({kind}))"), format!("[{value}, NULL]")),
                    (format!("Tuple({kind}, UInt8)"), format!("({quoted}, 1)")),
                    (format!("Tuple({kind}, UInt8)"), format!("({value}, 1)")),
                    (format!("Map(String, {kind})"), format!("{{'a': {quoted}}}")),
                    (format!("Map(String, {kind})"), format!("{{'a': {value}}}")),
                ];
                for (kind, value) in nested {
                    let query =
                        url::form_urlencoded::Serializer::new(String::new()).append_pair("param_x", &value).finish();
                    let answer = world.post(&query, &format!("SELECT {{x:{kind}}} IS NULL")).await;
                    let code = if answer.status == 200 { "" } else { answer.header("x-clickhouse-exception-code") };
                    let is_refused =
                        answer.status == 400 && code == "457" && answer.text.contains("(BAD_QUERY_PARAMETER)");
                    refused += usize::from(is_refused);
                    if answer.status != 200 && !is_refused {
                        let text = answer
                            .text
                            .chars()
                            .rev()
                            .take(60)
                            .collect::<Vec<_>>()
                            .into_iter()
                            .rev()
                            .collect::<String>();
                        faults.push(format!("{kind} {value}: {} {text}", answer.status));
                    }
                }
            }
        }
        assert!(refused > 2000, "{refused}");
        assert!(faults.is_empty(), "{}: {faults:#?}", faults.len());
    });
}
