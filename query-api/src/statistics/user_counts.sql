-- What one user did in a period: in all, by bucket of time, and by each dimension.
--
-- Whole hours come from the rollup. An hour that a boundary cuts (a zone at half past the hour, a custom bound), and every
-- hour old enough for some category's retention to have ended, is counted from the events themselves, so that the
-- figures are exact. The primary key understands both conditions, so no other hour of the events is read. Sums that 64 bits
-- can't hold stay at the largest number that they can.
WITH counted AS
(
    SELECT
        toInt64(toUnixTimestamp(hour)) * 1000 AS at,
        action,
        class,
        channel,
        object_type,
        country,
        device_kind,
        outcome,
        events,
        duration_ms,
        records,
        violations
    FROM user_hours
    WHERE tenant = {tenant:String}
        AND actor_id = {actor_id:String}
        AND hour >= {whole_from:DateTime64(3, 'UTC')}
        AND hour < {to:DateTime64(3, 'UTC')}
        AND hour NOT IN {cut_hours:Array(DateTime('UTC'))}
        AND bitAnd(reserved, {hidden:UInt8}) = 0
    UNION ALL
    SELECT
        toUnixTimestamp64Milli(occurred_at) AS at,
        action,
        class,
        channel,
        object_type,
        country,
        device_kind,
        outcome,
        1 AS events,
        duration_ms,
        records,
        length(violations) AS violations
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
)
SELECT
    toUInt8(grouping(bucket, action, class, channel, object_type, country, device_kind)) AS grouped,
    roundDown(at, {edges:Array(Int64)}) AS bucket,
    action,
    class,
    channel,
    object_type,
    country,
    device_kind,
    sum(counted.events) AS events,
    toUInt64(least(sum(toUInt128(counted.duration_ms)), toUInt128(18446744073709551615))) AS duration_ms,
    toUInt64(least(sum(toUInt128(counted.records)), toUInt128(18446744073709551615))) AS records,
    sum(counted.violations) AS violations,
    sumIf(counted.events, action = 'sign_in' AND outcome = 'success') AS sign_ins,
    sumIf(counted.events, action = 'sign_in_failed' OR (action = 'sign_in' AND outcome = 'failure')) AS failed_sign_ins
FROM counted
GROUP BY GROUPING SETS ((), (bucket), (action), (class), (channel), (object_type), (country), (device_kind))
ORDER BY grouped, bucket, events DESC, action, class, channel, object_type, country, device_kind
