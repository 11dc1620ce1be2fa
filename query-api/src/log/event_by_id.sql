-- Events by their id, one of each sender and source. What was sent twice outside the window of deduplication shows its first
-- event.
SELECT ?fields
FROM events
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    AND event_id = {event_id:String}
    /* clauses */
ORDER BY received_at ASC
LIMIT 1 BY key_id, source
LIMIT 20
