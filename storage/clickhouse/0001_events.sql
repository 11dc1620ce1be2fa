-- One row an event. The sort key serves "one user's page"; what else is asked often goes through skip indexes.
-- Partitions: retention class and a period of receipt that fits it, so that TTL drops whole parts (never the tenant:
-- parts would explode; never the time of occurrence: late events would make tiny parts). `signals` holds those that say
-- something: most events have few or none, and a column for each would cost every row.
-- `actor_standing` and `object_standing` are what an event says of whether a user may still work: nothing, 1 yes, 2 not any more.
-- `reserved` is what it takes to read a row beyond the log itself, as bits: 1, changes of the configuration; 2, what was found of
-- violations or said of them. Tables that count events are keyed by it, so that nobody counts what they may not read.
CREATE TABLE IF NOT EXISTS events{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `event_id` String,
    `source` LowCardinality(String),
    `type` LowCardinality(String),
    `class` LowCardinality(String),
    `category` LowCardinality(String),
    `action` LowCardinality(String),
    `module` LowCardinality(String),
    `outcome` LowCardinality(String),
    `reason` LowCardinality(String),
    `occurred_at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    `claimed_at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    `received_at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    `enriched_at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    `actor_kind` LowCardinality(String),
    `actor_id` String,
    `actor_name` LowCardinality(String),
    `actor_email` LowCardinality(String),
    `actor_active` Bool,
    `object_type` LowCardinality(String),
    `object_id` String,
    `object_name` String,
    `object_url` String,
    `location` LowCardinality(String),
    `changes.path` Array(LowCardinality(String)),
    `changes.op` Array(LowCardinality(String)),
    `changes.old` Array(String),
    `changes.new` Array(String),
    `channel` LowCardinality(String),
    `started_at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    `duration_ms` UInt64 CODEC(T64, ZSTD(1)),
    `records` UInt64 CODEC(T64, ZSTD(1)),
    `backfill` Bool,
    `ip` IPv6,
    `ip_prefix` IPv6,
    `user_agent` LowCardinality(String),
    `session_id` String,
    `request_id` String,
    `key_id` LowCardinality(String),
    `content_hash` UInt64 CODEC(NONE),
    `payload` String CODEC(ZSTD(3)),
    `extra` String CODEC(ZSTD(3)),
    `country` LowCardinality(String),
    `region` LowCardinality(String),
    `city` LowCardinality(String),
    `latitude` Float32,
    `longitude` Float32,
    `accuracy_km` UInt16,
    `geo_time_zone` LowCardinality(String),
    `asn` UInt32,
    `as_org` LowCardinality(String),
    `ip_flags` LowCardinality(String),
    `geo_build` DateTime('UTC'),
    `browser` LowCardinality(String),
    `browser_version` LowCardinality(String),
    `os` LowCardinality(String),
    `os_version` LowCardinality(String),
    `device_kind` LowCardinality(String),
    `device_model` LowCardinality(String),
    `bot` Bool,
    `device_id` LowCardinality(String),
    `device_confidence` LowCardinality(String),
    `violations` Array(LowCardinality(String)),
    `violation_levels` Array(UInt8),
    `violation_versions` Array(UInt32),
    `signals.name` Array(LowCardinality(String)),
    `signals.value` Array(Float64),
    `session_key` String,
    `session_started_at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    `last_activity_at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    `violation_ids` Array(String),
    `violation_windows` Array(DateTime64(3, 'UTC')),
    `violation_seen` Array(Float64),
    `violation_limits` Array(Float64),
    `violation_actions` Array(LowCardinality(String)),
    `violation_groups` Array(String),
    `retention_days` UInt16,
    `kafka_partition` UInt16,
    `kafka_offset` UInt64 CODEC(DoubleDelta, ZSTD(1)),
    `actor_standing` UInt8,
    `object_standing` UInt8,
    `reserved` UInt8 ALIAS toUInt8((category = 'configuration') + 2 * (type IN ('rule.matched', 'violation.reviewed', 'violation.review_withdrawn'))),
    INDEX by_object (object_type, object_id) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_time occurred_at TYPE minmax GRANULARITY 1,
    INDEX by_receipt received_at TYPE minmax GRANULARITY 1,
    INDEX by_offset kafka_offset TYPE minmax GRANULARITY 1,
    INDEX by_action action TYPE set(64) GRANULARITY 1
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
ORDER BY (tenant, actor_id, occurred_at, event_id)
PRIMARY KEY (tenant, actor_id, occurred_at)
TTL toDateTime(received_at, 'UTC') + toIntervalDay(retention_days)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:events}

-- Which records the rows are of: the Kafka cluster and the topic, and a number that rises when their offsets began anew. The
-- latest row holds; each further one is a loss that an operator has accepted.
CREATE TABLE IF NOT EXISTS streams{local} {on_cluster}
(
    `epoch` UInt32,
    `cluster_id` String,
    `topic` String,
    `accepted_at` DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = {engine:MergeTree}
ORDER BY accepted_at;

{distributed_at_random:streams}
