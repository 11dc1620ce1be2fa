-- Sessions of some users as they stand, to be shown beside sign-ins.
SELECT
    actor_id,
    session_key,
    max(last_activity_at) AS last_activity_at,
    max(signed_out_at) AS signed_out_at
FROM user_sessions
WHERE tenant = {tenant:String}
    AND actor_id IN {users:Array(String)}
    AND session_key IN {session_keys:Array(String)}
    AND bitAnd(reserved, {hidden:UInt8}) = 0
    AND received_on >= toDate({oldest:DateTime64(3, 'UTC')})
GROUP BY actor_id, session_key
