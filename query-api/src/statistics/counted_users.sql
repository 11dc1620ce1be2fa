-- Sums of the rollup of users, by the hour. It knows no categories, so hours old enough for some category's retention to have
-- ended are counted from the events, as hours that a boundary cuts are.
SELECT
    roundDown(toInt64(toUnixTimestamp(hour)) * 1000, {edges:Array(Int64)}) AS at,
    /* first */ AS key_1,
    /* second */ AS key_2,
    sum(events) AS n_events,
    sum(toUInt128(duration_ms)) AS n_duration_ms,
    sum(toUInt128(records)) AS n_records,
    sumIf(events, action = 'sign_in' AND outcome = 'success') AS n_sign_ins,
    sumIf(events, action = 'sign_in_failed' OR (action = 'sign_in' AND outcome = 'failure')) AS n_failed_sign_ins,
    sum(violations) AS n_violations,
    /* users of states */ AS users_state,
    /* devices of states */ AS devices_state
FROM user_hours
WHERE tenant = {tenant:String}
    AND hour >= {whole_from:DateTime64(3, 'UTC')}
    AND hour < {to:DateTime64(3, 'UTC')}
    AND hour NOT IN {cut:Array(DateTime('UTC'))}
    /* clauses */
GROUP BY at, key_1, key_2
