-- Devices of all users, as of the last events on each that the caller may read, with who was seen on them. What a period or a sign-in is asked of
-- is each user's share of a device, so that users are counted who were there then.
SELECT ?fields
FROM (
    SELECT
        device_id,
        count() AS users,
        groupArraySorted(20)(actor_id) AS user_ids,
        countIf(actor_id IN {user_id:Array(String)}) AS wanted_users,
        min(begun_at) AS first_seen_at,
        max(ended_at) AS last_seen_at,
        sum(succeeded) AS sign_ins,
        sum(failed) AS failed_sign_ins,
        min(signed_in_first_at) AS first_sign_in_at,
        max(signed_in_last_at) AS last_sign_in_at,
        argMaxMerge(client_state) AS latest,
        argMaxMerge(place_state) AS latest_place,
        latest.browser AS browser,
        latest.browser_version AS browser_version,
        latest.os AS os,
        latest.os_version AS os_version,
        latest.kind AS kind,
        latest.model AS model,
        latest.bot AS bot,
        max(sure) AS confidence,
        latest_place.ip AS ip,
        latest_place.country AS country,
        latest_place.city AS city
    FROM (
        SELECT
            actor_id,
            device_id,
            min(first_seen_at) AS begun_at,
            max(last_seen_at) AS ended_at,
            sum(sign_ins) AS succeeded,
            sum(failed_sign_ins) AS failed,
            min(first_sign_in_at) AS signed_in_first_at,
            max(last_sign_in_at) AS signed_in_last_at,
            argMaxMergeState(client) AS client_state,
            argMaxMergeState(place) AS place_state,
            max(toString(confidence)) AS sure
        FROM user_devices
        WHERE tenant = {tenant:String}
            AND bitAnd(reserved, {hidden:UInt8}) = 0
            AND received_on >= toDate({oldest:DateTime64(3, 'UTC')})
        GROUP BY actor_id, device_id
    ) AS seen
    WHERE ended_at >= {from:DateTime64(3, 'UTC')}
        AND begun_at < {to:DateTime64(3, 'UTC')}
        AND (/* share */)
    GROUP BY device_id
) AS found
WHERE TRUE
    /* clauses */
ORDER BY /* order */
LIMIT {rows:UInt32}
