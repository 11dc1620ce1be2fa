use super::*;
use crate::views::PREDICATE;

fn context() -> RewriteContext {
    RewriteContext { database: "`base`".to_owned(), version: "26.7.3".to_owned() }
}

fn rewritten(text: &str) -> Result<Rewritten, Refusal> {
    let text = text.to_owned();
    // As in production: on a stack of its own.
    std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || rewrite_here(&text, Vec::new(), &context()))
        .unwrap()
        .join()
        .unwrap()
}

fn sql(text: &str) -> String {
    rewritten(text).unwrap_or_else(|error| panic!("{text}: {error}")).sql
}

/// With the views' texts left out.
fn short(text: &str) -> String {
    let mut sql = sql(text);
    for view in crate::views::VIEWS {
        sql = sql.replace(&view.subquery("`base`"), &format!("<{}>", view.name));
    }
    sql
}

/// P10: what tools send is understood, and written by us.
#[test]
fn what_tools_send_is_understood() {
    let cases = [
        ("SELECT 1", "SELECT 1"),
        ("select count(*) from events;", "SELECT count(*) FROM <events> AS `events`"),
        (
            "SELECT `usertrail`.`events`.`type` AS `t` FROM `usertrail`.`events` LIMIT 10 OFFSET 5",
            "SELECT `events`.`type` AS `t` FROM <events> AS `events` LIMIT 10 OFFSET 5",
        ),
        (
            "WITH a AS (SELECT actor_id FROM events) SELECT * FROM a JOIN users u ON u.actor_id = a.actor_id",
            "WITH `bi_cte_a` AS (SELECT `actor_id` FROM <events> AS `events`) SELECT * FROM `bi_cte_a` AS `a` \
             INNER JOIN <users> AS `u` ON (`u`.`actor_id` = `a`.`actor_id`)",
        ),
        (
            "SELECT arrayMap((x, i) -> x + i, [1], [2])[1], mapFromArrays(['a'], [1])['a']",
            "SELECT arrayElement(arrayMap((`x`, `i`) -> (`x` + `i`), array(1), array(2)), 1), \
             arrayElement(mapFromArrays(array('a'), array(1)), 'a')",
        ),
        (
            "SELECT sum(events) OVER (PARTITION BY actor_id ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM user_hours",
            "SELECT sum(`events`) OVER ( PARTITION BY `actor_id` ORDER BY `hour` ROWS BETWEEN UNBOUNDED PRECEDING AND \
             CURRENT ROW) FROM <user_hours> AS `user_hours`",
        ),
        (
            "SELECT toStartOfInterval(hour, INTERVAL 1 DAY) AS d, quantile(0.5)(events) FROM user_hours GROUP BY d WITH TOTALS ORDER BY d DESC LIMIT 1 BY d",
            "SELECT toStartOfInterval(`hour`, toIntervalDay(1)) AS `d`, quantile(0.5)(`events`) FROM <user_hours> AS \
             `user_hours` GROUP BY `d` WITH TOTALS ORDER BY `d` DESC LIMIT 1 BY `d`",
        ),
        (
            "SELECT CAST(records AS Nullable(String)), '5'::UInt8 FROM events WHERE type IN ('a', 'b\\'') AND NOT bot",
            "SELECT CAST(`records` AS Nullable(String)), CAST('5' AS UInt8) FROM <events> AS `events` WHERE ((`type` IN \
             tuple('a', 'b\\'')) AND (NOT `bot`))",
        ),
        (
            "SELECT type, count(DISTINCT actor_id) c FROM events WHERE occurred_at >= {from:DateTime} GROUP BY 1 HAVING c > 1",
            "SELECT `type`, count(DISTINCT `actor_id`) AS `c` FROM <events> AS `events` WHERE (`occurred_at` >= \
             {p_from:DateTime}) GROUP BY 1 HAVING (`c` > 1)",
        ),
        (
            "SELECT field FROM events ARRAY JOIN changed_fields AS field",
            "SELECT `field` FROM <events> AS `events` ARRAY JOIN `changed_fields` AS `field`",
        ),
        (
            "SELECT f, o FROM events ARRAY JOIN changed_fields AS f, old_values AS o WHERE bot IS TRUE AND reason IS NOT TRUE",
            "SELECT `f`, `o` FROM <events> AS `events` ARRAY JOIN `changed_fields` AS `f`, `old_values` AS `o` WHERE \
             ((ifNull(toBool(`bot`), false)) AND (NOT ifNull(toBool(`reason`), false)))",
        ),
        (
            "SELECT 1 FROM events WHERE bot IS FALSE OR bot IS NOT FALSE",
            "SELECT 1 FROM <events> AS `events` WHERE ((NOT ifNull(toBool(`bot`), true)) OR (ifNull(toBool(`bot`), true)))",
        ),
        (
            "SELECT DATE_DIFF(DAY, started_at, last_activity_at), dateDiff('hour', started_at, now(), 'UTC') FROM sessions",
            "SELECT dateDiff('day', `started_at`, `last_activity_at`), dateDiff('hour', `started_at`, now(), 'UTC') \
             FROM <sessions> AS `sessions`",
        ),
        (
            "SELECT DATE_ADD(DAY, 2, hour), DATE_SUB(hour, INTERVAL '1' DAY), timestamp_add(hour, INTERVAL 3 MONTH) FROM user_hours",
            "SELECT (`hour` + toIntervalDay(2)), (`hour` - toIntervalDay(1)), (`hour` + toIntervalMonth(3)) FROM \
             <user_hours> AS `user_hours`",
        ),
        ("SELECT version(), currentDatabase()", "SELECT '26.7.3' AS `version()`, 'usertrail' AS `currentDatabase()`"),
        ("SELECT * EXCEPT (type) FROM events", "SELECT * EXCEPT (`type`) FROM <events> AS `events`"),
        (
            "SELECT CASE WHEN a = 1 THEN 'x' ELSE NULL END FROM (SELECT 1 AS a) AS q UNION ALL SELECT 'y'",
            "SELECT (CASE WHEN (`a` = 1) THEN 'x' ELSE NULL END) FROM (SELECT 1 AS `a`) AS `q` UNION ALL SELECT 'y'",
        ),
        (
            "SELECT extract(year from occurred_at), substring(type from 1 for 2), trim(type) FROM events",
            "SELECT toYear(`occurred_at`), substring(`type`, 1, 2), trimBoth(`type`) FROM <events> AS `events`",
        ),
        (
            "SELECT countIf(bot), uniqExactIf(ip, bot) FROM events",
            "SELECT countIf(`bot`), uniqExactIf(`ip`, `bot`) FROM <events> AS `events`",
        ),
    ];
    let mut wrong = Vec::new();
    for (text, written) in cases {
        match rewritten(text) {
            Ok(_) if short(text) == written => {}
            Ok(_) => wrong.push(format!("{text}\n  {}", short(text))),
            Err(error) => wrong.push(format!("{text}\n  {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the parser reads in another way than the engine is refused, not changed.
#[test]
fn what_is_read_in_two_ways_is_refused() {
    for text in
        ["SELECT 1 IN [1, 2] AND 0", "SELECT 1 FROM users WHERE name IN tuple('a') AND active", "SELECT 1 IN users"]
    {
        assert_eq!(rewritten(text).unwrap_err().name, "NOT_IMPLEMENTED", "{text}");
    }
}

#[test]
fn format_and_settings_are_taken_out() {
    let found = rewritten("SELECT 1 SETTINGS max_threads = 1, x = 'a' FORMAT JSON;").unwrap();
    assert_eq!(found.format.as_deref(), Some("JSON"));
    assert_eq!(found.settings, [("max_threads".to_owned(), "1".to_owned()), ("x".to_owned(), "a".to_owned())]);
    assert_eq!(found.sql, "SELECT 1");
    assert_eq!(rewritten("SELECT version()\n FORMAT Native").unwrap().format.as_deref(), Some("Native"));
    assert!(sql("SELECT type AS format FROM events AS settings").ends_with("AS `settings`"));
}

/// Every view that is named comes with the tenant's predicate, wherever it is named.
#[test]
fn wherever_a_view_is_named_it_is_confined() {
    // The view reads two tables, each of the tenant alone.
    let tables = include_str!("../../sql/users.sql").matches(PREDICATE).count();
    assert!(tables > 0);
    for text in [
        "SELECT 1 FROM users",
        "SELECT (SELECT max(events) FROM users)",
        "SELECT 1 WHERE 1 IN (SELECT events FROM users)",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM users)",
        "WITH users2 AS (SELECT * FROM users) SELECT * FROM users2",
        "SELECT * FROM (SELECT * FROM users) AS users",
        "SELECT 1 UNION ALL SELECT events FROM users",
        "SELECT arrayMap(x -> (SELECT max(events) FROM users), [1])",
    ] {
        assert_eq!(sql(text).matches(PREDICATE).count(), tables, "{text}");
    }
}

/// A common table expression hides a view where it is known, and nowhere else.
#[test]
fn common_table_expressions_are_known_where_they_are() {
    assert_eq!(
        short("WITH events AS (SELECT 1) SELECT * FROM events"),
        "WITH `bi_cte_events` AS (SELECT 1) SELECT * FROM `bi_cte_events` AS `events`"
    );
    let text = "SELECT * FROM (WITH events AS (SELECT 1) SELECT * FROM events) AS a, events";
    assert!(short(text).ends_with("AS `a`, <events> AS `events`"), "{}", short(text));
    assert_eq!(
        rewritten("SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x) AS a, x").unwrap_err().name,
        "UNKNOWN_TABLE"
    );
    assert!(short("WITH events AS (SELECT * FROM events) SELECT 1").contains("<events>"));
}

#[test]
fn long_chains_and_deep_trees_are_bounded() {
    let chain = format!("SELECT {}", vec!["1"; 14_900].join(" + "));
    assert_eq!(sql(&chain).len(), chain.len() + 2);
    let mixed = format!("SELECT {}", vec!["1 + 1"; 5_000].join(" - "));
    assert_eq!(rewritten(&mixed).unwrap_err().name, "TOO_DEEP_AST");
    let unions = vec!["SELECT 1"; 7_000].join(" UNION ALL ");
    assert!(rewritten(&unions).is_err());
    let many = format!("SELECT 1 FROM {}", vec!["users"; 100].join(", "));
    assert_eq!(rewritten(&many).unwrap_err().name, "TOO_BIG_AST");
}

/// The parser tries some readings twice; nesting must not double its work at each level.
#[test]
fn nesting_ends() {
    for (open, close) in [
        ("(", ")"),
        ("lower(", ")"),
        ("[", "]"),
        ("(SELECT ", ")"),
        ("NOT ", ""),
        ("- ", ""),
        ("CASE WHEN ", " THEN 1 END"),
        ("x -> (", ")"),
    ] {
        let text = format!("SELECT {}1{}", open.repeat(40), close.repeat(40));
        let _ = rewritten(&text);
        let text = format!("SELECT 1 FROM {}events{}", open.repeat(40), close.repeat(40));
        let _ = rewritten(&text);
    }
}
