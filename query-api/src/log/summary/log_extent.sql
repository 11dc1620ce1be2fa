-- How many events of the log there are, and when the first and the last of them occurred.
SELECT
    count() AS events,
    min(occurred_at) AS first_at,
    max(occurred_at) AS last_at
FROM events
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    /* clauses */
