-- Devices of users, as of the last events on each, one row for a user and a device.
-- Where a plan looks back no further than some days, counts are of these, and beginnings before them are NULL: the rollups know of each but
-- all of its life.
SELECT
    d.actor_id AS actor_id,
    d.device_id AS device_id,
    CAST(if(d.first_seen_at < {bi_look_back:DateTime64(3, 'UTC')}, NULL, d.first_seen_at) AS Nullable(DateTime64(3, 'UTC'))) AS first_seen_at,
    CAST(d.last_seen_at AS DateTime64(3, 'UTC')) AS last_seen_at,
    if({bi_look_back:DateTime64(3, 'UTC')} = toDateTime64(0, 3, 'UTC'), d.sign_ins, ifNull(since.sign_ins, 0)) AS sign_ins,
    if({bi_look_back:DateTime64(3, 'UTC')} = toDateTime64(0, 3, 'UTC'), d.failed_sign_ins, ifNull(since.failed_sign_ins, 0)) AS failed_sign_ins,
    CAST(if(d.first_sign_in_at < {bi_look_back:DateTime64(3, 'UTC')}, NULL, d.first_sign_in_at) AS Nullable(DateTime64(3, 'UTC'))) AS first_sign_in_at,
    CAST(if(d.last_sign_in_at < {bi_look_back:DateTime64(3, 'UTC')}, NULL, d.last_sign_in_at) AS Nullable(DateTime64(3, 'UTC'))) AS last_sign_in_at,
    d.client.browser AS browser,
    d.client.browser_version AS browser_version,
    d.client.os AS os,
    d.client.os_version AS os_version,
    d.client.kind AS device_kind,
    d.client.model AS device_model,
    d.client.bot AS bot,
    d.confidence AS device_confidence,
    d.place.ip AS ip,
    d.place.country AS country,
    d.place.city AS city
FROM (
    SELECT
        t.actor_id AS actor_id,
        t.device_id AS device_id,
        min(t.first_seen_at) AS first_seen_at,
        max(t.last_seen_at) AS last_seen_at,
        sum(t.sign_ins) AS sign_ins,
        sum(t.failed_sign_ins) AS failed_sign_ins,
        min(t.first_sign_in_at) AS first_sign_in_at,
        max(t.last_sign_in_at) AS last_sign_in_at,
        argMaxMerge(t.client) AS client,
        max(toString(t.confidence)) AS confidence,
        argMaxMerge(t.place) AS place
    FROM $database.`user_devices` AS t
    WHERE t.tenant = {bi_tenant:String}
        AND bitAnd(t.reserved, {bi_hidden:UInt8}) = 0
        AND t.received_on >= toDate({bi_oldest:DateTime64(3, 'UTC')})
    GROUP BY t.actor_id, t.device_id
) AS d
LEFT JOIN (
    SELECT
        t.actor_id AS actor_id,
        t.device_id AS device_id,
        countIf(t.action = 'sign_in' AND t.outcome = 'success') AS sign_ins,
        countIf(t.action = 'sign_in_failed' OR (t.action = 'sign_in' AND t.outcome = 'failure')) AS failed_sign_ins
    FROM $database.`events` AS t
    WHERE t.tenant = {bi_tenant:String}
        AND {bi_look_back:DateTime64(3, 'UTC')} > toDateTime64(0, 3, 'UTC')
        AND t.occurred_at >= {bi_look_back:DateTime64(3, 'UTC')}
        AND t.actor_kind = 'user'
        AND bitAnd(t.reserved, {bi_hidden:UInt8}) = 0
        AND t.received_at >= {bi_oldest:DateTime64(3, 'UTC')}
        AND t.received_at >= multiIf(
            t.category = 'sign_ins', {bi_sign_ins:DateTime64(3, 'UTC')},
            t.category = 'changes', {bi_changes:DateTime64(3, 'UTC')},
            t.category = 'views', {bi_views:DateTime64(3, 'UTC')},
            t.category = 'configuration', {bi_configuration:DateTime64(3, 'UTC')},
            {bi_other:DateTime64(3, 'UTC')}
        )
    GROUP BY t.actor_id, t.device_id
) AS since ON since.actor_id = d.actor_id AND since.device_id = d.device_id
WHERE d.last_seen_at >= {bi_look_back:DateTime64(3, 'UTC')}
