-- Sums of the events themselves, of those that the marker `which` is left for. Their period is bounded.
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
    AND received_at >= (multiIf(
        category = 'sign_ins', {keep_sign_ins:DateTime64(3, 'UTC')},
        category = 'changes', {keep_changes:DateTime64(3, 'UTC')},
        category = 'views', {keep_views:DateTime64(3, 'UTC')},
        category = 'configuration', {keep_configuration:DateTime64(3, 'UTC')},
        {keep_other:DateTime64(3, 'UTC')}
    ) AS kept_from)
    /* which */
    /* clauses */
GROUP BY at, key_1, key_2
