-- DBeaver 25: plugin "ClickHouse", JDBC 0.8. Beside what the driver asks by itself (tests/drivers/jdbc).

-- 1 row: the version
SELECT VERSION()

-- 1 row: the tree
SHOW DATABASES

-- 6 rows: the tree
SELECT name as TABLE_NAME, engine as TABLE_TYPE, database as TABLE_SCHEM,comment as REMARKS, * FROM system.tables
WHERE database = 'usertrail'

-- 1 row: one of them
SELECT name as TABLE_NAME, engine as TABLE_TYPE, database as TABLE_SCHEM,comment as REMARKS, * FROM system.tables
WHERE database = 'usertrail' and name='events'

-- 0 rows: engines
SELECT name FROM system.table_engines

-- 1 row: the source of a view
SHOW CREATE TABLE usertrail.events

-- 0 rows: sizes
select table,sum(bytes) as table_size, sum(rows) as table_rows, max(modification_time) as latest_modification,min(min_date) AS min_date,max(max_date) AS max_date,any(engine) as engine
FROM system.parts
WHERE database='usertrail' AND active
GROUP BY table

-- 3 rows: data of a view
SELECT * FROM usertrail.events LIMIT 0, 200

-- 6 rows: the plan of a statement
EXPLAIN SELECT type, count() FROM usertrail.events GROUP BY type
