-- Events as they are stored, enriched, one row each.
SELECT
    t.event_id AS event_id,
    t.type AS type,
    t.class AS class,
    t.category AS category,
    t.action AS action,
    t.module AS module,
    t.outcome AS outcome,
    t.reason AS reason,
    t.occurred_at AS occurred_at,
    t.received_at AS received_at,
    t.actor_kind AS actor_kind,
    t.actor_id AS actor_id,
    t.actor_name AS actor_name,
    t.actor_email AS actor_email,
    t.actor_active AS actor_active,
    t.object_type AS object_type,
    t.object_id AS object_id,
    t.object_name AS object_name,
    t.location AS location,
    t.`changes.path` AS changed_fields,
    t.`changes.old` AS old_values,
    t.`changes.new` AS new_values,
    t.channel AS channel,
    t.started_at AS started_at,
    t.duration_ms AS duration_ms,
    t.records AS records,
    t.backfill AS backfill,
    t.ip AS ip,
    t.ip_prefix AS ip_prefix,
    t.user_agent AS user_agent,
    t.session_key AS session_id,
    t.country AS country,
    t.region AS region,
    t.city AS city,
    t.latitude AS latitude,
    t.longitude AS longitude,
    t.browser AS browser,
    t.os AS os,
    t.device_kind AS device_kind,
    t.device_id AS device_id,
    t.bot AS bot,
    CAST(arrayFilter(rule -> bitAnd({bi_hidden:UInt8}, 2) = 0, t.violations) AS Array(LowCardinality(String))) AS violations,
    t.extra AS extra,
    t.source AS source,
    t.key_id AS key_id
FROM $database.`events` AS t
WHERE t.tenant = {bi_tenant:String}
    AND t.occurred_at >= {bi_look_back:DateTime64(3, 'UTC')}
    AND bitAnd(t.reserved, {bi_hidden:UInt8}) = 0
    AND t.received_at >= {bi_oldest:DateTime64(3, 'UTC')}
    AND t.received_at >= multiIf(
        t.category = 'sign_ins', {bi_sign_ins:DateTime64(3, 'UTC')},
        t.category = 'changes', {bi_changes:DateTime64(3, 'UTC')},
        t.category = 'views', {bi_views:DateTime64(3, 'UTC')},
        t.category = 'configuration', {bi_configuration:DateTime64(3, 'UTC')},
        {bi_other:DateTime64(3, 'UTC')}
    )
