-- Sessions and violations know how sure the id of their device is, and a violation keeps its device when its last event names
-- none. The confidence is kept with the id that it is of: rows of before have an id alone, and a later state of theirs must not lend
-- another device's confidence to it.
--
-- A view of a new name takes the place of each: an altered one is known to retries by another name after a restart. The old one
-- goes first, since two beside each other would count twice; what is written between the two would be missing, so enrichers are
-- stopped while this file runs.
ALTER TABLE user_sessions{local} {on_cluster} ADD COLUMN IF NOT EXISTS `device` AggregateFunction(argMax, Tuple(id String, confidence String), DateTime64(3, 'UTC')) AFTER `device_id`;
ALTER TABLE user_sessions {on_cluster} ADD COLUMN IF NOT EXISTS `device` AggregateFunction(argMax, Tuple(id String, confidence String), DateTime64(3, 'UTC')) AFTER `device_id`;
ALTER TABLE violations{local} {on_cluster} ADD COLUMN IF NOT EXISTS `device` AggregateFunction(argMax, Tuple(id String, confidence String), DateTime64(3, 'UTC')) AFTER `last`;
ALTER TABLE violations {on_cluster} ADD COLUMN IF NOT EXISTS `device` AggregateFunction(argMax, Tuple(id String, confidence String), DateTime64(3, 'UTC')) AFTER `last`;

DROP VIEW IF EXISTS user_sessions_v1 {on_cluster};
CREATE MATERIALIZED VIEW IF NOT EXISTS user_sessions_v2 {on_cluster} TO user_sessions{local} AS
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
    argMaxStateIf((toString(e.device_id), toString(e.device_confidence))::Tuple(id String, confidence String), occurred_at, e.device_id != '') AS device,
    argMaxStateIf((toString(browser), toString(os), toString(device_kind))::Tuple(browser String, os String, kind String), occurred_at, browser != '' OR os != '' OR device_kind NOT IN ('', 'unknown')) AS client,
    argMaxStateIf((ip, toString(country), toString(city))::Tuple(ip IPv6, country String, city String), occurred_at, ip != toIPv6('::')) AS place
FROM events{local} AS e
WHERE actor_kind = 'user' AND actor_id != '' AND session_key != ''
GROUP BY tenant, actor_id, session_key, reserved, retention_days, received_period;

DROP VIEW IF EXISTS violations_v1 {on_cluster};
CREATE MATERIALIZED VIEW IF NOT EXISTS violations_v2 {on_cluster} TO violations{local} AS
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
    argMaxStateIf((toString(e.device_id), toString(e.device_confidence))::Tuple(id String, confidence String), e.occurred_at, e.device_id != '') AS device,
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
