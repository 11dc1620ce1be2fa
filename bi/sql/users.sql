-- Users as their events show them, one row each.
SELECT
    u.actor_id AS actor_id,
    u.name AS name,
    u.email AS email,
    u.active AS active,
    CAST(u.first_seen_at AS DateTime64(3, 'UTC')) AS first_seen_at,
    CAST(u.last_activity_at AS DateTime64(3, 'UTC')) AS last_activity_at,
    u.events AS events,
    u.sign_ins AS sign_ins
FROM (
    SELECT
        t.actor_id AS actor_id,
        min(t.first_seen_at) AS first_seen_at,
        max(t.last_activity_at) AS last_activity_at,
        sum(t.events) AS events,
        sum(t.sign_ins) AS sign_ins,
        argMaxMerge(t.name) AS name,
        argMaxMerge(t.email) AS email,
        argMaxMerge(t.active) AS active
    FROM $database.`users` AS t
    WHERE t.tenant = {bi_tenant:String}
        AND t.received_on >= toDate({bi_oldest:DateTime64(3, 'UTC')})
    GROUP BY t.actor_id
) AS u
