-- Superset 6.1: clickhouse-connect 1.12 with SQLAlchemy. Beside what the driver asks by itself (tests/drivers/python).

-- 1 row: the version
SELECT version()

-- 3 rows: the preview of a table
SELECT * FROM `usertrail`.`events` LIMIT 100

-- 1 row: a time series by day
SELECT toStartOfDay(toDateTime(`occurred_at`)) AS `__timestamp`, count(*) AS `count` FROM `usertrail`.`events` WHERE `occurred_at` >= toDateTime('2020-01-01 00:00:00') AND `occurred_at` < toDateTime('2099-01-01 00:00:00') GROUP BY toStartOfDay(toDateTime(`occurred_at`)) ORDER BY `count` DESC LIMIT 10000

-- 1 row: by week, of a virtual dataset
SELECT toMonday(toDateTime(time)) AS `__timestamp`, COUNT(DISTINCT actor_id) AS `actors` FROM (SELECT *, occurred_at AS time FROM events) AS virtual_table WHERE occurred_at >= toDateTime('2020-01-01 00:00:00') GROUP BY toMonday(toDateTime(time)) LIMIT 1000

-- 3 rows: a table with series limited by another query
SELECT `type` AS `type`, sum(`records`) AS `SUM(records)` FROM `usertrail`.`events` INNER JOIN (SELECT `type` AS `type__`, count(*) AS `mme_inner__` FROM `usertrail`.`events` GROUP BY `type` ORDER BY `mme_inner__` DESC LIMIT 100) AS `series_limit` ON `type` = `type__` GROUP BY `type`

-- 1 row: filters of the usual kinds
SELECT count(*) AS `count` FROM `usertrail`.`events` WHERE `bot` IS FALSE AND `type` IN ('0', '1') AND (`type` LIKE '%0%' OR `type` ILIKE '%1%') AND NOT (`reason` IS NULL) AND has(violations, '0') AND toString(ip) LIKE '%:%'

-- 3 rows: values of a filter
SELECT DISTINCT `actor_id` AS `actor_id` FROM `usertrail`.`users` ORDER BY `actor_id` ASC LIMIT 1000

-- 1 row: how many rows a statement has
SELECT COUNT(*) AS rowcount FROM (SELECT actor_id FROM users) AS rowcount_qry

-- 1 row: by five minutes
SELECT toDateTime(intDiv(toUInt32(toDateTime(`occurred_at`)), 300)*300) AS `__timestamp`, max(`records`) AS `m` FROM `usertrail`.`events` WHERE `occurred_at` >= toDateTime('2020-01-01 00:00:00') GROUP BY toDateTime(intDiv(toUInt32(toDateTime(`occurred_at`)), 300)*300) ORDER BY `m` DESC LIMIT 100

-- 1383 rows: completion in SQL Lab, whose LIMIT is the last one's
SELECT name FROM system.functions UNION ALL SELECT name FROM system.table_functions LIMIT 10000
