-- Violations with what staff said of them, one row each. What has grown since it was reviewed is
-- not reviewed, and has no review.
SELECT
    v.violation_id AS violation_id,
    v.rule AS rule,
    v.window_at AS window_at,
    v.actor_id AS actor_id,
    CAST(v.actor_name AS String) AS actor_name,
    CAST(v.category AS LowCardinality(String)) AS category,
    CAST(v.rule_version AS UInt32) AS rule_version,
    CAST(v.level AS UInt8) AS level,
    CAST(v.action AS LowCardinality(String)) AS action,
    CAST(v.first_at AS Nullable(DateTime64(3, 'UTC'))) AS first_at,
    CAST(v.last_at AS Nullable(DateTime64(3, 'UTC'))) AS last_at,
    CAST(v.received_at AS DateTime64(3, 'UTC')) AS received_at,
    v.events AS events,
    if(v.seen < 0, NULL, CAST(v.seen AS Float64)) AS seen,
    if(v.limit_value < 0, NULL, CAST(v.limit_value AS Float64)) AS limit_value,
    if(v.device.id = '', v.latest.device_id, v.device.id) AS device_id,
    v.device.confidence AS device_confidence,
    v.latest.ip AS ip,
    v.latest.country AS country,
    v.latest.city AS city,
    r.latest.reviewed AS reviewed,
    r.latest.reviewer_name AS reviewer_name,
    CAST(nullIf(r.latest.reviewed_at, toDateTime64(0, 3, 'UTC')) AS Nullable(DateTime64(3, 'UTC'))) AS reviewed_at,
    r.latest.note AS note,
    r.latest.count AS reviewed_events
FROM (
    SELECT
        t.violation_id AS violation_id,
        t.rule AS rule,
        t.window_at AS window_at,
        t.actor_id AS actor_id,
        max(t.actor_name) AS actor_name,
        anyLast(t.category) AS category,
        max(t.rule_version) AS rule_version,
        max(t.level) AS level,
        anyLast(t.action) AS action,
        minOrNullIf(t.first_at, bitAnd(t.reserved, {bi_hidden:UInt8}) = 0) AS first_at,
        maxOrNullIf(t.last_at, bitAnd(t.reserved, {bi_hidden:UInt8}) = 0) AS last_at,
        max(t.received_at) AS received_at,
        sum(t.count) AS events,
        max(t.seen) AS seen,
        anyLast(t.limit) AS limit_value,
        argMaxMergeIf(t.last, bitAnd(t.reserved, {bi_hidden:UInt8}) = 0) AS latest,
        argMaxMergeIf(t.device, bitAnd(t.reserved, {bi_hidden:UInt8}) = 0) AS device
    FROM $database.`violations` AS t
    WHERE t.tenant = {bi_tenant:String}
    GROUP BY t.violation_id, t.rule, t.window_at, t.actor_id
) AS v
LEFT JOIN (
    SELECT t.violation_id AS violation_id, argMaxMerge(t.last) AS latest
    FROM $database.`violation_reviews` AS t
    WHERE t.tenant = {bi_tenant:String}
    GROUP BY t.violation_id
) AS r ON r.violation_id = v.violation_id AND r.latest.reviewed AND v.events <= r.latest.count AND v.seen <= r.latest.seen
WHERE ifNull(v.first_at, v.window_at) >= {bi_look_back:DateTime64(3, 'UTC')}
    AND v.received_at >= multiIf(
    v.category = 'sign_ins', {bi_sign_ins:DateTime64(3, 'UTC')},
    v.category = 'changes', {bi_changes:DateTime64(3, 'UTC')},
    v.category = 'views', {bi_views:DateTime64(3, 'UTC')},
    v.category = 'configuration', {bi_configuration:DateTime64(3, 'UTC')},
    {bi_other:DateTime64(3, 'UTC')}
)
