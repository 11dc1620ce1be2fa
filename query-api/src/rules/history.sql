-- Stored events in the order in which a trial of a rule wants them: user by user, each user's by time, so that history that was
-- sent in later has its place.
SELECT ?fields
FROM events
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    AND occurred_at >= {from:DateTime64(3, 'UTC')}
    AND occurred_at < {to:DateTime64(3, 'UTC')}
    /* clauses */
ORDER BY actor_id, occurred_at, event_id
LIMIT {rows:UInt32}
