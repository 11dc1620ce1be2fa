//! By the statement.

use super::Ends::{As, Own};
use super::{Ends, check};
use crate::support::with_world;

const ROWS: &[(&str, Ends)] = &[
    // Conditions that would widen the rows.
    ("SELECT count() FROM events WHERE 1 OR 1", Own("3\n")),
    ("SELECT count() FROM events WHERE 1) OR (1", As("SYNTAX_ERROR")),
    ("SELECT count() FROM events WHERE tenant = 'globex'", As("UNKNOWN_IDENTIFIER")),
    ("SELECT tenant FROM events", As("UNKNOWN_IDENTIFIER")),
    ("SELECT 'globex' AS tenant, count() FROM events", Own("globex\t3\n")),
    ("SELECT count() FROM events AS t WHERE t.tenant = 'globex'", As("UNKNOWN_IDENTIFIER")),
    ("SELECT count() FROM events HAVING 1 OR 1", Own("3\n")),
    ("SELECT max(records) FROM events", Own("1\n")),
    // Other ways to the rows.
    ("SELECT count() FROM events UNION ALL SELECT count() FROM bi_escapes.events", As("UNKNOWN_DATABASE")),
    ("SELECT count() FROM (SELECT * FROM events UNION ALL SELECT * FROM events)", Own("6\n")),
    ("SELECT (SELECT sum(records) FROM events)", Own("3\n")),
    ("SELECT count() FROM events WHERE actor_id IN (SELECT actor_id FROM bi_escapes.users)", As("UNKNOWN_DATABASE")),
    ("SELECT count() FROM events WHERE actor_id IN bi_escapes.users", As("NOT_IMPLEMENTED")),
    ("SELECT count() FROM events WHERE actor_id IN (bi_escapes.users)", As("NOT_IMPLEMENTED")),
    ("SELECT count() FROM events WHERE actor_id IN ((bi_escapes.users))", As("NOT_IMPLEMENTED")),
    ("SELECT count() FROM events WHERE actor_id IN users", As("NOT_IMPLEMENTED")),
    ("SELECT in(1, bi_escapes.users)", As("*")),
    ("SELECT globalIn(1, bi_escapes.users)", As("UNKNOWN_FUNCTION")),
    ("SELECT count() FROM events WHERE EXISTS (SELECT 1 FROM bi_escapes.events)", As("UNKNOWN_DATABASE")),
    ("SELECT count() FROM events AS a JOIN bi_escapes.events AS b ON 1 = 1", As("UNKNOWN_DATABASE")),
    ("SELECT count() FROM users AS a CROSS JOIN users AS b", Own("9\n")),
    ("SELECT count() FROM events ARRAY JOIN violations AS v, bi_escapes.users", As("UNKNOWN_IDENTIFIER")),
    ("SELECT count() FROM events ARRAY JOIN violations AS v, users AS u JOIN users AS w ON 1", As("NOT_IMPLEMENTED")),
    ("SELECT DATE_ADD(DAY, (SELECT max(records) FROM bi_escapes.events), now())", As("UNKNOWN_DATABASE")),
    ("SELECT dateDiff(tenant, now(), now())", As("UNKNOWN_IDENTIFIER")),
    ("SELECT (SELECT max(records) FROM bi_escapes.events) IS TRUE", As("UNKNOWN_DATABASE")),
    ("SELECT bi_escapes.events.actor_id FROM events", As("UNKNOWN_IDENTIFIER")),
    ("SELECT arrayMap(x -> (SELECT count() FROM events), [1])", Own("[3]\n")),
    ("SELECT count() FROM events ARRAY JOIN violations AS tenant", Own("3\n")),
    ("SELECT count() FROM events ARRAY JOIN bi_escapes.events AS x", As("*")),
    ("SELECT count() FROM events SAMPLE 1 / 2", As("*")),
    ("SELECT count() FROM events FINAL", As("NOT_IMPLEMENTED")),
    ("SELECT count() FROM events ANY JOIN users USING (actor_id)", As("NOT_IMPLEMENTED")),
    ("SELECT count() FROM events PASTE JOIN users", As("NOT_IMPLEMENTED")),
    ("SELECT count() FROM (SELECT * FROM events) ANY LEFT JOIN users USING (actor_id)", As("NOT_IMPLEMENTED")),
    ("SELECT count() FROM events PREWHERE 1", As("NOT_IMPLEMENTED")),
    ("SELECT count() FROM `usertrail.events`", As("UNKNOWN_TABLE")),
    ("SELECT count() FROM `bi_escapes`.`events`", As("UNKNOWN_DATABASE")),
    ("SELECT count() FROM \"bi_escapes\".\"events\"", As("UNKNOWN_DATABASE")),
    ("SELECT count() FROM a.b.events", As("UNKNOWN_TABLE")),
    ("SELECT count() FROM alert_deliveries", As("UNKNOWN_TABLE")),
    ("SELECT count() FROM violation_reviews", As("UNKNOWN_TABLE")),
    // Names that would hide what keeps tenants apart.
    ("WITH events AS (SELECT 1 AS x) SELECT count() FROM events", Own("1\n")),
    ("WITH events AS (SELECT * FROM events) SELECT count() FROM events", Own("3\n")),
    ("WITH events AS (SELECT * FROM bi_escapes.events) SELECT count() FROM events", As("UNKNOWN_DATABASE")),
    ("WITH t AS (SELECT 'globex' AS tenant) SELECT count() FROM events, t", Own("3\n")),
    ("WITH x AS (SELECT 1) SELECT * FROM (SELECT 1) AS y, bi_cte_x", As("UNKNOWN_TABLE")),
    ("SELECT * FROM (WITH x AS (SELECT 1) SELECT 1) AS y, x", As("UNKNOWN_TABLE")),
    ("WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT count() FROM r", As("NOT_IMPLEMENTED")),
    ("WITH a AS MATERIALIZED (SELECT * FROM events) SELECT count() FROM a", As("*")),
    ("WITH (x, y) -> 1 AS equals SELECT count() FROM events", As("SYNTAX_ERROR")),
    ("SELECT ((x, y) -> 1) AS equals, count() FROM events", As("NOT_IMPLEMENTED")),
    ("SELECT x -> 1 AS equals FROM events", As("NOT_IMPLEMENTED")),
    ("SELECT 1 AS `t.tenant`, count() FROM events", Own("1\t3\n")),
    ("SELECT 1 AS bi_tenant, count() FROM events AS bi_tenant", Own("1\t3\n")),
    ("SELECT {bi_tenant:String}, count() FROM events", As("UNKNOWN_QUERY_PARAMETER")),
    // Wildcards and columns that nobody declared.
    ("SELECT COLUMNS('tenant') FROM events", As("*")),
    ("SELECT * EXCEPT (tenant) FROM events LIMIT 0", Own("")),
    ("SELECT * REPLACE ('globex' AS actor_id) FROM events", As("NOT_IMPLEMENTED")),
    ("SELECT _part FROM events", As("UNKNOWN_IDENTIFIER")),
    ("SELECT _table FROM events", As("UNKNOWN_IDENTIFIER")),
    // Values of other tenants in errors.
    ("SELECT count() FROM events WHERE toInt32(object_name) >= 0", Own("3\n")),
    ("SELECT count() FROM events WHERE throwIf(actor_id LIKE 'secret%') = 0", Own("3\n")),
    ("SELECT count() FROM devices WHERE toInt32(actor_id) >= 0 AND toInt32(device_id) >= 0", Own("3\n")),
    ("SELECT count() FROM sessions WHERE toInt32(actor_id) >= 0 AND toInt32(session_id) >= 0", Own("3\n")),
    ("SELECT count() FROM user_hours WHERE toInt32(actor_id) >= 0 AND toInt32(action) >= 0", Own("3\n")),
    ("SELECT count() FROM violations WHERE toInt32(actor_id) >= 0 AND toInt32(rule) >= 0", Own("3\n")),
    ("SELECT count() FROM events AS e JOIN users AS u ON toInt32(e.actor_id) = toInt32(u.actor_id)", Own("3\n")),
    ("SELECT count() FROM events WHERE toInt32(actor_id) = 1 AND occurred_at > now() - 3600", Own("1\n")),
    ("SELECT count() FROM users WHERE toInt32(actor_id) >= 0 AND toInt32(name) >= 0", Own("3\n")),
];

const REACHING_OUT: &[(&str, Ends)] = &[
    ("SELECT * FROM merge('.*', '^events$')", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM merge(bi_escapes, 'events')", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM remote('127.0.0.1', bi_escapes, events)", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM cluster('default', bi_escapes, events)", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM file('/etc/passwd', 'LineAsString')", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM s3('http://127.0.0.1:1/x', 'CSV')", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM executable('id', 'TSV', 'x String')", As("*")),
    ("SELECT * FROM dictionary('x')", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM mergeTreeIndex(bi_escapes, events)", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM numbers(1000000000000)", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM view(SELECT * FROM bi_escapes.events)", As("*")),
    ("SELECT * FROM TABLE(merge('.*', '.*'))", As("*")),
    ("SELECT * FROM events(1)", As("NOT_IMPLEMENTED")),
    ("SELECT file('/etc/passwd')", As("UNKNOWN_FUNCTION")),
    ("SELECT FILE('/etc/passwd')", As("UNKNOWN_FUNCTION")),
    ("SELECT `file`('/etc/passwd')", As("UNKNOWN_FUNCTION")),
    ("SELECT dictGet('a', 'b', 1)", As("UNKNOWN_FUNCTION")),
    ("SELECT joinGet('bi_escapes.events', 'a', 1)", As("UNKNOWN_FUNCTION")),
    ("SELECT getSetting('additional_table_filters')", As("UNKNOWN_FUNCTION")),
    ("SELECT hasColumnInTable('bi_escapes', 'events', 'tenant')", As("UNKNOWN_FUNCTION")),
    ("SELECT sleep(3)", As("UNKNOWN_FUNCTION")),
    ("SELECT sleepEachRow(3) FROM events", As("UNKNOWN_FUNCTION")),
    ("SELECT addressToLine(1)", As("UNKNOWN_FUNCTION")),
    ("SELECT initializeAggregation('sumState', 1)", As("UNKNOWN_FUNCTION")),
    ("SELECT arrayReduce('groupArray', [1])", As("UNKNOWN_FUNCTION")),
    ("SELECT reverseDNSQuery('127.0.0.1')", As("UNKNOWN_FUNCTION")),
    ("SELECT aiGenerate('x')", As("UNKNOWN_FUNCTION")),
    ("SELECT currentUser(), version() != ''", Own("usertrail\t1\n")),
    ("SELECT CAST(unhex('00') AS AggregateFunction(groupArray, String))", As("*")),
    ("SELECT reinterpret('a', 'AggregateFunction(sum, UInt64)')", As("UNKNOWN_FUNCTION")),
    // The server's own relations.
    ("SELECT * FROM system.query_log", As("UNKNOWN_TABLE")),
    ("SELECT * FROM system.processes", As("UNKNOWN_TABLE")),
    ("SELECT * FROM system.users", As("UNKNOWN_TABLE")),
    ("SELECT * FROM SYSTEM.`parts`", Own("")),
    ("SELECT * FROM SYSTEM.`part_log`", As("UNKNOWN_TABLE")),
    ("SELECT name FROM system.databases", Own("usertrail\n")),
    ("SELECT count() FROM system.tables WHERE database != 'usertrail'", Own("0\n")),
    ("SELECT count() FROM system.columns WHERE name = 'tenant'", Own("0\n")),
    ("SELECT count() FROM information_schema.tables WHERE table_schema != 'usertrail'", Own("0\n")),
    ("SELECT * FROM information_schema.user_privileges", As("UNKNOWN_TABLE")),
    ("SELECT * FROM information_schema.key_column_usage", Own("")),
    ("SELECT count() FROM system.parts", Own("0\n")),
    ("SELECT system.tables.name FROM events", As("UNKNOWN_IDENTIFIER")),
    ("SELECT max(system.parts.rows) FROM system.parts AS p", Own("0\n")),
    ("SELECT * FROM default.events", As("UNKNOWN_DATABASE")),
    // Settings.
    ("SELECT count() FROM events SETTINGS additional_table_filters = ''", As("UNKNOWN_SETTING")),
    ("SELECT count() FROM events SETTINGS additional_result_filter = {'events': '1'}", As("SYNTAX_ERROR")),
    ("SELECT {'a': 'b'} FROM events", As("NOT_IMPLEMENTED")),
    ("SELECT count() FROM (SELECT * FROM events SETTINGS readonly = 0)", As("*")),
    ("SELECT count() FROM events SETTINGS readonly = 0", Own("3\n")),
    ("SELECT count() FROM events SETTINGS optimize_move_to_prewhere = 1", As("UNKNOWN_SETTING")),
    ("SELECT count() FROM events SETTINGS SQL_usertrail_tenant = 'globex'", As("UNKNOWN_SETTING")),
    ("SET additional_table_filters = '{}'", As("*")),
];

const TEXTS: &[(&str, Ends)] = &[
    ("SELECT count() FROM events -- WHERE 1", Own("3\n")),
    ("SELECT count() FROM events /* ; */ WHERE 1 /* /* */ */", Own("3\n")),
    ("SELECT count() FROM events WHERE type = 'a' /*' OR 1 --*/", Own("0\n")),
    ("SELECT 'a\\' OR 1 = 1 -- '", Own("a\\' OR 1 = 1 -- \n")),
    ("SELECT 'a\\\\', ' FROM bi_escapes.events -- '", Own("a\\\\\t FROM bi_escapes.events -- \n")),
    ("SELECT 'a'' FROM bi_escapes.events WHERE '''", Own("a\\' FROM bi_escapes.events WHERE \\'\n")),
    ("SELECT '\\x27 OR 1 = 1'", Own("\\' OR 1 = 1\n")),
    ("SELECT '\u{2019} OR \u{ff07}1'", Own("\u{2019} OR \u{ff07}1\n")),
    ("SELECT $$' FROM bi_escapes.events$$", As("SYNTAX_ERROR")),
    ("SELECT $tag$a$tag$", As("SYNTAX_ERROR")),
    ("SELECT 1 AS `a\\` FROM bi_escapes.events --`", As("SYNTAX_ERROR")),
    ("SELECT 1 AS `a`` FROM bi_escapes.events --`", As("SYNTAX_ERROR")),
    ("SELECT 1 AS \"a\"\" FROM bi_escapes.events --\"", As("SYNTAX_ERROR")),
    ("SELECT count() FROM {t:Identifier}", As("UNKNOWN_TYPE")),
    ("SELECT {c:Identifier} FROM events", As("UNKNOWN_TYPE")),
    ("SELECT count() FROM {t:String}", As("SYNTAX_ERROR")),
    ("SELECT E'\\'', N'x'", As("*")),
    ("SELECT b'1' FROM (SELECT 1 AS b)", As("NOT_IMPLEMENTED")),
    ("SELECT x'27204F522031'", Own("\\' OR 1\n")),
    ("SELECT 1;;SELECT count() FROM bi_escapes.events", As("SYNTAX_ERROR")),
    ("SELECT 1; DROP TABLE bi_escapes.events", As("SYNTAX_ERROR")),
    ("SELECT 1 FORMAT TSV; SELECT 2", As("SYNTAX_ERROR")),
    ("SELECT 1 FORMAT TSV SELECT 2", As("SYNTAX_ERROR")),
    ("SELECT 1 FORMAT Template", As("UNKNOWN_FORMAT")),
    ("SELECT 1 INTO OUTFILE '/tmp/usertrail-escape' FORMAT CSV", As("*")),
];

const CHANGES: &[(&str, Ends)] = &[
    ("INSERT INTO events SELECT * FROM events", As("READONLY")),
    ("INSERT INTO FUNCTION file('x') SELECT 1", As("*")),
    ("ALTER TABLE events DELETE WHERE 1", As("*")),
    ("DELETE FROM bi_escapes.events", As("READONLY")),
    ("UPDATE events SET type = 'x'", As("READONLY")),
    ("DROP TABLE bi_escapes.events", As("READONLY")),
    ("TRUNCATE TABLE bi_escapes.events", As("READONLY")),
    ("CREATE VIEW v AS SELECT * FROM bi_escapes.events", As("READONLY")),
    ("CREATE USER x", As("*")),
    ("GRANT ALL ON *.* TO x", As("*")),
    ("KILL QUERY WHERE 1", As("*")),
    ("SYSTEM SHUTDOWN", As("*")),
    ("OPTIMIZE TABLE bi_escapes.events", As("*")),
    ("ATTACH TABLE x", As("*")),
    ("USE system", As("*")),
    ("EXPLAIN SELECT * FROM bi_escapes.events", As("UNKNOWN_DATABASE")),
    ("EXPLAIN AST SELECT 1", As("NOT_IMPLEMENTED")),
    ("EXPLAIN SYNTAX SELECT * FROM events", As("NOT_IMPLEMENTED")),
    ("EXPLAIN QUERY TREE SELECT * FROM events", As("NOT_IMPLEMENTED")),
    ("EXPLAIN ESTIMATE SELECT * FROM events", As("NOT_IMPLEMENTED")),
    ("EXPLAIN indexes = 1 SELECT * FROM events", As("NOT_IMPLEMENTED")),
    ("EXPLAIN PLAN actions = 1 SELECT * FROM events", As("NOT_IMPLEMENTED")),
    ("EXPLAIN EXPLAIN SELECT 1", As("NOT_IMPLEMENTED")),
    ("EXPLAIN INSERT INTO events SELECT 1", As("NOT_IMPLEMENTED")),
    ("DESCRIBE TABLE url('http://127.0.0.1:1/')", As("NOT_IMPLEMENTED")),
    ("DESCRIBE bi_escapes.events", As("UNKNOWN_DATABASE")),
    ("DESCRIBE (SELECT * FROM bi_escapes.events)", As("UNKNOWN_DATABASE")),
    ("DESCRIBE (SELECT 1) UNION ALL (SELECT * FROM bi_escapes.events)", As("SYNTAX_ERROR")),
    ("DESCRIBE (SELECT tenant FROM events)", As("UNKNOWN_IDENTIFIER")),
    ("DESCRIBE TABLE (url('http://127.0.0.1:1/'))", As("*")),
    ("DESCRIBE system.query_log", As("UNKNOWN_TABLE")),
    ("SHOW CREATE TABLE bi_escapes.events", As("UNKNOWN_DATABASE")),
    ("SHOW CREATE TABLE system.one", As("UNKNOWN_DATABASE")),
    ("SHOW COLUMNS FROM events FROM bi_escapes", As("UNKNOWN_DATABASE")),
    ("USE bi_escapes", As("UNKNOWN_DATABASE")),
    ("SHOW TABLES FROM bi_escapes", As("UNKNOWN_DATABASE")),
    ("SHOW TABLES LIKE '%' UNION ALL SELECT 1", As("SYNTAX_ERROR")),
    ("SHOW PROCESSLIST", As("NOT_IMPLEMENTED")),
    ("EXISTS TABLE bi_escapes.events", Own("0\n")),
    ("BACKUP DATABASE bi_escapes TO Disk('x', 'y')", As("*")),
];

/// By what is written otherwise before it is read: conditions, casts, parts of tuples, values, arrays.
const WRITTEN: &[(&str, Ends)] = &[
    ("SELECT 1 ? (SELECT max(records) FROM bi_escapes.events) : 0", As("UNKNOWN_DATABASE")),
    ("SELECT count() FROM events WHERE 0 ? 1 : 1", Own("3\n")),
    ("SELECT ? 1 : 2", As("SYNTAX_ERROR")),
    ("SELECT 1 ? 2", As("SYNTAX_ERROR")),
    ("SELECT 1 ?1 : 2 FROM events LIMIT 0", Own("")),
    ("SELECT CAST('x', 'AggregateFunction(sum, UInt8)')", As("UNKNOWN_TYPE")),
    ("SELECT CAST(1, 'UInt8), (SELECT max(records) FROM bi_escapes.events')", As("UNKNOWN_TYPE")),
    ("SELECT CAST(1, concat('UInt', '8'))", As("NOT_IMPLEMENTED")),
    ("SELECT accurateCast(unhex('00'), 'AggregateFunction(groupArray, String)')", As("UNKNOWN_TYPE")),
    ("SELECT `CAST`((SELECT max(records) FROM bi_escapes.events), 'UInt8')", As("UNKNOWN_DATABASE")),
    ("SELECT tuple(1).1e5", As("SYNTAX_ERROR")),
    ("SELECT tuple((SELECT max(records) FROM bi_escapes.events)).1", As("UNKNOWN_DATABASE")),
    ("SELECT [1][$.1]", As("SYNTAX_ERROR")),
    ("SELECT * FROM VALUES ((SELECT max(records) FROM bi_escapes.events))", As("UNKNOWN_DATABASE")),
    ("SELECT * FROM VALUES ('a String', file('/etc/passwd'))", As("UNKNOWN_FUNCTION")),
    ("SELECT * FROM VALUES ('a` String, b String', ('x', 'y'))", As("NOT_IMPLEMENTED")),
    ("SELECT * FROM VALUES (1), (SELECT * FROM bi_escapes.events)", As("*")),
    ("SELECT a FROM events ARRAY JOIN file('/etc/passwd') AS a", As("UNKNOWN_FUNCTION")),
    ("SELECT a FROM events ARRAY JOIN merge('.*', '.*') AS a", As("UNKNOWN_FUNCTION")),
    (
        "SELECT count() FROM events GROUP BY ROLLUP (actor_id IN (SELECT actor_id FROM bi_escapes.users))",
        As("UNKNOWN_DATABASE"),
    ),
];

/// By conditions beside the statement.
const FILTERS: &[(&str, Ends)] = &[
    ("'events': '1 OR 1'", Own("3\n")),
    ("'events': '1) OR (1'", As("SYNTAX_ERROR")),
    ("'events': '1 -- '", Own("3\n")),
    ("'events': '1; DROP TABLE events'", As("SYNTAX_ERROR")),
    ("'events': ''", As("SYNTAX_ERROR")),
    ("'usertrail.events': 'type = \\'1\\''", Own("1\n")),
    ("'bi_escapes.events': '0'", Own("3\n")),
    ("'events': 'tenant = \\'globex\\''", As("UNKNOWN_IDENTIFIER")),
    ("'events': 't.tenant = \\'globex\\''", As("UNKNOWN_IDENTIFIER")),
    ("'events': 'actor_id IN (SELECT actor_id FROM bi_escapes.users)'", As("UNKNOWN_DATABASE")),
    ("'events': 'actor_id IN bi_escapes.users'", As("NOT_IMPLEMENTED")),
    ("'events': '(SELECT count() FROM events) = 3'", Own("3\n")),
    ("'events': 'toInt32(object_name) >= 0'", Own("3\n")),
    ("'events': 'throwIf(startsWith(actor_id, \\'secret\\')) = 0'", Own("3\n")),
    ("'events': '{a:String} = 1'", As("NOT_IMPLEMENTED")),
    ("'events': 'file(\\'/etc/passwd\\') = 1'", As("UNKNOWN_FUNCTION")),
    ("'events': 1", As("SYNTAX_ERROR")),
    ("", Own("3\n")),
];

/// P10: Grafana's ad hoc filters are the caller's conditions, in the statement's settings or in the URL.
#[test]
fn no_filter_shows_what_is_not_ones_own() {
    with_world("bi_filters", async |world| {
        let mut wrong = Vec::new();
        for (pairs, ends) in FILTERS {
            let sql = format!("SELECT count() FROM events SETTINGS additional_table_filters = {{{pairs}}}");
            wrong.extend(check(&sql, &world.post("", &sql).await, ends));
            let parameter = format!("{{{pairs}}}").bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
            let url = format!("additional_table_filters={parameter}");
            wrong.extend(check(
                &format!("{pairs} in the URL"),
                &world.post(&url, "SELECT count() FROM events").await,
                ends,
            ));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        world.is_untouched().await;
    });
}

/// What EXPLAIN shows is what the steps are: neither names nor counts of ours.
#[test]
fn explanations_tell_nothing_of_ours() {
    with_world("bi_explained", async |world| {
        let sql = "SELECT type, (SELECT max(records) FROM events) FROM events AS e JOIN users AS u ON e.actor_id = u.actor_id";
        for explain in ["EXPLAIN", "EXPLAIN PLAN"] {
            let told = world.rows(&format!("{explain} {sql} WHERE type = '1' ORDER BY type")).await;
            assert!(told.contains("Join") && told.contains("ReadFromMergeTree"), "{told}");
            for ours in ["bi_explained", "tenant", "acme", "retention", "Granules", "Parts", "7777", "events"] {
                assert!(!told.contains(ours), "{ours} in {told}");
            }
        }
    });
}

#[test]
fn no_statement_shows_what_is_not_ones_own() {
    with_world("bi_escapes", async |world| {
        let all: Vec<_> = [ROWS, REACHING_OUT, TEXTS, WRITTEN, CHANGES].into_iter().flatten().collect();
        assert!(all.len() > 120);
        let mut wrong = Vec::new();
        for (sql, ends) in all.iter().copied() {
            wrong.extend(check(sql, &world.post("", sql).await, ends));
        }
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
        world.is_untouched().await;
    });
}
