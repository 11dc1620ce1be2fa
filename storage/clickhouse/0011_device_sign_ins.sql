-- Devices know when their users signed in on them first and last. Rows of before don't: they count sign-ins without a time.
--
-- A view of a new name takes the place of the other, as in 0010, while enrichers are stopped.
ALTER TABLE user_devices{local} {on_cluster} ADD COLUMN IF NOT EXISTS `first_sign_in_at` SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) AFTER `failed_sign_ins`;
ALTER TABLE user_devices{local} {on_cluster} ADD COLUMN IF NOT EXISTS `last_sign_in_at` SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) AFTER `first_sign_in_at`;
ALTER TABLE user_devices {on_cluster} ADD COLUMN IF NOT EXISTS `first_sign_in_at` SimpleAggregateFunction(min, Nullable(DateTime64(3, 'UTC'))) AFTER `failed_sign_ins`;
ALTER TABLE user_devices {on_cluster} ADD COLUMN IF NOT EXISTS `last_sign_in_at` SimpleAggregateFunction(max, Nullable(DateTime64(3, 'UTC'))) AFTER `first_sign_in_at`;

DROP VIEW IF EXISTS user_devices_v1 {on_cluster};
CREATE MATERIALIZED VIEW IF NOT EXISTS user_devices_v2 {on_cluster} TO user_devices{local} AS
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
    minOrNullIf(occurred_at, action = 'sign_in' AND outcome = 'success') AS first_sign_in_at,
    maxOrNullIf(occurred_at, action = 'sign_in' AND outcome = 'success') AS last_sign_in_at,
    argMaxStateIf((toString(browser), toString(browser_version), toString(os), toString(os_version), toString(device_kind), toString(device_model), bot)::Tuple(browser String, browser_version String, os String, os_version String, kind String, model String, bot Bool), occurred_at, browser != '' OR os != '' OR device_kind NOT IN ('', 'unknown')) AS client,
    max(device_confidence) AS confidence,
    argMaxStateIf((ip, toString(country), toString(city))::Tuple(ip IPv6, country String, city String), occurred_at, ip != toIPv6('::')) AS place
FROM events{local} AS e
WHERE actor_kind = 'user' AND actor_id != '' AND e.device_id != ''
GROUP BY tenant, actor_id, device_id, reserved, retention_days, received_period;
