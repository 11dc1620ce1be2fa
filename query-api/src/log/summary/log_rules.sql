-- How often rules were broken by events of the log, those first that were most; of so many events at most, whichever these are.
SELECT ?fields
FROM (
    SELECT
        toString(rule) AS value,
        count() AS events
    FROM (
        SELECT
            violations
        FROM events
        WHERE tenant = {tenant:String}
            AND received_at >= {oldest:DateTime64(3, 'UTC')}
            AND notEmpty(violations)
            /* clauses */
        LIMIT {most:UInt32}
    ) AS counted
    ARRAY JOIN violations AS rule
    GROUP BY value
) AS found
ORDER BY events DESC, value
LIMIT {rows:UInt32}
