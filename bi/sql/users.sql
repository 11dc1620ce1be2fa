-- Users as their events show them, one row each.
SELECT
    u.actor_id AS actor_id,
    u.name AS name,
    u.email AS email,
    u.active AS active,
    CAST(greatest(u.first_seen_at, {bi_look_back:DateTime64(3, 'UTC')}) AS DateTime64(3, 'UTC')) AS first_seen_at,
    CAST(if(u.last_activity_at >= {bi_look_back:DateTime64(3, 'UTC')}, u.last_activity_at, toDateTime64(0, 3, 'UTC')) AS DateTime64(3, 'UTC')) AS last_activity_at,
    u.events AS events,
    u.sign_ins AS sign_ins
FROM (
    SELECT
        t.actor_id AS actor_id,
        min(t.first_seen_at) AS first_seen_at,
        max(t.last_activity_at) AS last_activity_at,
        sumIf(t.events, bitAnd(t.reserved, {bi_hidden:UInt8}) = 0) AS events,
        sumIf(t.sign_ins, bitAnd(t.reserved, {bi_hidden:UInt8}) = 0) AS sign_ins,
        argMaxMerge(t.name) AS name,
        argMaxMerge(t.email) AS email,
        NOT argMaxMerge(t.deactivated) AS active
    FROM $database.`users` AS t
    WHERE t.tenant = {bi_tenant:String}
        AND t.received_on >= toDate({bi_oldest:DateTime64(3, 'UTC')})
    GROUP BY t.actor_id
) AS u
