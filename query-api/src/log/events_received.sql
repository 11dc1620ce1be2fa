-- The event log, in the order of receipt, for polling: nothing at or after `before` is handed out, because more may
-- still arrive there.
SELECT ?fields
FROM events
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    AND received_at < {before:DateTime64(3, 'UTC')}
    /* clauses */
ORDER BY received_at ASC, event_id ASC, key_id ASC, source ASC, actor_id ASC
LIMIT {rows:UInt32}
