-- Grafana: plugin grafana-clickhouse-datasource 4, clickhouse-go 2 over HTTP. Macros are written out, as the plugin does before it asks.

-- 1 row: the check of the data source
SELECT 1

-- 1 row: may there be ad hoc filters
SELECT version()

-- 1 row: the editor's lists
SHOW DATABASES

-- 6 rows: the editor's lists
SHOW TABLES FROM "usertrail"

-- 8 rows: the editor's lists
DESC TABLE "usertrail"."users"

-- 10 rows: completion
SELECT name, is_aggregate, case_insensitive, alias_to, origin, description, syntax, arguments, returned_value, examples, categories FROM system.functions LIMIT 10

-- 125 rows: keys of ad hoc filters
SELECT name, type, table FROM system.columns WHERE database IN ('usertrail')

-- 8 rows: keys of ad hoc filters
SELECT name, type, table FROM system.columns WHERE database IN ('usertrail') AND table = 'users'

-- 3 rows: values of ad hoc filters
select distinct actor_id from usertrail.users limit 1000

-- 1 row: a panel with an ad hoc filter
SELECT type FROM usertrail.events ORDER BY type
settings additional_table_filters={'usertrail.events' : ' actor_id = \'1\' '}

-- 2 rows: a panel with ad hoc filters of other kinds
SELECT "type", count() as n FROM "events" WHERE ( occurred_at >= toDateTime(0) ) GROUP BY "type" ORDER BY n DESC LIMIT 100
settings additional_table_filters={'events' : ' actor_id IN (\'0\', \'it\\\'s\', \'2\') AND type NOT REGEXP \'^9\' AND records > \'0\' '}

-- 1 row: a time series from the builder
SELECT toStartOfInterval(toDateTime("occurred_at"), INTERVAL 86400 second) as "time", count(*) as "n" FROM "usertrail"."events" WHERE ( "time" >= toDateTime(0) AND "time" <= toDateTime(4000000000) ) GROUP BY time ORDER BY time ASC LIMIT 1000

-- 1 row: a time series by hand, as docs/bi.md has it
SELECT toStartOfInterval(hour, INTERVAL 1 HOUR) AS time, sum(events) AS events FROM user_hours WHERE hour >= toDateTime(0) AND hour <= toDateTime(4000000000) GROUP BY time ORDER BY time

-- 3 rows: times in milliseconds, and by a variable
SELECT "event_id", "occurred_at" as "timestamp" FROM "usertrail"."events" WHERE occurred_at >= fromUnixTimestamp64Milli(0) AND occurred_at <= fromUnixTimestamp64Milli(4000000000000) AND "type" IN ('0', '1', '2') ORDER BY timestamp DESC LIMIT 1000

-- 3 rows: a table with a condition of one expression
SELECT actor_id, events > 0 ? 'some' : events = 0 ? 'none' : 'less' AS amount FROM users

-- 1 row: Altinity's plugin, a time series
SELECT (intDiv(toUInt32(occurred_at), 86400) * 86400) * 1000 as t, count() FROM usertrail.events WHERE occurred_at >= toDateTime(0) AND occurred_at <= toDateTime(4000000000) GROUP BY t ORDER BY t

-- 8 rows: Altinity's plugin, ad hoc filters
SELECT database, table, name, type FROM system.columns WHERE database='usertrail' AND table='users' AND database NOT IN ('system','INFORMATION_SCHEMA','information_schema') ORDER BY database, table
