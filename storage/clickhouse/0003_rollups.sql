-- Per-user statistics whose cost does not grow with the number of events (P8). Views are versioned: a change makes
-- user_hours_v2 beside v1. `received_period` is the partition's period of receipt, as in `events`, so that rollups
-- leave with the rows they count.
CREATE TABLE IF NOT EXISTS user_hours{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `actor_id` String,
    `hour` DateTime('UTC'),
    `action` LowCardinality(String),
    `class` LowCardinality(String),
    `channel` LowCardinality(String),
    `object_type` LowCardinality(String),
    `country` LowCardinality(String),
    `device_kind` LowCardinality(String),
    `outcome` LowCardinality(String),
    `reserved` UInt8,
    `retention_days` UInt16,
    `received_period` UInt32,
    `received_on` SimpleAggregateFunction(max, Date),
    `events` SimpleAggregateFunction(sum, UInt64),
    `duration_ms` SimpleAggregateFunction(sum, UInt64),
    `records` SimpleAggregateFunction(sum, UInt64),
    `violations` SimpleAggregateFunction(sum, UInt64)
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY (retention_days, received_period)
ORDER BY (tenant, actor_id, hour, action, class, channel, object_type, country, device_kind, outcome, reserved)
PRIMARY KEY (tenant, actor_id, hour)
TTL received_on + toIntervalDay(retention_days + 1)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:user_hours}

CREATE MATERIALIZED VIEW IF NOT EXISTS user_hours_v1 {on_cluster} TO user_hours{local} AS
SELECT
    tenant,
    actor_id,
    toDateTime(toStartOfHour(occurred_at), 'UTC') AS hour,
    action,
    class,
    channel,
    object_type,
    country,
    device_kind,
    outcome,
    toUInt8((category = 'configuration') + 2 * (type IN ('rule.matched', 'violation.reviewed', 'violation.review_withdrawn'))) AS reserved,
    retention_days,
    toUInt32(multiIf(
        retention_days <= 30, toYYYYMMDD(received_at),
        retention_days <= 180, toYYYYMMDD(toMonday(received_at)),
        toYYYYMM(received_at)
    )) AS received_period,
    max(toDate(received_at)) AS received_on,
    count() AS events,
    sum(duration_ms) AS duration_ms,
    sum(records) AS records,
    sum(length(violations)) AS violations
FROM events{local}
GROUP BY
    tenant, actor_id, hour, action, class, channel, object_type, country, device_kind, outcome, reserved, retention_days, received_period;

-- Distinct counts: uniqCombined64 (never uniqCombined, whose 32-bit hash saturates), 2^12 cells: about 1.6 % error,
-- exact in practice for the handfuls that one user's hour holds.
CREATE TABLE IF NOT EXISTS user_hours_distinct{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `actor_id` String,
    `hour` DateTime('UTC'),
    `reserved` UInt8,
    `retention_days` UInt16,
    `received_period` UInt32,
    `received_on` SimpleAggregateFunction(max, Date),
    `devices` AggregateFunction(uniqCombined64(12), String),
    `ips` AggregateFunction(uniqCombined64(12), IPv6),
    `objects` AggregateFunction(uniqCombined64(12), String, String),
    `sessions` AggregateFunction(uniqCombined64(12), String)
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY (retention_days, received_period)
ORDER BY (tenant, actor_id, hour, reserved)
PRIMARY KEY (tenant, actor_id, hour)
TTL received_on + toIntervalDay(retention_days + 1)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:user_hours_distinct}

CREATE MATERIALIZED VIEW IF NOT EXISTS user_hours_distinct_v1 {on_cluster} TO user_hours_distinct{local} AS
SELECT
    tenant,
    actor_id,
    toDateTime(toStartOfHour(occurred_at), 'UTC') AS hour,
    toUInt8((category = 'configuration') + 2 * (type IN ('rule.matched', 'violation.reviewed', 'violation.review_withdrawn'))) AS reserved,
    retention_days,
    toUInt32(multiIf(
        retention_days <= 30, toYYYYMMDD(received_at),
        retention_days <= 180, toYYYYMMDD(toMonday(received_at)),
        toYYYYMM(received_at)
    )) AS received_period,
    max(toDate(received_at)) AS received_on,
    uniqCombined64StateIf(12)(toString(device_id), device_id != '') AS devices,
    uniqCombined64StateIf(12)(ip_prefix, ip_prefix != toIPv6('::')) AS ips,
    uniqCombined64StateIf(12)(toString(object_type), object_id, object_id != '') AS objects,
    uniqCombined64StateIf(12)(session_id, session_id != '') AS sessions
FROM events{local}
GROUP BY
    tenant, actor_id, hour, reserved, retention_days, received_period;
