-- Devices of users, as of the last events on each, one row for a user and a device.
SELECT
    d.actor_id AS actor_id,
    d.device_id AS device_id,
    CAST(greatest(d.first_seen_at, {bi_look_back:DateTime64(3, 'UTC')}) AS DateTime64(3, 'UTC')) AS first_seen_at,
    CAST(d.last_seen_at AS DateTime64(3, 'UTC')) AS last_seen_at,
    d.sign_ins AS sign_ins,
    d.failed_sign_ins AS failed_sign_ins,
    d.client.browser AS browser,
    d.client.browser_version AS browser_version,
    d.client.os AS os,
    d.client.os_version AS os_version,
    d.client.kind AS device_kind,
    d.client.model AS device_model,
    d.client.bot AS bot,
    d.confidence AS confidence,
    d.place.ip AS ip,
    d.place.country AS country,
    d.place.city AS city
FROM (
    SELECT
        t.actor_id AS actor_id,
        t.device_id AS device_id,
        min(t.first_seen_at) AS first_seen_at,
        max(t.last_seen_at) AS last_seen_at,
        sumIf(t.sign_ins, bitAnd(t.reserved, {bi_hidden:UInt8}) = 0) AS sign_ins,
        sumIf(t.failed_sign_ins, bitAnd(t.reserved, {bi_hidden:UInt8}) = 0) AS failed_sign_ins,
        argMaxMerge(t.client) AS client,
        argMaxMerge(t.confidence) AS confidence,
        argMaxMerge(t.place) AS place
    FROM $database.`user_devices` AS t
    WHERE t.tenant = {bi_tenant:String}
        AND t.received_on >= toDate({bi_oldest:DateTime64(3, 'UTC')})
    GROUP BY t.actor_id, t.device_id
) AS d
WHERE d.last_seen_at >= {bi_look_back:DateTime64(3, 'UTC')}
