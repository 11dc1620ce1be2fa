-- What became of each attempt to report a violation (P5). `message_id` is the report's, the same in all its attempts;
-- `status` is the receiver's answer, 0 without one. Written at least once: a row may be there twice.
CREATE TABLE IF NOT EXISTS alert_deliveries{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    `message_id` String,
    `attempt` UInt32,
    `endpoint` LowCardinality(String),
    `violation_id` String,
    `outcome` LowCardinality(String),
    `status` UInt16,
    `reason` String,
    `duration_ms` UInt32
)
ENGINE = {engine:MergeTree}
PARTITION BY toMonday(at)
ORDER BY (tenant, at, message_id, attempt)
TTL toDateTime(at) + toIntervalDay(90)
SETTINGS ttl_only_drop_parts = 1;

{distributed_by_tenant:alert_deliveries}
