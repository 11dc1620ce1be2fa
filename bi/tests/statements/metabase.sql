-- Metabase 0.57: driver "clickhouse", JDBC 0.9 in its second generation. Beside what the driver asks by itself (tests/drivers/jdbc).

-- 1 row: the zone of the server
SELECT timezone() AS tz

-- 1 row: is the database there
SELECT count(*) > 0 FROM system.databases WHERE name = 'usertrail'

-- 3 rows: the preview of a table
-- Metabase
SELECT `usertrail`.`events`.`event_id` AS `event_id`, `usertrail`.`events`.`occurred_at` AS `occurred_at`, `usertrail`.`events`.`ip` AS `ip`, `usertrail`.`events`.`changed_fields` AS `changed_fields` FROM `usertrail`.`events` LIMIT 2000

-- 3 rows: fingerprints
SELECT `source`.`substring1` AS `substring1`, `source`.`records` AS `records` FROM (SELECT substring(toString(`usertrail`.`events`.`extra`), 1, 1234) AS `substring1`, `usertrail`.`events`.`records` AS `records` FROM `usertrail`.`events`) AS `source` LIMIT 10000

-- 3 rows: distinct values
SELECT `usertrail`.`events`.`type` AS `type` FROM `usertrail`.`events` GROUP BY `usertrail`.`events`.`type` ORDER BY `usertrail`.`events`.`type` ASC LIMIT 1000

-- 1 row: by month, in the zone of the report
SELECT toStartOfMonth(toTimeZone(`usertrail`.`events`.`occurred_at`, 'Europe/Prague')) AS `occurred_at`, COUNT(*) AS `count`, count(distinct `usertrail`.`events`.`actor_id`) AS `count_2` FROM `usertrail`.`events` GROUP BY toStartOfMonth(toTimeZone(`usertrail`.`events`.`occurred_at`, 'Europe/Prague')) ORDER BY toStartOfMonth(toTimeZone(`usertrail`.`events`.`occurred_at`, 'Europe/Prague')) ASC

-- 1 row: the last 30 days, conditions of texts
SELECT COUNT(*) AS `count` FROM `usertrail`.`events` WHERE (`usertrail`.`events`.`occurred_at` >= toStartOfDay(now64(9, 'UTC') + INTERVAL -30 day)) AND (`usertrail`.`events`.`occurred_at` < toStartOfDay(now64(9, 'UTC') + INTERVAL 1 day)) AND (startsWithUTF8(lowerUTF8(`usertrail`.`events`.`type`), '0') OR (positionUTF8(`usertrail`.`events`.`type`, '1') > 0) OR (`usertrail`.`events`.`type` = '') OR (empty(`usertrail`.`events`.`type`) = 1))

-- 1 row: between times
SELECT COUNT(*) AS `count` FROM `usertrail`.`events` WHERE `usertrail`.`events`.`occurred_at` BETWEEN parseDateTimeBestEffort('2020-01-01 00:00:00.000', 'UTC') AND parseDateTime64BestEffort('2099-01-01 00:00:00.000', 3, 'UTC')

-- 1 row: aggregates
SELECT SUM(`usertrail`.`events`.`records`) AS `sum`, AVG(`usertrail`.`events`.`records`) AS `avg`, stddevPop(`usertrail`.`events`.`records`) AS `stddev`, median(`usertrail`.`events`.`records`) AS `median`, quantile(0.9)(`usertrail`.`events`.`records`) AS `percentile`, CASE WHEN count() > 0 THEN sum(CASE WHEN `usertrail`.`events`.`records` > 0 THEN 1 ELSE 0 END) ELSE NULL END AS `where` FROM `usertrail`.`events`

-- 3 rows: a join
SELECT `usertrail`.`events`.`event_id` AS `event_id`, `Users - Actor`.`name` AS `Users - Actor__name` FROM `usertrail`.`events` LEFT JOIN `usertrail`.`users` AS `Users - Actor` ON `usertrail`.`events`.`actor_id` = `Users - Actor`.`actor_id` LIMIT 1048575

-- 3 rows: bins and arithmetic
SELECT FLOOR((`usertrail`.`events`.`records` - 0.0) / 10.0) * 10.0 + 0.0 AS `records`, toFloat64(`usertrail`.`events`.`records`) + toFloat64(1) AS `plus`, `usertrail`.`events`.`latitude` / NULLIF(`usertrail`.`events`.`records`, 0) AS `ratio` FROM `usertrail`.`events` ORDER BY `records` ASC

-- 3 rows: a running total
SELECT `source`.`type` AS `type`, SUM(SUM(`source`.`records`)) OVER (ORDER BY `source`.`type` ASC ROWS UNBOUNDED PRECEDING) AS `sum` FROM (SELECT `usertrail`.`events`.`type` AS `type`, `usertrail`.`events`.`records` AS `records` FROM `usertrail`.`events`) AS `source` GROUP BY `source`.`type` ORDER BY `source`.`type` ASC

-- 1 row: casts of expressions
SELECT CAST(CAST('2026-01-01' AS Date32) AS Nullable(DateTime64(3))) AS `d`, CAST('1' AS TEXT) AS `t`, toDateTime64(1767225600000 / 1000, 3, 'UTC') AS `ms`, CASE WHEN 1 < 1 THEN '' ELSE arrayElement(splitByString(',', assumeNotNull('a,b')), toInt64(1)) END AS `part`
