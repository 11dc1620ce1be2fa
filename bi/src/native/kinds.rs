//! How the values of a type are laid out in a block.

/// Deepest nesting of types.
const MAX_DEPTH: usize = 32;

/// A layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// So many bytes each.
    Fixed(u64),
    Text,
    /// A byte each for whether it is NULL, then the values.
    Nullable(Box<Kind>),
    /// Where each array ends, then all their values.
    Array(Box<Kind>),
    Tuple(Vec<Kind>),
    /// Values once each, and their numbers.
    Dictionary(Box<Kind>),
    /// A byte each for which of the types a value is of, then the values of each type.
    Variant(Vec<Kind>),
}

impl Kind {
    /// Of a type as the engine names it; `None` for those that are laid out in a way not known here.
    pub(super) fn read(text: &str) -> Option<Self> {
        Self::of(text.trim(), 0)
    }

    fn of(text: &str, depth: usize) -> Option<Self> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name, split(rest.strip_suffix(')')?)),
            None => (text, Vec::new()),
        };
        let inner = |at: usize| Self::of(arguments.get(at)?, depth + 1);
        Some(match (name, arguments.len()) {
            ("String", 0) => Self::Text,
            ("FixedString", 1) => Self::Fixed(arguments[0].parse().ok()?),
            ("Nullable", 1) => Self::Nullable(Box::new(inner(0)?)),
            ("Array", 1) => Self::Array(Box::new(inner(0)?)),
            ("LowCardinality", 1) => Self::Dictionary(Box::new(match inner(0)? {
                Self::Nullable(inner) => *inner,
                inner => inner,
            })),
            ("SimpleAggregateFunction", 2..) => inner(arguments.len() - 1)?,
            ("Map", 2) => Self::Array(Box::new(Self::Tuple(vec![inner(0)?, inner(1)?]))),
            ("Tuple", 1..) => Self::Tuple(Self::parts(&arguments, depth)?),
            ("Variant", 1..) => {
                Self::Variant(arguments.iter().map(|text| Self::of(text, depth + 1)).collect::<Option<_>>()?)
            }
            ("Nested", 1..) => Self::Array(Box::new(Self::Tuple(Self::parts(&arguments, depth)?))),
            ("Point", 0) => Self::point(0),
            ("Ring" | "LineString", 0) => Self::point(1),
            ("Polygon" | "MultiLineString", 0) => Self::point(2),
            ("MultiPolygon", 0) => Self::point(3),
            ("Decimal", 2) => Self::Fixed(match arguments[0].parse::<u8>().ok()? {
                0..=9 => 4,
                10..=18 => 8,
                19..=38 => 16,
                _ => 32,
            }),
            _ => Self::Fixed(size(name)?),
        })
    }

    /// Types with or without names before them.
    fn parts(arguments: &[&str], depth: usize) -> Option<Vec<Self>> {
        let part = |text: &&str| {
            let bare = match text.strip_prefix('`') {
                Some(quoted) => quoted.split_once("` ").map(|(_, kind)| kind)?,
                None => match (text.find(' '), text.find('(')) {
                    (Some(space), bracket) if bracket.is_none_or(|bracket| space < bracket) => &text[space + 1..],
                    _ => text,
                },
            };
            Self::of(bare.trim(), depth + 1)
        };
        arguments.iter().map(part).collect()
    }

    fn point(arrays: usize) -> Self {
        let point = Self::Tuple(vec![Self::Fixed(8), Self::Fixed(8)]);
        (0..arrays).fold(point, |inner, _| Self::Array(Box::new(inner)))
    }

    /// How many dictionaries and variants there are in it: a version of each stands before the values.
    pub(super) fn versions(&self) -> u64 {
        match self {
            Self::Fixed(_) | Self::Text => 0,
            Self::Nullable(inner) | Self::Array(inner) => inner.versions(),
            Self::Tuple(parts) => parts.iter().map(Self::versions).sum(),
            Self::Dictionary(_) => 1,
            Self::Variant(kinds) => 1 + kinds.iter().map(Self::versions).sum::<u64>(),
        }
    }
}

fn size(name: &str) -> Option<u64> {
    Some(match name {
        "Bool" | "Int8" | "UInt8" | "Enum8" | "Nothing" => 1,
        "Int16" | "UInt16" | "Enum16" | "Date" | "BFloat16" => 2,
        "Int32" | "UInt32" | "Float32" | "Date32" | "DateTime" | "Time" | "IPv4" | "Decimal32" => 4,
        "Int64" | "UInt64" | "Float64" | "DateTime64" | "Time64" | "Decimal64" => 8,
        "Int128" | "UInt128" | "UUID" | "IPv6" | "Decimal128" => 16,
        "Int256" | "UInt256" | "Decimal256" => 32,
        name if name.starts_with("Interval") => 8,
        _ => return None,
    })
}

/// At commas outside brackets and quotes.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut begin, mut quote, mut escaped) = (0_usize, 0, None, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if std::mem::take(&mut escaped) => {}
            b'\\' if quote.is_some() => escaped = true,
            byte if quote == Some(byte) => quote = None,
            _ if quote.is_some() => {}
            b'\'' | b'`' => quote = Some(byte),
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(text[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[begin..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_laid_out_as_the_engine_does() {
        use Kind::{Array, Dictionary, Fixed, Nullable, Text, Tuple};
        let cases = [
            ("DateTime64(3, 'UTC')", Fixed(8)),
            ("Decimal(18, 4)", Fixed(8)),
            ("Enum8('a, (b' = 1, 'it\\'s' = 2)", Fixed(1)),
            ("LowCardinality(Nullable(String))", Dictionary(Box::new(Text))),
            ("Map(String, UInt8)", Array(Box::new(Tuple(vec![Text, Fixed(1)])))),
            ("Tuple(a String, `b c` DateTime64(3, 'UTC'), Nullable(UInt8))", {
                Tuple(vec![Text, Fixed(8), Nullable(Box::new(Fixed(1)))])
            }),
            ("IntervalDay", Fixed(8)),
            ("FixedString(7)", Fixed(7)),
            ("Variant(String, UInt8)", Kind::Variant(vec![Text, Fixed(1)])),
            ("Ring", Array(Box::new(Tuple(vec![Fixed(8), Fixed(8)])))),
        ];
        for (text, kind) in cases {
            assert_eq!(Kind::read(text), Some(kind), "{text}");
        }
        for unknown in ["JSON", "Dynamic", "AggregateFunction(sum, UInt8)", "Tuple()", ""] {
            assert_eq!(Kind::read(unknown), None, "{unknown}");
        }
        assert_eq!(Kind::read("Tuple(LowCardinality(String), Array(LowCardinality(String)))").unwrap().versions(), 2);
    }
}
