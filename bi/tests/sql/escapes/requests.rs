//! By parameters of the URL, headers, and size.

use axum::body::Body;
use axum::http::Request;

use super::Ends::{As, Own};
use super::check;
use crate::support::with_world;

#[test]
fn no_request_shows_what_is_not_ones_own() {
    with_world("bi_requests", async |world| {
        let sql = "SELECT count() FROM events";
        let parameters = [
            ("database=system", As("UNKNOWN_DATABASE")),
            ("database=bi_requests", As("UNKNOWN_DATABASE")),
            ("role=default", As("UNKNOWN_SETTING")),
            ("user=globex", Own("3\n")),
            ("user=default&password=", Own("3\n")),
            ("readonly=0", Own("3\n")),
            ("additional_table_filters=x", As("BAD_ARGUMENTS")),
            ("client_protocol_version=x", As("BAD_ARGUMENTS")),
            ("additional_result_filter=1", As("UNKNOWN_SETTING")),
            ("SQL_usertrail_tenant=globex", As("UNKNOWN_SETTING")),
            ("param_bi_tenant=globex", Own("3\n")),
            ("param_tenant=globex", Own("3\n")),
            ("bi_tenant=globex", As("UNKNOWN_SETTING")),
            ("enable_analyzer=0", As("UNKNOWN_SETTING")),
            ("prefer_column_name_to_alias=0", As("UNKNOWN_SETTING")),
            ("allow_ddl=1", As("UNKNOWN_SETTING")),
            ("max_execution_time=999999", Own("3\n")),
            ("default_format=Template", As("UNKNOWN_FORMAT")),
            ("default_format=TSV%26readonly=0", As("UNKNOWN_FORMAT")),
            ("session_timezone=UTC%27", As("BAD_ARGUMENTS")),
            ("decompress=1", As("NOT_IMPLEMENTED")),
            ("query=SELECT+1+FROM+bi_requests.events+--", As("SYNTAX_ERROR")),
            ("query=DROP+TABLE+events;", As("SYNTAX_ERROR")),
        ];
        let mut wrong = Vec::new();
        for (text, ends) in &parameters {
            wrong.extend(check(text, &world.post(text, sql).await, ends));
        }
        let headers = [
            ("x-clickhouse-database", "system", As("UNKNOWN_DATABASE")),
            ("x-clickhouse-user", "globex", Own("3\n")),
            ("x-clickhouse-role", "globex", Own("3\n")),
            ("x-clickhouse-format", "Template", As("UNKNOWN_FORMAT")),
            ("content-type", "multipart/form-data; boundary=x", As("NOT_IMPLEMENTED")),
            ("content-encoding", "gzip", As("NOT_IMPLEMENTED")),
        ];
        for (name, value, ends) in &headers {
            let request = Request::post("/").header("x-clickhouse-key", &world.key).header(*name, *value);
            let answer = world.send(request.body(Body::from(sql)).unwrap()).await;
            wrong.extend(check(&format!("{name}: {value}"), &answer, ends));
        }
        let long = format!("SELECT '{}'", "x".repeat(300_000));
        let deep = format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000));
        let chain = format!("SELECT {}1", "1 + 2 - ".repeat(5_000));
        let bodies = [
            (long.as_str(), As("QUERY_IS_TOO_LARGE")),
            (&deep, As("TOO_DEEP_AST")),
            (&chain, As("TOO_DEEP_AST")),
            ("", As("SYNTAX_ERROR")),
            ("\0", As("*")),
        ];
        for (sql, ends) in &bodies {
            let what = &sql[..sql.len().min(40)];
            wrong.extend(check(what, &world.post("", sql).await, ends));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        world.is_untouched().await;
    });
}
