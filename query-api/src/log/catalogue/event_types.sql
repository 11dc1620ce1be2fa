-- Types of events, those that occur most first.
SELECT ?fields
FROM (
    SELECT
        toString(type) AS event_type,
        count() AS events,
        min(occurred_at) AS first_at,
        max(occurred_at) AS last_at,
        any(class) AS filed_class,
        any(action) AS filed_action
    FROM events
    WHERE tenant = {tenant:String}
        /* clauses */
    GROUP BY event_type
) AS found
ORDER BY events DESC, event_type
LIMIT {rows:UInt32}
