-- Tableau 2025: connector "ClickHouse JDBC", JDBC 0.8. Beside what the driver asks by itself (tests/drivers/jdbc).

-- 1 row: is it there
SELECT 1

-- 0 rows: what columns a relation has
SELECT * FROM `usertrail`.`events` WHERE 1=0

-- 8 rows: what columns a statement of one's own has
DESCRIBE (SELECT * FROM `usertrail`.`users`)

-- 3 rows: a view by a dimension
SELECT `events`.`type` AS `type`, SUM(`events`.`records`) AS `sum:records:ok`, COUNT(1) AS `cnt:events:ok` FROM `usertrail`.`events` `events` GROUP BY `events`.`type`

-- 1 row: a view without one
SELECT COUNT(1) AS `cnt:events:ok`, MIN(`events`.`occurred_at`) AS `min:occurred_at:ok`, uniqExact(`events`.`actor_id`) AS `ctd:actor_id:ok` FROM `usertrail`.`events` `events` HAVING (COUNT(1) > 0)

-- 1 row: by month
SELECT toStartOfMonth(toDateTime(`events`.`occurred_at`)) AS `tmn:occurred_at:ok`, COUNT(1) AS `cnt` FROM `usertrail`.`events` `events` GROUP BY 1 ORDER BY 1 ASC

-- 3 rows: a statement of one's own
SELECT `Custom SQL Query`.`actor_id` AS `actor_id` FROM ( SELECT actor_id, count() AS n FROM events GROUP BY actor_id ) `Custom SQL Query` GROUP BY `Custom SQL Query`.`actor_id`

-- 3 rows: two relations
SELECT `users`.`name` AS `name`, COUNT(`events`.`event_id`) AS `n` FROM `usertrail`.`events` `events` INNER JOIN `usertrail`.`users` `users` ON (`events`.`actor_id` = `users`.`actor_id`) GROUP BY `users`.`name`

-- 3 rows: conditions of calculated fields
SELECT (CASE WHEN (`events`.`records` > 0) THEN 'some' WHEN NOT (`events`.`records` > 0) THEN 'none' ELSE CAST(NULL AS Nullable(String)) END) AS `Calculation_1`, CAST(`events`.`records` AS Nullable(Float64)) AS `f`, dateDiff('day', toDate(`events`.`occurred_at`), today()) AS `d` FROM `usertrail`.`events` `events`
