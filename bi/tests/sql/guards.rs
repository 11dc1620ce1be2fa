//! Each guard by itself: what the others would let through without it.

use bi::rewrite::{RewriteContext, rewrite};
use bi::selftest;
use bi::store::{Filters, ORDERED, Reader, Statement, Store, message};
use bi::views::{PREDICATE, VIEWS, View};
use chrono::Utc;
use query_api::store::cutoffs::RetentionCutoffs;
use schemas::settings::Retention;

use crate::support::{World, with_world};

fn reader(tenant: &str) -> Reader {
    let keep = RetentionCutoffs::at(Utc::now(), &Retention::default());
    Reader { tenant: tenant.to_owned(), keep, hidden: 0, look_back: chrono::DateTime::UNIX_EPOCH }
}

fn context(world: &World) -> RewriteContext {
    RewriteContext { database: format!("`{}`", world.config.clickhouse.database), version: "1".to_owned() }
}

async fn run(store: &Store, sql: &str) -> Result<String, String> {
    let answer = store.run(&reader("acme"), &Statement::plain(sql.to_owned())).await.unwrap();
    if answer.status().is_success() { Ok(answer.text().await.unwrap()) } else { Err(message(answer).await) }
}

/// P10: the predicate alone confines, and so does the engine's filter alone; without both, everything is seen.
#[test]
fn either_guard_is_enough_and_neither_is_not() {
    with_world("bi_guards", async |world| {
        let database = context(&world).database;
        let (on, off) =
            (Store::new(&world.config, Filters::On).unwrap(), Store::new(&world.config, Filters::Off).unwrap());
        for view in VIEWS {
            let with = format!("SELECT count() FROM {}", view.subquery(&database));
            let without = with.replace(PREDICATE, "WHERE 1 = 1");
            for (store, sql) in [(&on, &with), (&on, &without), (&off, &with)] {
                assert_eq!(run(store, sql).await.unwrap(), "3\n", "{sql}");
            }
            assert_eq!(run(&off, &without).await.unwrap(), "60\n", "{}", view.name);
        }
    });
}

/// The self-test notices when the engine doesn't filter, whatever the reason.
#[test]
fn the_self_test_notices_a_missing_guard() {
    with_world("bi_selftest", async |world| {
        assert!(!selftest::run(&Store::new(&world.config, Filters::On).unwrap()).await.unwrap().is_empty());
        let error = selftest::run(&Store::new(&world.config, Filters::Off).unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("filter"), "{error}");
        // With empty tables nothing leaks at the moment; it must be noticed all the same.
        for table in bi::views::TABLES {
            world.client.query_raw(&format!("TRUNCATE TABLE {table}")).execute().await.unwrap();
        }
        let error = selftest::run(&Store::new(&world.config, Filters::Off).unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("filter"), "{error}");
    });
}

/// Conditions of a caller are never tried on rows of others: their errors would disclose them. Without the settings that keep
/// the order, they do.
#[test]
fn errors_tell_nothing_of_other_tenants() {
    with_world("bi_errors", async |world| {
        let store = Store::new(&world.config, Filters::On).unwrap();
        let events = View::named("events").unwrap().subquery(&context(&world).database);
        let statements = [
            "SELECT count() FROM <> WHERE toInt32(object_name) >= 0",
            "SELECT count() FROM <> WHERE toInt32(action) >= 0",
            "SELECT count() FROM <> WHERE throwIf(startsWith(actor_id, 'secret')) = 0",
            "SELECT count() FROM <> WHERE intDiv(1, startsWith(object_name, 'secret') = 0) >= 0",
            "SELECT count() FROM <> AS a JOIN <> AS b ON toInt32(a.extra) = toInt32(b.extra)",
            "SELECT count() FROM (SELECT toInt32(extra) AS x FROM <>) WHERE x >= 0",
            "SELECT count() FROM <> WHERE arrayExists(x -> toInt32(x) < 0, violations)",
            "SELECT toInt32(extra) AS x, count() FROM <> GROUP BY x HAVING x > 5",
            "SELECT count() FROM <> WHERE extra IN (SELECT toString(toInt32(extra)) FROM <>)",
            "SELECT count() FROM <> WHERE occurred_at > now() - 3600 AND toInt32(event_id) >= 0",
            "SELECT max(toInt32(extra)) OVER () FROM <> WHERE toInt32(extra) >= 0 ORDER BY toInt32(extra) LIMIT 1",
        ];
        let mut loose = 0;
        for text in statements {
            let sql = text.replace("<>", &events);
            run(&store, &sql).await.unwrap_or_else(|error| panic!("{text}: {error}"));
            let free: Vec<String> = ORDERED
                .iter()
                .filter(|(name, _)| *name != "enable_analyzer")
                .map(|(name, value)| match *value {
                    "0" => format!("{name} = 1"),
                    _ => format!("{name} = ''"),
                })
                .collect();
            let answer = world.client.query_raw(&free_of_parameters(&format!("{sql} SETTINGS {}", free.join(", "))));
            loose += usize::from(answer.execute().await.is_err());
        }
        assert!(loose > 3, "the settings that keep the order are not what keeps it: {loose}");
    });
}

/// An index that holds values has conditions tried on them, whosever they are: none of that kind may be in use.
#[test]
fn no_index_of_values_is_in_use() {
    with_world("bi_indices", async |world| {
        let sql = "SELECT name FROM system.data_skipping_indices WHERE database = 'bi_indices' AND type = 'set'";
        let sets = world.client.query_raw(sql).fetch_all::<String>().await.unwrap();
        let ignored = ORDERED.iter().find(|(name, _)| *name == "ignore_data_skipping_indices").unwrap().1;
        assert_eq!(sets, ignored.split(", ").collect::<Vec<_>>());
    });
}

/// For the client that sends no parameters.
fn free_of_parameters(sql: &str) -> String {
    let mut sql = sql.replace("{bi_tenant:String}", "'acme'");
    for name in ["oldest", "sign_ins", "changes", "views", "configuration", "other"] {
        sql = sql.replace(&format!("{{bi_{name}:DateTime64(3, 'UTC')}}"), "toDateTime64(0, 3)");
    }
    sql
}

/// What the rewriting takes for a query of a view has the tenant in it; the engine is not needed for that.
#[test]
fn the_engine_reads_what_the_confinement_writes() {
    with_world("bi_written", async |world| {
        for text in [
            "SELECT * FROM events LIMIT 1 BY type",
            "SELECT count(), uniqExact(actor_id), quantile(0.5)(records), quantiles(0.5, 0.9)(records) FROM events",
            "SELECT toStartOfInterval(occurred_at, INTERVAL '1' HOUR) AS h, count() FROM events GROUP BY h WITH TOTALS",
            "SELECT type, action FROM events WHERE (type, action) IN (('1', '1'), ('2', '2')) OR type IN ('0')",
            "SELECT arrayMap((x, i) -> concat(x, toString(i)), violations, [1]) FROM events",
            "SELECT u.actor_id, e.type FROM users AS u LEFT JOIN events AS e ON u.actor_id = e.actor_id WHERE e.records > 0",
            "SELECT v FROM events ARRAY JOIN violations AS v",
            "SELECT sum(events) OVER w FROM user_hours WINDOW w AS (PARTITION BY action ORDER BY hour)",
            "SELECT row_number() OVER (ORDER BY hour DESC), lagInFrame(events, 1) OVER (ORDER BY hour) FROM user_hours",
            "SELECT CASE WHEN bot THEN 'b' ELSE 'n' END AS kind, -records, +1, NOT bot, ip::String, CAST(records AS Float64) FROM events",
            "SELECT extract(year FROM occurred_at), substring(type FROM 1 FOR 1), position('a' IN type), trim(type), ceil(1.5), floor(1.25, 1) FROM events",
            "SELECT * EXCEPT (extra) FROM events ORDER BY occurred_at DESC NULLS LAST LIMIT 2, 1",
            "SELECT count(DISTINCT actor_id), countIf(bot), argMaxIf(type, occurred_at, NOT bot) FROM events",
            "WITH a AS (SELECT actor_id FROM events), b AS (SELECT * FROM a) SELECT count() FROM b WHERE actor_id IN (SELECT actor_id FROM a)",
            "SELECT * FROM (SELECT 1 AS x UNION ALL SELECT 2 UNION DISTINCT SELECT 3) ORDER BY x",
            "SELECT hour, count() FROM user_hours GROUP BY hour ORDER BY hour WITH FILL STEP toIntervalHour(1)",
            "SELECT DISTINCT ON (type) type, records FROM events",
            "SELECT now() - INTERVAL 1 DAY, today(), DATE '2026-01-01', x'41' = 'A' FROM events",
            "SELECT * FROM violations WHERE reviewed",
            "SELECT * FROM devices JOIN sessions USING (actor_id)",
            "SELECT max(events) OVER (ORDER BY hour ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM user_hours",
            "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'events'",
            "SELECT name FROM system.settings",
            "SELECT name, is_aggregate FROM system.functions",
            "SELECT * FROM system.databases",
            "SELECT * FROM system.tables",
            "SELECT * FROM system.one",
            "SELECT * FROM system.data_type_families",
            "SELECT * FROM system.dictionaries",
            "SELECT table_name FROM information_schema.tables",
            "SELECT * FROM INFORMATION_SCHEMA.COLUMNS",
            "SELECT * FROM information_schema.schemata",
            "SHOW TABLES",
            "SHOW TABLES FROM usertrail LIKE 'u%'",
            "SHOW DATABASES",
            "DESCRIBE TABLE usertrail.events",
            "DESC users",
            "EXISTS TABLE events",
        ] {
            let answer = world.post("", text).await;
            assert_eq!(answer.status, 200, "{text}: {}", answer.text);
            assert!(!answer.text.contains("secret"), "{text}");
        }
    });
}

/// Columns have the types that the catalogue states.
#[test]
fn columns_are_as_documented() {
    with_world("bi_columns", async |world| {
        for view in VIEWS {
            let text = world.rows(&format!("SELECT * FROM {} LIMIT 1 FORMAT TSVWithNamesAndTypes", view.name)).await;
            let mut lines = text.lines();
            let names: Vec<&str> = lines.next().unwrap().split('\t').collect();
            let kinds = lines.next().unwrap().replace("\\'", "'");
            let found: Vec<_> = names.into_iter().zip(kinds.split('\t')).collect();
            assert_eq!(found, view.columns, "{}", view.name);
        }
    });
}

/// Every function on the lists is the engine's, in its own spelling.
#[test]
fn functions_are_the_engines() {
    with_world("bi_functions", async |world| {
        let known = world.client.query_raw("SELECT name FROM system.functions").fetch_all::<String>().await.unwrap();
        for name in bi::functions::FUNCTIONS.lines().chain(bi::functions::AGGREGATES.lines()) {
            assert!(known.iter().any(|known| known == name), "{name}");
        }
    });
}

/// The parts of the rewriting that need no engine are tested with it; here is that it is the way of all statements.
#[test]
fn nothing_but_confined_text_is_run() {
    with_world("bi_way", async |world| {
        let confined =
            rewrite("SELECT count() FROM events -- all".to_owned(), Vec::new(), context(&world)).await.unwrap();
        assert!(confined.sql.contains(PREDICATE) && !confined.sql.contains("--"));
        assert_eq!(world.rows("SELECT count() FROM events -- all").await, "3\n");
    });
}
