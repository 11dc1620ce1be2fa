-- How often values of some columns occur in the log, those first that do most; of so many events at most, whichever these are. A
-- row is about the column whose bit is not set, and about all events where all are.
SELECT
    toUInt16(grouping(/* columns */)) AS grouped,
    concat('', /* columns */) AS value,
    count() AS events
FROM (
    SELECT
        /* columns */
    FROM events
    WHERE tenant = {tenant:String}
        AND received_at >= {oldest:DateTime64(3, 'UTC')}
        /* clauses */
    LIMIT {most:UInt32}
) AS counted
GROUP BY GROUPING SETS ((), /* sets */)
ORDER BY grouped, events DESC, value
LIMIT {rows:UInt32} BY grouped
