-- clickhouse-odbc 1.4, on which Power BI, Excel and Tableau's ODBC connector stand; and what Power BI asks through it.

-- 1 row: SQLTables, databases
SELECT CAST(name, 'Nullable(String)') AS TABLE_CAT, CAST(NULL, 'Nullable(String)') AS TABLE_SCHEM, CAST(NULL, 'Nullable(String)') AS TABLE_NAME, CAST(NULL, 'Nullable(String)') AS TABLE_TYPE, CAST(NULL, 'Nullable(String)') AS REMARKS FROM system.databases ORDER BY TABLE_TYPE, TABLE_CAT, TABLE_SCHEM, TABLE_NAME

-- 0 rows: SQLTables, schemas
SELECT CAST(NULL, 'Nullable(String)') AS TABLE_CAT, CAST(NULL, 'Nullable(String)') AS TABLE_SCHEM, CAST(NULL, 'Nullable(String)') AS TABLE_NAME, CAST(NULL, 'Nullable(String)') AS TABLE_TYPE, CAST(NULL, 'Nullable(String)') AS REMARKS WHERE (1 == 0) ORDER BY TABLE_TYPE, TABLE_CAT, TABLE_SCHEM, TABLE_NAME

-- 1 row: SQLTables, kinds
SELECT CAST(NULL, 'Nullable(String)') AS TABLE_CAT, CAST(NULL, 'Nullable(String)') AS TABLE_SCHEM, CAST(NULL, 'Nullable(String)') AS TABLE_NAME, CAST('TABLE', 'Nullable(String)') AS TABLE_TYPE, CAST(NULL, 'Nullable(String)') AS REMARKS ORDER BY TABLE_TYPE, TABLE_CAT, TABLE_SCHEM, TABLE_NAME

-- 6 rows: SQLTables
SELECT CAST(database, 'Nullable(String)') AS TABLE_CAT, CAST(NULL, 'Nullable(String)') AS TABLE_SCHEM, CAST(name, 'Nullable(String)') AS TABLE_NAME, CAST('TABLE', 'Nullable(String)') AS TABLE_TYPE, CAST(NULL, 'Nullable(String)') AS REMARKS FROM system.tables WHERE (1 == 1) AND isNotNull(TABLE_CAT) AND coalesce(TABLE_CAT, '') LIKE 'usertrail' AND isNotNull(TABLE_TYPE) AND (1 == 0 OR coalesce(TABLE_TYPE, '') LIKE 'TABLE' OR coalesce(TABLE_TYPE, '') LIKE 'VIEW') ORDER BY TABLE_TYPE, TABLE_CAT, TABLE_SCHEM, TABLE_NAME

-- 8 rows: SQLColumns
SELECT toNullable(database) AS TABLE_CAT, toNullable('') AS TABLE_SCHEM, table AS TABLE_NAME, name AS COLUMN_NAME, toInt16(0) AS DATA_TYPE, type AS TYPE_NAME, toNullable(toInt32(0)) AS COLUMN_SIZE, toNullable(toInt32(0)) AS BUFFER_LENGTH, toNullable(toInt16(0)) AS DECIMAL_DIGITS, toNullable(toInt16(0)) AS NUM_PREC_RADIX, toInt16(0) AS NULLABLE, toNullable('') AS REMARKS, toNullable('') AS COLUMN_DEF, toInt16(0) AS SQL_DATA_TYPE, toNullable(toInt16(0)) AS SQL_DATETIME_SUB, toNullable(toInt32(0)) AS CHAR_OCTET_LENGTH, toInt32(0) AS ORDINAL_POSITION, toNullable('') AS IS_NULLABLE FROM system.columns WHERE (1 == 1) AND isNotNull(TABLE_CAT) AND coalesce(TABLE_CAT, '') LIKE 'usertrail' AND TABLE_NAME LIKE 'users' ORDER BY TABLE_CAT, TABLE_SCHEM, TABLE_NAME, ORDINAL_POSITION

-- 2 rows: SQLGetTypeInfo
SELECT * FROM (SELECT 'FixedString' AS TYPE_NAME, toInt16(12) AS DATA_TYPE, toInt32(16777215) AS COLUMN_SIZE, '\'' AS LITERAL_PREFIX, '\'' AS LITERAL_SUFFIX, 'length' AS CREATE_PARAMS, toInt16(1) AS NULLABLE, toInt16(1) AS CASE_SENSITIVE, TYPE_NAME AS LOCAL_TYPE_NAME, NULL AS MINIMUM_SCALE, DATA_TYPE AS SQL_DATA_TYPE, toNullable(toInt16(NULL)) AS SQL_DATETIME_SUB UNION ALL SELECT 'Decimal' AS TYPE_NAME, toInt16(3) AS DATA_TYPE, toInt32(76) AS COLUMN_SIZE, NULL AS LITERAL_PREFIX, NULL AS LITERAL_SUFFIX, 'precision,scale' AS CREATE_PARAMS, toInt16(1) AS NULLABLE, toInt16(1) AS CASE_SENSITIVE, TYPE_NAME AS LOCAL_TYPE_NAME, toInt16(1) AS MINIMUM_SCALE, DATA_TYPE AS SQL_DATA_TYPE, toNullable(toInt16(NULL)) AS SQL_DATETIME_SUB) ORDER BY DATA_TYPE

-- 0 rows: what a statement's columns are
SELECT * FROM (SELECT * FROM `usertrail`.`users`) LIMIT 0

-- 3 rows: the preview of a table
select `$Table`.`event_id` as `event_id`, `$Table`.`type` as `type`, `$Table`.`occurred_at` as `occurred_at` from `usertrail`.`events` as `$Table` limit 1000

-- 3 rows: a visual, folded
select `rows`.`type` as `type`, sum(`rows`.`records`) as `a0`, count(1) as `a1` from (select `_`.`type`, `_`.`records` from `usertrail`.`events` `_` where `_`.`occurred_at` >= toDateTime64('2020-01-01 00:00:00', 9) and `_`.`type` is not null) `rows` group by `type` order by `type` limit 1000001

-- 1 row: escapes of functions
SELECT (length('ab') * 8), CAST('1' AS Int64), position('abc','b',accurateCast(1,'UInt64')), toDate32('2026-01-01'), toDateTime64('2026-01-01 00:00:00', 9), if(toDayOfWeek(today()) = 7, 1, toDayOfWeek(today()) + 1), EXTRACT(YEAR FROM today()), cast('10:00:00' as Time)
