-- Violations counted as the list shows them: all, by level, by rule and by user, and of each how many nobody has reviewed. A row is
-- about what its bit is not set for, and about all where all are.
SELECT
    toUInt8(grouping(level, rule, actor_id)) AS grouped,
    level,
    rule,
    actor_id,
    max(actor_name) AS name,
    count() AS violations,
    countIf(NOT reviewed) AS unreviewed
FROM (
    SELECT
        level,
        rule,
        actor_id,
        actor_name,
        latest_review.reviewed AND found.count <= latest_review.count AND found.seen <= latest_review.seen AS reviewed
    FROM (
        SELECT
            violation_id,
            rule,
            window_at,
            actor_id,
            anyLast(category) AS category,
            max(level) AS level,
            minOrNullIf(first_at, bitAnd(reserved, {hidden:UInt8}) = 0) AS first_at,
            maxOrNullIf(last_at, bitAnd(reserved, {hidden:UInt8}) = 0) AS last_at,
            max(received_at) AS received_at,
            sum(count) AS count,
            max(seen) AS seen,
            max(actor_name) AS actor_name,
            argMaxMergeIf(last, bitAnd(reserved, {hidden:UInt8}) = 0) AS latest,
            argMaxMergeIf(device, bitAnd(reserved, {hidden:UInt8}) = 0) AS latest_device,
            if(latest_device.id = '', latest.device_id, latest_device.id) AS device_id
        FROM violations
        WHERE tenant = {tenant:String}
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
        /* clauses */
) AS shown
GROUP BY GROUPING SETS ((), (level), (rule), (actor_id))
ORDER BY grouped, unreviewed DESC, violations DESC, level DESC, rule, actor_id
LIMIT {rows:UInt32} BY grouped
