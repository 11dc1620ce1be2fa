-- Devices of users, as of the last event on each, one row for a user and a device.
SELECT
    d.actor_id AS actor_id,
    d.device_id AS device_id,
    CAST(d.first_seen_at AS DateTime64(3, 'UTC')) AS first_seen_at,
    CAST(d.last_seen_at AS DateTime64(3, 'UTC')) AS last_seen_at,
    d.sign_ins AS sign_ins,
    d.failed_sign_ins AS failed_sign_ins,
    d.latest.browser AS browser,
    d.latest.browser_version AS browser_version,
    d.latest.os AS os,
    d.latest.os_version AS os_version,
    d.latest.kind AS device_kind,
    d.latest.model AS device_model,
    d.latest.bot AS bot,
    d.latest.confidence AS confidence,
    d.latest.ip AS ip,
    d.latest.country AS country,
    d.latest.city AS city
FROM (
    SELECT
        t.actor_id AS actor_id,
        t.device_id AS device_id,
        min(t.first_seen_at) AS first_seen_at,
        max(t.last_seen_at) AS last_seen_at,
        sum(t.sign_ins) AS sign_ins,
        sum(t.failed_sign_ins) AS failed_sign_ins,
        argMaxMerge(t.last) AS latest
    FROM $database.`user_devices` AS t
    WHERE t.tenant = {bi_tenant:String}
        AND t.received_on >= toDate({bi_oldest:DateTime64(3, 'UTC')})
    GROUP BY t.actor_id, t.device_id
) AS d
