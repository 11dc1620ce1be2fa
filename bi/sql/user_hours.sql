-- What an actor did in an hour of UTC, counted: cheap at any number of events.
SELECT
    t.actor_id AS actor_id,
    t.hour AS hour,
    t.action AS action,
    t.class AS class,
    t.channel AS channel,
    t.object_type AS object_type,
    t.country AS country,
    t.device_kind AS device_kind,
    t.outcome AS outcome,
    sum(t.events) AS events,
    sum(t.duration_ms) AS duration_ms,
    sum(t.records) AS records,
    sum(if(bitAnd({bi_hidden:UInt8}, 2) = 0, t.violations, 0)) AS violations
FROM $database.`user_hours` AS t
WHERE t.tenant = {bi_tenant:String}
    AND t.hour >= {bi_look_back:DateTime64(3, 'UTC')}
    AND bitAnd(t.reserved, {bi_hidden:UInt8}) = 0
    AND t.received_on >= toDate({bi_oldest:DateTime64(3, 'UTC')})
GROUP BY t.actor_id, t.hour, t.action, t.class, t.channel, t.object_type, t.country, t.device_kind, t.outcome
