-- What a tenant did: in all, by bucket of time, and by one or two dimensions, of which the largest are named and the
-- rest comes together. The sums by bucket and dimensions stand at the marker `counted` (counted_*.sql); buckets before `begin` are the
-- previous period.
WITH counted AS
(
/* counted */
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
    /* users */ AS users,
    /* devices */ AS devices
FROM placed
GROUP BY GROUPING SETS ((current), (current, at), (current, named, first, second), (current, at, named, first, second))
HAVING current OR grouping(at)
ORDER BY current DESC, grouped, named DESC, events DESC, first, second, bucket
