//! Columns of ClickHouse's `Native` format, built as events arrive.
//!
//! Format: <https://clickhouse.com/docs/en/interfaces/formats/Native>; a block is the number of columns and rows, then
//! for each column its name, its type and its data, all values little-endian. Nothing is left for the engine to parse:
//! it takes the columns, dictionaries included, as they are.

use std::ops::Range;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// One column under construction.
pub trait Column: Default {
    /// ClickHouse's name of the type.
    const TYPE: &'static str;
    /// Rows so far.
    fn len(&self) -> usize;
    /// Whether there are no rows.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// What precedes the data of the whole column (the version of a dictionary); most types have none.
    fn prefix(&self, _out: &mut Vec<u8>) {}
    /// The data.
    fn data(&self, out: &mut Vec<u8>);
    /// Some of the rows, for narrowing down which one the engine refuses.
    #[must_use]
    fn slice(&self, rows: Range<usize>) -> Self;
}

/// LEB128, as ClickHouse writes lengths.
pub fn put_varuint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varuint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

macro_rules! fixed {
    ($($(#[$meta:meta])* $name:ident($value:ty) = $type:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Default)]
        pub struct $name(Vec<$value>);

        impl $name {
            /// Appends a row.
            pub fn push(&mut self, value: $value) {
                self.0.push(value);
            }

            /// A row's value, or the type's zero where there is no such row.
            #[must_use]
            pub fn get(&self, row: usize) -> $value {
                self.0.get(row).copied().unwrap_or_default()
            }
        }

        impl Column for $name {
            const TYPE: &'static str = $type;
            fn len(&self) -> usize {
                self.0.len()
            }
            fn data(&self, out: &mut Vec<u8>) {
                out.reserve(self.0.len() * size_of::<$value>());
                for value in &self.0 {
                    out.extend_from_slice(&value.to_le_bytes());
                }
            }
            fn slice(&self, rows: Range<usize>) -> Self {
                Self(self.0[rows].to_vec())
            }
        }
    )*};
}

fixed! {
    /// `UInt8`.
    U8(u8) = "UInt8";
    /// `UInt16`.
    U16(u16) = "UInt16";
    /// `UInt32`.
    U32(u32) = "UInt32";
    /// `UInt64`.
    U64(u64) = "UInt64";
    /// `Float32`.
    F32(f32) = "Float32";
    /// `Float64`.
    F64(f64) = "Float64";
    /// `Bool`: 0 or 1.
    Bool(u8) = "Bool";
    /// Milliseconds since 1970.
    Time(i64) = "DateTime64(3, 'UTC')";
    /// Seconds since 1970.
    Seconds(u32) = "DateTime('UTC')";
}

/// `IPv6`; IPv4 addresses are mapped (`::ffff:a.b.c.d`), none is `::`.
#[derive(Default)]
pub struct Ip(Vec<u8>);

impl Ip {
    /// Appends a row.
    pub fn push(&mut self, address: Option<std::net::IpAddr>) {
        let octets = match address {
            Some(std::net::IpAddr::V4(v4)) => v4.to_ipv6_mapped().octets(),
            Some(std::net::IpAddr::V6(v6)) => v6.octets(),
            None => [0; 16],
        };
        self.0.extend_from_slice(&octets);
    }
}

impl Column for Ip {
    const TYPE: &'static str = "IPv6";
    fn len(&self) -> usize {
        self.0.len() / 16
    }
    fn data(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
    fn slice(&self, rows: Range<usize>) -> Self {
        Self(self.0[rows.start * 16..rows.end * 16].to_vec())
    }
}

/// `String`.
#[derive(Default)]
pub struct Str {
    bytes: Vec<u8>,
    /// Where each row ends in `bytes`.
    ends: Vec<usize>,
}

impl Str {
    /// Appends a row.
    pub fn push(&mut self, value: &str) {
        put_string(&mut self.bytes, value.as_bytes());
        self.ends.push(self.bytes.len());
    }
}

impl Column for Str {
    const TYPE: &'static str = "String";
    fn len(&self) -> usize {
        self.ends.len()
    }
    fn data(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes);
    }
    fn slice(&self, rows: Range<usize>) -> Self {
        let start = if rows.start == 0 { 0 } else { self.ends[rows.start - 1] };
        let ends: Vec<usize> = self.ends[rows].iter().map(|end| end - start).collect();
        let bytes = self.bytes[start..start + ends.last().copied().unwrap_or_default()].to_vec();
        Self { bytes, ends }
    }
}

/// `left == right`, but for empty texts without a call: theirs may point nowhere, and the C library's vector comparison
/// of no bytes at an address that isn't mapped costs more than the rest of the column.
fn equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && (left.is_empty() || left == right)
}

/// `LowCardinality(String)`: a dictionary of this block and an index into it for each row.
#[derive(Default)]
pub struct Low {
    keys: Vec<u8>,
    /// Where each key's bytes lie in `keys`, behind their length.
    spans: Vec<(u32, u32)>,
    table: HashTable<u32>,
    rows: Vec<u32>,
}

/// `KeysSerializationVersion::SharedDictionariesWithAdditionalKeys`.
const LOW_CARDINALITY_VERSION: u64 = 1;
/// The block brings its own keys, and no dictionary shared between blocks.
const LOW_CARDINALITY_OWN_KEYS: u64 = (1 << 9) | (1 << 10);

impl Low {
    /// Appends a row.
    pub fn push(&mut self, value: &str) {
        // Neighbouring events are alike (one tenant, one action after another): the last index is tried first.
        if let Some(&last) = self.rows.last()
            && equal(self.key(last), value.as_bytes())
        {
            self.rows.push(last);
            return;
        }
        let index = self.index(value.as_bytes());
        self.rows.push(index);
    }

    fn key(&self, index: u32) -> &[u8] {
        let (start, end) = self.spans[index as usize];
        &self.keys[start as usize..end as usize]
    }

    fn index(&mut self, value: &[u8]) -> u32 {
        let hash = xxh3_64(value);
        let (keys, spans) = (&self.keys, &self.spans);
        let span = |index: u32| {
            let (start, end) = spans[index as usize];
            &keys[start as usize..end as usize]
        };
        if let Some(&index) = self.table.find(hash, |&index| equal(span(index), value)) {
            return index;
        }
        let index = self.spans.len() as u32;
        put_varuint(&mut self.keys, value.len() as u64);
        let start = self.keys.len() as u32;
        self.keys.extend_from_slice(value);
        self.spans.push((start, self.keys.len() as u32));
        let (keys, spans) = (&self.keys, &self.spans);
        self.table.insert_unique(hash, index, |&index| {
            let (start, end) = spans[index as usize];
            xxh3_64(&keys[start as usize..end as usize])
        });
        index
    }
}

impl Column for Low {
    const TYPE: &'static str = "LowCardinality(String)";
    fn len(&self) -> usize {
        self.rows.len()
    }
    fn prefix(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&LOW_CARDINALITY_VERSION.to_le_bytes());
    }
    fn data(&self, out: &mut Vec<u8>) {
        if self.rows.is_empty() {
            return;
        }
        let width = match self.spans.len() {
            0..=0x100 => 0_u64,
            0x101..=0x1_0000 => 1,
            _ => 2,
        };
        out.extend_from_slice(&(LOW_CARDINALITY_OWN_KEYS | width).to_le_bytes());
        out.extend_from_slice(&(self.spans.len() as u64).to_le_bytes());
        out.extend_from_slice(&self.keys);
        out.extend_from_slice(&(self.rows.len() as u64).to_le_bytes());
        match width {
            0 => out.extend(self.rows.iter().map(|&row| row as u8)),
            1 => out.extend(self.rows.iter().flat_map(|&row| (row as u16).to_le_bytes())),
            _ => out.extend(self.rows.iter().flat_map(|&row| row.to_le_bytes())),
        }
    }
    fn slice(&self, rows: Range<usize>) -> Self {
        let mut slice = Self::default();
        for &row in &self.rows[rows] {
            let index = slice.index(self.key(row));
            slice.rows.push(index);
        }
        slice
    }
}

/// `Array(…)`: the end of each row's elements, then the elements.
#[derive(Default)]
pub struct Array<C> {
    ends: Vec<u64>,
    /// The elements of all rows; push a row's, then [`Array::end_row`].
    pub elements: C,
}

impl<C: Column> Array<C> {
    /// Closes the row.
    pub fn end_row(&mut self) {
        self.ends.push(self.elements.len() as u64);
    }

    fn offsets(&self, out: &mut Vec<u8>) {
        out.extend(self.ends.iter().flat_map(|end| end.to_le_bytes()));
    }
}

macro_rules! arrays {
    ($($element:ident = $type:literal;)*) => {$(
        impl Column for Array<$element> {
            const TYPE: &'static str = $type;
            fn len(&self) -> usize {
                self.ends.len()
            }
            fn prefix(&self, out: &mut Vec<u8>) {
                self.elements.prefix(out);
            }
            fn data(&self, out: &mut Vec<u8>) {
                self.offsets(out);
                self.elements.data(out);
            }
            fn slice(&self, rows: Range<usize>) -> Self {
                let start = if rows.start == 0 { 0 } else { self.ends[rows.start - 1] };
                let ends: Vec<u64> = self.ends[rows].iter().map(|end| end - start).collect();
                let end = start + ends.last().copied().unwrap_or_default();
                Self { ends, elements: self.elements.slice(start as usize..end as usize) }
            }
        }
    )*};
}

arrays! {
    Low = "Array(LowCardinality(String))";
    Str = "Array(String)";
    U8 = "Array(UInt8)";
    U32 = "Array(UInt32)";
    F64 = "Array(Float64)";
    Time = "Array(DateTime64(3, 'UTC'))";
}

/// Writes one column of a block: name, type, data.
pub fn put_column<C: Column>(out: &mut Vec<u8>, name: &str, column: &C) {
    put_string(out, name.as_bytes());
    put_string(out, C::TYPE.as_bytes());
    if !column.is_empty() {
        column.prefix(out);
        column.data(out);
    }
}
