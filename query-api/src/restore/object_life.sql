-- What became of one object, newest first, so that what is left out is the oldest. The answer is bounded in bytes, too:
-- one event may hold many changes.
SELECT ?fields
FROM events
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    AND object_type = {object_type:String}
    AND object_id = {object_id:String}
    AND class IN ('create', 'change', 'delete')
    AND outcome = 'success'
    /* clauses */
ORDER BY occurred_at DESC, event_id DESC, key_id DESC, source DESC, actor_id DESC
LIMIT {rows:UInt32}
SETTINGS max_result_bytes = 67108864
