//! The last stage: enriched events as columns of the table `events`, in the order of its DDL.

use crate::native::{
    Array, Bool, Column, F32, F64, Ip, Low, Seconds, Str, Time, U8, U16, U32, U64, put_column, put_varuint,
};

macro_rules! rows {
    ($($field:ident: $type:ty = $name:literal,)*) => {
        /// A batch under construction; one field a column.
        #[derive(Default)]
        #[expect(missing_docs, reason = "the columns are explained in storage/clickhouse/0001_events.sql")]
        pub struct Rows { $(pub $field: $type,)* }

        impl Rows {
            /// Name and ClickHouse type of each column, in order.
            pub const COLUMNS: &'static [(&'static str, &'static str)] = &[$(($name, <$type as Column>::TYPE),)*];

            /// Rows so far.
            #[must_use]
            pub fn len(&self) -> usize {
                self.kafka_offset.len()
            }

            /// Whether there are no rows.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// The batch as one `Native` block.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                let mut out = Vec::with_capacity(self.len() * 320 + 4096);
                put_varuint(&mut out, Self::COLUMNS.len() as u64);
                put_varuint(&mut out, self.len() as u64);
                $(put_column(&mut out, $name, &self.$field);)*
                out
            }

            /// Some of the rows, for narrowing down which one the engine refuses.
            #[must_use]
            pub fn slice(&self, rows: std::ops::Range<usize>) -> Self {
                Self { $($field: self.$field.slice(rows.clone()),)* }
            }
        }
    };
}

rows! {
    tenant: Low = "tenant",
    event_id: Str = "event_id",
    source: Low = "source",
    kind: Low = "type",
    class: Low = "class",
    category: Low = "category",
    action: Low = "action",
    module: Low = "module",
    outcome: Low = "outcome",
    reason: Low = "reason",
    occurred_at: Time = "occurred_at",
    claimed_at: Time = "claimed_at",
    received_at: Time = "received_at",
    enriched_at: Time = "enriched_at",
    actor_kind: Low = "actor_kind",
    actor_id: Str = "actor_id",
    actor_name: Low = "actor_name",
    actor_email: Low = "actor_email",
    actor_active: Bool = "actor_active",
    object_type: Low = "object_type",
    object_id: Str = "object_id",
    object_name: Str = "object_name",
    object_url: Str = "object_url",
    location: Low = "location",
    changes_path: Array<Low> = "changes.path",
    changes_op: Array<Low> = "changes.op",
    changes_old: Array<Str> = "changes.old",
    changes_new: Array<Str> = "changes.new",
    channel: Low = "channel",
    started_at: Time = "started_at",
    duration_ms: U64 = "duration_ms",
    records: U64 = "records",
    backfill: Bool = "backfill",
    ip: Ip = "ip",
    ip_prefix: Ip = "ip_prefix",
    user_agent: Low = "user_agent",
    session_id: Str = "session_id",
    request_id: Str = "request_id",
    key_id: Low = "key_id",
    content_hash: U64 = "content_hash",
    payload: Str = "payload",
    extra: Str = "extra",
    country: Low = "country",
    region: Low = "region",
    city: Low = "city",
    latitude: F32 = "latitude",
    longitude: F32 = "longitude",
    accuracy_km: U16 = "accuracy_km",
    geo_time_zone: Low = "geo_time_zone",
    asn: U32 = "asn",
    as_org: Low = "as_org",
    ip_flags: Low = "ip_flags",
    geo_build: Seconds = "geo_build",
    browser: Low = "browser",
    browser_version: Low = "browser_version",
    os: Low = "os",
    os_version: Low = "os_version",
    device_kind: Low = "device_kind",
    device_model: Low = "device_model",
    bot: Bool = "bot",
    device_id: Low = "device_id",
    device_confidence: Low = "device_confidence",
    violations: Array<Low> = "violations",
    violation_levels: Array<U8> = "violation_levels",
    violation_versions: Array<U32> = "violation_versions",
    signals_name: Array<Low> = "signals.name",
    signals_value: Array<F64> = "signals.value",
    session_key: Str = "session_key",
    session_started_at: Time = "session_started_at",
    last_activity_at: Time = "last_activity_at",
    violation_ids: Array<Str> = "violation_ids",
    violation_windows: Array<Time> = "violation_windows",
    violation_seen: Array<F64> = "violation_seen",
    violation_limits: Array<F64> = "violation_limits",
    violation_actions: Array<Low> = "violation_actions",
    violation_groups: Array<Str> = "violation_groups",
    retention_days: U16 = "retention_days",
    kafka_partition: U16 = "kafka_partition",
    kafka_offset: U64 = "kafka_offset",
    actor_standing: U8 = "actor_standing",
    object_standing: U8 = "object_standing",
}
