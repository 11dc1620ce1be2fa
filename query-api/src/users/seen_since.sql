-- Users, their devices or their sessions as the events since a time show them, for plans that look back no further. The
-- rollups know of each but all of its life.
SELECT
    toString(/* key */) AS key,
    countIf(action = 'sign_in' AND outcome = 'success') AS sign_ins,
    countIf(action = 'sign_in_failed' OR (action = 'sign_in' AND outcome = 'failure')) AS failed_sign_ins,
    count() AS events
FROM events
WHERE tenant = {tenant:String}
    AND actor_id != ''
    AND actor_kind = 'user'
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    /* clauses */
GROUP BY key
