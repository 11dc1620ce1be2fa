-- What a tenant did: in all, by bucket of time, and by one or two dimensions, of which the largest are named and the
-- rest comes together. `/* first */` and `/* second */` are the dimensions; buckets before `begin` are the previous period.
--
-- Quarters of an hour come from the rollup. A quarter that a boundary cuts is counted from the events, and so is what
-- was received on the day on which a category's retention ends, so that the figures are exact. Of the events no more is read.
WITH counted AS
(
    SELECT
        roundDown(toInt64(toUnixTimestamp(quarter)) * 1000, {edges:Array(Int64)}) AS at,
        /* first */ AS key_1,
        /* second */ AS key_2,
        sum(events) AS n_events,
        sum(toUInt128(duration_ms)) AS n_duration_ms,
        sum(toUInt128(records)) AS n_records,
        sum(sign_ins) AS n_sign_ins,
        sum(failed_sign_ins) AS n_failed_sign_ins,
        sum(violations) AS n_violations,
        /* users of states */ AS users_state,
        /* devices of states */ AS devices_state
    FROM tenant_quarters
    WHERE tenant = {tenant:String}
        AND quarter >= {from:DateTime64(3, 'UTC')}
        AND quarter < {to:DateTime64(3, 'UTC')}
        AND quarter NOT IN {cut:Array(DateTime('UTC'))}
        AND received_on > toDate(multiIf(
            category = 'sign_ins', {keep_sign_ins:DateTime64(3, 'UTC')},
            category = 'changes', {keep_changes:DateTime64(3, 'UTC')},
            category = 'views', {keep_views:DateTime64(3, 'UTC')},
            category = 'configuration', {keep_configuration:DateTime64(3, 'UTC')},
            {keep_other:DateTime64(3, 'UTC')}
        ))
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
        sum(length(violations)) AS n_violations,
        /* users of events */ AS users_state,
        /* devices of events */ AS devices_state
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
        AND toStartOfFifteenMinutes(occurred_at) IN {cut:Array(DateTime('UTC'))}
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
        sum(length(violations)) AS n_violations,
        /* users of events */ AS users_state,
        /* devices of events */ AS devices_state
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
        AND toStartOfFifteenMinutes(occurred_at) NOT IN {cut:Array(DateTime('UTC'))}
        AND toDate(received_at) IN {last_days:Array(Date)}
        AND toDate(received_at) = toDate(multiIf(
            category = 'sign_ins', {keep_sign_ins:DateTime64(3, 'UTC')},
            category = 'changes', {keep_changes:DateTime64(3, 'UTC')},
            category = 'views', {keep_views:DateTime64(3, 'UTC')},
            category = 'configuration', {keep_configuration:DateTime64(3, 'UTC')},
            {keep_other:DateTime64(3, 'UTC')}
        ))
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
    /* users */ AS users,
    /* devices */ AS devices
FROM placed
GROUP BY GROUPING SETS ((current), (current, at), (current, named, first, second), (current, at, named, first, second))
HAVING current OR grouping(at)
ORDER BY current DESC, grouped, named DESC, events DESC, first, second, bucket
