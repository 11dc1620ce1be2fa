-- What another retention would end, by category: events that are shown now and would not be any more. Whole days of
-- receipt come from the rollup, and of the events no more is read than the days on which one retention or the other ends.
SELECT
    toString(category) AS category,
    sum(ended) AS events,
    toString(min(first)) AS first_day,
    toString(max(last)) AS last_day
FROM
(
    SELECT category, sum(events) AS ended, min(received_on) AS first, max(received_on) AS last
    FROM tenant_quarters
    WHERE tenant = {tenant:String}
        AND bitAnd(reserved, {hidden:UInt8}) = 0
        AND received_on > toDate(multiIf(
            category = 'sign_ins', {keep_sign_ins:DateTime64(3, 'UTC')},
            category = 'changes', {keep_changes:DateTime64(3, 'UTC')},
            category = 'views', {keep_views:DateTime64(3, 'UTC')},
            category = 'configuration', {keep_configuration:DateTime64(3, 'UTC')},
            {keep_other:DateTime64(3, 'UTC')}
        ))
        AND received_on < toDate(multiIf(
            category = 'sign_ins', {proposed_sign_ins:DateTime64(3, 'UTC')},
            category = 'changes', {proposed_changes:DateTime64(3, 'UTC')},
            category = 'views', {proposed_views:DateTime64(3, 'UTC')},
            category = 'configuration', {proposed_configuration:DateTime64(3, 'UTC')},
            {proposed_other:DateTime64(3, 'UTC')}
        ))
    GROUP BY category
    UNION ALL
    SELECT category, count() AS ended, min(toDate(received_at)) AS first, max(toDate(received_at)) AS last
    FROM events
    WHERE tenant = {tenant:String}
        AND bitAnd(reserved, {hidden:UInt8}) = 0
        AND toDate(received_at) IN {edge_days:Array(Date)}
        AND received_at >= multiIf(
            category = 'sign_ins', {keep_sign_ins:DateTime64(3, 'UTC')},
            category = 'changes', {keep_changes:DateTime64(3, 'UTC')},
            category = 'views', {keep_views:DateTime64(3, 'UTC')},
            category = 'configuration', {keep_configuration:DateTime64(3, 'UTC')},
            {keep_other:DateTime64(3, 'UTC')}
        )
        AND received_at < multiIf(
            category = 'sign_ins', {proposed_sign_ins:DateTime64(3, 'UTC')},
            category = 'changes', {proposed_changes:DateTime64(3, 'UTC')},
            category = 'views', {proposed_views:DateTime64(3, 'UTC')},
            category = 'configuration', {proposed_configuration:DateTime64(3, 'UTC')},
            {proposed_other:DateTime64(3, 'UTC')}
        )
        AND (
            toDate(received_at) = toDate(multiIf(
            category = 'sign_ins', {keep_sign_ins:DateTime64(3, 'UTC')},
            category = 'changes', {keep_changes:DateTime64(3, 'UTC')},
            category = 'views', {keep_views:DateTime64(3, 'UTC')},
            category = 'configuration', {keep_configuration:DateTime64(3, 'UTC')},
            {keep_other:DateTime64(3, 'UTC')}
        ))
            OR toDate(received_at) = toDate(multiIf(
            category = 'sign_ins', {proposed_sign_ins:DateTime64(3, 'UTC')},
            category = 'changes', {proposed_changes:DateTime64(3, 'UTC')},
            category = 'views', {proposed_views:DateTime64(3, 'UTC')},
            category = 'configuration', {proposed_configuration:DateTime64(3, 'UTC')},
            {proposed_other:DateTime64(3, 'UTC')}
        ))
        )
    GROUP BY category
)
GROUP BY category
ORDER BY category
