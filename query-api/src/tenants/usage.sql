-- What a tenant's keys used of their quotas in a month of UTC, and today.
SELECT key_id, sumIf(events, day = toDate({today:String})) AS today, sum(events) AS this_month
FROM tenant_usage
WHERE tenant = {tenant:String}
    AND day BETWEEN toDate({month:String}) AND toDate({today:String})
GROUP BY key_id
