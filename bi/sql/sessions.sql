-- Sessions of users, as of the last events in each, one row each.
-- Where a plan looks back no further than some days, counts are of these, and beginnings before them are NULL: the rollups know of each but
-- all of its life.
SELECT
    s.actor_id AS actor_id,
    s.session_key AS session_id,
    CAST(if(s.started_at < {bi_look_back:DateTime64(3, 'UTC')}, NULL, s.started_at) AS Nullable(DateTime64(3, 'UTC'))) AS started_at,
    CAST(s.last_activity_at AS DateTime64(3, 'UTC')) AS last_activity_at,
    CAST(nullIf(s.signed_out_at, toDateTime64(0, 3, 'UTC')) AS Nullable(DateTime64(3, 'UTC'))) AS signed_out_at,
    if({bi_look_back:DateTime64(3, 'UTC')} = toDateTime64(0, 3, 'UTC'), s.events, ifNull(since.events, 0)) AS events,
    s.device_id AS device_id,
    if(s.device.id = s.device_id, s.device.confidence, '') AS device_confidence,
    s.client.browser AS browser,
    s.client.os AS os,
    s.client.kind AS device_kind,
    s.place.ip AS ip,
    s.place.country AS country,
    s.place.city AS city
FROM (
    SELECT
        t.actor_id AS actor_id,
        t.session_key AS session_key,
        min(t.started_at) AS started_at,
        max(t.last_activity_at) AS last_activity_at,
        max(t.signed_out_at) AS signed_out_at,
        sum(t.events) AS events,
        argMaxMerge(t.device_id) AS device_id,
        argMaxMerge(t.device) AS device,
        argMaxMerge(t.client) AS client,
        argMaxMerge(t.place) AS place
    FROM $database.`user_sessions` AS t
    WHERE t.tenant = {bi_tenant:String}
        AND bitAnd(t.reserved, {bi_hidden:UInt8}) = 0
        AND t.received_on >= toDate({bi_oldest:DateTime64(3, 'UTC')})
    GROUP BY t.actor_id, t.session_key
) AS s
LEFT JOIN (
    SELECT
        t.actor_id AS actor_id,
        t.session_key AS session_key,
        count() AS events
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
    GROUP BY t.actor_id, t.session_key
) AS since ON since.actor_id = s.actor_id AND since.session_key = s.session_key
WHERE s.last_activity_at >= {bi_look_back:DateTime64(3, 'UTC')}
