-- Signals, sessions and findings beside the event that they are about. `signals` holds those that say something: most
-- events have few or none, and a column for each would cost every row.
ALTER TABLE events{local} {on_cluster}
    ADD COLUMN IF NOT EXISTS `signals.name` Array(LowCardinality(String)) AFTER violation_versions,
    ADD COLUMN IF NOT EXISTS `signals.value` Array(Float64) AFTER `signals.name`,
    ADD COLUMN IF NOT EXISTS `session_key` String AFTER `signals.value`,
    ADD COLUMN IF NOT EXISTS `session_started_at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)) AFTER `session_key`,
    ADD COLUMN IF NOT EXISTS `last_activity_at` DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)) AFTER `session_started_at`,
    ADD COLUMN IF NOT EXISTS `violation_ids` Array(String) AFTER `last_activity_at`,
    ADD COLUMN IF NOT EXISTS `violation_windows` Array(DateTime64(3, 'UTC')) AFTER `violation_ids`,
    ADD COLUMN IF NOT EXISTS `violation_seen` Array(Float64) AFTER `violation_windows`,
    ADD COLUMN IF NOT EXISTS `violation_limits` Array(Float64) AFTER `violation_seen`,
    ADD COLUMN IF NOT EXISTS `violation_actions` Array(LowCardinality(String)) AFTER `violation_limits`,
    ADD COLUMN IF NOT EXISTS `violation_groups` Array(String) AFTER `violation_actions`;

{drop_distributed:events}

{distributed:events}

DROP VIEW IF EXISTS violations_v1 {on_cluster};

{drop_distributed:violations}

DROP TABLE IF EXISTS violations{local} {on_cluster};

-- One row a violation: the findings of one rule about one user within one window of the rule. `window_at` is when that
-- window began, and `seen` the most that was seen. `grouped_by` is JSON, for rules that look across users.
CREATE TABLE IF NOT EXISTS violations{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `violation_id` String,
    `rule` LowCardinality(String),
    `window_at` DateTime64(3, 'UTC'),
    `actor_id` String,
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
    `actor_name` SimpleAggregateFunction(anyLast, String),
    `last` AggregateFunction(argMax, Tuple(event_id String, event_type String, device_id String, session_id String, ip IPv6, country String, city String), DateTime64(3, 'UTC')),
    `event_ids` AggregateFunction(groupUniqArray(100), String)
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY (retention_days, received_period)
ORDER BY (tenant, window_at, actor_id, rule, violation_id)
TTL received_on + toIntervalDay(retention_days + 1)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:violations}

CREATE MATERIALIZED VIEW IF NOT EXISTS violations_v2 {on_cluster} TO violations{local} AS
SELECT
    tenant,
    found_id AS violation_id,
    found_rule AS rule,
    found_window AS window_at,
    subject AS actor_id,
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
    anyLast(toString(e.actor_name)) AS actor_name,
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
GROUP BY tenant, found_id, found_rule, found_window, subject, e.retention_days, received_period;

-- What staff said about violations (K13): the event of the review is the only record of it.
CREATE TABLE IF NOT EXISTS violation_reviews{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `violation_id` String,
    `last` AggregateFunction(argMax, Tuple(reviewed Bool, reviewer_id String, reviewer_name String, reviewed_at DateTime64(3, 'UTC'), note String), DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree}
ORDER BY (tenant, violation_id)
SETTINGS {deduplication_window};

{distributed_by_tenant:violation_reviews}

CREATE MATERIALIZED VIEW IF NOT EXISTS violation_reviews_v1 {on_cluster} TO violation_reviews{local} AS
SELECT
    tenant,
    object_id AS violation_id,
    argMaxState((type = 'violation.reviewed', actor_id, toString(actor_name), occurred_at, toString(reason))::Tuple(reviewed Bool, reviewer_id String, reviewer_name String, reviewed_at DateTime64(3, 'UTC'), note String), occurred_at) AS last
FROM events{local}
WHERE type IN ('violation.reviewed', 'violation.review_withdrawn') AND key_id = 'usertrail'
GROUP BY tenant, violation_id;

-- Users, their devices and their sessions, as the events show them. Backfilled history changes nothing here (J17).
CREATE TABLE IF NOT EXISTS users{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `actor_id` String,
    `retention_days` UInt16,
    `received_period` UInt32,
    `received_on` SimpleAggregateFunction(max, Date),
    `first_seen_at` SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    `last_activity_at` SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    `events` SimpleAggregateFunction(sum, UInt64),
    `sign_ins` SimpleAggregateFunction(sum, UInt64),
    `last` AggregateFunction(argMax, Tuple(name String, email String, active Bool), DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY (retention_days, received_period)
ORDER BY (tenant, actor_id)
TTL received_on + toIntervalDay(retention_days + 1)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:users}

CREATE MATERIALIZED VIEW IF NOT EXISTS users_v1 {on_cluster} TO users{local} AS
SELECT
    tenant,
    actor_id,
    retention_days,
    toUInt32(multiIf(
        retention_days <= 30, toYYYYMMDD(received_at),
        retention_days <= 180, toYYYYMMDD(toMonday(received_at)),
        toYYYYMM(received_at)
    )) AS received_period,
    max(toDate(received_at)) AS received_on,
    min(occurred_at) AS first_seen_at,
    max(e.last_activity_at) AS last_activity_at,
    count() AS events,
    countIf(action = 'sign_in') AS sign_ins,
    argMaxState((toString(actor_name), toString(actor_email), actor_active)::Tuple(name String, email String, active Bool), occurred_at) AS last
FROM events{local} AS e
WHERE actor_kind = 'user' AND actor_id != '' AND NOT backfill
GROUP BY tenant, actor_id, retention_days, received_period;

CREATE TABLE IF NOT EXISTS user_devices{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `actor_id` String,
    `device_id` String,
    `retention_days` UInt16,
    `received_period` UInt32,
    `received_on` SimpleAggregateFunction(max, Date),
    `first_seen_at` SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    `last_seen_at` SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    `sign_ins` SimpleAggregateFunction(sum, UInt64),
    `failed_sign_ins` SimpleAggregateFunction(sum, UInt64),
    `last` AggregateFunction(argMax, Tuple(browser String, browser_version String, os String, os_version String, kind String, model String, bot Bool, confidence String, ip IPv6, country String, city String), DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY (retention_days, received_period)
ORDER BY (tenant, actor_id, device_id)
TTL received_on + toIntervalDay(retention_days + 1)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:user_devices}

CREATE MATERIALIZED VIEW IF NOT EXISTS user_devices_v1 {on_cluster} TO user_devices{local} AS
SELECT
    tenant,
    actor_id,
    toString(e.device_id) AS device_id,
    retention_days,
    toUInt32(multiIf(
        retention_days <= 30, toYYYYMMDD(received_at),
        retention_days <= 180, toYYYYMMDD(toMonday(received_at)),
        toYYYYMM(received_at)
    )) AS received_period,
    max(toDate(received_at)) AS received_on,
    min(occurred_at) AS first_seen_at,
    max(occurred_at) AS last_seen_at,
    countIf(action = 'sign_in') AS sign_ins,
    countIf(action = 'sign_in_failed') AS failed_sign_ins,
    argMaxState((toString(browser), toString(browser_version), toString(os), toString(os_version), toString(device_kind), toString(device_model), bot, toString(device_confidence), ip, toString(country), toString(city))::Tuple(browser String, browser_version String, os String, os_version String, kind String, model String, bot Bool, confidence String, ip IPv6, country String, city String), occurred_at) AS last
FROM events{local} AS e
WHERE actor_kind = 'user' AND actor_id != '' AND e.device_id != '' AND NOT backfill
GROUP BY tenant, actor_id, device_id, retention_days, received_period;

CREATE TABLE IF NOT EXISTS user_sessions{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `actor_id` String,
    `session_key` String,
    `retention_days` UInt16,
    `received_period` UInt32,
    `received_on` SimpleAggregateFunction(max, Date),
    `started_at` SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    `last_activity_at` SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    `signed_out_at` SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    `events` SimpleAggregateFunction(sum, UInt64),
    `last` AggregateFunction(argMax, Tuple(device_id String, browser String, os String, kind String, ip IPv6, country String, city String), DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY (retention_days, received_period)
ORDER BY (tenant, actor_id, session_key)
TTL received_on + toIntervalDay(retention_days + 1)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:user_sessions}

CREATE MATERIALIZED VIEW IF NOT EXISTS user_sessions_v1 {on_cluster} TO user_sessions{local} AS
SELECT
    tenant,
    actor_id,
    session_key,
    retention_days,
    toUInt32(multiIf(
        retention_days <= 30, toYYYYMMDD(received_at),
        retention_days <= 180, toYYYYMMDD(toMonday(received_at)),
        toYYYYMM(received_at)
    )) AS received_period,
    max(toDate(received_at)) AS received_on,
    min(session_started_at) AS started_at,
    max(occurred_at) AS last_activity_at,
    maxIf(occurred_at, action = 'sign_out') AS signed_out_at,
    count() AS events,
    argMaxState((toString(device_id), toString(browser), toString(os), toString(device_kind), ip, toString(country), toString(city))::Tuple(device_id String, browser String, os String, kind String, ip IPv6, country String, city String), occurred_at) AS last
FROM events{local}
WHERE actor_kind = 'user' AND actor_id != '' AND session_key != '' AND NOT backfill
GROUP BY tenant, actor_id, session_key, retention_days, received_period;
