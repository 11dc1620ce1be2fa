-- How many violations of each user, of all or of some, nobody has reviewed, as far as they have come by now, and the worst level
-- of these. What is informational marks nobody.
SELECT
    actor_id,
    count() AS violations,
    max(level) AS max_level
FROM (
    SELECT
        violation_id,
        window_at,
        actor_id,
        anyLast(actor_kind) AS actor_kind,
        anyLast(category) AS category,
        minOrNullIf(first_at, bitAnd(reserved, {hidden:UInt8}) = 0) AS first_at,
        max(received_at) AS received_at,
        max(level) AS level,
        sum(count) AS count,
        max(seen) AS seen
    FROM violations
    WHERE tenant = {tenant:String}
        AND (/* users */)
    GROUP BY window_at, actor_id, rule, violation_id
) AS found
LEFT JOIN (
    SELECT
        violation_id,
        argMaxMerge(last) AS latest_review
    FROM violation_reviews
    WHERE tenant = {tenant:String}
    GROUP BY violation_id
) AS reviews USING (violation_id)
WHERE received_at >= {oldest:DateTime64(3, 'UTC')}
    AND actor_kind = 'user'
    AND level > 0
    AND NOT (latest_review.reviewed AND found.count <= latest_review.count AND found.seen <= latest_review.seen)
    /* clauses */
GROUP BY actor_id
