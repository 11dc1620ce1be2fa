-- The event log of all users, newest first. The page's rows are found in the projection by time, which
-- has what such a page is narrowed to, and then read by their key: what it costs doesn't grow with the tenant's rows.
SELECT ?fields
FROM events
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    AND (actor_id, occurred_at, event_id, key_id, source) IN (
        SELECT
            actor_id,
            occurred_at,
            event_id,
            key_id,
            source
        FROM events
        WHERE tenant = {tenant:String}
            AND received_at >= {oldest:DateTime64(3, 'UTC')}
            /* clauses */
        ORDER BY occurred_at DESC, event_id DESC, key_id DESC, source DESC, actor_id DESC
        LIMIT {rows:UInt32}
    )
ORDER BY occurred_at DESC, event_id DESC, key_id DESC, source DESC, actor_id DESC
LIMIT {rows:UInt32}
