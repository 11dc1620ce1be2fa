//! Writes small databases in MaxMind's format for the tests (maxmind.github.io/MaxMind-DB, version 2.0).

use std::net::IpAddr;

use serde_json::{Value, json};

const TEXT: u8 = 2;
const DOUBLE: u8 = 3;
const UINT16: u8 = 5;
const UINT32: u8 = 6;
const MAP: u8 = 7;
const UINT64: u8 = 9;
const ARRAY: u8 = 11;
const BOOL: u8 = 14;

/// A database under construction.
pub(crate) struct TestDb {
    ip_version: u16,
    build_epoch: u64,
    kind: &'static str,
    networks: Vec<(IpAddr, u8, Value)>,
}

#[derive(Clone, Copy)]
enum Slot {
    Empty,
    Node(usize),
    Data(usize),
}

impl TestDb {
    pub(crate) fn new(kind: &'static str, ip_version: u16, build_epoch: u64) -> Self {
        Self { ip_version, build_epoch, kind, networks: Vec::new() }
    }

    /// Adds a network such as `"1.2.3.0/24"`; the longer of two that overlap has to come later.
    pub(crate) fn with(mut self, network: &str, record: Value) -> Self {
        let (ip, bits) = network.split_once('/').unwrap();
        self.networks.push((ip.parse().unwrap(), bits.parse().unwrap(), record));
        self
    }

    /// The reader insists on the width of each number here.
    fn metadata(&self, node_count: u64, out: &mut Vec<u8>) {
        let numbers = [
            ("binary_format_major_version", UINT16, 2),
            ("binary_format_minor_version", UINT16, 0),
            ("ip_version", UINT16, u64::from(self.ip_version)),
            ("record_size", UINT16, 32),
            ("node_count", UINT32, node_count),
            ("build_epoch", UINT64, self.build_epoch),
        ];
        let others =
            [("database_type", json!(self.kind)), ("description", json!({"en": "test"})), ("languages", json!(["en"]))];
        control(MAP, numbers.len() + others.len(), out);
        for (key, kind, number) in numbers {
            encode(&json!(key), out);
            uint(kind, number, out);
        }
        for (key, value) in others {
            encode(&json!(key), out);
            encode(&value, out);
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut data = Vec::new();
        let mut nodes = vec![[Slot::Empty; 2]];
        for (ip, bits, record) in &self.networks {
            let offset = data.len();
            encode(record, &mut data);
            let (address, bits) = match (ip, self.ip_version) {
                (IpAddr::V4(v4), 4) => (u128::from(u32::from(*v4)) << 96, *bits),
                (IpAddr::V4(v4), _) => (u128::from(u32::from(*v4)), bits + 96),
                (IpAddr::V6(v6), _) => (u128::from(*v6), *bits),
            };
            insert(&mut nodes, address, bits, offset);
        }
        let count = nodes.len();
        let mut out = Vec::new();
        for slot in nodes.iter().flatten() {
            let value = match slot {
                Slot::Empty => count,
                Slot::Node(index) => *index,
                Slot::Data(offset) => count + 16 + offset,
            };
            out.extend_from_slice(&u32::try_from(value).unwrap().to_be_bytes());
        }
        out.extend_from_slice(&[0; 16]);
        out.extend_from_slice(&data);
        out.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
        self.metadata(count as u64, &mut out);
        out
    }
}

fn insert(nodes: &mut Vec<[Slot; 2]>, address: u128, bits: u8, offset: usize) {
    let mut at = 0;
    for depth in 0..bits {
        let bit = usize::from(address >> (127 - depth) & 1 == 1);
        if depth + 1 == bits {
            nodes[at][bit] = Slot::Data(offset);
            return;
        }
        at = match nodes[at][bit] {
            Slot::Node(next) => next,
            // A shorter network is split, and keeps the other half.
            above => {
                nodes.push([above; 2]);
                let next = nodes.len() - 1;
                nodes[at][bit] = Slot::Node(next);
                next
            }
        };
    }
}

fn control(kind: u8, size: usize, out: &mut Vec<u8>) {
    let first = if kind > 7 { 0 } else { kind << 5 };
    let extended = (kind > 7).then(|| kind - 7);
    match size {
        0..29 => {
            out.push(first | size as u8);
            out.extend(extended);
        }
        29..285 => {
            out.push(first | 29);
            out.extend(extended);
            out.push((size - 29) as u8);
        }
        _ => assert!(size < 285, "the test writer knows no value of {size} bytes"),
    }
}

fn uint(kind: u8, number: u64, out: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let used = &bytes[number.leading_zeros() as usize / 8..];
    control(kind, used.len(), out);
    out.extend_from_slice(used);
}

fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => control(MAP, 0, out),
        Value::Bool(b) => control(BOOL, usize::from(*b), out),
        Value::Number(n) => match n.as_u64() {
            Some(n) => uint(if n <= u64::from(u32::MAX) { UINT32 } else { UINT64 }, n, out),
            None => {
                control(DOUBLE, 8, out);
                out.extend_from_slice(&n.as_f64().unwrap().to_be_bytes());
            }
        },
        Value::String(s) => {
            control(TEXT, s.len(), out);
            out.extend_from_slice(s.as_bytes());
        }
        Value::Array(items) => {
            control(ARRAY, items.len(), out);
            items.iter().for_each(|item| encode(item, out));
        }
        Value::Object(map) => {
            control(MAP, map.len(), out);
            for (key, item) in map {
                encode(&Value::String(key.clone()), out);
                encode(item, out);
            }
        }
    }
}
