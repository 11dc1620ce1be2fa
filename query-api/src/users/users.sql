-- Users as their events show them. What was received before the longest retention is not counted.
SELECT ?fields
FROM (
    SELECT
        actor_id,
        min(first_seen_at) AS first_seen_at,
        max(last_activity_at) AS last_activity_at,
        sumIf(sign_ins, bitAnd(reserved, {hidden:UInt8}) = 0) AS sign_ins,
        argMaxMerge(name) AS name,
        argMaxMerge(email) AS email,
        NOT argMaxMerge(deactivated) AS active
    FROM users
    WHERE tenant = {tenant:String}
        AND received_on >= toDate({oldest:DateTime64(3, 'UTC')})
    GROUP BY actor_id
) AS found
WHERE TRUE
    /* clauses */
ORDER BY /* order */
LIMIT {rows:UInt32}
