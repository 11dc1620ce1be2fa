-- One event by its id (T16). An id that was sent twice outside the window of deduplication shows its first event.
SELECT ?fields
FROM events
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    AND event_id = {event_id:String}
    /* clauses */
ORDER BY received_at ASC
LIMIT 1
