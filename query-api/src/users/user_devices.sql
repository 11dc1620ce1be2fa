-- Devices of one user, as of the last events on each that the caller may read.
SELECT ?fields
FROM (
    SELECT
        device_id,
        min(first_seen_at) AS first_seen_at,
        max(last_seen_at) AS last_seen_at,
        sum(sign_ins) AS sign_ins,
        sum(failed_sign_ins) AS failed_sign_ins,
        min(first_sign_in_at) AS first_sign_in_at,
        max(last_sign_in_at) AS last_sign_in_at,
        argMaxMerge(client) AS latest,
        argMaxMerge(place) AS latest_place,
        latest.browser AS browser,
        latest.browser_version AS browser_version,
        latest.os AS os,
        latest.os_version AS os_version,
        latest.kind AS kind,
        latest.model AS model,
        latest.bot AS bot,
        max(toString(confidence)) AS confidence,
        latest_place.ip AS ip,
        latest_place.country AS country,
        latest_place.city AS city
    FROM user_devices
    WHERE tenant = {tenant:String}
        AND actor_id = {user_id:String}
        AND bitAnd(reserved, {hidden:UInt8}) = 0
        AND received_on >= toDate({oldest:DateTime64(3, 'UTC')})
    GROUP BY device_id
) AS found
WHERE TRUE
    /* clauses */
ORDER BY /* order */
LIMIT {rows:UInt32}
