-- Sessions of one user, as of the last events in each that the caller may read.
SELECT ?fields
FROM (
    SELECT
        session_key,
        min(started_at) AS started_at,
        max(last_activity_at) AS last_activity_at,
        max(signed_out_at) AS signed_out_at,
        sum(events) AS events,
        argMaxMerge(client) AS latest,
        argMaxMerge(place) AS latest_place,
        argMaxMerge(device_id) AS device_id,
        argMaxMerge(device) AS latest_device,
        if(latest_device.id = device_id, latest_device.confidence, '') AS device_confidence,
        latest.browser AS browser,
        latest.os AS os,
        latest.kind AS kind,
        latest_place.ip AS ip,
        latest_place.country AS country,
        latest_place.city AS city
    FROM user_sessions
    WHERE tenant = {tenant:String}
        AND actor_id = {user_id:String}
        AND bitAnd(reserved, {hidden:UInt8}) = 0
        AND received_on >= toDate({oldest:DateTime64(3, 'UTC')})
    GROUP BY session_key
) AS found
WHERE TRUE
    /* clauses */
ORDER BY /* order */
LIMIT {rows:UInt32}
