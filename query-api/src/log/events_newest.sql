-- The event log, newest first.
SELECT ?fields
FROM events
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    /* clauses */
ORDER BY occurred_at DESC, event_id DESC, key_id DESC, source DESC, actor_id DESC
LIMIT {rows:UInt32}
