-- What each tenant's keys have used of their quotas: events stored by the day of receipt, of UTC, at which quotas begin anew. What was
-- written straight to Kafka is under no key. The product's own events are nobody's use.
--
-- It outlives the events: what was used doesn't depend on how long they are kept.
CREATE TABLE IF NOT EXISTS tenant_usage{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `day` Date,
    `key_id` String,
    `events` SimpleAggregateFunction(sum, UInt64)
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, day, key_id)
TTL day + toIntervalDay(400)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed_by_tenant:tenant_usage}

CREATE MATERIALIZED VIEW IF NOT EXISTS tenant_usage_v1 {on_cluster} TO tenant_usage{local} AS
SELECT
    tenant,
    toDate(received_at, 'UTC') AS day,
    toString(key_id) AS key_id,
    count() AS events
FROM events{local}
WHERE key_id != 'usertrail'
GROUP BY tenant, day, key_id;
