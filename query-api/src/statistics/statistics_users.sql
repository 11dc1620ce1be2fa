-- As statistics_quarters, where users are told apart: by the hour, from the rollup of users. It knows no categories, so hours
-- old enough for some category's retention to have ended are counted from the events, as hours that a boundary cuts are.
WITH counted AS
(
    SELECT
        roundDown(toInt64(toUnixTimestamp(hour)) * 1000, {edges:Array(Int64)}) AS at,
        /* first */ AS key_1,
        /* second */ AS key_2,
        sum(events) AS n_events,
        sum(toUInt128(duration_ms)) AS n_duration_ms,
        sum(toUInt128(records)) AS n_records,
        sumIf(events, action = 'sign_in' AND outcome = 'success') AS n_sign_ins,
        sumIf(events, action = 'sign_in_failed' OR (action = 'sign_in' AND outcome = 'failure')) AS n_failed_sign_ins,
        sum(violations) AS n_violations
    FROM user_hours
    WHERE tenant = {tenant:String}
        AND hour >= {whole_from:DateTime64(3, 'UTC')}
        AND hour < {to:DateTime64(3, 'UTC')}
        AND hour NOT IN {cut:Array(DateTime('UTC'))}
        /* clauses */
    GROUP BY at, key_1, key_2
    UNION ALL
    SELECT
        roundDown(toUnixTimestamp64Milli(occurred_at), {edges:Array(Int64)}) AS at,
        /* first */ AS key_1,
        /* second */ AS key_2,
        count() AS n_events,
        sum(toUInt128(duration_ms)) AS n_duration_ms,
        sum(toUInt128(records)) AS n_records,
        countIf(action = 'sign_in' AND outcome = 'success') AS n_sign_ins,
        countIf(action = 'sign_in_failed' OR (action = 'sign_in' AND outcome = 'failure')) AS n_failed_sign_ins,
        sum(length(violations)) AS n_violations
    FROM events
    WHERE tenant = {tenant:String}
        AND occurred_at >= {from:DateTime64(3, 'UTC')}
        AND occurred_at < {to:DateTime64(3, 'UTC')}
        AND received_at >= {received_from:DateTime64(3, 'UTC')}
        AND received_at >= multiIf(
            category = 'sign_ins', {keep_sign_ins:DateTime64(3, 'UTC')},
            category = 'changes', {keep_changes:DateTime64(3, 'UTC')},
            category = 'views', {keep_views:DateTime64(3, 'UTC')},
            category = 'configuration', {keep_configuration:DateTime64(3, 'UTC')},
            {keep_other:DateTime64(3, 'UTC')}
        )
        AND (
            occurred_at < {whole_from:DateTime64(3, 'UTC')}
            OR toStartOfHour(occurred_at) IN {cut:Array(DateTime('UTC'))}
        )
        /* clauses */
    GROUP BY at, key_1, key_2
),
-- By themselves, for the optimizer takes keys that depend on other keys out of grouping sets.
placed AS
(
    SELECT
        *,
        toUInt8(at >= {begin:Int64}) AS current,
        toUInt8((key_1, key_2) IN (
            SELECT key_1, key_2
            FROM counted
            WHERE at >= {begin:Int64}
            GROUP BY key_1, key_2
            ORDER BY sum(n_events) DESC, key_1, key_2
            LIMIT {top:UInt32}
        )) AS named,
        if(named, key_1, '') AS first,
        if(named, key_2, '') AS second
    FROM counted
)
SELECT
    current,
    toUInt8(grouping(at, named)) AS grouped,
    at AS bucket,
    named,
    first,
    second,
    sum(n_events) AS events,
    toUInt64(least(sum(n_duration_ms), toUInt128(18446744073709551615))) AS duration_ms,
    toUInt64(least(sum(n_records), toUInt128(18446744073709551615))) AS records,
    sum(n_sign_ins) AS sign_ins,
    sum(n_failed_sign_ins) AS failed_sign_ins,
    sum(n_violations) AS violations,
    toUInt64(0) AS users,
    toUInt64(0) AS devices
FROM placed
GROUP BY GROUPING SETS ((current), (current, at), (current, named, first, second), (current, at, named, first, second))
HAVING current OR grouping(at)
ORDER BY current DESC, grouped, named DESC, events DESC, first, second, bucket
