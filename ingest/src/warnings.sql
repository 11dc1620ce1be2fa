SELECT count() FROM (
    SELECT 1
    FROM events
    WHERE tenant = {tenant:String}
        AND actor_id = ''
        AND occurred_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
        AND key_id = {key_id:String}
        AND event_id = {event_id:String}
    LIMIT 1
)
