-- Violations with what staff said of them. Parts of one violation are brought together before anything is asked
-- of it; conditions on columns of the sort key are pushed down to the parts by the store. A review is of what the violation had
-- come to: what has grown since is unreviewed. Events that the caller may not read are counted by the finding, and
-- not named, nor is their time shown.
WITH
    latest_review.reviewed AND found.count <= latest_review.count AND found.seen <= latest_review.seen AS reviewed,
    latest_review.reviewed AND NOT reviewed AS outgrown
SELECT ?fields
FROM (
    SELECT
        violation_id,
        rule,
        window_at,
        actor_id,
        anyLast(category) AS category,
        max(rule_version) AS rule_version,
        max(level) AS level,
        anyLast(action) AS action,
        minOrNullIf(first_at, bitAnd(reserved, {hidden:UInt8}) = 0) AS first_at,
        maxOrNullIf(last_at, bitAnd(reserved, {hidden:UInt8}) = 0) AS last_at,
        max(received_at) AS received_at,
        sum(count) AS count,
        max(seen) AS seen,
        anyLast(limit) AS limit,
        anyLast(grouped_by) AS grouped_by,
        anyLast(actor_kind) AS actor_kind,
        max(actor_name) AS actor_name,
        argMaxMergeIf(last, bitAnd(reserved, {hidden:UInt8}) = 0) AS latest,
        argMaxMergeIf(device, bitAnd(reserved, {hidden:UInt8}) = 0) AS latest_device,
        if(latest_device.id = '', latest.device_id, latest_device.id) AS device_id,
        latest_device.confidence AS device_confidence,
        latest.session_id AS session_key,
        latest.ip AS ip,
        latest.country AS country,
        latest.city AS city,
        groupUniqArrayMergeIf(100)(event_ids, bitAnd(reserved, {hidden:UInt8}) = 0) AS event_ids
    FROM violations
    WHERE tenant = {tenant:String}
    GROUP BY window_at, actor_id, rule, violation_id
) AS found
LEFT JOIN (
    SELECT
        violation_id,
        argMaxMerge(last) AS latest_review,
        latest_review.reviewer_id AS reviewer_id,
        latest_review.reviewer_name AS reviewer_name,
        latest_review.reviewed_at AS reviewed_at,
        latest_review.note AS note,
        latest_review.count AS reviewed_count
    FROM violation_reviews
    WHERE tenant = {tenant:String}
    GROUP BY violation_id
) AS reviews USING (violation_id)
WHERE received_at >= {oldest:DateTime64(3, 'UTC')}
    /* clauses */
ORDER BY /* order */
LIMIT {rows:UInt32}
