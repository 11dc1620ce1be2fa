-- Sessions of users, as of the last events in each, one row each.
SELECT
    s.actor_id AS actor_id,
    s.session_key AS session_id,
    CAST(greatest(s.started_at, {bi_look_back:DateTime64(3, 'UTC')}) AS DateTime64(3, 'UTC')) AS started_at,
    CAST(s.last_activity_at AS DateTime64(3, 'UTC')) AS last_activity_at,
    CAST(s.signed_out_at AS DateTime64(3, 'UTC')) AS signed_out_at,
    s.events AS events,
    s.device_id AS device_id,
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
        sumIf(t.events, bitAnd(t.reserved, {bi_hidden:UInt8}) = 0) AS events,
        argMaxMerge(t.device_id) AS device_id,
        argMaxMerge(t.client) AS client,
        argMaxMerge(t.place) AS place
    FROM $database.`user_sessions` AS t
    WHERE t.tenant = {bi_tenant:String}
        AND t.received_on >= toDate({bi_oldest:DateTime64(3, 'UTC')})
    GROUP BY t.actor_id, t.session_key
) AS s
WHERE s.last_activity_at >= {bi_look_back:DateTime64(3, 'UTC')}
