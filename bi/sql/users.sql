-- Users as their events show them, one row each.
-- Where a plan looks back no further than some days, counts are of these, and times before them are NULL: the rollups know of each but
-- all of its life. When a user was there is counted from what the caller may read.
SELECT
    u.actor_id AS actor_id,
    u.name AS name,
    u.email AS email,
    u.active AS active,
    CAST(if(u.first_seen_at < {bi_look_back:DateTime64(3, 'UTC')}, NULL, nullIf(u.first_seen_at, toDateTime64(0, 3, 'UTC'))) AS Nullable(DateTime64(3, 'UTC'))) AS first_seen_at,
    CAST(if(u.last_activity_at < {bi_look_back:DateTime64(3, 'UTC')}, NULL, nullIf(u.last_activity_at, toDateTime64(0, 3, 'UTC'))) AS Nullable(DateTime64(3, 'UTC'))) AS last_activity_at,
    if({bi_look_back:DateTime64(3, 'UTC')} = toDateTime64(0, 3, 'UTC'), u.events, ifNull(since.events, 0)) AS events,
    if({bi_look_back:DateTime64(3, 'UTC')} = toDateTime64(0, 3, 'UTC'), u.sign_ins, ifNull(since.sign_ins, 0)) AS sign_ins
FROM (
    SELECT
        t.actor_id AS actor_id,
        minIf(t.first_seen_at, bitAnd(t.reserved, {bi_hidden:UInt8}) = 0) AS first_seen_at,
        maxIf(t.last_activity_at, bitAnd(t.reserved, {bi_hidden:UInt8}) = 0) AS last_activity_at,
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
LEFT JOIN (
    SELECT
        t.actor_id AS actor_id,
        count() AS events,
        countIf(t.action = 'sign_in' AND t.outcome = 'success') AS sign_ins
    FROM $database.`events` AS t
    WHERE t.tenant = {bi_tenant:String}
        AND {bi_look_back:DateTime64(3, 'UTC')} > toDateTime64(0, 3, 'UTC')
        AND t.occurred_at >= {bi_look_back:DateTime64(3, 'UTC')}
        AND t.actor_kind = 'user'
        AND bitAnd(t.reserved, {bi_hidden:UInt8}) = 0
        AND t.received_at >= {bi_oldest:DateTime64(3, 'UTC')}
        AND t.received_at >= multiIf(
            t.category = 'sign_ins', {bi_sign_ins:DateTime64(3, 'UTC')},
            t.category = 'changes', {bi_changes:DateTime64(3, 'UTC')},
            t.category = 'views', {bi_views:DateTime64(3, 'UTC')},
            t.category = 'configuration', {bi_configuration:DateTime64(3, 'UTC')},
            {bi_other:DateTime64(3, 'UTC')}
        )
    GROUP BY t.actor_id
) AS since ON since.actor_id = u.actor_id
