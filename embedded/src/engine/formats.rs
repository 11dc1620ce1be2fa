//! Formats whose blocks can follow each other, and the headers that only the first one may keep.

use bytes::Bytes;

/// How the parts of a streamed result, each a document of its own, become one.
#[derive(Debug)]
pub(super) struct Joiner {
    header: Header,
    known: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Header {
    None,
    Lines { lines: usize, quotes: bool },
    RowBinary { types: bool },
}

impl Joiner {
    /// `None` for formats that wrap their rows as a whole: their results can't be streamed.
    pub(super) fn of(format: &str) -> Option<Self> {
        const ROWS: [&str; 15] = [
            "csv",
            "jsoncompacteachrow",
            "jsoncompactstringseachrow",
            "jsoneachrow",
            "jsonlines",
            "jsonstringseachrow",
            "lineasstring",
            "native",
            "ndjson",
            "rowbinary",
            "tabseparated",
            "tabseparatedraw",
            "tskv",
            "tsv",
            "tsvraw",
        ];
        let name = format.to_ascii_lowercase();
        let (rows, lines) = match (name.strip_suffix("withnames"), name.strip_suffix("withnamesandtypes")) {
            (Some(rows), _) => (rows, 1),
            (_, Some(rows)) => (rows, 2),
            _ => (name.as_str(), 0),
        };
        if !ROWS.contains(&rows) || (lines > 0 && ["native", "tskv", "lineasstring"].contains(&rows)) {
            return None;
        }
        let header = match (rows, lines) {
            (_, 0) => Header::None,
            ("rowbinary", lines) => Header::RowBinary { types: lines == 2 },
            (rows, lines) => Header::Lines { lines, quotes: rows == "csv" },
        };
        Some(Self { header, known: None })
    }

    /// The part without a header that was there before.
    pub(super) fn join(&mut self, part: Bytes) -> Bytes {
        match &self.known {
            None => {
                let length = match self.header {
                    Header::None => 0,
                    Header::Lines { lines, quotes } => lines_length(&part, lines, quotes),
                    Header::RowBinary { types } => row_binary_length(&part, types).unwrap_or(0),
                };
                self.known = Some(part.slice(..length));
                part
            }
            Some(header) if part.starts_with(header) => part.slice(header.len()..),
            Some(_) => part,
        }
    }
}

/// The length of so many lines; with `quotes`, a line's end inside double quotes doesn't count.
fn lines_length(part: &[u8], lines: usize, quotes: bool) -> usize {
    let mut left = lines;
    let mut quoted = false;
    for (at, byte) in part.iter().enumerate() {
        match byte {
            b'"' if quotes => quoted = !quoted,
            b'\n' if !quoted => {
                left -= 1;
                if left == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    part.len()
}

/// The length of a RowBinaryWithNames (or …AndTypes) header.
fn row_binary_length(part: &[u8], types: bool) -> Option<usize> {
    let (columns, mut at) = varint(part, 0)?;
    let strings = if types { columns.checked_mul(2)? } else { columns };
    for _ in 0..strings {
        let (length, start) = varint(part, at)?;
        at = start.checked_add(length)?;
    }
    (at <= part.len()).then_some(at)
}

fn varint(part: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut value = 0usize;
    for shift in (0..56).step_by(7) {
        let byte = *part.get(at)?;
        at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
    }
    None
}

/// The Content-Type a ClickHouse server gives a format.
pub(super) fn content_type(format: &str) -> &'static str {
    let name = format.to_ascii_lowercase();
    if name.starts_with("tabseparated") || name.starts_with("tsv") {
        "text/tab-separated-values; charset=UTF-8"
    } else if name.starts_with("csvwithnames") {
        "text/csv; charset=UTF-8; header=present"
    } else if name.starts_with("csv") {
        "text/csv; charset=UTF-8; header=absent"
    } else if name.contains("eachrow") || name == "ndjson" || name == "jsonlines" {
        "application/x-ndjson; charset=UTF-8"
    } else if name.starts_with("json") {
        "application/json; charset=UTF-8"
    } else if name == "xml" {
        "application/xml; charset=UTF-8"
    } else if ["native", "rowbinary", "parquet", "arrow", "orc", "avro", "protobuf", "msgpack", "rawblob"]
        .iter()
        .any(|binary| name.starts_with(binary))
    {
        "application/octet-stream"
    } else {
        "text/plain; charset=UTF-8"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(format: &str, parts: &[&'static [u8]]) -> Option<Vec<u8>> {
        let mut joiner = Joiner::of(format)?;
        Some(parts.iter().flat_map(|part| joiner.join(Bytes::from_static(part))).collect())
    }

    #[test]
    fn keeps_one_header() {
        assert_eq!(joined("TSV", &[b"1\n", b"1\n"]).as_deref(), Some(b"1\n1\n".as_slice()));
        assert_eq!(joined("TSVWithNames", &[b"a\n1\n", b"a\na\n"]).as_deref(), Some(b"a\n1\na\n".as_slice()));
        assert_eq!(
            joined("CSVWithNamesAndTypes", &[b"\"a\n\"\n\"x\"\n1\n", b"\"a\n\"\n\"x\"\n2\n"]).as_deref(),
            Some(b"\"a\n\"\n\"x\"\n1\n2\n".as_slice())
        );
        assert_eq!(
            joined("RowBinaryWithNamesAndTypes", &[b"\x01\x01a\x05UInt8\x07", b"\x01\x01a\x05UInt8\x08"]).as_deref(),
            Some(b"\x01\x01a\x05UInt8\x07\x08".as_slice())
        );
        assert_eq!(
            joined("RowBinaryWithNames", &[b"\x01\x01a\x07", b"\x01\x01a\x08"]).as_deref(),
            Some(b"\x01\x01a\x07\x08".as_slice())
        );
        for whole in ["JSON", "Parquet", "Pretty", "Null", "Values", "NativeWithNames"] {
            assert!(Joiner::of(whole).is_none(), "{whole}");
        }
    }
}
