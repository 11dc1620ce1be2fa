-- What one user did around a period, in the order of time. Intervals are made of it in the program.
SELECT ?fields
FROM events
WHERE tenant = {tenant:String}
    AND actor_id = {user_id:String}
    AND actor_kind = 'user'
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    AND received_at >= {received_from:DateTime64(3, 'UTC')}
    AND occurred_at >= {read_from:DateTime64(3, 'UTC')}
    AND occurred_at < {read_to:DateTime64(3, 'UTC')}
    /* clauses */
ORDER BY occurred_at ASC, event_id ASC, key_id ASC, source ASC
LIMIT {rows:UInt32}
