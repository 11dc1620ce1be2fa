-- When a tenant lengthens its retention, `usertrail retain` changes the tables' TTL, and the parts' ends are calculated anew: that
-- alone, for a recalculation that also deletes would rewrite every part that has an ended row.
ALTER TABLE events{local} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE tenant_quarters{local} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE violations{local} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE user_hours{local} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE user_hours_distinct{local} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE users{local} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE user_devices{local} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1;
ALTER TABLE user_sessions{local} {on_cluster} MODIFY SETTING materialize_ttl_recalculate_only = 1;
