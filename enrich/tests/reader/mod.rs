//! A reader of ClickHouse's `Native` blocks, written from the format's description alone: what it gives back is what
//! the engine would see. It knows the types of the table `events`, and insists that every byte is accounted for.

use std::net::Ipv6Addr;

use serde_json::{Value, json};

/// One column of a block.
#[derive(Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) rows: Vec<Value>,
}

/// Reads one block.
pub(crate) fn block(bytes: &[u8]) -> Vec<Column> {
    let mut reader = Reader(bytes);
    let (columns, rows) = (reader.length(), reader.length());
    let block = (0..columns).map(|_| reader.column(rows)).collect();
    assert!(reader.0.is_empty(), "{} bytes behind the block", reader.0.len());
    block
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, count: usize) -> &[u8] {
        let (head, rest) = self.0.split_at_checked(count).expect("the block is cut short");
        self.0 = rest;
        head
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().unwrap()
    }

    /// LEB128.
    fn length(&mut self) -> usize {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.array::<1>()[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(value).unwrap();
            }
        }
        panic!("a length without an end");
    }

    fn string(&mut self) -> String {
        let length = self.length();
        String::from_utf8(self.take(length).to_vec()).expect("UTF-8")
    }

    fn number(&mut self) -> usize {
        usize::try_from(u64::from_le_bytes(self.array())).unwrap()
    }

    fn column(&mut self, rows: usize) -> Column {
        let (name, kind) = (self.string(), self.string());
        if rows > 0 {
            self.prefix(&kind);
        }
        Column { rows: self.data(&kind, rows), name, kind }
    }

    /// What a type writes once before its data: the version of its dictionary's serialization.
    fn prefix(&mut self, kind: &str) {
        if let Some(element) = element(kind) {
            self.prefix(element);
        } else if kind.starts_with("LowCardinality(") {
            assert_eq!(self.number(), 1, "SharedDictionariesWithAdditionalKeys");
        }
    }

    fn data(&mut self, kind: &str, rows: usize) -> Vec<Value> {
        if let Some(element) = element(kind) {
            let ends: Vec<usize> = (0..rows).map(|_| self.number()).collect();
            let elements = self.data(element, ends.last().copied().unwrap_or_default());
            let starts = std::iter::once(0).chain(ends.iter().copied());
            return starts.zip(&ends).map(|(start, &end)| Value::from(elements[start..end].to_vec())).collect();
        }
        if kind == "LowCardinality(String)" {
            return self.dictionary(rows);
        }
        (0..rows).map(|_| self.value(kind)).collect()
    }

    fn value(&mut self, kind: &str) -> Value {
        match kind {
            "String" => self.string().into(),
            "UInt8" => self.array::<1>()[0].into(),
            "Bool" => match self.array::<1>()[0] {
                0 => false.into(),
                1 => true.into(),
                other => panic!("{other} is no Bool"),
            },
            "UInt16" => u16::from_le_bytes(self.array()).into(),
            "UInt32" => u32::from_le_bytes(self.array()).into(),
            "UInt64" => u64::from_le_bytes(self.array()).into(),
            "Float32" => json!(f32::from_le_bytes(self.array())),
            "Float64" => json!(f64::from_le_bytes(self.array())),
            "IPv6" => Ipv6Addr::from(self.array::<16>()).to_string().into(),
            "DateTime('UTC')" => time(i64::from(u32::from_le_bytes(self.array())) * 1000),
            "DateTime64(3, 'UTC')" => time(i64::from_le_bytes(self.array())),
            other => panic!("a column of the unknown type {other}"),
        }
    }

    /// `LowCardinality(String)`: flags and width of the indexes, the keys, an index for each row.
    fn dictionary(&mut self, rows: usize) -> Vec<Value> {
        if rows == 0 {
            return Vec::new();
        }
        let flags = self.number();
        assert_eq!(flags & !0xff, (1 << 9) | (1 << 10), "keys of its own, and an update of the dictionary");
        let count = self.number();
        let keys: Vec<Value> = (0..count).map(|_| self.string().into()).collect();
        assert_eq!(self.number(), rows, "an index for each row");
        let index = |reader: &mut Self| match flags & 0xff {
            0 => usize::from(reader.array::<1>()[0]),
            1 => usize::from(u16::from_le_bytes(reader.array())),
            2 => u32::from_le_bytes(reader.array()) as usize,
            width => panic!("indexes of the unknown width {width}"),
        };
        (0..rows).map(|_| keys[index(self)].clone()).collect()
    }
}

fn element(kind: &str) -> Option<&str> {
    kind.strip_prefix("Array(")?.strip_suffix(')')
}

fn time(millis: i64) -> Value {
    let time = chrono::DateTime::from_timestamp_millis(millis).expect("a time");
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into()
}
