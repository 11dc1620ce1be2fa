-- What a whole tenant did (P8), at a cost that does not grow with the number of events.
--
-- One table, by quarters of an hour: every time zone since 1972 is at a multiple of 15 minutes, so local hours and days
-- are whole quarters everywhere; by the hour, zones at half past would have each day's edge counted from the events. Minutes
-- are asked for short periods alone, and come from the events. The states of what is distinct stand beside the sums: a second
-- table would group each insert's rows once more, and would know no dimensions. Who did it is not here, but in user_hours.
--
-- `category` and `received_on` are part of the key, for retention is by both: what a category's retention has ended for is left
-- out here, and the events are read for the one day of receipt on which it ends. Most is received on the day when it occurs,
-- and an action has one category, so the two make hardly any more rows.
CREATE TABLE IF NOT EXISTS tenant_quarters{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `quarter` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `category` LowCardinality(String),
    `action` LowCardinality(String),
    `class` LowCardinality(String),
    `object_type` LowCardinality(String),
    `channel` LowCardinality(String),
    `device_kind` LowCardinality(String),
    `country` LowCardinality(String),
    `location` LowCardinality(String),
    `reserved` UInt8,
    `received_on` Date,
    `retention_days` UInt16,
    `received_period` UInt32,
    `events` SimpleAggregateFunction(sum, UInt64),
    `duration_ms` SimpleAggregateFunction(sum, UInt64),
    `records` SimpleAggregateFunction(sum, UInt64),
    `sign_ins` SimpleAggregateFunction(sum, UInt64),
    `failed_sign_ins` SimpleAggregateFunction(sum, UInt64),
    `violations` SimpleAggregateFunction(sum, UInt64),
    `users` AggregateFunction(uniqCombined64(14), String),
    `devices` AggregateFunction(uniqCombined64(14), String)
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY (retention_days, received_period)
ORDER BY (tenant, quarter, category, action, class, object_type, channel, device_kind, country, location, reserved, received_on)
PRIMARY KEY (tenant, quarter)
TTL received_on + toIntervalDay(retention_days + 1)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed_by_tenant:tenant_quarters}

CREATE MATERIALIZED VIEW IF NOT EXISTS tenant_quarters_v1 {on_cluster} TO tenant_quarters{local} AS
SELECT
    tenant,
    toDateTime(toStartOfFifteenMinutes(occurred_at), 'UTC') AS quarter,
    category,
    action,
    class,
    object_type,
    channel,
    device_kind,
    country,
    location,
    toUInt8((category = 'configuration') + 2 * (type IN ('rule.matched', 'violation.reviewed', 'violation.review_withdrawn'))) AS reserved,
    toDate(received_at) AS received_on,
    retention_days,
    toUInt32(multiIf(
        retention_days <= 30, toYYYYMMDD(received_on),
        retention_days <= 180, toYYYYMMDD(toMonday(received_on)),
        toYYYYMM(received_on)
    )) AS received_period,
    count() AS events,
    sum(duration_ms) AS duration_ms,
    sum(records) AS records,
    countIf(action = 'sign_in' AND outcome = 'success') AS sign_ins,
    countIf(action = 'sign_in_failed' OR (action = 'sign_in' AND outcome = 'failure')) AS failed_sign_ins,
    sum(length(violations)) AS violations,
    uniqCombined64StateIf(14)(actor_id, actor_kind = 'user' AND actor_id != '') AS users,
    uniqCombined64StateIf(14)(toString(device_id), device_id != '') AS devices
FROM events{local}
GROUP BY
    tenant, quarter, category, action, class, object_type, channel, device_kind, country, location, reserved, received_on, retention_days, received_period;
