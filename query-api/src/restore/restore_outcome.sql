-- What the log says of one restore: that it succeeded, or else what happened last. Events under this key are the
-- program's own; nobody else can write one.
SELECT ?fields
FROM events
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    AND object_type = {object_type:String}
    AND object_id = {object_id:String}
    AND key_id = 'usertrail'
    AND type IN ('restore.requested', 'restore.succeeded', 'restore.failed')
    AND request_id = {request_id:String}
    /* clauses */
ORDER BY type = 'restore.succeeded' DESC, occurred_at DESC, event_id DESC
LIMIT {rows:UInt32}
