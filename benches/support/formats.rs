//! The same rows in three formats of ClickHouse: `Native` as the enricher writes it, `RowBinary` and `JSONEachRow` as one
//! would write them otherwise, each straight from rows in memory.

use std::net::Ipv6Addr;

use enrich::native::{Array, Bool, Column, F32, F64, Ip, Low, Seconds, Str, Time, U8, U16, U32, U64, put_varuint};
use enrich::rows::Rows;

/// A value of a row.
trait Value: Sized {
    /// Reads it from `RowBinary`.
    fn take(bytes: &mut &[u8]) -> Self;
    fn row_binary(&self, out: &mut Vec<u8>);
    fn json(&self, out: &mut Vec<u8>);
}

/// A value that goes into a column.
trait Fill<C> {
    fn fill(&self, column: &mut C);
}

fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let (taken, rest) = bytes.split_first_chunk().unwrap();
    *bytes = rest;
    *taken
}

fn take_varuint(bytes: &mut &[u8]) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let [byte] = take(bytes);
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return value;
        }
    }
}

macro_rules! numbers {
    ($($name:ident($value:ty) => $column:ty;)*) => {$(
        #[derive(Clone, Copy)]
        struct $name($value);
        impl Value for $name {
            fn take(bytes: &mut &[u8]) -> Self {
                Self(<$value>::from_le_bytes(take(bytes)))
            }
            fn row_binary(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0.to_le_bytes());
            }
            fn json(&self, out: &mut Vec<u8>) {
                serde_json::to_writer(out, &self.0).unwrap();
            }
        }
        impl Fill<$column> for $name {
            fn fill(&self, column: &mut $column) {
                column.push(self.0);
            }
        }
    )*};
}

numbers! {
    Byte(u8) => U8;
    Short(u16) => U16;
    Int(u32) => U32;
    Long(u64) => U64;
    Real(f64) => F64;
    Flag(u8) => Bool;
    Epoch(u32) => Seconds;
}

struct Millis(i64);

impl Value for Millis {
    fn take(bytes: &mut &[u8]) -> Self {
        Self(i64::from_le_bytes(take(bytes)))
    }
    fn row_binary(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }
    /// Seconds, ten digits for the engine to know them by, with three decimals: cheaper than a calendar's date.
    fn json(&self, out: &mut Vec<u8>) {
        use std::io::Write as _;
        write!(out, "\"{:010}.{:03}\"", self.0 / 1000, self.0 % 1000).unwrap();
    }
}

impl Fill<Time> for Millis {
    fn fill(&self, column: &mut Time) {
        column.push(self.0);
    }
}

struct Degrees(f32);

impl Value for Degrees {
    fn take(bytes: &mut &[u8]) -> Self {
        Self(f32::from_le_bytes(take(bytes)))
    }
    fn row_binary(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }
    fn json(&self, out: &mut Vec<u8>) {
        if self.0.is_nan() {
            out.extend_from_slice(b"\"nan\"");
        } else {
            serde_json::to_writer(out, &self.0).unwrap();
        }
    }
}

impl Fill<F32> for Degrees {
    fn fill(&self, column: &mut F32) {
        column.push(self.0);
    }
}

struct Address([u8; 16]);

impl Value for Address {
    fn take(bytes: &mut &[u8]) -> Self {
        Self(take(bytes))
    }
    fn row_binary(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
    fn json(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(out, &Ipv6Addr::from(self.0)).unwrap();
    }
}

impl Fill<Ip> for Address {
    fn fill(&self, column: &mut Ip) {
        column.push(Some(Ipv6Addr::from(self.0).into()));
    }
}

impl Value for String {
    fn take(bytes: &mut &[u8]) -> Self {
        let length = take_varuint(bytes);
        let (text, rest) = bytes.split_at(length);
        *bytes = rest;
        Self::from_utf8(text.to_vec()).unwrap()
    }
    fn row_binary(&self, out: &mut Vec<u8>) {
        put_varuint(out, self.len() as u64);
        out.extend_from_slice(self.as_bytes());
    }
    fn json(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(out, self).unwrap();
    }
}

impl Fill<Str> for String {
    fn fill(&self, column: &mut Str) {
        column.push(self);
    }
}

impl Fill<Low> for String {
    fn fill(&self, column: &mut Low) {
        column.push(self);
    }
}

impl<V: Value> Value for Vec<V> {
    fn take(bytes: &mut &[u8]) -> Self {
        (0..take_varuint(bytes)).map(|_| V::take(bytes)).collect()
    }
    fn row_binary(&self, out: &mut Vec<u8>) {
        put_varuint(out, self.len() as u64);
        self.iter().for_each(|value| value.row_binary(out));
    }
    fn json(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, value) in self.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            value.json(out);
        }
        out.push(b']');
    }
}

impl<C: Column, V: Fill<C>> Fill<Array<C>> for Vec<V>
where
    Array<C>: Column,
{
    fn fill(&self, column: &mut Array<C>) {
        self.iter().for_each(|value| value.fill(&mut column.elements));
        column.end_row();
    }
}

macro_rules! row {
    ($($field:ident: $type:ty = $name:literal,)*) => {
        /// A row of the table `events`.
        pub(crate) struct Row { $($field: $type,)* }

        const NAMES: &[&str] = &[$($name,)*];

        impl Row {
            fn take(bytes: &mut &[u8]) -> Self {
                Self { $($field: <$type as Value>::take(bytes),)* }
            }

            fn fill(&self, rows: &mut Rows) {
                $(self.$field.fill(&mut rows.$field);)*
            }

            fn row_binary(&self, out: &mut Vec<u8>) {
                $(self.$field.row_binary(out);)*
            }

            fn json(&self, out: &mut Vec<u8>) {
                $(
                    out.extend_from_slice(concat!(",\"", $name, "\":").as_bytes());
                    self.$field.json(out);
                )*
            }
        }
    };
}

row! {
    tenant: String = "tenant",
    event_id: String = "event_id",
    source: String = "source",
    kind: String = "type",
    class: String = "class",
    category: String = "category",
    action: String = "action",
    module: String = "module",
    outcome: String = "outcome",
    reason: String = "reason",
    occurred_at: Millis = "occurred_at",
    claimed_at: Millis = "claimed_at",
    received_at: Millis = "received_at",
    enriched_at: Millis = "enriched_at",
    actor_kind: String = "actor_kind",
    actor_id: String = "actor_id",
    actor_name: String = "actor_name",
    actor_email: String = "actor_email",
    actor_active: Flag = "actor_active",
    object_type: String = "object_type",
    object_id: String = "object_id",
    object_name: String = "object_name",
    object_url: String = "object_url",
    location: String = "location",
    changes_path: Vec<String> = "changes.path",
    changes_op: Vec<String> = "changes.op",
    changes_old: Vec<String> = "changes.old",
    changes_new: Vec<String> = "changes.new",
    channel: String = "channel",
    started_at: Millis = "started_at",
    duration_ms: Long = "duration_ms",
    records: Long = "records",
    backfill: Flag = "backfill",
    ip: Address = "ip",
    ip_prefix: Address = "ip_prefix",
    user_agent: String = "user_agent",
    session_id: String = "session_id",
    request_id: String = "request_id",
    key_id: String = "key_id",
    content_hash: Long = "content_hash",
    payload: String = "payload",
    extra: String = "extra",
    country: String = "country",
    region: String = "region",
    city: String = "city",
    latitude: Degrees = "latitude",
    longitude: Degrees = "longitude",
    accuracy_km: Short = "accuracy_km",
    geo_time_zone: String = "geo_time_zone",
    asn: Int = "asn",
    as_org: String = "as_org",
    ip_flags: String = "ip_flags",
    geo_build: Epoch = "geo_build",
    browser: String = "browser",
    browser_version: String = "browser_version",
    os: String = "os",
    os_version: String = "os_version",
    device_kind: String = "device_kind",
    device_model: String = "device_model",
    bot: Flag = "bot",
    device_id: String = "device_id",
    device_confidence: String = "device_confidence",
    violations: Vec<String> = "violations",
    violation_levels: Vec<Byte> = "violation_levels",
    violation_versions: Vec<Int> = "violation_versions",
    signals_name: Vec<String> = "signals.name",
    signals_value: Vec<Real> = "signals.value",
    session_key: String = "session_key",
    session_started_at: Millis = "session_started_at",
    last_activity_at: Millis = "last_activity_at",
    violation_ids: Vec<String> = "violation_ids",
    violation_windows: Vec<Millis> = "violation_windows",
    violation_seen: Vec<Real> = "violation_seen",
    violation_limits: Vec<Real> = "violation_limits",
    violation_actions: Vec<String> = "violation_actions",
    violation_groups: Vec<String> = "violation_groups",
    retention_days: Short = "retention_days",
    kafka_partition: Short = "kafka_partition",
    kafka_offset: Long = "kafka_offset",
}

/// The columns of an insert, quoted.
pub(crate) fn columns() -> String {
    Rows::COLUMNS.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Reads rows in `RowBinary`, the columns in the order of [`columns`].
pub(crate) fn read(mut bytes: &[u8]) -> Vec<Row> {
    assert!(NAMES.iter().eq(Rows::COLUMNS.iter().map(|(name, _)| name)), "the table has other columns now");
    let mut rows = Vec::new();
    while !bytes.is_empty() {
        rows.push(Row::take(&mut bytes));
    }
    rows
}

/// A format to insert in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Native,
    RowBinary,
    JSONEachRow,
}

impl Format {
    /// Every one, the enricher's own first.
    pub(crate) const ALL: [Self; 3] = [Self::Native, Self::RowBinary, Self::JSONEachRow];

    /// The rows as the body of an insert.
    pub(crate) fn encode(self, rows: &[Row]) -> Vec<u8> {
        match self {
            Self::Native => {
                let mut columns = Rows::default();
                rows.iter().for_each(|row| row.fill(&mut columns));
                columns.encode()
            }
            Self::RowBinary => {
                let mut out = Vec::with_capacity(rows.len() * 700);
                rows.iter().for_each(|row| row.row_binary(&mut out));
                out
            }
            Self::JSONEachRow => {
                let mut out = Vec::with_capacity(rows.len() * 2000);
                for row in rows {
                    let start = out.len();
                    row.json(&mut out);
                    // The comma before the first field makes place for the bracket.
                    out[start] = b'{';
                    out.extend_from_slice(b"}\n");
                }
                out
            }
        }
    }
}
