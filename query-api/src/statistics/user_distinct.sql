-- Distinct devices, addresses, objects and sessions of one user, in all and by bucket. Hours are taken from
-- the rollup or from the events exactly as in user_counts.
WITH states AS
(
    SELECT
        toInt64(toUnixTimestamp(hour)) * 1000 AS at,
        devices,
        ips,
        objects,
        sessions
    FROM user_hours_distinct
    WHERE tenant = {tenant:String}
        AND actor_id = {actor_id:String}
        AND hour >= {whole_from:DateTime64(3, 'UTC')}
        AND hour < {to:DateTime64(3, 'UTC')}
        AND hour NOT IN {cut_hours:Array(DateTime('UTC'))}
        AND bitAnd(reserved, {hidden:UInt8}) = 0
    UNION ALL
    SELECT
        roundDown(toUnixTimestamp64Milli(occurred_at), {edges:Array(Int64)}) AS at,
        uniqCombined64StateIf(12)(toString(device_id), device_id != '') AS devices,
        uniqCombined64StateIf(12)(ip_prefix, ip_prefix != toIPv6('::')) AS ips,
        uniqCombined64StateIf(12)(toString(object_type), object_id, object_id != '') AS objects,
        uniqCombined64StateIf(12)(session_id, session_id != '') AS sessions
    FROM events
    WHERE tenant = {tenant:String}
        AND actor_id = {actor_id:String}
        AND received_at >= {oldest:DateTime64(3, 'UTC')}
        AND occurred_at >= {from:DateTime64(3, 'UTC')}
        AND occurred_at < {to:DateTime64(3, 'UTC')}
        AND (
            occurred_at < {whole_from:DateTime64(3, 'UTC')}
            OR toStartOfHour(occurred_at) IN {cut_hours:Array(DateTime('UTC'))}
        )
        AND bitAnd(reserved, {hidden:UInt8}) = 0
        /* clauses */
    GROUP BY at
)
SELECT
    toUInt8(grouping(bucket)) AS grouped,
    roundDown(at, {edges:Array(Int64)}) AS bucket,
    uniqCombined64Merge(12)(states.devices) AS devices,
    uniqCombined64Merge(12)(states.ips) AS ips,
    uniqCombined64Merge(12)(states.objects) AS objects,
    uniqCombined64Merge(12)(states.sessions) AS sessions
FROM states
GROUP BY GROUPING SETS ((), (bucket))
ORDER BY grouped, bucket
