-- Stored events in the order in which a trial of a rule wants them: user by user, each user's as they arrived (P6). Sent-in
-- history is left out, as the stream leaves it out.
SELECT ?fields
FROM events
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    AND NOT backfill
    AND occurred_at >= {from:DateTime64(3, 'UTC')}
    AND occurred_at < {to:DateTime64(3, 'UTC')}
    /* clauses */
ORDER BY actor_id, kafka_partition, kafka_offset
LIMIT {rows:UInt32}
