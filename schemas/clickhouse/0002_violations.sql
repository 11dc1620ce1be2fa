-- What the rules found, one row an event and rule. The id is made of both, so a replay makes no second one.
CREATE TABLE IF NOT EXISTS violations{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `violation_id` String,
    `rule` LowCardinality(String),
    `rule_version` UInt32,
    `level` UInt8,
    `occurred_at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    `received_at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    `actor_kind` LowCardinality(String),
    `actor_id` String,
    `actor_name` LowCardinality(String),
    `event_id` String,
    `event_type` LowCardinality(String),
    `device_id` LowCardinality(String),
    `session_id` String,
    `ip` IPv6,
    `country` LowCardinality(String),
    `city` LowCardinality(String),
    `retention_days` UInt16,
    INDEX by_id violation_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {engine:MergeTree}
PARTITION BY (
    retention_days,
    multiIf(
        retention_days <= 30, toYYYYMMDD(received_at),
        retention_days <= 180, toYYYYMMDD(toMonday(received_at)),
        toYYYYMM(received_at)
    )
)
ORDER BY (tenant, occurred_at, actor_id, violation_id)
TTL toDateTime(received_at, 'UTC') + toIntervalDay(retention_days)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:violations}

CREATE MATERIALIZED VIEW IF NOT EXISTS violations_v1 {on_cluster} TO violations{local} AS
SELECT
    tenant,
    lower(hex(sipHash128(tenant, event_id, rule))) AS violation_id,
    rule,
    rule_version,
    level,
    occurred_at,
    received_at,
    actor_kind,
    actor_id,
    actor_name,
    event_id,
    type AS event_type,
    device_id,
    session_id,
    ip,
    country,
    city,
    retention_days
FROM events{local}
ARRAY JOIN
    violations AS rule,
    violation_levels AS level,
    violation_versions AS rule_version;
