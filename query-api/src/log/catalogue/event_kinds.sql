-- Types of events with their actions and types of objects, those that occur most first.
SELECT ?fields
FROM (
    SELECT
        toString(type) AS event_type,
        toString(action) AS action,
        toString(object_type) AS object_type,
        count() AS events,
        min(occurred_at) AS first_at,
        max(occurred_at) AS last_at
    FROM events
    WHERE tenant = {tenant:String}
        /* clauses */
    GROUP BY event_type, action, object_type
) AS found
ORDER BY events DESC, event_type, action, object_type
LIMIT {rows:UInt32}
