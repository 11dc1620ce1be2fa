-- Sessions of one user (K1, K7), as of the last event in each.
SELECT ?fields
FROM (
    SELECT
        session_key,
        min(started_at) AS started_at,
        max(last_activity_at) AS last_activity_at,
        max(signed_out_at) AS signed_out_at,
        sum(events) AS events,
        argMaxMerge(last) AS latest,
        latest.device_id AS device_id,
        latest.browser AS browser,
        latest.os AS os,
        latest.kind AS kind,
        latest.ip AS ip,
        latest.country AS country,
        latest.city AS city
    FROM user_sessions
    WHERE tenant = {tenant:String}
        AND actor_id = {user_id:String}
        AND received_on >= toDate({oldest:DateTime64(3, 'UTC')})
    GROUP BY session_key
) AS found
WHERE TRUE
    /* clauses */
ORDER BY /* order */
LIMIT {rows:UInt32}
