SELECT
    toString(tenant) AS tenant,
    key_id,
    sumIf(events, day = toDate({today:String})) AS today,
    sum(events) AS this_month
FROM tenant_usage
WHERE tenant IN {tenants:Array(String)} AND day BETWEEN toDate({month:String}) AND toDate({today:String})
GROUP BY tenant, key_id
