-- What staff said about violations (K13): the event of the review is the only record of it. It says what the violation had come
-- to when it was looked at, as changes of `count` and `seen`: what grows beyond that nobody has reviewed.
CREATE TABLE IF NOT EXISTS violation_reviews{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `violation_id` String,
    `last` AggregateFunction(argMax, Tuple(reviewed Bool, reviewer_id String, reviewer_name String, reviewed_at DateTime64(3, 'UTC'), note String, count UInt64, seen Float64), DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree}
ORDER BY (tenant, violation_id)
SETTINGS {deduplication_window};

{distributed_by_tenant:violation_reviews}

CREATE MATERIALIZED VIEW IF NOT EXISTS violation_reviews_v1 {on_cluster} TO violation_reviews{local} AS
SELECT
    tenant,
    object_id AS violation_id,
    argMaxState((
        type = 'violation.reviewed',
        actor_id,
        toString(actor_name),
        occurred_at,
        toString(reason),
        toUInt64OrZero(e.`changes.new`[indexOf(e.`changes.path`, 'count')]),
        toFloat64OrZero(e.`changes.new`[indexOf(e.`changes.path`, 'seen')])
    )::Tuple(reviewed Bool, reviewer_id String, reviewer_name String, reviewed_at DateTime64(3, 'UTC'), note String, count UInt64, seen Float64), occurred_at) AS last
FROM events{local} AS e
WHERE type IN ('violation.reviewed', 'violation.review_withdrawn') AND key_id = 'usertrail'
GROUP BY tenant, violation_id;

-- Users, their devices and their sessions, as the events show them, backfilled history (J17) included: what is first and last goes
-- by the time of the events. What an event doesn't say of its user, device or place is left as the last one that does has it. A
-- failed sign-in is one however it is spelled: by its action, or by a sign-in's outcome. What happens to a user without anybody being
-- there is no activity of the session.
CREATE TABLE IF NOT EXISTS users{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `actor_id` String,
    `reserved` UInt8,
    `retention_days` UInt16,
    `received_period` UInt32,
    `received_on` SimpleAggregateFunction(max, Date),
    `first_seen_at` SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    `last_activity_at` SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    `events` SimpleAggregateFunction(sum, UInt64),
    `sign_ins` SimpleAggregateFunction(sum, UInt64),
    `name` AggregateFunction(argMax, String, DateTime64(3, 'UTC')),
    `email` AggregateFunction(argMax, String, DateTime64(3, 'UTC')),
    `deactivated` AggregateFunction(argMax, Bool, Tuple(DateTime64(3, 'UTC'), DateTime64(3, 'UTC'), UInt8))
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY (retention_days, received_period)
ORDER BY (tenant, actor_id, reserved)
PRIMARY KEY (tenant, actor_id)
TTL received_on + toIntervalDay(retention_days + 1)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:users}

CREATE MATERIALIZED VIEW IF NOT EXISTS users_v1 {on_cluster} TO users{local} AS
SELECT
    tenant,
    actor_id,
    toUInt8((category = 'configuration') + 2 * (type IN ('rule.matched', 'violation.reviewed', 'violation.review_withdrawn'))) AS reserved,
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
    countIf(action = 'sign_in' AND outcome = 'success') AS sign_ins,
    argMaxStateIf(toString(actor_name), occurred_at, actor_name != '') AS name,
    argMaxStateIf(toString(actor_email), occurred_at, actor_email != '') AS email,
    argMaxStateIf(actor_standing = 2, (occurred_at, received_at, actor_standing), actor_standing > 0) AS deactivated
FROM events{local} AS e
WHERE actor_kind = 'user' AND actor_id != ''
GROUP BY tenant, actor_id, reserved, retention_days, received_period;

-- Users whom others deactivated or brought back. Who is known by that alone was never active.
CREATE MATERIALIZED VIEW IF NOT EXISTS users_by_others_v1 {on_cluster} TO users{local} AS
SELECT
    tenant,
    object_id AS actor_id,
    toUInt8((category = 'configuration') + 2 * (type IN ('rule.matched', 'violation.reviewed', 'violation.review_withdrawn'))) AS reserved,
    retention_days,
    toUInt32(multiIf(
        retention_days <= 30, toYYYYMMDD(received_at),
        retention_days <= 180, toYYYYMMDD(toMonday(received_at)),
        toYYYYMM(received_at)
    )) AS received_period,
    max(toDate(received_at)) AS received_on,
    min(occurred_at) AS first_seen_at,
    toDateTime64(0, 3, 'UTC') AS last_activity_at,
    toUInt64(0) AS events,
    toUInt64(0) AS sign_ins,
    argMaxStateIf(object_name, occurred_at, object_name != '') AS name,
    argMaxStateIf('', occurred_at, FALSE) AS email,
    argMaxState(object_standing = 2, (occurred_at, received_at, object_standing)) AS deactivated
FROM events{local} AS e
WHERE e.object_standing > 0 AND e.object_id != ''
GROUP BY tenant, e.object_id, reserved, retention_days, received_period;

CREATE TABLE IF NOT EXISTS user_devices{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `actor_id` String,
    `device_id` String,
    `reserved` UInt8,
    `retention_days` UInt16,
    `received_period` UInt32,
    `received_on` SimpleAggregateFunction(max, Date),
    `first_seen_at` SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    `last_seen_at` SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    `sign_ins` SimpleAggregateFunction(sum, UInt64),
    `failed_sign_ins` SimpleAggregateFunction(sum, UInt64),
    `client` AggregateFunction(argMax, Tuple(browser String, browser_version String, os String, os_version String, kind String, model String, bot Bool), DateTime64(3, 'UTC')),
    `confidence` SimpleAggregateFunction(max, LowCardinality(String)),
    `place` AggregateFunction(argMax, Tuple(ip IPv6, country String, city String), DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY (retention_days, received_period)
ORDER BY (tenant, actor_id, device_id, reserved)
PRIMARY KEY (tenant, actor_id, device_id)
TTL received_on + toIntervalDay(retention_days + 1)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:user_devices}

CREATE MATERIALIZED VIEW IF NOT EXISTS user_devices_v1 {on_cluster} TO user_devices{local} AS
SELECT
    tenant,
    actor_id,
    toString(e.device_id) AS device_id,
    toUInt8((category = 'configuration') + 2 * (type IN ('rule.matched', 'violation.reviewed', 'violation.review_withdrawn'))) AS reserved,
    retention_days,
    toUInt32(multiIf(
        retention_days <= 30, toYYYYMMDD(received_at),
        retention_days <= 180, toYYYYMMDD(toMonday(received_at)),
        toYYYYMM(received_at)
    )) AS received_period,
    max(toDate(received_at)) AS received_on,
    min(occurred_at) AS first_seen_at,
    max(occurred_at) AS last_seen_at,
    countIf(action = 'sign_in' AND outcome = 'success') AS sign_ins,
    countIf(action = 'sign_in_failed' OR (action = 'sign_in' AND outcome = 'failure')) AS failed_sign_ins,
    argMaxStateIf((toString(browser), toString(browser_version), toString(os), toString(os_version), toString(device_kind), toString(device_model), bot)::Tuple(browser String, browser_version String, os String, os_version String, kind String, model String, bot Bool), occurred_at, browser != '' OR os != '' OR device_kind NOT IN ('', 'unknown')) AS client,
    max(device_confidence) AS confidence,
    argMaxStateIf((ip, toString(country), toString(city))::Tuple(ip IPv6, country String, city String), occurred_at, ip != toIPv6('::')) AS place
FROM events{local} AS e
WHERE actor_kind = 'user' AND actor_id != '' AND e.device_id != ''
GROUP BY tenant, actor_id, device_id, reserved, retention_days, received_period;

CREATE TABLE IF NOT EXISTS user_sessions{local} {on_cluster}
(
    `tenant` LowCardinality(String),
    `actor_id` String,
    `session_key` String,
    `reserved` UInt8,
    `retention_days` UInt16,
    `received_period` UInt32,
    `received_on` SimpleAggregateFunction(max, Date),
    `started_at` SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    `last_activity_at` SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    `signed_out_at` SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    `events` SimpleAggregateFunction(sum, UInt64),
    `device_id` AggregateFunction(argMax, String, DateTime64(3, 'UTC')),
    `client` AggregateFunction(argMax, Tuple(browser String, os String, kind String), DateTime64(3, 'UTC')),
    `place` AggregateFunction(argMax, Tuple(ip IPv6, country String, city String), DateTime64(3, 'UTC'))
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY (retention_days, received_period)
ORDER BY (tenant, actor_id, session_key, reserved)
PRIMARY KEY (tenant, actor_id, session_key)
TTL received_on + toIntervalDay(retention_days + 1)
SETTINGS ttl_only_drop_parts = 1, {deduplication_window};

{distributed:user_sessions}

CREATE MATERIALIZED VIEW IF NOT EXISTS user_sessions_v1 {on_cluster} TO user_sessions{local} AS
SELECT
    tenant,
    actor_id,
    session_key,
    toUInt8((category = 'configuration') + 2 * (type IN ('rule.matched', 'violation.reviewed', 'violation.review_withdrawn'))) AS reserved,
    retention_days,
    toUInt32(multiIf(
        retention_days <= 30, toYYYYMMDD(received_at),
        retention_days <= 180, toYYYYMMDD(toMonday(received_at)),
        toYYYYMM(received_at)
    )) AS received_period,
    max(toDate(received_at)) AS received_on,
    min(session_started_at) AS started_at,
    max(if(action IN ('session_expired', 'call_missed', 'miss', 'expire', 'receive', 'match', 'free_start', 'free'), session_started_at, occurred_at)) AS last_activity_at,
    maxIf(occurred_at, action IN ('sign_out', 'session_expired')) AS signed_out_at,
    count() AS events,
    argMaxStateIf(toString(e.device_id), occurred_at, e.device_id != '') AS device_id,
    argMaxStateIf((toString(browser), toString(os), toString(device_kind))::Tuple(browser String, os String, kind String), occurred_at, browser != '' OR os != '' OR device_kind NOT IN ('', 'unknown')) AS client,
    argMaxStateIf((ip, toString(country), toString(city))::Tuple(ip IPv6, country String, city String), occurred_at, ip != toIPv6('::')) AS place
FROM events{local} AS e
WHERE actor_kind = 'user' AND actor_id != '' AND session_key != ''
GROUP BY tenant, actor_id, session_key, reserved, retention_days, received_period;
