-- How many violations of each of some users nobody has reviewed (K3).
SELECT
    actor_id,
    count() AS violations
FROM (
    SELECT
        violation_id,
        actor_id,
        anyLast(actor_kind) AS actor_kind,
        anyLast(category) AS category,
        min(first_at) AS first_at,
        max(received_at) AS received_at
    FROM violations
    WHERE tenant = {tenant:String}
        AND actor_id IN {users:Array(String)}
    GROUP BY window_at, actor_id, rule, violation_id
) AS found
WHERE received_at >= {oldest:DateTime64(3, 'UTC')}
    AND actor_kind = 'user'
    AND violation_id NOT IN (
        SELECT violation_id
        FROM violation_reviews
        WHERE tenant = {tenant:String}
        GROUP BY violation_id
        HAVING argMaxMerge(last).reviewed
    )
    /* clauses */
GROUP BY actor_id
