-- The log of deliveries, newest first.
SELECT ?fields
FROM alert_deliveries
WHERE tenant = {tenant:String}
    /* clauses */
ORDER BY at DESC, concat(message_id, '/', endpoint, '/', violation_id, '/', toString(attempt)) DESC
LIMIT {rows:UInt32}
