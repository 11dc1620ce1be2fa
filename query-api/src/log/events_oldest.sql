-- The event log, oldest first.
SELECT ?fields
FROM events
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    /* clauses */
ORDER BY occurred_at ASC, event_id ASC, key_id ASC, source ASC, actor_id ASC
LIMIT {rows:UInt32}
