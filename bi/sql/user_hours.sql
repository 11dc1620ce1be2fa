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
    sum(t.violations) AS violations
FROM $database.`user_hours` AS t
WHERE t.tenant = {bi_tenant:String}
    AND t.received_on >= toDate({bi_oldest:DateTime64(3, 'UTC')})
GROUP BY t.actor_id, t.hour, t.action, t.class, t.channel, t.object_type, t.country, t.device_kind, t.outcome
