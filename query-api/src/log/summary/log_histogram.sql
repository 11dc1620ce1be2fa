-- Events of the log by bucket and class; of so many at most, whichever these are.
SELECT
    roundDown(toUnixTimestamp64Milli(occurred_at), {edges:Array(Int64)}) AS bucket,
    toString(class) AS of_class,
    count() AS events
FROM (
    SELECT
        occurred_at,
        class
    FROM events
    WHERE tenant = {tenant:String}
        AND received_at >= {oldest:DateTime64(3, 'UTC')}
        /* clauses */
    LIMIT {most:UInt32}
) AS counted
GROUP BY bucket, of_class
