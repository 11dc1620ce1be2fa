-- Users as their events show them. What was received before the longest retention is not counted. When a user was there is counted
-- from what the caller may read; who a user is, and whether active, from all that is kept.
WITH /* rank */ AS rank
SELECT ?fields
FROM (
    SELECT
        actor_id,
        minIf(first_seen_at, bitAnd(reserved, {hidden:UInt8}) = 0) AS first_seen_at,
        maxIf(last_activity_at, bitAnd(reserved, {hidden:UInt8}) = 0) AS last_activity_at,
        sumIf(sign_ins, bitAnd(reserved, {hidden:UInt8}) = 0) AS sign_ins,
        argMaxMerge(name) AS name,
        argMaxMerge(email) AS email,
        NOT argMaxMerge(deactivated) AS active
    FROM users
    WHERE tenant = {tenant:String}
        AND received_on >= toDate({oldest:DateTime64(3, 'UTC')})
    GROUP BY actor_id
) AS found
/* marks */
WHERE TRUE
    /* clauses */
ORDER BY /* order */
LIMIT {rows:UInt32}
