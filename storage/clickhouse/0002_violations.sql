-- One row a violation: the findings of one rule about one user within one window of the rule. `window_at` is when that
-- window began, and `seen` the most that was seen. `grouped_by` is JSON, for rules that look across users.
CREATE TABLE IF NOT EXISTS violations{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `violation_id` String,
    `rule` LowCardinality(String),
    `window_at` DateTime64(3, 'UTC'),
    `actor_id` String,
    `reserved` UInt8,
    `retention_days` UInt16,
    `received_period` UInt32,
    `received_on` SimpleAggregateFunction(max, Date),
    `category` SimpleAggregateFunction(anyLast, LowCardinality(String)),
    `rule_version` SimpleAggregateFunction(max, UInt32),
    `level` SimpleAggregateFunction(max, UInt8),
    `action` SimpleAggregateFunction(anyLast, LowCardinality(String)),
    `first_at` SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    `last_at` SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    `received_at` SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    `count` SimpleAggregateFunction(sum, UInt64),
    `seen` SimpleAggregateFunction(max, Float64),
    `limit` SimpleAggregateFunction(anyLast, Float64),
    `grouped_by` SimpleAggregateFunction(anyLast, String),
    `actor_kind` SimpleAggregateFunction(anyLast, LowCardinality(String)),
    `actor_name` SimpleAggregateFunction(max, String),
    `last` AggregateFunction(argMax, Tuple(event_id String, event_type String, device_id String, session_id String, ip IPv6, country String, city String), DateTime64(3, 'UTC')),
    `event_ids` AggregateFunction(groupUniqArray(100), String)
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY (retention_days, received_period)
ORDER BY (tenant, window_at, actor_id, rule, violation_id, reserved)
PRIMARY KEY (tenant, window_at, actor_id, rule, violation_id)
TTL received_on + toIntervalDay(retention_days + 1)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:violations}

CREATE MATERIALIZED VIEW IF NOT EXISTS violations_v1 {on_cluster} TO violations{local} AS
SELECT
    tenant,
    found_id AS violation_id,
    found_rule AS rule,
    found_window AS window_at,
    subject AS actor_id,
    toUInt8((e.category = 'configuration') + 2 * (e.type IN ('rule.matched', 'violation.reviewed', 'violation.review_withdrawn'))) AS reserved,
    e.retention_days AS retention_days,
    toUInt32(multiIf(
        e.retention_days <= 30, toYYYYMMDD(e.received_at),
        e.retention_days <= 180, toYYYYMMDD(toMonday(e.received_at)),
        toYYYYMM(e.received_at)
    )) AS received_period,
    max(toDate(e.received_at)) AS received_on,
    anyLast(e.category) AS category,
    max(found_version) AS rule_version,
    max(found_level) AS level,
    anyLast(found_action) AS action,
    min(e.occurred_at) AS first_at,
    max(e.occurred_at) AS last_at,
    max(e.received_at) AS received_at,
    -- A finding across users says itself whether it is one more, or one that grew.
    sum(if(found_group = '', 1, e.records)) AS count,
    max(found_seen) AS seen,
    anyLast(found_limit) AS limit,
    anyLast(found_group) AS grouped_by,
    anyLast(e.actor_kind) AS actor_kind,
    max(toString(e.actor_name)) AS actor_name,
    argMaxState((e.event_id, toString(e.type), toString(e.device_id), e.session_key, e.ip, toString(e.country), toString(e.city))::Tuple(event_id String, event_type String, device_id String, session_id String, ip IPv6, country String, city String), e.occurred_at) AS last,
    groupUniqArrayState(100)(e.event_id) AS event_ids
FROM (
    SELECT
        *,
        found_rule,
        found_id,
        found_window,
        found_level,
        found_version,
        found_action,
        found_seen,
        found_limit,
        found_group,
        if(found_group = '', actor_id, '') AS subject
    FROM events{local}
    ARRAY JOIN
        violations AS found_rule,
        violation_ids AS found_id,
        violation_windows AS found_window,
        violation_levels AS found_level,
        violation_versions AS found_version,
        violation_actions AS found_action,
        violation_seen AS found_seen,
        violation_limits AS found_limit,
        violation_groups AS found_group
) AS e
GROUP BY tenant, found_id, found_rule, found_window, subject, reserved, e.retention_days, received_period;
