-- Violations, newest first (K12). The table has no category, so the time to keep is told by the type of the event;
-- what the catalogue doesn't know is kept as long as the longest category.
SELECT ?fields
FROM violations
WHERE tenant = {tenant:String}
    AND received_at >= {oldest:DateTime64(3, 'UTC')}
    AND toUnixTimestamp64Milli(received_at) >= transform(
        toString(event_type), {types:Array(String)}, {type_oldest:Array(Int64)}, toInt64(0)
    )
    /* clauses */
ORDER BY occurred_at DESC, violation_id DESC
LIMIT {rows:UInt32}
