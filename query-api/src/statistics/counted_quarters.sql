-- Sums of the rollup by quarters of an hour. A quarter that a boundary cuts is counted from the events, and so is what was
-- received on the day on which a category's retention ends, so that the figures are exact. Of the events no more is read.
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
